"""`command: wait` with several lines: a matrix of deployments, waited for and, if need be, cancelled in one step."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from cloud66_redeploy.model.outcome import Outcome
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, StackSpec
from elsewhere import ABORT_SECONDS, ANN, LONG, OTHER, MakeStep, asked, cancelled, check, fate, rows, stacks
from harness import OUTPUTS, Ending, Step

ENTRY = OUTPUTS - {"results", "deployment", "rollback_outcome", "rollback_deployment_id", "rollback_commit"}
BOTH: dict[str, Any] = {"stack_id": f"{DEFAULT_STACK}\n{OTHER}", "user_reference": "mine"}
WORDS = {"success": "succeeded", "timed_out": "timed out"}


def lines(*texts: object) -> str:
    """Write one a line."""
    return "\n".join(map(str, texts))


def two_stacks(step: MakeStep, first: dict[str, Any], second: dict[str, Any]) -> Step:
    """Make a step whose account has two stacks, with a deployment in each."""
    made = step(stacks=stacks("One", "Two"))
    asked(made, ago=0, **first)
    asked(made, stack_uid=OTHER, **second)
    return made


def wait(made: Step, outcomes: str = "success success", **inputs: Any) -> tuple[Ending, list[dict[str, str]]]:
    """Wait for all; check how each ended, and what always holds; return what is told of each."""
    ending = made.run(command="wait", **inputs)
    check(made, ending)
    each = json.loads(ending.outputs["results"])
    assert all(set(one) == ENTRY for one in each)
    assert told(each, "outcome") == outcomes.split()
    counts = Counter(outcomes.split())
    worst_first = [str(outcome) for outcome in reversed(Outcome) if counts[outcome]]
    assert ending.outcome == worst_first[0]
    counted = [f"{counts[one]} {WORDS.get(one, one)}" for one in worst_first]
    assert ending.outputs["reason"] == f"{len(each)} deployments: {', '.join(counted)}."
    assert not any(ending.outputs[name] for name in ("deployment_id", "user_reference", "stack_id", "deployment"))
    return ending, each


def told(each: Sequence[dict[str, str]], name: str) -> list[str]:
    """Return one output of each."""
    return [one[name] for one in each]


def test_a_matrix_over_stacks(step: MakeStep) -> None:
    """Each stack has its own deployment, and the step ends with the last of them."""
    made = step(stacks=stacks("One", "Two"))
    asked(made, "one", duration=20)
    last = asked(made, "two", stack_uid=OTHER, duration=90)
    ending, each = wait(made, stack_id=BOTH["stack_id"], user_reference="one\ntwo")
    assert told(each, "deployment_id") == ["108", "109"]
    assert told(each, "stack_id") == [DEFAULT_STACK, OTHER]
    assert told(each, "user_reference") == ["one", "two"]
    assert made.clock.now() >= last.ends_at
    # Each result once, and why at the end.
    lines = [line for line in ending.log.splitlines() if "success" in line and "confirming" not in line]
    assert lines == [
        *("One: success", "Two: success", "success: 2 deployments: 2 succeeded."),
        *("One: success: Deployment 108 succeeded.", "Two: success: Deployment 109 succeeded."),
    ]


@rows("given, marks", {
    "an id": ({"deployment_id": "108\n109"}, ["deployment 108", "deployment 109"]),
    "both": ({"user_reference": "a\nb", "deployment_id": "108\n109"}, ["a, deployment 108", "b, deployment 109"]),
    "a stack's name": ({"stack_id": "", "stack_name": "Awesome App", "user_reference": "a\nb"}, ["a", "b"]),
})  # fmt: skip
def test_several_in_one_stack(step: MakeStep, given: dict[str, Any], marks: list[str]) -> None:
    """Several of one stack are told apart by what they were named by, and so are their lines of the log."""
    made = step()
    for name in "ab":
        asked(made, name, ago=1, duration=20)
    ending, each = wait(made, **given)
    assert told(each, "stack_id") == [DEFAULT_STACK] * 2
    for mark in marks:
        assert f"Awesome App (production), {mark}: success\n" in ending.log
    # A line that begins with a deployment's name names it once.
    assert not re.search(r"(deployment \d+): \[\w+\] \1", ending.log)


def test_the_outcome_is_the_worst(step: MakeStep) -> None:
    """One bad end makes the step red, after all have ended; the annotation names each bad one."""
    made, fates = step(), ["cancelled", "failed", "success"]
    for number, one in enumerate(fates):
        asked(made, f"r{number}", fate=one, duration=20, ago=0)
    ending, _ = wait(made, " ".join(fates), deployment_id="108\n109\n110")
    assert (ending.outcome, ending.summary.count("<details>")) == ("failed", 3)
    assert [f"Deployment {number}" in ending.errors[0] for number in (108, 109, 110)] == [True, True, False]


@rows("outcomes, inputs, faults, second", {
    "one that failed": ("success failed", {}, [], {"fate": "failed"}),
    "404 after 20 s": ("success unknown", {}, [Fault("status", path=OTHER, code=404, after=20, count=None)], {}),
    "no answer": ("success timed_out", {"timeout": "2m"}, [Fault("timeout_undone", path=OTHER, count=None)], {}),
    **{
        f"{name} of the {which} can't be read": (
            "success success", {}, [Fault("status", path=f"{uid}{path}$", code=502, until=until, count=None)], {})
        for which, uid in (("first", DEFAULT_STACK), ("second", OTHER))
        for name, path, until in (("the stack", "", None), ("the deployments", "/deployments", 30))
    },
    "another commit": ("success failed", {"expected_commit": "c" * 40, "timeout": "5m"}, [], {"git_hash": "d" * 40}),
    "one that is cancelled at the timeout": (
        "success timed_out", {"timeout": "80s", "cancel_on_timeout": "true"}, [], {"duration": LONG}),
})  # fmt: skip
def test_trouble_with_one(step: MakeStep, outcomes: str, inputs: Any, faults: list[Fault], second: Any) -> None:
    """What becomes of one, or of its stack, is told of it alone: the other is waited for all the same, in time."""
    made = two_stacks(step, {"duration": 60, "git_hash": "c" * 40}, {"duration": 60} | second)
    made.simulator.faults.extend(faults)
    ending, each = wait(made, outcomes, **BOTH, **inputs)
    assert told(each, "stack_id") == [DEFAULT_STACK, OTHER]
    assert cancelled(made) == ["109"] * ("cancel_on_timeout" in inputs)
    assert 55 <= ending.seconds <= 180


def test_looks_of_one_stack_share_its_lists(step: MakeStep) -> None:
    """Four that wait in one stack cost hardly more calls than one: a round reads each list once, the stack once."""

    def calls(count: int) -> Counter[str]:
        made = step()
        made.simulator.request_deployment(duration=200)
        names = [f"r{number}" for number in range(count)]
        for name in names:
            asked(made, name, ago=0, duration=LONG)
        made.run(command="wait", user_reference=lines(*names), timeout="3m")
        kinds = {DEFAULT_STACK: "stack", "deployments": "list", "actions": "list"}
        paths = (one.path.rpartition("/")[2] for one in made.simulator.requests if not one.query)
        return Counter(kinds.get(path, "single") for path in paths)

    one, four = calls(1), calls(4)
    assert (one["stack"], four["stack"]) == (1, 1)
    assert four["list"] <= 2 * one["list"]


@rows("specs, labels", {
    "by their environments": (
        [StackSpec(name="App"), StackSpec(OTHER, "App", "staging")], ["App (production): ", "App (staging): "]),
    "by their UIDs": (
        [StackSpec(name="App"), StackSpec(OTHER, "App")], [f"UID {DEFAULT_STACK}, mine: ", f"UID {OTHER}, mine: "]),
    "without names": ([StackSpec(name=""), StackSpec(OTHER, "", "")], [f"{DEFAULT_STACK}: ", f"{OTHER}: "]),
})  # fmt: skip
def test_lines_say_whose_they_are(step: MakeStep, specs: list[StackSpec], labels: list[str]) -> None:
    """Each line of the log begins with as much of a stack's name as tells it from the others."""
    made = step(stacks=specs)
    for spec in specs:
        asked(made, stack_uid=spec.uid)
    ending, _ = wait(made, stack_id=lines(*(one.uid for one in specs)), user_reference="mine")
    for label in labels:
        assert f"{label}success\n" in ending.log


