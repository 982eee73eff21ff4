"""The whole step from left to right: others who deploy, duplicates, faults of ours, and what is always there."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from campaign import EventClock
from cloud66_redeploy import run
from cloud66_redeploy.api.client import Client
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.trigger import Trigger
from cloud66_redeploy.model.reference import derive_reference
from cloud66_redeploy.polling.cancellation import Cancellation
from cloud66_redeploy.polling.wait import Wait
from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault, StackSpec
from harness import GITHUB, OUTPUTS, Ending, Step

MakeStep = Callable[..., Step]
SHAPES = ["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"]
MINE = {"via": "api", "user": "ci@example.com"}


def check(made: Step, ending: Ending) -> None:
    """Assert what holds for every ending."""
    assert set(ending.outputs) == OUTPUTS
    assert ending.status == (0 if ending.outcome in {"success", "scheduled"} else 1)
    assert len(ending.errors) == ending.status
    told = ending.log.replace("::add-mask::demo-token", "") + json.dumps(ending.outputs) + ending.summary
    assert "demo-token" not in told + json.dumps(ending.state)
    assert "demo-token" not in str([one.query for one in made.simulator.requests])


def others(step: MakeStep, shape: Any, *moments: tuple[float, dict[str, Any]], **behaviour: Any) -> Step:
    """Make a step during which others deploy, that many seconds after its start."""
    clock = EventClock()
    made = step(clock=clock, behaviour=Behaviour(post_shape=shape, **behaviour))
    for moment, asked in moments:
        clock.plan(moment, partial(made.simulator.request_deployment, **asked))
    return made


def test_a_success_from_left_to_right(step: MakeStep) -> None:
    """A plain success sets every output, writes a summary, and asks little of the server."""
    made = step()
    ending = made.run(git_ref="main", profile="night shift")
    check(made, ending)
    [mine] = made.mine(ending)
    assert (mine.git_ref, mine.deployment_profile) == ("main", "night shift")
    assert (ending.outcome, ending.outputs["is_live"], ending.outputs["git_ref"]) == ("success", "true", "main")
    assert (ending.outputs["stack_name"], ending.outputs["stack_environment"]) == ("Awesome App", "production")
    assert json.loads(ending.outputs["deployment"])["id"] == mine.id
    assert "deploy_profile" not in ending.log
    assert "succeeded" in ending.summary
    assert len(made.simulator.requests) < 30


@pytest.mark.parametrize("path", ["/dev/full", "/dev", "/dev/missing", "/dev/null/below"])
@pytest.mark.parametrize("name", ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"])
@pytest.mark.parametrize("fate", ["success", "failed"])
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


@pytest.mark.parametrize("code", [400, 403, 409, 422])
def test_a_refusal_names_what_may_hold_the_deployment(step: MakeStep, code: int) -> None:
    """Where Cloud 66 refuses the request, what to do names its approval and its protection."""
    made = step()
    made.simulator.faults.append(Fault("status", method="POST", code=code, count=None))
    [error] = made.run(timeout="2m").errors
    assert "Deployment Approval or Application Protection" in error.partition("Next: ")[2]


@pytest.mark.parametrize("shape", ["deployment_id", "async_action_id_null"])
@pytest.mark.parametrize(
    ("late", "inputs", "is_named"),
    [
        ({"action_record_delay_seconds": 1e6, "deployment_record_delay_seconds": 1e6}, {"timeout": "5m"}, True),
        ({"action_record_delay_seconds": 1e6, "deployment_record_delay_seconds": 1e6}, {"queue_timeout": "5m"}, True),
        ({"deployment_record_delay_seconds": 1e6}, {"timeout": "5m"}, True),
        ({}, {"timeout": "5m"}, False),
    ],
)
def test_a_deployment_that_never_shows(step: MakeStep, shape: Any, late: Any, inputs: Any, is_named: bool) -> None:
    """Where the request was taken and nothing shows for minutes, what to do names what may hold it."""
    made = step(behaviour=Behaviour(post_shape=shape, duration_seconds=1e6, **late), stacks=[StackSpec(history=0)])
    ending = made.run(**inputs)
    [error] = ending.errors
    assert (ending.outcome, "Deployment Approval" in error.partition("Next: ")[2]) == ("timed_out", is_named)


@pytest.mark.parametrize(
    ("given", "mend"),
    [
        ("", "This runner gives its runs no id of their own. Set the input user_reference"),
        ("prod", "Leave the input user_reference empty, or give each run its own."),
    ],
)
def test_a_reference_that_two_runs_share(step: MakeStep, given: str, mend: str) -> None:
    """Whoever is told that a reference is shared learns what can be done, though nothing was given as one."""
    reference = given or derive_reference(GITHUB | {"GITHUB_STATE": "state"}, {"stack_id": DEFAULT_STACK})
    made = others(step, "async_action_id", (1.0, MINE | {"user_reference": reference}))
    ending = made.run(user_reference=given)
    assert ending.outputs["user_reference"] == reference
    assert [mend in warning for warning in ending.warnings if "Reference not unique" in warning] == [True]


def test_services_of_a_docker_stack(step: MakeStep) -> None:
    """Services are sent as one string to a Docker stack without a past."""
    made = step()
    ending = made.run(stack_id=DOCKER_STACK, services="web:v2,\nworker")
    check(made, ending)
    assert (ending.outcome, made.mine(ending)[0].services) == ("success", "web:v2,worker")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("when", [0.0, 0.15, 0.21, 0.23, 0.26, 0.3, 1.0, 10.0])
@pytest.mark.parametrize("via", ["api", "web"])
def test_others_deploy_at_any_moment(step: MakeStep, shape: Any, when: float, via: Any) -> None:
    """Whoever deploys before, at or after ours, it is never taken for ours, nor its failure for our failure."""
    made = others(step, shape, (when, {"via": via, "user": "ann@example.com", "fate": "failed"}))
    ending = made.run()
    check(made, ending)
    [mine] = made.mine(ending)
    assert ending.outcome == "success"
    assert ending.outputs["deployment_id"] == str(mine.id)


@pytest.mark.parametrize("shape", SHAPES[1:])
@pytest.mark.parametrize("when", [0.21, 0.23, 0.26])
@pytest.mark.parametrize("fates", [("success", "failed"), ("failed", "success"), ("success", "success")])
def test_the_same_user_deploys_the_same_ref(step: MakeStep, shape: Any, when: float, fates: tuple[Any, Any]) -> None:
    """Two deployments that can't be told apart: our action alone decides, and a warning says what is not known."""
    ours, theirs = fates
    made = others(step, shape, (when, MINE | {"fate": theirs, "duration": 30.0}), fate=ours)
    ending = made.run()
    check(made, ending)
    assert ending.outcome == ours
    assert ending.outputs["deployment_id"] in {"", str(made.mine(ending)[0].id)}
    if ours == "success":
        assert ("Deployment not known" in "".join(ending.warnings)) is (ending.outputs["deployment_id"] == "")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [2, 5])
