"""The table of inputs: one row for each, in the order of action.yml."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple, TypeVar

from cloud66_redeploy.inputs import addresses, parsers

T = TypeVar("T")


API_URL = "https://app.cloud66.com/api/3"


class Command(StrEnum):
    """What the step is to do."""

    REDEPLOY = "redeploy"
    WAIT = "wait"
    """For deployments that were asked for elsewhere."""
    CANCEL = "cancel"
    STATUS = "status"


class OnBusy(StrEnum):
    """What to do when the stack is deploying already."""

    QUEUE = "queue"
    FAIL = "fail"
    SKIP = "skip"
    CANCEL = "cancel"
    """What runs, if it carries a reference of this repository."""
    CANCEL_ANY = "cancel_any"


class LogMode(StrEnum):
    """When the stack's log is shown."""

    ON_FAILURE = "on_failure"
    LIVE = "live"
    NEVER = "never"


class IfLive(StrEnum):
    """What to do when the commit that is asked for is live already."""

    DEPLOY = "deploy"
    SKIP = "skip"


class Field(NamedTuple):
    """What there is to know of an input beside its value."""

    commands: frozenset[Command]
    """Those that it goes with. The others take nothing but its default, which says nothing."""
    parse: Callable[[str, str], Any]
    """Reads and checks it, by its name and its default; raises InputError."""
    default: str = ""
    git_only: str = ""
    """Why it doesn't go with Docker stacks, or "" where it goes with every stack."""
    attribute: str = ""
    """Its name in the table, where a duration carries its unit."""

    @property
    def name(self) -> str:
        """Its name in action.yml."""
        return self.attribute.removesuffix("_seconds")


def row(commands: frozenset[Command], parse: Callable[[str, str], T], default: str = "", git_only: str = "") -> T:
    """Make a row of the table; its value has the type that its parser returns."""
    made: T = field(repr=parse is not parsers.token, metadata={"field": Field(commands, parse, default, git_only)})
    return made


_ALL = frozenset(Command)
_REDEPLOY = frozenset({Command.REDEPLOY})
_WAITS = frozenset({Command.REDEPLOY, Command.WAIT})
_FOLLOWS = _ALL - _REDEPLOY

_NO_REF = "Cloud 66 accepts it only for stacks built from git. Use services instead."
_NO_ROLLBACK = "A rollback redeploys a commit, and Cloud 66 records none for a Docker stack."
_NO_COMMIT = "Cloud 66 records no commit for a Docker stack, so there is nothing to check."


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Table:
    """The inputs, checked. Empty text where one was not given; several a line each; durations in seconds."""

    api_token: str = row(_ALL, parsers.token)
    command: Command = row(_ALL, partial(parsers.choice, Command), Command.REDEPLOY)
    stack_id: str = row(_ALL, partial(parsers.lines_like, parsers.STACK, parsers.STACK_HELP))
    stack_name: str = row(_ALL, parsers.text)
    stack_environment: str = row(_ALL, parsers.text)
    git_ref: str = row(_REDEPLOY, parsers.git_ref, git_only=_NO_REF)
    services: str = row(_REDEPLOY, parsers.services)
    profile: str = row(_REDEPLOY, parsers.text)
    deployment_id: str = row(_FOLLOWS, partial(parsers.lines_like, parsers.DEPLOYMENT, parsers.DEPLOYMENT_HELP))
    user_reference: str = row(_ALL, parsers.texts)
    on_busy: OnBusy = row(_REDEPLOY, partial(parsers.choice, OnBusy), OnBusy.QUEUE)
    if_live: IfLive = row(_REDEPLOY, partial(parsers.choice, IfLive), IfLive.DEPLOY)
    wait: bool = row(_REDEPLOY, parsers.boolean, "true")
    timeout_seconds: int = row(_WAITS | {Command.CANCEL}, parsers.seconds, "30m")
    queue_timeout_seconds: int = row(_WAITS, parsers.seconds)
    poll_interval_seconds: int = row(_WAITS, parsers.seconds, "30s")
    cancel_on_abort: bool = row(_WAITS, parsers.boolean, "true")
    cancel_on_timeout: bool = row(_WAITS, parsers.boolean, "false")
    rollback: bool = row(_REDEPLOY, parsers.boolean, "false", _NO_ROLLBACK)
    expected_commit: str = row(_WAITS, parsers.commit, git_only=_NO_COMMIT)
    health_check: str = row(_WAITS, addresses.health_check)
    health_check_timeout_seconds: int = row(_WAITS, parsers.seconds, "2m")
    health_check_status: tuple[tuple[int, int], ...] = row(_WAITS, addresses.statuses, "200-399")
    health_check_contains: str = row(_WAITS, parsers.text)
    log: LogMode = row(_WAITS, partial(parsers.choice, LogMode), LogMode.ON_FAILURE)
    dry_run: bool = row(_REDEPLOY, parsers.boolean, "false")
    api_url: str = row(_ALL, addresses.api_url, API_URL)


FIELDS: tuple[Field, ...] = tuple(row.metadata["field"]._replace(attribute=row.name) for row in fields(Table))
