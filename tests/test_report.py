"""The writer of what the workflow sees: the log and the files of the runner."""

import contextlib
import errno
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud66_redeploy.report import Reporter
from cloud66_redeploy.text import Cleaner
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
def stdout_as(stream: io.StringIO) -> Iterator[None]:
    """Put another stream in the place of stdout, and close what a reporter may have put there."""
    with contextlib.redirect_stdout(stream):
        try:
            yield
        finally:
            if sys.stdout is not stream:
                sys.stdout.close()


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


def test_missing_files(reporter: Reporter, files: dict[str, Path], capsys: Log) -> None:
    """Files that are not there are told of on stderr and stop nothing."""
    for path in files.values():
        path.unlink()
    reporter.output("outcome", "success")
    reporter.state("run", "x")
    reporter.summary("x")
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(":")[0] for line in err.splitlines()] == ["could not write to the workflow"] * 3


def test_invalid_text(reporter: Reporter, files: dict[str, Path], capsys: Log) -> None:
    """Text that no file can hold is told of on stderr or written without what is wrong in it, and stops nothing."""
    reporter.output("outcome", "\ud800")
    reporter.state("run", "\ud800")
    reporter.summary("<p>\ud800</p>")
    assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == [
        "could not write to the workflow"
    ] * 2
    reporter.output("outcome", "success")
    assert read_commands(files["output"]) == {"outcome": "success"}
    assert files["summary"].read_text(encoding="utf8") == "<p>?</p>\n"


def test_closed_log(reporter: Reporter, files: dict[str, Path]) -> None:
    """When nobody reads the log any more, it is given up at once, and the outputs are still written."""
    broken = Broken(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    with stdout_as(broken):
        for _ in range(3):
            reporter.say("x")
        reporter.output("outcome", "success")
    assert broken.writes == 1
    assert read_commands(files["output"]) == {"outcome": "success"}


def test_full_disk(reporter: Reporter, files: dict[str, Path], capsys: Log) -> None:
    """A log that can't be written is told of on stderr."""
    with stdout_as(Broken(OSError(errno.ENOSPC, "No space left on device"))):
        reporter.say("x")
        reporter.output("outcome", "success")
    assert "No space left" in capsys.readouterr().err
    assert read_commands(files["output"]) == {"outcome": "success"}


def test_full_disk_and_closed_stderr(reporter: Reporter) -> None:
    """When not even stderr can be written to, the run goes on in silence."""
    full, closed = OSError(errno.ENOSPC, "No space left on device"), BrokenPipeError(errno.EPIPE, "Broken pipe")
    with stdout_as(Broken(full)), contextlib.redirect_stderr(Broken(closed)):
        reporter.say("x")


def test_real_closed_pipe(files: dict[str, Path]) -> None:
    """A step whose log is closed from the start exits as it should and leaves its outputs."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-u", "-m", "cloud66_redeploy"],
            check=False,
            stdout=writing,
            stderr=subprocess.PIPE,
            env=os.environ | {"INPUT_API_TOKEN": "x", "INPUT_STACK_ID": "a b"},
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
    assert read_commands(files["output"])["outcome"] == "failed"
