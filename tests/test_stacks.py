"""A stack by its name: exactly, over all pages, and only where no other can be meant."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from cloud66_redeploy.commands.lookup import find_stack
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.model.records import Stack
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, StackSpec
from elsewhere import ABORT_SECONDS, asked, stacks
from harness import OUTPUTS, Ending, Step
from hostile import TEXTS, commands
from scripted import Reply, wire

MakeStep = Callable[..., Step]


def run(made: Step, name: str, **inputs: Any) -> Ending:
    """Run a step for a stack that is given by its name."""
    ending = made.run(stack_id="", stack_name=name, **inputs)
    assert set(ending.outputs) == OUTPUTS
    return ending


def refused(made: Step, ending: Ending, name: str = "stack_name") -> str:
    """Check that the name led to no stack and nothing was asked for; return the annotation."""
    assert (ending.outcome, ending.status, made.calls("POST")) == ("failed", 1, [])
    assert {one.path for one in made.simulator.requests} == {"/stacks"}
    [error] = ending.errors
    assert f"Input {name}: " in error
    return error


@pytest.mark.parametrize("per_page", [1, 3, 30])
@pytest.mark.parametrize("ignored", [True, False])
@pytest.mark.parametrize("number", [0, 6, 9])
def test_the_one_of_that_name(step: MakeStep, per_page: int, ignored: bool, number: int) -> None:
    """On whichever page it stands, the stack of exactly that name is the one that is deployed."""
    specs = stacks(*(f"App {one}" for one in range(10)))
    made = step(stacks=specs, behaviour=Behaviour(per_page=per_page, ignore_stack_filters=ignored))
    ending = run(made, f"App {number}")
    assert (ending.outcome, ending.outputs["stack_id"]) == ("success", specs[number].uid)
    assert ending.outputs["stack_name"] == f"App {number}"
    [mine] = made.mine(ending)
    assert mine.stack_uid == specs[number].uid
    assert len([one for one in made.simulator.requests if one.path == "/stacks"]) == -(-10 // per_page)


NAMES = [
    "awesome app",
    "AWESOME APP",
    "Awesome",
    "Awesome App 2",
    "Awesome  App",
    "wesome App",
    "Awesome.App",
    "*",
    "%",
]


@pytest.mark.parametrize("name", [*NAMES, "Awesome Ápp", DEFAULT_STACK])
@pytest.mark.parametrize("ignored", [True, False])
def test_no_name_but_the_exact_one(step: MakeStep, name: str, ignored: bool) -> None:
    """A name that differs in anything is another stack's; what there is gets listed."""
    made = step(behaviour=Behaviour(ignore_stack_filters=ignored))
    error = refused(made, run(made, name))
    assert "this token can see no stack of that name" in error
    assert f"There are: Awesome App (production), UID {DEFAULT_STACK}; Boxed App (staging), UID " in error


@pytest.mark.parametrize("name", ["Awesome App 2", "awesome app", "Awesome  App", "App"])
def test_the_exact_one_among_the_like(step: MakeStep, name: str) -> None:
    """Names that are alike don't get into each other's way."""
    specs = stacks("Awesome App", "Awesome App 2", "awesome app", "Awesome  App", "App")
    ending = run(step(stacks=specs), name)
    assert ending.outputs["stack_id"] == next(one.uid for one in specs if one.name == name)


def environments(*names: str) -> list[StackSpec]:
    """Make stacks of one name in several environments."""
    return [StackSpec(f"{number:032x}", "App", name, history=0) for number, name in enumerate(names)]


def test_one_name_in_several_environments(step: MakeStep) -> None:
    """The environment tells stacks of one name apart; without it, all that could be meant are listed."""
    specs = environments("production", "staging", "Production")
    for spec in specs:
        made = step(stacks=specs)
        ending = run(made, "App", environment=spec.environment)
        assert (ending.outcome, ending.outputs["stack_id"]) == ("success", spec.uid)
        assert ending.outputs["stack_environment"] == spec.environment
    made = step(stacks=specs)
    error = refused(made, run(made, "App"))
    assert "3 stacks have that name. Give environment, or stack_id: App (Production), UID " in error
    assert all(one.uid in error for one in specs)


