"""
The real process, as the image starts it: `python -I -u`, against the stand-in on loopback, with real signals.

Everything else about outcomes is proved in process; here the claims are the process's own.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Profile, Transport
from cloud66_redeploy.clock import Interrupts, SystemClock
from cloud66_redeploy.errors import Unclear
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, ScaledClock, Simulator
from cloud66_simulator.server import serve
from harness import GITHUB, INPUTS, read_commands
from odd_network import Proxy, listening

EXIT_SECONDS = 7.0
DELETE_SECONDS = 2.0


@dataclass
class Job:
    """One job: a stand-in of its own, the runner's files, and the process once it has been started."""

    folder: Path
    simulator: Simulator
    url: str
    measured: bool = True
    """Whether its process counts for the coverage, which slows it down."""

    def environ(self, inputs: dict[str, str]) -> dict[str, str]:
        given = INPUTS | {"api_url": self.url, "poll_interval": "1s"} | inputs
        files = {f"GITHUB_{name}": str(self.folder / name) for name in ("OUTPUT", "STATE", "STEP_SUMMARY")}
        for path in files.values():
            Path(path).touch()
        names = ("PATH", "COVERAGE_PROCESS_CONFIG") if self.measured else ("PATH",)
        keep = {name: os.environ[name] for name in names if name in os.environ}
        return keep | GITHUB | files | {f"INPUT_{name.upper()}": value for name, value in given.items()}

    def start(
        self,
        module: str = "cloud66_redeploy",
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        **inputs: str,
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-u", "-m", module],
            env=self.environ(inputs) | (env or {}),
            cwd=cwd or self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **inputs: str) -> tuple[int, str]:
        process = self.start("cloud66_redeploy", None, None, **inputs)
        log, _ = process.communicate(timeout=60)
        return process.returncode, log

    def clean_up(self, **inputs: str) -> str:
        """Run the post step with the state that the step has left."""
        state = {f"STATE_{name}": value for name, value in read_commands(self.folder / "STATE").items()}
        process = self.start("cloud66_redeploy.cleanup", None, state, **inputs)
        log, _ = process.communicate(timeout=60)
        assert process.returncode == 0, log
        return log

    @property
    def outputs(self) -> dict[str, str]:
        return read_commands(self.folder / "OUTPUT")

    def requests(self, method: str) -> list[float]:
        return [one.time for one in list(self.simulator.requests) if one.method == method]


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator["Jobs"]:
    """Make jobs, and end their stand-ins afterwards."""
    made = Jobs(tmp_path)
    yield made
    made.close()


class Jobs:
    """Makes jobs, each with its own stand-in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count()
        self._open: list[object] = []

    def make(self, **behaviour: object) -> Job:
        folder = self._folder / f"job{next(self._count)}"
        folder.mkdir()
        simulator = Simulator(ScaledClock().now, behaviour=Behaviour(**behaviour))  # type: ignore[arg-type]
        serving = serve(simulator)
        url = serving.__enter__()
        self._open.append(serving)
        return Job(folder, simulator, url)

    def close(self) -> None:
        for serving in self._open:
            serving.__exit__(None, None, None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fate", "outcome", "status"), [("success", "success", 0), ("failed", "failed", 1), ("cancelled", "cancelled", 1)]
)
def test_outcome_and_exit_status(jobs: Jobs, fate: str, outcome: str, status: int) -> None:
    """The process tells how the deployment ended by its outputs and its exit status."""
    job = jobs.make(fate=fate, duration_seconds=1.0)
    code, log = job.run(git_ref="main")
    assert (code, job.outputs["outcome"]) == (status, outcome), log
    assert len(job.requests("POST")) == 1
    assert log.splitlines()[0] == "::add-mask::demo-token"


def test_lost_answer_makes_no_second_deployment(jobs: Jobs) -> None:
    """Behind a proxy, a connection cut after the POST was carried out leads to one deployment and a green job."""
    job = jobs.make(duration_seconds=1.0)
    job.simulator.faults.append(Fault("lost_done", method="POST"))
    port = urlsplit(job.url).port
    assert port is not None
    with listening(Proxy("", port).handle) as proxy:
        # Without the wait, which would give a deployment that is only inferred 15 seconds to be put in doubt.
        process = job.start(env={"HTTP_PROXY": f"http://127.0.0.1:{proxy}"}, wait="false")
        log, _ = process.communicate(timeout=60)
    assert (process.returncode, job.outputs["outcome"]) == (0, "scheduled"), log
    assert len(job.simulator.deployments_of(job.outputs["user_reference"])) == 1


def test_bytes_that_trickle_in_cannot_hold_the_step_past_its_deadline(jobs: Jobs) -> None:
    """A call is given up when its whole time is over, though a byte every 0.2 s keeps the socket's time-out from it."""
    job = jobs.make()
    job.simulator.faults.append(Fault("drip", count=None))
    interrupts = Interrupts()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    interrupts.install()
    try:
        with Session() as session:
            limits = Profile(connect=0.5, read=0.5, total=1.0)
            clock = SystemClock(interrupts)
            transport = Transport(session, job.url, "demo-token", clock, interrupts.window, 1e9, limits)
            start = time.monotonic()
            with pytest.raises(Unclear, match="no whole answer within 1 s"):
                transport.send("GET", f"/stacks/{DEFAULT_STACK}", {})
            assert 0.9 < time.monotonic() - start < 1.9
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_bytes_that_trickle_in_cannot_hold_a_cancelled_step(jobs: Jobs) -> None:
    """A step that is reading an answer that never ends is gone within 7 s of the signal."""
    job = jobs.make(duration_seconds=60.0)
    job.simulator.faults.append(Fault("drip", method="GET", path="/deployments", skip=2, count=None))
    _cancelled_at(job, 1.0, signal.SIGINT)


