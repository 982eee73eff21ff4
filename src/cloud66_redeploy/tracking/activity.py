"""Whether a stack is deploying already, and whose deployment that is. Pure: the two lists in, an answer out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud66_redeploy.model.records import Action, Deployment, Phase, has_run
from cloud66_redeploy.model.reference import is_derived
from cloud66_redeploy.tracking.baseline import SKEW, Baseline
from cloud66_redeploy.tracking.pairing import fits, holds, pair


@dataclass(frozen=True)
class Busy:
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
        return next(iter((*self.running, *sorted(self.waiting, key=lambda one: one.id))), None)

    def describe(self) -> str:
        """Say what it is, and whose."""
        first = self.first
        if first is not None:
            does = "is deploying" if first.phase is Phase.RUNNING else "is queued"
            return f"deployment {first.id} {does}{_by(first.text('triggered_by'))}"
        action = self.actions[0]
        return f"a redeploy (action {action.id}) is queued{_by(action.user)}"


def busy_with(deployments: Sequence[Deployment], actions: Sequence[Action]) -> Busy:
    """
    Find what a stack is busy with.

    A stack deploys one after the other, so a record that is still open although a later one has run was left lying,
    and doesn't count. One that was cancelled may have been waiting, and says nothing of those before it.
    """
    redeploys = [one for one in actions if "deploy" in one.kind]
    ran = [one for one in deployments if has_run(one)]
    last_start, last_id = _latest(one.started_at for one in ran), max((one.id for one in ran), default=0)
    last_action = _latest(one.started_at for one in redeploys if _has_run(one, ran))
    opened = [one for one in deployments if not one.phase.is_final and not _before(one.started_at, last_start)]
    open_actions = [one for one in redeploys if not one.phase.is_final and not _before(one.started_at, last_action)]
    return Busy(
        tuple(one for one in opened if one.phase is Phase.RUNNING),
        tuple(one for one in opened if one.phase is Phase.QUEUED and one.id > last_id),
        tuple(sorted(open_actions, key=lambda one: one.id)),
    )


def ahead_of(deployment: Deployment, deployments: Iterable[Deployment]) -> tuple[Deployment, ...]:
    """Return the deployments that run, or wait, before one."""
    others = [other for other in deployments if other.id != deployment.id and not other.phase.is_final]
    return tuple(other for other in others if other.phase is Phase.RUNNING or other.id < deployment.id)


def is_of(environ: Mapping[str, str], busy: Busy, deployments: Sequence[Deployment], actions: Sequence[Action]) -> bool:
    """
    Tell whether all that runs surely carries references that were derived in the repository of a step's environment.

    That is where all that is open does, or where what runs can only belong to the actions that do.
    """
    ours = [one for one in busy.actions if is_derived(one.reference, environ)]
    if not (ours and busy.running):
        return bool(ours) and len(ours) == len(busy.actions)
    if len(ours) == len(busy.actions) == len(busy.running) + len(busy.waiting):
        belong = all(any(fits(one, action, "") for action in ours) for one in busy.running)
        return belong and _is_accounted_for(ours[0], deployments, actions)
    known = [one for one in deployments if one.phase.is_final or one in (*busy.running, *busy.waiting)]
    found = pair(ours, [one for one in actions if one.phase.is_final or one in busy.actions], known, Baseline(), "")
    return bool(found) and all(one in found for one in busy.running)


def _is_accounted_for(first: Action, deployments: Sequence[Deployment], actions: Sequence[Action]) -> bool:
    """
    Tell whether every deployment that ended since an action began has an action that ended, too.

    Otherwise an action that is still open may be that of a deployment that is over.
    """

    def ended_since(one: Deployment | Action) -> bool:
        if not one.phase.is_final or one.finished_at is None:
            return False
        return first.started_at is None or one.finished_at >= first.started_at - SKEW

    return sum(map(ended_since, deployments)) <= sum("deploy" in one.kind and ended_since(one) for one in actions)


def _has_run(action: Action, ran: Iterable[Deployment]) -> bool:
    """Tell whether an action's deployment has surely run: one that failed may have been cancelled as it waited."""
    if not action.phase.is_final:
        return False
    return action.phase is Phase.SUCCESS or any(holds(one, action) for one in ran)


def _by(name: str) -> str:
    return f", triggered by {name}" if name else ""


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)


def _before(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and other is not None and moment < other
