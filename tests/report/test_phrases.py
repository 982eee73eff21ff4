"""A sentence for every way a run can end, and words for every reason."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cloud66_redeploy.errors import (
    AnswerLost,
    ApiError,
    Blame,
    Clue,
    Denied,
    NotAccepted,
    NotFound,
    NotSent,
    NotTheApi,
    Obstructed,
    PermanentError,
    Unusable,
)
from cloud66_redeploy.model.outcome import Hindrance, LastSeen, Outcome, Reason, Result, WhyCancel, WhyNot
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.model.verdict import Absence, RecordState, decide
from cloud66_redeploy.polling.ends import ended, lost_sight, timed_out, unready
from cloud66_redeploy.report.messages import WHY_CANCEL, WHY_NOT, Line, Note, advice_on, advice_on_request
from cloud66_redeploy.report.phrases import PHRASES, advice_of, cause_of, sentence_of
from cloud66_redeploy.report.wording import WORDING
from cloud66_redeploy.tracking.tracking import Tracking
from records import seen, tracked
from results import result_of

PACKAGE = Path(__file__).parents[2] / "src" / "cloud66_redeploy"
MAKERS = [path for path in PACKAGE.rglob("*.py") if path.name not in {"outcome.py", "wording.py"}]
MADE = {name for path in MAKERS for name in re.findall(r"\bReason\.([A-Z_0-9]+)", path.read_text())}
GONE = NotFound("GET /x", "", status=404)


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_its_words(reason: Reason) -> None:
    """Each can happen; sentence, cause and advice are whole sentences with nothing left to be filled in."""
    assert reason.name in MADE
    result = result_of(reason)
    said = [sentence_of(result), cause_of(result), advice_of(result)]
    assert bool(said[2]) is (not result.is_green or bool(WORDING[reason].advice))
    for text in filter(None, said):
        assert re.fullmatch(r"[A-Z][^{}]*[.?)]", text), text
        assert "  " not in text


def test_each_message_is_said() -> None:
    """Each line and note is said, and each code returned, by some room; and each code has its words."""
    source = " ".join(path.read_text() for path in MAKERS if path.name != "messages.py")
    for kind in (Line, Note, WhyNot, WhyCancel):
        assert [one.name for one in kind if f"{kind.__name__}.{one.name}" not in source] == []
    assert {*WHY_NOT} == {*WhyNot, *Phase} - {Phase.FAILED}
    assert {*WHY_CANCEL} == {*WhyCancel}


def test_each_phrase_is_used() -> None:
    """Each phrase fills a placeholder of some row."""
    rows = " ".join(str(text) for row in WORDING.values() for text in row)
    assert set(PHRASES) <= set(re.findall(r"{([A-Za-z_]+)", rows))


def tracking(deployment: RecordState, action: RecordState) -> Tracking:
    """Make what is known where the records say that."""
    known = tracked("mine", posts_sent=1, accepted=True, actions_readable=action is not Absence.UNREADABLE)
    if deployment is not Absence.NEVER_SEEN:
        seen(known, Deployment.from_json({"id": 108, "outcome": {"code": 9, "meaning": "Strange"}}))
    if isinstance(action, Phase):
        known.sighting = replace(known.sighting, action=Action.from_json({"id": 40, "finished_message": "said so"}))
    return known


def end(deployment: RecordState, action: RecordState) -> Result | None:
    """How it ends where the records say that, if it does."""
    outcome = decide(deployment, action, settled=True)
    return None if outcome is None else ended(outcome, tracking(deployment, action), deployment, action)


def test_every_ending_has_its_sentence() -> None:
    """Each final cell of the table becomes one sentence that names ours and never praises what is not green."""
    deployments: list[RecordState] = [Absence.NEVER_SEEN, Absence.GONE, *Phase]
    phases = (Phase.RUNNING, Phase.SUCCESS, Phase.FAILED, Phase.ODD, Phase.SILENT)
    actions: list[RecordState] = [Absence.UNREADABLE, Absence.NEVER_SEEN, *phases]
    for deployment, action in product(deployments, actions):
        result = end(deployment, action)
        if result is None:
            continue
        is_known, is_green = deployment is not Absence.NEVER_SEEN, result.outcome is Outcome.SUCCESS
        assert result.outcome is decide(deployment, action, settled=True)
        said = sentence_of(result)
        assert re.fullmatch(r"[A-Z].*\.", said)
        assert ("108" in said) is is_known
        assert ("succeeded" in said.lower()) is is_green
        assert ("said so" in result.evidence) is isinstance(action, Phase)
        assert ("Strange" in result.evidence) is isinstance(deployment, Phase)
        assert bool(advice_of(result)) is not is_green


@pytest.mark.parametrize(
    ("deployment", "action", "words"),
    [
        (Phase.ODD, Phase.SUCCESS, "with a status this action doesn't recognise"),
        (Phase.ODD, Phase.FAILED, "failed"),
        (Phase.SUCCESS, Phase.FAILED, "says success, but stack action 40 says that it failed"),
        (Phase.SUCCESS, Phase.ODD, "says success, but stack action 40"),
        (Phase.FAILED, Phase.SUCCESS, "although its stack action says success"),
        (Phase.REVERTED, Phase.SUCCESS, "was reverted by someone"),
        (Phase.CANCELLED, Phase.FAILED, "was cancelled in Cloud 66, not by this workflow"),
        (Phase.SUCCESS, Absence.NEVER_SEEN, "no stack action has this run's reference"),
        (Absence.GONE, Phase.SUCCESS, "its record has disappeared"),
        (Absence.NEVER_SEEN, Phase.SUCCESS, "couldn't be identified"),
        (Absence.NEVER_SEEN, Phase.ODD, "finished"),
        (Absence.NEVER_SEEN, Phase.SILENT, "gives no result for the redeploy (stack action 40)"),
        (Phase.SUCCESS, Phase.SILENT, "says success, but stack action 40 finished without a result"),
    ],
)
def test_disagreement_is_put_into_words(deployment: RecordState, action: RecordState, words: str) -> None:
    """The sentence says which record said what."""
    result = end(deployment, action)
    assert result is not None
    assert words in sentence_of(result)


STUCK = Clue(Blame.PROXY_ANSWER, "HTTPS_PROXY")
OTHER = Clue(Blame.STRANGER, "https://x/api/v3")
FAILED, TIMED_OUT = Outcome.FAILED, Outcome.TIMED_OUT
NOT_TAKEN, NETWORK = "Timed out before Cloud 66 accepted the redeploy request", "proxy, firewall"
USED_UP, SHARED = "The hourly API limit of the token's user is used up. ", "use another user's token."
TO_WAIT = f"{USED_UP}Cloud 66 asks to wait"


@pytest.mark.parametrize(
    ("error", "outcome", "words", "advice"),
    [
        (NotTheApi("GET /x", "Blocked", status=403, clue=OTHER), FAILED, "x/api/v3 is not from the Cloud", "api_url"),
        (NotTheApi("GET /x", "", status=404, clue=OTHER), FAILED, "API (404): it says nothing.", "api_url"),
        (NotTheApi("GET /x", "b" * 500, clue=OTHER), FAILED, "API: bbb", "api_url"),
        (Obstructed("GET /x", "the proxy in X", clue=STUCK), FAILED, "reached: the proxy in X.", "HTTPS_PROXY"),
        (NotTheApi("GET /x", "the proxy in X", status=407, clue=STUCK), FAILED, "the proxy in X", "HTTPS_PROXY"),
        (Unusable("GET /x", "no such scheme", clue=Clue(Blame.PROXY)), FAILED, "be reached: no such scheme.", "SOCKS"),
        (Denied("GET /x", "no", status=401), FAILED, "Cloud 66 refused the request (401).", "Check api_token"),
        (Denied("GET /x", "no", status=402), FAILED, "(402)", "trial or plan has expired"),
        (Denied("GET /x", "no", status=403), FAILED, "(403)", "may lack the scope public"),
        (Denied("DELETE /x", "no", status=403), FAILED, "(403)", "may lack the scope redeploy"),
        (Denied("POST /x", "no", status=403), FAILED, "(403)", "may lack the scope redeploy"),
        (Denied("POST /x", "Scope 'redeploy' needed", status=403), FAILED, "(403)", "may lack the scope redeploy"),
        (NotFound("GET /x", "no", status=404), FAILED, "(404)", "stack_id"),
        (NotFound("GET /x", "no", status=410), FAILED, "(410)", "stack_id"),
        (NotFound("POST /x", "no", status=404), FAILED, "(404)", "deleted"),
        (PermanentError("POST /x", "no", status=400), FAILED, "(400)", "git_ref, services and profile"),
        (PermanentError("POST /x", "no", status=422), FAILED, "(422)", "server's message above"),
        (NotAccepted("POST /x", "busy", status=409), TIMED_OUT, NOT_TAKEN, "busy or locked"),
        (AnswerLost("GET /x", "oops", status=502), TIMED_OUT, NOT_TAKEN, NETWORK),
        (NotSent("GET /x", "refused"), TIMED_OUT, NOT_TAKEN, NETWORK),
        (NotAccepted("GET /x", "", status=429, throttled=True), TIMED_OUT, f"{USED_UP}No", SHARED),
        (NotAccepted("POST /x", "", status=503, throttled=True), TIMED_OUT, f"{USED_UP}No", SHARED),
        (NotAccepted("GET /x", "", status=429, retry_after=60.0), TIMED_OUT, f"{TO_WAIT} 1m. No", SHARED),
        (NotAccepted("GET /x", "", status=429, retry_after=3600.0), TIMED_OUT, f"{TO_WAIT} at least 1h. No", SHARED),
        (AnswerLost("GET /x", "", status=503, retry_after=60.0), TIMED_OUT, "to wait 1m, which is longer", NETWORK),
    ],
)  # fmt: skip
def test_what_kept_the_request_from_being_sent(error: ApiError, outcome: Outcome, words: str, advice: str) -> None:
    """What doesn't pass has failed and is named; what might have is timed out; the advice is about what went wrong."""
    result, held = unready(error), "Deployment Approval or Application Protection on the stack may be the cause"
    said = sentence_of(result)
    assert (result.outcome, len(said) < 250, "passed" in said) == (outcome, True, False)
    assert words in said
    assert said.endswith("No deployment was started.")
    assert advice in advice_on(error)
    # Where Cloud 66 refuses the request itself, and names no scope, the advice names what may hold it.
    is_refused = error.call.startswith("POST") and error.status in {400, 403, 409, 422} and "Scope" not in error.said
    assert (held in advice_on_request(error)) is (held in advice_of(result)) is is_refused