@pytest.mark.parametrize("environment", ["staging", "PRODUCTION", "prod"])
def test_no_such_environment(step: MakeStep, environment: str) -> None:
    """Where the name is there but not the environment, that is what is said, with those there are."""
    made = step(stacks=[*environments("production", "development"), *stacks("Other")])
    error = refused(made, run(made, "App", environment=environment), "environment")
    assert "no stack named 'App' has that environment" in error
    assert "App (development), UID" in error
    assert "Other" not in error


def test_twins(step: MakeStep) -> None:
    """Where name and environment are those of two stacks, only a UID will do."""
    made = step(stacks=environments("production", "production"))
    error = refused(made, run(made, "App", environment="production"))
    assert "2 stacks have that name and environment. Give stack_id: " in error


@pytest.mark.parametrize(("count", "more"), [(20, ""), (21, "and 1 more"), (25, "and 5 more")])
def test_not_more_than_twenty_are_listed(step: MakeStep, count: int, more: str) -> None:
    """Of many stacks twenty are listed, with how many more there are."""
    made = step(stacks=stacks(*(f"App {one:02}" for one in range(count))))
    error = refused(made, run(made, "x"))
    assert len(re.findall(r"App \d\d \(production\), UID [0-9a-f]{32}", error)) == 20
    assert ("more" in error) is bool(more)
    assert more in error


def test_long_names_leave_room_for_the_rest(step: MakeStep) -> None:
    """Long names are cut, so that all that are listed can be read."""
    made = step(stacks=stacks(*(f"{one:02}{'x' * 200}" for one in range(25))))
    assert "and 5 more" in refused(made, run(made, "x"))


def test_no_stacks_at_all(step: MakeStep) -> None:
    """A token that sees nothing is told so."""
    made = step(stacks=[])
    assert "This token can see no stack at all." in refused(made, run(made, "x"))


@pytest.mark.parametrize("command", ["redeploy", "wait", "cancel", "status"])
@pytest.mark.parametrize(("code", "words"), [(401, "api_token"), (403, "lacks the scope 'public'"), (402, "plan")])
def test_a_listing_that_is_refused(step: MakeStep, command: str, code: int, words: str) -> None:
    """Where the stacks may not be listed, the step ends red with what to do about it."""
    made = step()
    made.simulator.faults.append(Fault("status", path="^/stacks$", code=code, count=None))
    ending = run(made, "Awesome App", command=command, user_reference="mine")
    assert (ending.outcome, ending.status) == ("failed" if command == "redeploy" else "unknown", 1)
    assert words in ending.errors[0]
    assert len(made.simulator.requests) == 1


@pytest.mark.parametrize("kind", ["status", "html", "timeout_undone", "refuse", "throttle", "garbage"])
def test_trouble_is_tried_again(step: MakeStep, kind: Any) -> None:
    """Trouble with the list passes, and is said."""
    made = step()
    made.simulator.faults.append(Fault(kind, path="^/stacks$", count=3))
    ending = run(made, "Awesome App", timeout="10m")
    assert (ending.outcome, "trying again" in ending.log) == ("success", True)


@pytest.mark.parametrize(("command", "outcome"), [("redeploy", "timed_out"), ("status", "unknown")])
def test_trouble_to_the_end(step: MakeStep, command: str, outcome: str) -> None:
    """Where the list never comes, the step ends in time, and nothing is asked for."""
    made = step()
    made.simulator.faults.append(Fault("timeout_undone", path="^/stacks$", count=None))
    ending = run(made, "Awesome App", command=command)
    assert (ending.outcome, made.calls("POST")) == (outcome, [])
    assert ending.seconds <= (1800 if command == "redeploy" else 120) + 30.1


