"""
Go back to what was live before, after our deployment has failed.

It deploys the commit of the last good deployment again. It does so only where that is surely what the team wants: not
where ours may still be running, not over a deployment that came after ours, and not twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud66_redeploy.deployment import Action, Deployment, Outcome, Phase
from cloud66_redeploy.handle import Handle
from cloud66_redeploy.reference import LONGEST
from cloud66_redeploy.tracking import Proof, Tracking


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
    def outcome(self) -> Outcome | None:
        """How it ended; None while it is under way."""
        if self.refused:
            return Outcome.SKIPPED
        return self.handles[0].result.outcome if self.handles and self.handles[0].result else None

    def outputs(self) -> dict[str, str]:
        """Return the outputs that tell of it."""
        number = next((str(one.tracking.deployment.id) for one in self.handles if one.tracking.deployment), "")
        return {
            "rollback_outcome": str(self.outcome or ""),
            "rollback_deployment_id": number,
            "rolled_back_to": self.commit if self.outcome is Outcome.SUCCESS else "",
        }

    def describe(self) -> str:
        """Say in a sentence what became of it."""
        if self.refused:
            return f"Not rolled back: {self.refused}."
        result = self.handles[0].result if self.handles else None
        if self.outcome is Outcome.SUCCESS:
            return f"Rolled back to commit {self.commit}."
        return f"The rollback to commit {self.commit}: {result.reason if result else 'it did not end.'}"


def reference_of(reference: str) -> str:
    """Derive the reference of a rollback from that of the deployment that failed, so that there is one for each."""
    if len(reference) + len("/rollback") <= LONGEST:
        return f"{reference}/rollback"
    digest = hashlib.sha256(reference.encode()).hexdigest()[:12]
    return f"{reference[: LONGEST - 22]}/{digest}/rollback"


def why_not(tracking: Tracking) -> str:
    """Say why a failed run is not rolled back, as far as its own records tell; "" where nothing speaks against it."""
    ours = tracking.deployment
    if ours is None or tracking.proof is not Proof.PROVED:
        return "which deployment failed is not known"
    if ours.phase is Phase.REVERTED:
        return "somebody has reverted it already"
    return ""


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
    waiting = next((one for one in actions if _waits_behind(one, tracking)), None)
    if waiting is not None:
        return None, f"a redeploy (action {waiting.id}) waits behind it"
    was_live = baseline.live.id if baseline.live else None
    candidates = [one for one in others if one.id == was_live or one.is_live or baseline.is_new(one)]
    good = [one for one in candidates if one.phase is Phase.SUCCESS and _is_before(one, ours)]
    last = max(good, key=lambda one: (str(one.finished_at), one.id), default=None)
    if last is None:
        return None, "which deployment was live before is not known"
    commit = last.text("git_hash")
    if not commit:
        return None, f"deployment {last.id}, which was live before, tells no commit"
    if commit == ours.text("git_hash"):
        return None, f"deployment {last.id}, which was live before, is of the same commit"
    return last, ""


def _is_after(one: Deployment, ours: Deployment, *, is_new: bool) -> bool:
    """Tell whether a deployment came after ours, or may yet: somebody's answer to the failure, perhaps."""
    if one.phase.is_final:
        return is_new and one.phase is not Phase.CANCELLED and not _is_before(one, ours)
    # An older one that is still open was left lying.
    return one.started_at is None or ours.started_at is None or one.started_at >= ours.started_at


def _waits_behind(one: Action, tracking: Tracking) -> bool:
    """Tell whether an action is a redeploy that is open and came after ours; one that waits may show by that alone."""
    ours = tracking.action
    if "deploy" not in one.kind or one.phase.is_final or one.id in tracking.baseline.actions:
        return False
    return ours is None or one.id > ours.id


def _is_before(one: Deployment, ours: Deployment) -> bool:
    """Tell whether a deployment was over when ours began."""
    began = ours.started_at or ours.finished_at
    return one.finished_at is not None and began is not None and one.finished_at <= began