@pytest.mark.parametrize(
    ("count", "at", "by"), [(1, 0.3, "reference"), (1, 20.0, "reference"), (3, 20.0, "id"), (3, 20.0, "reference")]
)
def test_an_abort_cancels_all_that_are_open(step: MakeStep, count: int, at: float, by: str) -> None:
    """A workflow that is cancelled takes all its open deployments with it, running or queued, in time."""
    made = step(behaviour=Behaviour(cancel_takes_seconds=0.5))
    mine = [asked(made, f"r{number}", ago=0, git_ref=f"b{number}", duration=LONG) for number in range(count)]
    made.simulator.request_deployment(duration=LONG, **ANN)
    given: dict[str, Any] = {"user_reference": lines(*(one.user_reference for one in mine))}
    given = given if by == "reference" else {"deployment_id": lines(*(one.id for one in mine))}
    ending = made.run(command="wait", abort_at=at, **given)
    check(made, ending)
    assert ending.seconds <= at + ABORT_SECONDS
    made.clean_up(ending.state)
    assert set(cancelled(made)) <= {str(one.id) for one in mine}
    # By reference alone, several that one user asked for in one second can't be told from each other.
    if by == "id" or count == 1:
        assert [fate(made, one) for one in mine] == ["cancelled"] * count
        # What is only inferred, and not for long enough yet, is the post step's to cancel.
        assert ending.outcome == ("cancelled" if by == "id" or at == 20.0 else "unknown")


@rows("cancel, outcome", {"they go too": ("true", "cancelled"), "they go on": ("false", "unknown")})
def test_an_abort_leaves_what_has_ended(step: MakeStep, cancel: str, outcome: str) -> None:
    """What had ended before the abort is told as it ended; nothing is cancelled where that was not asked for."""
    made = two_stacks(step, {"duration": 15}, {"duration": LONG})
    wait(made, f"success {outcome}", **BOTH, abort_at=45, cancel_on_abort=cancel)
    assert cancelled(made) == ["109"] * (cancel == "true")
