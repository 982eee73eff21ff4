"""
Go back to what was live before, after our deployment has failed.

It deploys the commit of the last good deployment again. It does so only where that is surely what the team wants: not
where ours may still be running, not over a deployment that came after ours, and not twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.model.git import is_full_hash, same_commit
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.model.reference import LONGEST
from cloud66_redeploy.tracking.tracking import Certainty, Tracking


@dataclass
class Rollback:
    """
    What became of a rollback.

    Attributes:
        commit: the commit that was to be deployed again, or "".
        handles: the deployment that does it; none where nothing was asked for.
        refused: why nothing was asked for, or "".

    """

    commit: str = ""
    handles: list[Handle] = field(default_factory=list)
    refused: str = ""

    @property
    def result(self) -> Result | None:
        """How it ended; None while it is under way."""
        if self.refused:
            return Result(Reason.NOT_ROLLED_BACK, facts={"why": self.refused})
        ended = self.handles[0].result if self.handles else None
        if ended is None:
            return None
        is_back = ended.outcome is Outcome.SUCCESS
        reason = Reason.ROLLED_BACK if is_back else Reason.ROLLBACK_ENDED
        return Result(reason, facts={"commit": self.commit}, parts=(ended,))

    def outputs(self) -> dict[str, str]:
        """Return the outputs that tell of it."""
        number = next((str(one.tracking.confirmed_id or "") for one in self.handles), "")
        outcome = self.result.outcome if self.result else None
        return {
            "rollback_outcome": str(outcome or ""),
            "rollback_deployment_id": number,
            "rolled_back_to": self.commit if outcome is Outcome.SUCCESS else "",
        }


def reference_of(reference: str) -> str:
    """Derive the reference of a rollback from that of the deployment that failed, so that there is one for each."""
    if len(reference) + len("/rollback") <= LONGEST:
        return f"{reference}/rollback"
    digest = hashlib.sha256(reference.encode()).hexdigest()[:12]
    return f"{reference[: LONGEST - 22]}/{digest}/rollback"


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
