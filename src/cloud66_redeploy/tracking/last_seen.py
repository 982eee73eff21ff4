"""What a result tells of a tracking: it goes on changing, a result does not."""

from cloud66_redeploy.model.outcome import LastSeen
from cloud66_redeploy.tracking.tracking import Proof, Tracking


def last_seen(tracking: Tracking) -> LastSeen:
    """Take down what is known by now."""
    return LastSeen(
        tracking.reference,
        tracking.named,
        tracking.attached,
        tracking.action,
        tracking.deployment,
        tracking.proof is Proof.PROVED,
        tracking.gone,
    )
