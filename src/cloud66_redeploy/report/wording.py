"""
The words for every reason that a run can end for: a row each. Pure; to change a wording, change it here.

Placeholders are filled from the result's facts, and from the table of phrases in phrases.py, which also knows what an
outcome usually means.
"""

from typing import NamedTuple

from cloud66_redeploy.model.outcome import Outcome, Reason
from cloud66_redeploy.report.advice import NOTHING_SHOWS


class Row(NamedTuple):
    """The words for one reason: what happened, and what to do next ("" for the usual advice of its outcome)."""

    sentence: str
    advice: str = ""


USUAL_ADVICE = {
    Outcome.UNHEALTHY: "Open the address, and look at the application's own log in the Cloud 66 dashboard. If it needs "
    "longer to come up, raise health_check_timeout.",
    Outcome.FAILED: "Read the log of the deployment in the Cloud 66 dashboard, mend what it names, and run this again.",
    Outcome.CANCELLED: "Run the job again to deploy.",
    Outcome.TIMED_OUT: "Look at the stack in the Cloud 66 dashboard before you run this again; if deployments "
    "usually take this long, raise the input timeout (or queue_timeout).",
    Outcome.UNKNOWN: "Look at the stack in the Cloud 66 dashboard: the deployment may be running or done. "
    "Run this again only if it is not.",
}

_ON_REQUEST, _ON_ERROR = "{advice_on_request}", "{advice_on_error}"
_WHEN_FREE = "Run this again when the stack is free."
_REPORT_IT = "Please report it with the lines above; look at the stack in the Cloud 66 dashboard."
_LOOK_AGAIN = "Look at the stack in the Cloud 66 dashboard, or run this again: what is over already is said."
_CHECK_NAMES = (
    "Check the inputs stack_id, user_reference and deployment_id: they are outputs of the step that asked for the "
    "deployment."
)
_GIVE_ID = "Say which one is meant by its id, too: give deployment_id."
_NOT_OVER = "{why}; Cloud 66 took the cancellation of {name}, which is not over yet."
_NOT_KNOWN = "{why}, but which deployment is ours is not known, so {which} was cancelled."
_WHILE_CANCELLING = "The workflow was cancelled while {name} was to be cancelled;"
_CHECK_COMMIT = (
    "Check that the stack deploys the branch that you expect, and that the commit was pushed before the redeploy. "
    "If the hash is from github.event.after of an annotated tag, it is the tag's own: use github.sha."
)
_LAST_KNOWN = "so how {name} ended is not known; last known: {last}."


def _unsent(sentence: str, advice: str = "") -> Row:
    return Row(f"{sentence} Nothing was scheduled.", advice)


