"""Records as the API sends them, made in a line; their times are seconds after a moment."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.tracking import Certainty, Request, Sighting, Submission, Tracking

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SUCCESS = {"code": 1, "meaning": "success"}
FAILED = {"code": 2, "meaning": "failed"}
CANCELLED = {"code": 3, "meaning": "cancelled"}
PENDING = {"code": 0, "meaning": "pending"}


def at(seconds: float | None) -> str | None:
    """Write a time as the API does."""
    return None if seconds is None else (START + timedelta(seconds=seconds)).isoformat()


def deployment(number: int, start: float | None = 0, end: float | None = None, **fields: Any) -> Deployment:
    """Make a deployment's record: open without an end, else a success unless said otherwise."""
    record = {"id": number, "triggered_by": "ci", "triggered_via": {"code": 1, "meaning": "api"}, "git_ref": "main"}
    times = {"started_at": at(start), "finished_at": at(end), "outcome": PENDING if end is None else SUCCESS}
    return Deployment.from_json(record | times | fields)


def action(
    number: int, start: float | None = 0, end: float | None = None, reference: str = "", **fields: Any
) -> Action:
    """Make a redeploy's action: open without an end, else a success unless said otherwise."""
    record = {"id": number, "user": "ci", "action": "application_deployment", "started_at": at(start)}
    ending = {"finished_at": at(end), "finished_success": None if end is None else True}
    return Action.from_json(record | ending | {"metadata": {"user_reference": reference}} | fields)


def past(*seconds: float) -> tuple[Deployment, ...]:
    """Make deployments that succeeded and took so long, the newest first."""
    starts = [-1e5 * (number + 1) for number in range(len(seconds))]
    return tuple(deployment(90, start, start + took) for start, took in zip(starts, seconds, strict=True))


_PARTS = {"request": Request, "submission": Submission, "sighting": Sighting}


def tracked(reference: str = "mine", **known: Any) -> Tracking:
    """Make a tracking from the fields of its parts, by their names alone."""
    given: dict[str, dict[str, Any]] = {"request": {"reference": reference}, "submission": {}, "sighting": {}}
    owner = {one.name: part for part, kind in _PARTS.items() for one in fields(kind)}
    own = {name: known.pop(name) for name in [*known] if name not in owner}
    for name, value in known.items():
        given[owner[name]][name] = value
    return Tracking(**own, **{part: kind(**given[part]) for part, kind in _PARTS.items()})


def seen(tracking: Tracking, found: Deployment, certainty: Certainty = Certainty.CONFIRMED, **known: Any) -> Tracking:
    """Let a look have found a deployment."""
    tracking.sighting = replace(tracking.sighting, deployment=found, certainty=certainty, **known)
    return tracking