HOSTILE = "import os\nopen(os.environ['TRAP'], 'a').write(__name__ + '\\n')\nraise SystemExit(0)\n"


def test_a_hostile_workspace_is_not_imported(jobs: Jobs, tmp_path: Path) -> None:
    """Modules of the job's own, in its folder, PYTHONPATH and HOME, are never run."""
    job = jobs.make(duration_seconds=0.5)
    workspace = tmp_path / "workspace"
    (workspace / "cloud66_redeploy").mkdir(parents=True)
    names = ["requests", "backoff", "json", "sitecustomize", "usercustomize", "actions_toolkit"]
    for name in [*names, "cloud66_redeploy/__init__", "cloud66_redeploy/__main__"]:
        (workspace / f"{name}.py").write_text(HOSTILE)
    trap = tmp_path / "trap"
    env = {
        "PYTHONPATH": str(workspace),
        "HOME": str(workspace),
        "PYTHONSTARTUP": str(workspace / "json.py"),
        "PYTHONUSERBASE": str(workspace),
        "TRAP": str(trap),
    }
    process = job.start(cwd=workspace, env=env)
    log, _ = process.communicate(timeout=60)
    assert (process.returncode, job.outputs["outcome"]) == (0, "success"), log
    assert not trap.exists(), trap.read_text()


def test_a_log_that_nobody_reads_does_not_end_the_run(jobs: Jobs) -> None:
    """With its log closed the step still waits, sets its outputs and exits by the outcome."""
    job = jobs.make(duration_seconds=1.5)
    process = job.start()
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert job.outputs["outcome"] == "success"


def signalled(job: Job, seconds: float, number: signal.Signals, **inputs: Any) -> tuple[float, int, str]:
    """Send a signal that long after the process has begun to speak; return when, the exit status and the log."""
    job.measured = False
    process = job.start(**inputs)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    sent, sent_at = time.monotonic(), job.simulator.now()
    process.send_signal(number)
    log, _ = process.communicate(timeout=30)
    took = time.monotonic() - sent
    assert took < EXIT_SECONDS, f"{took:.1f} s from signal to exit\n{log}"
    return sent_at, process.returncode, first + log


def _cancelled_at(job: Job, seconds: float, number: signal.Signals) -> tuple[float, str]:
    """Send the signal, and see that the job is red."""
    sent_at, status, log = signalled(job, seconds, number, timeout="60s")
    assert status == 1, log
    return sent_at, log


MOMENTS = [number * 0.04 for number in range(12)] + [0.6 + number * 0.45 for number in range(8)]


def test_cancelling_at_twenty_moments_leaves_no_deployment_behind(jobs: Jobs) -> None:
    """Whenever SIGINT or SIGTERM comes, the deployment is cancelled, said so, and the process gone within 7 s."""

    def one(case: tuple[int, float]) -> str:
        number, seconds = case
        job = jobs.make(duration_seconds=120.0, cancel_takes_seconds=0.3)
        if number % 4 == 1:
            # The answer to the POST takes its time, so that the signal comes while it is on its way.
            job.simulator.faults.append(Fault("slow", method="POST", seconds=1.0))
        sent_at, log = _cancelled_at(job, seconds, signal.SIGTERM if number % 5 == 4 else signal.SIGINT)
        mine = job.simulator.deployments_of(job.outputs["user_reference"])
        assert len(mine) == len(job.requests("POST")), log
        for deployment in mine:
            assert deployment.cancelled, log
            assert job.requests("DELETE")[0] - sent_at < DELETE_SECONDS + (1.0 if number % 4 == 1 else 0.0), log
        assert job.outputs["outcome"] == "cancelled", log
        assert json.loads(read_commands(job.folder / "STATE").get("run", "[]")) or not mine
        assert "Nothing is left" in job.clean_up()
        return "deploying" if mine else "before the POST"

    with ThreadPoolExecutor(4) as pool:
        moments = list(pool.map(one, enumerate(MOMENTS)))
    assert set(moments) == {"deploying", "before the POST"}


