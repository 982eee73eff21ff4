"""Time, handed in: rooms ask a clock, so that a test can move it."""

import time
from typing import Protocol

from cloud66_redeploy.interrupts import Interrupts


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


class SystemClock:
    """The machine's clock, with sleeps that a cancelled workflow interrupts."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, unless the workflow is cancelled."""
        self._interrupts.window(lambda: time.sleep(seconds))
