"""Text from outside, cleaned."""

import contextlib
import io
import json
import re
import unicodedata
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import LONGEST_FIELD, Sanitizer
from hostile import TEXTS, check_plain, commands

SECRET = "s3cr/et+x="
"""One that looks different in an address."""
FORMS = (SECRET, quote(SECRET, safe=""), quote(SECRET))
PIECES = [
    ":", "::", "::error::", "#", "##", "[", "##[", "##[error]", "]", "\n", "\r", "\r\n", "\t", "\x0b", "\x85", "\u2028",
    " ", "\u3000", "\x1b", "\x1b[", "\x1b[0m", "[0m", "0m", "\x1b]0;", "\x07", "\x1b\\", "\x9b", "\u200b", "\u2060",
    "\ufeff", "\u202e", "\xad", "\x00", "\x7f", "\ud800", "\udfff", SECRET[:3], SECRET[3:6], SECRET[6:], *FORMS, "***",
    "…", "x", "é", "<b>", "&", "%0A",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join)

IGNORABLE = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\ufeff\uffa0",
    *map(chr, [*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]),
    *map(chr, [*range(0xFE00, 0xFE10), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), 0xE0001, 0xE0041, 0xE0100]),
]
"""Unicode's Default_Ignorable_Code_Point: what is shown as nothing at all."""


def knowing(*secrets: str) -> Sanitizer:
    """Make a cleaner that knows secrets."""
    made = Sanitizer()
    for secret in secrets:
        made.hide(secret)
    return made


CLEANER = knowing(SECRET)


def check_harmless(line: str) -> None:
    """Check a line: one, plain, without a command's mark or a secret."""
    assert len(line.splitlines()) <= 1
    assert not any(bad in line for bad in ("##[", *FORMS))
    assert not any(unicodedata.category(one) in {"Cc", "Cs"} for one in line)


@given(texts, st.integers(1, 400))
@example("##[" * 100, LONGEST_FIELD)
@example("x##[", 4)
def test_any_text_is_harmless(text: str, longest: int) -> None:
    """Any text becomes lines without control characters, old commands or the secret, none longer than asked for."""
    line, tail = CLEANER.line(text, longest), CLEANER.tail(text, 5, longest)
    for each in (line, *tail):
        check_harmless(each)
        assert len(each) <= longest
    assert (line, "  " in line) == (line.strip(), False)
    assert len(tail) <= 5
    whole = CLEANER.line(text, 1000)
    assert CLEANER.line(whole, 1000) == whole


