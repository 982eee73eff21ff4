"""How a run ended: the word, and what is to be said of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a run ended, or, for one look, how things stand."""

    SUCCESS = "success"
    SCHEDULED = "scheduled"
    SKIPPED = "skipped"
    DRY_RUN = "dry_run"
    QUEUED = "queued"
    DEPLOYING = "deploying"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown"
    FAILED = "failed"

    @property
    def is_green(self) -> bool:
        """Whether the job may go on."""
        return self not in _RED


_RED = {Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.UNKNOWN, Outcome.FAILED}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst: a known failure before what isn't known, that before what may still go on."""
    return max(outcomes, key=list(Outcome).index)


@dataclass(frozen=True)
class Result:
    """
    How a run ended, as data.

    Attributes:
        outcome: the word.
        reason: one sentence for people.
        evidence: what the server said that led to it, or "".
        advice: what to do next, where it is more than the outcome's usual advice.
        as_asked: whatever the outcome, it is what the command was for (a cancellation, a look), so the job may go on.

    """

    outcome: Outcome
    reason: str
    evidence: str = ""
    advice: str = ""
    as_asked: bool = False

    @property
    def is_green(self) -> bool:
        """Whether the job may go on."""
        return self.as_asked or self.outcome.is_green
