"""When to look next. Pure: how long it has been running and what is known of its past in, pause out."""

import random
from math import sqrt
from typing import TYPE_CHECKING

from cloud66_redeploy.errors import ApiError, Doubted
from cloud66_redeploy.timing import (
    ASK_AGAIN_SECONDS,
    MAX_PAUSE_SECONDS,
    MIN_PAUSE_SECONDS,
    SHORTEST_PAUSE_SECONDS,
)

if TYPE_CHECKING:
    from cloud66_redeploy.polling.forecast import Forecast

LOOK_SHARE = 0.05
"""A look comes late by at most this share of the time already spent waiting, so nobody minds the difference."""

LAG_SECONDS_WORTH_A_CALL = 0.46
"""
How many seconds of lag a call has to save to be worth it: the one number that trades lag against calls.

For a five-minute deployment that varies by a tenth it comes to 4.4 s of lag for 15 calls, as many as a look every 20 s
takes. Less buys lag dearly: 0.35 saves half a second for one call and a half (`make bench-looks`).
"""

_JITTER = 0.1
_SMALL_JITTER = 0.03
"""Jobs that started together shall not look together."""


def pause_before_next_look(
    elapsed_seconds: float,
    poll_interval_seconds: float,
    share: float = LOOK_SHARE,
    rng: random.Random | None = None,
) -> float:
    """Return the pause before the next look, in seconds: a share of the elapsed time, within bounds, with jitter."""
    steady = min(MAX_PAUSE_SECONDS, max(MIN_PAUSE_SECONDS, share * elapsed_seconds))
    return min(steady * (rng or random).uniform(1 - _JITTER, 1 + _JITTER), poll_interval_seconds)


def pause_by_past(
    forecast: "Forecast", age_seconds: float, poll_interval_seconds: float, rng: random.Random | None = None
) -> float:
    """
    Return the pause, in seconds, for a deployment that has been running so long.

    By inspection theory (Barlow, Hunter and Proschan; Keller): with a call worth c seconds of lag, looks are best as
    dense as sqrt(hazard / 2c). The next one is due when that density, added up from the last one, has come to one.
    """
    due, pause = 0.0, 0.0
    while due < 1 and pause < poll_interval_seconds:
        density = sqrt(forecast.hazard(int(age_seconds + pause)) / (2 * LAG_SECONDS_WORTH_A_CALL))
        step = min(1.0, (1 - due) / density)
        due, pause = due + step * density, pause + step
        if step < 1:
            break
    return jittered(pause, poll_interval_seconds, rng)


def jittered(pause_seconds: float, poll_interval_seconds: float, rng: random.Random | None = None) -> float:
    """Return a pause give or take three percent, at least a second and at most poll_interval."""
    spread = pause_seconds * (rng or random).uniform(1 - _SMALL_JITTER, 1 + _SMALL_JITTER)
    return min(max(SHORTEST_PAUSE_SECONDS, spread), poll_interval_seconds)


def pause_after(error: ApiError, pause_seconds: float) -> float:
    """Return the pause after a failed look, in seconds: as long as the server asks for, short where a no is doubted."""
    if isinstance(error, Doubted):
        return ASK_AGAIN_SECONDS
    return max(pause_seconds, error.pause_asked_for)
