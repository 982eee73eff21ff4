"""How single fields of a record are read: what is not of the expected type counts as not there. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cloud66_redeploy.timing import CLOCK_SKEW_SECONDS

SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS)
"""Times in two records may differ by so much and mean the same moment."""

_YEARS = range(1970, 3000)
"""A time of another year means nothing; and with the first and the last moments that there are can't be reckoned."""

LINE_BREAKS = "\n\x0b\x0c\x85\u2028\u2029"
"""What ends a line of a log; a carriage return goes back to its beginning."""


def as_id(value: object) -> int | None:
    """Read an id: a positive number of at most 18 digits, or these as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18 else None


def as_text(value: object) -> str:
    """Read a text field; anything that is not text counts as empty."""
    return value if isinstance(value, str) else ""


def as_time(value: object) -> datetime | None:
    """Read an ISO 8601 time (`…Z`, `…+00:00`, or without a zone: UTC); None for anything else."""
    try:
        moment = datetime.fromisoformat(as_text(value))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


def is_set(value: object) -> bool:
    """Tell whether a field says anything; some programs write a time that isn't set as one of the year 1."""
    return value not in (None, "", False) and not as_text(value).startswith("0001-01-01")


def is_before(moment: datetime | None, other: datetime | None, by: timedelta = timedelta()) -> bool:
    """Tell whether a moment is known to lie before another one, by more than so much."""
    return moment is not None and other is not None and moment < other - by


def lines_of(log: str) -> list[str]:
    """Return the lines of a log; what a line was before a carriage return is still in it."""
    return re.split(f"[{LINE_BREAKS}]", log)


def code_and_meaning(value: object) -> tuple[object, str]:
    """Take a `{code, meaning}` pair apart: the code as it is (text in lower case) and the meaning in lower case."""
    pair = value if isinstance(value, Mapping) else {}
    code = pair.get("code")
    code = code.lower() if isinstance(code, str) else code if isinstance(code, int) else None
    return code, as_text(pair.get("meaning")).strip().lower()


def cut(text: str, longest: int) -> str:
    """Return at most so many characters; where some are missing, the last is an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
