"""A stack by its name: exactly, over all pages, and only where no other can be meant."""

from typing import Any

import pytest

from cloud66_redeploy.api.client import all_stacks
from cloud66_redeploy.errors import AnswerLost, InputError
from cloud66_redeploy.inputs.stacks import stack_named
from cloud66_redeploy.model.records import Stack
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, StackSpec
from elsewhere import ABORT_SECONDS, LONG, OTHER, MakeStep, asked, rows, stacks
from harness import OUTPUTS, Ending, Step
from hostile import TEXTS, commands
from scripted import Reply, wire

ALIKE = ("App", "app", "App  2", "App 2", "Ap", "APP", "App.2", "App 22", "*", "%")
COMMANDS: dict[str, dict[str, Any]] = {
    "redeploy": {}, **{one: {"user_reference": "mine"} for one in ("wait", "cancel", "status")},
}  # fmt: skip


def run(made: Step, name: str, command: str = "redeploy", **inputs: Any) -> Ending:
    """Run a step for a stack that is given by its name."""
    ending = made.run(stack_id="", stack_name=name, command=command, **COMMANDS[command], **inputs)
    assert set(ending.outputs) == OUTPUTS
    return ending


@pytest.mark.parametrize(("per_page", "ignored", "number"), [(1, False, 3), (3, True, 0)])
def test_the_one_of_that_name(step: MakeStep, per_page: int, ignored: bool, number: int) -> None:
    """On whichever page it stands, among names that are alike, that of exactly that name is the one deployed."""
    specs = stacks(*ALIKE)
    made = step(stacks=specs, behaviour=Behaviour(per_page=per_page, ignore_stack_filters=ignored))
    ending = run(made, ALIKE[number])
    [mine] = made.mine(ending)
    assert (ending.outcome, mine.stack_uid, ending.outputs["stack_id"]) == ("success", *[specs[number].uid] * 2)
    assert ending.outputs["stack_name"] == ALIKE[number]
    assert made.calls("GET").count("/stacks") == -(-10 // per_page)


def test_no_name_but_the_exact_one(step: MakeStep) -> None:
    """Where no stack is meant, nothing is asked for, and what there is gets listed, on one page or on several."""
    made = step(behaviour=Behaviour(ignore_stack_filters=True))
    ending = run(made, "awesome app")
    assert (ending.outcome, ending.status, {*made.calls("GET")}, made.calls("POST")) == ("failed", 1, {"/stacks"}, [])
    assert f"Available: Awesome App (production, UID {DEFAULT_STACK}), Boxed App (staging, UID " in ending.errors[0]


@rows("command, outcome, code, words", {
    "redeploy": ("redeploy", "failed", 401, "api_token"),
    "wait": ("wait", "unknown", 403, "may lack the scope public"),
})  # fmt: skip
def test_a_listing_that_is_refused(step: MakeStep, command: str, outcome: str, code: int, words: str) -> None:
    """Where the stacks may not be listed, the step ends red with what to do about it."""
    made = step(faults=[Fault("status", path="^/stacks$", code=code, count=None)])
    ending = run(made, "Awesome App", command)
    assert (ending.outcome, ending.status, len(made.simulator.requests)) == (outcome, 1, 1)
    assert words in ending.errors[0]


def test_trouble_is_tried_again(step: MakeStep) -> None:
    """Trouble with the list passes, and is said."""
    ending = run(step(faults=[Fault("html", path="^/stacks$", count=3)]), "Awesome App", timeout="10m")
    assert (ending.outcome, "retrying" in ending.log) == ("success", True)


@rows("command, outcome, seconds", {"redeploy": ("redeploy", "timed_out", 1800), "status": ("status", "unknown", 120)})
def test_trouble_to_the_end(step: MakeStep, command: str, outcome: str, seconds: float) -> None:
    """Where the list never comes, the step ends in time, and nothing is asked for."""
    made = step(faults=[Fault("timeout_undone", path="^/stacks$", count=None)])
    ending = run(made, "Awesome App", command)
    assert (ending.outcome, made.calls("POST"), ending.seconds <= seconds + 30.1) == (outcome, [], True)


@rows("command, outcome", {one: (one, outcome) for one, outcome in zip(
    COMMANDS, ("success", "success", "cancelled", "deploying"), strict=True)})  # fmt: skip
def test_every_command_takes_a_name(step: MakeStep, command: str, outcome: str) -> None:
    """Each command finds its stack by name and environment, exactly."""
    made = step(stacks=[*stacks("Other", "App"), StackSpec(f"{9:032x}", "App", "Production", history=0)])
    asked(made, stack_uid=OTHER, duration=60)
    ending = run(made, "App", command, stack_environment="production")
    assert (ending.outcome, ending.status, ending.outputs["stack_id"]) == (outcome, 0, OTHER)
    assert ending.outputs["stack_environment"] == "production"


def test_the_post_step_knows_the_stack(step: MakeStep) -> None:
    """The post step of a killed run finds the stack that was given by its name."""
    made = step(stacks=stacks("Other", "App"), behaviour=Behaviour(duration_seconds=LONG))
    ending = run(made, "App", abort_at=20, cancel_on_abort="false")
    state = {"run": ending.state["run"].replace('"cancel_on_abort": false', '"cancel_on_abort": true')}
    made.clean_up(state, stack_id="", stack_name="App")
    assert [one.cancelled for one in made.mine(ending)] == [True]


@pytest.mark.parametrize(("command", "at"), [("redeploy", 0.07), ("wait", 0.07)])
def test_an_abort_while_the_stack_is_looked_for(step: MakeStep, command: str, at: float) -> None:
    """A workflow that is cancelled before the stack is known ends the step in time; nothing is asked for or undone."""
    made = step(behaviour=Behaviour(per_page=1))
    ending = run(made, "Awesome App", command, abort_at=at)
    assert (ending.outcome, ending.status) == ("cancelled" if command == "redeploy" else "unknown", 1)
    assert (made.calls("POST"), made.calls("DELETE"), ending.seconds <= at + ABORT_SECONDS) == ([], [], True)


@rows("text", {name: text for number, (name, text) in enumerate(TEXTS.items()) if number % 9 == 1})
def test_hostile_names_do_nothing(step: MakeStep, text: str) -> None:
    """Whatever the stacks are called, a list of them is text."""
    ending = run(step(behaviour=Behaviour(text=text)), "Awesome App No. 1")
    log = ending.log.replace("::add-mask::demo-token\n", "")
    assert (ending.outcome, ending.status) == ("failed", 1)
    assert {one.name for one in commands(log)} == {"error", "warning"}
    assert "demo-token" not in log + ending.outputs["reason"] + ending.summary


def found_by(*pages: list[Any], name: str = "App", environment: str = "", following: object = None) -> Stack:
    """Find a stack in a script of pages; each uid stands for one that is called App, in an environment called so."""
    nexts = [2] * (len(pages) - 1) + [following]
    replies = [
        Reply(200, {"response": [_record(one) for one in page], "pagination": {"next": after}})
        for page, after in zip(pages, nexts, strict=True)
    ]
    return stack_named(name, environment, all_stacks(wire(*replies).transport))


def _record(one: Any) -> Any:
    return {"uid": one, "name": "App", "environment": one} if type(one) is str else one


OTHERS = {"uid": "o", "name": "Other", "environment": "staging"}


@rows("page, given, words", {
    **{
        f"not the exact one: {name}": (["a"], name, "is visible to this token. Available: App (a, UID a).")
        for name in ("app", "Ap", "App 2", " App", "A.p", "*", "a")
    },
    "several of one name": (
        ["a", "b", OTHERS], "App",
        '2 stacks are named "App". Give stack_environment, or stack_id. Available: App (a, UID a), App (b, UID b).'),
    "no such environment": (
        ["a", OTHERS], "App|A", 'No stack named "App" has the environment "A". Available: App (a, UID a).'),
    "twins": (
        ["a", {"uid": "b", "name": "App", "environment": "a"}], "App|a",
        '2 stacks are named "App" in "a". Give stack_id. Available: App (a, UID a), App (a, UID b).'),
    "no stacks at all": ([], "x", "No stack at all is visible to it."),
    "twenty": ([f"{one:02}" for one in range(20)], "x", "App (19, UID 19)."),
    "more than twenty": ([f"{one:02}" for one in range(22)], "x", "App (19, UID 19) and 2 more."),
    "long names": ([{"uid": "a", "name": "x" * 200}], "x", f"Available: {'x' * 30}… (, UID a)."),
    "a name that is no text": ([{"uid": "a", "name": ["App"]}], "App", "Available:  (, UID a)."),
})  # fmt: skip
def test_what_there_is_gets_listed(page: list[Any], given: str, words: str) -> None:
    """Where not exactly one stack is meant, what there is of that name, or at all, gets listed, and no more."""
    name, _, environment = given.partition("|")
    with pytest.raises(InputError) as error:
        found_by(page, name=name, environment=environment)
    assert str(error.value).endswith(words)


def test_a_stack_that_moved_to_the_next_page_is_one() -> None:
    """A stack that comes on two pages, because one was made meanwhile, is not two."""
    assert found_by(["a"], ["a"]).uid == "a"
    with pytest.raises(InputError, match="2 stacks"):
        found_by(["a"], ["a", "b"])


@pytest.mark.parametrize("following", [1, 2, "3"])
def test_pages_that_lead_round_end(following: object) -> None:
    """A page that names itself, or one before, as the next is the last."""
    assert found_by(["a"], ["b"], following=following, environment="b").uid == "b"


@pytest.mark.parametrize("record", [{}, {"uid": 5}, None])
def test_a_record_that_is_no_stack_is_trouble(record: object) -> None:
    """A list that holds anything else is no list of stacks: which one is meant would be a guess."""
    with pytest.raises(AnswerLost, match="a stack without a uid"):
        found_by([record, "a"])
