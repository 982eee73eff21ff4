"""
The only writer of what the workflow sees: log lines, groups, annotations, masks, outputs, state and summary.

Nothing here may change how the run ends: a full disk or a closed log is said where it can be, and passed over.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from actions_toolkit import core
from actions_toolkit.file_command import issue_file_command

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.timing import SAY_AGAIN_SECONDS

_LONGEST_SUMMARY_BYTES = 900 * 1024
"""The runner refuses a step's summary above 1 MiB."""

_LONGEST_ANNOTATION_BYTES = 3900
"""The runner cuts an annotation at 4,096 UTF-16 units, after it has put *** for secrets; so this stays below."""

_LONGEST_DEBUG = 2000
_CLEANED_FOR_DEBUG = 20_000
"""A page may have much that does not show; cleaning tens of megabytes would take seconds."""

_LONGEST_SENTENCE_BYTES = 700
_LEFT_OUT_BYTES = 60
_FILES = {
    "outputs": ("GITHUB_OUTPUT", "Later steps and jobs don't get them."),
    "state": ("GITHUB_STATE", "If the workflow is cancelled, the post step may not know what to cancel."),
    "summary": ("GITHUB_STEP_SUMMARY", "The log has what it would say."),
}
"""The runner's files: the variable that names each, and what it means that it can't be written."""


def open_closed_streams() -> None:
    """Put the null device where a standard stream is closed, before a socket or a file gets its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            _give_up(name)


def _give_up(name: str) -> None:
    """Write nothing more to a standard stream, at the interpreter's exit either: that would change the exit status."""
    setattr(sys, name, open(os.devnull, "w", errors="replace"))  # noqa: PTH123, SIM115 - for the rest of the process


