"""The step's outputs, from what is known and how it ended. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime

from cloud66_redeploy.model.outcome import Result
from cloud66_redeploy.report.phrases import sentence_of
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.tracking import Tracking

_LARGEST_RECORD = 60_000
"""An output that a later step takes into its environment may not be larger than 128 KiB."""


def known_outputs(tracking: Tracking, cleaner: Cleaner) -> dict[str, str]:
    """Return the outputs that are worth having while the run goes on."""
    return {
        "user_reference": cleaner.verbatim(tracking.request.reference),
        "action_id": str(tracking.action.id) if tracking.action else "",
        # A later step may be told to cancel it: one that can only be inferred is not enough.
        "deployment_id": str(tracking.confirmed_id or ""),
    }


def all_outputs(result: Result, tracking: Tracking, cleaner: Cleaner) -> dict[str, str]:
    """Return every output; empty where unknown."""
    deployment, stack = tracking.confirmed, tracking.stack

    def field(name: str) -> str:
        return cleaner.line(deployment.text(name)) if deployment else ""

    is_live = deployment.is_live if deployment else None
    return {
        "outcome": str(result.outcome),
        "reason": cleaner.line(sentence_of(result), 1000),
        **known_outputs(tracking, cleaner),
        "git_hash": field("git_hash"),
        "git_ref": field("git_ref"),
        "commit_url": cleaner.url(deployment.text("commit_url")) if deployment else "",
        "started_at": field("started_at"),
        "finished_at": field("finished_at"),
        "queued_seconds": _whole(queued_seconds(tracking)),
        "deploy_seconds": _whole(deploy_seconds(tracking)),
        "usual_seconds": _whole(usual_seconds(tracking)),
        "is_live": "" if is_live is None else str(is_live).lower(),
        "stack_id": cleaner.line(stack.uid) if stack else "",
        "stack_name": cleaner.line(stack.text("name")) if stack else "",
        "stack_environment": cleaner.line(stack.text("environment")) if stack else "",
        "app_url": app_url(tracking, cleaner),
        "deployment": _record(tracking, cleaner),
    }


def results_output(each: Sequence[tuple[Result, Tracking]], cleaner: Cleaner) -> str:
    """Return how each of several ended, as a JSON list of their outputs by name, without the API's records."""
    entries = [all_outputs(result, tracking, cleaner) for result, tracking in each]
    return json.dumps([{name: value for name, value in one.items() if name != "deployment"} for one in entries])


def queued_seconds(tracking: Tracking) -> float | None:
    """Return how long ours waited in the queue, by the server's times, or None where not known."""
    requested = tracking.action.started_at if tracking.action else None
    return _between(requested, tracking.confirmed.started_at if tracking.confirmed else None)


def deploy_seconds(tracking: Tracking) -> float | None:
    """Return how long ours took from start to finish, by the server's times, or None where not known."""
    deployment = tracking.confirmed
    return _between(deployment.started_at, deployment.finished_at) if deployment else None


def usual_seconds(tracking: Tracking) -> float | None:
    """Return how long deployments like ours usually took, or None where too few are known."""
    from cloud66_redeploy.polling.forecast import Forecast  # noqa: PLC0415 - at the end, and it brings statistics along

    forecast = Forecast.of(tracking.durations)
    return forecast.usual_seconds if forecast else None


def app_url(tracking: Tracking, cleaner: Cleaner) -> str:
    """
    Return the application's address for `environment.url`, or "".

    Cloud 66 names a host. A browser that asks for it in clear is sent on to https where the application has it; the
    other way round it would get nothing.
    """
    if tracking.stack is None:
        return ""
    for name in ("application_address", "fqdn"):
        address = tracking.stack.text(name).strip()
        found = cleaner.url(address) or (cleaner.url(f"http://{address}") if "." in address else "")
        if found:
            return found
    return ""


def _between(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def _whole(seconds: float | None) -> str:
    return "" if seconds is None else str(round(seconds))


def _record(tracking: Tracking, cleaner: Cleaner) -> str:
    if tracking.confirmed is None:
        return ""
    for longest in (2000, 200, 20):
        text = json.dumps(cleaner.record(tracking.confirmed.record, longest))
        if len(text) <= _LARGEST_RECORD:
            return text
    return json.dumps({"id": tracking.confirmed.id})
