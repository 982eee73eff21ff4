"""Hostile texts, and strict readers of what they might do harm to: the log, the outputs and the summary."""

import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from harness import OUTPUTS

TOKEN = "demo-token"
MARK = "was-here"

OUR_WARNINGS = {"Cloud 66", "Deployment not identified", "Stack actions can't be read", "Scheduled twice", "Services"}

_COMMANDS = [
    "set-output name=outcome", "set-env name=PATH", "add-path", "add-mask", "save-state name=ended", "stop-commands",
    "error title=forged", "warning", "notice", "debug", "group", "endgroup", "echo", "add-matcher", "remove-matcher",
]  # fmt: skip
_WORKFLOW_COMMANDS = "\n".join(f"::{one}::success" for one in _COMMANDS)
_OLD_COMMANDS = " ".join(f"##[{one}]success" for one in _COMMANDS)

TEXTS = {
    "plain": "words",
    "a command": "::set-output name=outcome::success",
    "commands on lines": _WORKFLOW_COMMANDS,
    "commands on lines, as Windows": _WORKFLOW_COMMANDS.replace("\n", "\r\n"),
    "commands behind carriage returns": _WORKFLOW_COMMANDS.replace("\n", "\r"),
    "commands behind next line": _WORKFLOW_COMMANDS.replace("\n", "\x85"),
    "commands behind line separators": _WORKFLOW_COMMANDS.replace("\n", "\u2028"),
    "commands behind form feeds": _WORKFLOW_COMMANDS.replace("\n", "\x0c"),
    "commands behind spaces": _WORKFLOW_COMMANDS.replace("::", "\u3000\u00a0 ::", 1),
    "a command behind what is invisible": "\ufeff\u200b\u2060::error::x",
    "a command behind ANSI codes": "\x1b[0m\x1b[31m::error::x",
    "a command torn by ANSI codes": ":\x1b[0m:error::x ##\x1b[1m[error]x",
    "a command torn by what is invisible": ":\u200b:error::x #\u2060#\u200b[error]x",
    "a command torn by the token": f":{TOKEN}:error::x ##{TOKEN}[error]x",
    "an escaped line break": "x%0A::error::x%0D%250A",
    "old commands": f"{_OLD_COMMANDS} ##[set-env name=A]b ###[error] ##[[error]",
    "the token": f"{TOKEN} Bearer {TOKEN}, ?token={TOKEN}&x <b>{TOKEN}</b>",
    "the token torn": "demo-\u200btoken demo\x1b[0m-token de\u202emo-token demo-\xadtoken",
    "the token in a link": f"https://x.example/{TOKEN}?a={TOKEN}#{TOKEN}",
    "ANSI codes": "\x1b[2J\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b]8;;https://x.example\x1b\\link\x9b31m\x1b",
    "control characters": "".join(map(chr, [*range(32), *range(127, 160)])),
    "right to left": "\u202egnp.exe\u202c \u2066x\u2069 \u061c\u200f",
    "lone surrogates": "\ud800 \udfff\udcff x\udbff",
    "Markdown": "# x\n\n| a | b |\n|---|---|\n| [x](javascript:alert(1)) | ![x](https://x.example) |\n\n```\n`x` **x**",
    "Markdown on one line": "[x](https://x.example) ![x](https://x.example/x.png) `x` **x** | x | <https://x.example>",
    "HTML": "</code></table></pre></details><script>alert(1)</script><img src=x onerror=alert(1)><!-- <![CDATA[ <?x",
    "HTML attributes": "\" onclick=\"alert(1)' onload='x",
    "an HTML link": '<a href="https://x.example">x</a>',
    "character references": "&lt;script&gt; &#60;b&#62; &amp;lt; &colon;",
    "a javascript link": "javascript:alert(1)",
    "a data link": "data:text/html,<script>alert(1)</script>",
    "a link with a user": "https://github.com@x.example/x",
    "a link with quotes": "https://x.example/\"onclick=alert(1)//'<>",
    "a link with a line break": "https://x.example/\n::error::x",
    "output delimiters": "ghadelimiter_x\noutcome<<EOF\nsuccess\nEOF\noutcome=success",
    "JSON": '", "id": 1, "outcome": {"code": 1}, "x": "\\',
    "formats": "%s %d {0} {self.cleaner} ${{ secrets.X }} $(id) `id`",
}  # fmt: skip


class Command(NamedTuple):
    """A line of the log that the runner would take for a command."""

    name: str
    properties: str
    line: str


