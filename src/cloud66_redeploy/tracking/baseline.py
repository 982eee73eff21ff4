"""What is there before anything is asked for: the deployments and the actions of the stack."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import NotFound, Refusal
from cloud66_redeploy.model.records import Action, Deployment, by_api
from cloud66_redeploy.timing import CLOCK_SKEW_SECONDS
from cloud66_redeploy.tracking.doubt import until_believed
from cloud66_redeploy.tracking.history import Past, past_of

SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS)


@dataclass(frozen=True)
class Baseline:
    """
    The stack's deployments and actions as they were just before the POST (the newest of each).

    Attributes:
        open_deployments, open_actions: those of the API that were not finished then.
        newest: the last moment (the server's time) that a deployment tells of, so a deployment that tells of an earlier
            one is old, even if it stood further down.
        past: how long those that succeeded took.
        live: the one whose code is in service.
        actions_known: whether the actions could be read at all: else one of an earlier run would pass for new.
        has_reference: an action carried our reference even then.

    """

    deployments: frozenset[int] = frozenset()
    open_deployments: frozenset[int] = frozenset()
    actions: frozenset[int] = frozenset()
    open_actions: frozenset[int] = frozenset()
    newest: datetime | None = None
    past: tuple[Past, ...] = ()
    live: Deployment | None = None
    actions_known: bool = True
    has_reference: bool = False

    @classmethod
    def of(cls, deployments: Iterable[Deployment], actions: Iterable[Action]) -> Self:
        """Take the baseline of what is there."""
        deployments, actions = list(deployments), list(actions)
        return cls(
            frozenset(deployment.id for deployment in deployments),
            frozenset(deployment.id for deployment in deployments if _is_open(deployment)),
            frozenset(action.id for action in actions),
            frozenset(action.id for action in actions if _is_open(action)),
            max((moment for deployment in deployments for moment in deployment.times), default=None),
            past_of(deployments),
            next((deployment for deployment in deployments if deployment.is_live), None),
        )

    def is_new(self, deployment: Deployment) -> bool:
        """Tell whether a deployment can have come since."""
        # One that was cancelled as it waited may tell no time, and may stand beyond what was read then; numbers grow.
        below = deployment.id < min(self.deployments, default=0)
        old = self.newest is not None and any(moment < self.newest - SKEW for moment in deployment.times)
        return deployment.id not in self.deployments and not below and not old


def _is_open(record: Deployment | Action) -> bool:
    return by_api(record) and not record.phase.is_final


class Stock(NamedTuple):
    """What has been read: the two lists, and the baseline that they make."""

    deployments: list[Deployment]
    actions: list[Action]
    baseline: Baseline


def read_baseline(client: Client, reference: str, clock: Clock) -> Stock:
    """
    Read what is there before the POST.

    Raises:
        ApiError: with nothing scheduled.

    """
    # Deployments first: one that comes between the calls then has an open action that accounts for it.
    deployments = until_believed(clock, client.deployments)
    try:
        earlier = until_believed(clock, lambda: client.actions_with(reference))
        actions = [*until_believed(clock, client.actions), *earlier]
    except Refusal as refusal:
        if not isinstance(refusal, NotFound) and refusal.status != 403:
            raise
        return Stock(deployments, [], replace(Baseline.of(deployments, []), actions_known=False))
    baseline = replace(Baseline.of(deployments, actions), has_reference=bool(earlier))
    return Stock(deployments, actions, baseline)
