"""What can be used, and how it reaches Cloud 66."""

import os
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from unittest import mock

import pytest

import harness
from cloud66_redeploy.inputs.choices import Command, LogMode, OnBusy
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_simulator import DOCKER_STACK, StackSpec
from harness import GITHUB, Ending, Step

FULL_HASH = "0123456789ABCDEF0123456789abcdef01234567"
OPTIONAL = [one.name.removesuffix("_seconds") for one in fields(Inputs) if one.name not in {"api_token", "stack_id"}]


def load(**inputs: str) -> Inputs:
    """Read inputs as the step does."""
    given = {f"INPUT_{name.upper()}": value for name, value in (harness.INPUTS | inputs).items()}
    with mock.patch.dict(os.environ, GITHUB | given, clear=True):
        return Inputs.load(os.environ)


def posted(step: Step, ending: Ending) -> dict[str, str]:
    """The query of the one POST, without the reference."""
    assert ending.status == 0, ending.log
    [query] = [dict(one.query) for one in step.simulator.requests if one.method == "POST"]
    assert query.pop("user_reference") == ending.outputs["user_reference"]
    return query


def check_defaults(inputs: Inputs) -> None:
    """Compare with the defaults as documented."""
    assert (inputs.git_ref, inputs.services, inputs.profile, inputs.expected_commit) == ("", "", "", "")
    assert (inputs.wait, inputs.cancel_on_abort, inputs.cancel_on_timeout) == (True, True, False)
    assert (inputs.timeout_seconds, inputs.queue_timeout_seconds, inputs.poll_interval_seconds) == (1800, 1800, 30)
    assert inputs.api_url == "https://app.cloud66.com/api/3"
    assert inputs.user_reference.startswith("4711-1-c2160039a2ba9b49-")
    assert list(inputs.options) == ["user_reference"]
    assert (inputs.command, inputs.on_busy, inputs.log) == (Command.REDEPLOY, OnBusy.QUEUE, LogMode.ON_FAILURE)
    assert (inputs.rollback, inputs.dry_run) == (False, False)
    assert (inputs.stack_name, inputs.environment, inputs.deployment_id) == ("", "", "")


def test_defaults_when_absent() -> None:
    """An input that is not given has its documented default."""
    check_defaults(load())


@pytest.mark.parametrize("nothing", ["", " ", "\n", " \t\r\n "], ids=["empty", "space", "line break", "blank"])
def test_defaults_when_empty(nothing: str) -> None:
    """An input given as empty or blank, as an unset expression is, has its default too."""
    check_defaults(load(**dict.fromkeys(OPTIONAL, nothing)))


def test_queue_timeout_follows_timeout() -> None:
    """The queue timeout is the timeout unless it is given."""
    assert load(timeout="1h").queue_timeout_seconds == 3600
    assert load(timeout="1h", queue_timeout="5m").queue_timeout_seconds == 300


def test_whitespace_is_trimmed() -> None:
    """Space and line breaks around any input, as YAML blocks leave them, do not count."""
    given = {
        "api_token": "demo-token", "stack_id": "5999b763", "git_ref": "feature/x", "profile": "rolling one",
        "user_reference": "mine", "wait": "false", "timeout": "90s", "queue_timeout": "1m", "poll_interval": "5s",
        "cancel_on_abort": "false", "cancel_on_timeout": "true", "expected_commit": "abcdef0",
        "api_url": "https://proxy.example/api/3",
    }  # fmt: skip
    assert load(**{name: f" \t{value} \r\n" for name, value in given.items()}) == load(**given)


def test_token_with_a_line_break_after_it(step: Callable[..., Step]) -> None:
    """A secret that was stored with a line break at its end works."""
    assert step().run(api_token="demo-token\n").outcome == "success"


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_true(word: str) -> None:
    """All of YAML's spellings of true are read."""
    inputs = load(wait=word, cancel_on_abort=word, cancel_on_timeout=word)
    assert (inputs.wait, inputs.cancel_on_abort, inputs.cancel_on_timeout) == (True, True, True)


@pytest.mark.parametrize("word", ["false", "False", "FALSE"])
def test_false(word: str) -> None:
    """All of YAML's spellings of false are read."""
    inputs = load(wait=word, cancel_on_abort=word, cancel_on_timeout=word)
    assert (inputs.wait, inputs.cancel_on_abort, inputs.cancel_on_timeout) == (False, False, False)


