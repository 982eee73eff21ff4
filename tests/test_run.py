"""The whole step from left to right: others who deploy, duplicates, faults of ours, and what is always there."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from campaign import EventClock
from cloud66_redeploy.api.client import Client
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.model.reference import derive_reference
from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault, StackSpec
from elsewhere import cancelled
from harness import GITHUB, OUTPUTS, Ending, Step, run_of

MakeStep = Callable[..., Step]
SHAPES = ["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"]
MINE = {"via": "api", "user": "ci@example.com"}
DERIVED = derive_reference(GITHUB | {"GITHUB_STATE": "state"}, {"stack_id": DEFAULT_STACK})
HELD = "Next: .*Deployment Approval"
NEVER, LONG, FAILS = {"duration_seconds": 1e6}, {"duration_seconds": 90}, {"fate": "failed", "duration_seconds": 20}
NO_ACTION, NO_DEPLOYMENT = {"action_record_delay_seconds": 1e6}, {"deployment_record_delay_seconds": 1e6}
LATE_70, LATE_100 = (Fault("late", method="POST", seconds=seconds) for seconds in (70, 100))
UNDONE = Fault("status", method="DELETE", code=500, count=None)
# The stack is read once more for its log.
NO_LOG = Fault("timeout_undone", method="GET", path="^/stacks/[^/]+$", skip=1, count=None)
SLOW_LOG = Fault("slow", method="GET", path="^/stacks/[^/]+$", skip=1, seconds=7)


@dataclass
class Case:
    """One run: how it ends, what the stand-in does, what goes wrong, and who else deploys how long after its start."""

    outcome: str = "success"
    dials: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    others: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    said: str = ""
    warned: str = ""
    """The pattern of what one annotation says; "!" before it: of what none says."""
    is_known: bool = True
    truth: dict[str, Any] = field(default_factory=lambda: {"final_fate": "success"})
    deletes: list[str] = field(default_factory=list)


CASES = {
    "services go to a Docker stack": Case(
        inputs={"stack_id": DOCKER_STACK, "services": "web:v2,\nworker"}, truth={"services": "web:v2,worker"}
    ),
    "the server's warning": Case(dials={"warning": "This plan ends soon"}, warned="This plan ends soon"),
    "every second answer is lost": Case(faults=[Fault("lost_done", skip=skip) for skip in range(0, 200, 2)]),
    "the log cannot be read": Case("failed", FAILS, [NO_LOG], said="Couldn't read the stack log"),
    "an abort while the log is read": Case("failed", FAILS, [SLOW_LOG], inputs={"abort_at": 26}),
    "a later run with the same reference": Case(
        inputs={"user_reference": "prod"}, others=[(0.0, {"duration": 60}), (10, MINE | {"user_reference": "prod"})]
    ),
    "two that cannot be told from others": Case(
        dials={"post_shape": "async_action_id", "duration_seconds": 90},
        faults=[LATE_100],
        others=[(95, MINE), (96, MINE)],
        is_known=False,
        warned="their deployments can't be identified",
    ),
}
# A lost POST that is worked on after the second one: the younger deployment goes.
CASES |= {
    f"a POST carried out twice, {name}": Case(dials=LONG, faults=faults, warned=warned, deletes=["109"])
    for name, faults, warned in (
        ("70 s late", [LATE_70], "The younger one, 109, was cancelled"),
        ("100 s late", [LATE_100], "The younger one, 109, was cancelled"),
        ("and no DELETE works", [LATE_70, UNDONE], "Cancel the younger one, 109, by hand"),
    )
}
# Where Cloud 66 refuses the request, or takes it and nothing shows for minutes, something may hold it.
CASES |= {
    f"refused with {code}": Case(outcome, {}, [fault], {"timeout": "2m"}, warned=f"{HELD} or Application Protection")
    for code, outcome in ((400, "failed"), (403, "failed"), (409, "timed_out"), (422, "failed"))
    for fault in [Fault("status", method="POST", code=code, count=None)]
}
CASES |= {
    f"{shape}: {name} within {limit}": Case(
        "timed_out", NEVER | {"post_shape": shape} | dials, [], {limit: "5m"}, warned=said
    )
    for shape, limit, name, dials, said in (
        ("deployment_id", "timeout", "no record", NO_ACTION | NO_DEPLOYMENT, HELD),
        ("async_action_id_null", "timeout", "no record", NO_ACTION | NO_DEPLOYMENT, HELD),
        ("async_action_id_null", "queue_timeout", "no record", NO_ACTION | NO_DEPLOYMENT, HELD),
        ("async_action_id_null", "timeout", "no deployment", NO_DEPLOYMENT, HELD),
        ("async_action_id_null", "timeout", "no end", {}, f"!{HELD}"),
    )
}
# A derived reference that somebody else has, too, is the runner's doing; a given one is the workflow's.
CASES |= {
    f"a shared reference, given as {given!r}": Case(
        dials={"post_shape": "async_action_id"},
        inputs={"user_reference": given},
        others=[(1.0, MINE | {"user_reference": given or DERIVED})],
        is_known=False,
        warned=warned,
    )
    for given, warned in (
        ("", "This runner gives its runs no unique ID. Set user_reference"),
        ("prod", "Leave user_reference empty, or give each run its own."),
    )
}
CASES |= {
    f"{count} others before it, {shape}": Case(
        dials={"post_shape": shape},
        others=[(0.0, {"duration": 30, "fate": "failed"})] * count,
        said=f"queued behind deployment 108 and {count - 1} more",
    )
    for count, shape in zip((2, 5, 2, 5), SHAPES, strict=True)
}
# Whoever deploys before, at or after ours is never taken for ours, nor their failure for our failure.
CASES |= {
    f"{via} deploys at {moment}, {shape}": Case(
        dials={"post_shape": shape}, others=[(moment, {"via": via, "user": "ann@example.com", "fate": "failed"})]
    )
    for number, moment in enumerate([0.0, 0.15, 0.21, 0.23, 0.26, 0.3, 1.0, 10.0])
    for via, shape in (("api", SHAPES[number % 4]), ("web", SHAPES[(number + 2) % 4]))
}
# The same user, the same ref and moment: our action alone decides, and what is not known is said.
CASES |= {
    f"{theirs} at {moment} beside our {ours}, {shape}": Case(
        ours,
        {"post_shape": shape, "fate": ours},
        others=[(moment, MINE | {"fate": theirs, "duration": 30.0})],
        is_known=False,
    )
    for row, (ours, theirs) in enumerate([("success", "failed"), ("failed", "success"), ("success", "success")])
    for column, moment in enumerate([0.21, 0.23, 0.26])
    for shape in [SHAPES[1 + (row + column) % 3]]
}


def check(made: Step, ending: Ending) -> None:
    """Assert what holds for every ending."""
    assert set(ending.outputs) == OUTPUTS
    assert ending.status == (0 if ending.outcome in {"success", "scheduled"} else 1)
    assert len(ending.errors) == ending.status
    told = ending.log.replace("::add-mask::demo-token", "") + json.dumps(ending.outputs) + ending.summary
    assert "demo-token" not in told + json.dumps(ending.state)
    assert "demo-token" not in str([one.query for one in made.simulator.requests])


@pytest.mark.parametrize("name", CASES)
def test_a_run(step: MakeStep, name: str) -> None:
    """Whatever is odd about it, a run ends by what became of its own deployment, once, and says what was odd."""
    case = CASES[name]
    clock = EventClock()
    stacks = [StackSpec(history=0)] if NEVER.items() <= case.dials.items() else None
    made = step(clock=clock, behaviour=Behaviour(**case.dials), stacks=stacks, faults=case.faults)
    for moment, asked in case.others:
        clock.plan(moment, partial(made.simulator.request_deployment, **asked))
    ending = made.run(**case.inputs)
    check(made, ending)
    assert (ending.outcome, case.said in ending.log) == (case.outcome, True)
    warned = [one for one in [*ending.warnings, *ending.errors] if re.search(case.warned.lstrip("!") or "^$", one)]
    assert len(warned) == (not case.warned.startswith("!") and case.warned != "")
    assert cancelled(made) == case.deletes
    made.clock.advance(60)
    done = [] if UNDONE in case.faults else case.deletes
    assert [str(one.id) for one in made.simulator.all_deployments() if one.cancelled] == done
    number, mine = ending.outputs["deployment_id"], sorted(made.mine(ending), key=lambda one: one.id)
    assert number in {"", *(str(one.id) for one in mine[:1])}
    if ending.outcome == "success":
        assert ("Deployment not identified" in ending.log) is (number == "")
        assert {name: getattr(mine[0], name) for name in case.truth} == case.truth
        assert number or not case.is_known


def test_a_success_from_left_to_right(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A success sets all outputs, writes a summary, asks little; its reference is put out and kept before the POST."""
    seen: list[str] = []
    made = step()
    redeploy = Client.redeploy

    def watched(self: Client, *options: Any) -> Any:
        seen.extend(made.files[name].read_text() for name in ("output", "state"))
        return redeploy(self, *options)

    monkeypatch.setattr(Client, "redeploy", watched)
    ending, mine = run_of(made, git_ref="main", profile="night shift")
    check(made, ending)
    assert (mine.git_ref, mine.deployment_profile) == ("main", "night shift")
    assert (ending.outcome, ending.outputs["is_live"], ending.outputs["git_ref"]) == ("success", "true", "main")
    assert (ending.outputs["stack_name"], ending.outputs["stack_environment"]) == ("Awesome App", "production")
    assert json.loads(ending.outputs["deployment"])["id"] == mine.id
    assert ("Deployed" in ending.summary, "deploy_profile" in ending.log) == (True, False)
    assert len(made.simulator.requests) < 30
    assert [ending.outputs["user_reference"] in text for text in seen] == [True, True]


