"""What is there before the request: the deployments and the actions of the stack."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Self

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import NotFound, PermanentError
from cloud66_redeploy.model.fields import SKEW, is_before
from cloud66_redeploy.model.records import NO_REDEPLOYS, Action, Deployment, Phase
from cloud66_redeploy.timing import LATEST_RECORD_SECONDS
from cloud66_redeploy.tracking.doubt import until_believed

TellAge = Callable[[datetime], float | None]
"""Tells how many seconds ago a moment was by the server's clock; None where that is not known."""

_Age = Callable[[datetime | None], float]
"""Tells the same, as well as can be known; 0 where there is no moment."""

_MOST_DURATIONS = 20
"""Older ones tell of an older pipeline."""


def durations_like(deployment: Deployment | None, past: Iterable[Deployment]) -> tuple[float, ...]:
    """
    Return how long the newest ones of a deployment's type took that succeeded, in seconds, the newest first.

    Of one that is over, those count that ended before it.
    """
    kind = deployment.kind if deployment else frozenset()
    like = [
        (ended, (ended - began).total_seconds())
        for earlier in past
        if (earlier.kind & kind if kind else not earlier.kind & NO_REDEPLOYS)
        and earlier.phase is Phase.SUCCESS
        and (began := earlier.started_at)
        and (ended := earlier.finished_at)
        and ended > began
        and not (deployment and (earlier.id == deployment.id or is_before(deployment.finished_at, ended)))
    ]
    return tuple(seconds for _, seconds in sorted(like, key=lambda pair: pair[0], reverse=True)[:_MOST_DURATIONS])


@dataclass(frozen=True)
class Numbers:
    """
    The numbers of the records of one kind that were read. It tells which are old, and does no more.

    So nobody reckons with the numbers that are kept, as if those were all.

    Attributes:
        kept: the newest of them.
        below: where more were read than are kept, whatever is numbered below it is old, too.

    """

    kept: frozenset[int] = frozenset()
    below: int = 0

    def __contains__(self, number: object) -> bool:
        return number in self.kept or (isinstance(number, int) and number < self.below)

    @property
    def oldest(self) -> int:
        """The lowest that is kept, or 0."""
        return min(self.kept, default=0)

    @property
    def newest(self) -> int:
        """The highest, or 0."""
        return max(self.kept, default=0)

    def newest_of(self, most: int) -> Self:
        """Keep at most so many."""
        kept = sorted(self.kept)[-most:]
        return self if len(kept) == len(self.kept) else type(self)(frozenset(kept), kept[0])


@dataclass(frozen=True)
class Baseline:
    """
    The stack's deployments and actions as they were just before the POST (the newest of each).

    Attributes:
        open_deployments, open_actions: those of the API, of any kind, that were not finished then and may have been
            going on: an action of these may be one whose deployment had not shown yet. Those left lying are none.
        newest: the last moment (the server's time) that a deployment tells of, so a deployment that tells of an earlier
            one is old, even if it stood further down.
        past: the deployments' records, the newest first.
        actions_known: whether the actions could be read at all: else one of an earlier run would pass for new.
        has_reference: an action carried the reference even then.

    """

    deployments: Numbers = Numbers()
    open_deployments: frozenset[int] = frozenset()
    actions: Numbers = Numbers()
    open_actions: frozenset[int] = frozenset()
    newest: datetime | None = None
    past: tuple[Deployment, ...] = ()
    actions_known: bool = True
    has_reference: bool = False

    @classmethod
    def of(
        cls, deployments: Sequence[Deployment], actions: Sequence[Action], age_seconds: TellAge = lambda _moment: None
    ) -> Self:
        """Take the baseline of what is there."""
        newest = max((moment for deployment in deployments for moment in deployment.times), default=None)

        def age(moment: datetime | None) -> float:
            if moment is None:
                return 0.0
            known = age_seconds(moment)
            # A server that doesn't tell its time is at least as far as its records.
            return known if known is not None else ((newest or moment) - moment).total_seconds()

        longest = _busy_seconds(deployments, age) + LATEST_RECORD_SECONDS
        done = [action for action in actions if action.is_redeploy and action.phase is Phase.SUCCESS]
        return cls(
            Numbers(frozenset(deployment.id for deployment in deployments)),
            _going_on(deployments, [each for each in deployments if each.has_run], age, longest),
            Numbers(frozenset(action.id for action in actions)),
            _going_on(actions, done, age, longest),
            newest,
            tuple(deployments),
        )

    @property
    def live(self) -> Deployment | None:
        """The deployment whose code was in service, or None where that was not known."""
        return next((deployment for deployment in self.past if deployment.is_live), None)

    def is_new(self, deployment: Deployment) -> bool:
        """Tell whether a deployment can have come since."""
        # One that was cancelled as it waited may tell no time, and may stand beyond what was read then; numbers grow.
        below = deployment.id < self.deployments.oldest
        old = any(is_before(moment, self.newest, SKEW) for moment in deployment.times)
        return deployment.id not in self.deployments and not below and not old


def _busy_seconds(deployments: Sequence[Deployment], age: _Age) -> float:
    """
    Tell since how many seconds a stack has deployed without a pause.

    A redeploy that waits was requested since then, or just before.
    """
    latest = max((each.started_at for each in deployments if each.has_run and each.started_at), default=None)
    # One without an end is still running, unless a later one has run.
    ran = [each for each in deployments if each.finished_at or not is_before(each.started_at, latest)]
    busy = 0.0
    for ended, began in sorted((age(each.finished_at), age(each.started_at)) for each in ran if each.started_at):
        if ended <= busy + LATEST_RECORD_SECONDS:
            busy = max(busy, began)
    return busy


def _going_on(
    records: Sequence[Deployment | Action], done: Sequence[Deployment | Action], age: _Age, longest: float
) -> frozenset[int]:
    last_id = max((each.id for each in done), default=0)
    opened = [record for record in records if record.is_by_api and not record.phase.is_final]
    # One that tells no time was left lying if a later one has had its turn.
    return frozenset(
        each.id for each in opened if (age(each.started_at) <= longest if each.started_at else each.id > last_id)
    )


class Snapshot(NamedTuple):
    """What has been read: the two lists, and the baseline that they make."""

    deployments: list[Deployment]
    actions: list[Action]
    baseline: Baseline


def read_baseline(client: Client, reference: str, clock: Clock) -> Snapshot:
    """
    Read what is there before the POST.

    Raises:
        ApiError: with nothing scheduled.

    """
    # Deployments first: one that comes between the calls then has an open action that accounts for it.
    deployments = until_believed(clock, client.deployments)
    is_known = True
    try:
        earlier = until_believed(clock, lambda: client.actions_with(reference))
        actions = [*until_believed(clock, client.actions), *earlier]
    except PermanentError as refusal:
        if not isinstance(refusal, NotFound) and refusal.status != 403:
            raise
        earlier, actions, is_known = [], [], False
    baseline = Baseline.of(deployments, actions, client.age_seconds)
    return Snapshot(deployments, actions, replace(baseline, actions_known=is_known, has_reference=bool(earlier)))
