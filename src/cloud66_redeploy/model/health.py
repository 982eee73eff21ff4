"""Whether an application serves: what a good answer is, what came of one visit, and of all of them. Pure data."""

from enum import Enum, auto
from typing import NamedTuple
from urllib.parse import urlsplit

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""They are followed, so none of them is the last answer."""


class GoodAnswer(NamedTuple):
    """
    What counts as a good answer.

    Attributes:
        statuses: the HTTP statuses, as pairs of the lowest and the highest.
        text: what the body has to hold, or "".

    """

    statuses: tuple[tuple[int, int], ...]
    text: str = ""

    def has(self, status: int) -> bool:
        """Tell whether a status is good."""
        return any(low <= status <= high for low, high in self.statuses)


class Problem(Enum):
    """What is wrong with an answer, or why there is none."""

    STATUS = auto()
    TEXT_MISSING = auto()
    TOO_MANY_REDIRECTS = auto()
    BAD_REDIRECT = auto()
    """It leads to what is no plain address of the web."""
    NO_ANSWER = auto()
    UNTRUSTED = auto()
    """The certificate could not be verified."""


class Visit(NamedTuple):
    """
    What came of one visit.

    Attributes:
        address: what answered last, after redirects.
        status: the HTTP status, or None where none came.
        problem: what is wrong, or None.
        said: why there is no answer, in the network's words, or "".

    """

    address: str
    status: int | None = None
    problem: Problem | None = None
    said: str = ""


class Health(NamedTuple):
    """
    What all visits came to.

    Attributes:
        address: the one that was asked.
        is_healthy: it answered well, often enough in a row.
        seconds: how long that took, or how long it was tried.
        checks: how many visits that were.
        last: the last of them.

    """

    address: str
    is_healthy: bool
    seconds: float
    checks: int
    last: Visit


def without_query(address: str) -> str:
    """Return an address as it may be shown: queries hold keys."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
