"""What is known of a deployment, put together once; and the step's outputs, which are made of it. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.model.records import Action, Deployment, Phase, Stack
from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.report.phrases import sentence_of
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.tracking import Tracking

_LARGEST_RECORD = 60_000
"""An output that a later step takes into its environment may not be larger than 128 KiB."""


@dataclass(frozen=True)
class StackFacts:
    """The stack. `addresses` are those of its application, the better one first, as Cloud 66 names them."""

    uid: str = ""
    name: str = ""
    environment: str = ""
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, stack: Stack | None) -> Self:
        """Read a stack's record; everything is "" where there is none."""
        if stack is None:
            return cls()
        addresses = (stack.text("application_address"), stack.text("fqdn"))
        return cls(stack.uid, stack.text("name"), stack.text("environment"), addresses)

    @property
    def title(self) -> str:
        """Its name, or its UID where it has none."""
        return self.name or self.uid


@dataclass(frozen=True)
class Commit:
    """The commit that a deployment says it deployed, the ref it was found by, and its page."""

    hash: str = ""
    ref: str = ""
    url: str = ""

    @classmethod
    def of(cls, deployment: Deployment | None) -> Self:
        """Read a deployment's record; everything is "" where there is none."""
        if deployment is None:
            return cls()
        return cls(deployment.text("git_hash"), deployment.text("git_ref"), deployment.text("commit_url"))


@dataclass(frozen=True)
class Times:
    """
    How long it took, by the server's times.

    Attributes:
        queued_seconds: how long it waited in the queue, or None where not known.
        deploy_seconds: how long it took from start to finish, or None where not known.
        past_seconds: how long the last deployments of its type took, the newest first.

    """

    queued_seconds: float | None = None
    deploy_seconds: float | None = None
    past_seconds: tuple[float, ...] = ()

    @classmethod
    def of(cls, tracking: Tracking) -> Self:
        """Measure the deployment, if it is proved, and the action, if it is known."""
        deployment = tracking.confirmed
        started, finished = (deployment.started_at, deployment.finished_at) if deployment else (None, None)
        requested = tracking.action.started_at if tracking.action else None
        return cls(_between(requested, started), _between(started, finished), tracking.durations)

    @property
    def usual_seconds(self) -> float | None:
        """How long deployments of its type usually took, or None where too few are known."""
        forecast = Forecast.of(self.past_seconds)
        return forecast.usual_seconds if forecast else None


@dataclass(frozen=True)
class Facts:
    """
    What is known of one deployment. Texts are as the API sent them: whoever writes them cleans them.

    Attributes:
        deployment: its record, if it is proved.
        action: its action's record, if it is known.
        triggered_by: who asked for it, or "".
        is_requested: a POST may have scheduled it.

    """

    stack: StackFacts
    deployment: Deployment | None
    action: Action | None
    commit: Commit
    times: Times
    triggered_by: str
    reference: str
    is_requested: bool

    @classmethod
    def of(cls, tracking: Tracking) -> Self:
        """Put together what a tracking knows."""
        deployment, action = tracking.confirmed, tracking.action
        return cls(
            stack=StackFacts.of(tracking.stack),
            deployment=deployment,
            action=action,
            commit=Commit.of(deployment),
            times=Times.of(tracking),
            triggered_by=(deployment.text("triggered_by") if deployment else "") or (action.user if action else ""),
            reference=tracking.request.reference,
            is_requested=tracking.submission.posts_sent > 0,
        )

    @property
    def deployment_id(self) -> str:
        """The deployment's id, or ""."""
        return str(self.deployment.id) if self.deployment else ""

    @property
    def action_id(self) -> str:
        """The action's id, or ""."""
        return str(self.action.id) if self.action else ""

    @property
    def is_success(self) -> bool:
        """Whether the deployment's own record says success."""
        return self.deployment is not None and self.deployment.phase is Phase.SUCCESS

    def describe(self) -> str:
        """Return what is known as one line, or ""."""
        stack, times = self.stack, self.times
        parts = (
            ("stack", " ".join(name for name in (stack.name, stack.environment, stack.uid) if name)),
            ("deployment", self.deployment_id),
            ("commit", self.commit.hash),
            ("queued for", duration_or_empty(times.queued_seconds)),
            ("deployed for", duration_or_empty(times.deploy_seconds)),
            ("reference", self.reference if self.is_requested else ""),
        )
        return ", ".join(f"{name} {value}" for name, value in parts if value)


