"""
Drives the real step in process: the real run with the real client against the stand-in, on a clock that is moved.

Only two things are not real: the socket (an adapter calls the stand-in directly) and time.
"""

import copy
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.cleanup import cancel_left_over
from cloud66_redeploy.errors import Aborted
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.start import start
from cloud66_simulator import DEFAULT_STACK, ManualClock, Simulator, SimulatorAdapter
from website import HOSTS, Website

T = TypeVar("T")

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/awesome",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_JOB": "deploy",
    "GITHUB_ACTION": "redeploy",
}
OUTPUTS = {
    "outcome", "reason", "deployment_id", "action_id", "user_reference", "git_hash", "git_ref", "commit_url",
    "started_at", "finished_at", "queued_seconds", "deploy_seconds", "usual_seconds", "is_live", "stack_name",
    "stack_environment", "app_url", "deployment", "stack_id", "rollback_outcome", "rollback_deployment_id",
    "rollback_commit", "results", "health", "health_seconds", "services",
}  # fmt: skip
INPUTS = {"api_token": "demo-token", "stack_id": DEFAULT_STACK}


def read_history(path: Path) -> list[tuple[str, str]]:
    """Read a file of the runner's (outputs or state): every value that was ever written, with its name."""
    found: list[tuple[str, str]] = []
    lines = iter(path.read_text(encoding="utf8").split("\n"))
    for line in lines:
        if line:
            name, delimiter = line.split("<<", 1)
            value = list(iter(lambda: next(lines), delimiter))
            found.append((name, "\n".join(value)))
    return found


def read_commands(path: Path) -> dict[str, str]:
    """Read a file of the runner's (outputs or state): the last value of each name."""
    return dict(read_history(path))


@dataclass
class StepClock:
    """The step's clock: the stand-in's, counted from its start, and interrupted at an instant if asked to."""

    manual: ManualClock
    abort_at: float = float("inf")
    origin: float = field(init=False)
    aborted: bool = False
    grace_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.origin = self.manual.now()

    def monotonic(self) -> float:
        return self.manual.now() - self.origin

    def sleep(self, seconds: float) -> None:
        """Move the clock; used by the step between its calls and by the adapter during them."""
        assert seconds >= 0
        strikes_at = self.abort_at + self.grace_seconds
        if not self.aborted and self.monotonic() + seconds >= strikes_at:
            self.manual.sleep(max(0.0, strikes_at - self.monotonic()))
            self.abort()
        # Epoch seconds are too coarse for the last fraction of a microsecond before a deadline.
        self.manual.sleep(max(seconds, 1e-6) if seconds else 0.0)

    def abort(self, *, before_call: bool = False) -> None:
        self.aborted = True
        raise Aborted(self.monotonic() - self.abort_at, before_call=before_call)

    def interruptible(self, call: Callable[[], T], *, limit_seconds: float, grace_seconds: float) -> T:
        """Stand in for `SystemClock.interruptible`: an abort strikes while the call lets time pass, after its grace."""
        assert limit_seconds > 0
        if not self.aborted and self.monotonic() >= self.abort_at:
            self.abort(before_call=True)
        self.grace_seconds = grace_seconds
        try:
            return call()
        finally:
            self.grace_seconds = 0.0


@dataclass
class Ending:
    """What a run left behind."""

    status: int
    outputs: dict[str, str]
    state: dict[str, str]
    log: str
    summary: str
    seconds: float
    history: list[tuple[str, str]]
    """Every output that was ever put out, the first one first."""

    def ever(self, name: str) -> set[str]:
        """Return all that was ever put out by a name."""
        return {value for one, value in self.history if one == name}

    @property
    def reference(self) -> str:
        """The reference that was put out, if in the end nothing carries it, too."""
        return next(iter(self.ever("user_reference") - {""}), "")

    @property
    def outcome(self) -> str:
        return self.outputs.get("outcome", "")

    @property
    def errors(self) -> list[str]:
        return re.findall(r"^::error .*$", self.log, re.MULTILINE)

    @property
    def notices(self) -> list[str]:
        return re.findall(r"^::notice .*$", self.log, re.MULTILINE)

    @property
    def warnings(self) -> list[str]:
        return re.findall(r"^::warning .*$", self.log, re.MULTILINE)


