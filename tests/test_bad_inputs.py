"""What can't be used is said, shown, and stops the run before anything is asked of Cloud 66."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from unittest import mock

import pytest

import harness
from bad_commands import BAD_INPUTS, MISFITS
from bad_inputs import BAD_TOKENS, SECRET, Bad
from cloud66_redeploy.inputs.choices import FITS, Command
from cloud66_redeploy.inputs.inputs import Inputs
from harness import OUTPUTS, Ending, Step


def message_of(ending: Ending) -> str:
    """The text of the one error annotation, as the runner reads it."""
    [line] = ending.errors
    found = re.fullmatch(r"::error title=Cloud 66 redeploy%3A failed[^:]*::(.*)", line)
    assert found, line
    return found[1].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def refused(step: Step, ending: Ending, name: str) -> str:
    """Check that an input was refused, and nothing else happened; return the annotation's text."""
    assert (ending.status, ending.outcome, step.simulator.requests) == (1, "failed", [])
    message = message_of(ending)
    assert message.startswith(f"Input {name}: "), message
    assert "Nothing was scheduled." in message
    assert ending.outputs["reason"].startswith(f"Input {name}: ")
    assert not any(ending.outputs[each] for each in ("deployment_id", "action_id", "user_reference", "deployment"))
    assert len(ending.outputs) == len(OUTPUTS)
    assert ending.warnings == []
    return message


def without_mask(log: str) -> str:
    """The log as people see it: the lines that register secrets never show."""
    return "\n".join(line for line in log.split("\n") if not line.startswith("::add-mask::"))


def test_the_table_is_long() -> None:
    """At least a hundred bad inputs are tried, each input several times, and no case has the id of another."""
    ids = [bad.id for bad in BAD_INPUTS] + [f"api_token: {case}" for case in BAD_TOKENS]
    assert len(ids) == len(set(ids)) >= 100
    names = Counter(each.partition(":")[0] for each in ids)
    assert set(names) == {re.sub("_seconds$", "", one.name) for one in fields(Inputs)}
    assert min(names.values()) >= 10


def test_every_misfit_is_in_the_table() -> None:
    """Each input is tried with each command that does nothing with it."""
    wrong = {(name, command) for name, commands in FITS.items() for command in Command if command not in commands}
    assert {(bad.name, bad.inputs["command"]) for bad in MISFITS} == wrong
    assert len(wrong) == len(MISFITS) > 20


@pytest.mark.parametrize("bad", BAD_INPUTS, ids=lambda bad: bad.id)
def test_refused(step: Callable[..., Step], bad: Bad) -> None:
    """A bad input ends the run as failed, is named and shown in one annotation, and no call is made."""
    made = step()
    message = refused(made, made.run(**bad.inputs), bad.name)
    assert bad.shows in message.split("\n")[0]


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_token_refused(step: Callable[..., Step], token: str) -> None:
    """A bad token is named but appears, whole or in parts, nowhere but where it is masked."""
    made = step()
    ending = made.run(api_token=token)
    message = refused(made, ending, "api_token")
    assert "secrets.CLOUD66_TOKEN" in message
    seen = without_mask(ending.log) + ending.summary + repr(ending.outputs) + repr(ending.state)
    secret = token.strip()
    assert not secret or secret not in seen
    assert SECRET[:16] not in seen
    assert SECRET[16:] not in seen
    assert "set-output" not in seen
    if secret and "\udcff" not in secret:
        masked = secret.replace("\r", "%0D").replace("\n", "%0A")
        lines = ending.log.split("\n")
        assert f"::add-mask::{masked}" in lines
        assert lines[0].startswith("::add-mask::")


def test_token_missing(step: Callable[..., Step]) -> None:
    """A token that was never given is refused like an empty one."""
    made = step()
    with mock.patch.dict(harness.INPUTS):
        del harness.INPUTS["api_token"]
        ending = made.run()
    assert "is empty" in refused(made, ending, "api_token")
    assert "add-mask" not in ending.log


