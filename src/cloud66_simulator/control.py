"""The endpoints beside the API, below `/_stand_in`: look behind the scenes, and change what happens."""

from dataclasses import asdict
from math import isfinite
from typing import Any

from flask import Blueprint, Response, g, request

from cloud66_simulator.answers import answer
from cloud66_simulator.faults import Fault
from cloud66_simulator.problems import Problem
from cloud66_simulator.records import Deployment
from cloud66_simulator.world import Simulator

blueprint = Blueprint("stand_in", __name__, url_prefix="/_stand_in")


@blueprint.get("/requests")
def show_requests() -> Response:
    """Return the log of requests."""
    return answer(200, [asdict(one) for one in _simulator().requests])


@blueprint.get("/state")
def show_state() -> Response:
    """Every deployment with its action, as it truly is, and which one each stack shows as live."""
    simulator = _simulator()
    deployments = [_truth(one, simulator) for one in simulator.all_deployments()]
    live = {uid: queue.live(simulator.now(), simulator.behaviour) for uid, queue in simulator.stacks.items()}
    return answer(200, {"deployments": deployments, "live": {uid: one and one.id for uid, one in live.items()}})


@blueprint.post("/faults")
def add_fault() -> Response:
    """Add one fault; the body has the fields of `Fault`."""
    simulator = _simulator()
    try:
        simulator.faults.append(Fault(**_body()))
    except (TypeError, ValueError) as error:
        raise Problem(400, str(error)) from error
    return answer(201, {"faults": len(simulator.faults)})


@blueprint.post("/behaviour")
def change_behaviour() -> Response:
    """Set fields of `Behaviour`."""
    try:
        _simulator().behaviour.update(_body())
    except ValueError as error:
        raise Problem(400, str(error)) from error
    return answer(200, asdict(_simulator().behaviour))


@blueprint.post("/deployments")
def somebody_deploys() -> Response:
    """Somebody else deploys; the body has the arguments of `Simulator.request_deployment`."""
    simulator = _simulator()
    try:
        deployment = simulator.request_deployment(**_body())
    except (KeyError, TypeError) as error:
        raise Problem(400, f"not a deployment: {error}") from error
    return answer(201, _truth(deployment, simulator))


@blueprint.post("/cancel/<int:number>")
def somebody_cancels(number: int) -> Response:
    """Somebody else cancels."""
    simulator = _simulator()
    return answer(200, _truth(simulator.cancel(number), simulator))


@blueprint.post("/revert/<int:number>")
def somebody_reverts(number: int) -> Response:
    """Somebody reverts; the body has the other arguments of `Simulator.revert`."""
    simulator = _simulator()
    try:
        deployment = simulator.revert(number, **_body())
    except TypeError as error:
        raise Problem(400, f"not a revert: {error}") from error
    return answer(200, _truth(deployment, simulator))


def _simulator() -> Simulator:
    simulator: Simulator = g.simulator
    return simulator


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise Problem(400, "The body is not a JSON object")
    return body


def _truth(one: Deployment, simulator: Simulator) -> dict[str, Any]:
    """Return everything about a deployment; JSON knows no infinity, so never is null."""
    values = {
        name: None if isinstance(value, float) and not isfinite(value) else value for name, value in asdict(one).items()
    }
    now = simulator.now()
    return values | {
        "state": one.state(now),
        "cancelled": one.cancelled,
        "reverted": one.gone_at(simulator.behaviour.revert_lag_seconds) <= now,
        "final_fate": one.final_fate,
    }
