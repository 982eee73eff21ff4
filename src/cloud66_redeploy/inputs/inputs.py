"""What the step has to do: read and checked once, before anything else."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs import parsers
from cloud66_redeploy.inputs.fields import FIELDS, Command, Field, IfLive, Table
from cloud66_redeploy.inputs.parsers import invalid
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


class Inputs(Table):
    """
    The table's values, and what else follows from what was given.

    Attributes:
        reference_is_derived: user_reference was not given, so no other run has the same.
        git_ref_as_given: before refs/heads/ or refs/tags/ was left out.

    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.reference_is_derived = self.command is Command.REDEPLOY and not self.user_reference
        self.git_ref_as_given = parsers.raw("git_ref")

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
        lines = {name: self.values[name].splitlines() for name in ("stack_id", "deployment_id", "user_reference")}
        count = max(1, *map(len, lines.values()))
        rows = zip(*(_spread(name, given, count) for name, given in lines.items()), strict=True)
        targets = tuple(Target(stack_id, reference, int(number or 0) or None) for stack_id, number, reference in rows)
        for index, target in enumerate(targets):
            if target in targets[:index]:
                name = "deployment_id" if target.deployment_id else "user_reference"
                listed = parsers.shown(str(target.deployment_id or target.reference))
                raise invalid(name, f"{listed} is listed twice. List each deployment once.")
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
        inputs = cls(values)
        _check_stack(inputs)
        _check_together(inputs)
        _check_targets(inputs)
        if not values["expected_commit"] and is_full_hash(values["git_ref"]):
            values["expected_commit"] = values["git_ref"].lower()
        if inputs.reference_is_derived:
            stack = {name: values[name] for name in ("stack_id", "stack_name", "stack_environment") if values[name]}
            values["user_reference"] = derive_reference(environ, inputs.options | stack)
        return inputs


def _check_token(environ: Mapping[str, str]) -> None:
    if not parsers.raw("api_token"):
        actors = [environ.get(name) for name in ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR")]
        why = _DEPENDABOT if "dependabot[bot]" in actors else _NOT_PASSED
        raise InputError("api_token", f"Missing api_token. {why} {parsers.HOW_TO_GET_ONE}")


def _check_fit(row: Field[Any], command: Command) -> None:
    """Refuse an input that the command does nothing with: a user who gives it expects something of it."""
    # The runner passes the defaults on.
    if command in row.commands or parsers.raw(row.name).lower() in {"", row.default, row.off}:
        return
    where = ", ".join(name for name in Command if name in row.commands)
    given = parsers.without_secrets(parsers.given(row.name))
    said = f"it can't be used with command: {command}. Use it with command: {where}."
    raise invalid(row.name, said, given)


def _check_stack(inputs: Inputs) -> None:
    if inputs.stack_name and inputs.stack_id:
        raise invalid("stack_name", "it can't be combined with stack_id. Use one of them.")
    if inputs.stack_environment and not inputs.stack_name:
        raise invalid("stack_environment", "it needs stack_name. Use it if several stacks share a name.")
    if not inputs.stack_id and not inputs.stack_name:
        how = f"{parsers.STACK_HELP} You can also use the stack's name as stack_name."
        raise InputError("stack_id", f"Missing stack_id: {how} {_DROPPED}")


def _check_together(inputs: Inputs) -> None:
    if inputs.git_ref and inputs.services:
        why = "git_ref is for stacks built from git, and services is for Docker stacks."
        raise invalid("services", f"it can't be combined with git_ref. {why}")
    if inputs.services:
        _refuse_git_only(inputs, "services")
    # What `if_live` compares with needs no wait.
    for name in ("rollback", "health_check", *(["expected_commit"] if inputs.if_live is IfLive.DEPLOY else [])):
        if inputs.values[name] and not inputs.wait:
            raise invalid(name, "it needs wait: true.")
    for row in FIELDS:
        is_of_check = row.name.startswith("health_check_") and not inputs.health_check
        if is_of_check and parsers.raw(row.name) not in {"", row.default}:
            how = "Set health_check to an address, or to true for the stack's own."
            raise invalid(row.name, f"it needs health_check. {how}")


def _refuse_git_only(inputs: Inputs, what: str) -> None:
    for row in FIELDS:
        if row.git_only and inputs.values[row.attribute]:
            raise invalid(row.name, f"it can't be used with {what}. {row.git_only}")


def _check_targets(inputs: Inputs) -> None:
    """Check that the step is told which deployments it is about, as far as its command has to know."""
    if inputs.command is not Command.WAIT:
        for name in ("stack_id", "deployment_id"):
            if "\n" in inputs.values[name]:
                raise invalid(name, "use several values only with command: wait, one per line.", inputs.values[name])
        parsers.text("user_reference", "")  # raises where it has several lines
    elif not (inputs.user_reference or inputs.deployment_id):
        said = "Missing user_reference or deployment_id."
        raise InputError("user_reference", f"{said} {_NOTHING_TO_WAIT_FOR}")
    targets = inputs.targets  # raises where the lines don't go together
    if len(targets) > 1 and inputs.health_check not in {"", "true"}:
        said = f"it is one address, but there are {len(targets)} deployments."
        raise invalid("health_check", f"{said} Use true to check each stack's own address.")


def _spread(name: str, lines: list[str], targets: int) -> list[str]:
    """Give each of so many targets its line, the single one for all, or nothing."""
    # No single id for all: an id is one deployment's alone. An empty output leaves a line out.
    is_for_all = len(lines) == 1 and name != "deployment_id"
    if len(lines) not in {0, targets} and not is_for_all:
        how = "" if name == "deployment_id" else ", in the same order, or a single one for all"
        said = f"it has {len(lines)} lines, but there are {targets} deployments. Use one per deployment{how}."
        raise invalid(name, said)
    if len(lines) > MOST_TARGETS:
        raise invalid(name, f"it has {len(lines)} lines. Use at most {MOST_TARGETS}.")
    return lines if len(lines) == targets else (lines or [""]) * targets
