"""The writer of what the workflow sees: the log and the files of the runner."""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import Cleaner
from harness import read_commands
from hostile import TEXTS, commands

FILES = {"output": "GITHUB_OUTPUT", "state": "GITHUB_STATE", "summary": "GITHUB_STEP_SUMMARY"}
Log = pytest.CaptureFixture[str]


class Broken(io.StringIO):
    """A stream that nobody reads any more, or that is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error
        self.writes = 0

    def write(self, _text: str) -> int:
        self.writes += 1
        raise self.error


class Strict(io.StringIO):
    """A stream that takes valid text alone."""

    def write(self, text: str) -> int:
        text.encode()
        return super().write(text)


ENDED, FULL = BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The runner's files, named in the environment."""
    found = {name: tmp_path / name for name in FILES}
    for name, path in found.items():
        path.touch()
        monkeypatch.setenv(FILES[name], str(path))
    return found


@pytest.fixture
def reporter(files: dict[str, Path]) -> Reporter:
    """A reporter with the runner's files."""
    assert files
    return Reporter(os.environ, Cleaner())


@contextlib.contextmanager
def streams_as(stdout: io.StringIO, stderr: io.StringIO) -> Iterator[None]:
    """Put others in the places of stdout and stderr, and close what a reporter may have put there."""
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            yield
        finally:
            for stream in {sys.stdout, sys.stderr} - {stdout, stderr}:
                stream.close()


def test_mask(reporter: Reporter, capsys: Log) -> None:
    """A masked secret is registered with the runner and taken out of everything written after that."""
    reporter.mask("5f0c9e7b41d8")
    reporter.say("token 5f0c9e7b41d8")
    reporter.warn("5f0c9e7b41d8", "5f0c9e7b41d8")
    reporter.error("5f0c9e7b41d8", ["5f0c9e7b41d8"])
    reporter.group("5f0c9e7b41d8", [])
    first, *others = capsys.readouterr().out.splitlines()
    assert first == "::add-mask::5f0c9e7b41d8"
    assert "5f0c9e7b41d8" not in "\n".join(others)
    assert others[0] == "token ***"


def test_mask_of_lines(reporter: Reporter, capsys: Log) -> None:
    """A secret of several lines is registered as a whole and line by line, since the log shows it so."""
    reporter.mask("5f0c9e7b41d8\r\n\n263f0b7c4d2e")
    assert set(capsys.readouterr().out.splitlines()) == {
        "::add-mask::5f0c9e7b41d8%0D%0A%0A263f0b7c4d2e",
        "::add-mask::5f0c9e7b41d8",
        "::add-mask::263f0b7c4d2e",
    }


def test_mask_of_words(reporter: Reporter, capsys: Log) -> None:
    """The words of a secret are not secrets: hiding `my` and `token` would make everything unreadable."""
    reporter.mask("my token")
    reporter.say("my token is not a token")
    assert capsys.readouterr().out.splitlines() == ["::add-mask::my token", "*** is not a token"]


def test_mask_of_nothing(reporter: Reporter, capsys: Log) -> None:
    """An empty secret is no secret: the runner would warn about it."""
    reporter.mask("")
    assert capsys.readouterr().out == ""


def test_mask_of_invalid_text(reporter: Reporter) -> None:
    """A secret that is not valid text, which the log can't hold, stops nothing."""
    reporter.mask("5f0c9e7b41d8\udcff")


def test_say(reporter: Reporter, capsys: Log) -> None:
    """A line goes out as it is, one that looks like a command behind a mark, a long one cut."""
    for text in ("words", "::error::x", " ##[error]x", "x" * 1001):
        reporter.say(text)
    reporter.say("abcdef", longest=4)
    assert capsys.readouterr().out.splitlines() == [
        "words",
        "‣ ::error::x",
        "## [error]x",
        "x" * 999 + "…",
        "abc…",
    ]


def test_group(reporter: Reporter, capsys: Log) -> None:
    """A group is opened and closed, and no line in it can start a command."""
    reporter.group("A\ntitle", ["::error::x", "  indented"])
    assert capsys.readouterr().out.splitlines() == ["::group::A title", "| ::error::x", "|   indented", "::endgroup::"]


