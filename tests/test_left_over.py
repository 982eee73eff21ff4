"""The post step: cancels what a run that was cut short has left, and never fails."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cloud66_redeploy.errors import Aborted
from cloud66_redeploy.polling.cancellation import Cancellation
from cloud66_simulator import Behaviour, Fault
from harness import Ending, Step

MakeStep = Callable[..., Step]
LONG = 1000.0


def cut_short(made: Step, at: float = 20, *, cancel: bool = True) -> dict[str, str]:
    """Run a step, kill it before it can do anything about the abort, and return the state that it leaves."""
    ending = made.run(abort_at=at, cancel_on_abort="false")
    [kept] = json.loads(ending.state["run"])
    assert made.calls("DELETE") == []
    return {"run": json.dumps([kept | {"cancel_on_abort": cancel}])}


def fates(made: Step, state: dict[str, str]) -> list[Any]:
    """Return what becomes of our deployments."""
    made.clock.advance(60)
    return [
        one.final_fate for one in made.simulator.deployments_of(json.loads(state["run"])[0]["request"]["reference"])
    ]


@pytest.mark.parametrize("shape", ["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"])
@pytest.mark.parametrize("at", [0.26, 0.4, 20])
def test_a_run_that_was_killed_is_cancelled(step: MakeStep, shape: Any, at: float) -> None:
    """Wherever the step was killed after its POST, its deployment is cancelled."""
    made = step(behaviour=Behaviour(post_shape=shape, duration_seconds=LONG))
    state = cut_short(made, at)
    after = made.clean_up(state)
    assert fates(made, state) == ["cancelled"]
    assert "cancelled: The step was cut short; deployment 108 was cancelled." in after.log


def test_a_queued_deployment_is_cancelled(step: MakeStep) -> None:
    """A deployment still in the queue is cancelled, and the one ahead of it left alone."""
    made = step()
    ahead = made.simulator.request_deployment(duration=LONG)
    state = cut_short(made)
    made.clean_up(state)
    assert (fates(made, state), ahead.cancel_at) == (["cancelled"], None)


def test_a_lost_post_is_waited_for(step: MakeStep) -> None:
    """A POST that Cloud 66 works on late is cancelled once it shows."""
    made = step(behaviour=Behaviour(duration_seconds=LONG))
    made.simulator.faults.append(Fault("late", method="POST", seconds=45))
    state = cut_short(made, 5)
    made.clean_up(state)
    assert fates(made, state) == ["cancelled"]


def test_a_post_that_never_arrived(step: MakeStep) -> None:
    """Where nothing shows for a minute, nothing was scheduled, and that is said."""
    made = step()
    made.simulator.faults.append(Fault("lost_undone", method="POST"))
    state = cut_short(made, 5)
    after = made.clean_up(state)
    assert fates(made, state) == []
    assert "Nothing was scheduled" in after.log


def test_a_lost_post_where_actions_cannot_be_read(step: MakeStep) -> None:
    """Where actions can't be read, nobody claims that nothing was scheduled."""
    made = step(behaviour=Behaviour(duration_seconds=LONG))
    made.simulator.faults += [
        Fault("status", method="GET", path="/actions", code=403, count=None),
        Fault("slow", method="POST", seconds=15),
    ]
    # The refusal is asked again before it is believed, so the request leaves some seconds later.
    state = cut_short(made, 6)
    after = made.clean_up(state)
    assert len(fates(made, state)) == 1
    assert "Nothing was scheduled" not in after.log
    assert len(after.warnings) == 1


@pytest.mark.parametrize("abort_at", [1e9, 20])
def test_a_run_that_ended_by_itself_is_left_alone(step: MakeStep, abort_at: float) -> None:
    """After a run that ended, well or badly or cancelled, there is nothing to do and nothing is asked."""
    made = step(behaviour=Behaviour(fate="failed", duration_seconds=100))
    ending = made.run(abort_at=abort_at)
    count = len(made.simulator.requests)
    after = made.clean_up(ending.state)
    assert "Nothing is left to be cancelled." in after.log
    assert len(made.simulator.requests) == count


def test_a_run_that_never_began_is_left_alone(step: MakeStep) -> None:
    """Without a state, or before the POST, there is nothing to do."""
    made = step()
    assert "Nothing is left" in made.clean_up({}).log
    ending = made.run(abort_at=0.0)
    assert "Nothing is left" in made.clean_up(ending.state).log


