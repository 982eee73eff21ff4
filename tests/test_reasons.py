"""A sentence for every way a run can end."""

import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from cloud66_redeploy.errors import (
    ApiError,
    Blame,
    Clue,
    Declined,
    Denied,
    NotFound,
    NotSent,
    NotTheApi,
    Obstructed,
    Refusal,
    Unclear,
    Unusable,
)
from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.model.verdict import Absence, RecordState, decide
from cloud66_redeploy.polling.ends import checked, ended, lost_sight, timed_out, unready
from cloud66_redeploy.report.advice import advice_on, advice_on_request
from cloud66_redeploy.report.phrases import advice_of, last_known, sentence_of
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from records import seen, tracked

DEPLOYMENTS: list[RecordState] = [Absence.NEVER_SEEN, Absence.GONE, *Phase]
ACTIONS: list[RecordState] = [
    Absence.UNREADABLE,
    Absence.NEVER_SEEN,
    Phase.RUNNING,
    Phase.SUCCESS,
    Phase.FAILED,
    Phase.ODD,
]


def tracking(deployment: RecordState, action: RecordState) -> Tracking:
    """Make what is known where the records say that."""
    known = tracked("mine", posts_sent=1, accepted=True, actions_readable=action is not Absence.UNREADABLE)
    if deployment is not Absence.NEVER_SEEN:
        seen(
            known, Deployment.from_json({"id": 108, "outcome": {"code": 9, "meaning": "Strange"}}), Certainty.CONFIRMED
        )
    if isinstance(action, Phase):
        action_said = Action.from_json({"id": 40, "finished_message": "said so"})
        known.sighting = replace(known.sighting, action=action_said)
    return known


def test_every_ending_has_its_sentence() -> None:
    """Each final cell of the table becomes one sentence that names ours and never praises what is not green."""
    for deployment, action in product(DEPLOYMENTS, ACTIONS):
        outcome = decide(deployment, action, settled=True)
        if outcome is None:
            continue
        known = tracking(deployment, action)
        result = ended(outcome, known, deployment, action)
        ours = "deployment 108" if known.deployment else "the redeploy (action 40)"
        assert result.outcome is outcome
        said = sentence_of(result)
        assert said.endswith(".")
        assert said[0].isupper()
        assert ("108" in said) is (known.deployment is not None)
        praised = f"{ours} succeeded" in said.lower()
        assert praised is (outcome is Outcome.SUCCESS)
        assert ("said so" in result.evidence) is (known.action is not None)
        assert ("Strange" in result.evidence) is isinstance(deployment, Phase)
        assert bool(advice_of(result)) is (outcome is not Outcome.SUCCESS)


@pytest.mark.parametrize(
    ("deployment", "action", "words"),
    [
        (Phase.ODD, Phase.SUCCESS, "what Cloud 66 says of it is not a known success"),
        (Phase.ODD, Phase.FAILED, "failed"),
        (Phase.SUCCESS, Phase.FAILED, "says success, but action 40, which carries our reference, says that it failed"),
        (Phase.SUCCESS, Phase.ODD, "says success, but action 40"),
        (Phase.FAILED, Phase.SUCCESS, "although its action says success"),
        (Phase.REVERTED, Phase.SUCCESS, "was reverted by somebody"),
        (Phase.CANCELLED, Phase.FAILED, "was cancelled in Cloud 66, not by this workflow"),
        (Phase.SUCCESS, Absence.NEVER_SEEN, "no action carries our reference"),
        (Absence.GONE, Phase.SUCCESS, "its record has disappeared"),
        (Absence.NEVER_SEEN, Phase.SUCCESS, "which deployment it was is not known"),
        (Absence.NEVER_SEEN, Phase.ODD, "finished"),
    ],
)
def test_disagreement_is_put_into_words(deployment: RecordState, action: RecordState, words: str) -> None:
    """The sentence says which record said what."""
    outcome = decide(deployment, action, settled=True)
    assert outcome is not None
    assert words in sentence_of(ended(outcome, tracking(deployment, action), deployment, action))