@pytest.mark.parametrize("text", ["1s", "24h", "86400s"])
def test_bounds_of_durations(text: str) -> None:
    """The shortest and the longest duration are allowed."""
    assert load(timeout=text, queue_timeout=text, poll_interval=text).timeout_seconds in {1, 86400}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("web", "web"),
        ("web,worker", "web,worker"),
        (" web , worker ", "web,worker"),
        ("web\nworker", "web,worker"),
        ("web\r\nworker\r\n", "web,worker"),
        ("web,\nworker:v1.2,\n", "web,worker:v1.2"),
        (",,web,,\n\n,worker,", "web,worker"),
        ("worker:latest,web:sha-0123_4.5", "worker:latest,web:sha-0123_4.5"),
        ("web:_1", "web:_1"),
        (f"web:{'t' * 128}", f"web:{'t' * 128}"),
        ("Web,web", "Web,web"),
        ("my_web.2-x", "my_web.2-x"),
        ("web:feature/x", "web:feature/x"),
        ("web:refs/heads/feature/x,worker:refs/tags/v1", "web:feature/x,worker:v1"),
        ("web:release..1", "web:release..1"),
        (f"web:{'t' * 255}", f"web:{'t' * 255}"),
    ],
)
def test_services(step: Callable[..., Step], given: str, sent: str) -> None:
    """Services, however they are separated, go out as one comma-separated string in the order given."""
    made = step()
    assert posted(made, made.run(stack_id=DOCKER_STACK, services=given)) == {"services": sent}


def test_no_options(step: Callable[..., Step]) -> None:
    """Options that are not given are not sent."""
    made = step()
    assert posted(made, made.run(git_ref="", services=" ", profile="\n")) == {}


def test_options_travel_under_the_names_of_the_api(step: Callable[..., Step]) -> None:
    """A ref and a profile travel in the query, as they are, by the names that Cloud 66 knows."""
    made = step()
    ending = made.run(git_ref="feature/ü&x=1+2%20#3", profile="Rolling & slow = 50 %")
    assert posted(made, ending) == {
        "git_ref": "feature/ü&x=1+2%20#3",
        "deployment_profile": "Rolling & slow = 50 %",
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("refs/heads/main", "main"),
        ("refs/heads/feature/x", "feature/x"),
        ("refs/tags/v1", "v1"),
        ("refs/heads/refs/heads/main", "main"),
        (f"refs/heads/{FULL_HASH}", FULL_HASH),
        (f"refs/heads/{'b' * 255}", "b" * 255),
        ("heads/main", "heads/main"),
        ("origin/main", "origin/main"),
        ("merge", "merge"),
        ("5/merged", "5/merged"),
        ("pull/fix", "pull/fix"),
        ("000000", "000000"),
        ("a$b", "a$b"),
        ("github.io", "github.io"),
    ],
)
@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_git_ref(step: Callable[..., Step], given: str, sent: str, dry_run: str) -> None:
    """A ref as `github.ref` has it goes out as the name alone, and the log says so; any other goes out as it is."""
    ending = step().run(git_ref=given, dry_run=dry_run, wait="false")
    assert f"git_ref {sent}" in ending.outputs["reason"] or f"git_ref={sent}\n" in ending.log
    assert (f"The input git_ref, {given}, goes out as {sent}" in ending.log) == (given != sent)


@pytest.mark.parametrize("framework", ["docker", "Docker", " DOCKER ", "rails", "", "dockerless"])
@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("git_ref", {"git_ref": "main"}),
        ("git_ref", {"git_ref": FULL_HASH}),
        ("expected_commit", {"expected_commit": FULL_HASH}),
        ("expected_commit", {"expected_commit": FULL_HASH, "dry_run": "true"}),
        ("expected_commit", {"expected_commit": FULL_HASH, "command": "wait", "deployment_id": "107"}),
        ("rollback", {"rollback": "true"}),
    ],
)
def test_a_docker_stack_tells_no_commit(
    step: Callable[..., Step], framework: str, name: str, inputs: dict[str, Any]
) -> None:
    """What goes by commits is refused for a Docker stack before anything is sent, and for no other."""
    made = step(stacks=(StackSpec(framework=framework),))
    ending = made.run(**inputs)
    refused = framework.strip().lower() == "docker"
    assert (f"Input {name}: was given for a Docker stack." in ending.outputs["reason"]) == refused
    if refused:
        assert (ending.outcome, ending.status, made.calls("POST")) == ("failed", 1, [])


