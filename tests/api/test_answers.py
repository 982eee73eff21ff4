"""What an HTTP answer means: by its status, by who gave it, by its pause, and in its own words."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud66_redeploy.api.answers import Answer
from cloud66_redeploy.api.error_text import LONGEST_CHARACTERS, decoded, words_of
from cloud66_redeploy.api.route import Route
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


def error(status: int, body: bytes = b'{"error": "no"}', **headers: str) -> ApiError:
    """Return what an answer means."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Answer("GET /x", status, named, body).error(ROUTE)


OWN = [
    b'{"error": "word", "error_description": "why", "details": "why"}', b'{"error_description": "why"}',
    b'{"details": {"git_ref": ["no"]}}', b'{"response": null}', b'\xef\xbb\xbf{"error": "word"}',
]  # fmt: skip
STRANGE = [
    b"", b" \r\n", b"<html>no</html>", b"no", b"[1]", b"5", b"null", b'"error"', b"{}", b'{"message": "Forbidden"}',
    b'{"error": null}', b'{"error": ""}', b'{"error": "cut off', b"\xff\xfe", b"[" * 100_000, b'{"error": NaN}',
]  # fmt: skip
MEANINGS: list[tuple[type[ApiError], type[ApiError], list[int]]] = [
    (PermanentError, NotTheApi, [400, 405, 406, 407, 411, 418, 422, 451, 499]),
    (Denied, NotTheApi, [401, 402, 403]),
    (NotFound, NotTheApi, [404, 410]),
    (NotAccepted, NotTheApi, [409]),
    # Whoever says these, the call was not carried out, or nobody knows.
    (NotAccepted, NotAccepted, [429]),
    (AnswerLost, AnswerLost, [408, 500, 501, 502, 503, 504, 520, 599, 600, 999]),
    (NotTheApi, NotTheApi, [100, 101, 199, 300, 301, 302, 304, 307, 308, 399]),
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
    [
        b"<html>", b'{"response": {"id"', b"NaN", b'{"a": Infinity}', b"[-Infinity]", b"[" * 200_000,
        b'{"a":' * 200_000, b"1" * 5000, b"{'id': 1}",
    ],
)  # fmt: skip
def test_good_news_that_is_no_json_is_somebody_elses(body: bytes) -> None:
    """A good status with a body that is no JSON is not the API's."""
    answer = Answer("POST /x", 200, {}, body)
    found = answer.error(ROUTE)
    assert (answer.is_good, type(found), found.clue.where) == (False, NotTheApi, "https://api.example/api/3")
    assert "not JSON" in str(found)


DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
SOON = "Thu, 01 Jan 2026 00:00:02 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30), ("0", 0), ("1.5", 1.5), (" 7 ", 7), ("-5", 0), ("7200", 3600), ("86400", 3600), (SOON, 2),
        ("Thu, 01 Jan 2026 01:02:00 +0100", 120), ("Thu, 01 Jan 2026 05:00:00 GMT", 3600), (DATE, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        # More than a day was not meant; what is no number of seconds and no date says nothing.
        ("86401", None), ("9" * 400, None), ("1e9", None), ("inf", None), ("nan", None), ("1_0", None), ("٣", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None), ("", None), ("soon", None), ("30s", None), ("10, 20", None),
        ("Mon, 01 Jan 2026 00:00:00 +9999999", None), ("Wed, 21 Oct 99999 x", None), ("+", None),
    ],
)  # fmt: skip
def test_retry_after_is_read(value: str, seconds: float | None) -> None:
    """A pause that is asked for is bounded by an hour; a bare 429, or an absurd one, asks for a minute."""
    found = error(429, retry_after=value, date=DATE)
    assert found.retry_after == seconds
    assert found.pause_asked_for == (60 if seconds is None else seconds)
    assert error(502, retry_after=value, date=DATE).pause_asked_for == (seconds or 0)


@pytest.mark.parametrize("date", [None, "", "soon", "Wed, 99 Foo 2026"])
def test_a_date_counts_from_the_servers_own(date: str | None) -> None:
    """Without the server's clock a date in Retry-After says nothing: the runner's may be wrong by any amount."""
    for asked, seconds in ((SOON, None), ("2", 2)):
        found = error(503, retry_after=asked) if date is None else error(503, retry_after=asked, date=date)
        assert found.retry_after == seconds


