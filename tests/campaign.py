"""
The fault campaign: random schedules of trouble drive the real step against the stand-in; invariants must hold.

    python tests/campaign.py [SCHEDULES] [SEED]     prints how many runs ended how

A schedule is what the stand-in does (shapes, delays, fates), what goes wrong on the way (faults), what other people do
in the meantime, what the step was asked for, when, if at all, the workflow is cancelled, and what a second step does
about the deployment. schedules.py draws them; invariants.py says what has to hold.
"""

import contextlib
import io
import multiprocessing
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from math import inf
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from cloud66_simulator import Behaviour, Fault, ManualClock
from harness import Step
from invariants import AFTERWARDS_SECONDS, Told, Truth, check_any, check_redeploy
from invariants_later import check_later
from quiet import check_quiet
from schedules import BACKUP, Other, Schedule, schedules
from website import KINDS


class EventClock(ManualClock):
    """A clock that stops on its way at every instant for which something is planned, and lets it happen."""

    def __init__(self) -> None:
        super().__init__()
        self._start = self.now()
        self._events: list[tuple[float, Callable[[], object]]] = []

    def plan(self, seconds: float, happen: Callable[[], object]) -> None:
        self._events.append((self._start + seconds, happen))
        self._events.sort(key=lambda event: event[0])

    def sleep(self, seconds: float) -> None:
        end = self.now() + max(0.0, seconds)
        while self._events and self._events[0][0] <= end:
            moment, happen = self._events.pop(0)
            super().sleep(moment - self.now())
            happen()
        super().sleep(end - self.now())


def check(schedule: Schedule) -> list[str]:
    """Run a case, assert the invariants, and return how it ended, in words to be counted."""
    folder = Path(tempfile.mkdtemp(prefix="campaign"))
    try:
        return _check(schedule, folder)
    except AssertionError as error:
        error.add_note(str(schedule))
        raise
    finally:
        shutil.rmtree(folder)


def _check(schedule: Schedule, folder: Path) -> list[str]:
    step = _stage(schedule, folder)
    command = "dry run" if schedule.inputs["dry_run"] == "true" else "redeploy"
    step.clock.sleep(schedule.head_start)
    told = _tell(step, command, schedule.inputs, schedule.abort_at)
    over_at, reference = step.clock.now(), told.ending.reference
    later, later_over_at, number = schedule.later, 0.0, told.ending.outputs["deployment_id"]
    second = None
    if later is not None and told.ending.outcome == "scheduled":
        step.clock.sleep(later.pause)
        named = later.named if number or later.named == "none" else "reference"
        names = {"user_reference": reference if named in {"reference", "both"} else ""}
        names["deployment_id"] = number if named in {"id", "both"} else ""
        second = _tell(step.next_step(), later.command, later.inputs | names, later.abort_at)
        later_over_at = step.clock.now()
    step.clock.sleep(AFTERWARDS_SECONDS)
    truth = Truth.of(step, reference)
    check_any(told)
    check_redeploy(schedule, told, truth, over_at)
    check_quiet(schedule, told, truth)
    counted = [f"{command} {told.ending.outcome}"]
    if told.ending.outputs["rollback_outcome"]:
        counted.append(f"rollback {told.ending.outputs['rollback_outcome']}")
    if told.ending.notices:
        counted.append("superseded")
    if second is not None:
        check_any(second)
        check_later(schedule, second, truth, later_over_at)
        counted.append(f"{second.command} {second.ending.outcome}")
    return counted


def _stage(schedule: Schedule, folder: Path) -> Step:
    step = Step(folder, str, clock=EventClock(), behaviour=Behaviour(**schedule.behaviour))
    step.simulator.faults.extend(Fault(**fault) for fault in schedule.faults)
    if schedule.id_gap is not None:
        step.simulator.next_action_id = step.simulator.next_deployment_id + schedule.id_gap
    if schedule.left_open == "backup":
        step.simulator.request_deployment(**BACKUP)
    elif schedule.left_open == "redeploy":
        step.simulator.all_deployments()[-3].action_lag = inf
    for other in schedule.others:
        _plan(step, other)
    step.website.answer = KINDS[schedule.site]
    return step


def _tell(step: Step, command: str, inputs: dict[str, str], abort_at: float) -> Told:
    """Run one step and keep what it told and asked."""
    log, asked = io.StringIO(), len(step.simulator.requests)
    step.capture = log.getvalue
    given = {name: value for name, value in inputs.items() if value}
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        ending = step.run(abort_at=abort_at, environ=None, **given)
    requests = step.simulator.requests[asked:]
    calls = [(one.time - step.simulator.started, one.method, one.path) for one in requests]
    return Told(command, inputs, abort_at, ending, calls, log.getvalue())


def _plan(step: Step, other: Other) -> None:
    clock = step.clock
    assert isinstance(clock, EventClock)

    def deploy() -> None:
        theirs = step.simulator.request_deployment(**other.asked)
        if other.cancel_after is not None:
            clock.plan(other.at + other.cancel_after, lambda: _cancel(step, theirs.id))

    clock.plan(other.at, deploy)


def _cancel(step: Step, deployment_id: int) -> None:
    with contextlib.suppress(Exception):  # it may be over
        step.simulator.cancel(deployment_id)


def campaign(examples: int, number: int) -> Counter[str]:
    """Check that many random cases; return how many steps ended how. The number picks which ones."""
    counts: Counter[str] = Counter()

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(schedules())
    def holds(schedule: Schedule) -> None:
        counts.update(["schedules", *check(schedule)])

    holds()
    return counts


def main() -> None:
    """Run a long campaign on both cores."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    share = min(500, -(-examples // 2))
    jobs = [(share, first + number) for number in range(-(-examples // share))]
    with multiprocessing.Pool(2) as pool:
        total = sum(pool.starmap(campaign, jobs), Counter[str]())
    print(f"{total.pop('schedules')} schedules, every invariant held")  # noqa: T201 - a command's answer
    for words, count in sorted(total.items()):
        print(f"{count:8} {words}")  # noqa: T201


if __name__ == "__main__":
    main()
