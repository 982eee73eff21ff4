"""What can't be used is said, shown, and stops the run before anything is asked of Cloud 66."""

import os
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

import harness
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.fields import FIELDS, Command, Field
from cloud66_redeploy.inputs.inputs import Inputs
from harness import GITHUB, OUTPUTS, Ending, Step
from inputs.bad_inputs import BAD_INPUTS, BAD_TOKENS, FITS, SECRET, Bad

ALIKE = ("stack_id", "git_ref", "api_url", "health_check")
FIRST = [next(bad for bad in BAD_INPUTS if bad.name == name) for name in ALIKE]
"""One bad input of some names: how the run ends is the same for all."""


def refused(step: Step, ending: Ending, name: str) -> str:
    """Check that an input was refused, and nothing else happened; return the one annotation as the runner reads it."""
    assert (ending.status, ending.outcome, ending.warnings, step.simulator.requests) == (1, "failed", [], [])
    [line] = ending.errors
    found = re.fullmatch(r"::error title=Cloud 66 redeploy%3A failed[^:]*::(.*)", line)
    assert found, line
    message = found[1].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert all(part in message for part in ("No deployment was started.", "Correct the input")), message
    assert all(name in text for text in (message, ending.outputs["reason"])), message
    assert not any(ending.outputs[each] for each in ("deployment_id", "action_id", "user_reference", "deployment"))
    assert set(ending.outputs) == OUTPUTS
    return message


def test_the_table_is_long() -> None:
    """Each input is tried with ten bad values at least, and with each command that does nothing with it."""
    cases = [repr((bad.name, bad.inputs)) for bad in BAD_INPUTS]
    assert len(cases) == len(set(cases)) > 400
    names = Counter(bad.name for bad in BAD_INPUTS) | Counter(api_token=len(BAD_TOKENS))
    assert set(names) == {field.name for field in FIELDS}
    assert min(names.values()) >= 10
    fits = {name: where for where, values in FITS.items() for name in values}
    every = ", ".join(Command)
    assert {field.name: fits.get(field.name, every) for field in FIELDS} == {
        field.name: ", ".join(command for command in Command if command in field.commands) for field in FIELDS
    }


@pytest.mark.parametrize("field", FIELDS[1:], ids=lambda field: field.name)
def test_refused(field: Field[Any]) -> None:
    """A bad input is refused with an error that names and shows it, cut if it is long, and says what is valid."""
    for bad in BAD_INPUTS:
        if bad.name == field.name:
            given = {f"INPUT_{name.upper()}": value for name, value in (harness.INPUTS | bad.inputs).items()}
            with mock.patch.dict(os.environ, GITHUB | given, clear=True), pytest.raises(InputError) as caught:
                Inputs.load(os.environ)
            assert (caught.value.name, str(caught.value)) == (bad.name, bad.error)


@pytest.mark.parametrize("bad", FIRST, ids=lambda bad: bad.name)
def test_a_bad_input_ends_the_run(step: Callable[..., Step], bad: Bad) -> None:
    """A bad input ends the run as failed, in one annotation that says what to do, and no call is made."""
    made = step()
    assert bad.error in refused(made, made.run(**bad.inputs), bad.name)


@pytest.mark.parametrize("token", BAD_TOKENS, ids=ascii)
def test_token_refused(step: Callable[..., Step], token: str) -> None:
    """A bad token is named but appears, whole or in parts, nowhere but where it is masked."""
    made = step()
    ending = made.run(api_token=token)
    message = refused(made, ending, "api_token")
    assert "it contains spaces, line breaks or characters that no token has. Create a personal access token" in message
    lines = ending.log.split("\n")
    said = "\n".join(line for line in lines if not line.startswith("::add-mask::"))
    seen = said + ending.summary + repr(ending.outputs) + repr(ending.state)
    assert not any(secret in seen for secret in (token, SECRET[:16], SECRET[16:], "set-output"))
    if "\udcff" not in token:
        masked = token.replace("\r", "%0D").replace("\n", "%0A")
        assert f"::add-mask::{masked}" in lines
        assert lines[0].startswith("::add-mask::")


def test_a_token_in_another_input(step: Callable[..., Step]) -> None:
    """Of a token that was put into another input, too, nothing is shown, though a long value is cut."""
    token = SECRET + SECRET[::-1] * 4
    made = step()
    ending = made.run(api_token=token, stack_id=f"/{token}")
    assert 'Invalid stack_id "/***…"' in refused(made, ending, "stack_id")
    seen = ending.log.replace(f"::add-mask::{token}", "") + ending.summary + repr(ending.outputs)
    assert SECRET[:8] not in seen


_DEPENDABOT, _FORK, _SCOPES = "Secrets and variables, Dependabot", "from a fork", "public and redeploy"
_ENVIRONMENT, _REUSABLE = "only with environment: in the job", "sets secrets: inherit"


@pytest.mark.parametrize(
    ("token", "environ", "causes"),
    [
        *((token, {}, [_FORK, _ENVIRONMENT, _REUSABLE]) for token in ("", "   ", "\n", None)),
        ("", {"GITHUB_ACTOR": "renovate[bot]", "GITHUB_TRIGGERING_ACTOR": "ann"}, [_FORK, _ENVIRONMENT, _REUSABLE]),
        ("", {"GITHUB_ACTOR": "dependabot[bot]"}, [_DEPENDABOT]),
        (None, {"GITHUB_ACTOR": "dependabot[bot]", "GITHUB_TRIGGERING_ACTOR": "ann"}, [_DEPENDABOT]),
        ("", {"GITHUB_ACTOR": "ann", "GITHUB_TRIGGERING_ACTOR": "dependabot[bot]"}, [_DEPENDABOT]),
    ],
)
def test_no_token(step: Callable[..., Step], environ: dict[str, str], causes: list[str], token: str | None) -> None:
    """A missing token comes from one of a few habits of GitHub, and the error names those that can be meant."""
    made = step()
    with mock.patch.dict(harness.INPUTS):
        del harness.INPUTS["api_token"]
        inputs: dict[str, Any] = {} if token is None else {"api_token": token}
        ending = made.run(environ=environ, **inputs)
    message = refused(made, ending, "api_token")
    assert "Missing api_token. " in message
    assert [cause for cause in (_DEPENDABOT, _FORK, _ENVIRONMENT, _REUSABLE) if cause in message] == causes
    assert all(part in ending.outputs["reason"] for part in [*causes, _SCOPES, "secrets.CLOUD66_TOKEN"])
    assert "add-mask" not in ending.log
