"""
What the headers of the answers tell: the server's clock, and how far the hour's calls go. Pure: no clock inside.

The hour's calls are shared by all jobs of the token's user. Nobody tells a job how many others there are, nor when the
hour ends; but every answer says how many calls are left, and how fast that number falls is what all of them ask
together (`polling/pace.py` slows down by it).
"""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cloud66_redeploy.timing import BURN_WINDOW_SECONDS, HOUR_SECONDS, SHORTEST_BURN_WINDOW_SECONDS

ENOUGH = 0.5
"""With more than this share of the hour's calls left, pauses are as they are."""


class Quota:
    """
    What the answers said of the hour's calls.

    Attributes:
        limit: calls an hour, or None where no answer said.
        remaining: what is left of them, or None where no answer said.

    """

    def __init__(self) -> None:
        self.limit: int | None = None
        self.remaining: int | None = None
        self._seen = deque[tuple[float, int]]()
        self._hour_from = 0.0

    def note(self, limit: str | None, remaining: str | None, now: float) -> None:
        """Take down what an answer's headers say; `now` is monotonic seconds. Anything but numbers says nothing."""
        most, left = _number(limit), _number(remaining)
        if most is None or left is None or most == 0:
            return
        if self.remaining is None or left > self.remaining + most * 0.02:
            # A new hour. (Answers may overtake one another, so a little more is none.)
            self._seen.clear()
            self._hour_from = now
        self.limit, self.remaining = most, left
        self._seen.append((now, left))
        while now - self._seen[0][0] > BURN_WINDOW_SECONDS and len(self._seen) > 2:
            self._seen.popleft()

    @property
    def is_low(self) -> bool:
        """Whether the hour's calls may not go round."""
        return self.limit is not None and self.remaining is not None and self.remaining < ENOUGH * self.limit

    def calls_per_second(self) -> float:
        """Return how many calls a second all jobs together make, as far as was seen; 0 where too little was."""
        if len(self._seen) < 2:
            return 0.0
        (start, most), (end, least) = self._seen[0], self._seen[-1]
        return max(0, most - least) / (end - start) if end - start >= SHORTEST_BURN_WINDOW_SECONDS else 0.0

    def hour_left(self, now: float) -> float:
        """Return how many seconds the hour can go on at most; `now` is monotonic seconds."""
        return max(0.0, HOUR_SECONDS - (now - self._hour_from))


class Headers:
    """
    What the headers of all answers have told so far.

    Attributes:
        quota: the hour's calls.

    """

    def __init__(self) -> None:
        self.quota = Quota()
        self._date: datetime | None = None
        self._date_at = 0.0

    def note(self, headers: Mapping[str, str], now: float, *, is_the_apis: bool) -> None:
        """Take down what an answer's headers say; `now` is monotonic seconds."""
        self.quota.note(headers.get("X-RateLimit-Limit"), headers.get("X-RateLimit-Remaining"), now)
        date = as_http_date(headers.get("Date"))
        # The clock of whatever else answers is its own.
        if is_the_apis and date is not None:
            self._date, self._date_at = date, now

    def instant_of(self, moment: datetime) -> float | None:
        """
        Turn a time of the server's into an instant (monotonic seconds); None where no answer said its clock.

        A header is exact to the second; records of the server are, too.
        """
        return None if self._date is None else self._date_at + (moment - self._date).total_seconds()


def as_http_date(header: str | None) -> datetime | None:
    """Read the date in a header (without a zone: UTC); None for anything else."""
    try:
        moment = parsedate_to_datetime(header or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        # The library's reader trips over some kinds of nonsense with the last two.
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
