"""
Time, handed in, so that a test can move it; and the only place where a signal becomes an exception.

A cancelled workflow sends SIGINT, after 7.5s SIGTERM, 2.5s later the kill. Raising from a signal handler wherever the
program happens to be would tear records and output lines apart; so a signal raises only inside an *interruptible* call:
a sleep or an HTTP call. Elsewhere it is kept and raised when the next one begins. Once raised, no further signal
disturbs what the run does about it, nor what Python and the HTTP library tidy up on the way.

SIGALRM bounds a whole HTTP call: requests' own timeouts begin again with every byte that trickles in. It rings each
second of every interruptible call, for two reasons. A signal that comes just before the call blocks is noted, but
wakes nothing. And an exception is lost if Python happens to be in a destructor.
"""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol, TypeVar

from cloud66_redeploy.errors import Aborted
from cloud66_redeploy.timing import ALARM_AGAIN_SECONDS

T = TypeVar("T")


class CallTimeout(BaseException):
    """
    A call took longer than it may.

    Not an OSError: the HTTP library would take that for a failed connection attempt and try the next address.
    """


class Clock(Protocol):
    """What a room may ask about time."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment; never goes back."""

    def sleep(self, seconds: float) -> None:
        """
        Wait that many seconds.

        Raises:
            Aborted: the workflow was cancelled meanwhile.

        """

    def interruptible(self, call: Callable[[], T], *, limit_seconds: float, grace_seconds: float) -> T:
        """
        Make a call that a signal may interrupt.

        Args:
            call: what to do.
            limit_seconds: the longest time that it may take; 0 is no limit.
            grace_seconds: the time that it still gets when the workflow is cancelled meanwhile. A POST on its way gets
                some, because its answer tells which deployment to cancel.

        Raises:
            Aborted: the workflow was cancelled, during the call or before it.
            CallTimeout: it took longer than the limit.

        """


class SystemClock:
    """The machine's clock, and its signals, kept until they may interrupt. Main thread only."""

    def __init__(self) -> None:
        self._ends_at: float | None = None
        """The instant at which an exception has to end the current call; None between two calls."""
        self._grace_seconds = 0.0
        self._signalled_at: float | None = None
        self._is_told = False
        """Aborted has left a call: the run is acting on it, and no further signal counts."""

    def install(self) -> None:
        """Take over SIGINT, SIGTERM (which the first process of a container ignores by default) and SIGALRM."""
        signal.signal(signal.SIGINT, self._on_cancel)
        signal.signal(signal.SIGTERM, self._on_cancel)
        signal.signal(signal.SIGALRM, self._on_alarm)
        # What started this process may have held them back until now (docker/main does).
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, unless the workflow is cancelled."""
        self.interruptible(lambda: time.sleep(seconds))

    def interruptible(self, call: Callable[[], T], *, limit_seconds: float = 0.0, grace_seconds: float = 0.0) -> T:
        """Make a call that a signal may interrupt, as `Clock` says."""
        try:
            self._grace_seconds = grace_seconds
            self._ends_at = time.monotonic() + (limit_seconds or math.inf)
            # Only now: a signal that comes after this finds a call that it can end.
            if self._signalled_at is not None:
                self._ends_at = self._signalled_at
            self._end_or_ring_again(before_call=True)
            return call()
        # Python runs a signal's handler after a call or in a loop: never between the end of this call and what the
        # next lines set.
        except Aborted:
            self._is_told, self._signalled_at = True, None
            raise
        finally:
            self._ends_at = None
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _on_cancel(self, _signal: int, _frame: FrameType | None) -> None:
        if self._is_told:
            return
        now = time.monotonic()
        grace = 0.0 if self._signalled_at is not None else self._grace_seconds
        self._signalled_at = self._signalled_at or now
        # If the end has passed, an exception is on its way. A second one could stop what the first one tidies up.
        if self._ends_at is not None and now < self._ends_at:
            self._ends_at = min(self._ends_at, now + grace)
            self._end_or_ring_again()

    def _on_alarm(self, _signal: int, _frame: FrameType | None) -> None:
        # An alarm that comes just as a call ends means nothing.
        if self._ends_at is not None:
            self._end_or_ring_again()

    def _end_or_ring_again(self, *, before_call: bool = False) -> None:
        """Raise what has to end the call by now; otherwise see that the alarm rings in time for it."""
        assert self._ends_at is not None
        now = time.monotonic()
        left = self._ends_at - now
        soon = left if 0 < left < ALARM_AGAIN_SECONDS else ALARM_AGAIN_SECONDS
        signal.setitimer(signal.ITIMER_REAL, soon, ALARM_AGAIN_SECONDS)
        if left > 0:
            return
        if self._signalled_at is not None:
            raise Aborted(now - self._signalled_at, before_call=before_call)
        raise CallTimeout


@contextmanager
def without_signals() -> Iterator[None]:
    """Hold signals back while threads are started: these inherit that, so a signal always wakes the main thread."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGALRM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
