"""What the server's clock says, from the Date header of its answers. Pure: what was seen and when goes in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass
class ServerTime:
    """
    The server's clock beside ours.

    A header is exact to the second; records of the server are, too.
    """

    _said: datetime | None = field(default=None, init=False)
    _at: float = field(default=0.0, init=False)

    def note(self, header: str | None, now: float) -> None:
        """Take down what an answer says; `now` is monotonic seconds. Anything but a date says nothing."""
        said = as_http_date(header)
        if said is not None:
            self._said, self._at = said, now

    def instant_of(self, moment: datetime) -> float | None:
        """Turn a time of the server's into an instant (monotonic seconds); None where no answer said its clock."""
        return None if self._said is None else self._at + (moment - self._said).total_seconds()


def as_http_date(header: str | None) -> datetime | None:
    """Read the date in a header (without a zone: UTC); None for anything else."""
    try:
        moment = parsedate_to_datetime(header or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        # The library's reader trips over some kinds of nonsense with the last two.
        return None
