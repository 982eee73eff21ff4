"""The post step: cancels what a run that was cut short has left, and never fails."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.errors import Aborted
from cloud66_simulator import Behaviour, Fault
from elsewhere import CI, LONG, MakeStep, cancelled, killed, rows
from harness import Step

UNREADABLE = [
    Fault("status", method="GET", path="/actions", code=403, count=None), Fault("slow", method="POST", seconds=15),
]  # fmt: skip
CANCELLED = "cancelled: The step was cut short. Deployment 108 was cancelled."
STRANGER: dict[str, Any] = {"faults": [], "later": 5.1, **CI}


def post(kind: Any, seconds: float = 0) -> list[Fault]:
    """Let something go wrong with the POST."""
    return [Fault(kind, method="POST", seconds=seconds)]


def begin(step: MakeStep, *faults: Fault, **dials: Any) -> Step:
    """Make a step whose deployment goes on for long."""
    return step(behaviour=Behaviour(**{"duration_seconds": LONG} | dials), faults=faults)


def fates(made: Step, state: dict[str, str]) -> list[Any]:
    """Return what becomes of our deployments."""
    made.clock.advance(60)
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
                ("deployment_id", 0.26), ("deployment_id", 20), ("action_id_as_id", 0.4), ("async_action_id", 20),
                ("async_action_id_null", 0.26), ("action_id_as_id", 0.26), ("async_action_id_null", 20),
            )
        },
        "a POST that is worked on late": (5, {}, post("late", 45), CANCELLED),
        **{
            f"{kind} for two minutes": (20, {}, [Fault(kind, after=20, until=120, count=None)], CANCELLED)
            for kind in ("status", "html", "timeout_undone", "refuse")
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


@pytest.mark.parametrize("abort_at", [1e9, 20])
def test_a_run_that_ended_by_itself_is_left_alone(step: MakeStep, abort_at: float) -> None:
    """After a run that ended, well or badly or cancelled, there is nothing to do and nothing is asked."""
    made = begin(step, fate="failed", duration_seconds=100)
    ending = made.run(abort_at=abort_at)
    count = len(made.simulator.requests)
    assert "Nothing to clean up." in made.clean_up(ending.state).log
    assert len(made.simulator.requests) == count


def test_a_run_that_never_began_is_left_alone(step: MakeStep) -> None:
    """Without a state, or before the POST, there is nothing to do."""
    made = step()
    assert "Nothing to clean up" in made.clean_up({}).log
    assert "Nothing to clean up" in made.clean_up(made.run(abort_at=0.0).state).log


def test_as_asked_nothing_is_cancelled(step: MakeStep) -> None:
    """With cancel_on_abort false the deployment goes on."""
    made = begin(step)
    assert "continues (cancel_on_abort is false)" in made.clean_up(killed(made, cancel=False)).log
    assert made.calls("DELETE") == []


def test_what_had_ended_is_told(step: MakeStep) -> None:
    """A deployment that has ended since is told as it ended."""
    made = step()
    state = killed(made)
    made.clock.advance(100)
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


ASKED: dict[str, Any] = {"request": {"reference": "x"}, "cancel_on_abort": True}
GARBLED = {
    "no text": "",
    "null": "null",
    "half an object": "{",
    "half a list": "[[",
    "a deep list": "[" * 200_000,
    "no list": json.dumps(ASKED),
    "a reference alone": json.dumps([{"request": {"reference": "x"}}]),
    "a bad baseline": json.dumps([ASKED | {"stack_id": "../..", "baseline": {"actions": 5}}]),
    "bad numbers": json.dumps([ASKED | {"baseline": {"deployments": [[1]]}, "submission": 5}]),
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