WORDING = {
    # Both records have been read
    Reason.SUCCEEDED: Row("{name} succeeded."),
    Reason.SUCCEEDED_UNIDENTIFIED: Row("{name} succeeded; which deployment it was is not known for sure."),
    Reason.FAILED: Row("{name} failed."),
    Reason.FAILED_BUT_ACTION_SUCCEEDED: Row("{name} failed, although its action says success."),
    Reason.ACTION_FAILED: Row(
        "{name} says success, but action {seen.action.id}, which carries our reference, says that it failed."
    ),
    Reason.ACTION_ODD: Row(
        "{name} says success, but action {seen.action.id}, which carries our reference, does not say how it ended."
    ),
    Reason.OUTCOME_ODD: Row("{name} finished, but what Cloud 66 says of it is not a known success."),
    Reason.OUTCOME_MISSING: Row("{name} finished, but Cloud 66 does not say how."),
    Reason.REVERTED: Row("{name} was reverted by {reverted_by}."),
    Reason.WRONG_COMMIT: Row(
        "{name} succeeded, but commit {commit} was deployed; {expected} was expected.", _CHECK_COMMIT
    ),
    Reason.COMMIT_UNKNOWN: Row(
        "{name} succeeded, but which commit was deployed is not known; {expected} was expected.", _CHECK_COMMIT
    ),
    Reason.CANCELLED_IN_CLOUD66: Row("{name} was cancelled in Cloud 66{by_others}."),
    Reason.RECORD_VANISHED: Row("how {name} ended is not known: its record has disappeared from Cloud 66."),
    Reason.OUTCOME_SILENT: Row("{name} finished, but Cloud 66 does not say how."),
    Reason.ACTION_SILENT: Row("its action finished, but Cloud 66 does not say how {name} ended."),
    Reason.NO_ACTION: Row(
        "{name} says success, but no action carries our reference, so it can't be told whether it is ours."
    ),
    # Nothing was scheduled, or that is not known
    Reason.BAD_INPUT: _unsent("{error}", "Correct the input and re-run the job."),
    Reason.OWN_FAULT: _unsent("This action has a fault ({error}).", _REPORT_IT),
    Reason.OWN_FAULT_AFTER_POST: Row(
        "This action has a fault ({error}). How the deployment ended is not known.", _REPORT_IT
    ),
    Reason.NOT_THE_API: _unsent(
        "What answers at {error.clue.where} is not the Cloud 66 API{status}: {quote}.", _ON_REQUEST
    ),
    Reason.UNREACHABLE: _unsent("Cloud 66 could not be asked: {error.said}.", _ON_REQUEST),
    Reason.REFUSED: _unsent("Cloud 66 refused the request ({error.status}).", _ON_REQUEST),
    Reason.NOT_ACCEPTED: _unsent("Cloud 66 did not take the redeploy request within the timeout.", _ON_REQUEST),
    Reason.TOLD_TO_WAIT: _unsent("Cloud 66 asks to wait {pause}, longer than the timeout still allows.", _ON_REQUEST),
    Reason.POST_UNCERTAIN: Row("Whether the deployment was scheduled is not known: {lost}, and {doubt}."),
    Reason.DRY_RUN: Row(
        "Nothing was scheduled. The token can read the stack (whether it may redeploy, only a redeploy can tell); "
        "{would}{usually}; would be sent: {options}."
    ),
    Reason.BUSY_SKIPPED: _unsent("{busy}."),
    Reason.BUSY_FAILED: _unsent("{busy}.", _WHEN_FREE),
    Reason.BUSY_WITH_OTHERS: _unsent(
        "{busy}. It carries no reference of this repository that could be told, so it was not cancelled.",
        "Run this again when the stack is free, or let on_busy be 'cancel_any'.",
    ),
    Reason.MAKING_WAY: Row("Deployment {number} was to be cancelled to make way."),
    Reason.NOT_FREED: _unsent("{part}", _WHEN_FREE),
    Reason.NOT_FREED_IN_TIME: _unsent("{part}", _WHEN_FREE),
    Reason.ALREADY_LIVE: _unsent("Commit {commit} is live already, by {name}."),
    # The wait ended before the deployment did
    Reason.SCHEDULED: Row("Scheduled {name}; as asked, its outcome was not waited for."),
    Reason.TIMED_OUT: Row("The {limit} passed; {standing}.{no_news}", "{usual} {nothing_shows}"),
    Reason.TIMED_OUT_BLIND: Row("The {limit} passed; {standing}.{no_news}", "{usual} {nothing_shows}"),
    Reason.NOT_IDENTIFIABLE: Row(
        "The redeploy was scheduled, but how it ends can't be known: this token can't read the stack's actions, and "
        "the answer did not lead to a deployment.",
        "Give the token the scope 'public', so that it can read the stack's actions.",
    ),
    Reason.ACCESS_LOST: Row("Cloud 66 no longer answers this token ({error.status}), " + _LAST_KNOWN, _ON_ERROR),
    Reason.LIST_GONE: Row("Cloud 66 no longer shows the stack's {list} ({error.status}), " + _LAST_KNOWN),
    Reason.STACK_GONE: Row("The stack is gone, " + _LAST_KNOWN),
    Reason.ABORTED_BEFORE_POST: Row(
        "The workflow was cancelled before the redeploy request. Nothing was scheduled. {part}"
    ),
    Reason.ABORTED_UNCHANGED: Row(
        "The workflow was cancelled before this step was done; it changed nothing.", "Run it again to know."
    ),
    Reason.ABORTED_CANCELLING: Row(f"{_WHILE_CANCELLING} it was not cancelled.", _LOOK_AGAIN),
    Reason.ABORTED_AFTER_DELETE: Row(f"{_WHILE_CANCELLING} whether that took was not seen.", _LOOK_AGAIN),
    Reason.LEFT_RUNNING: Row(
        "The workflow was cancelled; {name} goes on (cancel_on_abort is false); last known: {last}."
    ),
    # A deployment that was asked for elsewhere
    Reason.QUEUED: Row("{name} is queued."),
    Reason.DEPLOYING: Row("{name} is deploying."),
    Reason.NOT_READABLE: Row("Cloud 66 could not be asked about the deployment.", _ON_ERROR),
    Reason.NO_SUCH_REFERENCE: Row(
        "The stack has no action that carries the reference {seen.reference}.", f"{_CHECK_NAMES} {NOTHING_SHOWS}"
    ),
    Reason.NO_SUCH_DEPLOYMENT: Row("The stack has no deployment {seen.given_id}.", _CHECK_NAMES),
    Reason.OTHER_REFERENCE: Row(
        "Deployment {seen.given_id} is not the one that carries the reference {seen.reference}.", _CHECK_NAMES
    ),
    Reason.SHARED_REFERENCE: Row(
        "Several deployments carry the reference {seen.reference}, so which one is meant can't be told.", _GIVE_ID
    ),
    Reason.AMBIGUOUS_REFERENCE: Row(
        "Which deployment carries the reference {seen.reference} can't be told from others.", _GIVE_ID
    ),
    Reason.NOTHING_RUNS: Row("The stack is not deploying, so nothing was cancelled."),
    Reason.NO_DEPLOYMENTS: Row("The stack has no deployments yet."),
    Reason.SEVERAL_RUN: Row(
        "The deployments {numbers} are running, so none was cancelled.",
        "Say which one is meant by its id: give deployment_id.",
    ),
    Reason.SEVERAL: Row(
        "Of {number} deployments: {counts}.", "What to do about each of them stands in the job's summary."
    ),
    # A cancellation by this action
    Reason.CANCELLED: Row("{why}; {name} was cancelled."),
    Reason.CANCELLED_BEFORE: Row("{why}; {name} was cancelled already."),
    Reason.SUCCEEDED_BEFORE: Row("{why}, but {name} had already succeeded."),
    Reason.ENDED_BEFORE: Row("{why}, but it was over already. {part}"),
    Reason.FAILED_OR_CANCELLED: Row(
        "{why}; {name} failed (the answer to the cancellation was lost, so whether that was why is not known)."
    ),
    Reason.NOTHING_TO_CANCEL: _unsent("{why}; no action carries the reference."),
    Reason.NOTHING_CANCELLED: Row("{part} Nothing was cancelled.", "{advice_of_part}"),
    Reason.CANCELLATION_OPEN: Row(_NOT_OVER),
    Reason.CANCELLATION_TIMED_OUT: Row(
        _NOT_OVER, "Look at the stack in the Cloud 66 dashboard; running this again looks on."
    ),
    Reason.CANCELLATION_UNSEEN: Row(
        "{why}, but {name} was not seen to be cancelled; whether the cancellation arrived is not known.", _ON_ERROR
    ),
    Reason.NOT_CANCELLED: Row("{why}, but {name} could not be cancelled.", _ON_ERROR),
    Reason.NONE_CANCELLED: Row(_NOT_KNOWN, _ON_ERROR),
    Reason.NONE_CANCELLED_BY_REFERENCE: Row(
        _NOT_KNOWN, "Cancel it in the Cloud 66 dashboard; where deployment_id is given, too, it is known at once."
    ),
    # The application was to be checked
    Reason.UNHEALTHY: Row("{name} succeeded, but {visited}.", "{advice_on_visit}"),
    Reason.LIVE_BUT_UNHEALTHY: _unsent("{name} is live already, but {visited}.", "{advice_on_visit}"),
    Reason.NO_ADDRESS: Row(
        "{name} succeeded, but Cloud 66 names no address of the application that could be checked.",
        "Give the address itself as health_check.",
    ),
    Reason.NOT_CHECKED: Row(
        "{name} succeeded, but the workflow was cancelled before the application had been checked.",
        "Open the application to see whether it serves.",
    ),
    # What came after
    Reason.FOLLOWED: Row("{part} {what_followed}"),
    Reason.ROLLED_BACK: Row("Rolled back to commit {commit}."),
    Reason.NOT_ROLLED_BACK: Row("Not rolled back: {why}."),
    Reason.ROLLBACK_ENDED: Row("The rollback to commit {commit}: {part}"),
}