@pytest.mark.parametrize("status", [503, 429, 500, 403])
@pytest.mark.parametrize(("asked", "pause"), [("", 60), ("7", 60), ("90", 90)])
def test_throttled_means_not_done(status: int, asked: str, pause: int) -> None:
    """An answer that says throttled was not carried out, whatever its status, and asks for a minute at least."""
    found = error(status, b'{"error": "throttled"}', retry_after=asked)
    assert (type(found), found.pause_asked_for) == (NotAccepted, pause)


@pytest.mark.parametrize(
    ("body", "said"),
    [
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
        ({"error": ""}, '{"error": ""}'),
        (None, "null"),
    ],
)
def test_the_words_are_found_in_any_shape(body: Any, said: str) -> None:
    """The texts in JSON are shown once each, with the names that tell something; where there is none, the body is."""
    assert error(422, json.dumps(body).encode()).said == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>nginx", "403 Forbidden"),
        ("<TITLE a=b>Access\n denied</TITLE ><h1 class=a>By <b>us</b> &amp; you</h1>", "Access denied: By us & you"),
        ("<p>Please <a href='x'>log in</a></p>", "Please log in"),
        ("<style>p {color: red}</style><script>var a = 1</script><!-- <title>no</title> -->text", "text"),
        ("<title></title>only text", "only text"),
        ("upstream connect error", "upstream connect error"),
        ("<html></html>", ""),
    ],
)
def test_a_page_says_what_it_is(body: str, said: str) -> None:
    """Of a page its title and heading are shown, else its text, else the beginning of the body."""
    assert error(403, body.encode()).said == said


WORDS = "größer ☂"
NO_CHARSETS = ["", "none", "base64", "rot13", "idna", "undefined", "unicode_escape", "utf-16", "utf-7", "../x", "\xe9"]


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (WORDS.encode(), "", WORDS),
        (WORDS.encode("utf-8-sig"), "text/plain", WORDS),
        (WORDS.encode("utf-16-le"), "text/plain; charset=utf-16", WORDS),
        (WORDS.encode("utf-16-be"), "", WORDS),
        (WORDS.encode("utf-32"), "", WORDS),
        ("größer".encode("latin-1"), "text/plain; charset=ISO-8859-1", "größer"),
        ("größer".encode("cp1252"), 'text/plain; Charset = "windows-1252"', "größer"),
        ("壊れた".encode("iso-2022-jp"), "text/plain; charset=iso-2022-jp", "壊れた"),
        # A charset that lies, or that there isn't; one odd byte.
        *((WORDS.encode(), f"text/plain; charset={name}", WORDS) for name in ("iso-8859-1", "utf-16", "us-ascii")),
        *((b"plain", f"text/plain; charset={name}", "plain") for name in NO_CHARSETS),
        (b"a\xffb", "text/plain; charset=utf-8", "a\ufffdb"),
        (WORDS.encode() + b"\xff", "text/plain; charset=none", WORDS + "\ufffd"),
        (WORDS.encode("utf-16") + b"!", "", WORDS + "\ufffd"),
    ],
)
def test_bytes_become_text(body: bytes, content_type: str, said: str) -> None:
    """A body is read in the charset that fits or was declared, and no byte makes it unreadable."""
    assert error(403, body, content_type=content_type).said == said


def test_an_odd_byte_leaves_json_readable() -> None:
    """A good answer with one byte that is no UTF-8 is still one."""
    answer = Answer("GET /x", 200, {}, b'{"response": {"git_ref": "caf\xe9"}}')
    assert (answer.is_good, answer.value) == (True, {"response": {"git_ref": "caf\ufffd"}})


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
bodies = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())


@settings(max_examples=100, deadline=None)
@given(bodies, st.text(max_size=40), st.integers(100, 999))
def test_any_bytes_have_a_meaning(body: bytes, content_type: str, status: int) -> None:
    """Whatever comes, any JSON included, it is read, and what is shown of it is bounded."""
    decoded(body, f"text/plain; charset={content_type}")
    answer = Answer("GET /x", status, {"Content-Type": content_type}, body)
    assert answer.is_good or len(answer.error(ROUTE).said) <= LONGEST_CHARACTERS + 60
    assert "\n" not in words_of(answer.value)


def test_deep_and_long_json_is_bounded() -> None:
    """A body that is deep or long costs little and shows little."""
    deep: Any = "end"
    for _ in range(500):
        deep = [deep]
    assert words_of(deep) == ""
    assert len(words_of([str(number) * 50 for number in range(100_000)])) == LONGEST_CHARACTERS


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
