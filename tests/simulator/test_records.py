from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, ManualClock, Simulator

STACK = f"/stacks/{DEFAULT_STACK}"


def test_envelope(session: requests.Session) -> None:
    """One record comes in the response envelope."""
    record = session.get(f"{STACK}/deployments/107").json()["response"]
    assert (record["id"], record["outcome"]) == (107, {"code": 1, "meaning": "success"})
    assert set(record) == {
        "id", "triggered_by", "triggered_via", "started_at", "finished_at", "outcome", "git_hash", "git_ref",
        "deploy_session", "deploy_type", "is_head", "is_live", "is_deploying", "reverted", "reverted_by",
        "reverted_at", "commit_url", "snapshot_uuid",
    }  # fmt: skip


def test_suffix(session: requests.Session) -> None:
    """The paths of the Go client, with .json, are the same as those without."""
    assert session.get(f"{STACK}/deployments/107.json").content == session.get(f"{STACK}/deployments/107").content


def test_past(session: requests.Session) -> None:
    """The default stack has a dozen successful deployments, and actions with ids of their own."""
    deployments = session.get(f"{STACK}/deployments").json()
    actions = session.get(f"{STACK}/actions").json()
    assert [one["id"] for one in deployments["response"]] == list(range(107, 95, -1))
    assert [one["id"] for one in actions["response"]] == list(range(39, 27, -1))
    assert [one["is_live"] for one in deployments["response"]] == [True] + 11 * [False]
    assert [one["is_head"] for one in deployments["response"]] == [True] + 11 * [False]


def test_pages(session: requests.Session, behaviour: Behaviour) -> None:
    """A list is cut into pages, which name their neighbours."""
    behaviour.per_page = 5
    middle = session.get(f"{STACK}/deployments", params={"page": "2"}).json()
    assert [one["id"] for one in middle["response"]] == [102, 101, 100, 99, 98]
    assert middle["pagination"] == {
        "previous": 1, "next": 3, "current": 2, "per_page": 5, "count": 12, "pages": 3,
    }  # fmt: skip
    assert session.get(f"{STACK}/deployments", params={"page": "3"}).json()["pagination"]["next"] is None


def test_order(session: requests.Session, behaviour: Behaviour) -> None:
    """A list may begin with the eldest."""
    behaviour.update({"list_order": "oldest_first", "per_page": 5})
    for path, page in (("deployments", [96, 97, 98, 99, 100]), ("actions", [28, 29, 30, 31, 32])):
        assert [one["id"] for one in session.get(f"{STACK}/{path}").json()["response"]] == page


@pytest.mark.parametrize(
    ("fields", "shown"),
    [(None, None), ((), {}), (("next",), {"next": 2}), (("pages", "count"), {"count": 12, "pages": 3})],
)
def test_pagination_fields(session: requests.Session, behaviour: Behaviour, fields: object, shown: object) -> None:
    """Pages may say less of each other, or nothing."""
    behaviour.update({"pagination_fields": fields, "per_page": 5})
    for path in (f"{STACK}/deployments", f"{STACK}/actions"):
        assert session.get(path).json().get("pagination") == shown


def test_filter_refused(session: requests.Session, behaviour: Behaviour) -> None:
    """The filter by reference may be refused; the list is there."""
    behaviour.refuse_reference_filter = 422
    answer = session.get(f"{STACK}/actions", params={"user_reference": "mine"})
    assert (answer.status_code, "error" in answer.json()) == (422, True)
    assert session.get(f"{STACK}/actions").json()["count"] == 12


def test_late_fields(session: requests.Session, behaviour: Behaviour, clock: ManualClock) -> None:
    """Fields of both records may be null until some time after the end, or for ever."""
    behaviour.late_fields = {"git_hash": 10, "finished_success": 20, "is_live": None, "nonsense": 1}
    behaviour.action_finish_lag_seconds = 1
    session.post(f"{STACK}/deployments")

    def seen() -> list[object]:
        deployment = session.get(f"{STACK}/deployments/108").json()["response"]
        action = session.get(f"{STACK}/actions/40").json()["response"]
        return [deployment["git_hash"] is not None, deployment["is_live"], action["finished_success"]]

    found = []
    for seconds in (0, 45, 10, 100):
        clock.advance(seconds)
        found.append(seen())
    assert found == [[False, None, None], [False, None, None], [True, None, None], [True, None, True]]
    assert set(session.get(f"{STACK}/deployments/108").json()["response"]) >= {"git_hash", "is_live"}