@pytest.mark.parametrize(
    ("command", "outcome"),
    [("redeploy", "success"), ("wait", "success"), ("cancel", "cancelled"), ("status", "deploying")],
)
def test_every_command_takes_a_name(step: MakeStep, command: str, outcome: str) -> None:
    """Each command finds its stack by name and environment."""
    made = step(stacks=stacks("Other", "App"))
    mine = asked(made, stack_uid=f"{1:032x}", duration=60)
    given = {} if command == "redeploy" else {"user_reference": "mine"}
    ending = run(made, "App", environment="production", command=command, **given)
    assert (ending.outcome, ending.status, ending.outputs["stack_id"]) == (outcome, 0, mine.stack_uid)


def test_the_post_step_knows_the_stack(step: MakeStep) -> None:
    """The post step of a killed run finds the stack that was given by its name."""
    made = step(stacks=stacks("Other", "App"), behaviour=Behaviour(duration_seconds=1000))
    ending = run(made, "App", abort_at=20, cancel_on_abort="false")
    state = {"run": ending.state["run"].replace('"cancel_on_abort": false', '"cancel_on_abort": true')}
    made.clean_up(state, stack_id="", stack_name="App")
    assert [one.cancelled for one in made.mine(ending)] == [True]


@pytest.mark.parametrize("command", ["redeploy", "wait", "cancel", "status"])
@pytest.mark.parametrize("at", [0.0, 0.02, 0.07])
def test_an_abort_while_the_stack_is_looked_for(step: MakeStep, command: str, at: float) -> None:
    """A workflow that is cancelled before the stack is known ends the step in time; nothing is asked for or undone."""
    made = step(behaviour=Behaviour(per_page=1))
    given = {} if command == "redeploy" else {"user_reference": "mine"}
    ending = run(made, "Awesome App", command=command, abort_at=at, **given)
    assert (ending.status, ending.seconds <= at + ABORT_SECONDS) == (1, True)
    assert (made.calls("POST"), made.calls("DELETE")) == ([], [])
    assert ending.outcome == ("cancelled" if command == "redeploy" else "unknown")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_names_do_nothing(step: MakeStep, text: str) -> None:
    """Whatever the stacks are called, a list of them is text."""
    made = step(behaviour=Behaviour(text=text))
    ending = run(made, "Awesome App No. 1")
    refused(made, ending)
    log = ending.log.replace("::add-mask::demo-token\n", "")
    assert {one.name for one in commands(log)} == {"error", "warning"}
    assert "demo-token" not in log + ending.outputs["reason"] + ending.summary


def page(*uids: str, following: object = None) -> Reply:
    """Answer with a page of stacks that are all called the same."""
    found = [{"uid": uid, "name": "App", "environment": uid} for uid in uids]
    return Reply(200, {"response": found, "pagination": {"next": following}})


def found_by(*pages: Reply, environment: str = "") -> Stack:
    """Find the stack called App in a script of pages."""
    return find_stack(wire(*pages).transport, "App", environment)


def test_a_stack_that_moved_to_the_next_page_is_one() -> None:
    """A stack that comes on two pages, because one was made meanwhile, is not two."""
    assert found_by(page("a", following=2), page("a")).uid == "a"
    with pytest.raises(InputError, match="2 stacks"):
        found_by(page("a", following=2), page("a", "b"))


@pytest.mark.parametrize("following", [1, 2, 0, -3, "3", True, None])
def test_pages_that_lead_round_end(following: object) -> None:
    """A page that names itself, or one before, as the next is the last."""
    assert found_by(page("a", following=2), page("b", following=following), environment="b").uid == "b"


@pytest.mark.parametrize("record", [{}, {"uid": ""}, {"uid": 5}, {"name": "App"}, None, "x", []])
def test_a_record_that_is_no_stack_is_trouble(record: object) -> None:
    """A list that holds anything else is no list of stacks: which one is meant would be a guess."""
    with pytest.raises(Exception, match="a stack without a uid"):
        found_by(Reply(200, {"response": [record, {"uid": "a", "name": "App"}]}))


@pytest.mark.parametrize("name", [None, 5, ["App"], {"App": 1}, True])
def test_a_name_that_is_no_text_is_none(name: object) -> None:
    """A stack whose name is no text is not the one that is meant, and is listed without a name."""
    with pytest.raises(InputError, match=r"There are:  \(\), UID a\."):
        found_by(Reply(200, {"response": [{"uid": "a", "name": name}]}))
