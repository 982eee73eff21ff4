"""Where the lines of a log end, and how a text is cut. Pure."""

import re

BREAKS = "\n\x0b\x0c\x85\u2028\u2029"
"""What ends a line of a log; a carriage return goes back to its beginning."""

_LINE_BREAK = re.compile(f"[{BREAKS}]")


def lines_of(log: str) -> list[str]:
    """Return the lines of a log; what a line was before a carriage return is still in it."""
    return _LINE_BREAK.split(log)


def cut(text: str, longest: int) -> str:
    """Return at most so many characters; where some are missing, the last is an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