def test_as_asked_nothing_is_cancelled(step: MakeStep) -> None:
    """With cancel_on_abort false the deployment goes on."""
    made = step()
    state = cut_short(made, cancel=False)
    assert "goes on, as asked" in made.clean_up(state).log
    assert made.calls("DELETE") == []


def test_what_had_ended_is_told(step: MakeStep) -> None:
    """A deployment that has ended since is told as it ended."""
    made = step()
    state = cut_short(made)
    made.clock.advance(100)
    assert "had already succeeded" in made.clean_up(state).log
    assert fates(made, state) == ["success"]


@pytest.mark.parametrize("kind", ["status", "html", "timeout_undone", "refuse"])
def test_trouble_is_waited_out(step: MakeStep, kind: Any) -> None:
    """Trouble that passes within minutes doesn't keep the deployment from being cancelled."""
    made = step(behaviour=Behaviour(duration_seconds=LONG))
    state = cut_short(made)
    made.simulator.faults.append(Fault(kind, after=20, until=120, count=None))
    made.clean_up(state)
    assert fates(made, state) == ["cancelled"]


@pytest.mark.parametrize("kind", ["status", "timeout_undone"])
def test_trouble_to_the_end_is_a_warning(step: MakeStep, kind: Any) -> None:
    """Where nothing can be done in four minutes, a warning names the reference."""
    made = step(behaviour=Behaviour(duration_seconds=LONG))
    state = cut_short(made)
    made.simulator.faults.append(Fault(kind, after=20, count=None))
    after = made.clean_up(state)
    assert len(after.warnings) == 1
    assert json.loads(state["run"])[0]["request"]["reference"] in after.warnings[0]
    assert after.seconds <= 240 + 30


def test_nobody_elses_deployment_is_cancelled(step: MakeStep) -> None:
    """Where two deployments could be ours, none is cancelled, and a warning says so."""
    made = step(behaviour=Behaviour(post_shape="async_action_id", duration_seconds=LONG))
    state = cut_short(made, 5)
    made.simulator.request_deployment(via="api", user="ci@example.com")
    after = made.clean_up(state)
    assert (made.calls("DELETE"), fates(made, state)) == ([], ["success"])
    assert "none was cancelled" in after.warnings[0]


REQUEST = {"reference": "x"}
ASKED: dict[str, Any] = {"request": REQUEST, "cancel_on_abort": True}
GARBAGE = ["", "null", "{", "[[", "[" * 200_000, json.dumps({"request": REQUEST}), json.dumps([{"request": REQUEST}])]
GARBAGE += [json.dumps([ASKED | {"stack_id": "../..", "baseline": {"actions": 5}}])]
GARBAGE += [json.dumps([ASKED | {"baseline": {"deployments": [[1]]}, "submission": 5}])]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_a_garbled_state_harms_nobody(step: MakeStep, text: str) -> None:
    """A state that can't be read cancels nothing and raises nothing."""
    made = step()
    made.simulator.request_deployment(duration=LONG)
    assert made.clean_up({"run": text}).errors == []
    assert [one for one in made.simulator.all_deployments() if one.cancel_at is not None] == []


@pytest.mark.parametrize("inputs", [{"api_token": ""}, {"timeout": "30"}, {"api_token": "wrong-token"}])
def test_inputs_that_cannot_be_used_are_a_warning(step: MakeStep, inputs: dict[str, Any]) -> None:
    """Where the inputs can't be used any more, a warning names the reference, and nothing is raised."""
    made = step(behaviour=Behaviour(duration_seconds=LONG))
    state = cut_short(made)
    after = made.clean_up(state, **inputs)
    assert json.loads(state["run"])[0]["request"]["reference"] in after.warnings[0]


@pytest.mark.parametrize("error", [KeyError("ours"), Aborted(), RecursionError()])
def test_it_never_raises(step: MakeStep, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A fault of ours, or a second abort, becomes a warning."""
    made = step()
    state = cut_short(made)

    def fail(_self: Cancellation) -> Ending:
        raise error

    monkeypatch.setattr(Cancellation, "look", fail)
    assert len(made.clean_up(state).warnings) == 1
