"""The writer of what the workflow sees: the log and the files of the runner."""

import contextlib
import errno
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud66_redeploy.report.reporter import Reporter
from harness import read_commands
from hostile import TEXTS, commands

SECRET = "5f0c9e7b41d8"
Log = pytest.CaptureFixture[str]
Files = dict[str, Path]


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


@contextlib.contextmanager
def streams_as(stdout: io.StringIO, stderr: io.StringIO) -> Iterator[None]:
    """Put others in the places of stdout and stderr, and close what a reporter may have put there."""
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            yield
        finally:
            for stream in {sys.stdout, sys.stderr} - {stdout, stderr}:
                stream.close()


@pytest.mark.parametrize(
    ("secret", "masks", "said"),
    [
        (SECRET, {SECRET}, "token ***"),
        # The log shows several lines one by one, but the words of a secret are none: `my` would hide everything.
        (f"{SECRET}\r\n\nx1", {f"{SECRET}%0D%0A%0Ax1", SECRET, "x1"}, "token ***"),
        (f"my {SECRET}", {f"my {SECRET}"}, f"token {SECRET}"),
        ("", set(), f"token {SECRET}"),
        # What the log can't hold stops nothing.
        ("\udcff", set(), f"token {SECRET}"),
    ],
)
def test_mask(reporter: Reporter, capsys: Log, secret: str, masks: set[str], said: str) -> None:
    """A secret is registered with the runner, whole and line by line, and taken out of all that is written later."""
    reporter.mask(secret)
    lines = capsys.readouterr().out.splitlines()
    assert {line.removeprefix("::add-mask::") for line in lines} == masks
    reporter.say(f"token {SECRET}")
    assert capsys.readouterr().out == f"{said}\n"
    reporter.warn(secret, secret)
    reporter.error(secret, [f"x {secret}"])
    reporter.group(secret, [])
    assert not secret or secret not in capsys.readouterr().out


def test_say(reporter: Reporter, capsys: Log) -> None:
    """A line goes out as it is, one that looks like a command behind a mark, a long one cut; so do those of a group."""
    for text in ("words", "::error::x", " ##[error]x", "x" * 1001):
        reporter.say(text)
    reporter.say("abcdef", longest=4)
    said = ["words", "‣ ::error::x", "## [error]x", "x" * 999 + "…", "abc…"]
    reporter.group("A\ntitle", ["::error::x", "  indented"])
    group = ["::group::A title", "| ::error::x", "|   indented", "::endgroup::"]
    assert capsys.readouterr().out.splitlines() == [*said, *group]


def test_warn_once(reporter: Reporter, capsys: Log) -> None:
    """The same warning is annotated once, another one again."""
    for text in ("one", "one", "two", " one "):
        reporter.warn("Title", text)
    assert [one.line.rpartition("::")[2] for one in commands(capsys.readouterr().out)] == ["one", "two"]


@pytest.mark.parametrize("name", TEXTS)
def test_annotations_hold_one_command(reporter: Reporter, capsys: Log, name: str) -> None:
    """Neither title nor text of an annotation can end it and begin another command."""
    text = TEXTS[name]
    reporter.error(text, [text, "", text])
    reporter.warn(text, text)
    out = capsys.readouterr().out
    assert [one.name for one in commands(out)] == ["error", "warning"]
    assert len(out.splitlines()) == 2
    properties = [one.properties.split(",") for one in commands(out)]
    assert all([part.partition("=")[0] for part in each][:2] == ["title", "file"] for each in properties)


def test_an_annotation_that_fits_is_whole(reporter: Reporter, capsys: Log) -> None:
    """Each sentence has a line of its own, empty ones are left out, rows go after the first, and nothing is cut."""
    rows = [f"Row {number}." for number in range(50)]
    reporter.error("T", ["Reason.", "", "Two\nlines.", "50 %"], rows)
    assert capsys.readouterr().out.endswith("::" + "%0A".join(["Reason.", *rows, "Two lines.", "50 %25\n"]))


UNITS = ["x", "é", "🚀", "%", "50 % ", "\n", "::error::", f"{SECRET} "]


@pytest.mark.parametrize(
    ("unit", "rows"), [*((unit, 50) for unit in UNITS), *(("%", rows) for rows in (0, 1, 9, 500))], ids=ascii
)
def test_an_annotation_is_short_enough_for_the_runner(reporter: Reporter, capsys: Log, rows: int, unit: str) -> None:
    """Whatever is to be said, an error keeps below what the runner takes, the reason and what to do next included."""
    reporter.cleaner.hide(SECRET)
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


def test_outputs_are_written_when_changed(reporter: Reporter, files: Files) -> None:
    """An output or a state is written when it is new or changed, and not again; a summary is added to what is there."""
    for value in ("", "1", "1", "2"):
        reporter.output("deployment_id", value)
        reporter.state("run", value)
        reporter.summary(value)
    for name, key in (("output", "deployment_id"), ("state", "run")):
        written = files[name].read_text(encoding="utf8").splitlines()
        assert [line for line in written if "ghadelimiter" not in line] == ["", "1", "2"]
        assert read_commands(files[name]) == {key: "2"}
    assert files["summary"].read_text(encoding="utf8") == "\n1\n1\n2\n"


def test_outputs_hide_secrets(reporter: Reporter, files: Files) -> None:
    """A secret does not reach an output or the summary."""
    reporter.cleaner.hide(SECRET)
    reporter.output("reason", f"<{SECRET}>")
    reporter.summary(f"<p>{SECRET}</p>")
    assert read_commands(files["output"]) == {"reason": "<***>"}
    assert files["summary"].read_text(encoding="utf8") == "<p>***</p>\n"


@pytest.mark.parametrize(("size", "is_written"), [(450 * 1024, True), (450 * 1024 + 1, False)])
def test_summary_too_large_for_the_runner(reporter: Reporter, files: Files, size: int, is_written: bool) -> None:
    """A summary that the runner would refuse, and fail the upload of, is left out."""
    reporter.summary("é" * size)
    assert bool(files["summary"].read_text(encoding="utf8")) is is_written


def test_without_files(reporter: Reporter, files: Files, monkeypatch: pytest.MonkeyPatch, capsys: Log) -> None:
    """Outside of a workflow nothing is written for the runner, least of all by the old commands."""
    for name in ("GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name)
    reporter.output("outcome", "success")
    reporter.state("run", "x")
    reporter.summary("x")
    assert capsys.readouterr() == ("", "")
    assert {path.read_text() for path in files.values()} == {""}


def test_invalid_text(reporter: Reporter, files: Files, capsys: Log) -> None:
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
    reporter: Reporter, files: Files, stdout: io.StringIO, stderr: io.StringIO, told: str
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
