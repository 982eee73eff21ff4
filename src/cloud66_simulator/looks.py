"""How the records look in the API's answers. All `now` and `at` are epoch seconds."""

from math import isfinite
from typing import Any

from cloud66_simulator.outcomes import outcome_of
from cloud66_simulator.records import COLLEAGUE, Deployment
from cloud66_simulator.stack_queue import StackQueue
from cloud66_simulator.times import written
from cloud66_simulator.world import Simulator

_VIA = {"web": 0, "api": 1, "hook": 2}
_TYPES = {"build": 0, "redeploy": 1, "scale": 2, "first_build": 3, "revert": 4}


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
        return written(at + self._behaviour.clock_offset_seconds, self._behaviour.timestamps_offset_style)

    def deployment(self, one: Deployment) -> dict[str, Any]:
        """Return the record of a deployment."""
        behaviour, simulator, say = self._behaviour, self._simulator, self._behaviour.say
        spec = simulator.stacks[one.stack_uid].spec
        reverted_at = one.gone_at(behaviour.revert_lag_seconds)
        reverted = reverted_at <= self._now
        link = f"https://github.com/acme/awesome/commit/{one.git_hash}" if one.git_hash else None
        look = {
            "id": one.id,
            "triggered_by": say(one.user),
            "triggered_via": {"code": _VIA[one.via], "meaning": say(one.via)},
            "started_at": self.time(one.starts_at),
            "finished_at": self.time(one.ends_at),
            "outcome": outcome_of(one, behaviour, self._now),
            "git_hash": one.git_hash,
            "git_ref": say(one.git_ref or (None if spec.docker else spec.git_branch)),
            "deploy_session": say(f"{one.id:08x}"),
            "deploy_type": {"code": _TYPES.get(one.deploy_type, 1), "meaning": say(one.deploy_type)},
            "is_head": self._is_head(one),
            "is_live": one is self._live_of(one.stack_uid),
            "is_deploying": one.state(self._now) == "running",
            "reverted": True if reverted else None,
            "reverted_by": say(one.reverted_by or COLLEAGUE) if reverted else None,
            "reverted_at": self.time(reverted_at) if reverted else None,
            "commit_url": say(link),
            "snapshot_uuid": say(f"snapshot-{one.id:08x}"),
        }
        if not behaviour.live_field:
            del look["is_live"]
        return self._as_yet(one, look)

    def action(self, one: Deployment) -> dict[str, Any]:
        """Return the record of the action that a deployment was."""
        behaviour, say = self._behaviour, self._behaviour.say
        finished = one.ends_at + behaviour.action_finish_lag_seconds <= self._now
        look = {
            "id": one.action_id,
            "user": say(one.user),
            "resource_type": "stack",
            "action": say(behaviour.action_name),
            "resource_id": one.stack_uid,
            "started_via": one.via,
            "started_at": self.time(one.requested_at),
            "finished_at": self.time(one.ends_at + behaviour.action_finish_lag_seconds),
            "finished_success": _finished_success(one) if finished else None,
            "finished_message": say(_finished_message(one)) if finished else None,
            "finished_result": {} if finished else None,
            "metadata": {"user_reference": one.user_reference} if one.user_reference else {},
        }
        return self._as_yet(one, look)

    def stack(self, queue: StackQueue, log: str | None = None) -> dict[str, Any]:
        """Return the record of a stack, with its newest log if there is one to show."""
        spec, say = queue.spec, self._behaviour.say
        running = any(one.state(self._now) == "running" for one in queue.deployments[-20:] + queue.unfinished)
        newest = queue.newest(self._now)
        look = {
            "uid": spec.uid,
            "name": say(spec.name),
            "environment": say(spec.environment),
            "git": say(None if spec.docker else spec.git),
            "git_branch": say(None if spec.docker else spec.git_branch),
            "fqdn": say(spec.fqdn),
            "application_address": say(spec.application_address),
            "framework": say(spec.framework),
            "status": _status(queue, newest, running=running),
            "health": 3,
            "is_busy": bool(queue.unfinished),
            "last_activity": self.time(max((one.requested_at for one in queue.deployments), default=None)),
        }
        if log is not None:
            look["last_log"] = say(log)
        return look

    def _as_yet(self, one: Deployment, look: dict[str, Any]) -> dict[str, Any]:
        """Null the fields of a record that are late."""
        for name, seconds in self._behaviour.late_fields.items():
            if name in look and (seconds is None or self._now < one.ends_at + seconds):
                look[name] = None
        return look

    def _is_head(self, one: Deployment) -> bool:
        """Tell whether its hash is the head of its branch; one that was asked for by hash has the stack's."""
        branch = self._simulator.stacks[one.stack_uid].spec.git_branch
        ref = branch if one.git_ref in {None, one.git_hash} else one.git_ref
        return one.git_hash == self._simulator.head_of(one.stack_uid, ref or branch)

    def _live_of(self, stack_uid: str) -> Deployment | None:
        if stack_uid not in self._live:
            self._live[stack_uid] = self._simulator.stacks[stack_uid].live(self._now, self._behaviour)
        return self._live[stack_uid]


def _status(queue: StackQueue, newest: Deployment | None, *, running: bool) -> int:
    """Return the stack's status code: deploying, queued, or how the newest deployment ended."""
    if running:
        return 6
    if queue.unfinished:
        return 5
    return 1 if newest is None or newest.succeeds else 2


def _finished_success(one: Deployment) -> bool | None:
    if one.final_fate == "action_null":
        return None
    return one.succeeds and one.final_fate != "action_failed"


def _finished_message(one: Deployment) -> str:
    if one.cancelled:
        return "Deployment cancelled"
    if one.fate == "odd":
        return "Deployment superseded"
    return "Deployment finished" if _finished_success(one) is not False else "Deployment failed"
