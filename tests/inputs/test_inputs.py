"""What can be used, and how it reaches Cloud 66."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

import harness
from bad_inputs import BOOLEANS, DURATIONS, SHA
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.fields import FIELDS, Command, LogMode, OnBusy
from cloud66_redeploy.inputs.inputs import MOST_TARGETS, Inputs, Target
from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, StackSpec
from harness import GITHUB, Ending, Step

ACTION: dict[str, Any] = yaml.safe_load(Path(__file__).parents[2].joinpath("action.yml").read_text())
DEFAULTS = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()}
COMMIT = SHA.upper()


def load(**inputs: str) -> Inputs:
    """Read inputs as the step does."""
    given = {f"INPUT_{name.upper()}": value for name, value in (harness.INPUTS | inputs).items()}
    with mock.patch.dict(os.environ, GITHUB | given, clear=True):
        return Inputs.load(os.environ)


def posted(step: Step, ending: Ending) -> dict[str, str]:
    """The query of the one POST, without the reference."""
    assert ending.status == 0, ending.log
    [query] = [dict(request.query) for request in step.simulator.requests if request.method == "POST"]
    assert query.pop("user_reference") == ending.outputs["user_reference"]
    return query


@pytest.mark.parametrize("nothing", [None, "", " ", "\n", " \t\r\n "], ids=ascii)
def test_defaults(nothing: str | None) -> None:
    """An input that is not given, or empty or blank as an unset expression is, has its documented default."""
    optional = [field.name for field in FIELDS if field.name not in harness.INPUTS]
    inputs = load() if nothing is None else load(**dict.fromkeys(optional, nothing))
    assert (inputs.command, inputs.on_busy, inputs.log) == (Command.REDEPLOY, OnBusy.QUEUE, LogMode.ON_FAILURE)
    assert (inputs.stack_name, inputs.environment, inputs.deployment_id) == ("", "", "")
    assert (inputs.git_ref, inputs.services, inputs.profile, inputs.expected_commit) == ("", "", "", "")
    assert (inputs.wait, inputs.cancel_on_abort, inputs.cancel_on_timeout) == (True, True, False)
    assert (inputs.rollback, inputs.dry_run) == (False, False)
    assert (inputs.timeout_seconds, inputs.queue_timeout_seconds, inputs.poll_interval_seconds) == (1800, 1800, 30)
    assert inputs.api_url == "https://app.cloud66.com/api/3"
    assert inputs.user_reference.startswith("4711-1-c2160039a2ba9b49-")
    assert inputs.reference_is_derived
    assert list(inputs.options) == ["user_reference"]


def test_whitespace_is_trimmed() -> None:
    """Space and line breaks around any input, as YAML blocks leave them, do not count."""
    given = {
        "api_token": "demo-token", "stack_id": "5999b763", "git_ref": "feature/x", "profile": "rolling one",
        "user_reference": "mine", "wait": "false", "timeout": "90s", "queue_timeout": "1m", "poll_interval": "5s",
        "cancel_on_abort": "false", "cancel_on_timeout": "true", "expected_commit": "abcdef0",
        "api_url": "https://proxy.example/api/3", "command": "redeploy", "on_busy": "skip", "log": "live",
    }  # fmt: skip
    padded = load(**{name: f" \t{value} \r\n" for name, value in given.items()})
    assert padded == load(**given)
    assert padded != load()


def test_token_with_a_line_break_after_it(step: Callable[..., Step]) -> None:
    """A secret that was stored with a line break at its end works."""
    assert step().run(api_token="demo-token\n").outcome == "success"


def test_repr_hides_the_token() -> None:
    """However the inputs are printed, the token is not in it."""
    inputs = load(api_token="5f0c9e7b41d8a263")
    assert inputs.api_token == "5f0c9e7b41d8a263"
    assert "5f0c9e7b41d8a263" not in f"{inputs!r} {inputs}"


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "false", "False", "FALSE"])
def test_booleans(word: str) -> None:
    """All of YAML's spellings of true and false are read."""
    for name in BOOLEANS.split():
        assert getattr(load(**{"wait": "true", name: word}), name) is (word.lower() == "true")


def test_durations() -> None:
    """The shortest and the longest duration are allowed, and the queue timeout is the timeout unless it is given."""
    for text, seconds in {"1s": 1, "24h": 86400, "86400s": 86400, "1h30m": 5400}.items():
        for name in DURATIONS.split():
            assert getattr(load(**{name: text}), f"{name}_seconds") == seconds
        assert load(timeout=text).queue_timeout_seconds == seconds


