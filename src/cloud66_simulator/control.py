"""The endpoints beside the API, below `/_stand_in`: look behind the scenes, and change what happens."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from math import isfinite
from typing import Any

from flask import Flask, Response, request

from cloud66_simulator.core.answers import Problem, as_json, declined
from cloud66_simulator.core.faults import Fault
from cloud66_simulator.core.records import Deployment
from cloud66_simulator.core.world import Simulator

CONTROL_PATH = "/_stand_in"


def add_control(app: Flask, simulator: Simulator) -> None:
    """Add the endpoints to an application; a body is a JSON object with the arguments."""

    def add_fault(**fields: Any) -> object:  # noqa: ANN401 - checked by `Fault`
        simulator.faults.append(Fault(**fields))
        return {"faults": len(simulator.faults)}

    def change_behaviour(**dials: Any) -> object:  # noqa: ANN401 - checked by `Behaviour`
        simulator.behaviour.update(dials)
        return asdict(simulator.behaviour)

    def truth_of(work: Callable[..., Deployment]) -> Callable[..., object]:
        return lambda **arguments: _truth(work(**arguments), simulator)

    for method, path, status, work in (
        ("GET", "requests", 200, lambda: [asdict(record) for record in simulator.requests]),
        ("GET", "state", 200, partial(_state, simulator)),
        ("GET", "app/<stack_uid>", 200, partial(_page, simulator)),
        ("POST", "faults", 201, add_fault),
        ("POST", "behaviour", 200, change_behaviour),
        ("POST", "deployments", 201, truth_of(simulator.request_deployment)),
        ("POST", "cancel/<int:deployment_id>", 200, truth_of(simulator.cancel)),
        ("POST", "revert/<int:deployment_id>", 200, truth_of(simulator.revert)),
    ):
        view = partial(_answer, work, simulator, status)
        app.add_url_rule(f"{CONTROL_PATH}/{path}", path, view, methods=[method])


def _answer(work: Callable[..., object], simulator: Simulator, status: int, **of_path: int | str) -> Response:
    with simulator.lock:
        try:
            answer = as_json(status, work(**of_path, **_body()))
        except Problem as problem:
            answer = declined(problem, simulator.behaviour)
        except (KeyError, TypeError, ValueError) as error:
            answer = declined(Problem(400, f"{type(error).__name__}: {error}"), simulator.behaviour)
    return Response(answer.body, answer.status, answer.headers)


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise TypeError("the body is not a JSON object")
    return body


def _page(simulator: Simulator, stack_uid: str) -> object:
    """Answer for the application of a stack: with the commit that is live."""
    live = simulator.stacks[stack_uid].live(simulator.now(), simulator.behaviour)
    return {"commit": live.git_hash if live else None}


def _state(simulator: Simulator) -> object:
    """Return every deployment with its action, as it truly is, and which one each stack shows as live."""
    live = {uid: queue.live(simulator.now(), simulator.behaviour) for uid, queue in simulator.stacks.items()}
    return {
        "deployments": [_truth(deployment, simulator) for deployment in simulator.all_deployments()],
        "live": {uid: deployment and deployment.id for uid, deployment in live.items()},
    }


def _truth(deployment: Deployment, simulator: Simulator) -> dict[str, Any]:
    """Return everything about a deployment; JSON knows no infinity, so never is null."""
    now = simulator.now()
    values = asdict(deployment) | {
        "state": deployment.state(now),
        "cancelled": deployment.cancelled,
        "reverted": deployment.gone_at <= now,
        "final_fate": deployment.final_fate,
    }
    return {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in values.items()}
