"""Several that look in turn."""

from collections.abc import Sequence
from typing import Any

import pytest

from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.polling.poll import poll_all
from scripted import Clock


class Script:
    """Looks at the instants that were planned, and has a result at the last of them."""

    def __init__(self, clock: Clock, *instants: float, takes: float = 0.0, seen: list[object] | None = None) -> None:
        self._clock = clock
        self._instants = list(instants)
        self._takes = takes
        self._seen = [] if seen is None else seen
        self.due = self._instants.pop(0)
        self.times: list[float] = []

    def look(self) -> Result | None:
        self.times.append(self._clock.now)
        self._seen.append(self)
        self._clock.now += self._takes
        if not self._instants:
            return Result(Reason.SUCCEEDED, evidence=f"at {self._clock.now:g}")
        self.due = self._instants.pop(0)
        return None


Looks: Any = Script


def reasons(results: Sequence[Result]) -> list[str]:
    """Return what the results say."""
    return [one.evidence for one in results]


def test_one_looks_when_it_is_due() -> None:
    """One alone looks at its own instants, and sleeps in between and no longer."""
    clock = Clock()
    one = Looks(clock, 0, 5, 7.5, 30)
    assert reasons(poll_all([one], clock)) == ["at 30"]
    assert (one.times, clock.pauses) == ([0, 5, 7.5, 30], [5, 2.5, 22.5])


def test_results_keep_the_order_of_the_turns() -> None:
    """Results are returned in the order of the turns, and told as they come."""
    clock, told = Clock(), list[tuple[int, str]]()
    turns = [Looks(clock, 0, 9), Looks(clock, 0, 3), Looks(clock, 0)]
    found = poll_all(turns, clock, on_result=lambda number, result: told.append((number, result.evidence)))
    assert reasons(found) == ["at 9", "at 3", "at 0"]
    assert told == [(2, "at 0"), (1, "at 3"), (0, "at 9")]


def test_what_is_due_together_shares_a_round() -> None:
    """Looks that are due within a second of each other are made in one round, later ones in their own."""
    clock, rounds = Clock(), list[float]()
    near, far = Looks(clock, 0, 10.9), Looks(clock, 0, 12.1)
    poll_all([Looks(clock, 0, 10), near, far], clock, lambda: rounds.append(clock.now))
    assert rounds == [0, 10, 12.1]
    assert (near.times, far.times) == ([0, 10], [0, 12.1])


def test_a_round_goes_in_the_order_of_the_turns() -> None:
    """Within a round each looks once, in order, and one that has a result never again."""
    clock, seen = Clock(), list[object]()
    turns = [Looks(clock, 0, 20, seen=seen), Looks(clock, 0, seen=seen), Looks(clock, 0, 20, 40, seen=seen)]
    poll_all(turns, clock)
    assert seen == [*turns, turns[0], turns[2], turns[2]]


@pytest.mark.parametrize("takes", [0.0, 3.0, 30.0])
def test_one_that_is_overdue_does_not_wait(takes: float) -> None:
    """Looks that take longer than the pauses make the next ones come at once, never a negative sleep."""
    clock = Clock()
    slow, quick = Looks(clock, 0, 5, 10, takes=takes), Looks(clock, 0, 5, 10)
    assert len(poll_all([slow, quick], clock)) == 2
    assert min(clock.pauses, default=0.0) >= 0
    assert (len(slow.times), len(quick.times)) == (3, 3)


def test_the_first_look_may_be_to_come() -> None:
    """One whose first look is due later is slept for."""
    clock = Clock()
    assert reasons(poll_all([Looks(clock, 4)], clock)) == ["at 4"]


def test_nobody_has_no_results() -> None:
    """Without turns there is nothing to wait for."""
    clock = Clock()
    assert (poll_all([], clock), clock.pauses) == ([], [])