@pytest.mark.parametrize("blame", Blame)
def test_whatever_is_to_blame_has_its_advice(blame: Blame) -> None:
    """The advice names what has to be changed, in sentences of at most 20 words."""
    said = advice_on(Unusable("GET /x", "…", clue=Clue(blame, "HTTPS_PROXY")))
    assert any(name in said for name in ("HTTPS_PROXY", "api_url"))
    assert ";" not in said
    assert max(len(one.split()) for one in re.split(r"(?<=[.?]) ", said)) <= 20


def doubt(**facts: bool) -> Result:
    """Not know what became of a request."""
    return Result(Reason.POST_UNCERTAIN, LastSeen(), {"sent": True, "looked": True, "readable": True} | facts)


def late(deployment: dict[str, Any] | None, **finished: object) -> Result:
    """Let the time pass before both records have ended."""
    action = Action.from_json({"id": 40} | finished)
    known = tracked("mine", posts_sent=1, accepted=True, action=action)
    if deployment is not None:
        seen(known, Deployment.from_json({"id": 108} | deployment))
    return timed_out(known, "timeout", 1800.0, None)


OVER: dict[str, Any] = {"finished_at": "2026-01-01T00:00:00Z"}
NO_NEWS = Result(
    Reason.TIMED_OUT, LastSeen(), {"limit": "timeout", "seconds": 1800.0, "error": ApiError("GET /x", "no")}
)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (doubt(looked=False), "Cloud 66's reply was lost, and its reference couldn't be looked up"),
        (doubt(readable=False), "and stack actions can't be read"),
        (doubt(sent=False), "the request did not get through, and no stack action was found with its reference"),
        (NO_NEWS, "was still scheduled. The last status check failed: GET /x failed: no."),
        (
            lost_sight(tracking(Absence.NEVER_SEEN, Phase.RUNNING), GONE),
            "so the result of the redeploy (stack action 40) is unknown. It was last seen scheduled.",
        ),
        (lost_sight(tracked("mine"), Denied("GET /x", "", status=401)), "(401), so the result of the redeploy is"),
        # Also where one record had already ended.
        (late({"outcome": {"code": 1}} | OVER), "says success, but its stack action never"),
        (late(None, finished_success=True, **OVER), "(stack action 40) ended as success, but that was not confirmed"),
        (late({"outcome": {"code": 0}}), "was still queued"),
    ],
)
def test_what_is_not_known_is_said(result: Result, words: str) -> None:
    """Where it is not known whether anything was scheduled, or how it ended, the sentence says why."""
    assert words in sentence_of(result)


