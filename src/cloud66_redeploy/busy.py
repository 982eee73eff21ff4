"""Whether a stack is deploying already, and whose deployment that is. Pure: the two lists in, an answer out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud66_redeploy.deployment import Action, Deployment, Phase
from cloud66_redeploy.pairing import fits, pair
from cloud66_redeploy.tracking import Baseline


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

    A stack deploys one after the other, so a record that is still open although a later one has ended was left lying,
    and doesn't count.
    """
    last_deployment = _latest(one.started_at for one in deployments if one.phase.is_final)
    last_action = _latest(one.started_at for one in actions if one.phase.is_final and "deploy" in one.kind)
    open_deployments = [
        one for one in deployments if not one.phase.is_final and not _before(one.started_at, last_deployment)
    ]
    open_actions = [
        one
        for one in actions
        if "deploy" in one.kind and not one.phase.is_final and not _before(one.started_at, last_action)
    ]
    return Busy(
        tuple(one for one in open_deployments if one.phase is Phase.RUNNING),
        tuple(one for one in open_deployments if one.phase is Phase.QUEUED),
        tuple(sorted(open_actions, key=lambda one: one.id)),
    )


def is_of(repository: str, busy: Busy, deployments: Sequence[Deployment], actions: Sequence[Action]) -> bool:
    """
    Tell whether the deployment that runs surely carries a reference that was derived in a repository.

    That is where all that is open does, or where it is the only one that can belong to an action that does.
    """
    beginning = f"github/{repository}/run-"
    ours = [one for one in busy.actions if one.reference.startswith(beginning)]
    if len(ours) == len(busy.actions) == len(busy.running) + len(busy.waiting):
        return all(fits(one, None, "") for one in busy.running)
    pairs = [pair([one], actions, deployments, Baseline(), "") for one in ours]
    return any(found and found[0] in busy.running for found in pairs)


def _by(name: str) -> str:
    return f", triggered by {name}" if name else ""


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)


def _before(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and other is not None and moment < other
