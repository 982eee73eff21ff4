"""
Fifty jobs that wait at once on one hour's calls: ours, and fixed pauses beside it. Prints a table and the goals.

    make bench-quota

Each job is the real wait (trigger, observer, wait, client, transport) of a stack of its own, against the stand-in in
process, all on one clock that is moved. They start within a quarter of an hour; deployments take about 20 minutes, give
or take 15 %. Other tools of the same user make a fifth of the 3,000 calls an hour, evenly. All of it falls into one
hour of the limit, which is the worst that can be.

Each job is a thread, but only one runs at a time: who sleeps hands the baton to the one that is due next.
"""

import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean, quantiles
from typing import TypeVar

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import UNTIL_DEADLINE, Transport
from cloud66_redeploy.commands.job import Job, Role
from cloud66_redeploy.commands.trigger import Trigger
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Outcome, WhyCancel
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.pauses import Ground, Pause
from cloud66_redeploy.polling.wait import Patience, Wait
from cloud66_redeploy.report.reporter import Reporter, Voice
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.baseline import read_baseline
from cloud66_redeploy.tracking.tracking import Request, Tracking
from cloud66_simulator import ManualClock, Simulator, SimulatorAdapter, StackSpec
from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.records import TOKENS

T = TypeVar("T")

JOBS = 50
LIMIT = 3000
OTHER_TOOLS = 0.2
MEDIAN_SECONDS = 1200.0
SPREAD = 0.15
STARTS_WITHIN_SECONDS = 900.0
TIMEOUT_SECONDS = 3500.0
POLL_INTERVAL_SECONDS = 30.0


@dataclass(order=True)
class Turn:
    """When a thread goes on, and what it waits for until then."""

    at: float
    number: int
    baton: threading.Event = field(compare=False, default_factory=threading.Event)


class Stage:
    """One clock for all threads: the one that sleeps lets the one that is due next go on, at its time."""

    def __init__(self) -> None:
        self.manual = ManualClock()
        self.origin = self.manual.now()
        self._turns: list[Turn] = []
        self._count = 0
        self._over = threading.Event()

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self.manual.now() - self.origin

    def sleep(self, seconds: float) -> None:
        """Let others go on until that many seconds have passed."""
        turn = self._enter(self.monotonic() + max(0.0, seconds))
        self._pass_on()
        turn.baton.wait()

    def interruptible(self, call: Callable[[], T], *, limit_seconds: float, grace_seconds: float) -> T:
        """Make a call: nobody cancels the workflow here."""
        del limit_seconds, grace_seconds
        return call()

    def run(self, jobs: list[tuple[float, Callable[[], None]]]) -> None:
        """Run jobs, each from its start in seconds, until the last has ended."""
        threads = [threading.Thread(target=self._play, args=(self._enter(at), job)) for at, job in jobs]
        for thread in threads:
            thread.start()
        self._pass_on()
        self._over.wait()
        for thread in threads:
            thread.join()

    def _play(self, turn: Turn, job: Callable[[], None]) -> None:
        turn.baton.wait()
        try:
            job()
        finally:
            self._pass_on()

    def _enter(self, at: float) -> Turn:
        self._count += 1
        turn = Turn(at, self._count)
        heapq.heappush(self._turns, turn)
        return turn

    def _pass_on(self) -> None:
        if not self._turns:
            self._over.set()
            return
        turn = heapq.heappop(self._turns)
        self.manual.sleep(self.origin + turn.at - self.manual.now())
        turn.baton.set()


class Fixed(Pace):
    """Looks every so many seconds: `poll_interval_seconds`."""

    def pause(self, now: float, deadline: float) -> Pause:
        """Return the same pause always."""
        del now, deadline
        return Pause(self.poll_interval_seconds, Ground.SHARE)


@dataclass
class Ended:
    """How a job ended, and how many seconds after its deployment."""

    right: bool
    lag: float


@dataclass
class Figures:
    """What came of one schedule."""

    calls: int
    throttled: int
    ended: list[Ended]


