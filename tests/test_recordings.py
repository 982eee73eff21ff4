"""Fifty scenarios, whole: what each writes and asks for stands in recordings/, and a change of structure keeps it."""

import os
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from campaign import EventClock
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, StackSpec
from harness import Ending, Step
from hostile import TEXTS

FOLDER = Path(__file__).with_name("recordings")
RECORDING = bool(os.environ.get("RECORD"))
NEVER = float("inf")
OTHER = f"{1:032x}"
ACTION_SHAPE = {"post_shape": "async_action_id"}
CI = {"user": "ci@example.com", "via": "api"}
OURS = "1-1-c2160039a2ba9b49-0123456789abcdef"


@dataclass
class Scene:
    """One scenario."""

    dials: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    others: Sequence[tuple[float, Mapping[str, Any]]] = ()
    """Deployments of other people: when (negative: before the step), and what."""
    abort_at: float = NEVER
    later: Mapping[str, Any] | None = None
    """A second step for the same deployment, with its reference."""
    post_step: bool = False
    stacks: Sequence[StackSpec] = ()


def refused(code: int, path: str | None = None, method: str = "GET", **when: Any) -> Fault:
    """Make a fault that answers with a status, for good unless `count` says else."""
    return Fault("status", method=method, path=path, code=code, **({"count": None} | when))


SCENES = {
    "success": Scene({"duration_seconds": 90}),
    "success_action_shape": Scene(ACTION_SHAPE, {"git_ref": "v1"}),
    "success_null_shape_strings": Scene({"post_shape": "async_action_id_null", "outcome_codes": "string"}),
    "failed": Scene({"fate": "failed"}, {"log": "live"}),
    "failed_action_shape": Scene(ACTION_SHAPE | {"fate": "failed", "log_lines_per_second": 1.0}),
    "cancelled_elsewhere": Scene({"fate": "cancelled", "cancelled_as": "null_code"}),
    "odd": Scene({"fate": "odd"}),
    "reverted": Scene({"fate": "reverted"}),
    "action_failed": Scene({"fate": "action_failed"}),
    "action_null": Scene({"fate": "action_null"}),
    "queued_behind": Scene({}, {"log": "live"}, others=[(-5, {"duration": 100.0})]),
    "queue_timeout": Scene({}, {"queue_timeout": "30s"}, others=[(-5, {"duration": 300.0})]),
    "timed_out": Scene({"duration_seconds": 300}, {"timeout": "2m"}),
    "cancel_on_timeout": Scene({"duration_seconds": 300}, {"timeout": "1m", "cancel_on_timeout": "true"}),
    "cancel_on_timeout_inferred": Scene(
        ACTION_SHAPE | {"duration_seconds": 300}, {"timeout": "1m", "cancel_on_timeout": "true"}
    ),
    "lost_answer_done": Scene({}, {}, [Fault("lost_done", method="POST")]),
    "lost_answer_undone": Scene({}, {}, [Fault("lost_undone", method="POST")]),
    "lost_twice": Scene({}, {}, [Fault("lost_undone", method="POST", count=2), Fault("hide_actions", count=None)]),
    "carried_out_late": Scene(
        {"duration_seconds": 200},
        {"cancel_on_timeout": "true", "timeout": "3m"},
        [Fault("late", method="POST", seconds=70)],
    ),
    "post_declined": Scene({}, {}, [refused(409, method="POST", count=2)]),
    "post_refused": Scene({}, {}, [refused(403, method="POST")]),
    "throttled": Scene({}, {}, [Fault("throttle", method="GET", skip=4, count=2, retry_after=3)]),
    "never_taken": Scene({}, {"timeout": "1m"}, [Fault("connect_timeout", method="POST", count=None)]),
    "bad_token": Scene({}, {}, [refused(401)]),
    "stack_gone": Scene({"duration_seconds": 200}, {}, [refused(404, after=30)]),
    "firewall": Scene({}, {}, [Fault("html", code=403, text="<h1>Blocked</h1>", count=None)]),
    "storm": Scene({}, {}, [refused(502, skip=3, count=4), Fault("garbage", method="GET", skip=8, count=2)]),
    "blind": Scene(ACTION_SHAPE, {}, [refused(403, "/actions")]),
    "not_the_commit": Scene({}, {"expected_commit": "0123456789ab"}),
    "aborted_proved": Scene({"duration_seconds": 100}, {}, abort_at=30),
    "aborted_inferred": Scene(ACTION_SHAPE | {"duration_seconds": 100}, {}, abort_at=8, post_step=True),
    "aborted_left": Scene({"duration_seconds": 100}, {"cancel_on_abort": "false"}, abort_at=30),
    "aborted_early": Scene({}, {}, abort_at=0.05),
    "killed": Scene({"duration_seconds": 100}, {"wait": "false"}, post_step=True),
    "scheduled_then_wait": Scene(ACTION_SHAPE, {"wait": "false"}, later={"command": "wait", "log": "live"}),
    "scheduled_then_status": Scene({}, {"wait": "false"}, later={"command": "status"}),
    "scheduled_then_cancel": Scene(ACTION_SHAPE, {"wait": "false"}, later={"command": "cancel"}),
    "wait_for_nothing": Scene({}, {"command": "wait", "user_reference": "missing"}),
    "wait_for_two": Scene(
        {},
        {"command": "wait", "stack_id": f"{DEFAULT_STACK}\n{OTHER}", "user_reference": "mine"},
        others=[
            (-5, CI | {"user_reference": "mine", "duration": 40.0, "fate": "failed"}),
            (-5, CI | {"user_reference": "mine", "duration": 60.0, "stack_uid": OTHER}),
        ],
        stacks=[StackSpec(DEFAULT_STACK, "Awesome App", history=12), StackSpec(OTHER, "Other App", history=0)],
    ),
    "status_of_nothing": Scene({}, {"command": "status"}),
    "cancel_what_runs": Scene({}, {"command": "cancel"}, others=[(-5, CI | {"duration": 100.0})]),
    "dry_run": Scene({}, {"dry_run": "true", "git_ref": "v1", "on_busy": "cancel"}, others=[(-5, {"duration": 50.0})]),
    "busy_skip": Scene({}, {"on_busy": "skip"}, others=[(-5, CI | {"duration": 50.0})]),
    "busy_fail": Scene({}, {"on_busy": "fail"}, others=[(-5, CI | {"duration": 50.0})]),
    "busy_cancel": Scene({}, {"on_busy": "cancel"}, others=[(-20, CI | {"duration": 200.0, "user_reference": OURS})]),
    "busy_cancel_strange": Scene({}, {"on_busy": "cancel"}, others=[(-5, CI | {"duration": 50.0})]),
    "rollback": Scene({"fates": ("failed", "success"), "duration_seconds": 30}, {"rollback": "true", "git_ref": "v1"}),
    "rollback_failed": Scene({"fates": ("failed", "failed"), "duration_seconds": 30}, {"rollback": "true"}),
    "rollback_refused": Scene({"fates": ("failed",), "live_field": False}, {"rollback": "true", "git_ref": "v1"}),
    "overtaken": Scene({"overtaken_after_seconds": 2.0, "live_lag_seconds": 20.0}),
    "bad_input": Scene({}, {"timeout": "30"}),
    "docker_stack": Scene(
        {},
        {"services": "web:v2"},
        stacks=[StackSpec(DEFAULT_STACK, "Awesome App", history=3, framework="docker", docker=True)],
    ),
    "hostile_texts": Scene({"text": TEXTS["commands on lines"], "fate": "failed"}),
    "by_name": Scene({}, {"stack_id": "", "stack_name": "Awesome App", "environment": "production"}),
}


