"""
What to tell people: a sentence and advice for every way a run can end. Pure.

To change the wording of an outcome, change it here (that of a cancellation by us: canceller.py).
"""

from cloud66_redeploy.advice import advice_on
from cloud66_redeploy.deployment import Outcome, Phase, Result
from cloud66_redeploy.errors import ApiError, InputError, Trouble
from cloud66_redeploy.gitref import same_commit
from cloud66_redeploy.tracking import Proof, Tracking
from cloud66_redeploy.verdict import Absence, Saying

NOTHING_SCHEDULED = "Nothing was scheduled."


def bad_input(error: InputError) -> Result:
    """Say that an input can't be used."""
    advice = "Correct the input in the workflow file and run it again."
    return Result(Outcome.FAILED, f"{error} {NOTHING_SCHEDULED}", advice=advice)


def own_fault(error: Exception, *, sent: bool) -> Result:
    """Say that this program has a fault."""
    return Result(
        Outcome.UNKNOWN if sent else Outcome.FAILED,
        f"This action has a fault ({type(error).__name__}). "
        + ("How the deployment ended is not known." if sent else NOTHING_SCHEDULED),
        str(error),
        "Please report it with the lines above; look at the stack in the Cloud 66 dashboard.",
    )


def refused(error: ApiError) -> Result:
    """Say that Cloud 66 refused before or at the POST."""
    what = "could not be asked" if error.status is None else f"refused the request ({error.status})"
    return Result(Outcome.FAILED, f"Cloud 66 {what}. {NOTHING_SCHEDULED}", str(error), advice_on(error))


def unready(error: ApiError) -> Result:
    """Say that Cloud 66 refused, or could not be reached, before the POST."""
    return never_taken(error) if isinstance(error, Trouble) else refused(error)


def never_taken(error: ApiError) -> Result:
    """Say that the timeout passed with the request not taken."""
    return Result(
        Outcome.TIMED_OUT,
        f"The timeout passed before Cloud 66 took the redeploy request. {NOTHING_SCHEDULED}",
        str(error),
        advice_on(error),
    )


def uncertain(tracking: Tracking, error: ApiError) -> Result:
    """Say that a POST's answer was lost and nothing tells what became of it."""
    why = "no action was found that carries its reference" if tracking.actions_readable else "actions can't be read"
    return Result(
        Outcome.UNKNOWN,
        f"Whether the deployment was scheduled is not known: the answer to the request was lost, and {why}.",
        str(error),
    )


def hopeless() -> Result:
    """Say that the redeploy is scheduled and nothing can tell which deployment it is."""
    return Result(
        Outcome.UNKNOWN,
        "The redeploy was scheduled, but how it ends can't be known: this token can't read the stack's actions, and "
        "the answer did not lead to a deployment.",
        advice="Give the token the scope 'public', so that it can read the stack's actions.",
    )


def lost_sight(tracking: Tracking, error: ApiError) -> Result:
    """Say that the wait had to end early because the API no longer answers this token."""
    gone = error.status in {404, 410}
    what = "The stack is gone" if gone else f"Cloud 66 no longer answers this token ({error.status})"
    return Result(
        Outcome.UNKNOWN,
        f"{what}, so how {name_of(tracking)} ended is not known; last known: {last_known(tracking)}.",
        str(error),
        "" if gone else advice_on(error),
    )


def timed_out(tracking: Tracking, limit: str, trouble: ApiError | None) -> Result:
    """
    Say that a timeout struck.

    Args:
        tracking: what is known.
        limit: which timeout, as "timeout of 30m".
        trouble: what kept the last look from getting news, if anything did.

    """
    unseen = f" It could not be asked at the end: {trouble}." if trouble else ""
    blind = not tracking.actions_readable and tracking.deployment is None
    return Result(
        Outcome.UNKNOWN if blind else Outcome.TIMED_OUT,
        f"The {limit} passed; {_not_ended(tracking)}.{unseen}",
        str(trouble or ""),
    )


def _not_ended(tracking: Tracking) -> str:
    name, action = name_of(tracking), tracking.action
    if tracking.deployment is not None and tracking.deployment.phase is Phase.SUCCESS and not tracking.gone:
        return f"{name} says success, but its action never confirmed it"
    if tracking.deployment is None and action is not None and action.phase.is_final:
        return f"{name} had ended as {action.phase}, but that was not confirmed"
    return f"{name} had not ended as far as is known; last known: {last_known(tracking)}"


def sentence(text: str) -> str:
    """Let a text begin with a capital letter."""
    return text[:1].upper() + text[1:]


