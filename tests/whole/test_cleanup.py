"""The post step: cancels what a run that was cut short has left, and never fails."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.errors import Aborted
from cloud66_redeploy.tracking.saved_state import SavedState, write
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault
from elsewhere import ANN, CI, LONG, OTHER, MakeStep, asked, cancelled, fate, killed, rows, stacks
from harness import Step
from records import tracked

UNREADABLE = [
    Fault("status", method="GET", path="/actions", code=403, count=None), Fault("slow", method="POST", seconds=15),
]  # fmt: skip
CANCELLED = "cancelled: The step was cut short. Deployment 108 was cancelled."
REF: dict[str, Any] = {"user_reference": "mine"}
ID: dict[str, Any] = {"deployment_id": "109"}


def post(kind: Any, seconds: float = 0) -> list[Fault]:
    """Let something go wrong with the POST."""
    return [Fault(kind, method="POST", seconds=seconds)]


def begin(step: MakeStep, *faults: Fault, **dials: Any) -> Step:
    """Make a step whose deployment goes on for long."""
    return step(behaviour=Behaviour(**{"duration_seconds": LONG} | dials), faults=faults)


def fates(made: Step, state: dict[str, str]) -> list[Any]:
    """Return what becomes of our deployments."""
    made.clock.sleep(60)
    return [one.final_fate for one in made.simulator.deployments_of(reference(state))]


def reference(state: dict[str, str]) -> str:
    """Return the reference that was kept."""
    return str(json.loads(state["run"])[0]["request"]["reference"])


@rows(
    "at, dials, faults, words",
    {
        **{
            f"the answer is {shape}, killed after {at} s": (at, {"post_shape": shape}, [], CANCELLED)
            for shape, at in (
                ("deployment_id", 0.26), ("deployment_id", 20), ("action_id_as_id", 0.26),
                ("async_action_id_null", 0.26), ("async_action_id_null", 20),
            )
        },
        "a POST that is worked on late": (5, {}, post("late", 45), CANCELLED),
        **{
            f"{kind} for two minutes": (20, {}, [Fault(kind, after=20, until=120, count=None)], CANCELLED)
            for kind in ("status", "timeout_undone")
        },
    },
)  # fmt: skip
def test_a_run_that_was_killed_is_cancelled(
    step: MakeStep, at: float, dials: dict[str, Any], faults: list[Any], words: str
) -> None:
    """Wherever the step was killed after its POST, its deployment is cancelled, as soon as it shows and can be."""
    made = begin(step, *faults, **dials)
    state = killed(made, at)
    after = made.clean_up(state)
    assert (fates(made, state), words in after.log, after.warnings) == (["cancelled"], True, [])


def test_a_queued_deployment_is_cancelled(step: MakeStep) -> None:
    """A deployment still in the queue is cancelled, and the one ahead of it left alone."""
    made = begin(step)
    made.simulator.request_deployment()
    state = killed(made)
    made.clean_up(state)
    assert (fates(made, state), cancelled(made)) == (["cancelled"], ["109"])


@rows(
    "at, faults, left, words",
    {
        "nothing was scheduled": (5, post("lost_undone"), [], ["cancelled: ", "No deployment was started"]),
        # A refusal is asked again before it is believed, so the request leaves some seconds later.
        "stack actions can't be read": (6, UNREADABLE, ["success"], ["::warning "]),
        "declined to the end": (20, [Fault("status", after=20, count=None)], ["success"], ["::warning "]),
        "no answer to the end": (20, [Fault("timeout_undone", after=20, count=None)], ["success"], ["::warning "]),
    },
)
def test_what_cannot_be_cancelled(
    step: MakeStep, at: float, faults: list[Fault], left: list[str], words: Sequence[str]
) -> None:
    """What can't be cancelled in four minutes is a warning with its reference; where nothing shows, that is said."""
    made = begin(step, *faults)
    state = killed(made, at)
    after = made.clean_up(state)
    assert fates(made, state) == left
    assert all(one in after.log for one in words)
    assert ("No deployment was started" in after.log) is (left == [])
    assert [reference(state) in one for one in after.warnings] == [True] * len(left)
    assert after.seconds <= 240 + 30


@pytest.mark.parametrize("abort_at", [1e9, 20, 0])
def test_a_run_that_ended_by_itself_is_left_alone(step: MakeStep, abort_at: float) -> None:
    """After a run that ended, badly or cancelled, or that never began, there is nothing to do and nothing is asked."""
    made = begin(step, fate="failed", duration_seconds=100)
    ending = made.run(abort_at=abort_at)
    count = len(made.simulator.requests)
    assert "Nothing to clean up." in made.clean_up(ending.state).log
    assert "Nothing to clean up." in made.clean_up({}).log
    assert len(made.simulator.requests) == count


def test_as_asked_nothing_is_cancelled(step: MakeStep) -> None:
    """With cancel_on_abort false the deployments go on, and the references are named."""
    made = begin(step)
    asked(made, duration=LONG)
    several: dict[str, Any] = {"command": "wait", "user_reference": "mine\nother"}
    for given, words in (({}, ""), (several, "Reference: mine, other")):
        after = made.clean_up(killed(made, cancel=False, **given))
        assert f"continues (cancel_on_abort is false). {words}" in after.log
    assert made.calls("DELETE") == []


def test_what_had_ended_is_told(step: MakeStep) -> None:
    """A deployment that has ended since is told as it ended."""
    made = step()
    state = killed(made)
    made.clock.sleep(100)
    assert "had already succeeded" in made.clean_up(state).log
    assert fates(made, state) == ["success"]