@pytest.mark.parametrize(
    "reference", ["mine", "r" * 255, "two  spaces", "ünïcödé", "a##[b]", "50%2B&x=y", "::error::x"]
)
def test_user_reference(step: Callable[..., Step], reference: str) -> None:
    """A reference that is given is sent as it is, and the output names the very same one."""
    made = step()
    ending = made.run(user_reference=reference)
    posted(made, ending)
    assert ending.outputs["user_reference"] == reference
    assert [one.user_reference for one in made.mine(ending)] == [reference]


def test_reference_differs_by_what_is_asked_for() -> None:
    """Two matrix jobs that ask for different things have different references, and one asked again has its own."""
    name = {"stack_id": "", "stack_name": "Awesome App"}
    asked: list[dict[str, str]] = [
        {},
        name,
        name | {"environment": "production"},
        name | {"environment": "staging"},
        {"git_ref": "main"},
        {"git_ref": "next"},
        {"services": "main"},
        {"profile": "main"},
        {"stack_id": DOCKER_STACK},
    ]
    assert len({load(**one).user_reference for one in asked}) == len(asked)
    assert load(git_ref="main").user_reference == load(git_ref="main", timeout="1h").user_reference


@pytest.mark.parametrize(
    ("git_ref", "expected", "result"),
    [
        (FULL_HASH, "", FULL_HASH.lower()),
        (FULL_HASH[:39], "", ""),
        ("main", "", ""),
        ("", "", ""),
        ("main", "ABCDEF0", "abcdef0"),
        ("", FULL_HASH, FULL_HASH.lower()),
        (FULL_HASH, "abcdef0", "abcdef0"),
    ],
)
def test_expected_commit(git_ref: str, expected: str, result: str) -> None:
    """The commit that is expected is the one given, else the ref if that is a full hash, else none."""
    assert load(git_ref=git_ref, expected_commit=expected).expected_commit == result


def test_full_hash_is_checked(step: Callable[..., Step]) -> None:
    """Who deploys a full hash gets a failure if another commit is deployed."""
    made = step()
    made.simulator.behaviour.git_hash = "f" * 40
    ending = made.run(git_ref=FULL_HASH)
    assert (ending.status, ending.outcome) == (1, "failed")
    assert FULL_HASH.lower() in ending.outputs["reason"]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/api/3",
        "http://127.0.0.1:8080/api/3",
        "http://127.9.9.9/api/3",
        "http://[::1]/api/3",
        "http://[::1]:8080/api/3",
        "http://localhost/api/3",
        "http://LocalHost:1/api/3",
        "http://cloud66-proxy:8080/api/3",
        "http://stand_in/api/3",
        "https://192.0.2.7/api/3",
        "https://[2001:db8::1]:8443/api/3",
        "https://app.cloud66.com:443/api/3",
        "https://proxy.example",
        "https://proxy.example/a~b/c%20d",
        "HTTPS://Proxy.Example/api/3",
    ],
)
def test_addresses(address: str) -> None:
    """Encrypted calls may go anywhere; http stays on this machine or goes to a name without a dot."""
    assert load(api_url=address).api_url == address
    assert load(api_url=f"{address}//").api_url == address


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080/api/3/", "http://stand-in/api/3", "http://[::1]:9/api/3"])
def test_address_is_used(step: Callable[..., Step], address: str) -> None:
    """The calls go to the address that was given."""
    made = step()
    assert made.run(api_url=address).outcome == "success"
    assert made.calls("POST") == [f"/stacks/{harness.INPUTS['stack_id']}/deployments"]


def test_repr_hides_the_token() -> None:
    """However the inputs are printed, the token is not in it."""
    inputs = load(api_token="5f0c9e7b41d8a263")
    assert inputs.api_token == "5f0c9e7b41d8a263"
    assert "5f0c9e7b41d8a263" not in f"{inputs!r} {inputs}"
