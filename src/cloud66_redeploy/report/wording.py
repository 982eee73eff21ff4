"""
The words for every reason that a run can end for: a row each. Pure; to change a wording, change it here.

Placeholders are filled from the result's facts, and from the table of phrases in phrases.py. What an outcome adds (its
mark, its heading, its usual advice) is in `OUTCOMES`.
"""

from typing import NamedTuple

from cloud66_redeploy.model.outcome import Outcome, Reason
from cloud66_redeploy.report.messages import NOTHING_SHOWS


class Row(NamedTuple):
    """What happened, what to do and how a summary begins ("" for its outcome's usual words), and a likely cause."""

    sentence: str
    advice: str = ""
    cause: str = ""
    heading: str = ""


class OutcomeRow(NamedTuple):
    """The words for one outcome: its mark, how a summary begins (what happened, and where), the usual advice."""

    mark: str
    heading: str
    advice: str = ""


OUTCOMES = {
    Outcome.SUCCESS: OutcomeRow("✅", "{Name} succeeded{on}"),
    Outcome.SCHEDULED: OutcomeRow("🕓", "{Name} was scheduled{on}"),
    Outcome.SKIPPED: OutcomeRow("⏭️", "Skipped{on}"),
    Outcome.DRY_RUN: OutcomeRow("🧪", "Dry run{on}: nothing was deployed"),
    Outcome.QUEUED: OutcomeRow("🕓", "{Name} is queued{on}"),
    Outcome.DEPLOYING: OutcomeRow("🚀", "{Name} is running{on}"),
    Outcome.CANCELLED: OutcomeRow("🚫", "{Name} was cancelled{on}", "Re-run this job to deploy."),
    Outcome.TIMED_OUT: OutcomeRow(
        "⏱️",
        "Timed out waiting for {name}{on}",
        "Check the stack in the Cloud 66 dashboard before you re-run this job. If deployments usually take this long, "
        "raise timeout (or queue_timeout).",
    ),
    Outcome.UNKNOWN: OutcomeRow(
        "❓",
        "Unknown result of {name}{on}",
        "Check the stack in the Cloud 66 dashboard. The deployment may be running or finished. Re-run this job only if "
        "it is neither.",
    ),
    Outcome.UNHEALTHY: OutcomeRow(
        "🩺",
        "{Name} doesn't serve{on}",
        "Open the address and read the application's own log. If the application needs longer to start, raise "
        "health_check_timeout.",
    ),
    Outcome.FAILED: OutcomeRow(
        "❌", "{Name} failed{on}", "Fix the error shown in the stack log, then re-run this job."
    ),
}

ROLLBACKS = {
    Reason.ROLLED_BACK: "↩️ rolled back",
    Reason.ROLLBACK_ENDED: "rollback didn't succeed",
    Reason.NOT_ROLLED_BACK: "not rolled back",
}
"""What follows in the heading where a rollback was made, or was to be."""

_BROKE = "A build step, migration or deploy hook failed. The end of the stack log shows which."
_DID_NOT_START = "The application failed to start, or needs longer to start."
_ON_REQUEST, _ON_ERROR = "{advice_on_request}", "{advice_on_error}"
_LATER = "Re-run this job after that time, or raise timeout."
_WHEN_FREE = "Re-run this job when the stack is free."
_REPORT_IT = "Report it with the lines above, and check the stack in the Cloud 66 dashboard."
_LOOK_AGAIN = "Check the stack in the Cloud 66 dashboard, or re-run this job to see the result."
_CHECK_NAMES = (
    "Check stack_id, user_reference and deployment_id. They are outputs of the step that started the deployment."
)
_GIVE_ID = "Add deployment_id to say which one you mean."
_NOT_OVER = "{why}. Cloud 66 accepted the cancellation of {name}, which hasn't finished yet."
_NOT_KNOWN = "{why}, but this run's deployment couldn't be identified, so {which} was cancelled."
_WHILE_CANCELLING = "The workflow was cancelled while this step was cancelling {name}."
_CHECK_COMMIT = (
    "Check that the stack deploys the branch you expect, and that the commit was pushed before the redeploy. "
    "For an annotated tag, github.event.after is the tag's own hash. Use github.sha instead."
)
_SAYS_SUCCESS = "Cloud 66's records disagree: {name} says success, but stack action {seen.action.id}"
_NO_RESULT = "{name} finished, but Cloud 66 gives no result."
_CHECK_FIRST = "Check the deployment in the Cloud 66 dashboard before you re-run this job."
_ASK_WHO = "Ask who reverted it, and why, before you re-run this job."
_LAST_KNOWN = "so the result of {name} is unknown. It was last seen {last}."

