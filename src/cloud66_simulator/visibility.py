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
    usual = behaviour.deployment_record_delay_seconds
    return [
        one
        for one in queue.deployments
        if (one.requested_at if behaviour.record_while_queued else _begins(one))
        + (usual if one.record_delays is None else one.record_delays[0])
        <= now
    ]


def visible_actions(simulator: Simulator, queue: StackQueue, path: str) -> list[Deployment]:
    """Return the deployments whose action the answer to `path` shows, the eldest first."""
    if simulator.hides("hide_actions", path):
        return []
    now, usual = simulator.now(), simulator.behaviour.action_record_delay_seconds
    return [
        one
        for one in queue.deployments
        if one.requested_at + (usual if one.record_delays is None else one.record_delays[1]) <= now
    ]


def _begins(one: Deployment) -> float:
    """Return when it leaves the queue, in epoch seconds: by starting, or by being cancelled in it."""
    return one.starts_at if one.starts_at < inf else one.ends_at
