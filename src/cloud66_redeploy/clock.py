"""
Time, handed in, so that a test can move it; and the only place where a signal becomes an exception.

A cancelled workflow sends SIGINT, after 7.5s SIGTERM, 2.5s later the kill. Raising from a signal handler wherever the
program happens to be would tear records and output lines apart; so a signal raises only inside an *interruptible* call:
a sleep or an HTTP call. Elsewhere it is kept and raised when the next one begins. Once raised, no further signal
disturbs what the run does about it.

SIGALRM bounds a whole HTTP call: requests' own timeouts begin again with every byte that trickles in.
"""

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
        self._signalled_at: float | None = None
        self._raised = False
        self._open = False
        self._limited = False
        self._grace_seconds = 0.0

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
            self._limited = limit_seconds > 0
            signal.setitimer(signal.ITIMER_REAL, limit_seconds, ALARM_AGAIN_SECONDS)
            self._open = True
            if self._signalled_at is not None:
                self._abort(self._signalled_at, before_call=True)
            return call()
        except Aborted:
            self._raised = True
            raise
        finally:
            self._open = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _on_cancel(self, _signal: int, _frame: FrameType | None) -> None:
        first = self._signalled_at is None
        self._signalled_at = signalled_at = self._signalled_at or time.monotonic()
        if not self._open or self._raised:
            return
        if first and self._grace_seconds:
            left = signal.getitimer(signal.ITIMER_REAL)[0] or self._grace_seconds
            signal.setitimer(signal.ITIMER_REAL, min(left, self._grace_seconds), ALARM_AGAIN_SECONDS)
        else:
            self._abort(signalled_at)

    def _on_alarm(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._open:
            return
        if self._signalled_at is not None:
            self._abort(self._signalled_at)
        # An alarm that came just as an earlier call ended is nothing to a sleep.
        if self._limited or self._grace_seconds:
            raise CallTimeout

    def _abort(self, signalled_at: float, *, before_call: bool = False) -> None:
        if not self._raised:
            raise Aborted(time.monotonic() - signalled_at, before_call=before_call)


@contextmanager
def without_signals() -> Iterator[None]:
    """Hold signals back while threads are started: these inherit that, so a signal always wakes the main thread."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGALRM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