@pytest.mark.parametrize("command", ["redeploy", "wait"])
def test_words(command: str) -> None:
    """Each of the words that the README names is taken; those for the log fit a wait, too."""
    for word in OnBusy:
        assert load(on_busy=word).on_busy is word
    for mode in LogMode:
        assert load(log=mode, command=command, user_reference="mine").log is mode


@pytest.mark.parametrize("command", Command)
def test_defaults_fit_every_command(command: Command) -> None:
    """The defaults of action.yml, which the runner gives as if somebody had, fit each command and change nothing."""
    asked = {"command": command.value, "user_reference": "mine"}
    assert load(**DEFAULTS | harness.INPUTS | asked) == load(**asked)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.commands != set(Command)], ids=lambda one: one.name
)
def test_a_default_in_capitals_is_one(field: Any) -> None:
    """True, TRUE and 30M are the default, too, as far as the command is concerned."""
    command = next(word for word in Command if word not in field.commands)
    try:
        load(command=command, user_reference="mine", **{field.name: DEFAULTS[field.name].upper()})
    except InputError as error:
        assert "with command" not in str(error)  # noqa: PT017 - some of them are no valid value


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
def test_services(given: str, sent: str) -> None:
    """Services, however they are separated, go out as one comma-separated string in the order given."""
    assert load(services=given).options["services"] == sent


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        ({"git_ref": "", "services": " ", "profile": "\n"}, {}),
        ({"stack_id": DOCKER_STACK, "services": "web\nworker:v1"}, {"services": "web,worker:v1"}),
        (
            {"git_ref": "feature/ü&x=1+2%20#3", "profile": "Rolling & slow = 50 %"},
            {"git_ref": "feature/ü&x=1+2%20#3", "deployment_profile": "Rolling & slow = 50 %"},
        ),
    ],
)
def test_options_travel_under_the_names_of_the_api(
    step: Callable[..., Step], inputs: dict[str, Any], options: dict[str, str]
) -> None:
    """What is given travels in the query, as it is, by the names that Cloud 66 knows; what is not given doesn't."""
    made = step()
    assert posted(made, made.run(**inputs)) == options


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("refs/heads/main", "main"),
        ("refs/heads/feature/x", "feature/x"),
        ("refs/tags/v1", "v1"),
        ("refs/heads/refs/heads/main", "main"),
        (f"refs/heads/{COMMIT}", COMMIT),
        (f"refs/heads/{'b' * 255}", "b" * 255),
        *((ref, ref) for ref in ("heads/main", "origin/main", "merge", "5/merged", "pull/fix", "000000", "a$b")),
        ("github.io", "github.io"),
    ],
)
def test_git_ref(given: str, sent: str) -> None:
    """A ref as `github.ref` has it goes out as the name alone; any other goes out as it is."""
    inputs = load(git_ref=given)
    assert (inputs.options["git_ref"], inputs.git_ref_as_given) == (sent, given)


@pytest.mark.parametrize("given", ["refs/heads/main", "main"])
@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_the_log_says_what_goes_out(step: Callable[..., Step], given: str, dry_run: str) -> None:
    """Where a ref goes out otherwise than it was given, the log says so."""
    ending = step().run(git_ref=given, dry_run=dry_run, wait="false")
    assert "git_ref main" in ending.outputs["reason"] or "git_ref=main\n" in ending.log
    assert (f"The input git_ref, {given}, goes out as main" in ending.log) == (given != "main")


@pytest.mark.parametrize("framework", ["docker", "Docker", " DOCKER ", "rails", "", "dockerless"])
@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("git_ref", {"git_ref": "main"}),
        ("git_ref", {"git_ref": COMMIT}),
        ("expected_commit", {"expected_commit": COMMIT}),
        ("expected_commit", {"expected_commit": COMMIT, "dry_run": "true"}),
        ("expected_commit", {"expected_commit": COMMIT, "command": "wait", "deployment_id": "107"}),
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
    assert [deployment.user_reference for deployment in made.mine(ending)] == [reference]
    assert not load(user_reference=reference).reference_is_derived


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
    assert len({load(**inputs).user_reference for inputs in asked}) == len(asked)
    assert load(git_ref="main").user_reference == load(git_ref="main", timeout="1h").user_reference


@pytest.mark.parametrize(
    ("git_ref", "expected", "result"),
    [
        (COMMIT, "", SHA),
        (COMMIT[:39], "", ""),
        ("main", "", ""),
        ("", "", ""),
        ("main", "ABCDEF0", "abcdef0"),
        ("", COMMIT, SHA),
        (COMMIT, "abcdef0", "abcdef0"),
    ],
)
def test_expected_commit(git_ref: str, expected: str, result: str) -> None:
    """The commit that is expected is the one given, else the ref if that is a full hash, else none."""
    assert load(git_ref=git_ref, expected_commit=expected).expected_commit == result


