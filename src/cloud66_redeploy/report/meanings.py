"""What a bad outcome usually means, in a sentence. Pure; to change the wording, change it here."""

from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.tracking.tracking import Tracking

_BY_PHASE = {
    Phase.FAILED: "Usually a build step, a migration or a deploy hook broke: the last lines of the log name it.",
    Phase.REVERTED: "Somebody went back to an earlier deployment, so what runs now is not this one.",
    Phase.ODD: "Cloud 66 used a word for it that this action doesn't know, so it is not taken for a success.",
    Phase.SILENT: "Cloud 66 does not say how it ended, so it is not taken for a success.",
    Phase.SUCCESS: "The two records of the deployment disagree, or another commit went out than was expected.",
}
_BY_OUTCOME = {
    Outcome.FAILED: "Usually an input, the token or its scopes: nothing was changed on the stack.",
    Outcome.CANCELLED: "Somebody stopped it on purpose; what ran before still runs.",
    Outcome.TIMED_OUT: "Usually it is slow or waits behind others, and goes on without this job watching.",
    Outcome.UNKNOWN: "Usually the connection, the token or the stack went away while it was going on.",
}


def meaning_of(result: Result, tracking: Tracking) -> str:
    """Return what a bad outcome usually means, or "" for a good one."""
    if result.is_green:
        return ""
    ours = tracking.deployment
    if result.outcome is Outcome.FAILED and tracking.submission.posts_sent:
        return _BY_PHASE.get(ours.phase if ours else Phase.FAILED, "")
    return _BY_OUTCOME.get(result.outcome, "")