UNSENT = "No deployment was started."
"""Ends the sentence about a run that has sent nothing; a summary's heading says it instead."""


def _unsent(sentence: str, advice: str = "") -> Row:
    return Row(f"{sentence} {UNSENT}", advice)


def _headed(heading: str, sentence: str, advice: str = _CHECK_FIRST) -> Row:
    return Row(sentence, advice, heading=f"{heading}{{on}}")


WORDING = {
    # Both records have been read
    Reason.SUCCEEDED: Row("{name} succeeded."),
    Reason.SUCCEEDED_UNIDENTIFIED: Row("The redeploy succeeded, but its deployment couldn't be identified."),
    Reason.FAILED: Row("{name} failed.", cause=_BROKE),
    Reason.FAILED_BUT_ACTION_SUCCEEDED: Row("{name} failed, although its stack action says success.", cause=_BROKE),
    Reason.ACTION_FAILED: _headed("Records disagree about {name}", f"{_SAYS_SUCCESS} says that it failed."),
    Reason.ACTION_ODD: _headed("Records disagree about {name}", f"{_SAYS_SUCCESS} gives no result."),
    Reason.OUTCOME_ODD: _headed(
        "Unknown status of {name}",
        "{name} finished with a status this action doesn't recognise, so it isn't counted as a success.",
    ),
    Reason.OUTCOME_MISSING: _headed("No result of {name}", _NO_RESULT),
    Reason.REVERTED: _headed("{Name} was reverted", "{name} was reverted by {reverted_by}.", _ASK_WHO),
    Reason.WRONG_COMMIT: _headed(
        "Wrong commit", "{name} succeeded, but it deployed commit {commit} instead of {expected}.", _CHECK_COMMIT
    ),
    Reason.COMMIT_UNKNOWN: _headed(
        "Unknown commit",
        "{name} succeeded, but Cloud 66 gives no commit. Expected: {expected}.",
        _CHECK_COMMIT,
    ),
    Reason.CANCELLED_IN_CLOUD66: Row("{name} was cancelled in Cloud 66{by_others}."),
    Reason.RECORD_VANISHED: Row("The result of {name} is unknown, because its record has disappeared from Cloud 66."),
    Reason.OUTCOME_SILENT: Row(_NO_RESULT),
    Reason.ACTION_SILENT: Row("The stack action finished, but Cloud 66 gives no result for {name}."),
    Reason.SUCCESS_UNCONFIRMED: Row(
        "{name} says success, but stack action {seen.action.id} finished without a result."
    ),
    Reason.NO_ACTION: Row(
        "{name} says success, but no stack action has this run's reference, so it may not be this run's deployment."
    ),
    # Nothing was scheduled, or that is not known
    Reason.BAD_INPUT: _unsent("{error}", "Correct the input and re-run the job."),
    Reason.OWN_FAULT: _unsent("Internal error in this action ({error}).", _REPORT_IT),
    Reason.OWN_FAULT_AFTER_POST: Row(
        "Internal error in this action ({error}). The result of the deployment is unknown.", _REPORT_IT
    ),
    Reason.NOT_THE_API: _unsent(
        "The answer from {error.clue.where} is not from the Cloud 66 API{status}: {quote}.", _ON_REQUEST
    ),
    Reason.UNREACHABLE: _unsent("Cloud 66 couldn't be reached: {error.said}.", _ON_REQUEST),
    Reason.REFUSED: _unsent("Cloud 66 refused the request ({error.status}).", _ON_REQUEST),
    Reason.NOT_ACCEPTED: _unsent("Timed out before Cloud 66 accepted the redeploy request.", _ON_REQUEST),
    Reason.TOLD_TO_WAIT: _unsent("Cloud 66 asks to wait {pause}, which is longer than the timeout allows.", _LATER),
    Reason.OVER_LIMIT: _unsent("The hourly API limit of the token's user is used up{until}.", _ON_REQUEST),
    Reason.POST_UNCERTAIN: Row("The deployment may or may not have been scheduled: {lost}, and {doubt}."),
    Reason.DRY_RUN: Row(
        "No deployment was started. {Would}.{usually}{request} The token can read the stack. "
        "Only a redeploy can tell whether it may redeploy."
    ),
    Reason.BUSY_SKIPPED: _unsent("{busy}."),
    Reason.BUSY_FAILED: _unsent("{busy}.", _WHEN_FREE),
    Reason.BUSY_WITH_OTHERS: _unsent(
        "{busy}. It wasn't started by this repository, so it was not cancelled.",
        "Re-run this job when the stack is free, or set on_busy to cancel_any.",
    ),
    Reason.MAKING_WAY: Row("Deployment {number} was being cancelled to make way."),
    Reason.NOT_FREED: _unsent("{part}", _WHEN_FREE),
    Reason.NOT_FREED_IN_TIME: _unsent("{part}", _WHEN_FREE),
    Reason.ALREADY_LIVE: _headed("Already live", f"Commit {{commit}} is already live as {{name}}. {UNSENT}", ""),
    # The wait ended before the deployment did
    Reason.SCHEDULED: Row("Scheduled {name}. Not waiting for the result (wait: false)."),
    Reason.TIMED_OUT: Row("The {limit} expired. {Standing}.{no_news}", "{usual} {nothing_shows}"),
    Reason.TIMED_OUT_BLIND: Row("The {limit} expired. {Standing}.{no_news}", "{usual} {nothing_shows}"),
    Reason.NOT_IDENTIFIABLE: Row(
        "The redeploy was scheduled, but its deployment can't be identified. This token can't read stack actions, and "
        "Cloud 66's reply led to no deployment.",
        "Give the token the scope public so that it can read stack actions.",
    ),
    Reason.ACCESS_LOST: Row("Cloud 66 no longer accepts this token ({error.status}), " + _LAST_KNOWN, _ON_ERROR),
    Reason.LIST_GONE: Row("Cloud 66 no longer returns the stack's {list} ({error.status}), " + _LAST_KNOWN),
    Reason.STACK_GONE: Row("The stack no longer exists, " + _LAST_KNOWN),
    Reason.ABORTED_BEFORE_POST: Row(f"The workflow was cancelled before the redeploy request. {UNSENT} {{part}}"),
    Reason.ABORTED_UNCHANGED: Row(
        "The workflow was cancelled before this step finished. The step changed nothing.",
        "Re-run this job to see the state.",
    ),
    Reason.ABORTED_CANCELLING: Row(f"{_WHILE_CANCELLING} The deployment was not cancelled.", _LOOK_AGAIN),
    Reason.ABORTED_AFTER_DELETE: Row(f"{_WHILE_CANCELLING} Cloud 66 hasn't confirmed the cancellation.", _LOOK_AGAIN),
    Reason.LEFT_RUNNING: Row(
        "The workflow was cancelled. {Name} continues (cancel_on_abort is false), last seen {last}."
    ),
    # A deployment that was started elsewhere
    Reason.QUEUED: Row("{name} is queued."),
    Reason.DEPLOYING: Row("{name} is deploying."),
    Reason.NOT_READABLE: Row("Cloud 66 couldn't be asked about the deployment.", _ON_ERROR),
    Reason.NO_SUCH_REFERENCE: Row(
        "The stack has no action with the reference {seen.reference}.", f"{_CHECK_NAMES} {NOTHING_SHOWS}"
    ),
    Reason.NO_SUCH_DEPLOYMENT: Row("The stack has no deployment {seen.given_id}.", _CHECK_NAMES),
    Reason.OTHER_REFERENCE: Row(
        "Deployment {seen.given_id} doesn't have the reference {seen.reference}.", _CHECK_NAMES
    ),
    Reason.SHARED_REFERENCE: Row(
        "Several deployments have the reference {seen.reference}, so the right one can't be identified.", _GIVE_ID
    ),
    Reason.AMBIGUOUS_REFERENCE: Row(
        "The deployment with the reference {seen.reference} can't be told apart from others.", _GIVE_ID
    ),
    Reason.NOTHING_RUNS: Row("The stack is not deploying, so nothing was cancelled."),
    Reason.NO_DEPLOYMENTS: Row("The stack has no deployments yet."),
    Reason.SEVERAL_RUN: Row("The deployments {numbers} are running, so none was cancelled.", _GIVE_ID),
    Reason.SEVERAL: Row("{number} deployments: {counts}.", "See the job summary for each deployment."),
    # A cancellation by this action
    Reason.CANCELLED: Row("{why}. {Name} was cancelled."),
    Reason.CANCELLED_BEFORE: Row("{why}. {Name} was already cancelled."),
    Reason.SUCCEEDED_BEFORE: Row("{why}, but {name} had already succeeded."),
    Reason.ENDED_BEFORE: Row("{why}, but the deployment had already finished. {part}"),
    Reason.FAILED_OR_CANCELLED: Row(
        "{why}. {Name} failed. Cloud 66 didn't confirm the cancellation, so that may not be the cause."
    ),
    Reason.NOTHING_TO_CANCEL: _unsent("{why}. No stack action has the reference."),
    Reason.NOTHING_CANCELLED: Row("{part} Nothing was cancelled.", "{advice_of_part}"),
    Reason.CANCELLATION_OPEN: Row(_NOT_OVER),
    Reason.CANCELLATION_TIMED_OUT: Row(
        _NOT_OVER, "Check the stack in the Cloud 66 dashboard, or re-run this job to keep waiting."
    ),
    Reason.CANCELLATION_UNSEEN: Row(
        "{why}, but {name} may not have been cancelled: Cloud 66 didn't confirm the request.", _ON_ERROR
    ),
    Reason.NOT_CANCELLED: Row("{why}, but {name} could not be cancelled.", _ON_ERROR),
    Reason.NONE_CANCELLED: Row(_NOT_KNOWN, _ON_ERROR),
    Reason.NONE_CANCELLED_BY_REFERENCE: Row(
        _NOT_KNOWN, "Cancel it in the Cloud 66 dashboard, or set deployment_id as well."
    ),
    # The application was to be checked
    Reason.UNHEALTHY: Row("{name} succeeded, but {visited}.", "{advice_on_visit}", _DID_NOT_START),
    Reason.LIVE_BUT_UNHEALTHY: _unsent("{name} is already live, but {visited}.", "{advice_on_visit}"),
    Reason.NO_ADDRESS: Row(
        "{part} Cloud 66 gives no address for the application, so it was not checked.",
        "Set health_check to the application's address.",
    ),
    Reason.NOT_CHECKED: Row(
        "{part} The workflow was cancelled before the health check finished.",
        "Open the application to see whether it serves.",
    ),
    Reason.OWN_FAULT_IN_CHECK: Row(
        "{part} Internal error in this action ({error}), so the health check did not finish.", _REPORT_IT
    ),
    # What came after
    Reason.FOLLOWED: Row("{part} {what_followed}"),
    Reason.ROLLED_BACK: Row("Rolled back to commit {commit}."),
    Reason.NOT_ROLLED_BACK: Row("Not rolled back: {why_not}."),
    Reason.ROLLBACK_ENDED: Row("The rollback to commit {commit}: {part}"),
}
