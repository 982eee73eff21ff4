"""
The only writer of what the workflow sees: log lines, groups, annotations, masks, outputs, state and summary.

Nothing here may change how the run ends: a full disk or a closed log is said where it can be, and passed over.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from actions_toolkit import core
from actions_toolkit.file_command import issue_file_command

from cloud66_redeploy.text import Cleaner

_LONGEST_SUMMARY_BYTES = 900 * 1024
"""The runner refuses a step's summary above 1 MiB."""


class Reporter:
    """Writes for the workflow. Every text handed in is cleaned here, whoever wrote it."""

    def __init__(self, environ: Mapping[str, str], cleaner: Cleaner) -> None:
        self._environ = environ
        self.cleaner = cleaner
        self._outputs: dict[str, str] = {}
        self._states: dict[str, str] = {}
        self._warned: set[str] = set()

    def mask(self, secret: str) -> None:
        """Let the runner, and everything written here, hide a secret. Comes before anything else is written."""
        for part in {secret, *secret.splitlines()} - {""}:
            self.cleaner.hide(part)
            self._emit(partial(core.set_secret, part))

    def say(self, text: str, longest: int = 1000) -> None:
        """Write a line of the log."""
        line = self.cleaner.line(text, longest)
        # A text from outside may stand first; the runner would take a leading :: for a command.
        self._emit(lambda: core.info(f"‣ {line}" if line.startswith("::") else line))

    def group(self, title: str, lines: Iterable[str]) -> None:
        """Write a folded group of lines that have been cleaned (`Cleaner.tail`)."""
        self._emit(lambda: core.start_group(self.cleaner.line(title)))
        for line in lines:
            self._emit(partial(core.info, f"| {line}"))
        self._emit(core.end_group)

    def warn(self, title: str, text: str) -> None:
        """Annotate a warning, once."""
        message = self.cleaner.line(text, 2000)
        if message not in self._warned:
            self._warned.add(message)
            self._emit(lambda: core.warning(message, title=self.cleaner.line(title, 100)))

    def notice(self, title: str, text: str) -> None:
        """Annotate something that is worth knowing and not wrong."""
        self._emit(lambda: core.notice(self.cleaner.line(text, 2000), title=self.cleaner.line(title, 100)))

    def error(self, title: str, sentences: Sequence[str]) -> None:
        """Annotate the error, a line a sentence."""
        message = "\n".join(self.cleaner.line(sentence, 2000) for sentence in sentences if sentence)
        self._emit(lambda: core.error(message, title=self.cleaner.line(title, 100)))

    def output(self, name: str, value: str) -> None:
        """Set an output of the step; the value has been cleaned by whoever knows what it is."""
        if self._environ.get("GITHUB_OUTPUT") and self._outputs.get(name) != value:
            self._outputs[name] = value
            self._emit(lambda: core.set_output(name, self.cleaner.redact(value)))

    def state(self, name: str, value: str) -> None:
        """Keep something for the post step."""
        if self._environ.get("GITHUB_STATE") and self._states.get(name) != value:
            self._states[name] = value
            self._emit(lambda: core.save_state(name, value))

    def summary(self, markdown: str) -> None:
        """Add to the job's summary."""
        text = self.cleaner.redact(markdown).encode(errors="replace")
        if self._environ.get("GITHUB_STEP_SUMMARY") and len(text) <= _LONGEST_SUMMARY_BYTES:
            self._emit(lambda: issue_file_command("STEP_SUMMARY", text.decode()))

    def _emit(self, write: Callable[[], object]) -> None:
        try:
            write()
            sys.stdout.flush()
        except BrokenPipeError:
            # Nobody reads the log any more; the outputs still count.
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for the rest of the process
        except Exception as error:  # noqa: BLE001 - the toolkit raises bare Exceptions for missing files
            with suppress(OSError, ValueError):
                sys.stderr.write(f"could not write to the workflow: {self.cleaner.line(str(error))}\n")