def test_cancelling_while_queued(jobs: Jobs) -> None:
    """A deployment that still waits behind somebody else's is cancelled, and theirs goes on."""
    job = jobs.make(duration_seconds=60.0, cancel_takes_seconds=0.3)
    theirs = job.simulator.request_deployment(duration=60)
    _cancelled_at(job, 2.5, signal.SIGINT)
    mine = job.simulator.deployments_of(job.outputs["user_reference"])
    assert [one.cancelled for one in mine] == [True]
    assert not theirs.cancelled
    assert job.outputs["outcome"] == "cancelled"


def test_the_post_step_cancels_what_a_killed_step_left(jobs: Jobs) -> None:
    """When the step is killed outright, the post step finds its deployment and cancels it."""
    job = jobs.make(duration_seconds=120.0, cancel_takes_seconds=0.3)
    process = job.start()
    while not job.requests("POST"):
        time.sleep(0.05)
    time.sleep(0.5)
    process.kill()
    process.communicate()
    log = job.clean_up()
    mine = job.simulator.deployments_of(job.outputs["user_reference"])
    assert [one.cancelled for one in mine] == [True], log
    assert "was cancelled" in log


STREAMS = {
    "all three closed": "<&- >&- 2>&-",
    "only standard output closed": ">&-",
    "only standard error closed": "2>&- >/dev/null",
    "full": ">/dev/full 2>/dev/full",
    "a pipe that nobody reads": "",
}


def test_what_becomes_of_the_log_does_not_change_the_ending(jobs: Jobs) -> None:
    """Standard streams that are closed, full or read by nobody change neither ending nor exit status, in both steps."""
    reading, writing = os.pipe()
    os.close(reading)

    def run(job: Job, module: str, redirection: str) -> int:
        command = ["sh", "-c", f'exec "$0" "$@" {redirection}', sys.executable, "-I", "-m", module]
        environ = job.environ({"log": "never"})
        return subprocess.run(command, env=environ, check=False, timeout=60, stdout=writing, stderr=writing).returncode

    def one(number: int, redirection: str) -> tuple[int, str, int]:
        job = jobs.make(duration_seconds=0.5, fate="failed" if number % 2 else "success")
        job.measured = number == 0
        status = run(job, "cloud66_redeploy", redirection)
        return status, job.outputs["outcome"], run(job, "cloud66_redeploy.cleanup", redirection)

    try:
        with ThreadPoolExecutor(4) as pool:
            ends = list(pool.map(one, itertools.count(), STREAMS.values()))
    finally:
        os.close(writing)
    wanted = [(1, "failed", 0) if number % 2 else (0, "success", 0) for number in range(len(STREAMS))]
    assert dict(zip(STREAMS, ends, strict=True)) == dict(zip(STREAMS, wanted, strict=True))


def test_nothing_is_cancelled_when_that_was_not_asked_for(jobs: Jobs) -> None:
    """With cancel_on_abort false the deployment goes on, neither step nor post step touches it, and the job is red."""
    job = jobs.make(duration_seconds=60.0)
    process = job.start(cancel_on_abort="false")
    while not job.requests("POST"):
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    log, _ = process.communicate(timeout=20)
    assert (process.returncode, job.outputs["outcome"]) == (1, "unknown"), log
    job.clean_up(cancel_on_abort="false")
    assert job.requests("DELETE") == []


def test_a_proxy_that_cannot_work_is_not_waited_for(jobs: Jobs) -> None:
    """With a proxy's address that can't work the process fails at once, names the variable, and shows no password."""
    job = jobs.make()
    process = job.start(env={"ALL_PROXY": "socks5://alice:s3cret@127.0.0.1:1080"}, timeout="30m")
    log, _ = process.communicate(timeout=60)
    assert (process.returncode, job.outputs["outcome"]) == (1, "failed"), log
    assert "ALL_PROXY" in job.outputs["reason"]
    assert "s3cret" not in log + repr(job.outputs)
    assert job.simulator.requests == []
