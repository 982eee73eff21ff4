"""
Plays with real processes, as the image starts them: `python -I -u`, the stand-in on loopback, and real signals.

All plays run side by side, because a process mostly waits; what was seen of each is judged by tests afterwards.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cloud66_simulator import Behaviour, Fault, Simulator
from cloud66_simulator.server import serve
from elsewhere import CI
from harness import GITHUB, INPUTS, read_commands
from odd_network import Proxy, listening

AT_ONCE = 8
"""With more plays at a time, two cores would be late for the signals."""

Moment = float | tuple[str, int]


@dataclass
class Play:
    """
    One job, what happens to it, and what was seen of it.

    Attributes:
        ends: the exit status and the outcome, or what they may be.
        env: more of its environment, made when its folder is there.
        asked: the references of deployments that earlier jobs ask for; that of a stranger is "".
        after: when the signal is sent: so many seconds after the first line of the log, or shortly after so many
            requests of a kind.
        streams: how a shell redirects the standard streams; None: the log is read.
        hangs_up: nobody reads the log after its first line.
        cleans: the post step follows, and both count for the coverage, which slows them down.
        later: the commands of steps that follow, for the same deployment.

    """

    ends: Iterable[tuple[int, str]]
    dials: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    env: Callable[[Path], dict[str, str]] = lambda _folder: {}
    asked: tuple[str, ...] = ()
    after: Moment | None = None
    sends: signal.Signals = signal.SIGINT
    streams: str | None = None
    hangs_up: bool = False
    by_proxy: bool = False
    cleans: bool = False
    later: tuple[str, ...] = ()

    log: str = ""
    endings: list[tuple[int, str]] = field(default_factory=list)
    signalled_at: float = 0.0
    took: float = 0.0
    """Seconds from the signal to the exit."""
    cleaned: tuple[int, str] = (-1, "")

    def perform(self, folder: Path) -> "Play":
        """Run it all, each step after the one before it."""
        folder.mkdir()
        self.folder = folder
        self.simulator = Simulator(time.time, behaviour=Behaviour(**self.dials), faults=self.faults)
        self.theirs = [self._ask(one) for one in self.asked]
        with serve(self.simulator) as url, ExitStack() as stack:
            self._environ = self._environment(url)
            if self.by_proxy:
                port = stack.enter_context(listening(Proxy("", urlsplit(url).port or 0).handle))
                self._environ["HTTP_PROXY"] = f"http://127.0.0.1:{port}"
            self._step(self.inputs)
            # With its id, which is proved, nothing has to be inferred, which takes 15 seconds.
            named = {name: self.outputs.get(name, "") for name in ("user_reference", "deployment_id")}
            named |= {"stack_id": "", "stack_name": "Awesome App", "poll_interval": ""}
            for command in self.later:
                self._step(named | {"command": command})
            if self.cleans:
                self._environ |= {f"STATE_{name}": value for name, value in self.state.items()}
                process = self._start(self.inputs, "cloud66_redeploy.cleanup")
                log, _ = process.communicate(timeout=60)
                self.cleaned = process.returncode, log or ""
        return self

    def _ask(self, reference: str) -> Any:
        asks = CI | {"user_reference": reference} if reference else {}
        return self.simulator.request_deployment(duration=60, **asks)

    def _environment(self, url: str) -> dict[str, str]:
        files = {f"GITHUB_{name}": str(self.folder / name) for name in ("OUTPUT", "STATE", "STEP_SUMMARY")}
        for path in files.values():
            Path(path).touch()
        names = {"PATH", "COVERAGE_PROCESS_CONFIG"} if self.cleans else {"PATH"}
        keep = {name: os.environ[name] for name in names & set(os.environ)}
        return keep | GITHUB | files | {"INPUT_API_URL": url, "INPUT_POLL_INTERVAL": "1s"} | self.env(self.folder)

    def _start(self, inputs: dict[str, str], module: str) -> subprocess.Popen[str]:
        page = f"{self._environ['INPUT_API_URL'].removesuffix('/api/3')}/_stand_in/app"
        wanted = {name: value.replace("{page}", page) for name, value in (INPUTS | inputs).items()}
        given = {f"INPUT_{name.upper()}": value for name, value in wanted.items()}
        environ, folder = self._environ | given, self.folder
        command, output = [sys.executable, "-I", *(["-u"] * (self.streams is None)), "-m", module], subprocess.PIPE
        with ExitStack() as stack:
            if self.streams is not None:
                # Buffered: what could not be written would change the exit status at the very end.
                command = ["sh", "-c", f'exec "$0" "$@" {self.streams}', *command]
                reading, output = os.pipe()
                os.close(reading)
                stack.callback(os.close, output)
            both = subprocess.STDOUT
            return subprocess.Popen(command, env=environ, cwd=folder, text=True, stdout=output, stderr=both)

    def _step(self, inputs: dict[str, str]) -> None:
        process, log = self._start(inputs, "cloud66_redeploy"), ""
        if process.stdout is not None:
            log = process.stdout.readline()
            if self.hangs_up:
                process.stdout.close()
        if self.after is not None:
            self._wait(self.after)
            signalled, self.signalled_at = time.monotonic(), self.simulator.now()
            process.send_signal(self.sends)
        if process.stdout is not None and not self.hangs_up:
            log += process.communicate(timeout=60)[0]
        status = process.wait(60)
        if self.after is not None:
            self.took = time.monotonic() - signalled
        self.log += log
        self.endings.append((status, self.outputs.get("outcome", "")))

    def _wait(self, moment: Moment) -> None:
        if isinstance(moment, tuple):
            while len(self.times_of(moment[0])) < moment[1]:
                time.sleep(0.05)
        time.sleep(0.5 if isinstance(moment, tuple) else moment)

    @property
    def outputs(self) -> dict[str, str]:
        return read_commands(self.folder / "OUTPUT")

    @property
    def state(self) -> dict[str, str]:
        return read_commands(self.folder / "STATE")

    def times_of(self, method: str) -> list[float]:
        return [one.time for one in list(self.simulator.requests) if one.method == method]

    @property
    def cancelled(self) -> list[Any]:
        """The deployments that were truly cancelled."""
        return [one for one in self.simulator.all_deployments() if one.cancelled]

    @property
    def targets(self) -> list[Any]:
        """The deployments that it was for, in truth."""
        if "command" in self.inputs:
            return [one for one in self.theirs if one.user_reference]
        return self.simulator.deployments_of(self.outputs["user_reference"])


class Stage:
    """Performs plays side by side; ask it for one by its name."""

    def __init__(self, folder: Path, plays: dict[str, Play]) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE)
        begun = enumerate(plays.items())
        self._plays = {name: self._pool.submit(play.perform, folder / str(number)) for number, (name, play) in begun}

    def __getitem__(self, name: str) -> Play:
        return self._plays[name].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