def play(make_pace: Callable[[Tracking, float, Transport], Pace], seed: int) -> Figures:
    """Run all jobs with one schedule."""
    stage, rng = Stage(), random.Random(seed)  # noqa: S311
    stacks = [StackSpec(uid=f"{number:032x}", name=f"App {number}", history=20) for number in range(JOBS)]
    simulator = Simulator(stage.manual.now, Behaviour(duration_seconds=MEDIAN_SECONDS, rate_limit=LIMIT), stacks=stacks)
    durations = [MEDIAN_SECONDS * rng.lognormvariate(0, SPREAD) for _ in stacks]
    fates = [rng.random() < 0.1 for _ in stacks]
    figures = Figures(0, 0, [])

    def job(number: int) -> None:
        session = Session()
        session.trust_env = False
        session.mount("https://", SimulatorAdapter(simulator, stage.sleep))
        transport = Transport(
            session,
            "https://app.cloud66.com/api/3",
            "demo-token",
            stage,
            stage.monotonic() + TIMEOUT_SECONDS,
        )
        job = Job(
            Role.REQUESTED, stacks[number].uid, Tracking(Request(f"job {number}")), Voice(Reporter({}, Sanitizer()))
        )
        tracking = job.tracking
        patient = Client(transport.but(profile=UNTIL_DEADLINE), stacks[number].uid)
        tracking.stack = patient.stack()
        tracking.baseline = read_baseline(patient, tracking.request.reference, stage).baseline
        simulator.behaviour.duration_seconds = durations[number]
        simulator.behaviour.fate = "failed" if fates[number] else "success"
        start, trigger = stage.monotonic(), Trigger(job, transport)
        trigger.fire({"user_reference": tracking.request.reference})
        pace = make_pace(tracking, stage.monotonic(), transport)
        patience = Patience(start + TIMEOUT_SECONDS, TIMEOUT_SECONDS, TIMEOUT_SECONDS)
        result = Wait(trigger.observer, Silent(), patience, pace).run()
        [truth] = simulator.deployments_of(tracking.request.reference)
        right = result.outcome is (Outcome.FAILED if fates[number] else Outcome.SUCCESS)
        figures.ended.append(Ended(right, stage.manual.now() - truth.ends_at))

    jobs = [(rng.uniform(0, STARTS_WITHIN_SECONDS), lambda number=number: job(number)) for number in range(JOBS)]
    stage.run([*jobs, (0.0, lambda: other_tools(simulator, stage, figures))])
    figures.calls = sum(one.path.startswith("/stacks") for one in simulator.requests)
    figures.throttled = sum(one.status == 503 for one in simulator.requests)
    return figures


def other_tools(simulator: Simulator, stage: Stage, figures: Figures) -> None:
    """Ask for something, evenly, as other tools of the same user do, for as long as a job waits."""
    user = TOKENS["demo-token"].user
    while len(figures.ended) < JOBS and stage.monotonic() < 2 * 3600:
        simulator.count_call(user)
        stage.sleep(3600 / (OTHER_TOOLS * LIMIT))


def say(text: str) -> None:
    """Print a line."""
    print(text, flush=True)  # noqa: T201 - a command's answer


class Silent:
    """Is told what a poll does, and says nothing."""

    def looked(self, seconds: float, trouble: ApiError | None, pace: Pace) -> None:
        """Say nothing."""

    def pausing(self, pause: Pause, trouble: ApiError | None) -> None:
        """Say nothing."""

    def cancel_duplicates(self) -> None:
        """Do nothing."""

    def deleting(self, why: WhyCancel) -> None:
        """Say nothing."""

    def deleting_another(self, before: int, number: int) -> None:
        """Say nothing."""


def main() -> None:
    """Run the schedules and print what came of them."""
    schedules: dict[str, Callable[[Tracking, float, Transport], Pace]] = {
        "ours": lambda known, now, transport: Pace(known, POLL_INTERVAL_SECONDS, now, transport.heard),
        "every 5 s": lambda known, now, _: Fixed(known, 5.0, now),
        "every 15 s": lambda known, now, _: Fixed(known, 15.0, now),
    }
    say(f"{'schedule':12}{'seed':>5}{'right':>7}{'mean lag':>10}{'p95':>8}{'worst':>8}{'calls':>7}{'throttled':>11}")
    met = True
    for name, make in schedules.items():
        for seed in (1, 2, 3) if name == "ours" else (1,):
            found = play(make, seed)
            lags = [one.lag for one in found.ended]
            right = sum(one.right for one in found.ended)
            say(
                f"{name:12}{seed:5}{right:4}/{JOBS}{fmean(lags):10.1f}{quantiles(lags, n=20)[-1]:8.1f}{max(lags):8.1f}"
                f"{found.calls:7}{found.throttled:11}"
            )
            met &= name != "ours" or (found.throttled == 0 and right == JOBS and fmean(lags) <= 20)
    say(f"{'met    ' if met else 'NOT MET'}  no job throttled, every outcome right, mean lag at most 20 s")


if __name__ == "__main__":
    main()