def test_a_long_queue_of_others(step: MakeStep, shape: Any, count: int) -> None:
    """Ours is found and waited for behind a queue of others."""
    made = step(behaviour=Behaviour(post_shape=shape))
    for _ in range(count):
        made.simulator.request_deployment(duration=30, fate="failed")
    ending = made.run()
    check(made, ending)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", str(made.mine(ending)[0].id))
    assert f"queued behind {count} other deployments" in ending.log


@pytest.mark.parametrize("seconds", [70, 100])
def test_a_post_that_goes_through_twice(step: MakeStep, seconds: float) -> None:
    """Where a lost POST is worked on after the second one, the younger deployment is cancelled, with a warning."""
    made = step(behaviour=Behaviour(duration_seconds=90))
    made.simulator.faults.append(Fault("late", method="POST", seconds=seconds))
    ending = made.run()
    check(made, ending)
    made.clock.advance(60)
    elder, younger = sorted(made.mine(ending), key=lambda one: one.id)
    assert (elder.final_fate, younger.final_fate) == ("success", "cancelled")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", str(elder.id))
    assert "Scheduled twice" in "".join(ending.warnings)
    assert f"the younger one, {younger.id}, was cancelled" in "".join(ending.warnings)


def test_a_younger_one_that_cannot_be_cancelled(step: MakeStep) -> None:
    """Where the younger deployment can't be cancelled, the warning says that it has to be done by hand."""
    made = step(behaviour=Behaviour(duration_seconds=90))
    made.simulator.faults += [
        Fault("late", method="POST", seconds=70),
        Fault("status", method="DELETE", code=500, count=None),
    ]
    ending = made.run()
    check(made, ending)
    younger = max(one.id for one in made.mine(ending))
    assert f"cancel the younger one, {younger}, by hand" in "".join(ending.warnings)


def test_two_of_ours_that_cannot_be_told(step: MakeStep) -> None:
    """Where it can't be told which deployments the two are, none is cancelled, and a warning says so."""
    made = others(step, "async_action_id", (95, MINE), (96, MINE), duration_seconds=90)
    made.simulator.faults.append(Fault("late", method="POST", seconds=100))
    ending = made.run()
    check(made, ending)
    assert "which deployments they are can't be told" in "".join(ending.warnings)
    assert made.calls("DELETE") == []


def test_another_run_with_our_reference_is_left_alone(step: MakeStep) -> None:
    """Where our only POST was answered, a later redeploy with our reference is somebody else's and not cancelled."""
    asked = MINE | {"user_reference": "prod"}
    made = others(step, "deployment_id", (10, asked))
    made.simulator.request_deployment(duration=60)
    ending = made.run(user_reference="prod")
    check(made, ending)
    assert [one.cancel_at for one in made.simulator.all_deployments() if one.cancel_at] == []


