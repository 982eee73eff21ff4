"""The endpoints of the API v3, below `/api/3`."""

from typing import Any

from flask import Blueprint, Response, g, request

from cloud66_simulator.answers import answer, envelope, in_order, paged
from cloud66_simulator.logs import last_log
from cloud66_simulator.looks import Looks
from cloud66_simulator.options import Options, options_of
from cloud66_simulator.others import overtake
from cloud66_simulator.problems import Problem
from cloud66_simulator.records import Deployment
from cloud66_simulator.stack_queue import StackQueue
from cloud66_simulator.visibility import visible_actions, visible_deployments
from cloud66_simulator.world import Simulator

blueprint = Blueprint("api", __name__, url_prefix="/api/3")


@blueprint.get("/stacks")
def list_stacks() -> Response:
    """All stacks; `filter_name` and `filter_environment` keep the equal ones."""
    simulator = _simulator()
    found = list(simulator.stacks.values())
    if not simulator.behaviour.ignore_stack_filters:
        name, environment = (request.args.get(f"filter_{one}") for one in ("name", "environment"))
        found = [one for one in found if name in {None, one.spec.name} and environment in {None, one.spec.environment}]
    return paged(found, Looks(simulator).stack, simulator.behaviour)


@blueprint.get("/stacks/<uid>")
def show_stack(uid: str) -> Response:
    """One stack."""
    simulator, queue = _simulator(), _stack(uid)
    log = last_log(simulator, queue, g.path) if request.args.get("show_log") == "true" else None
    return envelope(Looks(simulator).stack(queue, log))


@blueprint.get("/stacks/<uid>/deployments")
def list_deployments(uid: str) -> Response:
    """Return the stack's deployments."""
    simulator = _simulator()
    found = visible_deployments(simulator, _stack(uid), g.path)
    return paged(in_order(found, simulator.behaviour), Looks(simulator).deployment, simulator.behaviour)


@blueprint.get("/stacks/<uid>/deployments/<int:number>")
def show_deployment(uid: str, number: int) -> Response:
    """One deployment."""
    return envelope(Looks(_simulator()).deployment(_deployment(uid, number)))


@blueprint.post("/stacks/<uid>/deployments")
def redeploy(uid: str) -> Response:
    """Redeploy."""
    simulator, queue = _simulator(), _stack(uid)
    options = options_of(request, docker=queue.spec.docker)
    deployment = _prepared(simulator, queue, options)
    approval, until_theirs = simulator.behaviour.approval_seconds, simulator.behaviour.overtaken_after_seconds
    if g.defer_seconds is None and approval is None:
        simulator.take(deployment)
    else:
        simulator.ask_later(deployment, (g.defer_seconds or 0) + (approval or 0))
    if until_theirs is not None:
        overtake(simulator, deployment, (g.defer_seconds or 0) + until_theirs)
    return envelope(_scheduled(simulator, deployment)) if g.defer_seconds is None else answer(200, {})


@blueprint.delete("/stacks/<uid>/deployments/<int:number>")
def cancel(uid: str, number: int) -> Response:
    """Cancel a deployment."""
    simulator, user = _simulator(), g.token.user
    found = _deployment(uid, number)
    if g.defer_seconds is not None:
        simulator.cancel_later(found.id, user, g.defer_seconds)
        return answer(200, {})
    simulator.cancel(found.id, user)
    return envelope({"ok": True, "message": simulator.behaviour.say("Deployment cancelled")})


@blueprint.get("/stacks/<uid>/actions")
def list_actions(uid: str) -> Response:
    """Return the stack's actions; `user_reference` keeps those that carry it."""
    simulator, behaviour = _simulator(), _simulator().behaviour
    found = visible_actions(simulator, _stack(uid), g.path)
    wanted = request.args.get("user_reference")
    if wanted is not None and behaviour.refuse_reference_filter is not None:
        raise Problem(behaviour.refuse_reference_filter, "user_reference can't be asked for")
    if wanted is not None and not behaviour.ignore_reference_filter:
        found = [one for one in found if one.user_reference == wanted]
    return paged(in_order(found, behaviour), Looks(simulator).action, behaviour)


@blueprint.get("/stacks/<uid>/actions/<int:number>")
def show_action(uid: str, number: int) -> Response:
    """One action, with or without the envelope."""
    simulator = _simulator()
    for one in visible_actions(simulator, _stack(uid), g.path):
        if one.action_id == number:
            look = Looks(simulator).action(one)
            return envelope(look) if simulator.behaviour.action_envelope else answer(200, look)
    raise Problem(404, f"Action {number} not found")


def _simulator() -> Simulator:
    simulator: Simulator = g.simulator
    return simulator


def _stack(uid: str) -> StackQueue:
    queue = _simulator().stacks.get(uid)
    if queue is None:
        raise Problem(404, "Stack not found or you don't have access to it")
    return queue


def _deployment(uid: str, number: int) -> Deployment:
    """Return a deployment that is there to be seen."""
    for one in visible_deployments(_simulator(), _stack(uid), g.path):
        if one.id == number:
            return one
    raise Problem(404, f"Deployment {number} not found")


def _prepared(simulator: Simulator, queue: StackQueue, options: Options) -> Deployment:
    """Return the deployment that a POST asks for, without asking for it yet."""
    return Deployment(
        stack_uid=queue.spec.uid,
        user=g.token.user,
        via="api",
        git_hash=simulator.hash_of(queue.spec.uid, options.git_ref),
        fate=simulator.next_fate(),
        duration=simulator.behaviour.duration_seconds,
        git_ref=options.git_ref,
        user_reference=options.user_reference,
        services=options.services,
        deployment_profile=options.deployment_profile,
    )


def _scheduled(simulator: Simulator, deployment: Deployment) -> dict[str, Any]:
    """Return what POST answers, in the shape that the behaviour says; what waits for an approval has no ids."""
    behaviour = simulator.behaviour
    queued = deployment.state(simulator.now()) == "queued"
    if behaviour.post_shape in {"deployment_id", "action_id_as_id"}:
        number = deployment.id if behaviour.post_shape == "deployment_id" else deployment.action_id
        return {"id": number or None, "message": behaviour.say("Deployment scheduled"), "queued": queued}
    return {
        "ok": True,
        "message": behaviour.say("Stack queued for redeployment"),
        "async_action_id": deployment.action_id or None if behaviour.post_shape == "async_action_id" else None,
        "queued": queued,
    }
