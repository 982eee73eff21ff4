"""Text from outside, cleaned."""

import contextlib
import io
import json
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import LONGEST_FIELD, Cleaner
from hostile import TEXTS, check_plain, commands

SECRET = "s3cr/et+x="
"""One that looks different in an address."""
PIECES = [
    ":", "::", "::error::", "#", "##", "[", "##[", "##[error]", "]", "\n", "\r", "\r\n", "\t", "\x0b", "\x85", "\u2028",
    " ", "\u3000", "\x1b", "\x1b[", "\x1b[0m", "[0m", "0m", "\x1b]0;", "\x07", "\x1b\\", "\x9b", "\u200b", "\u2060",
    "\ufeff", "\u202e", "\xad", "\x00", "\x7f", "\ud800", "\udfff", SECRET, SECRET[:3], SECRET[3:6], SECRET[6:],
    quote(SECRET, safe=""), quote(SECRET), "***", "…", "x", "é", "<b>", "&", "%0A",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join)
lengths = st.integers(1, 40)

IGNORABLE = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\ufeff\uffa0",
    *map(chr, [*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]),
    *map(chr, [*range(0xFE00, 0xFE10), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), 0xE0001, 0xE0041, 0xE0100]),
]
"""Unicode's Default_Ignorable_Code_Point: what is shown as nothing at all."""


@pytest.fixture
def cleaner() -> Cleaner:
    """A cleaner that knows the secret."""
    return knowing(SECRET)


def knowing(*secrets: str) -> Cleaner:
    """Make a cleaner that knows secrets."""
    made = Cleaner()
    for secret in secrets:
        made.hide(secret)
    return made


def check_harmless(line: str) -> None:
    """Check a line: one, plain, without a command's mark or a secret."""
    assert len(line.splitlines()) <= 1
    assert "##[" not in line
    assert SECRET not in line
    assert quote(SECRET, safe="") not in line
    assert quote(SECRET) not in line
    assert not any(0xD800 <= ord(one) <= 0xDFFF or unicodedata.category(one) == "Cc" for one in line)


@given(texts, st.integers(1, 400))
@example("##[" * 100, LONGEST_FIELD)
def test_line_is_harmless(text: str, longest: int) -> None:
    """Any text becomes one line without control characters, old commands or the secret."""
    line = knowing(SECRET).line(text, longest)
    check_harmless(line)
    assert line == line.strip()
    assert "  " not in line


@given(texts, lengths)
@example("##[" * 100, LONGEST_FIELD)
@example("x##[", 4)
def test_line_is_bounded(text: str, longest: int) -> None:
    """A line is never longer than asked for, whatever had to be put in to make it harmless."""
    assert len(knowing(SECRET).line(text, longest)) <= longest


@given(texts)
def test_line_again_changes_nothing(text: str) -> None:
    """A cleaned line is clean."""
    cleaner = knowing(SECRET)
    line = cleaner.line(text, 1000)
    assert cleaner.line(line, 1000) == line


