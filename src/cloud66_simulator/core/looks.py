"""How the records look in the API's answers. All `now` and `at` are epoch seconds."""

from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.records import COLLEAGUE, Deployment, StackQueue
from cloud66_simulator.core.world import Simulator

_VIA = {"web": 0, "api": 1, "hook": 2}
_TYPES = {"build": 0, "redeploy": 1, "scale": 2, "first_build": 3, "revert": 4}
_OUTCOMES = {
    "pending": (0, "Pending"),
    "success": (1, "Successful"),
    "failed": (2, "Failed"),
    "cancelled": (3, "Cancelled"),
    "superseded": (7, "Superseded"),
}
"""The word of an outcome, its number, and the meaning that goes with the word as a code."""


class Looks:
    """Shows records as of one moment, the way the behaviour says."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._behaviour = simulator.behaviour
        self._now = simulator.now()
        self._live: dict[str, Deployment | None] = {}

    def time(self, at: float | None) -> str | None:
        """Return a time as the API writes it; what is still to come is null."""
        if at is None or not isfinite(at) or at > self._now:
            return None
        return written(at + self._behaviour.clock_offset_seconds, self._behaviour)

    def deployment(self, deployment: Deployment) -> dict[str, Any]:
        """Return the record of a deployment."""
        behaviour, say = self._behaviour, self._behaviour.say
        spec = self._simulator.stacks[deployment.stack_uid].spec
        is_reverted = deployment.gone_at <= self._now
        look = {
            "id": deployment.id,
            "triggered_by": say(deployment.user),
            "triggered_via": {"code": _VIA[deployment.via], "meaning": say(deployment.via)},
            "started_at": self.time(deployment.starts_at),
            "finished_at": self.time(deployment.ends_at),
            "outcome": self._outcome(deployment),
            "git_hash": deployment.git_hash,
            "git_ref": say(deployment.git_ref or (None if spec.docker else spec.git_branch)),
            "deploy_session": say(f"{deployment.id:08x}"),
            "deploy_type": {"code": _TYPES.get(deployment.deploy_type, 1), "meaning": say(deployment.deploy_type)},
            "is_head": self._is_head(deployment),
            "is_live": deployment is self._live_of(deployment.stack_uid),
            "is_deploying": deployment.state(self._now) == "running",
            "reverted": True if is_reverted else None,
            "reverted_by": say(deployment.reverted_by or COLLEAGUE) if is_reverted else None,
            "reverted_at": self.time(deployment.gone_at) if is_reverted else None,
            "commit_url": say(deployment.git_hash and f"https://github.com/acme/awesome/commit/{deployment.git_hash}"),
            "snapshot_uuid": say(f"snapshot-{deployment.id:08x}"),
        }
        if not behaviour.live_field:
            del look["is_live"]
        return self._without_late_fields(deployment, look)

    def action(self, deployment: Deployment) -> dict[str, Any]:
        """Return the record of the stack action that a deployment was."""
        say = self._behaviour.say
        finished_at = deployment.ends_at + self._behaviour.action_finish_lag_seconds
        is_finished = finished_at <= self._now
        look = {
            "id": deployment.action_id,
            "user": say(deployment.user),
            "resource_type": "stack",
            "action": say("application_deployment"),
            "resource_id": deployment.stack_uid,
            "started_via": deployment.via,
            "started_at": self.time(deployment.requested_at),
            "finished_at": self.time(finished_at),
            "finished_success": _finished_success(deployment) if is_finished else None,
            "finished_message": say(_finished_message(deployment)) if is_finished else None,
            "finished_result": {} if is_finished else None,
            "metadata": {"user_reference": deployment.user_reference} if deployment.user_reference else {},
        }
        return self._without_late_fields(deployment, look)

    def stack(self, queue: StackQueue, log: str | None = None) -> dict[str, Any]:
        """Return the record of a stack, with its newest log if there is one to show."""
        spec, say = queue.spec, self._behaviour.say
        look = {
            "uid": spec.uid,
            "name": say(spec.name),
            "environment": say(spec.environment),
            "git": say(None if spec.docker else spec.git),
            "git_branch": say(None if spec.docker else spec.git_branch),
            "fqdn": say(spec.fqdn),
            "application_address": say(spec.application_address),
            "framework": say(spec.framework),
            "status": self._status(queue),
            "health": 3,
            "is_busy": bool(queue.unfinished),
            "last_activity": self.time(queue.deployments[-1].requested_at if queue.deployments else None),
        }
        if log is not None:
            look["last_log"] = say(log)
        return look

    def _outcome(self, deployment: Deployment) -> dict[str, Any] | None:
        if deployment.state(self._now) != "finished":
            return self._styled("pending")
        if not deployment.cancelled:
            word = "success" if deployment.succeeds else "superseded" if deployment.fate == "odd" else "failed"
            return self._styled(word)
        if self._behaviour.cancelled_as == "null":
            return None
        if self._behaviour.cancelled_as == "null_code":
            return {"code": None, "meaning": None}
        return self._styled(self._behaviour.cancelled_as)

    def _styled(self, word: str) -> dict[str, Any]:
        number, sentence = _OUTCOMES[word]
        code, meaning = (number, word) if self._behaviour.outcome_codes == "number" else (word, sentence)
        return {"code": code, "meaning": meaning if word == "success" else self._behaviour.say(meaning)}

    def _without_late_fields(self, deployment: Deployment, look: dict[str, Any]) -> dict[str, Any]:
        for name, seconds in self._behaviour.late_fields.items():
            if name in look and (seconds is None or self._now < deployment.ends_at + seconds):
                look[name] = None
        return look

    def _is_head(self, deployment: Deployment) -> bool:
        """Tell whether its hash is the head of its branch; asked for by hash, its branch is the stack's."""
        branch = self._simulator.stacks[deployment.stack_uid].spec.git_branch
        ref = branch if deployment.git_ref in {None, deployment.git_hash} else deployment.git_ref
        return deployment.git_hash == self._simulator.head_of(deployment.stack_uid, ref or branch)

    def _live_of(self, stack_uid: str) -> Deployment | None:
        if stack_uid not in self._live:
            self._live[stack_uid] = self._simulator.stacks[stack_uid].live(self._now, self._behaviour)
        return self._live[stack_uid]

    def _status(self, queue: StackQueue) -> int:
        """Return the stack's status code: deploying, queued, or how the newest deployment ended."""
        if queue.unfinished:
            return 6 if any(deployment.state(self._now) == "running" for deployment in queue.unfinished) else 5
        newest = queue.newest(self._now)
        return 1 if newest is None or newest.succeeds else 2


def written(at: float, behaviour: Behaviour) -> str:
    """Return a time as the API writes it."""
    return _written(int(at)) + behaviour.timestamps_offset_style


@lru_cache(maxsize=1000)
def _written(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _finished_success(deployment: Deployment) -> bool | None:
    if deployment.final_fate == "action_null":
        return None
    return deployment.succeeds and deployment.final_fate != "action_failed"


def _finished_message(deployment: Deployment) -> str:
    if deployment.cancelled:
        return "Deployment cancelled"
    if deployment.fate == "odd":
        return "Deployment superseded"
    return "Deployment finished" if _finished_success(deployment) is not False else "Deployment failed"
