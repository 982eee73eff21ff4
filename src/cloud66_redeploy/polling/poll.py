"""
One loop for all that takes its time: look until there is a result, or until a deadline.

What kind of poll it is decides what a step is, what a verdict means, and what a deadline means: `wait.py` looks until
the deployment is over, `cancellation.py` also cancels it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError, Denied, NotFound
from cloud66_redeploy.model.outcome import Outcome, Result, WhyCancel
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import RecordState, decide
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.pauses import Ground, Pause
from cloud66_redeploy.timing import RECORD_LAG_SECONDS, SAME_ROUND_SECONDS
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Tracking

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Verdict = tuple[Outcome, RecordState, RecordState]
"""How it ended, and what the deployment and its action say."""


class PollListener(Protocol):
    """Who is told what a poll does."""

    def looked(self, seconds: float, trouble: ApiError | None, pace: Pace) -> None:
        """Take note of a look, so many seconds after the first, and of what kept it from getting news, if anything."""

    def pausing(self, pause: Pause, trouble: ApiError | None) -> None:
        """Take note of the pause after a look, and of what kept that from getting news, if anything."""

    def cancel_duplicates(self) -> None:
        """Undo what a look has found of a request that went through twice."""

    def deleting(self, why: WhyCancel) -> None:
        """Take note that a cancellation is about to leave, and of what led to it."""

    def deleting_another(self, before: int, number: int) -> None:
        """Take note that another deployment than the one cancelled before turned out to be the one."""


class Settling:
    """When the table's answer counts: a cell that may change gets some seconds for the slower record to catch up."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._tracking = observer.tracking
        self._open_since: float | None = None
        self._found: tuple[RecordState, RecordState] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is over, but for what the slower record may still say."""
        return self._open_since is not None

    def verdict(self, now: float, *, is_last: bool) -> Verdict | None:
        """Say how a look at an instant (monotonic seconds) finds it to have ended; None while that is open."""
        found = self._tracking.record_states(settled=True)
        if decide(*self._tracking.record_states(), settled=True) is None:
            self._open_since = None
            return None
        if self._open_since is None or found != self._found:
            # What one look alone has found is no verdict, however long another one has stood.
            self._open_since, self._found = now, found
        have_had_their_time = now - self._open_since >= RECORD_LAG_SECONDS
        if have_had_their_time:
            self._observer.confirm()
        settled = is_last or have_had_their_time
        states = self._tracking.record_states(settled=settled)
        outcome = decide(*states, settled=settled)
        return None if outcome is None or (self._lacks_commit() and not settled) else (outcome, *states)

    def _lacks_commit(self) -> bool:
        """Tell whether a commit is expected, and the deployment, a success, does not (yet) say which one it is of."""
        deployment, expected = self._tracking.confirmed, self._tracking.request.expected_commit
        if deployment is None or deployment.phase is not Phase.SUCCESS:
            return False
        return bool(expected) and not deployment.text("git_hash")


@dataclass(eq=False, repr=False)
class Poll(ABC):
    """
    A poll of one deployment.

    Attributes:
        due: the instant (monotonic seconds) of the next look.
        since: the instant of the first one.
        trouble: what kept the last look from getting news, if anything.

    """

    observer: Observer
    listener: PollListener
    due: float = field(init=False)
    since: float = field(init=False)
    settling: Settling = field(init=False)
    trouble: ApiError | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.due = self.since = self.clock.monotonic()
        self.settling = Settling(self.observer)

    @property
    def tracking(self) -> Tracking:
        """What is known of the deployment."""
        return self.observer.tracking

    @property
    def clock(self) -> Clock:
        """The clock of the looks."""
        return self.observer.clock

    def run(self) -> Result:
        """
        Look until there is a result.

        Raises:
            Aborted: the workflow was cancelled.

        """
        return poll_all([self], self.clock)[0]

    def look(self) -> Result | None:
        """Look once; say how it ended, or set when the next look is due."""
        now = self.clock.monotonic()
        try:
            self._step(now)
        except (Denied, NotFound) as refusal:
            return self._refused(refusal)
        except ApiError as trouble:
            self.trouble = trouble
        result = self._judge(now) or self._at_deadline(now)
        if result is None:
            self.due, ground = self._next(now)
            self.listener.pausing(Pause(self.due - self.clock.monotonic(), ground), self.trouble)
        return result

    @abstractmethod
    def _step(self, now: float) -> None:
        """Ask for news, and set `trouble` to None where they came."""

    @abstractmethod
    def _refused(self, refusal: ApiError) -> Result:
        """Say how it ends where Cloud 66 no longer answers."""

    @abstractmethod
    def _judge(self, now: float) -> Result | None:
        """Say how it ended, if it has."""

    @abstractmethod
    def _at_deadline(self, now: float) -> Result | None:
        """Say how it ends where the time is up."""

    @abstractmethod
    def _next(self, now: float) -> tuple[float, Ground]:
        """Return the instant of the next look, and what that follows from."""


class Looking(Protocol[R_co]):
    """What looks, when it is due, until it has a result."""

    due: float

    def look(self) -> R_co | None:
        """Look once; return the result, or None and set when the next look is due."""


def poll_all(
    polls: Sequence[Looking[R]],
    clock: Clock,
    on_round: Callable[[], None] = lambda: None,
    on_result: Callable[[int, R], None] = lambda _number, _result: None,
    *,
    same_round_seconds: float = SAME_ROUND_SECONDS,
) -> list[R]:
    """
    Let each look until it has a result, in one thread, and return the results in their order.

    Each looks when it is due, and those that are due so close together share a round, which `on_round` is called
    before. `on_result` is told of each result as it comes, with its number in `polls`.

    Raises:
        Aborted: the workflow was cancelled.

    """
    results: dict[int, R] = {}
    while True:
        on_round()
        for number, poll in enumerate(polls):
            # A sleep may end a hair early: then the next one is due within the second.
            if number not in results and poll.due <= clock.monotonic() + same_round_seconds:
                result = poll.look()
                if result is not None:
                    results[number] = result
                    on_result(number, result)
        if len(results) == len(polls):
            return [results[number] for number in range(len(polls))]
        soonest = min(poll.due for number, poll in enumerate(polls) if number not in results)
        clock.sleep(max(0.0, soonest - clock.monotonic()))
