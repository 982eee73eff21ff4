"""
What to tell people: a sentence and advice for every way a run can end before or beside an outcome. Pure.

To change the wording of an outcome, see verdict_words.py; of a cancellation by us, canceller.py.
"""

from collections.abc import Sequence

from cloud66_redeploy.errors import STUBBORN, ApiError, Blame, InputError, Trouble
from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Outcome, Result, worst
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.report.advice import WHERE_NOTHING_SHOWS, advice_on, advice_on_request, advice_where_nothing_shows
from cloud66_redeploy.tracking.tracking import Certainty, Tracking

NOTHING_SCHEDULED = "Nothing was scheduled."

_LONGEST_QUOTE = 120
"""Of what a stranger answered, so many characters stand in a sentence; the details have more."""


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
    """Say that Cloud 66 could not be asked, or refused, before or at the POST."""
    if error.clue.blame is Blame.STRANGER:
        status = f" ({error.status})" if error.status else ""
        said = error.said if len(error.said) <= _LONGEST_QUOTE else f"{error.said[: _LONGEST_QUOTE - 1]}…"
        what = f"What answers at {error.clue.where} is not the Cloud 66 API{status}: {said or 'it says nothing'}"
    elif error.status is None or error.clue.blame is not Blame.NETWORK:
        what = f"Cloud 66 could not be asked: {error.said}"
    else:
        what = f"Cloud 66 refused the request ({error.status})"
    return Result(Outcome.FAILED, f"{what}. {NOTHING_SCHEDULED}", str(error), advice_on_request(error))


def unready(error: ApiError) -> Result:
    """Say that Cloud 66 refused, or could not be reached, before the POST."""
    passes = isinstance(error, Trouble) and not isinstance(error, STUBBORN)
    return never_taken(error) if passes else refused(error)


def never_taken(error: ApiError) -> Result:
    """Say that the request was not taken within the timeout, which may have a little left that is of no use."""
    asked = error.pause_asked_for
    late = "did not take the redeploy request within the timeout"
    what = f"asks to wait {format_duration(asked)}, longer than the timeout still allows" if asked else late
    return Result(Outcome.TIMED_OUT, f"Cloud 66 {what}. {NOTHING_SCHEDULED}", str(error), advice_on_request(error))