def test_warn_once(reporter: Reporter, capsys: Log) -> None:
    """The same warning is annotated once, another one again."""
    for text in ("one", "one", "two", " one "):
        reporter.warn("Title", text)
    assert [one.line.rpartition("::")[2] for one in commands(capsys.readouterr().out)] == ["one", "two"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_annotations_hold_one_command(reporter: Reporter, capsys: Log, text: str) -> None:
    """Neither title nor text of an annotation can end it and begin another command."""
    reporter.error(text, [text, "", text])
    reporter.warn(text, text)
    out = capsys.readouterr().out
    assert [one.name for one in commands(out)] == ["error", "warning"]
    assert len(out.splitlines()) == 2
    properties = [one.properties.split(",") for one in commands(out)]
    assert all([part.partition("=")[0] for part in each][:2] == ["title", "file"] for each in properties)


def test_error_has_a_line_for_each_sentence(reporter: Reporter, capsys: Log) -> None:
    """The annotation shows each sentence on a line of its own and leaves empty ones out."""
    reporter.error("T", ["One.", "", "Two\nlines.", "50 %"])
    assert capsys.readouterr().out.endswith("::One.%0ATwo lines.%0A50 %25\n")


def test_outputs_are_written_when_changed(reporter: Reporter, files: dict[str, Path]) -> None:
    """An output or a state is written when it is new or changed, and not again."""
    for value in ("", "1", "1", "2"):
        reporter.output("deployment_id", value)
        reporter.state("run", value)
    for name, key in (("output", "deployment_id"), ("state", "run")):
        written = files[name].read_text(encoding="utf8").splitlines()
        assert [line for line in written if "ghadelimiter" not in line] == ["", "1", "2"]
        assert read_commands(files[name]) == {key: "2"}


def test_outputs_hide_secrets(reporter: Reporter, files: dict[str, Path]) -> None:
    """A secret does not reach an output or the summary."""
    reporter.cleaner.hide("5f0c9e7b41d8")
    reporter.output("reason", "<5f0c9e7b41d8>")
    reporter.summary("<p>5f0c9e7b41d8</p>")
    assert read_commands(files["output"]) == {"reason": "<***>"}
    assert files["summary"].read_text(encoding="utf8") == "<p>***</p>\n"


def test_summaries_add_up(reporter: Reporter, files: dict[str, Path]) -> None:
    """A summary is added to what is there."""
    reporter.summary("<p>1</p>")
    reporter.summary("<p>2</p>")
    assert files["summary"].read_text(encoding="utf8").split() == ["<p>1</p>", "<p>2</p>"]


def test_summary_too_large_for_the_runner(reporter: Reporter, files: dict[str, Path]) -> None:
    """A summary that the runner would refuse, and fail the upload of, is left out."""
    reporter.summary("é" * (450 * 1024 + 1))
    assert files["summary"].read_text(encoding="utf8") == ""


def test_without_files(reporter: Reporter, monkeypatch: pytest.MonkeyPatch, capsys: Log) -> None:
    """Outside of a workflow nothing is written for the runner, least of all by the old commands."""
    for name in FILES.values():
        monkeypatch.delenv(name)
    reporter.output("outcome", "success")
    reporter.state("run", "x")
    reporter.summary("x")
    assert capsys.readouterr() == ("", "")


def test_invalid_text(reporter: Reporter, files: dict[str, Path], capsys: Log) -> None:
    """Text that no file can hold is warned about or written without what is wrong in it, and stops nothing."""
    reporter.output("outcome", "\ud800")
    reporter.state("run", "\ud800")
    reporter.summary("<p>\ud800</p>")
    assert [one.name for one in commands(capsys.readouterr().out)] == ["warning"] * 2
    reporter.output("outcome", "success")
    assert read_commands(files["output"]) == {"outcome": "success"}
    assert files["summary"].read_text(encoding="utf8") == "<p>?</p>\n"


@pytest.mark.parametrize(
    ("stdout", "stderr", "told"),
    [
        (Broken(ENDED), io.StringIO(), ""),
        (Broken(FULL), io.StringIO(), "could not write to the log: [Errno 28] No space left on device\n"),
        (Broken(FULL), Broken(FULL), ""),
        (Broken(FULL), Broken(ENDED), ""),
        (Strict(), Broken(FULL), ""),
    ],
)
def test_a_log_that_can_not_be_written(
    reporter: Reporter, files: dict[str, Path], stdout: io.StringIO, stderr: io.StringIO, told: str
) -> None:
    """A log that is full, or that nobody reads, is given up at once; the outputs are still written."""
    with streams_as(stdout, stderr):
        for _ in range(3):
            reporter.say("x")
        reporter.mask("\udcff")
        reporter.output("outcome", "success")
    assert stderr.getvalue() == told
    assert all(one.writes <= 1 for one in (stdout, stderr) if isinstance(one, Broken))
    assert read_commands(files["output"]) == {"outcome": "success"}


UNITS = ["x", "é", "🚀", "%", "50 % ", "\n", "::error::", "5f0c9e7b41d8 "]


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
@pytest.mark.parametrize("rows", [0, 1, 9, 50, 500])
def test_an_annotation_is_short_enough_for_the_runner(reporter: Reporter, capsys: Log, rows: int, unit: str) -> None:
    """Whatever is to be said, an error keeps below what the runner takes, the reason and what to do next included."""
    reporter.cleaner.hide("5f0c9e7b41d8")
    long = unit * 3000
    sentences = [f"Reason. {long}", f"Facts. {long}", f"Details: {long}", f"Next: do it. {long}"]
    reporter.error(long, sentences, [f"Row {number}. {long}" for number in range(rows)])
    reporter.warn("T", long)
    reporter.notice("T", long)
    annotations = commands(capsys.readouterr().out)
    assert [one.name for one in annotations] == ["error", "warning", "notice"]
    assert all(len(one.line.rpartition("=::")[2].encode()) < 4096 for one in annotations)
    lines = annotations[0].line.partition("=::")[2].split("%0A")
    shown = [line for line in lines if line.startswith("Row ")]
    left_out = [f"… and {rows - len(shown)} more, see the summary"] * (len(shown) < rows)
    assert lines[1:-3] == [*shown, *left_out]
    assert [line.split(" ")[0] for line in (lines[0], *lines[-3:])] == ["Reason.", "Facts.", "Details:", "Next:"]
    assert lines[-1].startswith("Next: do it.")


def test_an_annotation_that_fits_is_whole(reporter: Reporter, capsys: Log) -> None:
    """What fits is not cut, and nothing is said to be left out."""
    reporter.error("T", ["Reason.", "Next."], [f"Row {number}." for number in range(50)])
    [error] = commands(capsys.readouterr().out)
    rows = [f"Row {number}." for number in range(50)]
    assert error.line.partition("=::")[2].split("%0A") == ["Reason.", *rows, "Next."]