@given(texts)
@example("::error::x")
@example(" \u200b\x1b[0m::error::x")
@example(":\x1b[0m:error::x")
@example(f"{SECRET}::error::x")
def test_say_never_starts_a_command(text: str) -> None:
    """Whatever is said to the log is one line that the runner takes for text."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        Reporter({}, knowing(SECRET)).say(text)
    said = out.getvalue()
    assert said.endswith("\n")
    assert commands(said) == []
    check_harmless(said.removesuffix("\n"))


@given(
    st.lists(st.sampled_from(["\x1b[0m", "\x1b[31;1m", "\u200b", "\u2060", "\xad", "\ufeff"]), min_size=1), st.data()
)
def test_secret_is_hidden_though_torn(between: list[str], data: st.DataObject) -> None:
    """A secret torn apart by what is not seen does not come together again when that is taken out."""
    cut = data.draw(st.integers(1, len(SECRET) - 1))
    torn = f"<{SECRET[:cut]}{''.join(between)}{SECRET[cut:]}>"
    cleaner = knowing(SECRET)
    assert cleaner.line(torn) == "<***>"
    assert cleaner.tail(torn, 5) == ["<***>"]


def test_nothing_invisible_stays(cleaner: Cleaner) -> None:
    """No character that is shown as nothing stays in a line, since it could tear a secret or a word unseen."""
    torn = {one: f"<{SECRET[:4]}{one}{SECRET[4:]}>" for one in IGNORABLE}
    stay = [one for one, text in torn.items() if [cleaner.line(text), *cleaner.tail(text, 1)] != ["<***>", "<***>"]]
    assert [f"U+{ord(one):04X}" for one in stay] == []


@pytest.mark.parametrize("code", [*range(32), *range(127, 160), 0x2028, 0x2029, 0xD800, 0xDFFF], ids=hex)
def test_control_characters_part_words(cleaner: Cleaner, code: int) -> None:
    """A control character or line break becomes a space, so that what stood apart stays apart."""
    assert cleaner.line(f"x{chr(code)}y") == "x y"


def check_forms(text: str) -> None:
    """Check all that a text can become."""
    cleaner = knowing(SECRET)
    for line in [cleaner.line(text), cleaner.html(text), *cleaner.tail(text, 50)]:
        check_plain(line)
        assert len(line) <= LONGEST_FIELD * 6


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_texts(text: str) -> None:
    """The texts of the hostile runs come out plain, in every form."""
    check_forms(text)


@pytest.mark.parametrize(
    "unit", ["\x1b[", "\x1b]", "\x1b[0;", "\t", "\n", "##[", "\u200b", "\ud800", SECRET], ids=ascii
)
def test_a_megabyte(unit: str) -> None:
    """A megabyte of what is hard to clean comes out plain, too, and soon."""
    check_forms(unit * (1_000_000 // len(unit)) + "x")


def test_line_of_nothing(cleaner: Cleaner) -> None:
    """Nothing, and what is nothing once it is cleaned, is nothing."""
    assert [cleaner.line(text) for text in ("", " ", "\n", "\u200b", "\x1b[0m")] == [""] * 5


def test_line_is_cut(cleaner: Cleaner) -> None:
    """A line of just the right length stays, a longer one is cut and says so."""
    assert cleaner.line("x" * 300) == "x" * 300
    assert cleaner.line("x" * 301) == "x" * 299 + "…"
    assert cleaner.line("abcdef", 4) == "abc…"


def test_secret_is_not_cut_in_half(cleaner: Cleaner) -> None:
    """A secret at the place where a line is cut leaves nothing of itself."""
    for longest in range(1, 20):
        assert SECRET[:2] not in cleaner.line(f"abcd{SECRET}", longest)


def test_longest_secret_first() -> None:
    """Where one secret holds another, the whole of the longer one is hidden."""
    assert knowing("abc", "abcdef").redact("abcdef abc") == "*** ***"
    assert knowing("abcdef", "abc").redact("abcdef abc") == "*** ***"


def test_secret_in_an_address(cleaner: Cleaner) -> None:
    """A secret is also hidden the way it looks in an address."""
    assert cleaner.redact(f"?a={quote(SECRET, safe='')}&b={quote(SECRET)}") == "?a=***&b=***"


def test_nothing_is_no_secret() -> None:
    """An empty secret hides nothing."""
    assert knowing("").redact("abc") == "abc"


def test_secret_of_invalid_text() -> None:
    """A secret that is not valid text is hidden like any other."""
    assert "abc" not in knowing("abc\udcff").redact("<abc\udcff>")


@given(texts)
def test_tail_is_harmless(text: str) -> None:
    """Each line of a log's end is one harmless line behind the prefix that it gets."""
    lines = knowing(SECRET).tail(text, 5)
    assert len(lines) <= 5
    for line in lines:
        check_harmless(line)
        assert len(line) <= LONGEST_FIELD


def test_tail(cleaner: Cleaner) -> None:
    """A log keeps its last lines with their indentation; blank ones and what ends them are left out."""
    log = "one\r\n\r\n  two\n\n\tthree\x85 \x1b[31mfour\x1b[0m \u2028f\x00ive   \n\n"
    assert cleaner.tail(log, 4) == ["  two", "        three", " four", "f ive"]
    assert cleaner.tail("", 4) == []
    assert cleaner.tail("x" * 301, 1) == ["x" * 299 + "…"]
    assert cleaner.tail("##[error]x", 1) == ["## [error]x"]


BAR = "".join(f"{number} %\r" for number in range(101))


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        (f"start\n{BAR}\nrake aborted!\n", ["start", "100 %", "rake aborted!"]),
        (f"start\n{BAR}", ["start", "100 %"]),
        (BAR.replace("\r", "\x1b[2K\x1b[1G") + "\nend", ["100 %", "end"]),
        (BAR.replace("\r", "\x1b[K\r") + "done", ["done"]),
        ("\r10 %\r20 %\x1b[G30 %\n", ["30 %"]),
        ("\x1b[1G\x1b[2K10 %\x1b[1G\x1b[2K20 %\n", ["20 %"]),
        ("one\r\ntwo\r\r\nthree\r", ["one", "two", "three"]),
        ("wiped out\r         \r\nleft\n", ["left"]),
        ("one\r  two\n", ["  two"]),
        (f"one {SECRET}\rtwo {SECRET}\n", ["two ***"]),
        (f"{SECRET[:4]}\r{SECRET[4:]}\n", [SECRET[4:]]),
    ],
)
def test_a_line_of_a_log_is_what_a_terminal_shows(cleaner: Cleaner, log: str, shown: list[str]) -> None:
    """Only what follows a line's last carriage return is shown; one at its very end is part of the line break."""
    assert cleaner.tail(log, 50) == shown


