"""`command: wait` with several lines: a matrix of deployments, waited for and, if need be, cancelled in one step."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cloud66_redeploy.model.outcome import Outcome
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, StackSpec
from elsewhere import ABORT_SECONDS, asked, cancelled, check, fate, stacks
from harness import OUTPUTS, Ending, Step

MakeStep = Callable[..., Step]
OTHER = f"{1:032x}"
ENTRY = OUTPUTS - {"results", "deployment", "rollback_outcome", "rollback_deployment_id", "rolled_back_to"}


def lines(*texts: object) -> str:
    """Write one a line."""
    return "\n".join(map(str, texts))


def two_stacks(step: MakeStep, *names: str, **behaviour: Any) -> Step:
    """Make a step whose account has two stacks."""
    return step(stacks=stacks(*(names or ("One", "Two"))), behaviour=Behaviour(**behaviour))


def wait(made: Step, **inputs: Any) -> tuple[Ending, list[dict[str, str]]]:
    """Wait for all, and check what always holds; return how each ended."""
    ending = made.run(command="wait", **inputs)
    check(made, ending)
    each = json.loads(ending.outputs["results"])
    assert all(set(one) == ENTRY for one in each)
    words = list(Outcome)
    assert ending.outcome == max((one["outcome"] for one in each), key=lambda one: words.index(Outcome(one)))
    assert ending.outputs["reason"].startswith(f"Of {len(each)} deployments: ")
    assert not any(ending.outputs[name] for name in ("deployment_id", "user_reference", "stack_id", "deployment"))
    return ending, each


def told(each: Sequence[dict[str, str]], name: str = "outcome") -> list[str]:
    """Return one output of each."""
    return [one[name] for one in each]


def test_a_matrix_over_stacks(step: MakeStep) -> None:
    """Each stack has its own deployment, and the step ends with the last of them."""
    made = two_stacks(step)
    first = asked(made, "one", duration=20)
    second = asked(made, "two", stack_uid=OTHER, duration=90)
    ending, each = wait(made, stack_id=lines(DEFAULT_STACK, OTHER), user_reference=lines("one", "two"))
    assert (ending.outcome, ending.status, told(each)) == ("success", 0, ["success", "success"])
    assert ending.outputs["reason"] == "Of 2 deployments: 2 success."
    assert told(each, "deployment_id") == [str(first.id), str(second.id)]
    assert told(each, "stack_id") == [DEFAULT_STACK, OTHER]
    assert told(each, "user_reference") == ["one", "two"]
    assert made.clock.now() >= second.ends_at
    log = ending.log.splitlines()
    assert "One: success: Deployment 108 succeeded." in log
    assert log.index("One: success: Deployment 108 succeeded.") < log.index("Two: success: Deployment 109 succeeded.")


@pytest.mark.parametrize("by", ["reference", "id", "both"])
def test_several_in_one_stack(step: MakeStep, by: str) -> None:
    """Several of one stack are told apart by reference, by id or by both."""
    made = step()
    numbers = [asked(made, name, ago=1, duration=20).id for name in "abc"]
    given = {"user_reference": lines(*"abc")} if by != "id" else {}
    given |= {"deployment_id": lines(*numbers)} if by != "reference" else {}
    ending, each = wait(made, **given)
    assert (ending.outcome, told(each)) == ("success", ["success"] * 3)
    if by != "reference":
        assert told(each, "deployment_id") == [str(one) for one in numbers]


def test_one_reference_for_all_stacks(step: MakeStep) -> None:
    """A matrix job may give all its stacks one reference."""
    made = two_stacks(step)
    asked(made, duration=20)
    asked(made, stack_uid=OTHER, fate="failed", duration=20)
    ending, each = wait(made, stack_id=lines(DEFAULT_STACK, OTHER), user_reference="mine")
    assert (ending.outcome, told(each)) == ("failed", ["success", "failed"])


@pytest.mark.parametrize(
    ("fates", "outcome", "reason"),
    [
        (("success", "failed", "success"), "failed", "2 success, 1 failed"),
        (("cancelled", "failed", "success"), "failed", "1 success, 1 cancelled, 1 failed"),
        (("cancelled", "success", "success"), "cancelled", "2 success, 1 cancelled"),
    ],
)
def test_the_outcome_is_the_worst(step: MakeStep, fates: Sequence[Any], outcome: str, reason: str) -> None:
    """One bad end makes the step red, after all have ended; the annotation names each bad one."""
    made = step()
    for number, one in enumerate(fates):
        asked(made, f"r{number}", fate=one, duration=20, ago=0)
    ending, each = wait(made, deployment_id=lines(108, 109, 110))
    assert (ending.outcome, ending.status, told(each)) == (outcome, 1, list(fates))
    assert ending.outputs["reason"] == f"Of 3 deployments: {reason}."
    assert f"deployment {108 + list(fates).index(outcome)}" in ending.errors[0]
    assert ending.summary.count("<details>") == 3


def test_one_that_is_not_there(step: MakeStep) -> None:
    """One that is never found is unknown after a minute, and the others are waited for all the same."""
    made = step()
    asked(made, duration=100)
    ending, each = wait(made, user_reference=lines("mine", "other"))
    assert (ending.outcome, told(each)) == ("unknown", ["success", "unknown"])
    assert ending.seconds >= 95
    assert "no action that carries the reference other" in each[1]["reason"]


@pytest.mark.parametrize(("code", "after"), [(403, 0), (404, 0), (404, 20)])
def test_one_stack_that_is_refused(step: MakeStep, code: int, after: float) -> None:
    """A stack that is refused, at once or later, makes its own outcome unknown; its entry says which stack it was."""
    made = two_stacks(step)
    asked(made, duration=60)
    asked(made, stack_uid=OTHER, duration=60)
    made.simulator.faults.append(Fault("status", method="GET", path=OTHER, code=code, after=after, count=None))
    ending, each = wait(made, stack_id=lines(OTHER, DEFAULT_STACK), user_reference="mine")
    assert (ending.outcome, told(each)) == ("unknown", ["unknown", "success"])
    assert told(each, "stack_id") == [OTHER, DEFAULT_STACK]


def test_one_stack_in_trouble(step: MakeStep) -> None:
    """A stack that never answers ends at the timeout, and the other one is told as it ended."""
    made = two_stacks(step)
    asked(made, duration=60)
    made.simulator.faults.append(Fault("timeout_undone", method="GET", path=OTHER, count=None))
    ending, each = wait(made, stack_id=lines(OTHER, DEFAULT_STACK), user_reference="mine", timeout="2m")
    assert (ending.outcome, told(each)) == ("timed_out", ["timed_out", "success"])
    assert ending.seconds <= 120 + 60


def test_looks_of_one_stack_share_its_lists(step: MakeStep) -> None:
    """Ten that wait in one stack cost hardly more calls than one: a round reads each list once, the stack once."""

    def calls(count: int) -> Counter[str]:
        made = step()
        made.simulator.request_deployment(duration=200)
        for number in range(count):
            asked(made, f"r{number}", ago=0, duration=1000)
        made.run(command="wait", user_reference=lines(*(f"r{number}" for number in range(count))), timeout="3m")
        kinds = {DEFAULT_STACK: "stack", "deployments": "list", "actions": "list"}
        paths = (one.path.rpartition("/")[2] for one in made.simulator.requests if not one.query)
        return Counter(kinds.get(path, "single") for path in paths)

    one, ten = calls(1), calls(10)
    # Each reads its stack's log once, at the timeout.
    assert (one["stack"], ten["stack"]) == (1, 1)
    assert ten["list"] <= 2 * one["list"]


def test_fifty_at_once(step: MakeStep) -> None:
    """As many as are allowed are waited for, within an hour's calls."""
    made = step()
    for number in range(50):
        asked(made, f"r{number}", ago=0, duration=20)
    ending, each = wait(made, user_reference=lines(*(f"r{number}" for number in range(50))))
    assert (ending.outcome, len(each)) == ("success", 50)
    assert len(made.simulator.requests) < 3000
    assert len(ending.outputs["results"]) < 128 * 1024


