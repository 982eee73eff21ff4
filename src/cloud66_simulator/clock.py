"""A clock that a test moves; a simulator that is served for real takes `time.time`."""

from typing import Protocol

DEFAULT_START = 1_767_225_600.0
"""2026-01-01T00:00:00Z in epoch seconds."""


class Sleeper(Protocol):
    """Whatever can let time pass."""

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""


class ManualClock:
    """A clock that stands still until it is moved. Its `sleep` moves it."""

    def __init__(self) -> None:
        self._now = DEFAULT_START

    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward by that many seconds; it never goes back."""
        self._now += max(0.0, seconds)

    def sleep(self, seconds: float) -> None:
        """Pass that many seconds, at once."""
        self.advance(seconds)
