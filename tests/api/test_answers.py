"""What an HTTP answer means: by its status, by who gave it, by its pause, and in its own words."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud66_redeploy.api.answers import LONGEST_CHARACTERS, Answer
from cloud66_redeploy.api.connecting import Route
from cloud66_redeploy.api.error_text import decoded, words_of
from cloud66_redeploy.errors import (
    AnswerLost,
    ApiError,
    Blame,
    Denied,
    NotAccepted,
    NotFound,
    NotTheApi,
    PermanentError,
)
from cloud66_redeploy.report.text import Sanitizer

ROUTE = Route("https://api.example/api/3")


def error(status: int, body: bytes = b'{"error": "no"}', route: Route = ROUTE, **headers: str) -> ApiError:
    """Return what an answer means."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Answer("GET /x", status, named, body).error(route)


OWN = [
    b'{"error": "word", "error_description": "why", "details": "why"}', b'{"error_description": "why"}',
    b'{"details": {"git_ref": ["no"]}}', b'{"response": null}', b'\xef\xbb\xbf{"error": "word"}',
]  # fmt: skip
STRANGE = [
    b"", b" \r\n", b"<html>no</html>", b"no", b"[1]", b"5", b"null", b'"error"', b"{}", b'{"message": "Forbidden"}',
    b'{"error": null}', b'{"error": ""}', b'{"error": "cut off', b"\xff\xfe", b'{"error": NaN}',
]  # fmt: skip
MEANINGS: list[tuple[type[ApiError], type[ApiError], list[int]]] = [
    (PermanentError, NotTheApi, [400, 405, 407, 422, 499]),
    (Denied, NotTheApi, [401, 402, 403]),
    (NotFound, NotTheApi, [404, 410]),
    (NotAccepted, NotTheApi, [409]),
    # Whoever says these, the call was not carried out, or nobody knows.
    (NotAccepted, NotAccepted, [429]),
    (AnswerLost, AnswerLost, [408, 500, 503, 599, 600, 999]),
    (NotTheApi, NotTheApi, [100, 199, 300, 302, 304, 399]),
]


@pytest.mark.parametrize(
    ("status", "own", "strange"), [(status, own, strange) for own, strange, each in MEANINGS for status in each]
)
def test_every_status_has_its_meaning(status: int, own: type[ApiError], strange: type[ApiError]) -> None:
    """A status means what the API means by it only where the answer looks like the API's."""
    for kind, body in [*((own, body) for body in OWN), *((strange, body) for body in STRANGE)]:
        found = error(status, body)
        assert (type(found), found.status, found.call) == (kind, status, "GET /x"), body
        assert (found.clue.blame is Blame.STRANGER) is (kind is NotTheApi)


@pytest.mark.parametrize(
    "body",
    [b"<html>", b'{"response": {"id"', b"NaN", b'{"a": Infinity}', b"[" * 200_000, b'{"a":' * 200_000, b"1" * 5000],
    ids=lambda body: ascii(body[:20]),
)
def test_good_news_that_is_no_json_is_somebody_elses(body: bytes) -> None:
    """A good status with a body that is no JSON is not the API's."""
    answer = Answer("POST /x", 200, {}, body)
    found = answer.error(ROUTE)
    assert (answer.is_good, type(found), found.clue.where) == (False, NotTheApi, "https://api.example/api/3")
    assert "not JSON" in str(found)
    # One byte that is no UTF-8 leaves JSON readable.
    answer = Answer("GET /x", 200, {}, b'{"response": {"git_ref": "caf\xe9"}}')
    assert (answer.is_good, answer.value) == (True, {"response": {"git_ref": "caf\ufffd"}})


def test_a_number_that_is_too_large() -> None:
    """A number that Python has no room for stays the text that it was: JSON could not hold it again."""
    value = Answer("GET /x", 200, {}, b'{"a": [1e999, -1e999, 1e308, 0.5, 1e-999]}').value
    assert value == {"a": ["1e999", "-1e999", 1e308, 0.5, 0.0]}


DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
SOON = "Thu, 01 Jan 2026 00:00:02 GMT"


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        *((value, DATE, seconds) for value, seconds in [
            ("30", 30), ("0", 0), ("1.5", 1.5), (" 7 ", 7), ("-5", 0), ("7200", 3600), ("86400", 3600), (SOON, 2),
            ("Thu, 01 Jan 2026 01:02:00 +0100", 120), ("Thu, 01 Jan 2026 05:00:00 GMT", 3600), (DATE, 0),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
            # More than a day was not meant; what is no number of seconds and no date says nothing.
            ("86401", None), ("9" * 400, None), ("1e9", None), ("inf", None), ("1_0", None), ("٣", None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None), ("", None), ("soon", None), ("10, 20", None),
            ("Mon, 01 Jan 2026 00:00:00 +9999999", None), ("Wed, 21 Oct 99999 x", None), ("+", None),
        ]),
        # A date counts from the server's own: the runner's clock may be wrong by any amount.
        *((SOON, date, None) for date in ("", "soon", "Wed, 99 Foo 2026")), ("2", "", 2),
    ],
)  # fmt: skip
def test_retry_after_is_read(value: str, date: str, seconds: float | None) -> None:
    """A pause that is asked for is bounded by an hour; a bare 429, or an absurd one, asks for a minute."""
    found = error(429, retry_after=value, date=date)
    assert found.retry_after == seconds
    assert found.pause_asked_for == (60 if seconds is None else seconds)
    assert error(502, retry_after=value, date=date).pause_asked_for == (seconds or 0)
    # "Throttled" was not carried out, whatever its status, and asks for a minute at least.
    for status in (503, 429, 403):
        found = error(status, b'{"error": "throttled"}', retry_after=value, date=date)
        assert (type(found), found.pause_asked_for) == (NotAccepted, max(60, seconds or 0))


