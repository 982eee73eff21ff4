"""
A stand-in for the runner, given by E2E_RUN_ACTION, for what act can't show: signals, and the state of the post step.

It is called like this, and prints each stage's end and, last, a JSON object with status, outputs and state:

    run_action.py ACTION_DIR WORKSPACE [--with INPUT=VALUE …] [--env NAME=VALUE …] [--network NAME] [--cancel-after S]
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e.rig.stand_in import StandIn
from harness import INPUTS


def runner_command() -> list[str]:
    """How the runner's stand-in is started; empty if there is none."""
    words = shlex.split(os.environ.get("E2E_RUN_ACTION", ""))
    if not words or not Path(words[-1]).is_file():
        return []
    return [shutil.which("python3") or "python3", *words] if words[0].endswith(".py") else words


@dataclass
class Watched:
    """A run and when its lines came, on the stand-in's clock."""

    lines: list[tuple[float, str]] = field(default_factory=list)

    @property
    def log(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def when(self, pattern: str) -> float | None:
        """When the first line came that matches, or None."""
        return next((at for at, line in self.lines if re.search(pattern, line)), None)

    def at(self, pattern: str) -> float:
        """When that line came, which has to be there."""
        found = self.when(pattern)
        assert found is not None, f"no line like {pattern}\n{self.log}"
        return found

    @property
    def signalled_at(self) -> float:
        return self.at(r"^##\[cancel\] SIGINT")

    @property
    def ended_at(self) -> float:
        return self.at(r"^##\[main\] exit")

    @property
    def ending(self) -> dict[str, Any]:
        found: dict[str, Any] = next(json.loads(line) for _, line in self.lines[::-1] if line.startswith('{"status"'))
        return found

    @property
    def outputs(self) -> dict[str, str]:
        found: dict[str, str] = self.ending["outputs"]
        return found

    @property
    def post_log(self) -> str:
        """What the post step said."""
        return self.log.partition("##[main] exit")[2]


def run_action(
    action: Path,
    stand_in: StandIn,
    *,
    cancel_after: float | None = None,
    on_line: Callable[[str], None] = lambda _line: None,
    env: Mapping[str, str] | None = None,
    **inputs: str,
) -> Watched:
    """Run main and post of the action in that folder; `on_line` sees each line as it comes."""
    workspace = action.with_name("workspace")
    workspace.mkdir(exist_ok=True)
    command = [*runner_command(), str(action), str(workspace), "--network", "host"]
    for name, value in (INPUTS | {"api_url": stand_in.url, "poll_interval": "1s"} | inputs).items():
        command += ["--with", f"{name}={value}"]
    for name, value in (env or {}).items():
        command += ["--env", f"{name}={value}"]
    if cancel_after is not None:
        command += ["--cancel-after", str(cancel_after)]
    watched = Watched()
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            watched.lines.append((stand_in.simulator.now(), line.rstrip("\n")))
            on_line(line)
    assert watched.when(r"^##\[main\] exit") is not None, watched.log
    return watched
