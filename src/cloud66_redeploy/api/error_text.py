"""
The words in an answer, whatever shape they come in: which charset, which texts in JSON, what a page says. Pure.

What is shown of them is cut by who hides the secrets in them first (`answers`): a torn one is none to be known by.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from html import unescape

_MOST_TEXTS = 20
_DEEPEST = 8
_PAGE_CHARACTERS = 5000
"""How much of a page is searched for its title; it also bounds the work of the patterns."""

_PLAIN_NAMES = {
    "error", "errors", "error_description", "error_message", "detail", "details", "message", "messages", "msg",
    "title", "description", "reason", "response", "base", "text", "meaning",
}  # fmt: skip
"""Names of fields that say no more than that a text is one."""

_NOT_FOR_BODIES = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7"}
"""Text codecs of Python's that are no charset, or that nobody should have to fear any more."""

_HIDDEN = r"(?is)<!--.*?-->|<(script|style)\b.*?</\1\s*>"
_HEADINGS = [rf"(?is)<{tag}\b[^>]*>(.*?)</{tag}\s*>" for tag in ("title", "h1")]


def decoded(body: bytes, content_type: str = "") -> str:
    """Return a body as text, in the charset that fits or was declared; bytes that don't fit it are replaced."""
    return body.decode(_charset(body, content_type), errors="replace")


def words_of(body: object) -> str:
    """Return the texts in a JSON value, once each, with the names that tell something; "" where it holds none."""
    texts: dict[str, None] = {}
    for path, text in _texts(body, (), _DEEPEST):
        # The same words again under another name (`error_description` and `details`) say nothing new.
        if text.strip() and len(texts) < _MOST_TEXTS:
            texts[" ".join((f"{'.'.join(path)}: {text}" if path else text).split())] = None
    first, *rest = texts or [""]
    return ": ".join(filter(None, [first, ", ".join(rest)]))


def words_of_page(text: str) -> str:
    """Return what a page says: its title and heading, else its text without tags; of any other text the beginning."""
    page = re.sub(_HIDDEN, " ", text[:_PAGE_CHARACTERS])
    headings = [_plain(found[1]) for found in (re.search(heading, page) for heading in _HEADINGS) if found]
    return ": ".join(dict.fromkeys(filter(None, headings))) or _plain(page)


def _charset(body: bytes, content_type: str) -> str:
    seen = json.detect_encoding(body)
    if seen != "utf-8":
        # A byte order mark, or the zeros of UTF-16 and UTF-32.
        return seen
    if not body.isascii() and body.decode(errors="ignore").encode() == body:
        # What is not ASCII and reads as UTF-8 is UTF-8, though many servers declare ISO-8859-1.
        return "utf-8"
    found = re.search(r"charset\s*=\s*[\"']?([\w.:+-]+)", content_type, re.IGNORECASE)
    name = _codec(found[1]) if found else ""
    # UTF-16 and UTF-32 would have shown above.
    return name if name and not name.startswith(("utf-16", "utf-32")) else "utf-8"


def _codec(charset: str) -> str:
    """Return Python's name of a charset, or "" where it knows none, or one that is no charset (base64, rot13)."""
    try:
        name = codecs.lookup(charset).name
        b"x".decode(name, errors="replace")
    except (LookupError, ValueError):
        return ""
    return "" if name.replace("_", "-") in _NOT_FOR_BODIES else name


def _texts(value: object, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping) and depth:
        for name, part in value.items():
            named = path if name.lower() in _PLAIN_NAMES else (*path, name)
            yield from _texts(part, named, depth - 1)
    elif isinstance(value, list) and depth:
        for part in value:
            yield from _texts(part, path, depth - 1)


def _plain(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())