def uncertain(tracking: Tracking, error: ApiError, *, has_looked: bool) -> Result:
    """Say that a POST's answer was lost, or that it may have left, and nothing tells what became of it."""
    lost = "the answer to the request was lost" if tracking.submission.posts_sent else "the request did not get through"
    if tracking.action is not None:
        why = f"action {tracking.action.id}, which carries its reference, may be another run's"
    elif not has_looked:
        why = "its reference could not be looked up"
    elif tracking.actions_readable:
        why = "no action was found that carries its reference"
    else:
        why = "actions can't be read"
    return Result(
        Outcome.UNKNOWN,
        f"Whether the deployment was scheduled is not known: {lost}, and {why}.",
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


def not_known(error: ApiError) -> Result:
    """Say that a deployment somebody else asked for could not be looked at."""
    return Result(Outcome.UNKNOWN, "Cloud 66 could not be asked about the deployment.", str(error), advice_on(error))


def not_to_be_told(tracking: Tracking) -> Result:
    """Say why what was named could not be found, or told from others."""
    reference, named = tracking.request.reference, tracking.request.given_id
    check = "Check the inputs stack_id, user_reference and deployment_id: they are outputs of the step that asked for "
    advice = f"{check}the deployment."
    if tracking.action is None:
        none = f"no action that carries the reference {reference}" if reference else f"no deployment {named}"
        unseen = f"{advice} {WHERE_NOTHING_SHOWS}" if reference else advice
        return Result(Outcome.UNKNOWN, f"The stack has {none}.", advice=unseen)
    if named is not None:
        return Result(
            Outcome.UNKNOWN, f"Deployment {named} is not the one that carries the reference {reference}.", advice=advice
        )
    several = f"Several deployments carry the reference {reference}, so which one is meant can't be told."
    blurred = f"Which deployment carries the reference {reference} can't be told from others."
    advice = "Say which one is meant by its id, too: give deployment_id."
    return Result(Outcome.UNKNOWN, several if tracking.sighting.is_ambiguous else blurred, advice=advice)


def several_run(numbers: Sequence[int]) -> Result:
    """Say that more than one deployment runs, so none of them was cancelled."""
    return Result(
        Outcome.UNKNOWN,
        f"The deployments {' and '.join(map(str, numbers))} are running, so none was cancelled.",
        advice="Say which one is meant by its id: give deployment_id.",
    )


def overall(results: Sequence[Result]) -> Result:
    """Put the results of several together: the worst outcome, and how many ended how."""
    counts = {word: sum(one.outcome is word for one in results) for word in Outcome}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    outcome = worst(one.outcome for one in results)
    advice = "" if outcome.is_green else "What to do about each of them stands in the job's summary."
    return Result(outcome, f"Of {len(results)} deployments: {said}.", advice=advice)


def aborted_before_action() -> Result:
    """Say that the workflow was cancelled before this step did anything."""
    changed = "The workflow was cancelled before this step was done; it changed nothing."
    return Result(Outcome.UNKNOWN, changed, advice="Run it again to know.")


def aborted_cancelling(tracking: Tracking, *, sent: bool) -> Result:
    """Say that the workflow was cancelled while a deployment was being cancelled."""
    took = "whether that took was not seen" if sent else "it was not cancelled"
    return Result(
        Outcome.UNKNOWN,
        f"The workflow was cancelled while {name_of(tracking)} was to be cancelled; {took}.",
        advice="Look at the stack in the Cloud 66 dashboard, or run this again: what is over already is said.",
    )


def lost_sight(tracking: Tracking, error: ApiError) -> Result:
    """Say that the wait had to end early because the API no longer answers this token."""
    gone = error.status in {404, 410}
    # "GET /stacks/UID", or one of the stack's lists, which may be gone while the stack is there.
    _, _, listed = error.call.partition("/stacks/")[2].partition("/")
    what = f"Cloud 66 no longer answers this token ({error.status})"
    if gone:
        what = f"Cloud 66 no longer shows the stack's {listed} ({error.status})" if listed else "The stack is gone"
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
    outcome = Outcome.UNKNOWN if blind else Outcome.TIMED_OUT
    shows = tracking.deployment is not None or not tracking.is_queued
    return Result(
        outcome,
        f"The {limit} passed; {_not_ended(tracking)}.{unseen}",
        str(trouble or ""),
        "" if shows else advice_where_nothing_shows(outcome),
    )


def _not_ended(tracking: Tracking) -> str:
    name, action = name_of(tracking), tracking.action
    state, _ = tracking.record_states(settled=True)
    if state is Phase.SUCCESS:
        return f"{name} says success, but its action never confirmed it"
    if tracking.deployment is None and action is not None and action.phase.is_final:
        return f"{name} had ended as {action.phase}, but that was not confirmed"
    return f"{name} had not ended as far as is known; last known: {last_known(tracking)}"


def aborted_before_post(made_way: str = "") -> Result:
    """Say that the workflow was cancelled before anything was asked for; and what had been cancelled to make way."""
    before = f"The workflow was cancelled before the redeploy request. {NOTHING_SCHEDULED}"
    return Result(Outcome.CANCELLED, f"{before} {made_way}".strip())


def left_running(tracking: Tracking) -> Result:
    """Say that the workflow was cancelled and the deployment, as asked, was not."""
    return Result(
        Outcome.UNKNOWN,
        f"The workflow was cancelled; {name_of(tracking)} goes on (cancel_on_abort is false); "
        f"last known: {last_known(tracking)}.",
    )


def sentence(text: str) -> str:
    """Let a text begin with a capital letter."""
    return text[:1].upper() + text[1:]


def name_of(tracking: Tracking) -> str:
    """Name our deployment as well as is known."""
    if tracking.deployment is not None:
        name = f"deployment {tracking.deployment.id}"
        return name if tracking.sighting.certainty is Certainty.CONFIRMED else f"the redeploy (probably {name})"
    if tracking.request.given_id is not None:
        return f"deployment {tracking.request.given_id}"
    return f"the redeploy (action {tracking.action.id})" if tracking.action else "the redeploy"


def log_name(tracking: Tracking) -> str:
    """Name the stack's newest log, in which ours can only be told where the deployment is proved and has started."""
    is_ours = tracking.confirmed_id is not None and tracking.began_at is not None
    return "log" if is_ours else "newest log, which may be another deployment's"


def last_known(tracking: Tracking) -> str:
    """Say in a word or two where ours stood when it was last seen."""
    if tracking.deployment is not None:
        if tracking.sighting.record_vanished:
            return "its record had disappeared"
        return {Phase.RUNNING: "deploying", Phase.ODD: tracking.deployment.outcome_said, Phase.SILENT: "finished"}.get(
            tracking.deployment.phase, str(tracking.deployment.phase)
        )
    if tracking.action is not None:
        return {Phase.RUNNING: "scheduled", Phase.ODD: "finished", Phase.SILENT: "finished"}.get(
            tracking.action.phase, str(tracking.action.phase)
        )
    return "scheduled"