def test_nobody_elses_deployment_is_cancelled(step: MakeStep) -> None:
    """Where two deployments could be ours, none is cancelled, and a warning says so."""
    made = begin(step, post_shape="async_action_id")
    state = killed(made, 5)
    made.simulator.request_deployment(**CI)
    after = made.clean_up(state)
    assert (made.calls("DELETE"), fates(made, state)) == ([], ["success"])
    assert "none was cancelled" in after.warnings[0]


KEPT: dict[str, Any] = json.loads(write([SavedState(DEFAULT_STACK, tracked(), cancel_on_abort=True)]))[0]
GARBLED = {
    "half an object": "{",
    "a deep list": "[" * 200_000,
    "no list": json.dumps(KEPT),
    "a reference alone": json.dumps([{"request": {"reference": "x"}}]),
    "no text where text is due": json.dumps([KEPT | {"stack_id": 5, "request": {"reference": ["x"]}}]),
    "another stack": json.dumps([KEPT | {"stack_id": "../.."}]),
    "bad numbers": json.dumps([KEPT | {"baseline": {name: ["x"] for name in KEPT["baseline"]}}]),
    "nothing is known": json.dumps([KEPT | {"request": {"reference": "x"}}]),
}


@rows("text", GARBLED)
def test_a_garbled_state_harms_nobody(step: MakeStep, text: str) -> None:
    """A state that can't be read cancels nothing and raises nothing."""
    made = begin(step)
    made.simulator.request_deployment()
    assert made.clean_up({"run": text}).errors == []
    assert cancelled(made) == []


@pytest.mark.parametrize("inputs", [{"api_token": ""}, {"timeout": "30"}, {"api_token": "wrong-token"}])
def test_inputs_that_cannot_be_used_are_a_warning(step: MakeStep, inputs: dict[str, Any]) -> None:
    """Where the inputs can't be used any more, a warning names the reference, and nothing is raised."""
    made = begin(step)
    state = killed(made)
    assert reference(state) in made.clean_up(state, **inputs).warnings[0]


@rows("error", {"ours": KeyError("ours"), "a second abort": Aborted(), "too deep": RecursionError()})
def test_it_never_raises(step: MakeStep, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A fault of ours, or a second abort, becomes a warning."""
    made = begin(step)
    state = killed(made)

    def fail(_self: Client, _number: int) -> None:
        raise error

    monkeypatch.setattr(Client, "cancel", fail)
    assert len(made.clean_up(state).warnings) == 1


@rows("by, at", {"reference": (REF, 0.02), "id": (ID, 0.12), "both": (REF | ID, 20)})
def test_one_that_was_waited_for(step: MakeStep, by: dict[str, Any], at: float) -> None:
    """Whenever the step was killed, its deployment is cancelled; those around it are left alone."""
    made = step()
    made.simulator.request_deployment(duration=30, **ANN)
    mine = asked(made, ago=0, duration=LONG)
    made.simulator.request_deployment(duration=30, **ANN)
    after = made.clean_up(killed(made, at, command="wait", **by), command="wait", **by)
    assert (fate(made, mine), cancelled(made)) == ("cancelled", ["109"])
    assert "cancelled: The step was cut short. Deployment 109 was cancelled." in after.log


def test_several_that_were_waited_for(step: MakeStep) -> None:
    """All of several are cancelled, in whichever stacks they are, but for those that have ended."""
    made = step(stacks=stacks("One", "Two"))
    over = asked(made, "a", duration=30, ago=20)
    here, there = asked(made, "b", duration=LONG), asked(made, "c", stack_uid=OTHER, duration=LONG)
    given: dict[str, Any] = {"stack_id": f"{DEFAULT_STACK}\n{DEFAULT_STACK}\n{OTHER}", "user_reference": "a\nb\nc"}
    state = killed(made, command="wait", **given)
    assert len(json.loads(state["run"])) == 2
    after = made.clean_up(state, command="wait", **given)
    assert [fate(made, one) for one in (over, here, there)] == ["success", "cancelled", "cancelled"]
    assert after.log.count("The step was cut short. Deployment") == 2


def test_one_of_several_that_cannot_be_cancelled(step: MakeStep) -> None:
    """What can't be cancelled is a warning of its own, and doesn't keep the others."""
    made = step(faults=[Fault("status", method="DELETE", path="108", code=403, count=None)])
    mine = [asked(made, "a", duration=LONG), asked(made, "b", duration=LONG)]
    given: dict[str, Any] = {"user_reference": "a\nb", "deployment_id": "108\n109"}
    after = made.clean_up(killed(made, command="wait", **given), command="wait", **given)
    assert [fate(made, one) for one in mine] == ["success", "cancelled"]
    [warning] = after.warnings
    assert "Reference: a" in warning


def test_a_shared_reference_is_not_guessed_at(step: MakeStep) -> None:
    """Where two deployments carry the reference, none is cancelled, and a warning says so."""
    made = step()
    asked(made, duration=LONG, ago=0)
    made.simulator.request_deployment(**REF, **CI)
    made.clock.sleep(5)
    after = made.clean_up(killed(made, command="wait", **REF), command="wait", **REF)
    assert cancelled(made) == []
    assert any("Nothing was cancelled." in one for one in after.warnings)


def test_what_was_never_there(step: MakeStep) -> None:
    """What is not found is a warning after a minute, not a success."""
    made = step(behaviour=Behaviour(duration_seconds=LONG))
    given: dict[str, Any] = {"command": "wait", "deployment_id": "9999"}
    after = made.clean_up(killed(made, **given), **given)
    [warning] = after.warnings
    assert "The stack has no deployment 9999" in warning
    assert 55 <= after.seconds <= 80
