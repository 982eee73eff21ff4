"""The newest log of a stack: made up from one of its deployments and, if wanted, growing while that runs."""

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.records import COLLEAGUE, Deployment
from cloud66_simulator.stack_queue import StackQueue
from cloud66_simulator.times import written
from cloud66_simulator.world import Simulator

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
        # One that was cancelled while it waited never ran, so it has no log.
        begun = next((one for one in reversed(queue.deployments) if one.starts_at <= now), None)
        return [] if begun is None else _growing(begun, behaviour, now)
    newest = queue.newest(now)
    if newest is None:
        return []
    clock = written(newest.ends_at, behaviour.timestamps_offset_style)
    lines = [*_beginning(newest), "Building", "Running deploy hooks", *_ending(newest)]
    return [f"[{clock}] {line}" for line in lines]


def _growing(one: Deployment, behaviour: Behaviour, now: float) -> list[str]:
    """Return what the log of a deployment that has begun holds at `now`; what is there never changes."""
    rate, keeps, style = behaviour.log_lines_per_second, behaviour.log_keeps_lines, behaviour.timestamps_offset_style
    over = one.state(now) == "finished"
    steps = int((min(now, one.ends_at) - one.starts_at) * rate)
    ending = [f"[{written(one.ends_at, style)}] {line}" for line in _ending(one)] if over else []
    # Of a very long log no more is made up than is kept.
    first = 1 if keeps is None else max(1, steps + len(ending) - keeps + 1)
    return [
        *(f"[{written(one.starts_at, style)}] {line}" for line in _beginning(one)),
        *(
            f"[{written(one.starts_at + number / rate, style)}] step {number}: {_STEPS[number % len(_STEPS)]}"
            for number in range(first, steps + 1)
        ),
        *ending,
    ]


def _beginning(one: Deployment) -> list[str]:
    return [f"Starting deployment {one.id}", f"Fetching {one.git_ref}"]


def _ending(one: Deployment) -> list[str]:
    """Return the last lines of a finished deployment; a failed one has more to tell."""
    if one.succeeds:
        return ["Restarting web processes", "Deployment finished successfully"]
    if one.cancelled:
        return [f"Cancelled by {one.cancelled_by or COLLEAGUE}"]
    return [
        "Running: bundle exec rake assets:precompile",
        *(f"    from app/assets/step_{number}.rb:{number * 3}" for number in range(1, 41)),
        "rake aborted!",
        "Command exited with status 1",
        "Deployment failed",
    ]
