"""How records look: a colleague asks for a deployment, time passes, and the answers are looked at."""

from collections.abc import Mapping
from typing import Any

import pytest

from cloud66_simulator import DOCKER_STACK, Fault, ManualClock, Simulator
from cloud66_simulator.scenarios import HOSTILE_TEXT
from simulator.api import ACTIONS, DEPLOYMENTS, STACK, Api

NUMBER, STRING = {"outcome_codes": "number"}, {"outcome_codes": "string"}
ABSENT = "no such field"


def outcome(code: object, meaning: object) -> dict[str, Any]:
    """What a deployment's record says of its outcome."""
    return {"deployment.outcome": {"code": code, "meaning": meaning}}


def action(success: bool | None, message: str) -> dict[str, Any]:
    """What an action's record says of its end."""
    return {"action.finished_success": success, "action.finished_message": message}


# The dials, the fields of the deployment, the seconds that pass, and what the answers then say.
ROWS: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], float, Mapping[str, Any]]] = {
    "running": ({}, {}, 39, outcome(0, "pending") | {
        "deployment.started_at": "2026-01-01T00:00:00Z", "deployment.finished_at": None,
        "deployment.is_deploying": True,
        "action.finished_at": None, "action.finished_success": None, "action.finished_message": None,
        "stack.is_busy": True, "stack.status": 6, "live": [107]}),
    "running, by word": (STRING, {}, 39, outcome("pending", "Pending")),
    "success": (NUMBER, {}, 40, outcome(1, "success") | action(True, "Deployment finished") | {
        "deployment.finished_at": "2026-01-01T00:00:40Z", "action.finished_at": "2026-01-01T00:00:40Z",
        "deployment.is_deploying": False, "stack.is_busy": False, "stack.status": 1, "live": [108]}),
    "success, by word": (STRING, {}, 60, outcome("success", "Successful")),
    "failed": ({}, {"fate": "failed"}, 60, outcome(2, "failed") | action(False, "Deployment failed") | {
        "stack.status": 2, "live": [107]}),
    "failed, by word": (STRING, {"fate": "failed"}, 60, outcome("failed", "Failed")),
    "odd": ({}, {"fate": "odd"}, 60,
            outcome(7, "superseded") | action(False, "Deployment superseded") | {"live": [107]}),
    "odd, by word": (STRING, {"fate": "odd"}, 60, outcome("superseded", "Superseded")),
    "cancelled midway": ({}, {"fate": "cancelled"}, 20,
                         outcome(3, "cancelled") | action(False, "Deployment cancelled") | {"live": [107]}),
    "cancelled, by word": (STRING, {"fate": "cancelled"}, 60, outcome("cancelled", "Cancelled")),
    "cancelled as failed": ({"cancelled_as": "failed"}, {"fate": "cancelled"}, 60, outcome(2, "failed")),
    "cancelled as null": ({"cancelled_as": "null"}, {"fate": "cancelled"}, 60, {"deployment.outcome": None}),
    "cancelled as null code": ({"cancelled_as": "null_code"}, {"fate": "cancelled"}, 60, outcome(None, None)),
    "only its action failed": ({}, {"fate": "action_failed"}, 60,
                               outcome(1, "success") | action(False, "Deployment failed") | {"live": [108]}),
    "its action says nothing": ({}, {"fate": "action_null"}, 60,
                                outcome(1, "success") | action(None, "Deployment finished") | {"live": [108]}),
    "reverted": ({}, {"fate": "reverted"}, 60, outcome(1, "success") | action(True, "Deployment finished") | {
        "deployment.reverted": True, "deployment.reverted_at": "2026-01-01T00:00:40Z",
        "deployment.reverted_by": "colleague@example.com", "live": [107]}),
    "action lags": ({"action_finish_lag_seconds": 30}, {}, 69, outcome(1, "success") | {"action.finished_at": None}),
    "action is done, too": ({"action_finish_lag_seconds": 30}, {}, 70, {"action.finished_success": True}),
    "not live yet": ({"live_lag_seconds": 20}, {}, 59, outcome(1, "success") | {"live": [107]}),
    "live by now": ({"live_lag_seconds": 20}, {}, 60, {"live": [108]}),
    "a clock that is ahead": ({"clock_offset_seconds": 3600}, {}, 60, {
        "deployment.finished_at": "2026-01-01T01:00:40Z", "action.started_at": "2026-01-01T01:00:00Z"}),
    "a hook's": ({}, {"via": "hook"}, 1, {
        "deployment.triggered_via": {"code": 2, "meaning": "hook"}, "action.started_via": "hook"}),
    "no head": ({}, {"git_ref": 40 * "a"}, 1, {
        "deployment.is_head": False, "deployment.git_hash": 40 * "a", "deployment.git_ref": 40 * "a",
        "deployment.commit_url": f"https://github.com/acme/awesome/commit/{40 * 'a'}"}),
    "without a ref": ({}, {"git_ref": None}, 1, {"deployment.git_ref": "main", "deployment.is_head": True}),
    "Docker": ({}, {"stack_uid": DOCKER_STACK, "git_ref": None}, 60, {
        "deployment.git_hash": None, "deployment.git_ref": None, "deployment.commit_url": None,
        "deployment.is_live": True, "stack.git": None, "live": [107]}),
    "without a field": ({"live_field": False}, {}, 60, {"deployment.is_live": ABSENT}),
    "late, to the last second": ({"late_fields": {"git_hash": 10, "is_live": None, "nonsense": 1}}, {}, 49,
                                 {"deployment.git_hash": None, "deployment.is_live": None}),
    "late, by now": ({"late_fields": {"deploy_session": 10, "is_live": None, "finished_success": 10}}, {}, 50, {
        "deployment.deploy_session": "0000006c", "deployment.is_live": None, "action.finished_success": True}),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_looks(api: Api, simulator: Simulator, clock: ManualClock, row: str) -> None:
    """A deployment, its action and its stack look as the dials say, as of this moment."""
    dials, asked, seconds, expected = ROWS[row]
    simulator.behaviour.update(dials)
    made = simulator.request_deployment(**asked)
    clock.sleep(seconds)
    stack = f"/stacks/{made.stack_uid}"
    records = {
        "deployment": api.show(f"{stack}/deployments/108"),
        "action": api.show(f"{stack}/actions/40"),
        "stack": api.show(stack),
    }
    assert records["action"]["resource_id"] == made.stack_uid
    flat = {f"{record}.{name}": value for record, fields in records.items() for name, value in fields.items()}
    flat["live"] = api.live()
    assert {name: flat.get(name, ABSENT) for name in expected} == expected


def _texts(value: Any, name: str = "") -> set[str]:
    """The names of all fields that hold the hostile text."""
    if isinstance(value, dict):
        return {found for key, inner in value.items() for found in _texts(inner, f"{name}.{key}".lstrip("."))}
    return {name} if value == HOSTILE_TEXT else set()


def test_hostile_text(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """Every free text is replaced, that of the warning on one line; what a client decides by is not."""
    made = simulator.request_deployment(fate="failed", user_reference="mine")
    simulator.behaviour.text = HOSTILE_TEXT
    clock.sleep(60)
    deployment, action = api.show(f"{DEPLOYMENTS}/{made.id}"), api.show(f"{ACTIONS}/{made.action_id}")
    assert (deployment["outcome"]["code"], action["metadata"]) == (2, {"user_reference": "mine"})
    assert api.show(f"{DEPLOYMENTS}/107")["outcome"] == {"code": 1, "meaning": "success"}
    assert _texts(deployment) == {
        "triggered_by", "triggered_via.meaning", "outcome.meaning", "git_ref", "deploy_session",
        "deploy_type.meaning", "commit_url", "snapshot_uuid",
    }  # fmt: skip
    assert _texts(action) == {"user", "action", "finished_message"}
    assert _texts(api.show(STACK, show_log="true")) == {
        "name", "environment", "git", "git_branch", "fqdn", "application_address", "framework", "last_log",
    }  # fmt: skip
    posted = api.post(DEPLOYMENTS)
    assert posted.headers["X-Cloud66-Warning"] == HOSTILE_TEXT.replace("\n", " ")
    assert _texts(posted.json()) == _texts(api.delete(f"{DEPLOYMENTS}/109").json()) == {"response.message"}
    simulator.faults.append(Fault("status"))
    for _ in range(2):
        assert _texts(api.get("/stacks/nope").json()) == {"error_description", "details"}
