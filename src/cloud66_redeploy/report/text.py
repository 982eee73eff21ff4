"""
Text from outside, made fit for a line of the log, an annotation, an output or the summary. Pure.

The runner takes a line that starts with `::` for a command, and one that holds `##[…]` anywhere; so text from the API
never begins a line, holds no line break, and that mark is broken up.
"""

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import takewhile
from operator import eq
from urllib.parse import quote, urlsplit

from cloud66_redeploy.model.fields import cut, lines_of

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
# What Unicode calls default-ignorable, and the marks that reorder text.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LOG_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_FIRST_COLUMN = re.compile(r"\x1b\[[01]?G")
"""A terminal goes back to the line's beginning, as it does for a carriage return."""

LONGEST_FIELD = 300
_KNOWN_BY = 8
"""By so many of its first characters a secret is known that was cut before it came here; fewer may be any word's."""


class Sanitizer:
    """Cleans text and takes the secrets out of it. Secrets go first and last: cleaning may put one together."""

    def __init__(self) -> None:
        self._secrets: list[str] = []

    def hide(self, secret: str) -> None:
        """Let a secret, as it is and as part of an address, appear nowhere."""
        forms = {secret, *(quote(secret, safe=safe, errors="surrogateescape") for safe in ("", "/"))}
        self._secrets = sorted({*self._secrets, *forms} - {""}, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Take the secrets out."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _redact_cut(self, text: str) -> str:
        """Take the secrets out, and what a cut has left of them."""
        for secret in self._secrets:
            before, *after = text.split(secret[:_KNOWN_BY])
            left = (part[sum(takewhile(bool, map(eq, part, secret[_KNOWN_BY:]))) :] for part in after)
            text = "***".join([before, *left])
        return text

    def line(self, text: str, longest: int = LONGEST_FIELD) -> str:
        """Return text as one harmless line of at most `longest` characters."""
        text = _CONTROL.sub(" ", _INVISIBLE.sub("", _ANSI.sub("", self.redact(text))))
        text = self._redact_cut(" ".join(text.split()))
        return _line(text, longest)

    def beginning(self, text: str, longest: int, cleaned: int) -> str:
        """Return the beginning of a text, as `line` does. Only so many characters are cleaned: that takes time."""
        if len(text) <= cleaned:
            return self.line(text, longest)
        line = self.line(text[:cleaned], cleaned)
        # The cut may have torn a secret in two, and its first half would not be known as one.
        torn = max(map(len, self._secrets), default=0)
        return cut(f"{line[: max(0, len(line) - torn)]}…", longest)

    def verbatim(self, text: str) -> str:
        """Return text that has to stay as it is, without secrets, as one line."""
        return _CONTROL.sub(" ", self.redact(text))

    def tail(self, text: str, lines: int, longest: int = LONGEST_FIELD) -> list[str]:
        """
        Return the last lines of a log, each harmless behind a prefix, with their indentation.

        A line is what a terminal shows: of a progress bar only what follows the last carriage return.
        """
        text = _FIRST_COLUMN.sub("\r", self.redact(text))
        text = self.redact(_INVISIBLE.sub("", _ANSI.sub("", text)))
        shown = (line.rstrip("\r").rpartition("\r")[2] for line in lines_of(text.rstrip()))
        kept = [line for line in shown if line.strip()][-lines:]
        cleaned = [self._redact_cut(_LOG_CONTROL.sub(" ", line).expandtabs().rstrip()) for line in kept]
        return [_line(line, longest) for line in cleaned]

    def html(self, text: str, longest: int = LONGEST_FIELD) -> str:
        """Return text as one line for the summary, which is HTML: no Markdown in it counts."""
        return escape(self.line(text, longest))

    def url(self, text: str) -> str:
        """Return an http(s) address, or "" for anything that is not plainly one."""
        text = self.redact(text.strip())
        try:
            parts = urlsplit(text)
        except ValueError:
            return ""
        plain = re.fullmatch(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?(/[\w./~%@+=&?#;,!-]*)?", text, re.ASCII)
        return text if plain and parts.hostname and len(text) <= 2000 else ""

    def record(self, value: object, longest: int = 2000, depth: int = 6) -> object:
        """Return JSON data without secrets and with bounds on its size."""
        if isinstance(value, str):
            return cut(self.redact(value), longest)
        if isinstance(value, Mapping | list) and depth == 0:
            return "…"
        if isinstance(value, Mapping):
            pairs = list(value.items())[:60]
            return {self.line(str(key), 60): self.record(part, longest, depth - 1) for key, part in pairs}
        if isinstance(value, list):
            return [self.record(part, longest, depth - 1) for part in value[:60]]
        # A number may hold a secret of digits; cut out of the finished JSON it would leave none.
        return value if self.redact(str(value)) == str(value) else "***"

    def json(self, value: object, lengths: Sequence[int], largest: int, indent: int | None = None) -> str | None:
        """Return a record as JSON, its texts cut to the first of the lengths that fits, or None where none does."""
        texts = (json.dumps(self.record(value, longest), indent=indent) for longest in lengths)
        return next((text for text in texts if len(text) <= largest), None)


def _line(text: str, longest: int) -> str:
    return cut(text.replace("##[", "## ["), longest)
