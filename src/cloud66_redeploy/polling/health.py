"""Ask an application until it answers well several times in a row, or until its time is up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf

from cloud66_redeploy.api.application import Application
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.model.health import GoodAnswer, Health, Problem, Visit
from cloud66_redeploy.polling.pauses import pause_before_next_look
from cloud66_redeploy.timing import BETWEEN_GOOD_VISITS_SECONDS

ENOUGH_GOOD_VISITS = 3
"""In a row, so that a restart that rolls from process to process doesn't pass by luck."""


@dataclass(frozen=True)
class Terms:
    """How long an application gets, and how far apart visits are at most, in seconds."""

    timeout_seconds: float
    poll_interval_seconds: float


@dataclass(eq=False, repr=False)
class HealthCheck:
    """
    Checks one application.

    Attributes:
        addresses: where it may be found, the better one first; the first one that answers is it.
        visit_those_due: makes the visits of all checks that are due, this one's among them (see there).
        on_visit: told of each visit, and how many seconds after the first that was.
        due: the instant (monotonic seconds) of the next visit; none is due once it has said how it is.
        visited: what was asked last, and what came of it, until that is weighed.

    """

    addresses: Sequence[str]
    terms: Terms
    clock: Clock
    visit_those_due: Callable[[], None]
    on_visit: Callable[[float, Visit], None]
    due: float = field(init=False)
    visited: tuple[str, Visit] | None = field(default=None, init=False)
    _since: float = field(init=False)
    _checks: int = field(default=0, init=False)
    _good_in_a_row: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.due = self._since = self.clock.monotonic()

    def look(self) -> Health | None:
        """
        Visit it, unless that has been done with the others; say how it is once that is known, or when to visit it next.

        Raises:
            Aborted: the workflow was cancelled meanwhile.

        """
        if self.visited is None:
            self.visit_those_due()
        assert self.visited is not None
        (address, visit), self.visited = self.visited, None
        now = self.clock.monotonic()
        seconds = now - self._since
        self._checks += 1
        self._good_in_a_row = 0 if visit.problem else self._good_in_a_row + 1
        self.on_visit(seconds, visit)
        is_healthy = self._good_in_a_row == ENOUGH_GOOD_VISITS
        if is_healthy or (not self._good_in_a_row and seconds >= self.terms.timeout_seconds):
            self.due = inf
            return Health(address, is_healthy, seconds, self._checks, visit)
        self.due = now + self._pause(seconds)
        return None

    def take(self, address: str, visit: Visit) -> None:
        """Take what came of a visit; keep to the first address that answers from then on."""
        self.visited = address, visit
        # A server whose certificate can't be verified is there, and is no reason to ask in clear text.
        if visit.problem is not Problem.NO_ANSWER:
            self.addresses = [address]

    def _pause(self, seconds: float) -> float:
        """Return the pause before the next visit; a row of good ones that has begun in time may end."""
        if self._good_in_a_row:
            return BETWEEN_GOOD_VISITS_SECONDS
        pause = pause_before_next_look(seconds, self.terms.poll_interval_seconds)
        return min(pause, self.terms.timeout_seconds - seconds)


def visit_those_due(checks: Sequence[HealthCheck], application: Application, good: GoodAnswer, clock: Clock) -> None:
    """
    Make the visits that are due side by side, so that an application that hangs doesn't hold up the others.

    Raises:
        Aborted: the workflow was cancelled meanwhile.

    """
    now, number = clock.monotonic(), 0
    due = [check for check in checks if check.visited is None and check.due <= now]
    while due:
        found = application.visit_all([check.addresses[number] for check in due], good)
        for check in due:
            address = check.addresses[number]
            check.take(address, found[address])
        number += 1
        due = [check for check in due if number < len(check.addresses)]
