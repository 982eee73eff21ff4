"""Several that look in turn."""

import pytest

from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.polling.poll import poll_all
from elsewhere import rows
from scripted import Clock


class Looks:
    """Looks at the instants that were planned, and has a result at the last of them; a look may take its time."""

    def __init__(self, clock: Clock, name: int, seen: list[str], *instants: float, takes: float = 0.0) -> None:
        self._clock, self._name, self._seen, self._takes = clock, name, seen, takes
        self.due, *self._instants = instants

    def look(self) -> Result | None:
        self._seen.append(f"{self._name}@{self._clock.now:g}")
        self._clock.now += self._takes
        if not self._instants:
            return Result(Reason.SUCCEEDED, evidence=f"{self._name}@{self._clock.now:g}")
        self.due = self._instants.pop(0)
        return None


@rows(
    "plans, seen, rounds, ends",
    {
        "the first look is to come": ([(4, 5, 7.5, 30)], "0@4 0@5 0@7.5 0@30", [0, 4, 5, 7.5, 30], "0@30"),
        "what is due within a second shares a round": (
            [(0, 10), (0, 10.9), (0, 12.1)], "0@0 1@0 2@0 0@10 1@10 2@12.1", [0, 10, 12.1], "0@10 1@10 2@12.1"
        ),
        "who has a result never looks again": (
            [(0, 20), (0,), (0, 20, 40)], "0@0 1@0 2@0 0@20 2@20 2@40", [0, 20, 40], "1@0 0@20 2@40"
        ),
        "nobody": ([], "", [0], ""),
    },
)  # fmt: skip
def test_who_looks_when(plans: list[tuple[float, ...]], seen: str, rounds: list[float], ends: str) -> None:
    """Each looks when it is due, in as few rounds as that takes; each is told of as it ends, and kept in its place."""
    clock, looks, at, told = Clock(), list[str](), list[float](), list[str]()
    polls = [Looks(clock, name, looks, *plan) for name, plan in enumerate(plans)]
    found = poll_all(polls, clock, lambda: at.append(clock.now), lambda _, result: told.append(result.evidence))
    assert (" ".join(looks), at, " ".join(told)) == (seen, rounds, ends)
    assert [one.evidence for one in found] == sorted(told)


@pytest.mark.parametrize("takes", [3.0, 30.0])
def test_one_that_is_overdue_does_not_wait(takes: float) -> None:
    """Looks that take longer than the pauses make the next ones come at once, never after a negative sleep."""
    clock, looks = Clock(), list[str]()
    poll_all([Looks(clock, 0, looks, 0, 5, 10, takes=takes), Looks(clock, 1, looks, 0, 5, 10)], clock)
    assert (len(looks), clock.now) == (6, max(10, 3 * takes) + takes * (takes < 10))