def test_stack_missing(step: Callable[..., Step]) -> None:
    """A stack that was never given is refused, and the error says where its UID stands."""
    made = step()
    with mock.patch.dict(harness.INPUTS):
        del harness.INPUTS["stack_id"]
        message = refused(made, made.run(), "stack_id")
    assert "is empty" in message
    assert "UID" in message


_DEPENDABOT, _FORK, _SCOPES = "Secrets and variables, Dependabot", "from a fork", "'public' and 'redeploy'"
_ENVIRONMENT, _REUSABLE = "only with environment: in the job", "says secrets: inherit"


@pytest.mark.parametrize(
    ("environ", "causes"),
    [
        ({}, [_FORK, _ENVIRONMENT, _REUSABLE]),
        ({"GITHUB_ACTOR": "ann", "GITHUB_TRIGGERING_ACTOR": "ann"}, [_FORK, _ENVIRONMENT, _REUSABLE]),
        ({"GITHUB_ACTOR": "dependabot[bot]"}, [_DEPENDABOT]),
        ({"GITHUB_ACTOR": "dependabot[bot]", "GITHUB_TRIGGERING_ACTOR": "ann"}, [_DEPENDABOT]),
        ({"GITHUB_ACTOR": "ann", "GITHUB_TRIGGERING_ACTOR": "dependabot[bot]"}, [_DEPENDABOT]),
        ({"GITHUB_ACTOR": "renovate[bot]"}, [_FORK, _ENVIRONMENT, _REUSABLE]),
    ],
)
def test_empty_token_names_its_causes(step: Callable[..., Step], environ: dict[str, str], causes: list[str]) -> None:
    """An empty token comes from one of a few habits of GitHub, and the error names those that can be meant."""
    made = step()
    ending = made.run(api_token="", environ=environ)
    message = refused(made, ending, "api_token")
    assert [one for one in (_DEPENDABOT, _FORK, _ENVIRONMENT, _REUSABLE) if one in message] == causes
    assert all(one in ending.outputs["reason"] for one in [*causes, _SCOPES, "Nothing was scheduled."])


@pytest.mark.parametrize("name", ["timeout", "queue_timeout", "poll_interval"])
@pytest.mark.parametrize("number", ["45", "1.5"])
def test_bare_number_shows_both_readings(step: Callable[..., Step], name: str, number: str) -> None:
    """A number without a unit may mean seconds or minutes, and the error writes out both."""
    made = step()
    inputs: dict[str, Any] = {name: number}
    message = refused(made, made.run(**inputs), name)
    assert f"{number}s is {number} seconds" in message
    assert f"{number}m is {number} minutes" in message


def test_bounds_of_a_duration(step: Callable[..., Step]) -> None:
    """A duration out of bounds is answered with the bounds."""
    made = step()
    assert "1s to 24h" in refused(made, made.run(timeout="25h"), "timeout")


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("git_ref", "main..next", "holds '..', which git doesn't allow in a ref name. Give a branch, tag or commit."),
        ("git_ref", "refs/pull/5/merge", "Give github.head_ref or github.event.pull_request.head.sha."),
        ("git_ref", "5/merge", "Give github.head_ref or github.event.pull_request.head.sha."),
        ("git_ref", "refs/remotes/origin/main", "Give the name of a branch or tag alone."),
        (
            "git_ref",
            "0" * 40,
            "as GitHub says of a branch that is gone. Skip such runs: if: ${{ !github.event.deleted }}.",
        ),
        ("git_ref", "${{github.sha}}", "Write ${{ github.sha }}: an input knows no shell variables."),
        (
            "expected_commit",
            "0" * 40,
            "as GitHub says of a branch that is gone. Skip such runs: if: ${{ !github.event.deleted }}.",
        ),
        ("services", "web@sha256:0123", "Cloud 66 takes no digest and no full image name."),
        ("services", "web:acme/app:v1", "The tag is an image tag or a git reference."),
        ("services", "web:5/merge", "Give github.head_ref or github.event.pull_request.head.sha."),
        ("services", "web:a..b/c", "holds '..', which git doesn't allow"),
    ],
)
def test_a_bad_ref_says_what_to_use(step: Callable[..., Step], name: str, given: str, says: str) -> None:
    """What is no ref, or none that can be deployed, is answered with why and with what to use instead."""
    made = step()
    inputs: dict[str, Any] = {name: given}
    assert says in refused(made, made.run(**inputs), name)


