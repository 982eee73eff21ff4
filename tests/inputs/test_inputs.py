"""What can be used, and how it is read."""

import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

import harness
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.fields import FIELDS, Command, IfLive, LogMode, OnBusy
from cloud66_redeploy.inputs.inputs import MOST_TARGETS, Inputs, Target
from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK
from harness import GITHUB
from inputs.bad_inputs import BOOLEANS, DURATIONS, SHA

ACTION: dict[str, Any] = yaml.safe_load(Path(__file__).parents[2].joinpath("action.yml").read_text())
DEFAULTS = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()}
COMMIT = SHA.upper()
LONGEST = "t" * 255


def load(**inputs: str) -> Inputs:
    """Read inputs as the step does."""
    given = {f"INPUT_{name.upper()}": value for name, value in (harness.INPUTS | inputs).items()}
    with mock.patch.dict(os.environ, GITHUB | given, clear=True):
        return Inputs.load(os.environ)


@pytest.mark.parametrize("nothing", [None, "", " \t\r\n "], ids=ascii)
def test_defaults(nothing: str | None) -> None:
    """An input that is not given, or empty or blank as an unset expression is, has its documented default."""
    optional = [field.name for field in FIELDS if field.name not in harness.INPUTS]
    inputs = load() if nothing is None else load(**dict.fromkeys(optional, nothing))
    assert (inputs.command, inputs.on_busy, inputs.log) == (Command.REDEPLOY, OnBusy.QUEUE, LogMode.ON_FAILURE)
    texts = ["stack_name", "stack_environment", "deployment_id", "git_ref", "services", "profile", "expected_commit"]
    assert [getattr(inputs, name) for name in texts] == [""] * 7
    assert [getattr(inputs, name) for name in BOOLEANS.split()] == [True, True, False, False, False]
    assert [getattr(inputs, f"{name}_seconds") for name in DURATIONS.split()] == [1800, 1800, 30, 120]
    assert inputs.api_url == "https://app.cloud66.com/api/3"
    assert inputs.user_reference.startswith("4711-1-c2160039a2ba9b49-")
    assert inputs.reference_is_derived
    assert list(inputs.options) == ["user_reference"]


def test_whitespace_is_trimmed() -> None:
    """Space and line breaks around any input, as YAML blocks leave them, do not count."""
    given = {
        "api_token": "demo-token", "stack_id": "5999b763", "git_ref": "feature/x", "profile": "rolling one",
        "user_reference": "mine", "dry_run": "true", "timeout": "90s", "queue_timeout": "1m", "poll_interval": "5s",
        "cancel_on_abort": "false", "cancel_on_timeout": "true", "expected_commit": "abcdef0",
        "api_url": "https://proxy.example/api/3", "command": "redeploy", "on_busy": "skip", "log": "live",
    }  # fmt: skip
    padded = load(**{name: f" \t{value} \r\n" for name, value in given.items()})
    assert padded.values == load(**given).values
    assert padded.values != load().values


def test_repr_hides_the_token() -> None:
    """However the inputs are printed, the token is not in it."""
    inputs = load(api_token="5f0c9e7b41d8a263")
    assert inputs.api_token == "5f0c9e7b41d8a263"
    assert "5f0c9e7b41d8a263" not in f"{inputs!r} {inputs}"


