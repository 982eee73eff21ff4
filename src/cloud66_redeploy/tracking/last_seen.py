"""What a result tells of a tracking: it goes on changing, a result does not."""

from cloud66_redeploy.model.outcome import LastSeen
from cloud66_redeploy.tracking.tracking import Tracking


def last_seen(tracking: Tracking) -> LastSeen:
    """Take down what is known by now."""
    return LastSeen(
        tracking.request.reference,
        tracking.request.given_id,
        tracking.request.is_external,
        tracking.action,
        tracking.deployment,
        tracking.confirmed is not None,
        tracking.sighting.record_vanished,
    )
