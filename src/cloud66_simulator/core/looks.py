"""How a stack and what belongs to it look in the API's answers."""

from datetime import UTC, datetime
from math import inf
from typing import Any

from cloud66_simulator.core.answers import Problem
from cloud66_simulator.core.records import COLLEAGUE, Deployment, StackQueue
from cloud66_simulator.core.world import Simulator

_VIA = {"web": 0, "api": 1, "hook": 2}
_OUTCOMES = {
    "pending": (0, "Pending"),
    "success": (1, "Successful"),
    "failed": (2, "Failed"),
    "cancelled": (3, "Cancelled"),
    "superseded": (7, "Superseded"),
}
"""The word of an outcome, its number, and the meaning that goes with the word as a code."""
_STEPS = ("Building", "Installing packages", "Compiling assets", "Copying files", "Running deploy hooks")
_LONG_AGO_SECONDS = 86_400.0


class Looks:
    """Shows a stack as of one moment, the way the behaviour says."""

    def __init__(self, simulator: Simulator, queue: StackQueue) -> None:
        self._simulator = simulator
        self._behaviour = simulator.behaviour
        self.queue = queue
        self._now = simulator.now()
        self._live = queue.live(self._now, self._behaviour)

    def deployment(self, deployment: Deployment) -> dict[str, Any]:
        """Return the record of a deployment."""
        spec, say = self.queue.spec, self._behaviour.say
        is_reverted = deployment.gone_at <= self._now
        look = {
            "id": deployment.id,
            "triggered_by": say(deployment.user),
            "triggered_via": {"code": _VIA[deployment.via], "meaning": say(deployment.via)},
            "started_at": self._time(deployment.starts_at),
            "finished_at": self._time(deployment.ends_at),
            "outcome": self._outcome(deployment),
            "git_hash": deployment.git_hash,
            "git_ref": say(deployment.git_ref or (None if spec.docker else spec.git_branch)),
            "deploy_session": say(f"{deployment.id:08x}"),
            "deploy_type": {"code": 1, "meaning": say("redeploy")},
            "is_head": deployment.git_hash == self._simulator.hash_of(spec.uid, None),
            "is_live": deployment is self._live,
            "is_deploying": deployment.state(self._now) == "running",
            "reverted": True if is_reverted else None,
            "reverted_by": say(deployment.reverted_by or COLLEAGUE) if is_reverted else None,
            "reverted_at": self._time(deployment.gone_at),
            "commit_url": say(deployment.git_hash and f"https://github.com/acme/awesome/commit/{deployment.git_hash}"),
            "snapshot_uuid": say(f"snapshot-{deployment.id:08x}"),
        }
        if not self._behaviour.live_field:
            del look["is_live"]
        return self._without_late_fields(deployment, look)

    def action(self, deployment: Deployment) -> dict[str, Any]:
        """Return the record of the stack action that a deployment was."""
        say = self._behaviour.say
        lag = deployment.action_lag
        finished_at = deployment.ends_at + (self._behaviour.action_finish_lag_seconds if lag is None else lag)
        is_finished = finished_at <= self._now
        look = {
            "id": deployment.action_id,
            "user": say(deployment.user),
            "resource_type": "stack",
            "action": say(deployment.action),
            "resource_id": deployment.stack_uid,
            "started_via": deployment.via,
            "started_at": self._time(deployment.requested_at),
            "finished_at": self._time(finished_at),
            "finished_success": _finished_success(deployment) if is_finished else None,
            "finished_message": say(_finished_message(deployment)) if is_finished else None,
            "finished_result": {} if is_finished else None,
            "metadata": {"user_reference": deployment.user_reference} if deployment.user_reference else {},
        }
        return self._without_late_fields(deployment, look)

    def scheduled(self, deployment: Deployment) -> dict[str, Any]:
        """Return what POST answers, in the shape that the behaviour says; what waits for an approval has no ids."""
        say, shape = self._behaviour.say, self._behaviour.post_shape
        look: dict[str, Any] = {"queued": deployment.state(self._now) == "queued"}
        if shape in {"deployment_id", "action_id_as_id"}:
            number = deployment.id if shape == "deployment_id" else deployment.action_id
            return look | {"id": number or None, "message": say("Deployment scheduled")}
        number = deployment.action_id if shape == "async_action_id" else 0
        return look | {"ok": True, "async_action_id": number or None, "message": say("Stack queued for redeployment")}

    def stack(self) -> dict[str, Any]:
        """Return the record of the stack; its status says what it does, or how the newest deployment ended."""
        spec, say, deployments = self.queue.spec, self._behaviour.say, self.queue.deployments
        states = {deployment.state(self._now) for deployment in deployments}
        newest = self.queue.newest(self._now)
        ended = 1 if newest is None or newest.succeeds else 2
        return {
            "uid": spec.uid,
            "name": say(spec.name),
            "environment": say(spec.environment),
            "git": say(None if spec.docker else spec.git),
            "git_branch": say(None if spec.docker else spec.git_branch),
            "fqdn": say(spec.fqdn),
            "application_address": say(spec.application_address),
            "framework": say(spec.framework),
            "status": 6 if "running" in states else 5 if "queued" in states else ended,
            "health": 3,
            "is_busy": not states <= {"finished"},
            "last_activity": self._time(deployments[-1].requested_at if deployments else inf),
        }

    def services(self) -> list[dict[str, Any]]:
        """Return the services that were ever deployed by name, each as its last success has left it; Problem 404."""
        if self._behaviour.services_say == "absent" or not self.queue.spec.docker:
            raise Problem(404, "Services not found")
        found = {}
        for deployment in self.queue.deployments:
            if deployment.services and deployment.succeeds and deployment.ends_at <= self._now:
                for entry in deployment.services.split(","):
                    name, _, tag = entry.partition(":")
                    found[name] = self._service(name, tag, deployment.ends_at)
        return list(found.values())

    def log(self) -> str | None:
        """Return the newest log."""
        fixed = self.queue.spec.last_log
        return self._behaviour.say("\n".join(self._log_lines()) if fixed is None else fixed)

    def _time(self, at: float) -> str | None:
        """Return a time as the API writes it; what is still to come is null."""
        if at > self._now:
            return None
        written = datetime.fromtimestamp(int(at + self._behaviour.clock_offset_seconds), UTC)
        return written.isoformat().replace("+00:00", "Z")

    def _outcome(self, deployment: Deployment) -> dict[str, Any] | None:
        cancelled_as = self._behaviour.cancelled_as
        if deployment.state(self._now) != "finished":
            word = "pending"
        elif not deployment.cancelled:
            word = "success" if deployment.succeeds else "superseded" if deployment.fate == "odd" else "failed"
        elif cancelled_as == "null":
            return None
        elif cancelled_as == "null_code":
            return {"code": None, "meaning": None}
        else:
            word = cancelled_as
        number, sentence = _OUTCOMES[word]
        code, meaning = (number, word) if self._behaviour.outcome_codes == "number" else (word, sentence)
        return {"code": code, "meaning": meaning if word == "success" else self._behaviour.say(meaning)}

    def _without_late_fields(self, deployment: Deployment, look: dict[str, Any]) -> dict[str, Any]:
        for name, seconds in self._behaviour.late_fields.items():
            if name in look and (seconds is None or self._now < deployment.ends_at + seconds):
                look[name] = None
        return look

    def _service(self, name: str, tag: str, at: float) -> dict[str, Any]:
        said, say = self._behaviour.services_say, self._behaviour.say
        if said == "nothing":
            return {"name": name, "containers": [{"uid": "c1", "image": "", "image_tag": None, "started_at": None}]}
        shown = "before" if said == "older_tag" else tag
        container = {
            "uid": "c1",
            "service_name": say(name),
            "image": say(f"acme/{name}:{shown}" if shown else f"acme/{name}"),
            "image_tag": say(shown or None),
            "started_at": self._time(at - (_LONG_AGO_SECONDS if said == "old_containers" else 0)),
        }
        return {"name": name, "containers": [container]}

    def _log_lines(self) -> list[str]:
        """Return a plausible log: the last finished deployment's or, if it grows, of what has begun last."""
        rate = self._behaviour.log_lines_per_second
        deployment = self.queue.newest(self._now, begun=rate > 0)
        if deployment is None:
            return []
        starts_at, ends_at = deployment.starts_at, deployment.ends_at
        lines = [(starts_at, f"Starting deployment {deployment.id}"), (starts_at, f"Fetching {deployment.git_ref}")]
        steps = int((min(self._now, ends_at) - starts_at) * rate)
        lines += [(starts_at + one / rate, f"step {one}: {_STEPS[one % len(_STEPS)]}") for one in range(1, steps + 1)]
        if ends_at <= self._now:
            lines += [(ends_at, line) for line in _last_lines(deployment)]
        return [f"[{self._time(at)}] {line}" for at, line in lines]


def _finished_success(deployment: Deployment) -> bool | None:
    return {"action_null": None, "action_failed": False}.get(deployment.final_fate, deployment.succeeds)


def _finished_message(deployment: Deployment) -> str:
    if deployment.cancelled:
        return "Deployment cancelled"
    if deployment.fate == "odd":
        return "Deployment superseded"
    return "Deployment finished" if _finished_success(deployment) is not False else "Deployment failed"


def _last_lines(deployment: Deployment) -> list[str]:
    """Return how the log of a finished deployment ends; a failed one has more to tell."""
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