def test_a_result_of_others_is_as_bad_as_the_first() -> None:
    """A reason without an outcome has outcome, advice and cause of the first result that it tells of."""
    lost = Result(Reason.STACK_GONE, facts={"error": GONE})
    after = Result(Reason.NOT_ROLLED_BACK, facts={"why_not": Hindrance(WhyNot.RECORD_VANISHED)})
    both = Result(Reason.FOLLOWED, parts=(lost, after))
    assert (both.outcome, advice_of(both), cause_of(both)) == (Outcome.UNKNOWN, advice_of(lost), cause_of(lost))
    assert sentence_of(both) == f"{sentence_of(lost)} Not rolled back: its record has disappeared."
    # What led to a cancellation is said once.
    for reason, said in ((Reason.CANCELLED, "was cancelled."), (Reason.NOT_CANCELLED, "could not be cancelled.")):
        parts = (lost, Result(reason, facts={"why": WhyCancel.TIMEOUT}))
        assert sentence_of(replace(both, parts=parts)) == f"{sentence_of(lost)} The redeploy {said}"


@pytest.mark.parametrize("reason", [Reason.BUSY_FAILED, Reason.NOT_FREED, Reason.NOT_FREED_IN_TIME])
def test_where_the_stack_is_busy_the_advice_is_to_wait(reason: Reason) -> None:
    """Where the stack was not free, the advice is to come back once it is."""
    assert advice_of(result_of(reason)) == "Re-run this job when the stack is free."