@given(texts)
@example(" \u200b\x1b[0m::error::x")
@example(":\x1b[0m:error::x")
@example(f"{SECRET}::error::x")
def test_say_never_starts_a_command(text: str) -> None:
    """Whatever is said to the log is one line that the runner takes for text."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        Reporter({}, knowing(SECRET)).say(text)
    said = out.getvalue()
    assert (said[-1], commands(said)) == ("\n", [])
    check_harmless(said[:-1])


@given(
    st.lists(st.sampled_from(["\x1b[0m", "\x1b[31;1m", "\u200b", "\u2060", "\xad", "\ufeff"]), min_size=1),
    st.integers(1, len(SECRET) - 1),
)
def test_secret_is_hidden_though_torn(between: list[str], cut: int) -> None:
    """A secret torn apart by what is not seen does not come together again when that is taken out."""
    torn = f"<{SECRET[:cut]}{''.join(between)}{SECRET[cut:]}>"
    assert [CLEANER.line(torn), *CLEANER.tail(torn, 5)] == ["<***>"] * 2


@pytest.mark.parametrize("filler", ["a", " ", "\u200b", "\x1b[0m", "##[", "é"])
@pytest.mark.parametrize("torn", [SECRET, *FORMS, "\u200b".join(SECRET), "\x1b[0m".join(SECRET)])
def test_a_beginning_ends_in_no_half_of_a_secret(filler: str, torn: str) -> None:
    """Wherever a long text is cut before it is cleaned, nothing of a secret is left at its end."""
    for place in range(100):
        shown = CLEANER.beginning((filler * 100)[: 100 - place] + torn + "x" * 100, 50, 100)
        assert "s3" not in shown
        assert len(shown) <= 50
        assert shown.endswith("…")
    assert CLEANER.beginning(f"{filler}{torn}", 1000, 1000) == CLEANER.line(f"{filler}{torn}", 1000)
    assert Sanitizer().beginning("a" * 101, 200, 100) == f"{'a' * 100}…"


def test_nothing_invisible_stays() -> None:
    """No character that is shown as nothing stays in a line, since it could tear a secret or a word unseen."""
    torn = {one: f"<{SECRET[:4]}{one}{SECRET[4:]}>" for one in IGNORABLE}
    stay = [one for one, text in torn.items() if [CLEANER.line(text), *CLEANER.tail(text, 1)] != ["<***>", "<***>"]]
    # A control character or line break becomes a space, so that what stood apart stays apart.
    controls = map(chr, (*range(32), *range(127, 160), 0x2028, 0x2029, 0xD800, 0xDFFF))
    stay += [one for one in controls if CLEANER.line(f"x{one}y") != "x y"]
    assert [f"U+{ord(one):04X}" for one in stay] == []


UNITS = ["\x1b[", "\x1b]", "\x1b[0;", "\t", "\n", "##[", "\u200b", "\ud800", SECRET]
HOSTILE = TEXTS | {f"a long text of {one!a}": one * (200_000 // len(one)) + "x" for one in UNITS}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name: str) -> None:
    """The texts of the hostile runs, and long ones of what is hard to clean, come out plain, and soon."""
    text = HOSTILE[name]
    assert unescape(CLEANER.html(text)) == CLEANER.line(text)
    assert not set(CLEANER.html(text)) & set("<>\"'")
    for line in [CLEANER.line(text), *CLEANER.tail(text, 50)]:
        check_plain(line)
        assert len(line) <= LONGEST_FIELD


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [
        *((text, 300, "") for text in ("", " ", "\n", "\u200b", "\x1b[0m")),
        ("x" * 300, 300, "x" * 300), ("x" * 301, 300, "x" * 299 + "…"), ("abcdef", 4, "abc…"),
        # A secret at the place where a line is cut, here or before, leaves nothing to speak of.
        *((f"abcd{SECRET}", longest, f"{'abcd***'[: longest - 1]}…") for longest in range(1, 7)),
        (f"abcd{SECRET}", 7, "abcd***"), (f"?a={FORMS[1]}&b={FORMS[2]}", 300, "?a=***&b=***"),
        *((f"<{form[:8]}{end}", 300, f"<***{end}") for form in FORMS for end in ("…", '…": x', "")),
    ],
)  # fmt: skip
def test_line(text: str, longest: int, line: str) -> None:
    """A line of just the right length stays, a longer one is cut and says so; nothing once it is cleaned is nothing."""
    assert CLEANER.line(text, longest) == line


@pytest.mark.parametrize(
    ("secrets", "text", "left"),
    [
        (("abc", "abcdef"), "abcdef abc", "*** ***"), (("abcdef", "abc"), "abcdef abc", "*** ***"),
        (("",), "abc", "abc"), (("abc\udcff",), "<abc\udcff>", "<***>"),
    ],
)  # fmt: skip
def test_secrets_are_hidden(secrets: tuple[str, ...], text: str, left: str) -> None:
    """Of one secret in another the longer one is hidden whole; an empty one hides nothing, invalid text is hidden."""
    assert knowing(*secrets).redact(text) == left


BAR = "".join(f"{number} %\r" for number in range(101))


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("", []),
        ("zero\none\r\n\r\n  two\n\n\tthree\x85 \x1b[31mfour\x1b[0m \u2028f\x00ive   \n\n",
         ["one", "  two", "        three", " four", "f ive"]),
        ("x" * 301, ["x" * 299 + "…"]),
        ("##[error]x", ["## [error]x"]),
        (f"start\n{BAR}\nrake aborted!\n", ["start", "100 %", "rake aborted!"]),
        (f"start\n{BAR}", ["start", "100 %"]),
        (BAR.replace("\r", "\x1b[2K\x1b[1G") + "\nend", ["100 %", "end"]),
        (BAR.replace("\r", "\x1b[K\r") + "done", ["done"]), ("\r10 %\r20 %\x1b[G30 %\n", ["30 %"]),
        ("\x1b[1G\x1b[2K10 %\x1b[1G\x1b[2K20 %\n", ["20 %"]), ("one\r  two\n", ["  two"]),
        ("one\r\ntwo\r\r\nthree\r", ["one", "two", "three"]), ("wiped out\r         \r\nleft\n", ["left"]),
        (f"one {SECRET}\rtwo {SECRET}\n", ["two ***"]),
        (f"{SECRET[:4]}\r{SECRET[4:]}\n", [SECRET[4:]]),
    ],
)  # fmt: skip
def test_a_line_of_a_log_is_what_a_terminal_shows(log: str, shown: list[str]) -> None:
    """The last lines keep their indentation; of each only what follows its last carriage return is shown."""
    assert CLEANER.tail(log, 5) == shown


PLAIN = [
    "https://github.com/acme/awesome/commit/0123456", "http://awesome.example.com", "https://192.0.2.7/",
    "https://x.example:8080/a/b-c_d~e?f=g&h=%20#i", "https://localhost/@x",
]  # fmt: skip
REFUSED = [
    "", "x", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x.example",
    "ftp://x.example", "https:x.example", "https:/x.example", "https://", "https:///x", "https://:80/", "https://[::1]/",
    "https://user@x.example", "https://u:pass@x.example", "https://github.com@x.example", "https://x.exa\nmple/",
    *(f"https://x.example/a{one}b" for one in " \n\"'<`()[]{}|*\\é\u202e\x00\ud800"), "https://x.example\\",
    "https://x.example?x", "https://x.example#x", "https://x.example:x/", "https://x.example:/", "https://[::1",
    "https://-x.example/", "https://.x.example/", "https://é.example/", "https://x.example/" + "x" * 2000,
    f"https://x.example/{SECRET}", f"https://{SECRET}.example/",
]  # fmt: skip


@pytest.mark.parametrize("url", [*PLAIN, *REFUSED], ids=lambda url: ascii(url[:40]))
def test_url_refused(url: str) -> None:
    """What is not plainly a web address, or holds a user, a space, a quote or the secret, is left out; others stay."""
    assert CLEANER.url(f" {url}\n") == (url if url in PLAIN else "")


@given(texts)
def test_url_of_anything(text: str) -> None:
    """Any text is either a web address of harmless characters or left out."""
    for found in map(CLEANER.url, (text, f"https://{text}", f"https://x.example/{text}")):
        assert re.fullmatch(r"(https?://[^\"'<>`()\[\]{}|\\\s*]+)?", found)
        assert found.isascii()
        check_harmless(found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_record_never_holds_the_secret(value: object) -> None:
    """No value and no name of a record holds the secret, however it is nested, and it is JSON again."""
    text = json.dumps(CLEANER.record(value))
    assert (SECRET in text, len(text.splitlines())) == (False, 1)
    json.loads(text)


USUAL: dict[str, Any] = {"id": 1, "ok": True, "no": None, "part": {"code": 1.5, "list": ["a\nb", 2]}}


@pytest.mark.parametrize(
    ("value", "bounds", "kept"),
    [
        (USUAL, {}, USUAL),
        # A secret of digits is taken out of a number as a whole, so that what is left is JSON.
        ({"id": 9123456, "part": [1.5]}, {}, {"id": "***", "part": [1.5]}),
        ("x" * 11, {"longest": 10}, "x" * 9 + "…"), ([*range(100)], {}, [*range(60)]),
        ({f"{one}": one for one in range(100)}, {}, {f"{one}": one for one in range(60)}),
        ({"a" * 100: 1}, {}, {"a" * 59 + "…": 1}),
        ([[[1]], {"a": {"b": 2}}, 3], {"depth": 2}, [["…"], {"a": "…"}, 3]),
    ],
)  # fmt: skip
def test_record_is_kept_or_bounded(value: object, bounds: dict[str, int], kept: object) -> None:
    """A record of the usual kind stays as it is; long texts, long lists, many names and deep nesting are cut."""
    assert knowing("123456").record(value, **bounds) == kept
