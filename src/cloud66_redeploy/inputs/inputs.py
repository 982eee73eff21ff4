"""What the step was asked for: read once, checked, and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs import parsers
from cloud66_redeploy.inputs.fields import FIELDS, Command, Field, Table
from cloud66_redeploy.model.git import is_full_hash
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.model.reference import derive_reference
from cloud66_redeploy.timing import STATUS_SECONDS

MOST_TARGETS = 50
"""So many at once still go round with the hour's calls."""

_DEPENDABOT = (
    "Runs that Dependabot starts get only its own secrets: "
    "store the token under Settings, Secrets and variables, Dependabot, too."
)
_NOT_PASSED = (
    "Workflows started from a fork get no secrets. "
    "An environment's secret is there only with environment: in the job. "
    "A reusable workflow gets no secrets unless its caller says secrets: inherit."
)
_DROPPED = (
    "If it comes from an earlier job, GitHub may have dropped that output, because it held a secret's value. "
    "Look for 'Skip output' in that job's log."
)
_NOTHING_TO_WAIT_FOR = (
    "Give what the step that asked for the deployment has put out as user_reference, one a line. "
    f"{_DROPPED} Give that job a user_reference that holds no such value."
)


class Target(NamedTuple):
    """One deployment that the step is about. With neither reference nor id, what the stack is doing now is meant."""

    stack_id: str
    """The stack's UID, or "" where the stack is given by its name."""
    reference: str = ""
    deployment_id: int | None = None


@dataclass(frozen=True)
class Inputs(Table):
    """The table's values, and what else follows from what was given."""

    reference_is_derived: bool = False
    """user_reference was not given, so no other run has the same."""
    git_ref_as_given: str = ""
    """Before refs/heads/ or refs/tags/ was left out."""

    @property
    def options(self) -> dict[str, str]:
        """The redeploy call's options, by the API's names."""
        options = {
            "git_ref": self.git_ref,
            "services": self.services,
            "deployment_profile": self.profile,
            "user_reference": self.user_reference,
        }
        return {name: value for name, value in options.items() if value}

    @property
    def targets(self) -> tuple[Target, ...]:
        """
        The deployments that the step is about: the lines of three inputs, put together.

        Raises:
            InputError: they don't go together, name one deployment twice, or are too many.

        """
        names = ("stack_id", "deployment_id", "user_reference")
        given = {name: getattr(self, name).splitlines() for name in names}
        count = max(1, *map(len, given.values()))
        for name, lines in given.items():
            _check_count(name, len(lines), count)
        rows = zip(*(_spread(lines, count) for lines in given.values()), strict=True)
        targets = tuple(Target(stack_id, reference, int(number or 0) or None) for stack_id, number, reference in rows)
        for index, target in enumerate(targets):
            if target in targets[:index]:
                name = "deployment_id" if target.deployment_id else "user_reference"
                said = f"names one deployment twice: {target.deployment_id or target.reference!r}."
                raise InputError(name, said, "Each can be waited for once.")
        return targets

    def check_stack(self, stack: Stack) -> None:
        """
        Check what goes with some stacks only. A stack whose record tells no framework goes with all.

        Raises:
            InputError: it is a Docker stack, and an input goes with those built from git.

        """
        if stack.text("framework").strip().lower() == "docker":
            _refuse_git_only(self, "was given for a Docker stack.")

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Inputs":
        """
        Read and check every input.

        The environment tells what the reference is derived from, and why no token is there.

        Raises:
            InputError: the first input that can't be used.

        """
        _check_token(environ)
        values: dict[str, Any] = {"command": Command.REDEPLOY}
        for row in FIELDS:
            _check_fit(row, values["command"])
            values[row.attribute] = row.parse(row.name, row.default)
        if values["command"] is Command.STATUS:
            values["timeout_seconds"] = STATUS_SECONDS
        values["queue_timeout_seconds"] = values["queue_timeout_seconds"] or values["timeout_seconds"]
        if not values["expected_commit"] and is_full_hash(values["git_ref"]):
            values["expected_commit"] = values["git_ref"].lower()
        inputs = cls(**values, git_ref_as_given=parsers.raw("git_ref"))
        _check_stack(inputs)
        _check_together(inputs)
        _check_targets(inputs)
        if inputs.command is not Command.REDEPLOY or inputs.user_reference:
            return inputs
        return replace(inputs, user_reference=_derive_reference(inputs, environ), reference_is_derived=True)


def _derive_reference(inputs: Inputs, environ: Mapping[str, str]) -> str:
    stack = {name: getattr(inputs, name) for name in ("stack_id", "stack_name", "stack_environment")}
    return derive_reference(environ, inputs.options | {name: value for name, value in stack.items() if value})