def test_the_ids_are_there_as_soon_as_they_are_known(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is an output before the POST, the ids after the first look, and the state before the POST."""
    seen: list[tuple[str, str]] = []
    made = step()
    files = made.files
    redeploy = Client.redeploy

    def watched(self: Client, options: Any) -> Any:
        seen.append((files["output"].read_text(), files["state"].read_text()))
        return redeploy(self, options)

    monkeypatch.setattr(Client, "redeploy", watched)
    ending = made.run()
    [(outputs, state)] = seen
    assert ending.outputs["user_reference"] in outputs
    assert ending.outputs["user_reference"] in state


FAULTS: list[tuple[Any, str, Callable[..., Any], str]] = [
    (Job, "take_stock", lambda *_: [].pop(), "failed"),
    (Client, "redeploy", lambda *_: [].pop(), "unknown"),
    (Trigger, "fire", lambda *_: [].pop(), "failed"),
    (Wait, "look", lambda *_: 1 // 0, "unknown"),
]


@pytest.mark.parametrize(("where", "name", "fault", "outcome"), FAULTS, ids=[one[1] for one in FAULTS])
def test_a_fault_of_ours_is_told(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, fault: Callable[..., Any], outcome: str
) -> None:
    """A fault in this action still sets every output, says what to do, and ends red."""
    monkeypatch.setattr(where, name, fault)
    made = step()
    ending = made.run()
    check(made, ending)
    assert (ending.outcome, ending.status) == (outcome, 1)
    assert "This action has a fault" in ending.outputs["reason"]
    assert "| Traceback" in ending.log
    assert ("Nothing was scheduled" in ending.outputs["reason"]) is (outcome == "failed")


def test_a_fault_of_ours_before_the_stack_is_known(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault while the stack is looked for by its name is told, too."""
    monkeypatch.setattr(run, "find_stack", lambda *_: 1 // 0)
    made = step()
    ending = made.run(stack_id="", stack_name="Awesome App")
    check(made, ending)
    assert (ending.outcome, ending.status) == ("failed", 1)
    assert "This action has a fault" in ending.outputs["reason"]


def test_a_fault_of_ours_while_cancelling_is_told(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in what is done about an abort still sets every output and ends red."""
    monkeypatch.setattr(Cancellation, "look", lambda *_: 1 // 0)
    made = step()
    ending = made.run(abort_at=20)
    check(made, ending)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert "ended" not in ending.state


def test_a_log_that_cannot_be_read_changes_nothing(step: MakeStep) -> None:
    """Where the stack's log can't be read, the outcome stays as it is, and the log says so."""
    made = step(behaviour=Behaviour(fate="failed"))
    made.simulator.faults.append(Fault("timeout_undone", method="GET", path="^/stacks/[^/]+$", skip=1, count=None))
    ending = made.run()
    check(made, ending)
    assert ending.outcome == "failed"
    assert "The stack's log could not be read" in ending.log


def test_an_abort_while_the_log_is_read_changes_nothing(step: MakeStep) -> None:
    """An abort that comes once the outcome is known leaves the outcome as it is."""
    made = step(behaviour=Behaviour(fate="failed", duration_seconds=20))
    made.simulator.faults.append(Fault("slow", method="GET", path="^/stacks/[^/]+$", skip=1, seconds=7))
    ending = made.run(abort_at=26)
    check(made, ending)
    assert (ending.outcome, made.calls("DELETE")) == ("failed", [])
    assert "ended" in ending.state


def test_an_input_that_cannot_be_used_asks_nothing(step: MakeStep) -> None:
    """A bad input sets every output and makes no call."""
    made = step()
    ending = made.run(timeout="30")
    check(made, ending)
    assert (ending.outcome, made.simulator.requests) == ("failed", [])


def test_a_warning_of_the_server_is_annotated_once(step: MakeStep) -> None:
    """X-Cloud66-Warning becomes one warning, however often it comes."""
    made = step(behaviour=Behaviour(warning="This plan ends soon"))
    ending = made.run()
    check(made, ending)
    assert ["This plan ends soon" in one for one in ending.warnings] == [True]


def test_a_stack_without_names(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that says nothing of itself is called by its UID."""
    stack = Client.stack

    def bare(self: Client) -> Any:
        return type(stack(self))("abc", {})

    monkeypatch.setattr(Client, "stack", bare)
    made = step()
    ending = made.run()
    check(made, ending)
    assert "Stack abc (environment not known), UID abc" in ending.log


def test_trouble_in_every_call_but_one_in_two(step: MakeStep) -> None:
    """A server that drops every other answer doesn't keep a run from its one deployment."""
    made = step()
    for skip in range(0, 200, 2):
        made.simulator.faults.append(Fault("lost_done", skip=skip, count=1))
    ending = made.run()
    check(made, ending)
    assert (ending.outcome, len(made.mine(ending))) == ("success", 1)
