"""The commands of the step, and which input goes with which. Pure."""

from enum import StrEnum


class Command(StrEnum):
    """What the step is to do."""

    REDEPLOY = "redeploy"
    WAIT = "wait"
    """For deployments that were asked for elsewhere."""
    CANCEL = "cancel"
    STATUS = "status"


_REDEPLOY = frozenset({Command.REDEPLOY})
_WAITS = frozenset({Command.REDEPLOY, Command.WAIT})
_FOLLOWS = frozenset({Command.WAIT, Command.CANCEL, Command.STATUS})

FITS: dict[str, frozenset[Command]] = {
    "git_ref": _REDEPLOY,
    "services": _REDEPLOY,
    "profile": _REDEPLOY,
    "wait": _REDEPLOY,
    "on_busy": _REDEPLOY,
    "rollback": _REDEPLOY,
    "dry_run": _REDEPLOY,
    "deployment_id": _FOLLOWS,
    "timeout": _WAITS | {Command.CANCEL},
    "queue_timeout": _WAITS,
    "poll_interval": _WAITS,
    "cancel_on_abort": _WAITS,
    "cancel_on_timeout": _WAITS,
    "expected_commit": _WAITS,
    "log": _WAITS,
}
"""Inputs that don't go with every command. Elsewhere they may have their default, which says nothing."""


class OnBusy(StrEnum):
    """What to do when the stack is deploying already."""

    QUEUE = "queue"
    FAIL = "fail"
    SKIP = "skip"
    CANCEL = "cancel"
    """What runs, if it carries a reference of this repository."""
    CANCEL_ANY = "cancel: any"


class LogMode(StrEnum):
    """When the stack's log is shown."""

    ON_FAILURE = "on_failure"
    LIVE = "live"
    NEVER = "never"
