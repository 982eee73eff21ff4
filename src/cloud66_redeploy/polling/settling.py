"""When the table's answer counts: a cell that may still change gets some seconds for the slower record to catch up."""

from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.verdict import RecordState, decide
from cloud66_redeploy.timing import RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Tracking

Verdict = tuple[Outcome, RecordState, RecordState]
"""How it ended, and what the deployment and its action say."""


class Settling:
    """Decides, look after look, whether it is over."""

    def __init__(self, observer: Observer, tracking: Tracking) -> None:
        self._observer = observer
        self._tracking = tracking
        self._open_since: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is over, but for what the slower record may still say."""
        return self._open_since is not None

    def verdict(self, now: float, *, is_last: bool) -> Verdict | None:
        """
        Say how it ended, or None while that is open.

        Args:
            now: the instant (monotonic seconds) of the look.
            is_last: there is no time for another look.

        """
        if decide(*self._tracking.record_states(), settled=True) is None:
            self._open_since = None
            return None
        if self._open_since is None:
            self._open_since = now
        have_had_their_time = now - self._open_since >= RECORD_LAG_SECONDS
        if have_had_their_time:
            self._observer.confirm()
        settled = is_last or have_had_their_time
        says = self._tracking.record_states(settled=settled)
        outcome = decide(*says, settled=settled)
        if outcome is None or (self._tracking.lacks_commit and not settled):
            return None
        return outcome, *says