def play(step: Callable[..., Step], scene: Scene) -> str:
    """Run a scenario, and write down all that it writes and asks for."""
    clock = EventClock()
    world: dict[str, Any] = {"stacks": list(scene.stacks)} if scene.stacks else {}
    made = step(clock=clock, behaviour=Behaviour(**scene.dials), **world)
    made.simulator.faults.extend(scene.faults)
    for at, asked in scene.others:
        request = partial(made.simulator.request_deployment, **asked)
        if at < 0:
            request()
        else:
            clock.plan(at, request)
    clock.advance(max((-at for at, _ in scene.others), default=0.0))
    ending = made.run(abort_at=scene.abort_at, **scene.inputs)
    told = [_tell(made, ending)]
    if scene.later is not None:
        made.simulator.requests.clear()
        later = made.next_step()
        reference = ending.outputs["user_reference"]
        told.append(_tell(later, later.run(user_reference=reference, **scene.later)))
    if scene.post_step:
        made.simulator.requests.clear()
        told.append(_tell(made, made.clean_up(ending.state, **scene.inputs)))
    return "\n".join(told)


def _tell(made: Step, ending: Ending) -> str:
    started = made.simulator.requests[0].time if made.simulator.requests else 0.0
    calls = [f"{one.time - started:8.1f} {one.method} {one.path}" for one in made.simulator.requests]
    written = [f"{name}={value}" for name, value in (*ending.history, *ending.state.items())]
    parts = [f"status {ending.status}", ending.log, *written, ending.summary, *calls]
    return re.sub(r"(?m)[ \t]+$", "", "\n".join(parts))


@pytest.mark.parametrize("name", SCENES)
def test_nothing_changes(step: Callable[..., Step], name: str) -> None:
    """What a scenario writes and asks for is what it was."""
    random.seed(7)
    told = play(step, SCENES[name])
    path = FOLDER / f"{name}.txt"
    if RECORDING:
        path.write_text(told, encoding="utf8")
    assert told == path.read_text(encoding="utf8")
