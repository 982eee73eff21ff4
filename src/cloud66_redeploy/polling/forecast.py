"""
When a deployment is likely to end, from how long earlier ones took. Pure.

Three things may happen, and the forecast is their mixture. It ends as the past has it: a bell (on a scale of ratios)
around those that agree with one another, and a small one around each that doesn't, so one odd duration moves little
and a pipeline that has just changed is seen in both places. Or it fails early, at any moment. Or the past is no guide
any more. Past the usual end only that is left: then the odds of its ending in the next second fall, and looks calm.
"""

from dataclasses import dataclass, field
from itertools import takewhile
from math import erfc, exp, log, pi, sqrt
from statistics import fmean, median, quantiles, stdev
from typing import Self

FEWEST_DURATIONS = 5
"""With fewer past durations than this, their spread is anybody's guess."""

_EARLY = 0.1
"""The share of deployments that fail before they would have ended."""

_SURPRISE = 0.03
"""The odds that the past is no guide: small, or sure ones would pay for it; never none, or it could not be noticed."""

_SURPRISE_HAZARD = 4.0
"""How often in a usual duration it ends then. Less would miss a pipeline that has become twice as slow by far."""

_CALM = 2.5
"""From this many usual durations on it falls: what has hung for so long may hang for ever."""

_CHANGE = 5
"""So many in a row beyond nine tenths of the older ones are no accident."""

_ODD = 3.5
"""How many usual deviations off a duration is odd (Iglewicz and Hoaglin)."""

_NARROWEST, _WIDEST = 0.03, 0.5
"""Bounds of a bell's width, as a ratio: even a steady pipeline varies by some percent."""


@dataclass(frozen=True)
class Bell:
    """One way to end: a weight, and middle and width of the logarithm of the duration in seconds."""

    weight: float
    middle: float
    width: float

    def ends(self, age: float) -> float:
        """Return its density at an age in seconds."""
        off = (log(age) - self.middle) / self.width
        return self.weight * exp(-off * off / 2) / (self.width * age * sqrt(2 * pi))

    def goes_on(self, age: float) -> float:
        """Return its share that is not over at an age in seconds."""
        return self.weight * erfc((log(age) - self.middle) / self.width / sqrt(2)) / 2


@dataclass(frozen=True)
class Forecast:
    """
    What past durations say about this one.

    Attributes:
        durations: how long earlier ones took, in seconds, the newest first; all above 0, at least five.
        usual_seconds: the middle one.

    """

    durations: tuple[float, ...]
    usual_seconds: float = field(init=False)
    _bells: tuple[Bell, ...] = field(init=False, repr=False)
    _known: dict[int, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        now = _of_this_pipeline(self.durations)
        object.__setattr__(self, "usual_seconds", median(now))
        object.__setattr__(self, "_bells", _bells([log(value) for value in now]))

    @classmethod
    def of(cls, durations: tuple[float, ...]) -> Self | None:
        """Make a forecast of durations in seconds, the newest first; None where there are too few to tell."""
        return cls(durations) if len(durations) >= FEWEST_DURATIONS else None

    def hazard(self, second: int) -> float:
        """Return the odds (per second) that it ends in this second of its running, if it has not ended before."""
        if second not in self._known:
            self._known[second] = self._hazard(second + 0.5)
        return self._known[second]

    def _hazard(self, age: float) -> float:
        usual = self.usual_seconds
        odds, surprise = _surprise(age / usual)
        goes_on = _EARLY * max(0.0, 1 - age / usual) + surprise + sum(bell.goes_on(age) for bell in self._bells)
        ends = _EARLY / usual if age < usual else 0.0
        ends += surprise * odds / usual + sum(bell.ends(age) for bell in self._bells)
        return ends / goes_on


def _surprise(ages: float) -> tuple[float, float]:
    """Return hazard and weight of what the past doesn't tell, at an age in usual durations."""
    late = max(1.0, ages / _CALM)
    goes_on = exp(-_SURPRISE_HAZARD * min(ages, _CALM)) * late ** (-_SURPRISE_HAZARD * _CALM)
    return _SURPRISE_HAZARD / late, _SURPRISE * goes_on


def _of_this_pipeline(durations: tuple[float, ...]) -> tuple[float, ...]:
    """Return those since the pipeline last changed: where the newest five are all beyond nearly all older ones."""
    newest, older = durations[:_CHANGE], durations[_CHANGE:]
    if len(older) < _CHANGE:
        return durations
    tenths = quantiles(older, n=10)
    for beyond in (lambda value: value > tenths[-1], lambda value: value < tenths[0]):
        if all(map(beyond, newest)):
            return tuple(takewhile(beyond, durations))
    return durations


def _bells(logs: list[float]) -> tuple[Bell, ...]:
    middle = median(logs)
    usual_deviation = max(_NARROWEST, 1.4826 * median(abs(value - middle) for value in logs))
    agree = [value for value in logs if abs(value - middle) <= _ODD * usual_deviation]
    # Drawn from so few, the next one strays a little further than they do from their own mean.
    width = min(_WIDEST, max(_NARROWEST, stdev(agree) * sqrt(1 + 1 / len(agree))))
    share = (1 - _EARLY - _SURPRISE) / len(logs)
    odd = [Bell(share, value, width) for value in logs if abs(value - middle) > _ODD * usual_deviation]
    return (Bell(share * len(agree), fmean(agree), width), *odd)