@pytest.mark.parametrize("status", [300, 301, 308, None, 400, 401, 402, 403, 404, 409, 500])
def test_advice_fits_the_status(status: int | None) -> None:
    """A refused call has its own advice."""
    assert advice_on(ApiError("POST /x", "no", status=status))


HELD = "If the stack has Deployment Approval or Application Protection, that may be why"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422, 429, 500, None])
def test_a_refused_request_may_be_held_by_approval(status: int | None) -> None:
    """Where Cloud 66 refuses the request itself, and not only who asks, the advice names what may hold it."""
    asked, looked = (advice_on_request(ApiError(f"{verb} /x", "no", status=status)) for verb in ("POST", "GET"))
    assert (HELD in asked, HELD in looked) == (status in {400, 403, 409, 422}, False)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (NotTheApi("GET /x", "Blocked", status=403, clue=Clue(Blame.STRANGER, "https://x/api/3")), "api_url"),
        (Unusable("GET /x", "…", clue=Clue(Blame.BUNDLE, "CURL_CA_BUNDLE")), "CURL_CA_BUNDLE"),
        (NotSent("GET /x", "Connection refused"), "proxy"),
        (Unclear("GET /x", "oops", status=502), "proxy"),
        (Refusal("POST /x", "no", status=422), "server's words"),
        (NotFound("GET /x", "no", status=404), "stack_id"),
        (NotFound("POST /x", "no", status=404), "deleted"),
        (Declined("POST /x", "busy", status=409), "busy"),
    ],
)
def test_advice_fits_the_call(error: ApiError, word: str) -> None:
    """The advice is about what went wrong: the address, the certificate, the network, the input, the stack."""
    assert word in advice_on(error)


@pytest.mark.parametrize("blame", Blame)
def test_whatever_is_to_blame_has_its_advice(blame: Blame) -> None:
    """The advice names what has to be changed, in sentences of at most 20 words."""
    said = advice_on(Unusable("GET /x", "…", clue=Clue(blame, "HTTPS_PROXY")))
    names = ("HTTPS_PROXY", "api_url")
    assert any(name in said for name in names)
    assert ";" not in said
    assert max(len(one.split()) for one in re.split(r"(?<=[.?]) ", said)) <= 20


STUCK = Clue(Blame.PROXY_ANSWER, "HTTPS_PROXY")
PAGE = Clue(Blame.STRANGER, "https://x/api/v3")


@pytest.mark.parametrize(
    ("error", "outcome", "words"),
    [
        (
            NotTheApi("GET /x", "Blocked", status=403, clue=PAGE),
            "failed",
            "https://x/api/v3 is not the Cloud 66 API (403)",
        ),
        (NotTheApi("GET /x", "", status=404, clue=PAGE), "failed", "(404): it says nothing."),
        (NotTheApi("GET /x", "b" * 500, clue=PAGE), "failed", "API: bbb"),
        (Obstructed("GET /x", "the proxy in HTTPS_PROXY", clue=STUCK), "failed", "asked: the proxy in HTTPS_PROXY."),
        (NotTheApi("GET /x", "the proxy in HTTP_PROXY", status=407, clue=STUCK), "failed", "asked: the proxy in HTTP"),
        (Unusable("GET /x", "no such scheme", clue=Clue(Blame.PROXY)), "failed", "could not be asked: no such scheme."),
        (Denied("GET /x", "no", status=401), "failed", "Cloud 66 refused the request (401)."),
        (Unclear("GET /x", "oops", status=502), "timed_out", "did not take the redeploy request within the timeout."),
        (NotSent("GET /x", "refused"), "timed_out", "did not take the redeploy request within the timeout."),
        (
            Declined("GET /x", "", status=429, throttled=True),
            "timed_out",
            "asks to wait 1m, longer than the timeout still",
        ),
        (
            Declined("GET /x", "", status=429, retry_after=3600.0),
            "timed_out",
            "asks to wait 1h, longer than the timeout",
        ),
    ],
)
def test_what_kept_the_request_from_being_sent_is_said(error: ApiError, outcome: str, words: str) -> None:
    """What doesn't pass has failed and is named; what might have is timed out; nothing "passed" that hasn't."""
    result = unready(error)
    assert result.outcome == outcome
    said = sentence_of(result)
    assert words in said
    assert "passed" not in said
    assert said.endswith("Nothing was scheduled.")
    assert len(said) < 250


