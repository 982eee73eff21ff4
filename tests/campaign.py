"""
The fault campaign: random schedules of trouble drive the real step against the stand-in; invariants must hold.

    python tests/campaign.py [SCHEDULES] [SEED]     prints how many runs ended how

A schedule is what the stand-in does (shapes, delays, fates), what goes wrong on the way (faults), what other people do
in the meantime, what the step was asked for, and when, if at all, the workflow is cancelled.
"""

import contextlib
import hashlib
import io
import json
import multiprocessing
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, ManualClock
from cloud66_simulator.behaviour import CancelledAs, Fate, OutcomeCodes, PostShape
from harness import OUTPUTS, Ending, Step

TOKEN = "demo-token"
OUTCOMES = {"success", "failed", "cancelled", "timed_out", "unknown", "scheduled"}
ONE_REQUEST_SECONDS = 30
CANCEL_ON_TIMEOUT_SECONDS = 35
EXIT_AFTER_ABORT_SECONDS = 7

NEVER = 1e9


class EventClock(ManualClock):
    """A clock that stops on its way at every instant for which something is planned, and lets it happen."""

    def __init__(self) -> None:
        super().__init__()
        self._start = self.now()
        self._events: list[tuple[float, Callable[[], object]]] = []

    def plan(self, seconds: float, happen: Callable[[], object]) -> None:
        self._events.append((self._start + seconds, happen))
        self._events.sort(key=lambda event: event[0])

    def advance(self, seconds: float) -> None:
        end = self.now() + max(0.0, seconds)
        while self._events and self._events[0][0] <= end:
            moment, happen = self._events.pop(0)
            super().advance(moment - self.now())
            happen()
        super().advance(end - self.now())


@dataclass
class Other:
    """Somebody else's deployment: when, and what."""

    at: float
    asked: dict[str, Any]
    cancel_after: float | None


@dataclass
class Schedule:
    """One campaign case."""

    behaviour: dict[str, Any]
    faults: list[dict[str, Any]]
    others: list[Other]
    id_gap: int | None
    inputs: dict[str, str]
    abort_at: float


_COMMITS = [hashlib.sha256(f"0 {DEFAULT_STACK} {ref}".encode()).hexdigest()[:12] for ref in ("main", "v1")]
"""What the stand-in deploys for these refs."""

_DELAYS = st.sampled_from([0.0, 0.0, 0.0, 1.0, 4.0, 9.0])
_CALLS = [None, "/deployments$", r"/deployments/\d+$", "/actions", "^/stacks/[^/]+$"]