def test_services_with_git_ref_says_which_is_for_what(step: Callable[..., Step]) -> None:
    """Whoever gives both learns which kind of stack takes which."""
    made = step()
    message = refused(made, made.run(services="web", git_ref="main"), "services")
    assert "Docker" in message
    assert "one of the two" in message


def test_http_says_why(step: Callable[..., Step]) -> None:
    """Plain http is refused because of the token, and the error says so."""
    made = step()
    message = refused(made, made.run(api_url="http://app.cloud66.com/api/3"), "api_url")
    assert "token" in message
    assert "https" in message


def test_first_bad_input_only(step: Callable[..., Step]) -> None:
    """Several bad inputs make one annotation, about the first of them."""
    made = step()
    refused(made, made.run(stack_id="a b", git_ref="a..b", wait="maybe"), "stack_id")


def test_says_what_to_do(step: Callable[..., Step]) -> None:
    """A bad input is told what to do about it: to correct the workflow file."""
    made = step()
    assert "Correct the input" in refused(made, made.run(api_url="https://me:pass@app.cloud66.com"), "api_url")


def test_long_value_is_cut(step: Callable[..., Step]) -> None:
    """A huge value is shown by its beginning alone, and the error still says what is valid."""
    made = step()
    names = ("stack_id", "git_ref", "services", "profile", "timeout", "wait", "expected_commit", "api_url")
    for name in (*names, "command", "on_busy", "log", "rollback", "dry_run"):
        inputs: dict[str, Any] = {name: "9" * 5000 + " x"}
        message = refused(made, made.run(**inputs), name)
        assert "9" * 101 not in message


def test_long_bare_number_is_cut(step: Callable[..., Step]) -> None:
    """A huge bare number does not flood the error that shows its two readings."""
    made = step()
    message = refused(made, made.run(timeout="9" * 5000), "timeout")
    assert len(message) < 1000


@pytest.mark.parametrize("bad", MISFITS, ids=lambda bad: bad.id)
def test_a_misfit_says_where_the_input_goes(step: Callable[..., Step], bad: Bad) -> None:
    """Whoever gives an input to a command that does nothing with it learns which commands take it."""
    made = step()
    message = refused(made, made.run(**bad.inputs), bad.name)
    where = ", ".join(command for command in Command if command in FITS[bad.name])
    assert f"with command: {bad.inputs['command']}. It goes with {where} only." in message


def test_a_bad_command_is_answered_with_the_good_ones(step: Callable[..., Step]) -> None:
    """Whoever mistypes a word learns the words there are."""
    made = step()
    assert "Valid are redeploy, wait, cancel, status." in refused(made, made.run(command="deploy"), "command")
    assert "Valid are queue, fail, skip, cancel, cancel: any." in refused(made, made.run(on_busy="any"), "on_busy")
    assert "Valid are on_failure, live, never." in refused(made, made.run(log="always"), "log")


def test_no_stack_mentions_both_ways_to_name_it(step: Callable[..., Step]) -> None:
    """Whoever names no stack learns that its UID or its name will do, and why an output with it may be empty."""
    made = step()
    message = refused(made, made.run(stack_id=""), "stack_id")
    assert "Or give its name as stack_name." in message
    assert "GitHub may have dropped that output" in message


def test_a_wait_for_nothing_says_where_to_get_the_reference(step: Callable[..., Step]) -> None:
    """Whoever waits without saying for what learns which output to give."""
    made = step()
    message = refused(made, made.run(command="wait"), "user_reference")
    assert "what the step that asked for the deployment has put out as user_reference" in message
    assert "GitHub may have dropped that output, because it held a secret's value. Look for 'Skip output'" in message
