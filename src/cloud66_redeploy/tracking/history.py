"""What the list of deployments tells of the past: which have run, and how long those like ours took. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from cloud66_redeploy.model.records import NO_REDEPLOYS, Deployment, Phase

_MOST = 20
"""Older ones tell of an older pipeline."""


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
