"""The table of inputs: one row for each, in the order of action.yml."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar

from cloud66_redeploy.inputs import addresses, parsers

T = TypeVar("T")


API_URL = "https://app.cloud66.com/api/3"


class Command(StrEnum):
    """What the step is to do."""

    REDEPLOY = "redeploy"
    WAIT = "wait"
    """For deployments that were started elsewhere."""
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
    """What to do when the commit that is wanted is live already."""

    DEPLOY = "deploy"
    SKIP = "skip"


class Field(Generic[T]):
    """
    What there is to know of an input; its value has the type that its parser returns.

    Attributes:
        commands: those that it goes with. The others take nothing but its default and `off`, which say nothing.
        parse: reads and checks it, by its name and its default; raises InputError.
        git_only: why it doesn't go with Docker stacks, or "" where it goes with every stack.
        off: a word for the same as no value, or "".
        attribute: its name in the table, where a duration carries its unit.
        name: its name in action.yml.

    """

    def __init__(
        self,
        commands: frozenset[Command],
        parse: Callable[[str, str], T],
        default: str = "",
        git_only: str = "",
        off: str = "",
    ) -> None:
        self.commands = commands
        self.parse = parse
        self.default = default
        self.git_only = git_only
        self.off = off

    def __set_name__(self, table: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = attribute.removesuffix("_seconds")

    def __get__(self, table: "Table", _kind: type) -> T:
        value: T = table.values[self.attribute]
        return value


_ALL = frozenset(Command)
_REDEPLOY = frozenset({Command.REDEPLOY})
_WAITS = frozenset({Command.REDEPLOY, Command.WAIT})
_FOLLOWS = _ALL - _REDEPLOY

_NO_REF = "Cloud 66 accepts it only for stacks built from git. Use services instead."
_NO_ROLLBACK = "A rollback redeploys a commit, and Cloud 66 records none for a Docker stack."
_NO_COMMIT = "Cloud 66 records no commit for a Docker stack, so there is nothing to check."


class Table:
    """The inputs, checked. Empty text where one was not given; several a line each; durations in seconds."""

    api_token = Field(_ALL, parsers.token)
    command = Field(_ALL, partial(parsers.choice, Command), Command.REDEPLOY)
    stack_id = Field(_ALL, partial(parsers.lines_like, parsers.STACK, parsers.STACK_HELP))
    stack_name = Field(_ALL, parsers.text)
    stack_environment = Field(_ALL, parsers.text)
    git_ref = Field(_REDEPLOY, parsers.git_ref, git_only=_NO_REF)
    services = Field(_REDEPLOY, parsers.services)
    profile = Field(_REDEPLOY, parsers.text)
    deployment_id = Field(_FOLLOWS, partial(parsers.lines_like, parsers.DEPLOYMENT, parsers.DEPLOYMENT_HELP))
    user_reference = Field(_ALL, parsers.texts)
    on_busy = Field(_REDEPLOY, partial(parsers.choice, OnBusy), OnBusy.QUEUE)
    if_live = Field(_REDEPLOY, partial(parsers.choice, IfLive), IfLive.DEPLOY)
    wait = Field(_REDEPLOY, parsers.boolean, "true")
    timeout_seconds = Field(_WAITS | {Command.CANCEL}, parsers.seconds, "30m")
    queue_timeout_seconds = Field(_WAITS, parsers.seconds)
    poll_interval_seconds = Field(_WAITS, parsers.seconds, "30s")
    cancel_on_abort = Field(_WAITS, parsers.boolean, "true")
    cancel_on_timeout = Field(_WAITS, parsers.boolean, "false")
    rollback = Field(_REDEPLOY, parsers.boolean, "false", _NO_ROLLBACK)
    expected_commit = Field(_WAITS, parsers.commit, git_only=_NO_COMMIT)
    health_check = Field(_WAITS, addresses.health_check, off="false")
    health_check_timeout_seconds = Field(_WAITS, parsers.seconds, "2m")
    health_check_status = Field(_WAITS, addresses.statuses, "200-399")
    health_check_contains = Field(_WAITS, parsers.text)
    log = Field(_WAITS, partial(parsers.choice, LogMode), LogMode.ON_FAILURE)
    dry_run = Field(_REDEPLOY, parsers.boolean, "false")
    api_url = Field(_ALL, addresses.api_url, API_URL)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values


FIELDS: tuple[Field[Any], ...] = tuple(row for row in vars(Table).values() if isinstance(row, Field))
