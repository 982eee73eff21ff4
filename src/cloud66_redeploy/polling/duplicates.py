"""Undo a POST that went through twice, because Cloud 66 carried out a lost one later than anybody waits for."""

from collections.abc import Callable

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.timing import RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.tracking import Tracking

_TITLE = "Scheduled twice"


class Duplicates:
    """Cancels the younger deployment that carries our reference, once and where it can be told, and warns."""

    def __init__(self, client: Client, tracking: Tracking, clock: Clock, warn: Callable[[str, str], None]) -> None:
        self._client = client
        self._tracking = tracking
        self._clock = clock
        self._warn = warn

    def cancel(self) -> None:
        """Do what is to be done about what the last look found."""
        known = self._tracking
        if known.is_shared or (known.duplicates and not known.is_unique):
            said = f"Another run carries the reference {known.reference}, too, so ours can't be told from it."
            self._warn("Reference not unique", f"{said} {_mend(known)}")
            return
        # Somebody else's record may show before its action does: what is only inferred has to hold for a while.
        is_sure = self._clock.monotonic() - known.paired_at >= RECORD_LAG_SECONDS
        for younger in known.duplicate_deployments:
            if younger.id not in known.undone and not younger.phase.is_final:
                does = self._undo(younger.id) if is_sure else f"look at {younger.id} in the Cloud 66 dashboard"
                self._warn(_TITLE, f"Two deployments probably carry the reference {known.reference}; {does}.")
        if known.duplicates and not known.duplicate_deployments:
            self._warn(
                _TITLE,
                f"Two actions carry the reference {known.reference}; which deployments they are can't be told. "
                "Look at the stack in the Cloud 66 dashboard and cancel the younger one.",
            )

    def _undo(self, deployment_id: int) -> str:
        try:
            self._client.cancel(deployment_id)
        except ApiError as error:
            return f"cancel the younger one, {deployment_id}, by hand: {error}"
        self._tracking.undone.add(deployment_id)
        return f"the younger one, {deployment_id}, was cancelled"


def _mend(known: Tracking) -> str:
    """Say what can be done about a reference that another run has, too."""
    if known.attached:
        return "Say which deployment is meant by its id, too: give deployment_id."
    if known.is_unique:
        # GitHub's runners give each run an id, and each step a file, of its own; others, like act, don't.
        return (
            "This runner gives its runs no id of their own. "
            "Set the input user_reference to what each run has alone, such as a random number from an earlier step."
        )
    return "Leave the input user_reference empty, or give each run its own."