def name_of(tracking: Tracking) -> str:
    """Name our deployment as well as is known."""
    if tracking.deployment is not None:
        return f"deployment {tracking.deployment.id}"
    return f"the redeploy (action {tracking.action.id})" if tracking.action else "the redeploy"


def last_known(tracking: Tracking) -> str:
    """Say in a word or two where ours stood when it was last seen."""
    if tracking.deployment is not None:
        if tracking.gone:
            return "its record had disappeared"
        return {Phase.RUNNING: "deploying", Phase.ODD: tracking.deployment.outcome_said}.get(
            tracking.deployment.phase, str(tracking.deployment.phase)
        )
    if tracking.action is not None:
        return {Phase.RUNNING: "scheduled", Phase.ODD: "finished"}.get(
            tracking.action.phase, str(tracking.action.phase)
        )
    return "scheduled"


def ended(outcome: Outcome, tracking: Tracking, deployment: Saying, action: Saying) -> Result:
    """Put into words what the table decided."""
    evidence = (
        [f"outcome: {tracking.deployment.outcome_said}"]
        if isinstance(deployment, Phase) and tracking.deployment
        else []
    )
    if tracking.action is not None and tracking.action.message:
        evidence.append(tracking.action.message)
    reason = _REASONS[outcome](tracking, deployment, action)
    return Result(outcome, sentence(reason), "; ".join(evidence))


def _success(tracking: Tracking, deployment: Saying, _action: Saying) -> str:
    if deployment is Phase.SUCCESS:
        return f"{name_of(tracking)} succeeded."
    return f"{name_of(tracking)} succeeded; which deployment it was is not known."


def _failed(tracking: Tracking, deployment: Saying, action: Saying) -> str:
    ours, record = name_of(tracking), tracking.deployment
    by_action = f"action {tracking.action.id}, which carries our reference," if tracking.action else "its action"
    if deployment is Phase.REVERTED and record is not None:
        return f"{ours} was reverted by {record.text('reverted_by') or 'somebody'}."
    if deployment is Phase.ODD and action is not Phase.FAILED:
        return f"{ours} finished, but what Cloud 66 says of it is not a known success."
    if deployment is Phase.FAILED:
        return f"{ours} failed" + (", although its action says success." if action is Phase.SUCCESS else ".")
    if deployment is Phase.SUCCESS:
        says = "says that it failed" if action is Phase.FAILED else "does not say how it ended"
        return f"{ours} says success, but {by_action} {says}."
    if action is Phase.FAILED:
        return f"{ours} failed."
    return f"{ours} finished, but Cloud 66 does not say how."


def _cancelled(tracking: Tracking, _deployment: Saying, _action: Saying) -> str:
    return f"{name_of(tracking)} was cancelled in Cloud 66, not by this workflow."


def _unknown(tracking: Tracking, deployment: Saying, _action: Saying) -> str:
    ours = name_of(tracking)
    if deployment is Absence.GONE:
        return f"how {ours} ended is not known: its record has disappeared from Cloud 66."
    return f"{ours} says success, but no action carries our reference, so it can't be told whether it is ours."


_REASONS = {
    Outcome.SUCCESS: _success,
    Outcome.FAILED: _failed,
    Outcome.CANCELLED: _cancelled,
    Outcome.UNKNOWN: _unknown,
}


def check_commit(result: Result, tracking: Tracking, expected: str) -> Result:
    """Turn a success into a failure unless the commit that was expected is the one deployed ("" expects none)."""
    if result.outcome is not Outcome.SUCCESS or not expected:
        return result
    sure = tracking.deployment is not None and tracking.proof is Proof.PROVED
    deployed = tracking.deployment.text("git_hash") if sure and tracking.deployment else ""
    if same_commit(expected, deployed):
        return result
    said = f"commit {deployed} was deployed" if deployed else "which commit was deployed is not known"
    return Result(
        Outcome.FAILED,
        f"{sentence(name_of(tracking))} succeeded, but {said}; {expected} was expected.",
        result.evidence,
        "Check that the stack deploys the branch that you expect, and that the commit was pushed before the redeploy.",
    )


def aborted_before_post() -> Result:
    """Say that the workflow was cancelled before anything was asked for."""
    return Result(Outcome.CANCELLED, f"The workflow was cancelled before the redeploy request. {NOTHING_SCHEDULED}")


def left_running(tracking: Tracking) -> Result:
    """Say that the workflow was cancelled and the deployment, as asked, was not."""
    return Result(
        Outcome.UNKNOWN,
        f"The workflow was cancelled; {name_of(tracking)} goes on (cancel_on_abort is false); "
        f"last known: {last_known(tracking)}.",
    )
