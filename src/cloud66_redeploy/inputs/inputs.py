"""What the step was asked for: read once, checked, and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs import parsers
from cloud66_redeploy.inputs.address import api_url
from cloud66_redeploy.inputs.choices import FITS, Command, LogMode, OnBusy
from cloud66_redeploy.inputs.targets import Target, targets_of
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.model.reference import derive_reference
from cloud66_redeploy.timing import STATUS_SECONDS

_NO_ROLLBACK = "A rollback deploys the last good commit again, and the deployments of a Docker stack tell no commit."
_NO_COMMIT = "The deployments of a Docker stack tell no commit, so it can't be checked: leave it out."
_GIT_ALONE = {
    "git_ref": "Cloud 66 takes it for stacks built from git only: give services, or nothing.",
    "expected_commit": _NO_COMMIT,
    "rollback": _NO_ROLLBACK,
}
"""Inputs that don't go with Docker stacks, and why."""
_DROPPED = (
    "If it comes from an earlier job, GitHub may have dropped that output, because it held a secret's value. "
    "Look for 'Skip output' in that job's log."
)
_NOTHING_TO_WAIT_FOR = (
    "Give what the step that asked for the deployment has put out as user_reference, one a line. "
    f"{_DROPPED} Give that job a user_reference that holds no such value."
)


@dataclass(frozen=True)
class Inputs:
    """The inputs, checked. Empty text where one was not given; several a line each; durations in seconds."""

    command: Command
    api_token: str = field(repr=False)
    stack_id: str
    stack_name: str
    environment: str
    git_ref: str
    services: str
    profile: str
    deployment_id: str
    user_reference: str
    on_busy: OnBusy
    wait: bool
    timeout_seconds: int
    queue_timeout_seconds: int
    poll_interval_seconds: int
    cancel_on_abort: bool
    cancel_on_timeout: bool
    rollback: bool
    expected_commit: str
    log: LogMode
    dry_run: bool
    api_url: str

    @property
    def options(self) -> dict[str, str]:
        """The redeploy call's options, by the API's names."""
        return _options(self.git_ref, self.services, self.profile) | {"user_reference": self.user_reference}

    @property
    def targets(self) -> tuple[Target, ...]:
        """The deployments that the step is about, where it does not ask for one itself."""
        numbers = [int(line) for line in self.deployment_id.splitlines()]
        return targets_of(self.stack_id.splitlines(), self.user_reference.splitlines(), numbers)

    def check_stack(self, stack: Stack) -> None:
        """
        Check what goes with some stacks only. A stack whose record tells no framework goes with all.

        Raises:
            InputError: it is a Docker stack, and an input goes with those built from git.

        """
        if stack.text("framework").strip().lower() != "docker":
            return
        for name, why in _GIT_ALONE.items():
            if getattr(self, name):
                raise InputError(name, "was given for a Docker stack.", why)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Inputs":
        """
        Read and check every input.

        Args:
            environ: the step's environment, for what the reference is derived from, and why no token is there.

        Raises:
            InputError: the first input that can't be used.

        """
        token = parsers.api_token(environ)
        command = Command(parsers.choice("command", list(Command)))
        _check_fit(command)
        stack_id, name, environment = _stack()
        git_ref, services, profile = parsers.git_ref(), parsers.services(), parsers.text("profile")
        timeout = STATUS_SECONDS if command is Command.STATUS else parsers.seconds("timeout")
        stack = {"stack_id": stack_id, "stack_name": name, "environment": environment}
        asked_for = _options(git_ref, services, profile) | {key: value for key, value in stack.items() if value}
        references = parsers.texts("user_reference") if command is Command.WAIT else [parsers.text("user_reference")]
        reference = "\n".join(one for one in references if one)
        if command is Command.REDEPLOY:
            reference = reference or derive_reference(environ, asked_for)
        loaded = cls(
            command=command,
            api_token=token,
            **stack,
            git_ref=git_ref,
            services=services,
            profile=profile,
            deployment_id="\n".join(map(str, parsers.numbers("deployment_id"))),
            user_reference=reference,
            on_busy=OnBusy(parsers.choice("on_busy", list(OnBusy))),
            wait=parsers.boolean("wait"),
            timeout_seconds=timeout,
            queue_timeout_seconds=parsers.seconds("queue_timeout", default=timeout),
            poll_interval_seconds=parsers.seconds("poll_interval"),
            cancel_on_abort=parsers.boolean("cancel_on_abort"),
            cancel_on_timeout=parsers.boolean("cancel_on_timeout"),
            rollback=parsers.boolean("rollback"),
            expected_commit=parsers.expected_commit(git_ref),
            log=LogMode(parsers.choice("log", list(LogMode))),
            dry_run=parsers.boolean("dry_run"),
            api_url=api_url(),
        )
        _check_together(loaded)
        return loaded


def _options(git_ref: str, services: str, profile: str) -> dict[str, str]:
    options = {"git_ref": git_ref, "services": services, "deployment_profile": profile}
    return {name: value for name, value in options.items() if value}


def _check_fit(command: Command) -> None:
    """Refuse inputs that the command does nothing with: whoever gives one expects something of it."""
    for name, commands in FITS.items():
        if command not in commands and not parsers.is_default(name):
            where = ", ".join(one for one in Command if one in commands)
            given = parsers.shown(parsers.given(name))
            raise InputError(name, f"was given as {given}, with command: {command}.", f"It goes with {where} only.")


def _stack() -> tuple[str, str, str]:
    ids, name, environment = parsers.stack_ids(), parsers.text("stack_name"), parsers.text("environment")
    if name and ids:
        raise InputError(
            "stack_name", f"was given together with stack_id ({parsers.shown(ids[0])}).", "Give one of the two."
        )
    if environment and not name:
        raise InputError(
            "environment",
            f"was given as {parsers.shown(environment)}, without stack_name.",
            "It tells stacks of one name apart: give stack_name, too.",
        )
    if not ids and not name:
        raise InputError("stack_id", "is empty.", f"{parsers.STACK_HELP} Or give its name as stack_name. {_DROPPED}")
    return "\n".join(ids), name, environment


def _check_together(inputs: Inputs) -> None:
    """
    Check what depends on more than one input.

    Raises:
        InputError: two don't go together.

    """
    if inputs.git_ref and inputs.services:
        raise InputError(
            "services",
            f"was given together with git_ref ({parsers.shown(inputs.git_ref)}).",
            "git_ref is for stacks built from git, services for Docker stacks: give one of the two.",
        )
    if inputs.services:
        for name in ("rollback", "expected_commit"):
            if getattr(inputs, name):
                raise InputError(name, "was given together with services.", _GIT_ALONE[name])
    if inputs.rollback and not inputs.wait:
        raise InputError("rollback", "was given together with wait: false.", "Only who waits sees a bad outcome.")
    _check_targets(inputs)


def _check_targets(inputs: Inputs) -> None:
    """
    Check that the step is told which deployments it is about, as far as its command has to know.

    Raises:
        InputError: it isn't, or the lines don't go together.

    """
    if inputs.command is Command.WAIT:
        if not (inputs.user_reference or inputs.deployment_id):
            raise InputError(
                "user_reference",
                "is empty, and so is deployment_id.",
                _NOTHING_TO_WAIT_FOR,
            )
    else:
        for name in ("stack_id", "deployment_id"):
            if "\n" in getattr(inputs, name):
                given = parsers.shown(getattr(inputs, name))
                raise InputError(name, f"was given as {given}.", "Several, one a line, go with command: wait only.")
    if inputs.command is not Command.REDEPLOY:
        _ = inputs.targets  # raises where the lines don't go together
