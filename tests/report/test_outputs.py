"""The step's outputs."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.model.records import Action
from cloud66_redeploy.report.facts import Facts, all_outputs, known_outputs
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.tracking import Tracking
from harness import OUTPUTS
from hostile import TEXTS
from records import past, tracked
from results import RECORD, STACK, SUCCEEDED, known, result_of

OF_ONE = OUTPUTS - {"rollback_outcome", "rollback_deployment_id", "rollback_commit", "results"}
"""Those of one deployment alone."""


def outputs(tracking: Tracking, result: Result = SUCCEEDED, token: str = "") -> dict[str, str]:
    """All outputs, each of them documented, one line, and fit for a file."""
    sanitizer = Sanitizer()
    sanitizer.hide(token)
    found = all_outputs(result, Facts.of(tracking), sanitizer)
    assert set(found) == OF_ONE
    for value in found.values():
        value.encode()
        assert len(value.splitlines()) <= 1
        assert not token or token not in value
    return found


def test_everything_known() -> None:
    """Every output that is documented is there, and says what is known; the ids can be had while the run goes on."""
    found = outputs(known())
    assert json.loads(found.pop("deployment")) == RECORD
    ids = {"user_reference": "mine", "action_id": "40", "deployment_id": "108"}
    named = ("git_hash", "git_ref", "commit_url", "started_at", "finished_at")
    assert found == ids | {name: RECORD[name] for name in named} | {
        "outcome": "success",
        "reason": "Deployment 108 succeeded.",
        "queued_seconds": "10",
        "deploy_seconds": "51",
        "usual_seconds": "",
        "is_live": "true",
        "stack_id": "5999b763",
        "stack_name": STACK["name"],
        "stack_environment": STACK["environment"],
        "app_url": STACK["application_address"],
        "services": "",
        "health": "",
        "health_seconds": "",
    }
    assert known_outputs(Facts.of(known()), Sanitizer()) == ids
    assert known_outputs(Facts.of(tracked("mine")), Sanitizer()) == ids | {"action_id": "", "deployment_id": ""}


def test_the_services_are_those_that_were_requested() -> None:
    """However many services were requested, each of them is put out."""
    tracking, asked = known(), ",".join(f"service{number}:v1" for number in range(200))
    tracking.request = replace(tracking.request, services=asked)
    assert outputs(tracking)["services"] == asked


def test_nothing_known() -> None:
    """What is not known is empty, not missing."""
    found = outputs(tracked(""), Result(Reason.BAD_INPUT, facts={"error": "No."}))
    said = {name: value for name, value in found.items() if value}
    assert said == {"outcome": "failed", "reason": "No. No deployment was started."}


@pytest.mark.parametrize(
    ("reason", "posts", "said"),
    [
        *((reason, 0, "") for reason in (Reason.BUSY_SKIPPED, Reason.DRY_RUN, Reason.REFUSED)),
        *((reason, 1, "mine") for reason in (Reason.SUCCEEDED, Reason.SCHEDULED, Reason.OWN_FAULT_AFTER_POST)),
        (Reason.POST_UNCERTAIN, 0, "mine"),
    ],
)
def test_a_reference_that_nothing_carries(reason: Reason, posts: int, said: str) -> None:
    """At the end the reference is put out where a request may have left with it."""
    assert outputs(tracked("mine", posts_sent=posts), result_of(reason))["user_reference"] == said


def test_usual_seconds() -> None:
    """The usual time is the middle of the last ones, known from five on."""
    tracking = known()
    for seconds, usual in (((50, 90, 60, 70), ""), ((50, 90, 60, 70, 80), "70")):
        tracking.baseline = Baseline(past=past(*seconds))
        assert outputs(tracking)["usual_seconds"] == usual


@pytest.mark.parametrize(
    ("is_live", "said"), [(True, "true"), (False, "false"), (None, ""), (1, ""), ("true", ""), ([], "")]
)
def test_is_live(is_live: object, said: str) -> None:
    """Whether it is live is true, false or not known, and never guessed from another value."""
    assert outputs(known(is_live=is_live))["is_live"] == said


@pytest.mark.parametrize(
    ("requested", "started", "finished", "queued", "took"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z", "2026-01-01T00:01:00Z", "10", "50"),
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", None, "0", ""),
        ("2026-01-01T00:00:00Z", None, None, "", ""),
        (None, "2026-01-01T00:00:10Z", "2026-01-01T00:00:10Z", "", "0"),
        ("2026-01-01T00:00:10Z", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "", ""),
        ("yesterday", "now", "tomorrow", "", ""),
        (5, ["x"], {"y": 1}, "", ""),
    ],
)
def test_seconds(requested: object, started: object, finished: object, queued: str, took: str) -> None:
    """Times in the queue and of the deployment are differences of the server's times, or not known."""
    tracking = known(started_at=started, finished_at=finished)
    asked = Action.from_json({"id": 40, "started_at": requested})
    tracking.sighting = replace(tracking.sighting, action=asked)
    found = outputs(tracking)
    assert (found["queued_seconds"], found["deploy_seconds"]) == (queued, took)


@pytest.mark.parametrize(
    ("address", "fqdn", "url"),
    [
        ("https://awesome.example.com", "x.c66.example", "https://awesome.example.com"),
        ("awesome.example.com", "x.c66.example", "http://awesome.example.com"),
        (" awesome.example.com:8080/a ", "", "http://awesome.example.com:8080/a"),
        *((address, "x.c66.example", "http://x.c66.example") for address in ("", None, "not known")),
        ("localhost", "", ""),
        ("javascript:alert(1.0)", "data:text/html,a.b", ""),
        ("user@evil.example", "user:pass@evil.example", ""),
        ("192.0.2.7", None, "http://192.0.2.7"),
        (5, ["x"], ""),
    ],
)
def test_app_url(address: object, fqdn: object, url: str) -> None:
    """The application's address is the stack's, made a web address, or the next best, or none."""
    assert outputs(known(stack={"application_address": address, "fqdn": fqdn}))["app_url"] == url


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts(name: str) -> None:
    """No text makes a second line of an output, or shows the token, or takes the place of a link."""
    text = TEXTS[name]
    found = outputs(known(text), result_of(Reason.BUSY_FAILED, text, text), "demo-token")
    assert json.loads(found["deployment"])["id"] == 108
    assert all(re.fullmatch("(https?://.*)?", found[each]) for each in ("commit_url", "app_url"))


@given(st.text(), st.text())
def test_any_text(one: str, other: str) -> None:
    """Whatever text Cloud 66 sends, each output is one line that can be written to a file."""
    named: dict[str, Any] = {"stack": {"name": one, "fqdn": other}, "git_ref": one, "commit_url": other}
    # A field that the text names may be one of these.
    outputs(known(**({one: other} | named | {"text": None, "id": 108})))


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (dict.fromkeys("abcdef", "x" * 5000), "x" * 1999 + "…"),
        ({f"f{number}": "x" * 5000 for number in range(40)}, "x" * 199 + "…"),
        ({f"f{number}": ["x" * 5000] * 25 for number in range(40)}, ["x" * 19 + "…"] * 25),
        # Of one that is too large however it is cut, the id is kept.
        ({f"a{number}": [["x"] * 60] * 60 for number in range(20)}, 108),
    ],
)
def test_large_record_is_shortened(fields: dict[str, Any], kept: object) -> None:
    """A record with long texts is kept with each cut short, so that a later step can take it into its environment."""
    text = outputs(known(**fields))["deployment"]
    assert len(text) <= 60_000
    record = json.loads(text)
    assert (record["id"], [*record.values()][-1]) == (108, kept)
