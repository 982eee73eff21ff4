"""The only owner of the wait: looks until the table says that it is over, or until a deadline."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError, Denied, NotFound
from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.polling.ends import ended, lost_sight, not_identified, timed_out
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.schedule import pause_after
from cloud66_redeploy.polling.settling import Settling
from cloud66_redeploy.polling.turns import take_turns
from cloud66_redeploy.timing import PAUSE_WHILE_SETTLING_SECONDS, REFERENCE_LAG_SECONDS
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Tracking


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds from the start."""

    timeout_seconds: float
    queue_timeout_seconds: float


@dataclass
class Waiter:
    """
    Waits for the outcome.

    Attributes:
        start: the instant (monotonic seconds) that the timeout counts from.
        pace: says when to look next.
        due: the instant of the next look.
        on_look: told after each look how many seconds have passed and what kept it from getting news, if anything.

    """

    observer: Observer
    tracking: Tracking
    clock: Clock
    patience: Patience
    start: float
    pace: Pace
    on_look: Callable[[float, ApiError | None], None]
    due: float = field(init=False)
    _since: float = field(init=False)
    _settling: Settling = field(init=False)

    def __post_init__(self) -> None:
        self.due = self._since = self.clock.monotonic()
        self._settling = Settling(self.observer, self.tracking)

    def wait(self) -> Result:
        """
        Look until it is over, and say how it ended.

        Raises:
            Aborted: the workflow was cancelled.

        """
        return take_turns([self], self.clock)[0]

    def look(self) -> Result | None:
        """Look once; say how it ended, or when the next look is due."""
        deadline = self.start + self.patience.timeout_seconds
        queue_deadline = min(deadline, self._since + self.patience.queue_timeout_seconds)
        now = self.clock.monotonic()
        trouble = None
        try:
            self.observer.look()
            self.pace.note(now)
        except (Denied, NotFound) as refusal:
            return lost_sight(self.tracking, refusal)
        except ApiError as passing:
            trouble = passing
        result = None if trouble else self._result(now, deadline) or self._in_vain(now)
        if result is not None:
            return result
        self.on_look(now - self._since, trouble)
        if now >= deadline:
            return timed_out(self.tracking, self._limit("timeout"), trouble)
        queued = self.tracking.is_queued
        if queued and now >= queue_deadline and not trouble:
            return timed_out(self.tracking, self._limit("queue_timeout"), None)
        self._plan(trouble, deadline, queue_deadline if queued and now < queue_deadline else deadline)
        return None

    def _in_vain(self, now: float) -> Result | None:
        """Say that there is nothing that could be waited for, if so."""
        known, is_late = self.tracking, now - self._since >= REFERENCE_LAG_SECONDS
        if is_late and known.is_not_found:
            return not_identified(known)
        return (
            Result(Reason.NOT_IDENTIFIABLE) if known.cannot_be_identified or (is_late and known.leads_nowhere) else None
        )

    def _result(self, now: float, deadline: float) -> Result | None:
        verdict = self._settling.verdict(now, is_last=now >= deadline)
        if verdict is None:
            return None
        outcome, *says = verdict
        return ended(outcome, self.tracking, *says)

    def _plan(self, trouble: ApiError | None, deadline: float, next_strike: float) -> None:
        now = self.clock.monotonic()
        pause = self.pace.pause(now, deadline)
        if self._settling.is_open:
            pause = min(pause, PAUSE_WHILE_SETTLING_SECONDS)
        if trouble:
            pause = pause_after(trouble, pause)
        self.due = min(now + pause, next_strike)

    def _limit(self, name: str) -> str:
        return f"{name} of {format_duration(getattr(self.patience, f'{name}_seconds'))}"
