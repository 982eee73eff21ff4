"""Which reason it is that a run ends for: chosen from what is known and from what kept it from being known. Pure."""

from cloud66_redeploy.errors import STUBBORN, ApiError, Blame, InputError, TransientError
from cloud66_redeploy.model.git import same_commit
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence, RecordState
from cloud66_redeploy.tracking.tracking import Tracking

_VERDICTS: tuple[tuple[Outcome, RecordState | None, RecordState | None, Reason], ...] = (
    (Outcome.SUCCESS, None, None, Reason.SUCCEEDED),
    (Outcome.CANCELLED, None, None, Reason.CANCELLED_IN_CLOUD66),
    (Outcome.UNKNOWN, Absence.GONE, None, Reason.RECORD_VANISHED),
    (Outcome.UNKNOWN, Phase.SILENT, None, Reason.OUTCOME_SILENT),
    (Outcome.UNKNOWN, Phase.SUCCESS, Phase.SILENT, Reason.SUCCESS_UNCONFIRMED),
    (Outcome.UNKNOWN, None, Phase.SILENT, Reason.ACTION_SILENT),
    (Outcome.UNKNOWN, None, None, Reason.NO_ACTION),
    (Outcome.FAILED, Phase.REVERTED, None, Reason.REVERTED),
    (Outcome.FAILED, Phase.FAILED, Phase.SUCCESS, Reason.FAILED_BUT_ACTION_SUCCEEDED),
    (Outcome.FAILED, Phase.FAILED, None, Reason.FAILED),
    (Outcome.FAILED, Phase.SUCCESS, Phase.FAILED, Reason.ACTION_FAILED),
    (Outcome.FAILED, Phase.SUCCESS, None, Reason.ACTION_ODD),
    (Outcome.FAILED, None, Phase.FAILED, Reason.FAILED),
    (Outcome.FAILED, Phase.ODD, None, Reason.OUTCOME_ODD),
    (Outcome.FAILED, None, None, Reason.OUTCOME_MISSING),
)
"""Outcome, what the deployment says, what its action says (None: whatever it is). The first that fits counts."""


def ended(outcome: Outcome, tracking: Tracking, deployment: RecordState, action: RecordState) -> Result:
    """Give the verdict of the table its reason."""
    reason = next(
        reason
        for verdict, says, action_says, reason in _VERDICTS
        if verdict is outcome and says in {None, deployment} and action_says in {None, action}
    )
    if reason is Reason.SUCCEEDED and tracking.confirmed is None:
        reason = Reason.SUCCEEDED_UNIDENTIFIED
    said = [tracking.action.message] if tracking.action and tracking.action.message else []
    if isinstance(deployment, Phase) and tracking.deployment:
        said.insert(0, f"outcome: {tracking.deployment.outcome_said}")
    return Result(reason, tracking.last_seen, evidence=", ".join(said))


def checked(result: Result, tracking: Tracking) -> Result:
    """Check a success: that it is of the deployment that was named, with the commit that was expected."""
    if result.outcome is not Outcome.SUCCESS:
        return result
    if tracking.request.given_id not in {None, tracking.confirmed_id}:
        return not_identified(tracking)
    expected = tracking.request.expected_commit
    deployed = tracking.confirmed.text("git_hash") if tracking.confirmed else ""
    if not expected or same_commit(expected, deployed):
        return result
    reason = Reason.WRONG_COMMIT if deployed else Reason.COMMIT_UNKNOWN
    return Result(reason, tracking.last_seen, {"commit": deployed, "expected": expected}, result.evidence)


def not_identified(tracking: Tracking) -> Result:
    """Say why what was named could not be found, or told from others."""
    if tracking.action is None:
        reason = Reason.NO_SUCH_REFERENCE if tracking.request.reference else Reason.NO_SUCH_DEPLOYMENT
    elif tracking.request.given_id is not None:
        reason = Reason.OTHER_REFERENCE
    else:
        reason = Reason.SHARED_REFERENCE if tracking.sighting.is_ambiguous else Reason.AMBIGUOUS_REFERENCE
    return Result(reason, tracking.last_seen)


def timed_out(tracking: Tracking, limit: str, seconds: float, trouble: ApiError | None) -> Result:
    """Say that a timeout passed: of which input, how long it was, and what kept the last look from getting news."""
    shows = tracking.deployment is not None or not tracking.is_queued
    reason = Reason.TIMED_OUT_BLIND if tracking.leads_nowhere else Reason.TIMED_OUT
    facts = _facts(trouble, limit=limit, seconds=seconds, shows=shows)
    return Result(reason, tracking.last_seen, facts, str(trouble or ""))


def lost_sight(tracking: Tracking, error: ApiError) -> Result:
    """Say that the wait had to end early because the API no longer answers this token."""
    # "GET /stacks/UID", or one of the stack's lists, which may be gone while the stack is there.
    _, _, listed = error.call.partition("/stacks/")[2].partition("/")
    reason = Reason.ACCESS_LOST
    if error.status in {404, 410}:
        reason = Reason.LIST_GONE if listed else Reason.STACK_GONE
    return Result(reason, tracking.last_seen, _facts(error, list=listed), str(error))


def bad_input(error: InputError) -> Result:
    """Say that an input can't be used."""
    return Result(Reason.BAD_INPUT, facts={"error": error})


def because_of(error: ApiError, reason: Reason) -> Result:
    """Say what a call that brought no answer has led to."""
    return Result(reason, facts={"error": error}, evidence=str(error))


def unready(error: ApiError) -> Result:
    """Say that Cloud 66 refused, or could not be reached, before the POST."""
    passes = isinstance(error, TransientError) and not isinstance(error, STUBBORN)
    return not_accepted(error) if passes else refused(error)


def refused(error: ApiError) -> Result:
    """Say that Cloud 66 could not be asked, or refused, before or at the POST."""
    if error.clue.blame is Blame.STRANGER:
        return because_of(error, Reason.NOT_THE_API)
    is_answer = error.status is not None and error.clue.blame is Blame.NETWORK
    return because_of(error, Reason.REFUSED if is_answer else Reason.UNREACHABLE)


def not_accepted(error: ApiError) -> Result:
    """Say that the request was not accepted within the timeout, which may have a little left that is of no use."""
    if error.is_over_limit:
        return because_of(error, Reason.OVER_LIMIT)
    return because_of(error, Reason.TOLD_TO_WAIT if error.retry_after else Reason.NOT_ACCEPTED)


def uncertain(tracking: Tracking, error: ApiError) -> Result:
    """Say that a POST's answer was lost, or that it may have left, and nothing tells what became of it."""
    looked = tracking.sighting.actions_readable is not None
    facts = {"sent": bool(tracking.submission.posts_sent), "looked": looked, "readable": tracking.actions_readable}
    return Result(Reason.POST_UNCERTAIN, tracking.last_seen, facts, str(error))


def several(results: list[Result]) -> Result:
    """Put the results of several together."""
    worst_first = sorted(results, key=lambda result: list(Outcome).index(result.outcome), reverse=True)
    return Result(Reason.SEVERAL, facts={"number": len(results)}, parts=tuple(worst_first))


def _facts(error: ApiError | None, **facts: object) -> dict[str, object]:
    return facts | ({"error": error} if error else {})


def leaves_nothing_to_do(result: Result) -> bool:
    """Tell whether a cancellation has left nothing to be done or checked."""
    is_known = result.outcome is not Outcome.UNKNOWN and result.reason is not Reason.CANCELLATION_OPEN
    return is_known or result.reason is Reason.NOTHING_CANCELLED