class Inline:
    """A thread that does its work at once: the clock that is moved has one time for all."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], *, daemon: bool) -> None:
        assert daemon, "it would keep the process from ending"
        self.start = lambda: target(*args)


class Step:
    """One step of one job, its files and its stand-in."""

    def __init__(
        self, folder: Path, capture: Callable[[], str], clock: ManualClock | None = None, **simulator: Any
    ) -> None:
        self.clock = clock or ManualClock()
        self.simulator = Simulator(self.clock.now, **simulator)
        self.website = Website()
        self._settle(folder, capture)

    def _settle(self, folder: Path, capture: Callable[[], str]) -> None:
        self.folder = folder
        self.capture = capture
        self.files = {name: folder / name for name in ("output", "state", "summary")}
        for path in self.files.values():
            path.touch()

    def next_step(self, capture: Callable[[], str] | None = None) -> "Step":
        """Make a later step: the same stand-in and clock, files of its own."""
        later = copy.copy(self)
        folder = self.folder / "next"
        folder.mkdir()
        later._settle(folder, capture or self.capture)
        return later

    def environ(self, inputs: Mapping[str, str]) -> dict[str, str]:
        given = {f"INPUT_{name.upper()}": value for name, value in (INPUTS | dict(inputs)).items()}
        names = {"output": "GITHUB_OUTPUT", "state": "GITHUB_STATE", "summary": "GITHUB_STEP_SUMMARY"}
        return GITHUB | given | {names[name]: str(path) for name, path in self.files.items()}

    def session(self, clock: StepClock) -> Session:
        session = Session()
        session.trust_env = False
        adapter = SimulatorAdapter(self.simulator, clock.sleep)
        for scheme in ("https://", "http://"):
            session.mount(scheme, adapter)
            for host in HOSTS:
                session.mount(f"{scheme}{host}", self.website)
        self.website.clock = clock
        return session

    def run(self, *, abort_at: float = float("inf"), environ: Mapping[str, str] | None = None, **inputs: str) -> Ending:
        """Run the step to its end; `abort_at` cancels the workflow that many seconds after the start."""
        clock = StepClock(self.clock, abort_at)
        env = self.environ(inputs) | dict(environ or {})
        inline = mock.patch("cloud66_redeploy.api.application.Thread", Inline)
        with mock.patch.dict(os.environ, env, clear=True), inline, self.session(clock) as session:
            status = start(env, Reporter(env, Sanitizer()), session, clock)
        return self._ending(status, clock.monotonic())

    def clean_up(self, state: Mapping[str, str], environ: Mapping[str, str] | None = None, /, **inputs: str) -> Ending:
        """Run the post step with a state that the step has left."""
        clock = StepClock(self.clock)
        env = self.environ(inputs) | {f"STATE_{name}": value for name, value in state.items()} | dict(environ or {})
        with mock.patch.dict(os.environ, env, clear=True), self.session(clock) as session:
            cancel_left_over(env, Reporter(env, Sanitizer()), session, clock)
        return self._ending(0, clock.monotonic())

    def _ending(self, status: int, seconds: float) -> Ending:
        history, state = read_history(self.files["output"]), read_commands(self.files["state"])
        summary = self.files["summary"].read_text(encoding="utf8")
        return Ending(status, dict(history), state, self.capture(), summary, seconds, history)

    def calls(self, method: str) -> list[str]:
        """The paths of the requests with a method that reached (or were lost on the way to) the stand-in."""
        return [one.path for one in self.simulator.requests if one.method == method]

    def mine(self, ending: Ending) -> list[Any]:
        """The truth: the deployments that carry the reference of a run."""
        return self.simulator.deployments_of(ending.reference)


def steps(folder: Path, capture: Callable[[], str]) -> Iterator[Callable[..., Step]]:
    """Make steps, each with a folder of its own."""
    count = iter(range(1000))

    def make(**simulator: Any) -> Step:
        own = folder / f"step{next(count)}"
        own.mkdir()
        return Step(own, capture, **simulator)

    yield make


def run_of(made: Step, **inputs: Any) -> tuple[Ending, Any]:
    """Run a step; return how it ended and its one true deployment."""
    ending = made.run(**inputs)
    [mine] = made.mine(ending)
    return ending, mine


def green(made: Step, **inputs: Any) -> Ending:
    """Run a step, and assert that it is green for its own deployment, after that has ended."""
    ending, mine = run_of(made, **inputs)
    assert (ending.outcome, ending.status) == ("success", 0)
    assert ending.outputs["deployment_id"] == str(mine.id)
    assert mine.ends_at <= made.clock.now()
    return ending