def test_the_scope_that_is_lacking_is_named() -> None:
    """A 403 names the scope that the call needs."""
    assert "lacks the scope 'public'" in advice_on(Denied("GET /x", "no", status=403))
    assert "lacks the scope 'redeploy'" in advice_on(Denied("DELETE /x", "no", status=403))


def test_what_was_known_last_is_told_when_sight_is_lost() -> None:
    """A lost stack or token says what was known last."""
    known = tracking(Absence.NEVER_SEEN, Phase.RUNNING)
    assert "The stack is gone" in sentence_of(lost_sight(known, NotFound("GET /x", "", status=404)))
    assert "(401)" in sentence_of(lost_sight(known, Denied("GET /x", "", status=401)))
    assert last_known(known.last_seen) == "scheduled"
    assert last_known(tracked("mine").last_seen) == "scheduled"


@pytest.mark.parametrize(
    ("proof", "deployed", "expected", "outcome"),
    [
        (Certainty.CONFIRMED, "abcdef0123", "abcdef0", Outcome.SUCCESS),
        (Certainty.CONFIRMED, "abcdef0123", "abcdef1", Outcome.FAILED),
        (Certainty.CONFIRMED, None, "abcdef0", Outcome.UNKNOWN),
        (Certainty.INFERRED, "abcdef0123", "abcdef0", Outcome.UNKNOWN),
        (Certainty.CONFIRMED, "abcdef0123", "", Outcome.SUCCESS),
    ],
)
def test_only_the_expected_commit_is_a_success(
    proof: Certainty, deployed: str | None, expected: str, outcome: Outcome
) -> None:
    """A success stays one only where the commit deployed is surely the one expected."""
    known = tracking(Absence.NEVER_SEEN, Phase.SUCCESS)
    seen(known, Deployment.from_json({"id": 108, "git_hash": deployed}), proof)
    success = ended(Outcome.SUCCESS, known, Phase.SUCCESS, Phase.SUCCESS)
    known.request = replace(known.request, expected_commit=expected)
    result = checked(success, known)
    assert result.outcome is outcome
    assert ("annotated tag" in advice_of(result)) is (outcome is not Outcome.SUCCESS)


@pytest.mark.parametrize(
    ("deployment", "finished", "words"),
    [
        ({"outcome": {"code": 1}, "finished_at": "2026-01-01T00:00:00Z"}, False, "says success, but its action never"),
        (None, True, "the redeploy (action 40) had ended as success, but that was not confirmed"),
        ({"outcome": {"code": 0}}, False, "had not ended as far as is known; last known: queued"),
    ],
)
def test_a_timeout_contradicts_nothing_that_is_known(
    deployment: dict[str, Any] | None, finished: bool, words: str
) -> None:
    """A timeout says what was known, also where one record had already ended."""
    over = {"finished_at": "2026-01-01T00:00:00Z", "finished_success": True} if finished else {}
    known = tracked("mine", posts_sent=1, accepted=True, action=Action.from_json({"id": 40} | over))
    if deployment is not None:
        seen(known, Deployment.from_json({"id": 108} | deployment), Certainty.CONFIRMED)
    assert words in sentence_of(timed_out(known, "timeout of 30m", None))
