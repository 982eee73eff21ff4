from typing import Any

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, ManualClock, Simulator
from cloud66_simulator.scenarios import HOSTILE_TEXT

STACK = f"/stacks/{DEFAULT_STACK}"


@pytest.fixture(autouse=True)
def _hostile(behaviour: Behaviour) -> None:
    behaviour.text = HOSTILE_TEXT


def _texts(value: Any, name: str = "") -> set[str]:
    """The names of all fields that hold the hostile text."""
    if isinstance(value, dict):
        return {found for key, inner in value.items() for found in _texts(inner, f"{name}.{key}".lstrip("."))}
    return {name} if value == HOSTILE_TEXT else set()


def test_records(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """Every free text of a record is replaced; what a client decides by is not."""
    made = simulator.request_deployment(fate="failed", user_reference="mine")
    clock.advance(60)
    deployment = session.get(f"{STACK}/deployments/{made.id}").json()["response"]
    action = session.get(f"{STACK}/actions/{made.action_id}").json()["response"]
    stack = session.get(STACK, params={"show_log": "true"}).json()["response"]
    assert _texts(deployment) == {
        "triggered_by", "triggered_via.meaning", "outcome.meaning", "git_ref", "deploy_session",
        "deploy_type.meaning", "commit_url", "snapshot_uuid",
    }  # fmt: skip
    assert _texts(action) == {"user", "action", "finished_message"}
    assert _texts(stack) == {
        "name", "environment", "git", "git_branch", "fqdn", "application_address", "framework", "last_log",
    }  # fmt: skip
    assert (deployment["outcome"]["code"], action["metadata"]) == (2, {"user_reference": "mine"})


def test_success_is_still_known(session: requests.Session) -> None:
    """A success keeps its word."""
    outcome = session.get(f"{STACK}/deployments/107").json()["response"]["outcome"]
    assert outcome == {"code": 1, "meaning": "success"}


def test_messages(session: requests.Session, simulator: Simulator) -> None:
    """The answers to POST and DELETE and all error bodies are replaced too, and the warning on one line."""
    posted = session.post(f"{STACK}/deployments")
    assert _texts(posted.json()) == {"response.message"}
    assert posted.headers["X-Cloud66-Warning"] == HOSTILE_TEXT.replace("\n", " ")
    assert _texts(session.delete(f"{STACK}/deployments/108").json()) == {"response.message"}
    assert _texts(session.get("/stacks/nope").json()) == {"error_description", "details"}
    simulator.faults.append(Fault("status"))
    assert _texts(session.get(STACK).json()) == {"error_description", "details"}


@pytest.mark.parametrize("text", ["", "\r\n\x00\x85\u2028", "\ud800", "日本", 5000 * "x"])
def test_any_text(session: requests.Session, behaviour: Behaviour, text: str) -> None:
    """Any text can be sent, even what no header could hold."""
    behaviour.text = text
    assert session.get(STACK).json()["response"]["name"] == text
