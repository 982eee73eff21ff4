"""How a run ended, as data: the outcome, the reason, and what the reason's words are filled with. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from cloud66_redeploy.model.health import Health
from cloud66_redeploy.model.records import Action, Deployment, Phase


class Outcome(StrEnum):
    """How a run ended, or, for one look, how things stand; from the best to the worst."""

    SUCCESS = "success"
    SCHEDULED = "scheduled"
    SKIPPED = "skipped"
    DRY_RUN = "dry_run"
    QUEUED = "queued"
    DEPLOYING = "deploying"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown"
    UNHEALTHY = "unhealthy"
    """The deployment succeeded, but the application does not answer well."""
    FAILED = "failed"

    @property
    def is_green(self) -> bool:
        """Whether the job may go on."""
        return self not in _RED


_RED = {Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.UNKNOWN, Outcome.UNHEALTHY, Outcome.FAILED}


class Reason(Enum):
    """
    Why a run ended as it did, with its outcome; `report/wording.py` has the words for each.

    One without an outcome tells of other results (`Result.parts`), and has the outcome of the first.
    """

    outcome: Outcome | None

    # Both records have been read
    SUCCEEDED = Outcome.SUCCESS
    SUCCEEDED_UNIDENTIFIED = Outcome.SUCCESS
    FAILED = Outcome.FAILED
    FAILED_BUT_ACTION_SUCCEEDED = Outcome.FAILED
    ACTION_FAILED = Outcome.FAILED
    ACTION_ODD = Outcome.FAILED
    OUTCOME_ODD = Outcome.FAILED
    OUTCOME_MISSING = Outcome.FAILED
    REVERTED = Outcome.FAILED
    WRONG_COMMIT = Outcome.FAILED
    COMMIT_UNKNOWN = Outcome.UNKNOWN
    CANCELLED_IN_CLOUD66 = Outcome.CANCELLED
    RECORD_VANISHED = Outcome.UNKNOWN
    OUTCOME_SILENT = Outcome.UNKNOWN
    ACTION_SILENT = Outcome.UNKNOWN
    SUCCESS_UNCONFIRMED = Outcome.UNKNOWN
    NO_ACTION = Outcome.UNKNOWN

    # Nothing was scheduled, or that is not known
    BAD_INPUT = Outcome.FAILED
    OWN_FAULT = Outcome.FAILED
    OWN_FAULT_AFTER_POST = Outcome.UNKNOWN
    NOT_THE_API = Outcome.FAILED
    UNREACHABLE = Outcome.FAILED
    REFUSED = Outcome.FAILED
    NOT_ACCEPTED = Outcome.TIMED_OUT
    TOLD_TO_WAIT = Outcome.TIMED_OUT
    OVER_LIMIT = Outcome.TIMED_OUT
    POST_UNCERTAIN = Outcome.UNKNOWN
    DRY_RUN = Outcome.DRY_RUN
    BUSY_SKIPPED = Outcome.SKIPPED
    BUSY_FAILED = Outcome.FAILED
    BUSY_WITH_OTHERS = Outcome.FAILED
    MAKING_WAY = Outcome.UNKNOWN
    NOT_FREED = Outcome.FAILED
    NOT_FREED_IN_TIME = Outcome.TIMED_OUT
    ALREADY_LIVE = Outcome.SKIPPED

    # The wait ended before the deployment did
    SCHEDULED = Outcome.SCHEDULED
    TIMED_OUT = Outcome.TIMED_OUT
    TIMED_OUT_BLIND = Outcome.UNKNOWN
    NOT_IDENTIFIABLE = Outcome.UNKNOWN
    ACCESS_LOST = Outcome.UNKNOWN
    LIST_GONE = Outcome.UNKNOWN
    STACK_GONE = Outcome.UNKNOWN
    ABORTED_BEFORE_POST = Outcome.CANCELLED
    ABORTED_UNCHANGED = Outcome.UNKNOWN
    ABORTED_CANCELLING = Outcome.UNKNOWN
    ABORTED_AFTER_DELETE = Outcome.UNKNOWN
    LEFT_RUNNING = Outcome.UNKNOWN

    # A deployment that was started elsewhere
    QUEUED = Outcome.QUEUED
    DEPLOYING = Outcome.DEPLOYING
    NOT_READABLE = Outcome.UNKNOWN
    NO_SUCH_REFERENCE = Outcome.UNKNOWN
    NO_SUCH_DEPLOYMENT = Outcome.UNKNOWN
    OTHER_REFERENCE = Outcome.UNKNOWN
    SHARED_REFERENCE = Outcome.UNKNOWN
    AMBIGUOUS_REFERENCE = Outcome.UNKNOWN
    NOTHING_RUNS = Outcome.SKIPPED
    NO_DEPLOYMENTS = Outcome.SKIPPED
    SEVERAL_RUN = Outcome.UNKNOWN
    SEVERAL = None

    # A cancellation by this action
    CANCELLED = Outcome.CANCELLED
    CANCELLED_BEFORE = Outcome.CANCELLED
    SUCCEEDED_BEFORE = Outcome.SUCCESS
    ENDED_BEFORE = None
    FAILED_OR_CANCELLED = Outcome.FAILED
    NOTHING_TO_CANCEL = Outcome.CANCELLED
    NOTHING_CANCELLED = Outcome.UNKNOWN
    CANCELLATION_OPEN = Outcome.CANCELLED
    CANCELLATION_TIMED_OUT = Outcome.TIMED_OUT
    CANCELLATION_UNSEEN = Outcome.UNKNOWN
    NOT_CANCELLED = Outcome.UNKNOWN
    NONE_CANCELLED = Outcome.UNKNOWN
    NONE_CANCELLED_BY_REFERENCE = Outcome.UNKNOWN

    # The deployment succeeded, or is live already, and the application was to be checked
    UNHEALTHY = Outcome.UNHEALTHY
    LIVE_BUT_UNHEALTHY = Outcome.UNHEALTHY
    NO_ADDRESS = Outcome.UNKNOWN
    NOT_CHECKED = Outcome.UNKNOWN
    OWN_FAULT_IN_CHECK = Outcome.UNKNOWN

    # What came after
    FOLLOWED = None
    ROLLED_BACK = Outcome.SUCCESS
    NOT_ROLLED_BACK = Outcome.SKIPPED
    ROLLBACK_ENDED = None

    def __new__(cls, outcome: Outcome | None) -> Self:
        """Give each a value of its own: members of the same value would be one."""
        member = object.__new__(cls)
        member._value_ = len(cls.__members__)
        member.outcome = outcome
        return member


WhyNot = Enum(
    "WhyNot",
    "FAILED_UNIDENTIFIED RECORD_VANISHED MAYBE_CANCELLED NO_LONGER_LIVE DEPLOYED_AFTER REQUESTED_AFTER "
    "FAILED_COMMIT_UNKNOWN LAST_GOOD_UNIDENTIFIED LAST_GOOD_WITHOUT_COMMIT LAST_GOOD_SUPERSEDED LAST_GOOD_SAME_COMMIT "
    "LAST_GOOD_CHANGED REQUESTED_BEFORE STEP_ENDED WORKFLOW_CANCELLED STACK_UNREADABLE ACTIONS_UNREADABLE BUSY "
    "COMMIT_UNKNOWN TWO_COMMITS NONE_LIVE LIVE_SUPERSEDED ACTION_AFTER_LIVE LIVE_WITHOUT_COMMIT LIVE_OTHER_COMMIT",
)
"""Why nothing is rolled back, or nothing is skipped; `report/messages.py` has the words for each."""


class Hindrance(NamedTuple):
    """Why something is not done (a phase: because that is what the record says), and what fills the words."""

    why: WhyNot | Phase
    facts: Mapping[str, Any] = MappingProxyType({})


WhyCancel = Enum("WhyCancel", "AS_ASKED CUT_SHORT MAKING_WAY TIMEOUT QUEUE_TIMEOUT WORKFLOW_CANCELLED")
"""What a deployment is cancelled for; `report/messages.py` has the words for each."""


_AFTER_A_SUCCESS = {Reason.NO_ADDRESS, Reason.NOT_CHECKED, Reason.OWN_FAULT_IN_CHECK}


@dataclass(frozen=True)
class LastSeen:
    """
    What was known of a deployment when a result was made.

    Attributes:
        reference: the user_reference that marks it, or "".
        given_id: the id by which it was named, or None.
        is_external: it was started elsewhere.
        is_confirmed: the record is surely that of the deployment.
        has_vanished: the record was there, and is no longer.

    """

    reference: str = ""
    given_id: int | None = None
    is_external: bool = False
    action: Action | None = None
    deployment: Deployment | None = None
    is_confirmed: bool = False
    has_vanished: bool = False


@dataclass(frozen=True)
class Result:
    """
    How a run ended, as data.

    Attributes:
        reason: why; it has the outcome.
        seen: what was known of the deployment.
        facts: what else fills the reason's words, by the names of their placeholders.
        evidence: what the server said that led to it, or "".
        parts: the results that this one tells of, the worst or the most important first.
        as_requested: whatever the outcome, it is what the command was for (a cancellation, a look), so the job may go
            on.
        health: how the application was found, where it was checked.

    """

    reason: Reason
    seen: LastSeen = LastSeen()
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: str = ""
    parts: tuple["Result", ...] = ()
    as_requested: bool = False
    health: Health | None = None

    @property
    def is_over(self) -> bool:
        """Whether the deployment is over for sure."""
        return self.outcome not in {Outcome.TIMED_OUT, Outcome.UNKNOWN} or self.reason in _AFTER_A_SUCCESS

    @property
    def outcome(self) -> Outcome:
        """The word."""
        return self.reason.outcome or self.parts[0].outcome

    @property
    def is_green(self) -> bool:
        """Whether the job may go on."""
        return self.as_requested or self.outcome.is_green
