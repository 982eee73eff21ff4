"""Wait for the outcome: look until the table says that it is over, or until a deadline."""

from dataclasses import dataclass

from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.polling.ends import ended, lost_sight, not_identified, timed_out
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.pauses import Ground, pause_after
from cloud66_redeploy.polling.poll import Poll
from cloud66_redeploy.timing import PAUSE_WHILE_SETTLING_SECONDS, REFERENCE_LAG_SECONDS


@dataclass(frozen=True)
class Patience:
    """Until which instant (monotonic seconds) to wait, after how many seconds that is, and how long in the queue."""

    deadline: float
    timeout_seconds: float
    queue_timeout_seconds: float


@dataclass(eq=False, repr=False)
class Wait(Poll):
    """Waits for the outcome; `pace` says when to look next."""

    patience: Patience
    pace: Pace

    def _step(self, now: float) -> None:
        self.observer.look()
        self.trouble = None
        self.pace.note(now)

    def _refused(self, refusal: ApiError) -> Result:
        return lost_sight(self.tracking, refusal)

    def _judge(self, now: float) -> Result | None:
        result = None if self.trouble else self._verdict(now) or self._in_vain(now)
        if result is None:
            self.listener.looked(now - self.since, self.trouble, self.pace)
        return result

    def _verdict(self, now: float) -> Result | None:
        verdict = self.settling.verdict(now, is_last=now >= self.patience.deadline)
        return None if verdict is None else ended(verdict[0], self.tracking, *verdict[1:])

    def _in_vain(self, now: float) -> Result | None:
        tracking, is_late = self.tracking, now - self.since >= REFERENCE_LAG_SECONDS
        if is_late and tracking.is_not_found:
            return not_identified(tracking)
        in_vain = tracking.cannot_be_identified or (is_late and tracking.leads_nowhere)
        return Result(Reason.NOT_IDENTIFIABLE) if in_vain else None

    def _at_deadline(self, now: float) -> Result | None:
        patience = self.patience
        if now >= patience.deadline:
            return timed_out(self.tracking, "timeout", patience.timeout_seconds, self.trouble)
        if self.tracking.is_queued and now >= self._queue_deadline and not self.trouble:
            return timed_out(self.tracking, "queue_timeout", patience.queue_timeout_seconds, None)
        return None

    @property
    def _queue_deadline(self) -> float:
        return min(self.patience.deadline, self.since + self.patience.queue_timeout_seconds)

    def _next(self, now: float) -> tuple[float, Ground]:
        deadline = self.patience.deadline
        is_queue_open = self.tracking.is_queued and now < self._queue_deadline
        latest = self._queue_deadline if is_queue_open else deadline
        now = self.clock.monotonic()
        pause = self.pace.pause(now, deadline)
        if self.settling.is_open:
            pause = pause.at_most(PAUSE_WHILE_SETTLING_SECONDS, Ground.SETTLING)
        return (pause_after(self.trouble, pause) if self.trouble else pause).end(now, latest)