def test_full_hash_is_checked(step: Callable[..., Step]) -> None:
    """Who deploys a full hash gets a failure if another commit is deployed."""
    made = step()
    made.simulator.behaviour.git_hash = "f" * 40
    ending = made.run(git_ref=COMMIT)
    assert (ending.status, ending.outcome) == (1, "failed")
    assert SHA in ending.outputs["reason"]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/api/3", "http://127.0.0.1:8080/api/3", "http://127.9.9.9/api/3", "http://[::1]/api/3",
        "http://[::1]:8080/api/3", "http://localhost/api/3", "http://LocalHost:1/api/3",
        "http://cloud66-proxy:8080/api/3", "http://stand_in/api/3", "https://192.0.2.7/api/3",
        "https://[2001:db8::1]:8443/api/3", "https://app.cloud66.com:443/api/3", "https://proxy.example",
        "https://proxy.example/a~b/c%20d", "HTTPS://Proxy.Example/api/3",
    ],
)  # fmt: skip
def test_addresses(address: str) -> None:
    """Encrypted calls may go anywhere; http stays on this machine or goes to a name without a dot."""
    assert load(api_url=address).api_url == address
    assert load(api_url=f"{address}//").api_url == address


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080/api/3/", "http://stand-in/api/3", "http://[::1]:9/api/3"])
def test_address_is_used(step: Callable[..., Step], address: str) -> None:
    """The calls go to the address that was given."""
    made = step()
    assert made.run(api_url=address).outcome == "success"
    assert made.calls("POST") == [f"/stacks/{DEFAULT_STACK}/deployments"]


@pytest.mark.parametrize("command", ["wait", "cancel", "status"])
def test_the_other_commands_are_about_somebody_elses(step: Callable[..., Step], command: str) -> None:
    """A command other than redeploy derives no reference, and never deploys, whatever else is given."""
    inputs = load(command=command, deployment_id="108")
    assert (inputs.user_reference, inputs.reference_is_derived) == ("", False)
    assert inputs.targets == (Target(DEFAULT_STACK, "", 108),)
    made = step()
    made.simulator.request_deployment(user_reference="mine", via="api", user="ci@example.com", duration=5)
    made.clock.advance(10)
    assert made.run(command=command, user_reference="mine").outcome == "success"
    assert made.calls("POST") == []


def test_a_look_has_a_short_limit_of_its_own() -> None:
    """A status gives up after two minutes; nobody waits half an hour for a look."""
    assert load(command="status", timeout="30m").timeout_seconds == 120
    assert load(command="cancel", timeout="30m").timeout_seconds == 1800


@pytest.mark.parametrize(
    ("stack_id", "user_reference", "deployment_id", "targets"),
    [
        ("s", "a", "", [Target("s", "a")]),
        ("s", "", "1", [Target("s", "", 1)]),
        ("s", "a", "1", [Target("s", "a", 1)]),
        ("", "a\nb", "", [Target("", "a"), Target("", "b")]),
        ("s", "a\nb", "", [Target("s", "a"), Target("s", "b")]),
        ("s\nt", "a", "", [Target("s", "a"), Target("t", "a")]),
        ("s\nt", "a\nb", "", [Target("s", "a"), Target("t", "b")]),
        ("s", "a", "1\n2", [Target("s", "a", 1), Target("s", "a", 2)]),
        ("s\nt", "", "1\n1", [Target("s", "", 1), Target("t", "", 1)]),
        ("s\ns", "a\nb", "2\n1", [Target("s", "a", 2), Target("s", "b", 1)]),
        (" s \r\n\n t\n", "a\n \n  two words \n", "\n1\r\n2", [Target("s", "a", 1), Target("t", "two words", 2)]),
    ],
)
def test_targets(stack_id: str, user_reference: str, deployment_id: str, targets: list[Target]) -> None:
    """A single line is for all, several are for one each, what is not given is not meant; blank lines don't count."""
    name = "" if stack_id else "Awesome App"
    lines = {"user_reference": user_reference, "deployment_id": deployment_id}
    assert list(load(command="wait", stack_id=stack_id, stack_name=name, **lines).targets) == targets


def test_what_the_stack_is_doing_may_be_meant() -> None:
    """A look or a cancellation may name no deployment; fifty can be waited for in one step."""
    assert load(command="status").targets == (Target(DEFAULT_STACK),)
    fifty = "\n".join(map(str, range(50)))
    assert len(load(command="wait", user_reference=fifty).targets) == MOST_TARGETS == 50