def _check_token(environ: Mapping[str, str]) -> None:
    if not parsers.raw("api_token"):
        actors = [environ.get(name) for name in ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR")]
        why = _DEPENDABOT if "dependabot[bot]" in actors else _NOT_PASSED
        raise InputError("api_token", "is empty.", f"{why} {parsers.HOW_TO_GET_ONE}")


def _check_fit(row: Field, command: Command) -> None:
    """Refuse an input that the command does nothing with: whoever gives one expects something of it."""
    # The runner passes the defaults on.
    if command in row.commands or parsers.raw(row.name).lower() in {"", row.default}:
        return
    where = ", ".join(name for name in Command if name in row.commands)
    given = parsers.shown(parsers.given(row.name))
    raise InputError(row.name, f"was given as {given}, with command: {command}.", f"It goes with {where} only.")


def _check_stack(inputs: Inputs) -> None:
    ids, name, environment = inputs.stack_id.splitlines(), inputs.stack_name, inputs.stack_environment
    if name and ids:
        said = f"was given together with stack_id ({parsers.shown(ids[0])})."
        raise InputError("stack_name", said, "Give one of the two.")
    if environment and not name:
        said = f"was given as {parsers.shown(environment)}, without stack_name."
        raise InputError("stack_environment", said, "It tells stacks of one name apart: give stack_name, too.")
    if not ids and not name:
        raise InputError("stack_id", "is empty.", f"{parsers.STACK_HELP} Or give its name as stack_name. {_DROPPED}")


def _check_together(inputs: Inputs) -> None:
    if inputs.git_ref and inputs.services:
        said = f"was given together with git_ref ({parsers.shown(inputs.git_ref)})."
        valid = "git_ref is for stacks built from git, services for Docker stacks: give one of the two."
        raise InputError("services", said, valid)
    if inputs.services:
        _refuse_git_only(inputs, "was given together with services.")
    if inputs.rollback and not inputs.wait:
        raise InputError("rollback", "was given together with wait: false.", "Only who waits sees a bad outcome.")
    _check_health(inputs)


def _check_health(inputs: Inputs) -> None:
    if inputs.health_check and not inputs.wait:
        said = "was given together with wait: false."
        raise InputError("health_check", said, "Only who waits knows when there is something to check.")
    if inputs.health_check:
        return
    for row in FIELDS:
        given = parsers.raw(row.name)
        if row.name.startswith("health_check_") and given not in {"", row.default}:
            said = f"was given as {parsers.shown(given)}, without health_check."
            raise InputError(row.name, said, "Give health_check, too: an address, or true for the stack's own.")


def _refuse_git_only(inputs: Inputs, said: str) -> None:
    for row in FIELDS:
        if row.git_only and getattr(inputs, row.attribute):
            raise InputError(row.name, said, row.git_only)


def _check_targets(inputs: Inputs) -> None:
    """Check that the step is told which deployments it is about, as far as its command has to know."""
    if inputs.command is not Command.WAIT:
        for name in ("stack_id", "deployment_id"):
            if "\n" in getattr(inputs, name):
                raise parsers.wrong(name, getattr(inputs, name), "Several, one a line, go with command: wait only.")
        parsers.text("user_reference", "")  # raises where it has several lines
    elif not (inputs.user_reference or inputs.deployment_id):
        raise InputError("user_reference", "is empty, and so is deployment_id.", _NOTHING_TO_WAIT_FOR)
    targets = inputs.targets  # raises where the lines don't go together
    if len(targets) > 1 and inputs.health_check not in {"", "true"}:
        said = f"is one address, where there are {len(targets)} deployments."
        raise InputError("health_check", said, "Give true: each stack's own address is checked.")


def _check_count(name: str, lines: int, targets: int) -> None:
    # No single id for all: an id is one deployment's alone. An empty output leaves a line out.
    is_for_all = lines == 1 and name != "deployment_id"
    if lines not in {0, targets} and not is_for_all:
        each = "one for each" if name == "deployment_id" else "one for each, in the same order, or a single one for all"
        raise InputError(name, f"has {lines} lines, where there are {targets} deployments.", f"Give {each}.")
    if lines > MOST_TARGETS:
        raise InputError(name, f"has {lines} lines.", f"At most {MOST_TARGETS} deployments are allowed.")


def _spread(lines: list[str], count: int) -> list[str]:
    """Give each of so many targets its line, the single one for all, or nothing."""
    return lines if len(lines) == count else (lines or [""]) * count
