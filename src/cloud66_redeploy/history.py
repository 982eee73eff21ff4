"""What the list of deployments tells of the past: which have run, and how long those like ours took. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from cloud66_redeploy.deployment import Action, Deployment, Phase
from cloud66_redeploy.fields import as_text

_MOST = 20
"""Older ones tell of an older pipeline."""

NO_REDEPLOYS = frozenset({"scale", "revert", "first_build"})
"""Known values of deploy_type that no redeploy has. An unknown one doesn't count against a deployment."""

_OTHER_WAYS = frozenset({"web", "hook"})
"""Known values of triggered_via and started_via that are not the API. An unknown one may be the API's."""


def by_api(one: Deployment | Action) -> bool:
    """
    Tell whether a record can be of a redeploy that came through the API.

    A deployment of the dashboard or a hook may have an action or none; so only these are counted against each other.
    """
    if isinstance(one, Action):
        return as_text(one.record.get("started_via")).lower() not in _OTHER_WAYS
    return not one.via & _OTHER_WAYS and not one.kind & NO_REDEPLOYS


def has_run(one: Deployment) -> bool:
    """Tell whether a deployment had its turn in the queue; what is no redeploy may run beside one."""
    return (
        bool(one.started_at) and one.phase.is_final and one.phase is not Phase.CANCELLED and not one.kind & NO_REDEPLOYS
    )


@dataclass(frozen=True)
class Past:
    """One that succeeded: its type, in the API's words, and how long it took in seconds."""

    kind: frozenset[object]
    seconds: float


def past_of(deployments: Iterable[Deployment]) -> tuple[Past, ...]:
    """Return those that succeeded, the newest first."""
    ended = [
        (one.finished_at, Past(_said(one.kind), (one.finished_at - one.started_at).total_seconds()))
        for one in deployments
        if one.phase is Phase.SUCCESS and one.started_at and one.finished_at and one.finished_at > one.started_at
    ]
    return tuple(past for _, past in sorted(ended, key=lambda pair: pair[0], reverse=True))


def durations_like(ours: Deployment | None, past: Iterable[Past]) -> tuple[float, ...]:
    """Return how long the newest ones of the same type as ours took, in seconds, the newest first."""
    kind = _said(ours.kind) if ours else frozenset()
    like = [one.seconds for one in past if (one.kind & kind if kind else not one.kind & NO_REDEPLOYS)]
    return tuple(like[:_MOST])


def _said(kind: frozenset[object]) -> frozenset[object]:
    """Leave out what says nothing."""
    return kind - {None, ""}
