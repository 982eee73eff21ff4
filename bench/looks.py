"""
When to look: our schedule beside its rivals, on deployments that are drawn. Prints a table and writes looks.svg.

    make bench-looks

Each case draws deployments (lognormal around the median; one in ten fails early, at any moment), each with a past of
its own. A schedule's figures are the mean and the 95th percentile of the lag (from the end to the look that sees it)
and the calls (looks). What matters is lag x calls: twice the looks halve the lag, so only knowing when to look lowers
it.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp
from pathlib import Path
from statistics import fmean, quantiles

from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.polling.pauses import jittered, pause_before_next_look
from looks_plot import draw

POLL_INTERVAL = 30.0
PAST = 20
PASTS = 120
ENDS = 40
EARLY = 0.1
OURS = "ours"

Pauses = Iterator[float]


@dataclass(frozen=True)
class Case:
    """Deployments of one kind; `past_ratio`: how long they used to take, as a share; None: nothing is known."""

    name: str
    median: float
    spread: float
    past_ratio: float | None = 1.0

    def draw(self, rng: random.Random) -> float:
        """Draw the duration of a deployment that succeeds, in seconds."""
        return self.median * exp(rng.gauss(0, self.spread))

    def end(self, rng: random.Random) -> float:
        """Draw when one ends, early failures included."""
        took = self.draw(rng)
        return took * rng.random() if rng.random() < EARLY else took


@dataclass(frozen=True)
class Figures:
    """What came of one schedule in one case, in seconds and calls."""

    lag: float
    p95: float
    calls: float

    @property
    def product(self) -> float:
        """Return lag x calls."""
        return self.lag * self.calls


def fixed(pause: float) -> Pauses:
    """Look every so many seconds."""
    while True:
        yield pause


def doubling(cap: float) -> Pauses:
    """Look after 1 s, 2 s, 4 s and so on, up to the cap."""
    pause = 1.0
    while True:
        yield min(cap, pause)
        pause *= 2


def ecs(rng: random.Random) -> Pauses:
    """Look as the waiters of AWS do: between 15 s and 15 s doubled each time, at most 600 s, at random."""
    most = 15.0
    while True:
        yield rng.uniform(15.0, min(600.0, most))
        most = min(600.0, most * 2)


def ours(past: tuple[float, ...], rng: random.Random) -> Pauses:
    """Look as the action does."""
    forecast = Forecast.of(past)
    age = 0.0
    while True:
        if forecast:
            pause = jittered(forecast.pause(age), POLL_INTERVAL, rng)
        else:
            pause = pause_before_next_look(age, POLL_INTERVAL, rng=rng)
        age += pause
        yield pause


def looked(pauses: Pauses, end: float) -> tuple[float, int]:
    """Return the lag in seconds and the number of looks until the end is seen."""
    at, calls = 0.0, 0
    for pause in pauses:
        at, calls = at + pause, calls + 1
        if at >= end:
            break
    return at - end, calls


def measure(case: Case, make: Callable[[random.Random, tuple[float, ...]], Pauses]) -> Figures:
    """Run one schedule over a case's deployments: the same ones for every schedule."""
    lags: list[float] = []
    calls: list[int] = []
    for number in range(PASTS):
        draws, jitter = random.Random(number), random.Random(-number - 1)  # noqa: S311
        ratio = case.past_ratio
        past = tuple(case.draw(draws) * ratio for _ in range(PAST)) if ratio else ()
        for end in [case.end(draws) for _ in range(ENDS)]:
            lag, looks = looked(make(jitter, past), end)
            lags.append(lag)
            calls.append(looks)
    return Figures(fmean(lags), quantiles(lags, n=20)[-1], fmean(calls))


def schedules() -> dict[str, Callable[[random.Random, tuple[float, ...]], Pauses]]:
    """Return every schedule that is run, by its name."""
    return {
        OURS: lambda rng, past: ours(past, rng),
        "every 5 s": lambda *_: fixed(5),
        "every 15 s": lambda *_: fixed(15),
        "doubling to 30 s": lambda *_: doubling(POLL_INTERVAL),
        "ECS": lambda rng, _: ecs(rng),
    }


KNOWN = [
    Case(f"{name}, {spread:.0%}", median, spread)
    for name, median in (("90 s", 90), ("5 min", 300), ("20 min", 1200))
    for spread in (0.1, 0.25)
]
UNKNOWN = [
    Case(f"{name}, nothing known", median, 0.1, None)
    for name, median in (("90 s", 90), ("5 min", 300), ("20 min", 1200))
]
WRONG = [
    Case(f"{name}, {word} past", median, 0.1, ratio)
    for name, median in (("90 s", 90), ("5 min", 300), ("20 min", 1200))
    for word, ratio in (("twice as slow as its", 0.5), ("twice as fast as its", 2.0))
]


def goal(what: str, value: float, most: float) -> None:
    """Print a goal, the figure, and whether it is met."""
    say(f"{'met    ' if value <= most else 'NOT MET'}  {what}: {value:.3f} (at most {most})")


def say(text: str = "") -> None:
    """Print a line."""
    print(text, flush=True)  # noqa: T201 - a command's answer


def main() -> None:
    """Measure, print the table and the goals, write the plot."""
    found: dict[str, dict[str, Figures]] = {}
    say(f"{'case':34}{'schedule':18}{'mean lag':>9}{'p95':>8}{'calls':>8}{'lag x calls':>13}")
    for case in [*KNOWN, *UNKNOWN, *WRONG]:
        found[case.name] = {name: measure(case, make) for name, make in schedules().items()}
        for name, one in found[case.name].items():
            say(f"{case.name:34}{name:18}{one.lag:9.2f}{one.p95:8.1f}{one.calls:8.1f}{one.product:13.1f}")
    say("\nGoals (poll_interval 30 s; lag x calls beside every 15 s):")
    for cases, most in ((KNOWN, 0.85), (WRONG, 1.1)):
        for case in cases:
            goal(case.name, found[case.name][OURS].product / found[case.name]["every 15 s"].product, most)
    goal("5 min, 10%: mean lag in seconds", found["5 min, 10%"][OURS].lag, 5)
    goal("5 min, 10%: calls", found["5 min, 10%"][OURS].calls, 15)
    dots = {case: {name: (one.calls, one.lag) for name, one in rows.items()} for case, rows in found.items()}
    Path("looks.svg").write_text(draw(dots), encoding="utf8")
    say("\nThe plot is in looks.svg.")


if __name__ == "__main__":
    main()