class Reporter:
    """Writes for the workflow. Every text handed in is cleaned here, wherever it comes from."""

    def __init__(self, environ: Mapping[str, str], sanitizer: Sanitizer) -> None:
        self._environ = environ
        self.sanitizer = sanitizer
        self._written: dict[tuple[str, str], str] = {}
        self._warned: set[str] = set()
        self._unwritable: set[str] = set()

    def mask(self, secret: str) -> None:
        """Let the runner, and everything written here, hide a secret. Comes before anything else is written."""
        for part in {secret, *secret.splitlines()} - {""}:
            self.sanitizer.hide(part)
            self._emit(core.set_secret, part)

    @property
    def is_debug(self) -> bool:
        """Whether GitHub's "Enable debug logging" is on."""
        return self._environ.get("RUNNER_DEBUG") == "1"

    def debug(self, text: Callable[[], str]) -> None:
        """Write a line that helps to find a fault, with debug logging alone; else its text is not made."""
        if self.is_debug:
            self._emit(core.debug, self.sanitizer.beginning(text(), _LONGEST_DEBUG, _CLEANED_FOR_DEBUG))

    def say(self, text: str, longest: int = 1000) -> None:
        """Write a line of the log."""
        line = self.sanitizer.line(text, longest)
        # A text from outside may stand first; the runner would take a leading :: for a command.
        self._emit(core.info, f"‣ {line}" if line.startswith("::") else line)

    def group(self, title: str, lines: Iterable[str]) -> None:
        """Write a folded group of lines that have been cleaned (`Sanitizer.tail`)."""
        self._emit(core.start_group, self.sanitizer.line(title))
        for line in lines:
            self._emit(core.info, f"| {line}")
        self._emit(core.end_group)

    def warn(self, title: str, text: str) -> None:
        """Annotate a warning, once."""
        message = self._sentence(text, _LONGEST_ANNOTATION_BYTES)
        if message not in self._warned:
            self._warned.add(message)
            self._annotate(core.warning, title, message)

    def notice(self, title: str, text: str) -> None:
        """Annotate something that is worth knowing and not wrong."""
        self._annotate(core.notice, title, self._sentence(text, _LONGEST_ANNOTATION_BYTES))

    def error(self, title: str, sentences: Sequence[str], rows: Sequence[str] = ()) -> None:
        """
        Annotate the error, a line a sentence, the reason first; each of them is there, if need be cut.

        The rows go after the reason, as far as there is room.
        """
        reason, *others = filter(None, sentences)
        after = [self._sentence(sentence, _LONGEST_SENTENCE_BYTES) for sentence in others]
        room = _LONGEST_ANNOTATION_BYTES - sum(map(_size, after))
        lines = [self._sentence(reason, room - (_LEFT_OUT_BYTES if rows else 0))]
        room -= _size(lines[0]) + _LEFT_OUT_BYTES
        for number, row in enumerate(rows):
            line = self.sanitizer.line(row)
            room -= _size(line)
            if room < 0:
                lines.append(f"… and {len(rows) - number} more, see the summary")
                break
            lines.append(line)
        self._annotate(core.error, title, "\n".join([*lines, *after]))

    def output(self, name: str, value: str) -> None:
        """Set an output of the step; the value has been cleaned where its kind is known."""
        self._set("outputs", core.set_output, name, self.sanitizer.redact(value))

    def state(self, name: str, value: str) -> None:
        """Keep something for the post step."""
        self._set("state", core.save_state, name, value)

    def summary(self, markdown: str) -> None:
        """Add to the job's summary."""
        text = self.sanitizer.redact(markdown).encode(errors="replace")
        if len(text) <= _LONGEST_SUMMARY_BYTES:
            self._write("summary", issue_file_command, "STEP_SUMMARY", text.decode())

    def _annotate(self, command: Callable[..., object], title: str, message: str) -> None:
        self._emit(command, message, title=self.sanitizer.line(title, 100))

    def _sentence(self, text: str, longest_bytes: int) -> str:
        """Return text as one line that takes at most so many bytes in an annotation."""
        line = self.sanitizer.line(text, min(2000, longest_bytes))
        while _size(line) > longest_bytes:
            line = line[: len(line) * longest_bytes // _size(line) - 2] + "…"
        return line

    def _set(self, what: str, command: Callable[[str, str], object], name: str, value: str) -> None:
        if self._written.get((what, name)) != value:
            self._written[what, name] = value
            self._write(what, command, name, value)

    def _write(self, what: str, command: Callable[[str, str], object], name: str, text: str) -> None:
        """Write to one of the runner's files; warn, once, where that can't be done."""
        variable, loss = _FILES[what]
        if not self._environ.get(variable):
            return
        try:
            command(name, text)
        except Exception as error:  # the toolkit raises bare Exceptions for missing files
            if what not in self._unwritable:
                self._unwritable.add(what)
                self.warn(f"No {what}", f"The step's {what} can't be written: {error}. {loss}")

    def _emit(self, command: Callable[..., object], *texts: str, **properties: str) -> None:
        try:
            command(*texts, **properties)
            sys.stdout.flush()
        except OSError as error:
            # Nobody reads the log any more, or it is full; the outputs still count.
            _give_up("stdout")
            if not isinstance(error, BrokenPipeError):
                self._complain(error)
        except Exception as error:  # text that the log can't hold
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        try:
            sys.stderr.write(f"could not write to the log: {self.sanitizer.line(str(error))}\n")
            sys.stderr.flush()
        except Exception:  # then there is nobody to be told
            _give_up("stderr")


def _size(line: str) -> int:
    """Return how many bytes a line takes in an annotation, as it is written and with its line break."""
    return len(line.replace("%", "%25").encode()) + len("%0A")


class Narrator:
    """Tells the log how things stand, without repeating itself within a minute."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last = ""
        self._said_at = 0.0

    def tell(self, elapsed_seconds: float, text: str, how_far: str = "") -> None:
        """Say a text, if it is news or a minute has passed; how far things are is no news by itself."""
        if text != self._last or elapsed_seconds - self._said_at >= SAY_AGAIN_SECONDS:
            self._last, self._said_at = text, elapsed_seconds
            self._say(f"[{format_duration(elapsed_seconds)}] {text}{how_far}")


class Voice:
    """
    Writes lines of the log about one of several things.

    Attributes:
        label: each line begins with it.

    """

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.label = ""
        self._last: dict[str, str] = {}

    def say(self, text: str) -> None:
        """Write a line of the log."""
        self.reporter.say(f"{self.label}{text}")

    def debug(self, text: Callable[[], str]) -> None:
        """Write a line of a debug log."""
        self.reporter.debug(lambda: f"{self.label}{text()}")

    def debug_news(self, name: str, text: Callable[[], str]) -> None:
        """Write a line of a debug log where it differs from the last one of its name."""
        if self.reporter.is_debug and self._last.get(name) != (said := text()):
            self._last[name] = said
            self.debug(lambda: said)