def test_clock(session: requests.Session, behaviour: Behaviour, clock: ManualClock) -> None:
    """All times are the server's, which may be ahead or behind."""
    plain = session.get(f"{STACK}/deployments/107").json()["response"]["started_at"]
    behaviour.clock_offset_seconds = 3600
    shifted = session.get(f"{STACK}/deployments/107")
    moved = datetime.fromisoformat(shifted.json()["response"]["started_at"]) - datetime.fromisoformat(plain)
    assert moved.total_seconds() == 3600
    assert parsedate_to_datetime(shifted.headers["Date"]).timestamp() == int(clock.now()) + 3600


def test_beyond(session: requests.Session) -> None:
    """A page that doesn't exist is empty."""
    assert session.get(f"{STACK}/actions", params={"page": "9"}).json()["response"] == []


@pytest.mark.parametrize("path", ["/stacks/nope", f"{STACK}/deployments/1", f"{STACK}/actions/1", "/nope"])
def test_unknown(session: requests.Session, path: str) -> None:
    """What isn't there is a 404 with an error body."""
    answer = session.get(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_other_stack(session: requests.Session) -> None:
    """A deployment is only there below its own stack."""
    assert session.get(f"/stacks/{DOCKER_STACK}/deployments/107").status_code == 404


def test_stacks(session: requests.Session) -> None:
    """All stacks are listed, unless a filter keeps some."""
    assert session.get("/stacks").json()["count"] == 2
    [found] = session.get("/stacks", params={"filter_environment": "staging"}).json()["response"]
    assert found["uid"] == DOCKER_STACK


def test_busy(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A stack is busy, and deploying, as long as a deployment runs."""
    simulator.request_deployment()
    stack = session.get(STACK).json()["response"]
    assert (stack["is_busy"], stack["status"]) == (True, 6)
    clock.advance(60)
    stack = session.get(STACK).json()["response"]
    assert (stack["is_busy"], stack["status"]) == (False, 1)


def test_log(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """The newest log comes only when asked for; a failure has more to tell."""
    assert "last_log" not in session.get(STACK).json()["response"]
    short = session.get(STACK, params={"show_log": "true"}).json()["response"]["last_log"]
    simulator.request_deployment(fate="failed")
    clock.advance(60)
    stack = session.get(STACK, params={"show_log": "true"}).json()["response"]
    assert stack["status"] == 2
    assert len(stack["last_log"].splitlines()) > len(short.splitlines()) > 3


def test_cancelled_log(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """The log of a cancelled deployment says who did it; a stack without a past has none."""
    simulator.cancel(simulator.request_deployment().id, "anna@example.com")
    clock.advance(60)
    shown = session.get(STACK, params={"show_log": "true"}).json()["response"]["last_log"]
    assert shown.endswith("Cancelled by anna@example.com")
    empty = session.get(f"/stacks/{DOCKER_STACK}", params={"show_log": "true"}).json()["response"]
    assert empty["last_log"] == ""


def test_docker_has_no_git(session: requests.Session, simulator: Simulator) -> None:
    """A Docker stack's deployment has neither hash nor commit."""
    made = simulator.request_deployment(DOCKER_STACK, git_ref=None)
    record = session.get(f"/stacks/{DOCKER_STACK}/deployments/{made.id}").json()["response"]
    assert (record["git_hash"], record["git_ref"], record["commit_url"]) == (None, None, None)


@pytest.mark.parametrize("style", ["Z", "+00:00"])
def test_offsets(session: requests.Session, behaviour: Behaviour, style: str) -> None:
    """Times are UTC, written either way."""
    behaviour.update({"timestamps_offset_style": style})
    assert session.get(f"{STACK}/actions/39").json()["response"]["started_at"] == f"2025-12-31T18:00:00{style}"


def test_bare_action(session: requests.Session, behaviour: Behaviour) -> None:
    """One action may come without the envelope."""
    behaviour.action_envelope = False
    assert session.get(f"{STACK}/actions/39").json()["id"] == 39


def test_filter(session: requests.Session, simulator: Simulator, behaviour: Behaviour) -> None:
    """The reference filter keeps the exact ones, or is ignored."""
    simulator.request_deployment(user_reference="mine")
    simulator.request_deployment(user_reference="mine too")
    by_reference = {"user_reference": "mine"}
    [found] = session.get(f"{STACK}/actions", params=by_reference).json()["response"]
    assert (found["id"], found["metadata"]) == (40, {"user_reference": "mine"})
    behaviour.ignore_reference_filter = True
    assert session.get(f"{STACK}/actions", params=by_reference).json()["count"] == 14