def known_outputs(tracking: Tracking, cleaner: Cleaner) -> dict[str, str]:
    """Return the outputs that are worth having while the run goes on."""
    return _ids(Facts.of(tracking), cleaner)


def all_outputs(result: Result, tracking: Tracking, cleaner: Cleaner) -> dict[str, str]:
    """Return every output; empty where unknown."""
    facts = Facts.of(tracking)
    deployment, commit, times, stack = facts.deployment, facts.commit, facts.times, facts.stack
    is_live = deployment.is_live if deployment else None
    return {
        "outcome": str(result.outcome),
        "reason": cleaner.line(sentence_of(result), 1000),
        **_ids(facts, cleaner),
        "git_hash": cleaner.line(commit.hash),
        "git_ref": cleaner.line(commit.ref),
        "commit_url": cleaner.url(commit.url),
        "started_at": cleaner.line(deployment.text("started_at")) if deployment else "",
        "finished_at": cleaner.line(deployment.text("finished_at")) if deployment else "",
        "queued_seconds": _whole(times.queued_seconds),
        "deploy_seconds": _whole(times.deploy_seconds),
        "usual_seconds": _whole(times.usual_seconds),
        "is_live": "" if is_live is None else str(is_live).lower(),
        "stack_id": cleaner.line(stack.uid),
        "stack_name": cleaner.line(stack.name),
        "stack_environment": cleaner.line(stack.environment),
        "app_url": app_url(stack, cleaner),
        "deployment": _record(deployment, cleaner),
    }


def results_output(each: Sequence[tuple[Result, Tracking]], cleaner: Cleaner) -> str:
    """Return how each of several ended, as a JSON list of their outputs by name, without the API's records."""
    entries = [all_outputs(result, tracking, cleaner) for result, tracking in each]
    return json.dumps([{name: value for name, value in one.items() if name != "deployment"} for one in entries])


def app_url(stack: StackFacts, cleaner: Cleaner) -> str:
    """
    Return the application's address for `environment.url`, or "".

    Cloud 66 names a host. A browser that asks for it in clear is sent on to https where the application has it; the
    other way round it would get nothing.
    """
    for address in map(str.strip, stack.addresses):
        found = cleaner.url(address) or (cleaner.url(f"http://{address}") if "." in address else "")
        if found:
            return found
    return ""


def duration_or_empty(seconds: float | None) -> str:
    """Write seconds as people do, and nothing where they are not known."""
    return "" if seconds is None else format_duration(seconds)


def _ids(facts: Facts, cleaner: Cleaner) -> dict[str, str]:
    return {
        "user_reference": cleaner.verbatim(facts.reference),
        "action_id": facts.action_id,
        # A later step may be told to cancel it: one that can only be inferred is not enough.
        "deployment_id": facts.deployment_id,
    }


def _between(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def _whole(seconds: float | None) -> str:
    return "" if seconds is None else str(round(seconds))


def _record(deployment: Deployment | None, cleaner: Cleaner) -> str:
    if deployment is None:
        return ""
    return cleaner.json(deployment.record, (2000, 200, 20), _LARGEST_RECORD) or json.dumps({"id": deployment.id})


def rollback_outputs(tracking: Tracking, result: Result | None) -> dict[str, str]:
    """Return the outputs that tell of a rollback; `result` is None while it is under way."""
    outcome = result.outcome if result else None
    return {
        "rollback_outcome": str(outcome or ""),
        "rollback_deployment_id": str(tracking.confirmed_id or ""),
        "rolled_back_to": tracking.request.git_ref if outcome is Outcome.SUCCESS else "",
    }
