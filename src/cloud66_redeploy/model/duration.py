"""Durations as people write and read them: `90s`, `30m`, `1h30m`."""

import re

_UNITS = {"h": 3600, "m": 60, "s": 1}
_SHAPE = re.compile(r"(?:(\d{1,6})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,6})s)?", re.ASCII)


def parse_duration(text: str) -> int:
    """
    Read a duration and return it in seconds.

    Raises:
        ValueError: with a sentence about what is valid. A bare number has two readings and names both.

    """
    text = text.strip()
    if re.fullmatch(r"[1-9]\d{0,5}", text, re.ASCII):
        raise ValueError(f"add a unit, for example {text}s or {text}m.")
    match = _SHAPE.fullmatch(text.lower())
    if not text or match is None:
        raise ValueError("use hours, minutes and seconds, for example 90s, 30m or 1h30m.")
    return sum(int(count) * size for count, size in zip(match.groups(), _UNITS.values(), strict=True) if count)


def format_duration(seconds: float) -> str:
    """Write seconds as people do, in two units at most: `45s`, `2m10s`, `30m`, `1h05m`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m" if minutes else f"{hours}h"
    if minutes:
        return f"{minutes}m{rest:02}s" if rest else f"{minutes}m"
    return f"{rest}s"
