"""Whether a stack is deploying already, and whose deployment that is. Pure: the two lists in, an answer out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud66_redeploy.model.fields import SKEW, is_before
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.model.reference import is_derived
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.pairing import fits, holds, pair


@dataclass(frozen=True)
class StackActivity:
    """
    What keeps a stack busy.

    Attributes:
        running: the deployments that run; one, as far as the queue is known to work.
        waiting: those that wait behind it.
        actions: redeploys that are open. A deployment that waits may show by its action alone.

    """

    running: tuple[Deployment, ...]
    waiting: tuple[Deployment, ...]
    actions: tuple[Action, ...]

    def __bool__(self) -> bool:
        return bool(self.running or self.waiting or self.actions)

    @property
    def first(self) -> Deployment | None:
        """The deployment that runs, or else the first one that waits; None where only an action shows."""
        return next(iter((*self.running, *sorted(self.waiting, key=lambda deployment: deployment.id))), None)


def activity_of(deployments: Sequence[Deployment], actions: Sequence[Action]) -> StackActivity:
    """
    Find what a stack is busy with.

    A stack deploys one after the other, so a record that is still open although a later one has run was left lying,
    and doesn't count. One that was cancelled may have been waiting, and says nothing of those before it.
    """
    ran = [deployment for deployment in deployments if deployment.has_run]
    redeploys = sorted((action for action in actions if action.is_redeploy), key=lambda action: action.id)
    # One that failed may have been cancelled as it waited. Of all that one which ran can belong to, it is the eldest's.
    ended_alike = ([action for action in redeploys if holds(each, action) and fits(each, action, "")] for each in ran)
    done = [action for action in redeploys if action.phase is Phase.SUCCESS]
    done += [eldest for eldest, *_ in filter(None, ended_alike)]
    opened = [deployment for deployment in deployments if _is_open(deployment, _latest_start(ran))]
    last_id = max((deployment.id for deployment in ran), default=0)
    return StackActivity(
        tuple(deployment for deployment in opened if deployment.phase is Phase.RUNNING),
        tuple(deployment for deployment in opened if deployment.phase is Phase.QUEUED and deployment.id > last_id),
        tuple(action for action in redeploys if _is_open(action, _latest_start(done))),
    )


def ahead_of(deployment: Deployment, deployments: Iterable[Deployment]) -> tuple[Deployment, ...]:
    """Return the deployments that run, or wait, before one."""
    others = [other for other in deployments if other.id != deployment.id and not other.phase.is_final]
    return tuple(other for other in others if other.phase is Phase.RUNNING or other.id < deployment.id)


def is_of(
    environ: Mapping[str, str], busy: StackActivity, deployments: Sequence[Deployment], actions: Sequence[Action]
) -> bool:
    """
    Tell whether all that runs surely carries references that were derived in the repository of a step's environment.

    That is where all that is open does, or where what runs can only belong to the actions that do.
    """
    carrying = [action for action in busy.actions if is_derived(action.reference, environ)]
    if not (carrying and busy.running):
        return bool(carrying) and len(carrying) == len(busy.actions)
    if len(carrying) == len(busy.actions) >= len(busy.running) + len(busy.waiting):
        # What waits may have no record before its turn.
        belong = all(any(fits(running, action, "") for action in carrying) for running in busy.running)
        return belong and _is_accounted_for(carrying[0], deployments, actions)
    counted = [each for each in deployments if each.phase.is_final or each in (*busy.running, *busy.waiting)]
    redeploys = [action for action in actions if action.phase.is_final or action in busy.actions]
    found = pair(carrying, redeploys, counted, Baseline(), "")
    return bool(found) and all(running in found for running in busy.running)


def _is_accounted_for(first: Action, deployments: Sequence[Deployment], actions: Sequence[Action]) -> bool:
    """
    Tell whether every deployment that ended since an action began has an action that ended, too.

    Otherwise an action that is still open may be that of a deployment that is over.
    """

    def ended_since(record: Deployment | Action) -> bool:
        ended = record.phase.is_final and record.finished_at is not None
        return ended and not is_before(record.finished_at, first.started_at, SKEW)

    return sum(map(ended_since, deployments)) <= sum(action.is_redeploy and ended_since(action) for action in actions)


def _latest_start(records: Iterable[Deployment | Action]) -> datetime | None:
    return max((record.started_at for record in records if record.started_at is not None), default=None)


def _is_open(record: Deployment | Action, last_start: datetime | None) -> bool:
    return not record.phase.is_final and not is_before(record.started_at, last_start)
