"""What a look is worth saying: a line when something changed, otherwise one a minute."""

from collections.abc import Callable

from cloud66_redeploy.deployment import Phase
from cloud66_redeploy.duration import format_duration
from cloud66_redeploy.reasons import name_of
from cloud66_redeploy.tracking import Tracking

_SAY_AGAIN_SECONDS = 60.0


class Narrator:
    """Tells the log how things stand, without repeating itself within a minute."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last = ""
        self._said_at = 0.0

    def tell(self, elapsed_seconds: float, text: str) -> None:
        """Say a text, if it is news or a minute has passed."""
        if text != self._last or elapsed_seconds - self._said_at >= _SAY_AGAIN_SECONDS:
            self._last, self._said_at = text, elapsed_seconds
            self._say(f"[{format_duration(elapsed_seconds)}] {text}")


def progress(tracking: Tracking) -> str:
    """Put into words where ours stands."""
    return f"{name_of(tracking)}: {_standing(tracking)}"


def _standing(tracking: Tracking) -> str:
    deployment = tracking.deployment
    if deployment is None:
        return _standing_unseen(tracking)
    if tracking.gone:
        return "its record has disappeared; looking on"
    if deployment.phase is Phase.QUEUED:
        ahead = tracking.queued_ahead
        return f"queued behind {ahead} other deployment{'s' if ahead > 1 else ''}" if ahead else "queued"
    if deployment.phase is Phase.RUNNING:
        commit = deployment.text("git_hash")[:10]
        return f"deploying commit {commit}" if commit else "deploying"
    return f"{deployment.phase}; checking it against its action"


def _standing_unseen(tracking: Tracking) -> str:
    if tracking.maybe_started:
        return "under way; which deployment it is can't be told yet"
    return "scheduled; its deployment has not shown yet"
