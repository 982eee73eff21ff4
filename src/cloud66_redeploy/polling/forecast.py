"""
When a deployment is likely to end, from how long earlier ones took. Pure.

Until shortly before the usual time it ends only if it fails early. Around the usual time it ends at last, or the past
is no guide any more: then it may end at any moment, and the longer it has hung, the longer it may go on.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Self

FEWEST_DURATIONS = 5
"""Fewer past durations tell nothing of their spread. If so many differ from the older ones, it isn't by chance."""

LAG_SECONDS_WORTH_A_CALL = 0.47
"""
How many seconds of lag a call has to save to be worth it: the one number that trades lag against calls.

For a five-minute deployment that varies by a tenth it comes to 4.8s of lag for 15 calls, as many as a look every 20s
takes (`make bench-looks`).
"""

_EARLY_ENDS = 0.1
_USUAL_ENDS = 0.7
_LATE_ENDS = 2.0
"""How many ends to expect: in a usual duration before the usual end, in a deviation around it, in a usual one after."""

_BEGIN, _END = 1.5, 2.5
"""The usual end lies between so many deviations before the usual time and so many after it."""

_CALM = 2.5
"""After so many usual durations, an end becomes ever less likely: what has hung for so long may hang forever."""

_CHANGE = 3.0
"""If the newest ones are so many deviations away from the older ones, the pipeline has changed."""

_NARROWEST, _WIDEST = 0.03, 0.5
"""Bounds of the deviation, as a share: even a steady pipeline varies by some percent."""


@dataclass(frozen=True)
class Forecast:
    """
    What past durations say about this one, in seconds: the usual one, and how far the others are off from it.

    Both are medians, so one odd duration moves neither.
    """

    usual_seconds: float
    deviation_seconds: float

    @classmethod
    def of(cls, durations: tuple[float, ...]) -> Self | None:
        """Make a forecast of durations in seconds, the newest first; None where there are too few to tell."""
        newest, older = durations[:FEWEST_DURATIONS], durations[FEWEST_DURATIONS:]
        if len(newest) < FEWEST_DURATIONS:
            return None
        if len(older) >= FEWEST_DURATIONS:
            before = cls._of(older)
            if abs(median(newest) - before.usual_seconds) > _CHANGE * before.deviation_seconds:
                return cls._of(newest)
        return cls._of(durations)

    @classmethod
    def _of(cls, durations: tuple[float, ...]) -> Self:
        usual = median(durations)
        deviation = 1.4826 * median(abs(seconds - usual) for seconds in durations)
        return cls(usual, min(_WIDEST * usual, max(_NARROWEST * usual, deviation)))

    def pause(self, age_seconds: float) -> float:
        """
        Return the pause, in seconds, for a deployment that has been running so long.

        By inspection theory (Barlow, Hunter and Proschan; Keller): with a call worth c seconds of lag, and h ends to be
        expected in a second, looks are best sqrt(2c / h) apart.
        """
        usual, deviation = self.usual_seconds, self.deviation_seconds
        if age_seconds > usual + _END * deviation:
            return _best(max(usual, age_seconds / _CALM) / _LATE_ENDS)
        left = max(0.0, usual - _BEGIN * deviation - age_seconds)
        return min(_best(usual / _EARLY_ENDS), left + _best(deviation / _USUAL_ENDS))


def _best(seconds_for_an_end: float) -> float:
    return sqrt(2 * LAG_SECONDS_WORTH_A_CALL * seconds_for_an_end)