@pytest.mark.parametrize("fate", ["success", "failed"])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        *((name, "/dev/full") for name in ("GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")),
        *(("GITHUB_OUTPUT", path) for path in ("/dev", "/dev/missing", "/dev/null/below")),
    ],
)
def test_a_file_of_the_runner_that_can_not_be_written(
    step: MakeStep, capsys: pytest.CaptureFixture[str], fate: Any, name: str, path: str
) -> None:
    """A file that is full, a folder or not there is warned about once, and changes nothing else."""
    made = step(behaviour=Behaviour(fate=fate)).next_step(lambda: "".join(capsys.readouterr()))
    ending = made.run(environ={name: path})
    is_red = fate == "failed"
    assert (ending.status, len(ending.errors), f"{fate}: Deployment" in ending.log) == (is_red, is_red, True)
    [warning] = ending.warnings
    assert path in warning or "No space left" in warning
    assert "could not write" not in ending.log
    assert len(made.calls("POST")) == 1


PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "deployments": ("failed", {}),
    "redeploy": ("unknown", {}),
    "deployment": ("unknown", {}),
    "retrying": ("failed", {"stack_id": "", "stack_name": "Awesome App"}),
    "cancel": ("unknown", {"abort_at": 20}),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_fault_of_ours_is_told(step: MakeStep, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A fault in this action, wherever it is, sets every output, says what to do, and ends red."""
    monkeypatch.setattr(Transport if name == "retrying" else Client, name, lambda *_, **__: 1 // 0)
    outcome, inputs = PLACES[name]
    made = step()
    ending = made.run(**inputs)
    check(made, ending)
    assert (ending.outcome, ending.status) == (outcome, 1)
    assert "Internal error in this action" in ending.outputs["reason"]
    assert "| Traceback" in ending.log
    assert ("No deployment was started" in ending.outputs["reason"]) is (outcome == "failed")
    assert ("ended" in ending.state) is (name != "cancel")


def test_a_stack_without_names(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that says nothing of itself is called by its UID."""
    stack = Client.stack
    monkeypatch.setattr(Client, "stack", lambda self: type(stack(self))("abc", {}))
    assert "Stack abc (environment not known), UID abc" in step().run().log
