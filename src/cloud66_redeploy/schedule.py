"""When to look next. Pure: elapsed time in, pause out."""

import random

from cloud66_redeploy.errors import ApiError

MIN_PAUSE_SECONDS = 2.0
MAX_PAUSE_SECONDS = 15.0
"""With the share below, a job settles at 240 looks an hour: a dozen jobs fit in one user's 3,000 calls."""

LOOK_SHARE = 0.05
"""A look comes late by at most this share of the time already spent waiting, so nobody minds the difference."""

THROTTLED_PAUSE_SECONDS = 60.0
"""The hourly limit is used up for all jobs of the user: one call a minute finds the new hour without hammering."""

SETTLE_SECONDS = 60.0
"""How long after a POST without an answer its action may still appear."""

_JITTER = 0.1
"""Jobs that started together shall not look together."""


def pause_before_next_look(
    elapsed_seconds: float,
    poll_interval_seconds: float,
    share: float = LOOK_SHARE,
    rng: random.Random | None = None,
) -> float:
    """Return the pause before the next look, in seconds: a share of the elapsed time, within bounds, with jitter."""
    steady = min(MAX_PAUSE_SECONDS, max(MIN_PAUSE_SECONDS, share * elapsed_seconds))
    jittered = steady * (rng or random).uniform(1 - _JITTER, 1 + _JITTER)
    return min(jittered, poll_interval_seconds)


def pause_asked_for(error: ApiError) -> float:
    """Return how long the server wants to be left alone, in seconds."""
    return max(error.retry_after or 0.0, THROTTLED_PAUSE_SECONDS if error.throttled else 0.0)
