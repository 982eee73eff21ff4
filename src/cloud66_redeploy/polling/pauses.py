"""How long to pause before the next look, and what that follows from. Pure."""

import random
from enum import Enum, auto
from typing import NamedTuple

from cloud66_redeploy.errors import ApiError, Doubted
from cloud66_redeploy.timing import ASK_AGAIN_SECONDS, MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS

LOOK_SHARE = 0.05
"""A look comes late by at most this share of the time already spent waiting, so nobody minds the difference."""

_JITTER = 0.05
"""Jobs that started together should not look together."""


class Ground(Enum):
    """What the length of a pause follows from."""

    SHARE = auto()
    PAST = auto()
    AHEAD = auto()
    QUEUE = auto()
    SETTLING = auto()
    DOUBT = auto()
    ASKED = auto()
    DEADLINE = auto()
    HURRY = auto()


class Pause(NamedTuple):
    """A pause before the next look, in seconds, and what its length follows from."""

    seconds: float
    ground: Ground

    def at_most(self, seconds: float, ground: Ground) -> "Pause":
        """Return a pause that is at most so long, for that reason."""
        return self if self.seconds <= seconds else Pause(seconds, ground)

    def end(self, now: float, latest: float) -> tuple[float, Ground]:
        """Return the instant at which it ends, at the latest that one, and what that follows from."""
        end = now + self.seconds
        return (end, self.ground) if end <= latest else (latest, Ground.DEADLINE)


def pause_before_next_look(
    elapsed_seconds: float,
    poll_interval_seconds: float,
    share: float = LOOK_SHARE,
    rng: random.Random | None = None,
) -> float:
    """Return the pause before the next look, in seconds: a share of the elapsed time, within bounds, with jitter."""
    steady = min(MAX_PAUSE_SECONDS, max(MIN_PAUSE_SECONDS, share * elapsed_seconds))
    return jittered(steady, poll_interval_seconds, rng)


def jittered(pause_seconds: float, poll_interval_seconds: float, rng: random.Random | None = None) -> float:
    """Return a pause give or take five percent, at least a second and at most poll_interval."""
    # Jobs whose pauses are all longer than poll_interval should not look together, either.
    spread = min(pause_seconds, poll_interval_seconds) * (rng or random).uniform(1 - _JITTER, 1 + _JITTER)
    return min(max(SHORTEST_PAUSE_SECONDS, spread), poll_interval_seconds)


def pause_after(error: ApiError, pause: Pause) -> Pause:
    """Return the pause after a failed look: as long as the server asks for, short where a no is doubted."""
    if isinstance(error, Doubted):
        return Pause(ASK_AGAIN_SECONDS, Ground.DOUBT)
    return Pause(error.pause_asked_for, Ground.ASKED) if error.pause_asked_for > pause.seconds else pause
