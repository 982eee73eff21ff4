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
    "Runs that Dependabot starts get only Dependabot's secrets. "
    "Save the token under Settings, Secrets and variables, Dependabot, too."
)
_NOT_PASSED = (
    "Workflows started from a fork get no secrets. "
    "A job gets an environment's secret only with environment: in the job. "
    "A reusable workflow gets no secrets unless its caller sets secrets: inherit."
)
_DROPPED = (
    "If it comes from an earlier job, GitHub may have dropped that output because it contained a secret's value. "
    "Look for 'Skip output' in that job's log."
)
_NOTHING_TO_WAIT_FOR = (
    "Pass the user_reference output of the step that started the deployment, one per line. "
    f"{_DROPPED} Give that job a user_reference that contains no such value."
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
                listed = parsers.shown(str(target.deployment_id or target.reference))
                raise InputError(name, f"Invalid {name}: {listed} is listed twice. List each deployment once.")
        return targets

    def check_stack(self, stack: Stack) -> None:
        """
        Check what goes with some stacks only. A stack whose record tells no framework goes with all.

        Raises:
            InputError: it is a Docker stack, and an input goes with those built from git.

        """
        if stack.text("framework").strip().lower() == "docker":
            _refuse_git_only(self, "a Docker stack")

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
        raise InputError("api_token", f"Missing api_token. {why} {parsers.HOW_TO_GET_ONE}")


def _check_fit(row: Field, command: Command) -> None:
    """Refuse an input that the command does nothing with: whoever gives one expects something of it."""
    # The runner passes the defaults on.
    if command in row.commands or parsers.raw(row.name).lower() in {"", row.default}:
        return
    where = ", ".join(name for name in Command if name in row.commands)
    given = parsers.shown(parsers.without_secrets(parsers.given(row.name)))
    said = f"Invalid {row.name} {given}: it can't be used with command: {command}. Use it with command: {where}."
    raise InputError(row.name, said)


def _check_stack(inputs: Inputs) -> None:
    ids, name, environment = inputs.stack_id.splitlines(), inputs.stack_name, inputs.stack_environment
    if name and ids:
        raise InputError("stack_name", "Invalid stack_name: it can't be combined with stack_id. Use one of them.")
    if environment and not name:
        said = "Invalid stack_environment: it needs stack_name. Use it if several stacks share a name."
        raise InputError("stack_environment", said)
    if not ids and not name:
        how = f"{parsers.STACK_HELP} You can also use the stack's name as stack_name."
        raise InputError("stack_id", f"Missing stack_id: {how} {_DROPPED}")


def _check_together(inputs: Inputs) -> None:
    if inputs.git_ref and inputs.services:
        why = "git_ref is for stacks built from git, and services is for Docker stacks."
        raise InputError("services", f"Invalid services: it can't be combined with git_ref. {why}")
    if inputs.services:
        _refuse_git_only(inputs, "services")
    if inputs.rollback and not inputs.wait:
        raise InputError("rollback", "Invalid rollback: it needs wait: true.")
    _check_health(inputs)


def _check_health(inputs: Inputs) -> None:
    if inputs.health_check and not inputs.wait:
        raise InputError("health_check", "Invalid health_check: it needs wait: true.")
    if inputs.health_check:
        return
    for row in FIELDS:
        if row.name.startswith("health_check_") and parsers.raw(row.name) not in {"", row.default}:
            how = "Set health_check to an address, or to true for the stack's own."
            raise InputError(row.name, f"Invalid {row.name}: it needs health_check. {how}")


def _refuse_git_only(inputs: Inputs, what: str) -> None:
    for row in FIELDS:
        if row.git_only and getattr(inputs, row.attribute):
            raise InputError(row.name, f"Invalid {row.name}: it can't be used with {what}. {row.git_only}")


def _check_targets(inputs: Inputs) -> None:
    """Check that the step is told which deployments it is about, as far as its command has to know."""
    if inputs.command is not Command.WAIT:
        for name in ("stack_id", "deployment_id"):
            if "\n" in getattr(inputs, name):
                valid = "use several values only with command: wait, one per line."
                raise parsers.wrong(name, getattr(inputs, name), valid)
        parsers.text("user_reference", "")  # raises where it has several lines
    elif not (inputs.user_reference or inputs.deployment_id):
        said = "Missing user_reference or deployment_id."
        raise InputError("user_reference", f"{said} {_NOTHING_TO_WAIT_FOR}")
    targets = inputs.targets  # raises where the lines don't go together
    if len(targets) > 1 and inputs.health_check not in {"", "true"}:
        said = f"Invalid health_check: it is one address, but there are {len(targets)} deployments."
        raise InputError("health_check", f"{said} Use true to check each stack's own address.")


def _check_count(name: str, lines: int, targets: int) -> None:
    # No single id for all: an id is one deployment's alone. An empty output leaves a line out.
    is_for_all = lines == 1 and name != "deployment_id"
    if lines not in {0, targets} and not is_for_all:
        how = "one per deployment"
        how += "" if name == "deployment_id" else ", in the same order, or a single one for all"
        raise InputError(name, f"Invalid {name}: it has {lines} lines, but there are {targets} deployments. Use {how}.")
    if lines > MOST_TARGETS:
        raise InputError(name, f"Invalid {name}: it has {lines} lines. Use at most {MOST_TARGETS}.")


def _spread(lines: list[str], count: int) -> list[str]:
    """Give each of so many targets its line, the single one for all, or nothing."""
    return lines if len(lines) == count else (lines or [""]) * count
