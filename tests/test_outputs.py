"""The step's outputs."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Action, Deployment, Stack
from cloud66_redeploy.report.facts import all_outputs, known_outputs
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.baseline import Baseline, Past
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from harness import OUTPUTS
from hostile import TEXTS
from records import tracked
from results import SUCCEEDED, ended_as, result_of

OF_ONE = OUTPUTS - {"rollback_outcome", "rollback_deployment_id", "rolled_back_to", "results"}
"""Those of one deployment alone."""

RECORD: dict[str, Any] = {
    "id": 108,
    "started_at": "2026-01-01T00:00:10Z",
    "finished_at": "2026-01-01T00:01:00.600+00:00",
    "outcome": {"code": 1, "meaning": "success"},
    "git_hash": "11e1d512031f732d061ee8cf606cf804b6d7a15c",
    "git_ref": "main",
    "commit_url": "https://github.com/acme/awesome/commit/11e1d51",
    "is_live": True,
}
STACK = {"name": "Awesome App", "environment": "production", "application_address": "https://awesome.example.com"}


def known(record: dict[str, Any] | None = None, **stack: object) -> Tracking:
    """Everything is known, but for what is changed."""
    return tracked(
        "mine",
        stack=Stack("5999b763", STACK | stack),
        action=Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"}),
        deployment=Deployment.from_json(RECORD | (record or {})),
        certainty=Certainty.CONFIRMED,
    )


def outputs(tracking: Tracking, result: Result = SUCCEEDED, token: str = "") -> dict[str, str]:
    """All outputs."""
    cleaner = Cleaner()
    cleaner.hide(token)
    return all_outputs(result, tracking, cleaner)


def test_everything_known() -> None:
    """Every output that is documented is there, and says what is known."""
    found = outputs(known())
    assert set(found) == OF_ONE
    assert json.loads(found.pop("deployment")) == RECORD
    assert found == {
        "outcome": "success",
        "reason": "Deployment 108 succeeded.",
        "user_reference": "mine",
        "action_id": "40",
        "deployment_id": "108",
        "git_hash": "11e1d512031f732d061ee8cf606cf804b6d7a15c",
        "git_ref": "main",
        "commit_url": "https://github.com/acme/awesome/commit/11e1d51",
        "started_at": "2026-01-01T00:00:10Z",
        "finished_at": "2026-01-01T00:01:00.600+00:00",
        "queued_seconds": "10",
        "deploy_seconds": "51",
        "usual_seconds": "",
        "is_live": "true",
        "stack_id": "5999b763",
        "stack_name": "Awesome App",
        "stack_environment": "production",
        "app_url": "https://awesome.example.com",
    }


def test_usual_seconds() -> None:
    """The usual time is the middle of the last ones, known from five on."""
    tracking = known()
    tracking.baseline = Baseline(past=tuple(Past(frozenset(), float(seconds)) for seconds in (50, 90, 60, 70)))
    assert outputs(tracking)["usual_seconds"] == ""
    tracking.baseline = Baseline(past=(*tracking.baseline.past, Past(frozenset(), 80.0)))
    assert outputs(tracking)["usual_seconds"] == "70"


def test_nothing_known() -> None:
    """What is not known is empty, not missing."""
    found = outputs(tracked(""), Result(Reason.BUSY_FAILED, facts={"busy": "No"}))
    assert set(found) == OF_ONE
    assert {name: value for name, value in found.items() if value} == {
        "outcome": "failed",
        "reason": "No. Nothing was scheduled.",
    }


def test_known_outputs() -> None:
    """The ids and the reference can be had while the run goes on."""
    assert known_outputs(known(), Cleaner()) == {"user_reference": "mine", "action_id": "40", "deployment_id": "108"}
    assert known_outputs(tracked("mine"), Cleaner()) == {
        "user_reference": "mine",
        "action_id": "",
        "deployment_id": "",
    }


@pytest.mark.parametrize("outcome", Outcome)
def test_outcome_is_a_plain_word(outcome: Outcome) -> None:
    """The outcome is the documented word."""
    assert outputs(known(), ended_as(outcome))["outcome"] == outcome.value


@pytest.mark.parametrize(
    ("is_live", "said"), [(True, "true"), (False, "false"), (None, ""), (1, ""), ("true", ""), ([], "")]
)
def test_is_live(is_live: object, said: str) -> None:
    """Whether it is live is true, false or not known, and never guessed from another value."""
    assert outputs(known({"is_live": is_live}))["is_live"] == said


@pytest.mark.parametrize(
    ("requested", "started", "finished", "queued", "took"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z", "2026-01-01T00:01:00Z", 10, 50),
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", None, 0, None),
        ("2026-01-01T00:00:00Z", None, None, None, None),
        (None, "2026-01-01T00:00:10Z", "2026-01-01T00:00:10Z", None, 0),
        ("2026-01-01T00:00:10Z", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", None, None),
        ("yesterday", "now", "tomorrow", None, None),
        (5, ["x"], {"y": 1}, None, None),
    ],
)
def test_seconds(requested: object, started: object, finished: object, queued: int | None, took: int | None) -> None:
    """Times in the queue and of the deployment are differences of the server's times, or not known."""
    tracking = known({"started_at": started, "finished_at": finished})
    asked = Action.from_json({"id": 40, "started_at": requested})
    tracking.sighting = replace(tracking.sighting, action=asked)
    found = outputs(tracking)
    assert found["queued_seconds"] == ("" if queued is None else str(queued))
    assert found["deploy_seconds"] == ("" if took is None else str(took))


