"""Undo a POST that went through twice, because Cloud 66 carried out a lost one later than anybody waits for."""

from collections.abc import Callable

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.timing import RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.tracking import Tracking

_TITLE = "Scheduled twice"


class Duplicates:
    """Cancels the younger deployment that carries our reference, once and where it can be told, and warns."""

    def __init__(self, tracking: Tracking, warn: Callable[[str, str], None]) -> None:
        self._tracking = tracking
        self._warn = warn
        self._cancelled: set[int] = set()

    def cancel(self, client: Client, now: float) -> None:
        """Do what is to be done about what the last look found; `now` is an instant (monotonic seconds)."""
        known = self._tracking
        if known.sighting.is_ambiguous or (known.sighting.duplicates and not known.request.is_unique):
            said = f"Another run carries the reference {known.request.reference}, too, so ours can't be told from it."
            self._warn("Reference not unique", f"{said} {_mend(known)}")
            return
        # Somebody else's record may show before its action does: what is only inferred has to hold for a while.
        is_sure = now - known.sighting.candidates_since >= RECORD_LAG_SECONDS
        deployments = [duplicate.deployment for duplicate in known.sighting.duplicates if duplicate.deployment]
        for younger in deployments:
            if younger.id not in self._cancelled and not younger.phase.is_final:
                does = self._undo(client, younger.id) if is_sure else f"look at {younger.id} in the Cloud 66 dashboard"
                self._warn(_TITLE, f"Two deployments probably carry the reference {known.request.reference}; {does}.")
        if known.sighting.duplicates and not deployments:
            self._warn(
                _TITLE,
                f"Two actions carry the reference {known.request.reference}; which deployments they are can't be told. "
                "Look at the stack in the Cloud 66 dashboard and cancel the younger one.",
            )

    def _undo(self, client: Client, deployment_id: int) -> str:
        try:
            client.cancel(deployment_id)
        except ApiError as error:
            return f"cancel the younger one, {deployment_id}, by hand: {error}"
        self._cancelled.add(deployment_id)
        return f"the younger one, {deployment_id}, was cancelled"


def _mend(known: Tracking) -> str:
    """Say what can be done about a reference that another run has, too."""
    if known.request.is_external:
        return "Say which deployment is meant by its id, too: give deployment_id."
    if known.request.is_unique:
        # GitHub's runners give each run an id, and each step a file, of its own; others, like act, don't.
        return (
            "This runner gives its runs no id of their own. "
            "Set the input user_reference to what each run has alone, such as a random number from an earlier step."
        )
    return "Leave the input user_reference empty, or give each run its own."