def test_fifty_that_time_out(step: MakeStep) -> None:
    """The annotation of as many as are allowed keeps within what the runner takes, with what to do next."""
    made = step()
    for number in range(50):
        asked(made, f"r{number}", ago=0, duration=60)
    ending, _ = wait(made, user_reference=lines(*(f"r{number}" for number in range(50))), timeout="20s")
    [error] = ending.errors
    assert (ending.outcome, len(error.encode()) < 4096) == ("timed_out", True)
    first, *rows, left_out, following = error.rpartition("=::")[2].split("%0A")
    assert first == "Of 50 deployments: 50 timed_out."
    assert left_out == f"… and {50 - len(rows)} more, see the summary"
    assert following == "Next: What to do about each of them stands in the job's summary."


LABELS = [
    (stacks("One", "Two"), ["One: ", "Two: "]),
    ([StackSpec(name="App"), StackSpec(OTHER, "App", "staging")], ["App (production): ", "App (staging): "]),
    ([StackSpec(name="App"), StackSpec(OTHER, "App")], [f"UID {DEFAULT_STACK}, mine: ", f"UID {OTHER}, mine: "]),
    ([StackSpec(name=""), StackSpec(OTHER, "", "")], [f"{DEFAULT_STACK}: ", f"{OTHER}: "]),
]


