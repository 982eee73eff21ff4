"""The post step after `command: wait` was killed: it cancels what the step waited for, and nothing else."""

import json
from typing import Any

import pytest

from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault
from elsewhere import ANN, CI, LONG, OTHER, MakeStep, asked, cancelled, fate, killed, rows, stacks

REF: dict[str, Any] = {"user_reference": "mine"}
ID: dict[str, Any] = {"deployment_id": "109"}


@rows("by", {"reference": REF, "id": ID, "both": REF | ID})
@pytest.mark.parametrize("at", [0.02, 0.12, 20])
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
    made.clock.advance(5)
    after = made.clean_up(killed(made, command="wait", **REF), command="wait", **REF)
    assert cancelled(made) == []
    assert any("Nothing was cancelled." in one for one in after.warnings)


def test_as_asked_nothing_is_cancelled(step: MakeStep) -> None:
    """With cancel_on_abort false they go on, and the references are named."""
    made = step()
    asked(made, duration=LONG)
    after = made.clean_up(killed(made, cancel=False, command="wait", user_reference="mine\nother"))
    assert "continues (cancel_on_abort is false). Reference: mine, other" in after.log
    assert cancelled(made) == []


def test_what_was_never_there(step: MakeStep) -> None:
    """What is not found is a warning after a minute, not a success."""
    made = step(behaviour=Behaviour(duration_seconds=LONG))
    given: dict[str, Any] = {"command": "wait", "deployment_id": "9999"}
    after = made.clean_up(killed(made, **given), **given)
    [warning] = after.warnings
    assert "The stack has no deployment 9999" in warning
    assert 55 <= after.seconds <= 80
