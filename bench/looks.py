"""
When to look: our schedule beside its rivals, on deployments that are drawn. Prints a table and writes looks.svg.

    make bench-looks

Each case draws deployments (lognormal around the median; one in ten fails early, at any moment), each with a past of
its own. A schedule's figures are the mean and the 95th percentile of the lag (from the end to the look that sees it)
and the calls (looks). What matters is lag x calls: twice the looks halve the lag, so only knowing when to look lowers
it. The clairvoyant schedule knows the true distribution and is the best that there is for it under the same cap of
30 s: nothing that looks can do better.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from pathlib import Path
from statistics import NormalDist, fmean, quantiles

from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.polling.pauses import jittered, pause_before_next_look
from looks_plot import draw

POLL_INTERVAL = 30.0
PAST = 20
PASTS = 120
ENDS = 40
EARLY = 0.1
WORTHS = (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.75, 1, 1.5, 2.5, 4)
OURS = "ours"
CLAIRVOYANT = "clairvoyant"

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


class Clairvoyant:
    """
    The best schedule of all that know the true distribution, under the same cap: found by dynamic programming.

    On a grid of whole steps, the best pause from each moment is that with the least of: a call's worth, the lag that
    is to be expected in it, and what is to be expected after it. Of all worths of a call, the one that leads to the
    least lag x calls is taken.
    """

    def __init__(self, case: Case) -> None:
        self._step = max(1.0, case.median / 300)
        normal = NormalDist(0, case.spread)
        size = int(case.median * exp(4 * case.spread) / self._step) + 1
        self._alive = [1.0] + [self._survival(case, normal, number * self._step) for number in range(1, size + 1)]
        self._alive[-1] = 0.0
        # The mean time between a moment and the end, for those that end before: from sums over the grid.
        self._area = [0.0]
        for sooner, later in pairwise(self._alive):
            self._area.append(self._area[-1] + self._step * (sooner + later) / 2)

    @staticmethod
    def _survival(case: Case, normal: NormalDist, age: float) -> float:
        late = 1 - normal.cdf(log(age / case.median))
        # Early ones: uniform over a duration drawn alike; the mean of max(0, 1 - age / duration).
        inverse = exp(case.spread**2 / 2) / case.median
        early = late - age * inverse * (1 - normal.cdf(log(age / case.median) + case.spread**2))
        return (1 - EARLY) * late + EARLY * max(0.0, early)

    def all(self) -> list[Figures]:
        """Return the figures of the best schedule for each worth of a call, the cheapest calls first."""
        return [self._figures(worth) for worth in WORTHS]

    def _figures(self, worth: float) -> Figures:
        alive, area, step = self._alive, self._area, self._step
        last, most = len(alive) - 1, int(POLL_INTERVAL / step)
        value = [0.0] * (last + 1)
        chosen = [1] * (last + 1)
        for at in range(last - 1, -1, -1):
            cost = worth * alive[at]
            best = float("inf")
            for pause in range(1, min(most, last - at) + 1):
                then = at + pause
                # Lag: each that ends in between waits for `then`; pause x dead - what they lived of it.
                found = cost + pause * step * alive[at] - (area[then] - area[at]) + value[then]
                if found < best:
                    best, chosen[at] = found, pause
            value[at] = best
        at, calls, lag = 0, 0.0, 0.0
        while at < last:
            then = at + chosen[at]
            calls += alive[at]
            lag += chosen[at] * step * alive[at] - (area[then] - area[at])
            at = then
        return Figures(lag, float("nan"), calls)


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
    bounds: dict[str, list[Figures]] = {}
    say(f"{'case':34}{'schedule':18}{'mean lag':>9}{'p95':>8}{'calls':>8}{'lag x calls':>13}{'/ clairvoyant':>15}")
    for case in [*KNOWN, *UNKNOWN, *WRONG]:
        bounds[case.name] = Clairvoyant(case).all()
        best = min(bounds[case.name], key=lambda figures: figures.product)
        found[case.name] = {name: measure(case, make) for name, make in schedules().items()} | {CLAIRVOYANT: best}
        for name, one in found[case.name].items():
            p95 = f"{one.p95:8.1f}" if one.p95 == one.p95 else f"{'':8}"
            ratio = one.product / best.product
            say(f"{case.name:34}{name:18}{one.lag:9.2f}{p95}{one.calls:8.1f}{one.product:13.1f}{ratio:15.2f}")
    report(found, bounds["5 min, 10%"])
    dots = {case: {name: (one.calls, one.lag) for name, one in rows.items()} for case, rows in found.items()}
    Path("looks.svg").write_text(draw(dots), encoding="utf8")
    say("\nThe plot is in looks.svg.")


def report(found: dict[str, dict[str, Figures]], bounds: list[Figures]) -> None:
    """Print the goals, and what physics allows where one can't be met."""

    def over(case: str, rival: str) -> float:
        return found[case][OURS].product / found[case][rival].product

    say("\nGoals (poll_interval 30 s; lag x calls):")
    goal("5 min, 10%: beside every 15 s", over("5 min, 10%", "every 15 s"), 0.5)
    goal("5 min, 25%: beside every 15 s", over("5 min, 25%", "every 15 s"), 0.75)
    goal("5 min, 10%: mean lag in seconds", found["5 min, 10%"][OURS].lag, 5)
    goal("5 min, 10%: calls", found["5 min, 10%"][OURS].calls, 15)
    for case in KNOWN:
        goal(f"{case.name}: beside the clairvoyant", over(case.name, CLAIRVOYANT), 1.3)
    for case in WRONG:
        goal(f"{case.name}: beside every 15 s", over(case.name, "every 15 s"), 1.1)
    for case in [*UNKNOWN, *WRONG]:
        goal(f"{case.name}: beside the clairvoyant", over(case.name, CLAIRVOYANT), 1.3)
    fifteen = found["5 min, 10%"]["every 15 s"].product
    within = min((one for one in bounds if one.calls <= 15), key=lambda figures: figures.product)
    say("\nBounds:")
    say(f"5 min, 10%: the clairvoyant with at most 15 calls has {within.lag:.2f} s for {within.calls:.1f} calls,")
    say(
        f"{within.product / fifteen:.3f} of every 15 s; with any number of calls "
        f"{min(one.product for one in bounds) / fifteen:.3f}."
    )
    say("Who knows nothing, or something wrong, can't tell the seconds before the end from any others: looking evenly")
    say("costs about half of the duration in lag x calls, whatever the pause. Beside the clairvoyant that is:")
    for case in UNKNOWN:
        say(f"  {case.name}: {case.median / 2 / found[case.name][CLAIRVOYANT].product:.2f}")


if __name__ == "__main__":
    main()