@pytest.mark.parametrize(("specs", "labels"), LABELS)
def test_lines_say_whose_they_are(step: MakeStep, specs: list[StackSpec], labels: list[str]) -> None:
    """Each line of the log begins with as much of a stack's name as tells it from the others."""
    made = step(stacks=specs)
    for spec in specs:
        asked(made, stack_uid=spec.uid)
    ending, _ = wait(made, stack_id=lines(*(one.uid for one in specs)), user_reference="mine")
    for label in labels:
        assert f"{label}success: " in ending.log


@pytest.mark.parametrize(
    ("inputs", "marks"),
    [
        ({"user_reference": "a\nb"}, ["a", "b"]),
        ({"deployment_id": "108\n109"}, ["deployment 108", "deployment 109"]),
        ({"user_reference": "a\nb", "deployment_id": "108\n109"}, ["a, deployment 108", "b, deployment 109"]),
    ],
)
def test_lines_of_one_stack_say_whose_they_are(step: MakeStep, inputs: dict[str, str], marks: list[str]) -> None:
    """In one stack, a line begins with what each deployment was named by."""
    made = step()
    asked(made, "a", ago=0)
    asked(made, "b")
    ending, _ = wait(made, **inputs)
    for mark in marks:
        assert f"Awesome App (production), {mark}: success: " in ending.log


def test_a_stack_by_its_name(step: MakeStep) -> None:
    """All of several may be of one stack that is given by its name."""
    made = step()
    asked(made, "a", duration=10)
    asked(made, "b", duration=10)
    _, each = wait(made, stack_id="", stack_name="Awesome App", user_reference=lines("a", "b"))
    assert (told(each), told(each, "stack_id")) == (["success"] * 2, [DEFAULT_STACK] * 2)


def test_the_commit_is_checked_for_each(step: MakeStep) -> None:
    """A commit that is expected has to be the one deployed by each of them."""
    made = two_stacks(step)
    first = asked(made, ago=0)
    asked(made, stack_uid=OTHER)
    commit = first.git_hash
    ending, each = wait(
        made, stack_id=lines(DEFAULT_STACK, OTHER), user_reference="mine", expected_commit=commit, timeout="5m"
    )
    assert (ending.outcome, told(each)) == ("failed", ["success", "failed"])


def test_cancel_on_timeout(step: MakeStep) -> None:
    """At the timeout all that go on are cancelled, and what had ended stays as it is."""
    made = two_stacks(step)
    asked(made, duration=10)
    asked(made, stack_uid=OTHER, duration=1000)
    ending, each = wait(
        made,
        stack_id=lines(DEFAULT_STACK, OTHER),
        user_reference="mine",
        timeout="1m",
        cancel_on_timeout="true",
    )
    assert (ending.outcome, told(each), cancelled(made)) == ("timed_out", ["success", "timed_out"], ["109"])
    assert ending.seconds <= 60 + 20


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("at", [0.02, 0.12, 0.3, 20.0])
@pytest.mark.parametrize("by", ["reference", "id"])
def test_an_abort_cancels_all_that_are_open(step: MakeStep, count: int, at: float, by: str) -> None:
    """A workflow that is cancelled takes all its open deployments with it, running or queued, in time."""
    made = step(behaviour=Behaviour(cancel_takes_seconds=0.5))
    mine = [asked(made, f"r{number}", ago=0, git_ref=f"b{number}", duration=1000) for number in range(count)]
    theirs = made.simulator.request_deployment(duration=1000, user="ann@example.com")
    given: dict[str, Any] = {"user_reference": lines(*(one.user_reference for one in mine))}
    given = given if by == "reference" else {"deployment_id": lines(*(one.id for one in mine))}
    ending = made.run(command="wait", abort_at=at, **given)
    check(made, ending)
    assert ending.seconds <= at + ABORT_SECONDS
    assert theirs.cancel_at is None
    made.clean_up(ending.state)
    # By reference alone, several that one user asked for in one second can't be told from each other.
    if by == "id" or count == 1:
        assert [fate(made, one) for one in mine] == ["cancelled"] * count
        # What is only inferred, and not for long enough yet, is the post step's to cancel.
        assert ending.outcome == ("cancelled" if by == "id" or at == 20.0 else "unknown")
    assert set(cancelled(made)) <= {str(one.id) for one in mine}


def test_an_abort_leaves_what_has_ended(step: MakeStep) -> None:
    """What had ended before the abort is told as it ended; nothing is cancelled where that was not asked for."""
    for cancel in ("true", "false"):
        made = two_stacks(step)
        asked(made, duration=15)
        asked(made, stack_uid=OTHER, duration=1000)
        ending = made.run(
            command="wait",
            stack_id=lines(DEFAULT_STACK, OTHER),
            user_reference="mine",
            abort_at=30,
            cancel_on_abort=cancel,
        )
        check(made, ending)
        each = json.loads(ending.outputs["results"])
        assert told(each) == ["success", "cancelled" if cancel == "true" else "unknown"]
        assert cancelled(made) == (["109"] if cancel == "true" else [])
