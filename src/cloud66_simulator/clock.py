"""A clock that a test moves; a simulator that is served for real takes `time.time`."""


class ManualClock:
    """A clock that stands still until its `sleep` moves it, from 2026-01-01T00:00:00Z."""

    def __init__(self) -> None:
        self._now = 1_767_225_600.0

    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock forward by that many seconds, at once; it never goes back."""
        self._now += max(0.0, seconds)
