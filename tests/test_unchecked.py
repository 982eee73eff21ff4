"""Whatever interrupts a step that was to check an application, or several, it isn't green for what it didn't see."""

import json
from typing import Any
from unittest import mock

import pytest

from cases import MakeStep
from cloud66_simulator import DEFAULT_STACK, Fault, StackSpec
from harness import Step
from website import Page

TWO: dict[str, Any] = {"command": "wait", "stack_id": "plain\nother", "user_reference": "mine"}
OWN: dict[str, Any] = {"health_check": "true", "health_check_timeout": "1m"}
NAMELESS = json.dumps({"response": {"uid": DEFAULT_STACK, "name": "Awesome App"}})
_STACK = f"/stacks/{DEFAULT_STACK}$"


def two(step: MakeStep, fate: str = "success", **simulator: Any) -> Step:
    """Stage a deployment of each of two stacks; the second one ends as said, and its application doesn't serve."""
    names = ("plain", "other")
    specs = [StackSpec(uid=name, name=name, application_address="", fqdn=f"{name}.example.com") for name in names]
    made = step(stacks=specs, **simulator)
    for name, ends in zip(names, ("success", fate), strict=True):
        made.simulator.request_deployment(name, user_reference="mine", via="api", duration=5, fate=ends)
    made.website.answer = lambda _since, address: Page(503 if "other" in address else 200)
    return made


@pytest.mark.parametrize("abort_at", [5.0, 16.0, 25.0, 60.0])
def test_the_first_of_several_does_not_speak_for_all(step: MakeStep, abort_at: float) -> None:
    """When the workflow is cancelled, the first one's health is not that of the second one."""
    ending = two(step).run(abort_at=abort_at, **TWO, **OWN)
    assert (ending.status, ending.outputs["health"]) == (1, "")
    assert ending.outcome in {"unknown", "cancelled"}


@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_nor_does_its_success(step: MakeStep, seconds: float) -> None:
    """When the workflow is cancelled while the log of the second one, which failed, is being read, it is red."""
    slow = Fault("slow", seconds=5.0, path="/stacks/other$", skip=1)
    whole = two(step, "failed", faults=[slow]).run(**TWO).seconds
    ending = two(step, "failed", faults=[slow]).run(abort_at=whole - seconds, **TWO)
    assert (ending.outcome, ending.status) == ("failed", 1)


@pytest.mark.parametrize("eighths", range(8))
def test_no_green_without_the_check(step: MakeStep, eighths: int) -> None:
    """Whenever the workflow is cancelled, a success without the check that was asked for isn't one."""
    faults = [
        Fault("wrong_json", text=NAMELESS, path=_STACK, count=1),
        Fault("slow", seconds=5.0, path=_STACK, skip=1),
        Fault("slow", seconds=1.0, path="/deployments"),
    ]
    for second in range(60):
        ending = step(faults=faults).run(abort_at=second + eighths / 8, **OWN)
        assert ending.outcome != "success" or ending.outputs["health"] == "healthy", ending.log


def test_a_fault_of_this_action(step: MakeStep) -> None:
    """A fault of this action that keeps the application from being checked is red, and says that it is one."""
    with mock.patch("cloud66_redeploy.commands.health.Application", side_effect=KeyError("oops")):
        ending = step().run(**OWN)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert "KeyError" in ending.outputs["reason"]
