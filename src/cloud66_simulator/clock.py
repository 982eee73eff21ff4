"""Clocks for the simulator: one that a test moves, and one that runs, maybe faster than the wall's."""

import time


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


class ScaledClock:
    """The machine's monotonic time, `speed` times as fast, counted from the wall time of its making."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._wall = time.time()
        self._began = time.monotonic()

    def now(self) -> float:
        """Return the scaled time in epoch seconds."""
        return self._wall + (time.monotonic() - self._began) * self._speed