@st.composite
def faults(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one fault: on the POST half of the time, since that is where a second deployment would come from."""
    window = draw(st.none() | st.tuples(st.floats(0, 200), st.floats(1, 120)))
    fault: dict[str, Any] = {}
    if draw(st.booleans()):
        kinds = ["lost_done", "lost_undone", "timeout_done", "timeout_undone", "late", "late_status", "refuse"]
        kinds += ["connect_timeout", "status", "html", "throttle", "slow", "garbage", "wrong_json", "redirect"]
        fault |= {"method": "POST", "kind": draw(st.sampled_from(kinds)), "count": draw(st.integers(1, 3))}
    else:
        kinds = ["status", "html", "throttle", "redirect", "lost_done", "timeout_undone", "slow", "refuse", "garbage"]
        kinds += ["wrong_json", "truncated", "hide_deployments"]
        fault |= {"method": draw(st.sampled_from(["GET", "GET", "DELETE"])), "kind": draw(st.sampled_from(kinds))}
        fault |= {"path": draw(st.sampled_from(_CALLS)), "count": draw(st.sampled_from([1, 2, 5, 20, None]))}
        fault["skip"] = draw(st.integers(0, 12))
        if fault["count"] is None or fault["kind"].startswith("hide"):
            window = window or (draw(st.floats(0, 200)), draw(st.floats(1, 120)))
    if window and fault["method"] != "POST":
        fault |= {"after": window[0], "until": window[0] + window[1]}
    if fault["kind"] == "status":
        # The final ones are rare: they cut a run short, and most of what can go wrong comes later.
        codes = [400, 401, 403, 404, *[408, 409, 429, 500, 502, 503, 504] * 3]
        fault |= {"code": draw(st.sampled_from(codes)), "retry_after": draw(st.none() | st.integers(0, 90))}
    if fault["kind"] in {"late", "late_status"}:
        fault["seconds"] = draw(st.floats(0, 45))
    if fault["kind"] == "slow":
        fault["seconds"] = draw(st.floats(0, 60))
    return fault


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Draw a case."""
    behaviour = {
        "post_shape": draw(st.sampled_from(["deployment_id", "deployment_id", *get_args(PostShape)])),
        "outcome_codes": draw(st.sampled_from(get_args(OutcomeCodes))),
        "cancelled_as": draw(st.sampled_from(get_args(CancelledAs))),
        "fate": draw(st.sampled_from(["success"] * 5 + list(get_args(Fate)) * 2)),
        "duration_seconds": draw(st.sampled_from([0.0, 3.0, 20.0, 60.0, 150.0])),
        "action_record_delay_seconds": draw(_DELAYS),
        "deployment_record_delay_seconds": draw(_DELAYS),
        "action_finish_lag_seconds": draw(_DELAYS),
        "record_while_queued": draw(st.booleans()),
        "ignore_reference_filter": draw(st.booleans()),
        "text": draw(st.sampled_from([None, None, None, f"a {TOKEN} ::error::b ##[error]c"])),
        "cancel_takes_seconds": draw(st.sampled_from([0.0, 2.0, 8.0])),
    }
    others = draw(st.lists(_others(), max_size=4))
    inputs = {
        "api_token": TOKEN,
        "git_ref": draw(st.sampled_from(["", "main", "v1"])),
        "expected_commit": draw(st.sampled_from([""] * 6 + _COMMITS)),
        "timeout": draw(st.sampled_from(["40s", "40s", "3m", "10m"])),
        "queue_timeout": draw(st.sampled_from(["", "", "30s"])),
        "poll_interval": draw(st.sampled_from(["30s", "5s"])),
        "wait": draw(st.sampled_from(["true"] * 3 + ["false"])),
        "cancel_on_timeout": draw(st.sampled_from(["true", "false"])),
        "cancel_on_abort": draw(st.sampled_from(["true", "true", "false"])),
    }
    abort_at = draw(st.floats(0, 120)) if draw(st.integers(0, 3)) == 3 else NEVER
    # Deployments and actions are numbered independently: the numbers may meet.
    id_gap = draw(st.sampled_from([None, None, 0, 1, 2]))
    return Schedule(behaviour, draw(st.lists(faults(), max_size=4)), others, id_gap, inputs, abort_at)


@st.composite
def _others(draw: st.DrawFn) -> Other:
    asked = {
        "user": draw(st.sampled_from(["ci@example.com", "ann@example.com"])),
        "via": draw(st.sampled_from(["api", "api", "web", "hook"])),
        "git_ref": draw(st.sampled_from(["main", "v1"])),
        "fate": draw(st.sampled_from(get_args(Fate))),
        "duration": draw(st.sampled_from([1.0, 15.0, 60.0])),
        "record_delays": draw(st.none() | st.tuples(_DELAYS, _DELAYS)),
    }
    # The POST leaves about 0.25 s after the start, so many of these come in the same second.
    at = draw(st.sampled_from([0.0, 0.15, 0.2, 0.24, 0.26, 0.3, 0.5, 1.0]) | st.floats(0, 120))
    return Other(at, asked, draw(st.none() | st.floats(0.5, 30)))


def run(schedule: Schedule) -> tuple[Step, Ending, str]:
    """Run a case; return what it left behind and the log."""
    log = io.StringIO()
    folder = Path(tempfile.mkdtemp(prefix="campaign"))
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            step = Step(folder, log.getvalue, clock=EventClock(), behaviour=Behaviour(**schedule.behaviour))
            step.simulator.faults.extend(Fault(**fault) for fault in schedule.faults)
            if schedule.id_gap is not None:
                step.simulator.next_action_id = step.simulator.next_deployment_id + schedule.id_gap
            for other in schedule.others:
                _plan(step, other)
            ending = step.run(abort_at=schedule.abort_at, environ=None, **schedule.inputs)
    finally:
        shutil.rmtree(folder)
    return step, ending, log.getvalue()


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


def check(schedule: Schedule) -> str:
    """Run a case, assert the invariants, and return the outcome."""
    step, ending, log = run(schedule)
    outputs, outcome = ending.outputs, ending.outcome
    step.clock.advance(60)  # a late POST has arrived by then
    mine = step.mine(ending)
    ids = {str(one.id) for one in mine}

    assert len(mine) <= 1, f"{len(mine)} deployments carry our reference"
    if outcome == "success":
        assert mine, "green without a deployment"
        assert mine[0].final_fate in {"success", "reverted"}, f"green, but it {mine[0].final_fate}"
        assert mine[0].ends_at <= step.clock.now() - 60, "green before it was over"
        expected = schedule.inputs["expected_commit"]
        assert (mine[0].git_hash or "").startswith(expected), "green, but another commit was deployed"
    if outcome == "scheduled":
        assert mine, "scheduled, but nothing was"
    if "Nothing was scheduled" in outputs["reason"]:
        assert not mine, "said that nothing was scheduled"

    assert set(outputs) == OUTPUTS, f"outputs: {set(outputs) ^ OUTPUTS}"
    assert outcome in OUTCOMES
    assert ending.status == (0 if outcome in {"success", "scheduled"} else 1)
    assert len(ending.errors) == ending.status, "one error annotation on a bad outcome, none on a good one"
    assert outputs["deployment_id"] in {"", *ids}, "somebody else's deployment was taken for ours"
    for call in step.calls("DELETE"):
        assert call.rpartition("/")[2] in ids, "somebody else's deployment was cancelled"

    bound = float(schedule.inputs["timeout"].rstrip("sm")) * (60 if schedule.inputs["timeout"].endswith("m") else 1)
    bound += ONE_REQUEST_SECONDS + 0.5  # the latency of a call that starts just in time
    if schedule.inputs["cancel_on_timeout"] == "true":
        bound += CANCEL_ON_TIMEOUT_SECONDS
    assert ending.seconds <= bound, f"took {ending.seconds:.1f} s, {bound:.0f} s are allowed"
    if schedule.abort_at < ending.seconds:
        over = ending.seconds - schedule.abort_at
        assert over <= EXIT_AFTER_ABORT_SECONDS, f"exit {over:.1f} s after the abort"
        if schedule.inputs["cancel_on_abort"] == schedule.inputs["cancel_on_timeout"] == "false":
            assert not step.calls("DELETE")

    everything = "\n".join([log.replace(f"::add-mask::{TOKEN}", ""), json.dumps(outputs), ending.summary])
    assert TOKEN not in everything, "the token came out"
    return outcome


def campaign(examples: int, number: int) -> Counter[str]:
    """Check that many random cases; return how many ended how. The number picks which ones."""
    counts: Counter[str] = Counter()

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(schedules())
    def holds(schedule: Schedule) -> None:
        counts[check(schedule)] += 1

    holds()
    return counts


def main() -> None:
    """Run a long campaign on both cores."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    share = 500
    jobs = [(share, first + number) for number in range(-(-examples // share))]
    with multiprocessing.Pool(2) as pool:
        total = sum(pool.starmap(campaign, jobs), Counter[str]())
    print(f"{total.total()} schedules, every invariant held")  # noqa: T201 - a command's answer
    for outcome, count in total.most_common():
        print(f"{count:8} {outcome}")  # noqa: T201


if __name__ == "__main__":
    main()