@pytest.mark.parametrize(
    ("address", "fqdn", "url"),
    [
        ("https://awesome.example.com", "x.c66.example", "https://awesome.example.com"),
        ("awesome.example.com", "x.c66.example", "http://awesome.example.com"),
        (" awesome.example.com:8080/a ", "", "http://awesome.example.com:8080/a"),
        ("", "x.c66.example", "http://x.c66.example"),
        (None, "x.c66.example", "http://x.c66.example"),
        ("not known", "x.c66.example", "http://x.c66.example"),
        ("localhost", "", ""),
        ("javascript:alert(1.0)", "data:text/html,a.b", ""),
        ("user@evil.example", "user:pass@evil.example", ""),
        ("192.0.2.7", None, "http://192.0.2.7"),
        (None, None, ""),
        (5, ["x"], ""),
    ],
)
def test_app_url(address: object, fqdn: object, url: str) -> None:
    """The application's address is the stack's, made a web address, or the next best, or none."""
    assert outputs(known(application_address=address, fqdn=fqdn))["app_url"] == url


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_texts(text: str) -> None:
    """No text makes a second line of an output, or shows the token."""
    names = [*RECORD, "x"]
    record = {name: text for name in names if name not in {"id", "outcome"}} | {text: [text, {text: text}]}
    tracking = known(record, name=text, environment=text, application_address=text, fqdn=text)
    tracking.request = replace(tracking.request, reference=text)
    found = outputs(tracking, result_of(Reason.BUSY_FAILED, text, text), "demo-token")
    assert set(found) == OF_ONE
    for value in found.values():
        assert len(value.splitlines()) <= 1
        assert "demo-token" not in value
        value.encode()
    assert json.loads(found["deployment"])["id"] == 108


@given(st.text(), st.text())
def test_any_text(one: str, other: str) -> None:
    """Whatever text Cloud 66 sends, each output is one line that can be written to a file."""
    found = outputs(known({"git_ref": one, "commit_url": other, one: other}, name=one, fqdn=other))
    assert set(found) == OF_ONE
    for value in found.values():
        value.encode()
        assert len(value.splitlines()) <= 1


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (dict.fromkeys("abcdef", "x" * 5000), "x" * 1999 + "…"),
        ({f"f{number}": "x" * 5000 for number in range(40)}, "x" * 199 + "…"),
        ({f"f{number}": ["x" * 5000] * 25 for number in range(40)}, "x" * 19 + "…"),
    ],
)
def test_large_record_is_shortened(fields: dict[str, Any], kept: str) -> None:
    """A record with long texts is kept with each cut short, so that a later step can take it into its environment."""
    text = outputs(known(fields))["deployment"]
    assert len(text) <= 60_000
    record = json.loads(text)
    assert record["id"] == 108
    [last] = list(record.values())[-1:]
    assert last in (kept, [kept] * 25)


def test_huge_record_is_left_out() -> None:
    """Of a record that is too large however it is cut, the id is kept."""
    huge: Any = {f"a{number}": [["x"] * 60] * 60 for number in range(60)}
    assert outputs(known(huge))["deployment"] == '{"id": 108}'