def test_tail_is_bounded_with_marks_broken_up(cleaner: Cleaner) -> None:
    """A log's line is never longer than asked for either."""
    assert [len(line) for line in cleaner.tail("##[" * 100, 1)] <= [LONGEST_FIELD]


def test_html(cleaner: Cleaner) -> None:
    """Text for the summary is escaped, quotes too."""
    assert cleaner.html("<a href='x' title=\"&\">\n") == "&lt;a href=&#x27;x&#x27; title=&quot;&amp;&quot;&gt;"
    assert cleaner.html("<" * 9, 4) == "&lt;&lt;&lt;…"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/awesome/commit/0123456",
        "http://awesome.example.com",
        "https://x.example:8080/a/b-c_d~e?f=g&h=%20#i",
        "https://192.0.2.7/",
        "https://localhost/@x",
    ],
)
def test_url(cleaner: Cleaner, url: str) -> None:
    """A plain web address stays as it is, without the space around it."""
    assert cleaner.url(f" {url}\n") == url


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "javascript:alert(1)", "JavaScript:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
        "file:///etc/passwd", "ftp://x.example", "//x.example", "/x", "https:x.example", "https:/x.example", "https://",
        "https:///x", "https://:80/", "https://user@x.example", "https://u:pass@x.example", "https://github.com@x.example",
        "https://x.example/a b", "https://x.example/\nx", "https://x.example/a\tb", "https://x.exa\nmple/",
        'https://x.example/"', "https://x.example/'", "https://x.example/<b>", "https://x.example/`x`", "https://x.example/(x)",
        "https://x.example/[x]", "https://x.example/{x}", "https://x.example/|", "https://x.example/*", "https://x.example\\",
        "https://x.example/\\", "https://x.example?x", "https://x.example#x", "https://x.example:x/", "https://x.example:/",
        "https://[::1]/", "https://[::1", "https://-x.example/", "https://.x.example/", "https://é.example/",
        "https://x.example/é", "https://x.example/\u202e", "https://x.example/\x00", "https://x.example/\ud800",
        "https://x.example/" + "x" * 2000, f"https://x.example/{SECRET}", f"https://{SECRET}.example/",
    ],
    ids=lambda url: ascii(url[:40]),
)  # fmt: skip
def test_url_refused(cleaner: Cleaner, url: str) -> None:
    """Whatever is not plainly a web address, or holds a user, a space, a quote or the secret, is left out."""
    assert cleaner.url(url) == ""


@given(texts)
def test_url_of_anything(text: str) -> None:
    """Any text is either a web address of harmless characters or left out."""
    for url in (text, f"https://{text}", f"https://x.example/{text}"):
        found = knowing(SECRET).url(url)
        assert found == "" or found.startswith(("http://", "https://"))
        assert not set(found) & set("\"'<>`()[]{}|\\ \t\r\n*")
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
    text = json.dumps(knowing(SECRET).record(value))
    assert SECRET not in text
    assert len(text.splitlines()) == 1
    json.loads(text)


def test_record_with_a_number_that_holds_the_secret() -> None:
    """A secret of digits is taken out of a number as a whole, so that what is left is JSON."""
    assert knowing("123456").record({"id": 9123456, "part": [1.5]}) == {"id": "***", "part": [1.5]}


def test_record_is_kept(cleaner: Cleaner) -> None:
    """A record of the usual kind stays as it is."""
    record = {"id": 1, "ok": True, "no": None, "part": {"code": 1.5, "list": ["a\nb", 2]}}
    assert cleaner.record(record) == record


def test_record_is_bounded(cleaner: Cleaner) -> None:
    """Long texts, long lists, many names and deep nesting are cut."""
    assert cleaner.record("x" * 11, 10) == "x" * 9 + "…"
    assert cleaner.record(list(range(100))) == list(range(60))
    assert cleaner.record({str(one): one for one in range(100)}) == {str(one): one for one in range(60)}
    assert cleaner.record({"a" * 100: 1}) == {"a" * 59 + "…": 1}
    assert cleaner.record([[[1]], {"a": {"b": 2}}, 3], depth=2) == [["…"], {"a": "…"}, 3]
