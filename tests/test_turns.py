"""Several that look in turn."""

from collections.abc import Sequence
from typing import Any

import pytest

from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.polling.poll import poll_all
from elsewhere import rows
from scripted import Clock


class Looks:
    """Looks at the instants that were planned, and has a result at the last of them."""

    def __init__(self, clock: Clock, name: int, seen: list[tuple[int, float]], *instants: float, takes: float) -> None:
        self._clock, self._name, self._seen, self._takes = clock, name, seen, takes
        self._instants = list(instants)
        self.due = self._instants.pop(0)

    def look(self) -> Result | None:
        self._seen.append((self._name, self._clock.now))
        self._clock.now += self._takes
        if not self._instants:
            return Result(Reason.SUCCEEDED, evidence=f"{self._name} at {self._clock.now:g}")
        self.due = self._instants.pop(0)
        return None


def play(*plans: Sequence[float], takes: float = 0.0) -> tuple[list[tuple[int, float]], list[float], list[str], Clock]:
    """Let all look by their plans (the first look of the first one takes so long); return looks, rounds and results."""
    clock, seen, rounds, told = Clock(), list[tuple[int, float]](), list[float](), list[tuple[int, str]]()
    turns: list[Any] = [Looks(clock, name, seen, *plan, takes=0 if name else takes) for name, plan in enumerate(plans)]
    found = poll_all(
        turns, clock, lambda: rounds.append(clock.now), lambda number, result: told.append((number, result.evidence))
    )
    results = [one.evidence for one in found]
    # Each is told of once, as it comes.
    assert sorted(told) == list(enumerate(results))
    times = [float(text.rpartition(" ")[2]) for _, text in told]
    assert times == sorted(times)
    return seen, rounds, results, clock


@rows(
    "plans, seen, rounds",
    {
        "one alone": ([(0, 5, 7.5, 30)], "0@0 0@5 0@7.5 0@30", [0, 5, 7.5, 30]),
        "the first look is to come": ([(4,)], "0@4", [0, 4]),
        "what is due within a second shares a round": (
            [(0, 10), (0, 10.9), (0, 12.1)], "0@0 1@0 2@0 0@10 1@10 2@12.1", [0, 10, 12.1]
        ),
        "who has a result never looks again": ([(0, 20), (0,), (0, 20, 40)], "0@0 1@0 2@0 0@20 2@20 2@40", [0, 20, 40]),
        "the last one is done first": ([(0, 9), (0, 3), (0,)], "0@0 1@0 2@0 1@3 0@9", [0, 3, 9]),
        "nobody": ([], "", [0]),
    },
)  # fmt: skip
def test_who_looks_when(plans: list[Sequence[float]], seen: str, rounds: list[float]) -> None:
    """Each looks when it is due, in order, in as few rounds as that takes; results keep the order of the turns."""
    looks, at, results, clock = play(*plans)
    assert " ".join(f"{name}@{when:g}" for name, when in looks) == seen
    assert (at, sum(clock.pauses)) == (rounds, rounds[-1])
    assert results == [f"{name} at {max(when for one, when in looks if one == name):g}" for name in range(len(plans))]


@pytest.mark.parametrize("takes", [3.0, 30.0])
def test_one_that_is_overdue_does_not_wait(takes: float) -> None:
    """Looks that take longer than the pauses make the next ones come at once, never after a negative sleep."""
    looks, _, results, clock = play((0, 5, 10), (0, 5, 10), takes=takes)
    assert ([name for name, _ in looks].count(0), len(looks), len(results)) == (3, 6, 2)
    assert min(clock.pauses) >= 0