BY_COMMAND = {"command": "wait", "user_reference": "mine"}
READ: list[tuple[str, list[tuple[dict[str, str], Any]]]] = [
    # YAML's spellings.
    *((name, [({name: word}, word.lower() == "true") for word in ("true", "True", "TRUE", "false", "False", "FALSE")])
      for name in BOOLEANS.split()),
    *((f"{name}_seconds", [({name: text, "health_check": "true"}, seconds)
                           for text, seconds in {"1s": 1, "24h": 86400, "86400s": 86400, "1h30m": 5400}.items()])
      for name in DURATIONS.split()),
    ("on_busy", [({"on_busy": word}, word) for word in OnBusy]),
    ("if_live", [({"if_live": word}, word) for word in IfLive]),
    ("log", [({"log": word} | more, word) for word in LogMode for more in ({}, BY_COMMAND)]),
    # Unless it is given, it is the timeout. Nobody waits half an hour for a look.
    ("queue_timeout_seconds", [({"timeout": "90s"}, 90)]),
    ("timeout_seconds", [({"command": command, "timeout": "30m"}, seconds)
                         for command, seconds in (("status", 120), ("cancel", 1800))]),
    ("health_check", [({"command": command, "user_reference": "mine", "health_check": word}, "")
                      for command in Command for word in ("false", "FALSE")]),
    # However they are separated, they go out as one comma-separated string in the order given.
    ("services", [({"services": given}, sent) for given, sent in [
        (" web , worker ", "web,worker"), ("web\r\nworker\r\n", "web,worker"), (",,web,,\n\n,worker,", "web,worker"),
        ("web,\nworker:v1.2,\n", "web,worker:v1.2"), ("web:_1", "web:_1"), ("Web,web", "Web,web"),
        ("worker:latest,web:sha-0123_4.5", "worker:latest,web:sha-0123_4.5"), ("my_web.2-x", "my_web.2-x"),
        ("web:refs/heads/feature/x,worker:refs/tags/v1", "web:feature/x,worker:v1"),
        ("web:release..1", "web:release..1"), (f"web:{LONGEST}", f"web:{LONGEST}"),
    ]]),
    # A ref as `github.ref` has it goes out as the name alone; any other goes out as it is.
    ("git_ref", [({"git_ref": given}, sent) for given, sent in [
        ("refs/heads/feature/x", "feature/x"), ("refs/tags/v1", "v1"), ("refs/heads/refs/heads/main", "main"),
        (f"refs/heads/{COMMIT}", COMMIT), (f"refs/heads/{LONGEST}", LONGEST),
        *((ref, ref) for ref in ("heads/main", "merge", "5/merged", "pull/fix", "000000", "a$b", "github.io")),
    ]]),
    ("git_ref_as_given", [({"git_ref": "refs/heads/main"}, "refs/heads/main")]),
    # The one given, else the ref if that is a full hash, else none.
    ("expected_commit", [({"git_ref": ref, "expected_commit": expected}, read) for ref, expected, read in [
        (COMMIT, "", SHA), (COMMIT[:39], "", ""), ("main", "", ""), ("main", "ABCDEF0", "abcdef0"), ("", COMMIT, SHA),
        (COMMIT, "abcdef0", "abcdef0"),
    ]]),
    # Encrypted calls may go anywhere; http stays on this machine or goes to a name without a dot.
    ("api_url", [({"api_url": f"{address}{slashes}"}, address) for slashes in ("", "//") for address in [
        "http://127.0.0.1/api/3", "http://127.9.9.9:8080/api/3", "http://[::1]:8080/api/3", "http://LocalHost:1/api/3",
        "http://cloud66-proxy:8080/api/3", "http://stand_in/api/3", "https://192.0.2.7/api/3",
        "https://[2001:db8::1]:8443/api/3", "https://app.cloud66.com:443/api/3", "https://proxy.example",
        "https://proxy.example/a~b/c%20d", "HTTPS://Proxy.Example./api/3",
    ]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rows"), READ, ids=[name for name, _ in READ])
def test_what_is_read(name: str, rows: list[tuple[dict[str, str], Any]]) -> None:
    """Each input is read in each of its forms, and means what the row says."""
    for inputs, value in rows:
        assert getattr(load(**inputs), name) == value, inputs


@pytest.mark.parametrize("command", Command)
def test_defaults_fit_every_command(command: Command) -> None:
    """The defaults of action.yml, which the runner gives as if somebody had, in capitals, too, fit each command."""
    asked = {"command": command.value, "user_reference": "mine"}
    assert load(**DEFAULTS | harness.INPUTS | asked).values == load(**asked).values
    for field in FIELDS:
        if command not in field.commands:
            try:
                load(**asked, **{field.name: DEFAULTS[field.name].upper()})
            except InputError as error:
                assert "with command" not in str(error)  # noqa: PT017 - some of them are no valid value


def test_reference_differs_by_what_is_asked_for() -> None:
    """Two matrix jobs that ask for different things have different references, and one asked again has its own."""
    name = {"stack_id": "", "stack_name": "Awesome App"}
    by_name: list[dict[str, str]] = [name]
    by_name += [name | {"stack_environment": there} for there in ("production", "staging")]
    by_option = [{"git_ref": "main"}, {"git_ref": "next"}, {"services": "main"}, {"profile": "main"}]
    asked = [{}, *by_name, *by_option, {"stack_id": DOCKER_STACK}]
    assert len({load(**inputs).user_reference for inputs in asked}) == len(asked)
    assert load(git_ref="main").user_reference == load(git_ref="main", timeout="1h").user_reference
    assert not load(user_reference="mine").reference_is_derived


@pytest.mark.parametrize(
    ("stack_id", "user_reference", "deployment_id", "targets"),
    [
        ("s", "a", "1", [("s", "a", 1)]),
        ("", "a\nb", "", [("", "a"), ("", "b")]),
        ("s\nt", "a", "", [("s", "a"), ("t", "a")]),
        ("s\nt", "a\nb", "", [("s", "a"), ("t", "b")]),
        ("s", "a", "1\n2", [("s", "a", 1), ("s", "a", 2)]),
        ("s\nt", "", "1\n1", [("s", "", 1), ("t", "", 1)]),
        ("s\ns", "a\nb", "2\n1", [("s", "a", 2), ("s", "b", 1)]),
        (" s \r\n\n t\n", "a\n \n  two words \n", "\n1\r\n2", [("s", "a", 1), ("t", "two words", 2)]),
    ],
)
def test_targets(stack_id: str, user_reference: str, deployment_id: str, targets: list[Any]) -> None:
    """A single line is for all, several are for one each, what is not given is not meant; blank lines don't count."""
    name = "" if stack_id else "Awesome App"
    lines = {"user_reference": user_reference, "deployment_id": deployment_id}
    found = load(command="wait", stack_id=stack_id, stack_name=name, **lines).targets
    assert found == tuple(Target(*target) for target in targets)


def test_what_the_stack_is_doing_may_be_meant() -> None:
    """A look or a cancellation may name no deployment, and has no reference of its own; fifty can be waited for."""
    for command in ("cancel", "status"):
        inputs = load(command=command)
        assert (inputs.user_reference, inputs.reference_is_derived) == ("", False)
        assert inputs.targets == (Target(DEFAULT_STACK),)
    fifty = "\n".join(map(str, range(50)))
    assert len(load(command="wait", user_reference=fifty).targets) == MOST_TARGETS == 50
