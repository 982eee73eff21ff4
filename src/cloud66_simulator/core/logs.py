"""The newest log of a stack: made up from one of its deployments and, if wanted, growing while that runs."""

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.looks import written
from cloud66_simulator.core.records import COLLEAGUE, Deployment, StackQueue
from cloud66_simulator.core.world import Simulator

_STEPS = ("Building", "Installing packages", "Compiling assets", "Copying files", "Running deploy hooks")
_SHRUNK_LINES = 3


def last_log(simulator: Simulator, queue: StackQueue, path: str) -> str | None:
    """Return the stack's newest log as the answer to `path` shows it, or None: the field is missing."""
    if simulator.hides("log_missing", path):
        return None
    behaviour, fixed = simulator.behaviour, queue.spec.last_log
    lines = _made_up(queue, behaviour, simulator.now()) if fixed is None else fixed.split("\n")
    if behaviour.log_keeps_lines is not None:
        lines = lines[max(0, len(lines) - behaviour.log_keeps_lines) :]
    if simulator.hides("log_shrinks", path):
        lines = lines[:_SHRUNK_LINES]
    return "\n".join(lines)


def _made_up(queue: StackQueue, behaviour: Behaviour, now: float) -> list[str]:
    """Return a plausible log, at `now` (epoch seconds)."""
    if behaviour.log_lines_per_second > 0:
        # A deployment that was cancelled while it waited never ran, so it has no log.
        begun = [deployment for deployment in queue.deployments if deployment.starts_at <= now]
        return _growing(begun[-1], behaviour, now) if begun else []
    newest = queue.newest(now)
    if newest is None:
        return []
    clock = written(newest.ends_at, behaviour)
    lines = [*_beginning(newest), "Building", "Running deploy hooks", *_ending(newest)]
    return [f"[{clock}] {line}" for line in lines]


def _growing(deployment: Deployment, behaviour: Behaviour, now: float) -> list[str]:
    """Return what the log of a deployment that has begun holds at `now`; what is there never changes."""
    rate, keeps, starts_at = behaviour.log_lines_per_second, behaviour.log_keeps_lines, deployment.starts_at
    steps = int((min(now, deployment.ends_at) - starts_at) * rate)
    ending = _ending(deployment) if deployment.state(now) == "finished" else []
    # Of a very long log no more is made up than is kept.
    first = 1 if keeps is None else max(1, steps + len(ending) - keeps + 1)
    lines = [
        *((starts_at, line) for line in _beginning(deployment)),
        *(
            (starts_at + number / rate, f"step {number}: {_STEPS[number % len(_STEPS)]}")
            for number in range(first, steps + 1)
        ),
        *((deployment.ends_at, line) for line in ending),
    ]
    return [f"[{written(at, behaviour)}] {line}" for at, line in lines]


def _beginning(deployment: Deployment) -> list[str]:
    return [f"Starting deployment {deployment.id}", f"Fetching {deployment.git_ref}"]


def _ending(deployment: Deployment) -> list[str]:
    """Return the last lines of a finished deployment; a failed one has more to tell."""
    if deployment.succeeds:
        return ["Restarting web processes", "Deployment finished successfully"]
    if deployment.cancelled:
        return [f"Cancelled by {deployment.cancelled_by or COLLEAGUE}"]
    return [
        "Running: bundle exec rake assets:precompile",
        *(f"    from app/assets/step_{number}.rb:{number * 3}" for number in range(1, 41)),
        "rake aborted!",
        "Command exited with status 1",
        "Deployment failed",
    ]
