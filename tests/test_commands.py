"""The inputs of the commands: what fits, how lines become targets, and what a command leaves alone."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

import harness
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.choices import FITS, Command, LogMode, OnBusy
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.inputs.targets import Target
from cloud66_simulator import DEFAULT_STACK
from harness import GITHUB, Step
from test_inputs import load

ACTION = (Path(__file__).parent.parent / "action.yml").read_text(encoding="utf8")


def defaults() -> dict[str, str]:
    """Read what the runner passes on for inputs that nobody gave: the defaults of action.yml."""
    inputs = ACTION[ACTION.index("inputs:") : ACTION.index("outputs:")]
    parts = re.findall(r"^  (\w+):\n(.*?)(?=^  \w|\Z)", inputs, re.MULTILINE | re.DOTALL)
    found = {name: re.search(r"^    default: (.*)$", text, re.MULTILINE) for name, text in parts}
    return {name: default[1].strip('"') for name, default in found.items() if default}


@pytest.mark.parametrize("command", Command)
def test_defaults_fit_every_command(command: Command) -> None:
    """The defaults of action.yml, which the runner gives as if somebody had, fit each command and change nothing."""
    given = defaults()
    assert set(FITS) <= set(given)
    asked = {"command": command.value, "user_reference": "mine"}
    assert load(**given | harness.INPUTS | asked) == load(**asked)


@pytest.mark.parametrize("name", FITS)
def test_a_default_in_capitals_is_one(name: str) -> None:
    """True, TRUE and 30M are the default, too, as far as the command is concerned."""
    command = next(one for one in Command if one not in FITS[name])
    given = defaults()[name].upper()
    try:
        load(command=command, user_reference="mine", **{name: given})
    except InputError as error:
        assert "with command" not in str(error)  # noqa: PT017 - some of them are no valid value


@pytest.mark.parametrize("word", OnBusy)
def test_every_word_for_busy(word: OnBusy) -> None:
    """Each of the words that the README names is taken."""
    assert load(on_busy=word).on_busy is word


@pytest.mark.parametrize("word", LogMode)
def test_every_word_for_the_log(word: LogMode) -> None:
    """Each of the words that the README names is taken, and fits a wait."""
    assert load(log=word).log is word
    assert load(log=word, command="wait", user_reference="mine").log is word


@pytest.mark.parametrize("command", ["wait", "cancel", "status"])
def test_no_reference_is_made_up(command: str) -> None:
    """Only a redeploy derives a reference; the other commands are about one that somebody else has."""
    inputs = load(command=command, deployment_id="108")
    assert (inputs.user_reference, inputs.targets) == ("", (Target(DEFAULT_STACK, "", 108),))


def test_a_look_has_a_short_limit_of_its_own() -> None:
    """A status gives up after two minutes; nobody waits half an hour for a look."""
    assert load(command="status", timeout="30m").timeout_seconds == 120
    assert load(command="cancel", timeout="30m").timeout_seconds == 1800


def test_lines_of_a_wait() -> None:
    """Lines are trimmed, blank ones left out, and belong together in their order."""
    inputs = load(
        command="wait", stack_id=" abc \r\n\n def\n", user_reference="one\n \n  two words \n", deployment_id="\n1\r\n2"
    )
    assert inputs.targets == (Target("abc", "one", 1), Target("def", "two words", 2))


@pytest.mark.parametrize("command", ["wait", "cancel", "status"])
def test_a_misfit_is_no_default_of_another_command(step: Callable[..., Step], command: str) -> None:
    """A command other than redeploy never deploys, whatever else is given."""
    made = step()
    made.simulator.request_deployment(user_reference="mine", via="api", user="ci@example.com", duration=5)
    made.clock.advance(10)
    assert made.run(command=command, user_reference="mine").outcome == "success"
    assert made.calls("POST") == []


def test_every_input_is_read() -> None:
    """Each input of action.yml reaches the step, and the step reads no other."""
    read: set[str] = set()

    class Watched(dict[str, str]):
        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            read.add(key)
            return super().get(key, default)

        def __getitem__(self, key: str) -> str:
            read.add(key)
            return super().__getitem__(key)

    given = Watched(GITHUB | {f"INPUT_{name.upper()}": value for name, value in harness.INPUTS.items()})
    with mock.patch.object(os, "environ", given), mock.patch.object(os, "getenv", given.get):
        Inputs.load(given)
    names = set(re.findall(r"^  (\w+):$", ACTION[ACTION.index("inputs:") : ACTION.index("outputs:")], re.MULTILINE))
    assert {name.removeprefix("INPUT_").lower() for name in read if name.startswith("INPUT_")} == names
