"""A stack by its name: exactly, over all pages, and only where no other can be meant."""

import re
from typing import Any

import pytest

from cloud66_redeploy.errors import AnswerLost, InputError
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.tracking.lookup import find_stack
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


def environments(*names: str) -> list[StackSpec]:
    """Make stacks of one name in several environments."""
    return [StackSpec(f"{number:032x}", "App", name, history=0) for number, name in enumerate(names)]


@pytest.mark.parametrize(("per_page", "ignored", "number"), [(1, False, 3), (3, True, 0), (30, True, 5)])
def test_the_one_of_that_name(step: MakeStep, per_page: int, ignored: bool, number: int) -> None:
    """On whichever page it stands, among names that are alike, that of exactly that name is the one deployed."""
    specs = stacks(*ALIKE)
    made = step(stacks=specs, behaviour=Behaviour(per_page=per_page, ignore_stack_filters=ignored))
    ending = run(made, ALIKE[number])
    [mine] = made.mine(ending)
    assert (ending.outcome, mine.stack_uid, ending.outputs["stack_id"]) == ("success", *[specs[number].uid] * 2)
    assert ending.outputs["stack_name"] == ALIKE[number]
    assert made.calls("GET").count("/stacks") == -(-10 // per_page)


SEEN = f"Available: Awesome App (production, UID {DEFAULT_STACK}), Boxed App (staging, UID "
NONE = "is visible to this token"
THREE = environments("production", "staging", "Production")


@rows("specs, given, words", {
    **{
        f"not the exact one: {name}": (None, name, [NONE, SEEN])
        for name in ("awesome app", "Awesome", "Awesome App 2", "Awesome  App", "Awesome.App", "*", DEFAULT_STACK)
    },
    "several of one name": (
        THREE, "App",
        ['3 stacks are named "App". Give stack_environment, or stack_id. Available: App (Production, UID ']
        + [spec.uid for spec in THREE],
    ),
    "no such environment": (
        [*environments("production", "development"), *stacks("Other")], "App|prod",
        ['No stack named "App" has the environment "prod". Available: App (development, UID']),
    "twins": (
        environments("production", "production"), "App|production",
        ['2 stacks are named "App" in "production". Give stack_id. Available: ']),
    "no stacks at all": ([], "x", ["No stack at all is visible to it."]),
})  # fmt: skip
def test_no_name_but_the_exact_one(step: MakeStep, specs: list[StackSpec] | None, given: str, words: list[str]) -> None:
    """Where not exactly one stack is meant, nothing is asked for, and what there is gets listed, and no more."""
    name, _, environment = given.partition("|")
    error = refused(step(stacks=specs, behaviour=Behaviour(ignore_stack_filters=True)), name, environment)
    assert all(one in error for one in words)


def refused(made: Step, name: str, environment: str = "") -> str:
    """Check that a name leads to no stack and nothing is asked for; return the annotation."""
    ending = run(made, name, stack_environment=environment)
    assert (ending.outcome, ending.status, {*made.calls("GET")}, made.calls("POST")) == ("failed", 1, {"/stacks"}, [])
    [error] = ending.errors
    assert re.search("::(No stack|[0-9]+ stacks are) named ", error)
    assert "Other" not in error
    return error


@pytest.mark.parametrize(("count", "more"), [(20, ""), (21, "and 1 more")])
def test_not_more_than_twenty_are_listed(step: MakeStep, count: int, more: str) -> None:
    """Of many stacks twenty are listed, with how many more there are; long names leave room for that."""
    error = refused(step(stacks=stacks(*(f"App {one:02}" for one in range(count)))), "x")
    assert len(re.findall(r"App \d\d \(production, UID [0-9a-f]{32}\)", error)) == 20
    assert (more in error, "more" in error) == (True, bool(more))
    assert more in refused(step(stacks=stacks(*(f"{one:02}{'x' * 200}" for one in range(count)))), "x")


@rows("command, outcome, code, words", {
    "redeploy": ("redeploy", "failed", 401, "api_token"),
    "wait": ("wait", "unknown", 403, "lacks the scope public"),
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


@pytest.mark.parametrize(("command", "at"), [("redeploy", 0.0), ("redeploy", 0.07), ("wait", 0.07), ("status", 0.0)])
def test_an_abort_while_the_stack_is_looked_for(step: MakeStep, command: str, at: float) -> None:
    """A workflow that is cancelled before the stack is known ends the step in time; nothing is asked for or undone."""
    made = step(behaviour=Behaviour(per_page=1))
    ending = run(made, "Awesome App", command, abort_at=at)
    assert (ending.outcome, ending.status) == ("cancelled" if command == "redeploy" else "unknown", 1)
    assert (made.calls("POST"), made.calls("DELETE"), ending.seconds <= at + ABORT_SECONDS) == ([], [], True)


@rows("text", {name: text for number, (name, text) in enumerate(TEXTS.items()) if number % 4 == 0})
def test_hostile_names_do_nothing(step: MakeStep, text: str) -> None:
    """Whatever the stacks are called, a list of them is text."""
    ending = run(step(behaviour=Behaviour(text=text)), "Awesome App No. 1")
    log = ending.log.replace("::add-mask::demo-token\n", "")
    assert (ending.outcome, ending.status) == ("failed", 1)
    assert {one.name for one in commands(log)} == {"error", "warning"}
    assert "demo-token" not in log + ending.outputs["reason"] + ending.summary


def found_by(*pages: list[object], following: object = None, environment: str = "") -> Stack:
    """Find the stack called App in a script of pages; each uid stands for one that is called so."""
    found = [
        [{"uid": uid, "name": "App", "environment": uid} if type(uid) is str else uid for uid in one] for one in pages
    ]
    nexts = [2] * (len(pages) - 1) + [following]
    replies = [
        Reply(200, {"response": one, "pagination": {"next": after}}) for one, after in zip(found, nexts, strict=True)
    ]
    return find_stack(wire(*replies).transport, "App", environment)


def test_a_stack_that_moved_to_the_next_page_is_one() -> None:
    """A stack that comes on two pages, because one was made meanwhile, is not two."""
    assert found_by(["a"], ["a"]).uid == "a"
    with pytest.raises(InputError, match="2 stacks"):
        found_by(["a"], ["a", "b"])


@pytest.mark.parametrize("following", [1, 2, -3, "3", True])
def test_pages_that_lead_round_end(following: object) -> None:
    """A page that names itself, or one before, as the next is the last."""
    assert found_by(["a"], ["b"], following=following, environment="b").uid == "b"


@pytest.mark.parametrize("record", [{}, {"uid": ""}, {"uid": 5}, None, []])
def test_a_record_that_is_no_stack_is_trouble(record: object) -> None:
    """A list that holds anything else is no list of stacks: which one is meant would be a guess."""
    with pytest.raises(AnswerLost, match="a stack without a uid"):
        found_by([record, "a"])


@pytest.mark.parametrize("name", [None, 5, ["App"]])
def test_a_name_that_is_no_text_is_none(name: object) -> None:
    """A stack whose name is no text is not the one that is meant, and is listed without a name."""
    with pytest.raises(InputError, match=r"Available:  \(, UID a\)\."):
        found_by([{"uid": "a", "name": name}])
