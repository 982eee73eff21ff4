"""Reading records: what a deployment, an action or a stack says."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cloud66_redeploy.model.fields import as_id, as_text, as_time, code_and_meaning
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Action, Deployment, Phase, Stack, read_outcome
from cloud66_redeploy.polling.ends import several
from results import ended_as

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
OVER: dict[str, Any] = {"id": 7, "started_at": "2026-01-01T12:00:00Z", "finished_at": "2026-01-01T12:01:00Z"}

ZERO = "0001-01-01T00:00:00Z"
"""How programs in Go write a time that isn't set."""

READ: dict[Callable[[object], object], list[tuple[Any, Any]]] = {
    # A positive whole number or its plain digits; True is not 1.
    as_id: [
        (108, 108), ("108", 108), (0, None), (-3, None), ("0", None), (True, None), (1.0, None), (None, None),
        ("", None), ("-1", None), ("1e3", None), ("²", None), ("٣", None), ("9" * 19, None), (10**18, None), ([], None),
    ],
    as_text: [("a", "a"), (None, ""), (1, ""), (b"a", ""), (["a"], "")],
    # Both ways of writing UTC, other zones and none.
    as_time: [
        ("2026-01-01T12:00:00Z", NOON), ("2026-01-01T12:00:00+00:00", NOON), ("2026-01-01T14:00:00+02:00", NOON),
        ("2026-01-01T12:00:00", NOON), ("2026-01-01 12:00:00.000Z", NOON), ("", None), (None, None), (0, None),
        ("yesterday", None), ("2026-13-01T00:00:00Z", None), ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None), ("2026-01-01T12:00:00+99:00", None), ({}, None),
        # So far away that nothing can be reckoned with it.
        *((f"{year}-01-01T00:00:00Z", None) for year in ("0001", "1969", "3000", "9999")),
    ],
    # In lower case.
    code_and_meaning: [
        ({"code": 1, "meaning": " Success "}, (1, "success")), ({"code": "API", "meaning": None}, ("api", "")),
        (None, (None, "")), ("success", (None, "")), ({}, (None, "")), ({"meaning": 5}, (None, "")),
        ({"code": [{}], "meaning": "api"}, (None, "api")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("read", READ, ids=lambda read: read.__name__)
def test_a_field_is_read(read: Callable[[object], object]) -> None:
    """A field is read in each of its known forms; what is not of the expected type counts as not there."""
    for value, found in READ[read]:
        assert read(value) == found, value


@pytest.mark.parametrize(
    ("code", "meaning", "phase"),
    [
        (1, "success", Phase.SUCCESS), (1, None, Phase.SUCCESS), ("success", "Successful", Phase.SUCCESS),
        ("SUCCESS", "", Phase.SUCCESS), (True, "success", Phase.ODD), (1.0, "success", Phase.ODD),
        ("1", "success", Phase.ODD), (None, "success", Phase.ODD), (2, "success", Phase.ODD), (0, None, Phase.ODD),
        (None, None, Phase.SILENT), ([1], "success", Phase.ODD), ({}, {}, Phase.SILENT),
        ("success ", "success", Phase.ODD),
        (1, "failed", Phase.FAILED), ("success", "Failed", Phase.FAILED), ("failed", "success", Phase.FAILED),
        (1, "partly successful", Phase.ODD), (1, "superseded", Phase.ODD), ("success", "Superseded", Phase.ODD),
        (1, "pending", Phase.RUNNING), ("pending", "Successful", Phase.RUNNING), (0, "pending", Phase.RUNNING),
        (1, "cancelled", Phase.CANCELLED), ("canceled", "Successful", Phase.CANCELLED),
        (9, "Cancelled", Phase.CANCELLED),
        ("failed", "cancelled", Phase.CANCELLED), ("superseded", "Superseded", Phase.ODD), (2, "failed", Phase.FAILED),
    ],
)  # fmt: skip
def test_only_a_known_success_is_one(code: object, meaning: object, phase: Phase) -> None:
    """An outcome is a success only where code and meaning say nothing else; unknown words are odd."""
    assert read_outcome({"code": code, "meaning": meaning}) is phase


def test_an_outcome_of_another_shape_is_silent() -> None:
    """An outcome that is not a pair says nothing, and is never a success."""
    assert {*map(read_outcome, (None, "success", 1, True, [], ["success"], {}))} == {Phase.SILENT}


@pytest.mark.parametrize(
    ("fields", "phase"),
    [
        ({}, Phase.QUEUED),
        ({"started_at": None, "finished_at": None, "outcome": None}, Phase.QUEUED),
        ({"outcome": {"code": 0, "meaning": "pending"}}, Phase.QUEUED),
        ({"started_at": "2026-01-01T12:00:00Z"}, Phase.RUNNING),
        ({"is_deploying": True}, Phase.RUNNING),
        ({"is_deploying": 1}, Phase.QUEUED),
        ({"started_at": "garbage"}, Phase.RUNNING),
        ({"started_at": ZERO, "finished_at": ZERO, "reverted_at": ZERO}, Phase.QUEUED),
        (OVER | {"finished_at": ZERO, "outcome": {"code": 1}}, Phase.RUNNING),
        ({"started_at": "2026-01-01T12:00:00Z", "outcome": {"code": 1, "meaning": "success"}}, Phase.RUNNING),
        ({"outcome": {"code": "cancelled"}}, Phase.CANCELLED),
        ({"outcome": {"code": "failed"}}, Phase.FAILED),
        ({"outcome": {"code": "failed"}, "is_deploying": True}, Phase.RUNNING),
        ({"outcome": {"code": "weird"}}, Phase.QUEUED),
        (OVER, Phase.SILENT),
        (OVER | {"outcome": {"code": 1, "meaning": "success"}}, Phase.SUCCESS),
        (OVER | {"finished_at": "garbage", "outcome": {"code": 1, "meaning": "success"}}, Phase.SUCCESS),
        (OVER | {"outcome": {"code": "pending"}}, Phase.RUNNING),
        (OVER | {"outcome": {"code": "cancelled"}}, Phase.CANCELLED),
        (OVER | {"outcome": {"code": 1}, "reverted": True}, Phase.REVERTED),
        (OVER | {"outcome": {"code": 1}, "reverted_at": "2026-01-01T12:02:00Z"}, Phase.REVERTED),
        (OVER | {"outcome": {"code": 1}, "reverted": False, "reverted_at": None}, Phase.SUCCESS),
        ({"reverted": True, "is_deploying": True}, Phase.RUNNING),
    ],
)
def test_where_a_deployment_stands(fields: dict[str, Any], phase: Phase) -> None:
    """A deployment is queued, under way or over by its times; one cancelled in the queue needs no times."""
    assert Deployment.from_json({"id": 7} | fields).phase is phase


@pytest.mark.parametrize("kind", [Deployment, Action])
@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": "x"}, {"id": True}, None, [], "text", 5])
def test_a_record_without_an_id_is_none(kind: type[Action], record: Any) -> None:
    """What has no id is no record, neither of a deployment nor of an action."""
    with pytest.raises(ValueError, match="without an id"):
        kind.from_json(record)


def test_what_a_record_tells() -> None:
    """A record's times are UTC, its other fields are those that the API sent, or empty; an odd shape does no harm."""
    one = Deployment.from_json(OVER | {"git_ref": "main", "git_hash": None})
    assert (one.id, one.started_at, one.finished_at) == (7, NOON, NOON.replace(minute=1))
    assert (one.text("git_ref"), one.text("git_hash"), one.text("missing")) == ("main", "", "")
    told = {"user": "ci", "action": "Deploy", "started_at": OVER["started_at"], "finished_message": "ok"}
    other = Action.from_json({"id": 40} | told)
    assert (other.user, other.kind, other.started_at, other.finished_at) == ("ci", "deploy", NOON, None)
    assert other.message == "ok"
    stack = Stack("uid", {"name": "Awesome", "environment": 5})
    assert (stack.text("name"), stack.text("environment"), Stack("uid").text("name")) == ("Awesome", "", "")


def test_an_outcome_is_quoted() -> None:
    """What the API said of the outcome can be quoted, whatever its shape."""
    rows = [({"code": 3, "meaning": "Superseded"}, "Superseded (code 3)"), ({"code": "x"}, "None (code 'x')")]
    for outcome, said in [*rows, (None, "None"), ("odd", "'odd'")]:
        assert Deployment.from_json({"id": 7, "outcome": outcome}).outcome_said == said


@pytest.mark.parametrize(
    ("finished_at", "success", "phase"),
    [
        (None, None, Phase.RUNNING), (None, True, Phase.RUNNING), (None, False, Phase.RUNNING),
        ("2026-01-01T12:00:00Z", True, Phase.SUCCESS), ("2026-01-01T12:00:00Z", False, Phase.FAILED),
        ("2026-01-01T12:00:00Z", None, Phase.SILENT), ("2026-01-01T12:00:00Z", 1, Phase.ODD),
        ("2026-01-01T12:00:00Z", 0, Phase.ODD), ("2026-01-01T12:00:00Z", "true", Phase.ODD),
        (ZERO, None, Phase.RUNNING), ("garbage", True, Phase.SUCCESS),
        ("2026-01-01T12:00:00Z", "not said", Phase.SILENT),
    ],
)  # fmt: skip
def test_where_an_action_stands(finished_at: str | None, success: object, phase: Phase) -> None:
    """An action runs until it has a finish time; only True is a success and only False a failure."""
    said = {} if success == "not said" else {"finished_success": success}
    assert Action.from_json({"id": 40, "finished_at": finished_at} | said).phase is phase


def test_an_action_carries_a_reference() -> None:
    """An action's reference is the text in its metadata, or empty."""
    for metadata in ({"user_reference": "mine"}, {}, None, "mine", {"user_reference": 5}):
        reference = "mine" if metadata == {"user_reference": "mine"} else ""
        assert Action.from_json({"id": 40, "metadata": metadata}).reference == reference


def test_which_outcomes_are_green() -> None:
    """Only a success, what was not to be waited for or not to be done, and a look at what goes on let the job go on."""
    red = {Outcome.FAILED, Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.UNKNOWN, Outcome.UNHEALTHY}
    assert {one for one in Outcome if not one.is_green} == red
    assert Result(Reason.CANCELLED, as_requested=True).is_green


def test_a_known_failure_is_worse_than_anything() -> None:
    """Of several outcomes the worst counts: a failure, then what isn't known, then what may still go on."""
    order = [Outcome.SUCCESS, Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.UNKNOWN, Outcome.FAILED]
    for number, outcome in enumerate(order):
        assert several([ended_as(one) for one in order[: number + 1]]).outcome is outcome
