"""The post step after `command: wait` was killed: it cancels what the step waited for, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault
from elsewhere import asked, cancelled, fate, stacks
from harness import Step

MakeStep = Callable[..., Step]
OTHER = f"{1:032x}"
BY: list[dict[str, Any]] = [
    {"user_reference": "mine"},
    {"deployment_id": "108"},
    {"user_reference": "mine", "deployment_id": "108"},
]


def killed(made: Step, at: float = 20, *, cancel: bool = True, **inputs: Any) -> dict[str, str]:
    """Wait, kill the step before it can do anything about the abort, and return the state that it leaves."""
    ending = made.run(command="wait", abort_at=at, cancel_on_abort="false", **inputs)
    assert made.calls("DELETE") == []
    kept = [one | {"cancel_on_abort": cancel} for one in json.loads(ending.state["run"])]
    return {"run": json.dumps(kept)}


@pytest.mark.parametrize("by", BY, ids=["reference", "id", "both"])
@pytest.mark.parametrize("at", [0.02, 0.12, 0.3, 20])
def test_one_that_was_waited_for(step: MakeStep, by: dict[str, Any], at: float) -> None:
    """Whenever the step was killed, its deployment is cancelled; those around it are left alone."""
    made = step()
    ahead = made.simulator.request_deployment(duration=30, user="ann@example.com")
    mine = asked(made, ago=0, duration=1000)
    behind = made.simulator.request_deployment(duration=30, user="ann@example.com")
    by = by | ({"deployment_id": str(mine.id)} if "deployment_id" in by else {})
    after = made.clean_up(killed(made, at, **by), command="wait", **by)
    assert fate(made, mine) == "cancelled"
    assert (cancelled(made), ahead.cancelled, behind.cancelled) == ([str(mine.id)], False, False)
    assert f"cancelled: The step was cut short; deployment {mine.id} was cancelled." in after.log


def test_several_that_were_waited_for(step: MakeStep) -> None:
    """All of several are cancelled, in whichever stacks they are, but for those that have ended."""
    made = step(stacks=stacks("One", "Two"))
    over = asked(made, "a", duration=30, ago=20)
    here, there = asked(made, "b", duration=1000), asked(made, "c", stack_uid=OTHER, duration=1000)
    inputs: dict[str, Any] = {"stack_id": f"{DEFAULT_STACK}\n{DEFAULT_STACK}\n{OTHER}", "user_reference": "a\nb\nc"}
    state = killed(made, **inputs)
    assert len(json.loads(state["run"])) == 2
    after = made.clean_up(state, command="wait", **inputs)
    assert [fate(made, one) for one in (over, here, there)] == ["success", "cancelled", "cancelled"]
    assert after.log.count("The step was cut short; deployment") == 2


def test_one_of_several_that_cannot_be_cancelled(step: MakeStep) -> None:
    """What can't be cancelled is a warning of its own, and doesn't keep the others."""
    made = step()
    mine = [asked(made, "a", duration=1000), asked(made, "b", duration=1000)]
    inputs: dict[str, Any] = {"user_reference": "a\nb", "deployment_id": "108\n109"}
    state = killed(made, **inputs)
    made.simulator.faults.append(Fault("status", method="DELETE", path="108", code=403, count=None))
    after = made.clean_up(state, command="wait", **inputs)
    assert [fate(made, one) for one in mine] == ["success", "cancelled"]
    assert len(after.warnings) == 1
    assert "Reference: a" in after.warnings[0]


def test_a_shared_reference_is_not_guessed_at(step: MakeStep) -> None:
    """Where two deployments carry the reference, none is cancelled, and a warning says so."""
    made = step()
    asked(made, duration=1000, ago=0)
    asked(made, duration=1000)
    by: dict[str, Any] = {"user_reference": "mine"}
    after = made.clean_up(killed(made, **by), command="wait", **by)
    assert cancelled(made) == []
    assert any("Nothing was cancelled." in one for one in after.warnings)


def test_as_asked_nothing_is_cancelled(step: MakeStep) -> None:
    """With cancel_on_abort false they go on, and the references are named."""
    made = step()
    asked(made, duration=1000)
    state = killed(made, cancel=False, user_reference="mine\nother")
    after = made.clean_up(state, command="wait", user_reference="mine\nother")
    assert "goes on, as asked (cancel_on_abort is false). Reference: mine, other" in after.log
    assert cancelled(made) == []


def test_what_was_never_there(step: MakeStep) -> None:
    """What is not found is a warning after a minute, not a success."""
    made = step(behaviour=Behaviour(duration_seconds=1000))
    after = made.clean_up(killed(made, deployment_id="9999"), command="wait", deployment_id="9999")
    assert len(after.warnings) == 1
    assert "The stack has no deployment 9999" in after.warnings[0]
    assert 55 <= after.seconds <= 80


@pytest.mark.parametrize("command", ["cancel", "status"])
def test_other_commands_leave_nothing(step: MakeStep, command: str) -> None:
    """A cancel or a status that was killed leaves nothing to be done."""
    made = step()
    asked(made, duration=1000)
    ending = made.run(command=command, user_reference="mine")
    assert "run" not in ending.state