def commands(log: str) -> list[Command]:
    """Read a log as the runner does, only stricter: any break ends a line, any name is a known command's."""
    found = []
    for line in log.splitlines():
        new = re.match(r"\s*::([^ :]*) ?(.*?)::", line)
        if new or line.lstrip().startswith("::"):
            found.append(Command(new[1] if new else "?", new[2] if new else "", line))
        found += [Command(f"##[{old}", "", line) for old in re.findall(r"##\[([^] ]*)", line)]
    return found


def title_of(command: Command) -> str:
    """The title of an annotation, or ""."""
    title = re.match(r"title=([^,]*)", command.properties)
    return title[1].replace("%3A", ":").replace("%2C", ",") if title else ""


def check_plain(text: str) -> None:
    """Check that nothing in a text moves the cursor, turns the direction, hides, or can't be written."""
    bad = {each for each in text if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {"\n"}
    assert not bad, sorted(map(hex, map(ord, bad)))


def check_log(log: str, token: str, error: str | None) -> None:
    """Check that all commands in a log are ours: the mask, one error with this title or none, warnings, groups."""
    check_plain(log)
    found = commands(log)
    by_name: dict[str, list[Command]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append(one)
    assert [one.line for one in by_name.pop("add-mask", [])] == [f"::add-mask::{token}"]
    assert [title_of(one) for one in by_name.pop("error", [])] == ([error] if error else [])
    assert {title_of(one) for one in by_name.pop("warning", [])} <= OUR_WARNINGS
    groups = [one.line for one in by_name.pop("group", [])]
    assert groups in ([], ["::group::Last lines of the stack log"])
    assert len(by_name.pop("endgroup", [])) == len(groups)
    assert by_name == {}
    assert token[:8] not in log.replace(f"::add-mask::{token}\n", "", 1)


def debug_lines(log: str) -> list[str]:
    """Return what the lines of a debug log say; check that each is one plain command, and shows no token."""
    found = [one for one in commands(log) if one.name == "debug"]
    for one in found:
        assert one.line.startswith("::debug::")
        check_plain(one.line)
        assert "##[" not in one.line
        assert TOKEN[:8] not in one.line
        assert len(one.line) < 10_000
    return [one.line.removeprefix("::debug::") for one in found]


def without_debug(log: str) -> str:
    """Return a log without the lines that debug logging adds."""
    return re.sub(r"^::debug::.*\n", "", log, flags=re.MULTILINE)


def check_outputs(path: Path, token: str) -> dict[str, str]:
    """Read a file of outputs, three lines for each: check that it holds the documented ones and nothing else."""
    found: dict[str, str] = {}
    *lines, last = path.read_bytes().decode("utf8").split("\n")
    assert (last, len(lines) % 3) == ("", 0)
    for start, value, end in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        name, _, delimiter = start.partition("<<")
        assert re.fullmatch(r"ghadelimiter_[0-9a-f-]{36}", delimiter)
        assert end == delimiter
        assert len(value.splitlines()) <= 1
        assert len(value) <= 60_000
        assert token[:8] not in value
        check_plain(value)
        found[name] = value
    assert set(found) == OUTPUTS
    return found


class _Tags(HTMLParser):
    """Checks that a text is made of our own elements, each closed, and nothing else."""

    ours = frozenset({"h3", "p", "table", "tr", "th", "td", "b", "code", "a", "br", "details", "summary", "pre"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.ours, tag
        allowed = {"a": {"href"}, "th": {"align"}}.get(tag, set())
        given = {name for name, _ in attrs}
        assert given == allowed or (tag == "details" and attrs == [("open", None)])
        for name, value in attrs:
            assert name != "href" or re.match(r"https?://[A-Za-z0-9.-]+(:\d+)?(/|$)", value or ""), value
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_pi = unknown_decl


def check_summary(summary: str, token: str) -> str:
    """Check that a summary is our HTML alone, with no place for Markdown; return the text that people see."""
    check_plain(summary)
    assert token[:8] not in summary
    assert len(summary.encode()) < 1024 * 1024
    parser = _Tags()
    parser.feed(summary)
    parser.close()
    assert parser.open == []
    # A blank line ends HTML and begins Markdown, but not inside of <pre>.
    outside = re.sub(r"<pre>.*?</pre>", "<pre></pre>", summary, flags=re.DOTALL)
    for block in re.split(r"\n\s*\n", outside.strip()):
        assert block.startswith(("<h3>", "<p>", "<table>", "<pre>", "<details", "</details>")), block
    return re.sub(r"\n+", "\n", parser.text)
