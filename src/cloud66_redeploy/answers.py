"""What an HTTP answer means: the JSON of a good one, or the error that the status stands for. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cloud66_redeploy.errors import ApiError, Declined, Denied, NotFound, Refusal, Unclear
from cloud66_redeploy.fields import as_text

_LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""The hourly limit is the longest that Cloud 66 makes anyone wait."""

_ANSWERS: dict[int, type[ApiError]] = {
    401: Denied,
    402: Denied,
    403: Denied,
    404: NotFound,
    410: NotFound,
    408: Unclear,
    409: Declined,
    429: Declined,
}


def read_answer(call: str, status: int, headers: Mapping[str, str], body: bytes) -> object:
    """Return the JSON body of a good answer, or raise what the status means."""
    try:
        value = json.loads(body, parse_constant=_no_constant) if body.strip() else None
        readable = True
    except (ValueError, RecursionError):
        value, readable = None, False
    if 200 <= status < 300:
        if not readable:
            raise Unclear(call, "an answer that is not JSON", status=status)
        return value
    said = _said(value) if readable else "an answer that is not JSON"
    throttled = isinstance(value, dict) and value.get("error") == "throttled"
    kind = Declined if throttled else _ANSWERS.get(status)
    if 300 <= status < 400:
        said = f"a redirect to {headers.get('Location', 'nowhere')}, which is not followed"
        kind = Unclear if call.startswith("POST") else Refusal
    kind = kind or (Unclear if status >= 500 else Refusal)
    raise kind(call, said, status=status, retry_after=_retry_after(headers.get("Retry-After")), throttled=throttled)


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity: Python reads them, JSON doesn't have them, and they would break the outputs."""
    raise ValueError(name)


def _said(body: object) -> str:
    """Return what an error body says; any of its fields may be missing."""
    if not isinstance(body, dict):
        return ""
    parts = [as_text(body.get(name)) for name in ("error", "error_description", "details")]
    return ": ".join(dict.fromkeys(part for part in parts if part))


def _retry_after(value: str | None) -> float | None:
    """Read Retry-After, seconds or a date, as seconds from now."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(max(0.0, seconds), _LONGEST_RETRY_AFTER_SECONDS) if seconds == seconds else None  # noqa: PLR0124 - NaN
