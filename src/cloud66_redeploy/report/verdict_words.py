"""
The outcome in words: a sentence for everything that the table can decide, and what is checked after it. Pure.

To change the wording of an outcome, change it here; what to do about it, advice.py.
"""

from cloud66_redeploy.model.git import same_commit
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.model.records import Deployment, Phase
from cloud66_redeploy.model.verdict import Absence, RecordState
from cloud66_redeploy.report.reasons import name_of, not_to_be_told, sentence
from cloud66_redeploy.tracking.tracking import Tracking


def ended(outcome: Outcome, tracking: Tracking, deployment: RecordState, action: RecordState) -> Result:
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


def _success(tracking: Tracking, _deployment: RecordState, _action: RecordState) -> str:
    if tracking.confirmed is not None:
        return f"{name_of(tracking)} succeeded."
    return f"{name_of(tracking)} succeeded; which deployment it was is not known for sure."


def _failed(tracking: Tracking, deployment: RecordState, action: RecordState) -> str:
    ours, record = name_of(tracking), tracking.deployment
    by_action = f"action {tracking.action.id}, which carries our reference," if tracking.action else "its action"
    if deployment is Phase.REVERTED and record is not None:
        when = record.text("reverted_at")
        return f"{ours} was reverted by {record.text('reverted_by') or 'somebody'}{f' at {when}' if when else ''}."
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


def _cancelled(tracking: Tracking, _deployment: RecordState, _action: RecordState) -> str:
    by_others = "" if tracking.request.is_external else ", not by this workflow"
    return f"{name_of(tracking)} was cancelled in Cloud 66{by_others}."


def _unknown(tracking: Tracking, deployment: RecordState, action: RecordState) -> str:
    ours = name_of(tracking)
    if deployment is Absence.GONE:
        return f"how {ours} ended is not known: its record has disappeared from Cloud 66."
    if deployment is Phase.SILENT:
        return f"{ours} finished, but Cloud 66 does not say how."
    if action is Phase.SILENT:
        return f"its action finished, but Cloud 66 does not say how {ours} ended."
    return f"{ours} says success, but no action carries our reference, so it can't be told whether it is ours."


_REASONS = {
    Outcome.SUCCESS: _success,
    Outcome.FAILED: _failed,
    Outcome.CANCELLED: _cancelled,
    Outcome.UNKNOWN: _unknown,
}


def check_named(result: Result, tracking: Tracking) -> Result:
    """Turn a success into "unknown" where the deployment that was named is not the one that succeeded."""
    if result.outcome is not Outcome.SUCCESS or tracking.request.given_id in {None, tracking.confirmed_id}:
        return result
    return not_to_be_told(tracking)


def check_commit(result: Result, tracking: Tracking) -> Result:
    """Turn a success into a failure where another commit than the expected one is deployed, or into "unknown"."""
    expected = tracking.request.expected_commit
    if result.outcome is not Outcome.SUCCESS or not expected:
        return result
    deployed = tracking.confirmed.text("git_hash") if tracking.confirmed else ""
    if same_commit(expected, deployed):
        return result
    said = f"commit {deployed} was deployed" if deployed else "which commit was deployed is not known"
    return Result(
        Outcome.FAILED if deployed else Outcome.UNKNOWN,
        f"{sentence(name_of(tracking))} succeeded, but {said}; {expected} was expected.",
        result.evidence,
        "Check that the stack deploys the branch that you expect, and that the commit was pushed before the redeploy. "
        "If the hash is from github.event.after of an annotated tag, it is the tag's own: use github.sha.",
    )


def under_way(tracking: Tracking) -> Result:
    """Say that a deployment has not ended."""
    outcome = Outcome.QUEUED if tracking.is_queued else Outcome.DEPLOYING
    return Result(outcome, f"{sentence(name_of(tracking))} is {outcome}.")


def superseded(tracking: Tracking, live: Deployment) -> str:
    """Say that another deployment has gone live since."""
    commit = live.text("git_hash")
    what = f"deployment {live.id}{f' (commit {commit})' if commit else ''}"
    return f"{sentence(name_of(tracking))} succeeded, but {what} went live after it."
