"""
What to roll back to: the last good deployment, and whether it is sure enough that rolling back is what the team wants.

Pure. Not where the failed one may still be running, not over a deployment that came after it.
"""

from collections.abc import Sequence
from datetime import datetime

from cloud66_redeploy.model.git import is_full_hash, same_commit
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.tracking.tracking import Certainty, Tracking


def why_not(tracking: Tracking) -> str:
    """
    Say why a failed run is not rolled back, as far as its own records tell; "" where nothing speaks against it.

    The job is red for any doubt. Going back takes a deployment that has surely failed, or is surely of another commit.
    """
    ours = tracking.deployment
    if ours is None or tracking.sighting.certainty is not Certainty.CONFIRMED:
        return "which deployment failed is not known"
    if tracking.sighting.record_vanished:
        return "its record has disappeared"
    action = tracking.action
    if ours.phase is Phase.FAILED or (
        ours.phase in {Phase.ODD, Phase.SILENT} and action and action.phase is Phase.FAILED
    ):
        # What a cancelled one says is not known: it may pass for one that failed, but for its action's words.
        return "it seems to have been cancelled" if action and "cancel" in action.message.lower() else ""
    if ours.phase is Phase.SUCCESS:
        commit = ours.text("git_hash")
        expected = tracking.request.expected_commit
        is_other = bool(commit and expected) and not same_commit(commit, expected)
        return "" if is_other else "its record says success, so it may be live"
    return _NOT_SURE.get(ours.phase, "it may still be going on")


_NOT_SURE = {
    Phase.REVERTED: "somebody has reverted it already",
    Phase.CANCELLED: "it was cancelled",
    Phase.ODD: "what Cloud 66 says of it is not a known failure",
    Phase.SILENT: "Cloud 66 does not say how it ended",
}


def choose(
    tracking: Tracking, deployments: Sequence[Deployment], actions: Sequence[Action]
) -> tuple[Deployment | None, str]:
    """
    Choose the deployment to go back to, from the lists as they are now; else say why there is none.

    It is the last one that was live and successful before ours: live at the baseline, or now, or done since then.
    """
    ours, baseline = tracking.deployment, tracking.baseline
    assert ours is not None
    others = [one for one in deployments if one.id != ours.id]
    later = next((one for one in others if _is_after(one, ours, is_new=baseline.is_new(one))), None)
    if later is not None:
        return None, f"deployment {later.id} came after it"
    asked = next((one for one in actions if _asked_after(one, tracking)), None)
    if asked is not None:
        return None, f"a redeploy (action {asked.id}) was asked for after it"
    return _last_good([one for one in others if _is_before(one, ours)], tracking)


def _last_good(earlier: Sequence[Deployment], tracking: Tracking) -> tuple[Deployment | None, str]:
    """Choose among those that were over when ours began; else say why there is none."""
    baseline = tracking.baseline
    was_live = baseline.live.id if baseline.live else None
    successes = sorted((one for one in earlier if one.phase is Phase.SUCCESS), key=_end)
    good = [one for one in successes if one.id == was_live or one.is_live or baseline.is_new(one)]
    if not good:
        return None, "which deployment was live before is not known"
    last = good[-1]
    commit, ours = last.text("git_hash"), _commit_of(tracking)
    if not is_full_hash(commit):
        return None, f"deployment {last.id}, which was live before, tells no commit"
    newer = next((one for one in successes if _end(one) > _end(last) and one.text("git_hash") != commit), None)
    if newer is not None:
        return None, f"deployment {newer.id} succeeded after {last.id}, which was live before"
    if not ours:
        return None, "which commit failed is not known"
    if same_commit(commit, ours):
        return None, f"deployment {last.id}, which was live before, is of the same commit"
    return last, ""


def _commit_of(tracking: Tracking) -> str:
    """Return the commit of our deployment, or "" where it is not known."""
    deployed = tracking.deployment.text("git_hash") if tracking.deployment else ""
    return deployed or (tracking.request.git_ref if is_full_hash(tracking.request.git_ref) else "")


def _end(one: Deployment) -> tuple[datetime, int]:
    assert one.finished_at is not None
    return one.finished_at, one.id


def _is_after(one: Deployment, ours: Deployment, *, is_new: bool) -> bool:
    """Tell whether a deployment came after ours, or may yet: somebody's answer to the failure, perhaps."""
    if one.phase.is_final:
        return is_new and one.phase is not Phase.CANCELLED and not _is_before(one, ours)
    # An older one that is still open was left lying.
    return one.started_at is None or ours.started_at is None or one.started_at >= ours.started_at


def _asked_after(one: Action, tracking: Tracking) -> bool:
    """
    Tell whether an action is a redeploy that came after ours; one that waits may show by that alone.

    One that failed may have been cancelled as it waited; if it ran, its deployment shows.
    """
    ours = tracking.action
    if "deploy" not in one.kind or one.phase is Phase.FAILED or one.id in tracking.baseline.actions:
        return False
    return ours is None or one.id > ours.id


def _is_before(one: Deployment, ours: Deployment) -> bool:
    """Tell whether a deployment was over when ours began."""
    began = ours.started_at or ours.finished_at
    if one.finished_at is None or began is None:
        return False
    # Of two in the same second, the number tells.
    return (one.finished_at, one.id) < (began, ours.id)
