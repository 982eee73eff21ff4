"""Which records can be seen now: some appear late, some are hidden by a fault."""

from math import inf

from cloud66_simulator.records import Deployment
from cloud66_simulator.stack_queue import StackQueue
from cloud66_simulator.world import Simulator


def visible_deployments(simulator: Simulator, queue: StackQueue, path: str) -> list[Deployment]:
    """Return the deployments whose own record the answer to `path` shows, the eldest first."""
    if simulator.hides("hide_deployments", path):
        return []
    now, behaviour = simulator.now(), simulator.behaviour
    delay = behaviour.deployment_record_delay_seconds
    if behaviour.record_while_queued:
        return [one for one in queue.deployments if one.requested_at + delay <= now]
    return [one for one in queue.deployments if _begins(one) + delay <= now]


def visible_actions(simulator: Simulator, queue: StackQueue, path: str) -> list[Deployment]:
    """Return the deployments whose action the answer to `path` shows, the eldest first."""
    if simulator.hides("hide_actions", path):
        return []
    latest = simulator.now() - simulator.behaviour.action_record_delay_seconds
    return [one for one in queue.deployments if one.requested_at <= latest]


def _begins(one: Deployment) -> float:
    """Return when it leaves the queue, in epoch seconds: by starting, or by being cancelled in it."""
    return one.starts_at if one.starts_at < inf else one.ends_at
