"""Ask an application until it answers well several times in a row, or until its time is up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cloud66_redeploy.api.application import Application
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.model.health import GoodAnswer, Health, Problem, Visit
from cloud66_redeploy.polling.pauses import pause_before_next_look
from cloud66_redeploy.timing import BETWEEN_GOOD_VISITS_SECONDS

ENOUGH_GOOD_VISITS = 3
"""In a row, so that a restart that rolls from process to process doesn't pass by luck."""


@dataclass(frozen=True)
class Terms:
    """What to hold an application to: a good answer, and how long it gets and how far apart visits are, in seconds."""

    good: GoodAnswer
    timeout_seconds: float
    poll_interval_seconds: float


@dataclass(eq=False, repr=False)
class HealthCheck:
    """
    Checks one application.

    Attributes:
        addresses: where it may be found, the better one first; the first one that answers is it.
        on_visit: told of each visit, and how many seconds after the first that was.
        due: the instant (monotonic seconds) of the next visit.

    """

    application: Application
    addresses: Sequence[str]
    terms: Terms
    clock: Clock
    on_visit: Callable[[float, Visit], None]
    due: float = field(init=False)
    _since: float = field(init=False)
    _checks: int = field(default=0, init=False)
    _good_in_a_row: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.due = self._since = self.clock.monotonic()

    def look(self) -> Health | None:
        """Visit it once; say how it is once that is known, or set when the next visit is due."""
        address, visit = self._visit()
        now = self.clock.monotonic()
        seconds = now - self._since
        self._checks += 1
        self._good_in_a_row = 0 if visit.problem else self._good_in_a_row + 1
        self.on_visit(seconds, visit)
        if self._good_in_a_row == ENOUGH_GOOD_VISITS:
            return Health(address, True, seconds, self._checks, visit)
        if not self._good_in_a_row and seconds >= self.terms.timeout_seconds:
            return Health(address, False, seconds, self._checks, visit)
        self.due = now + self._pause(seconds)
        return None

    def _visit(self) -> tuple[str, Visit]:
        """Visit the first address that answers, and keep to it from then on."""
        for address in self.addresses:
            visit = self.application.visit(address, self.terms.good)
            # A server whose certificate can't be verified is there, and is no reason to ask in clear text.
            if visit.problem is not Problem.NO_ANSWER:
                self.addresses = [address]
                break
        return address, visit

    def _pause(self, seconds: float) -> float:
        """Return the pause before the next visit; a row of good ones that has begun in time may end."""
        if self._good_in_a_row:
            return BETWEEN_GOOD_VISITS_SECONDS
        pause = pause_before_next_look(seconds, self.terms.poll_interval_seconds)
        return min(pause, self.terms.timeout_seconds - seconds)