TEXTS: list[tuple[Any, str]] = [
    ({"error": "conflict", "error_description": "busy", "details": "busy"}, "conflict: busy"),
    ({"error": "x", "details": {"git_ref": ["no branch nope"]}}, "x: git_ref: no branch nope"),
    ({"error": 5, "details": "later"}, "later"),
    ({"errors": [{"title": "bad"}, {"title": "worse", "code": None}]}, "bad: worse"),
    ({"errors": ["a", "b", "c"]}, "a: b, c"),
    ({"details": {"services": {"web": ["no image", "no tag"]}}}, "services.web: no image: services.web: no tag"),
    ({"response": {"ok": False, "message": "Not now"}}, "Not now"),
    ({"error": "two\n  lines\t"}, "two lines"),
    (["no", "no"], "no"),
    ("plain", "plain"),
    ({"error": 5}, '{"error": 5}'),
    (None, "null"),
]
PAGES = [
    ("<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>nginx", "403 Forbidden"),
    ("<TITLE a=b>Access\n denied</TITLE ><h1 class=a>By <b>us</b> &amp; you</h1>", "Access denied: By us & you"),
    ("<p>Please <a href='x'>log in</a></p>", "Please log in"),
    ("<style>p {color: red}</style><script>var a = 1</script><!-- <title>no</title> -->text", "text"),
    ("<title></title>only text", "only text"),
    ("upstream connect error", "upstream connect error"),
    ("<html></html>", ""),
]
WORDS = "größer ☂"
NO_CHARSETS = ["", "none", "base64", "idna", "undefined", "unicode_escape", "utf-16", "utf-7", "../x", "\xe9"]
CHARSETS = [
    (WORDS.encode(), "", WORDS),
    (WORDS.encode("utf-8-sig"), "text/plain", WORDS),
    (WORDS.encode("utf-16-le"), "text/plain; charset=utf-16", WORDS),
    (WORDS.encode("utf-32"), "", WORDS),
    ("größer".encode("cp1252"), 'text/plain; Charset = "windows-1252"', "größer"),
    ("壊れた".encode("iso-2022-jp"), "text/plain; charset=iso-2022-jp", "壊れた"),
    # A charset that lies, or that there isn't; one odd byte.
    *((WORDS.encode(), f"text/plain; charset={name}", WORDS) for name in ("iso-8859-1", "utf-16", "us-ascii")),
    *((b"plain", f"text/plain; charset={name}", "plain") for name in NO_CHARSETS),
    (b"a\xffb", "text/plain; charset=utf-8", "a\ufffdb"),
    (b"+ADw-", "text/plain; charset=utf-7", "+ADw-"),
    (WORDS.encode() + b"\xff", "text/plain; charset=none", WORDS + "\ufffd"),
]


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        *((json.dumps(body).encode(), "", said) for body, said in TEXTS),
        *((body.encode(), "", said) for body, said in PAGES),
        *CHARSETS,
    ],
)
def test_the_words_are_found(body: bytes, content_type: str, said: str) -> None:
    """
    The texts in JSON are shown once each, with the names that tell something; where there is none, the body is.

    Of a page its title and heading are shown, else its text. A body is read in the charset that fits or was declared.
    """
    assert error(422, body, content_type=content_type).said == said


JSON = st.recursive(
    st.none() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60)
@given(
    st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()),
    st.text(max_size=20),
    st.integers(100, 999),
)
def test_any_bytes_have_a_meaning(body: bytes, content_type: str, status: int) -> None:
    """Whatever comes, any JSON included, it is read, and what is shown of it is bounded."""
    decoded(body, f"text/plain; charset={content_type}")
    answer = Answer("GET /x", status, {"Content-Type": content_type}, body)
    assert answer.is_good or len(answer.error(ROUTE).said) <= LONGEST_CHARACTERS
    assert "\n" not in words_of(answer.value)


@pytest.mark.parametrize("before", ["x", "<b>x"])
@pytest.mark.parametrize("secret", ["T0KEN-0123456789", "alice", "s3cret!", "s3cret%21"])
def test_no_cut_tears_a_secret(secret: str, before: str) -> None:
    """Wherever the token or a proxy's login stands in what is answered, and is cut, nothing of it is shown."""
    route = ROUTE._replace(proxy="http://alice:s3cret%21@proxy:1", token="T0KEN-0123456789")
    for place in (*range(460, 501), *range(4980, 5001)):
        text = before * (place // len(before)) + " " * (place % len(before)) + secret + "y" * 5000
        for body in (text, json.dumps({"error": text})):
            said = error(403, body.encode(), route=route).said
            assert not any(part in said for part in ("T0", "al", "s3")), (place, said[-40:])


def test_deep_and_long_json_is_bounded() -> None:
    """A body that is deep or long costs little and shows little."""
    deep: Any = "end"
    for _ in range(500):
        deep = [deep]
    assert words_of(deep) == ""
    assert len(error(422, json.dumps([str(number) * 50 for number in range(9999)]).encode()).said) == LONGEST_CHARACTERS
    assert words_of([str(number) for number in range(9999)]).endswith(", 19")


@pytest.mark.parametrize(
    "words", ["x\n::error::mine", "##[error]mine", "\x1b[31mred", "a\u202eb", "::set-output name=a::b"]
)
def test_the_words_are_harmless_once_cleaned(words: str) -> None:
    """What a stranger's page or an error says starts no command and holds no control characters."""
    for body in (json.dumps({"error": words}).encode(), f"<title>{words}</title>".encode()):
        line = Sanitizer().line(f"{error(403, body)}, retrying")
        assert line.startswith("GET /x answered 403: ")
        assert "##[" not in line
        assert line.isprintable()
