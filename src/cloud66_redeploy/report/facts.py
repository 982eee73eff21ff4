"""What is known of a deployment, put together once; and the step's outputs, which are made of it. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import LastSeen, Outcome, Reason, Result
from cloud66_redeploy.model.records import Deployment, Phase, Stack
from cloud66_redeploy.model.services import Service
from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.report.phrases import name_of, sentence_of
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.tracking import Tracking

_LARGEST_RECORD = 60_000
"""An output that a later step takes into its environment may not be larger than 128 KiB."""


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
    What is known of one deployment. Texts are as the API sent them: their writers clean them.

    Attributes:
        seen: the deployment, proved or not, and its action.
        is_requested: a POST may have scheduled it.
        is_asked_here: this step sent that POST.
        asked_services: the services that were requested, with their tags, or "".
        services: what Cloud 66 says that services run; none where it was not asked.

    """

    stack: Stack
    seen: LastSeen
    times: Times
    is_requested: bool
    is_asked_here: bool = False
    asked_services: str = ""
    services: Sequence[Service] = ()

    @classmethod
    def of(cls, tracking: Tracking) -> Self:
        """Put together what a tracking knows."""
        is_requested = tracking.submission.posts_sent > 0
        asked, found = tracking.request.services, tracking.services
        is_here, stack = not tracking.request.is_external, tracking.stack or Stack("")
        return cls(stack, tracking.last_seen, Times.of(tracking), is_requested, is_here, asked, found)

    @property
    def stack_title(self) -> str:
        """The stack's name, or its UID where it has none."""
        return self.stack.text("name") or self.stack.uid

    @property
    def title(self) -> str:
        """The stack and the deployment, as well as they are known."""
        return ", ".join(filter(None, [self.stack_title, name_of(self.seen)]))

    @property
    def deployment(self) -> Deployment | None:
        """The deployment's record, if it is proved."""
        return self.seen.deployment if self.seen.is_confirmed else None

    @property
    def deployment_id(self) -> str:
        """The deployment's id, or ""."""
        return str(self.deployment.id) if self.deployment else ""

    @property
    def action_id(self) -> str:
        """The action's id, or ""."""
        return str(self.seen.action.id) if self.seen.action else ""

    @property
    def is_success(self) -> bool:
        """Whether the deployment's own record says success."""
        return self.deployment is not None and self.deployment.phase is Phase.SUCCESS

    @property
    def triggered_by(self) -> str:
        """Who started it, or ""."""
        return self.text("triggered_by") or (self.seen.action.user if self.seen.action else "")

    def text(self, name: str) -> str:
        """Return a text of the deployment's record, or ""."""
        return self.deployment.text(name) if self.deployment else ""

    def describe(self) -> str:
        """Return what is known as one line, or ""."""
        stack, times = self.stack, self.times
        parts = (
            ("stack", " ".join(filter(None, [stack.text("name"), stack.text("environment"), stack.uid]))),
            ("deployment", self.deployment_id),
            ("commit", self.text("git_hash")),
            ("queued for", duration_or_empty(times.queued_seconds)),
            ("deployed for", duration_or_empty(times.deploy_seconds)),
            ("reference", self.seen.reference if self.is_requested else ""),
        )
        return ", ".join(f"{name} {value}" for name, value in parts if value)


NOTHING = Facts(Stack(""), LastSeen(), Times(), is_requested=False)
"""Of a run that was about no deployment, or about several."""


def known_outputs(facts: Facts, sanitizer: Sanitizer) -> dict[str, str]:
    """Return the outputs that are worth having while the run goes on."""
    return {
        "user_reference": sanitizer.verbatim(facts.seen.reference),
        "action_id": facts.action_id,
        # A later step may be told to cancel it: one that can only be inferred is not enough.
        "deployment_id": facts.deployment_id,
    }


def told_of(result: Result) -> tuple[Result, ...]:
    """Return the result of the deployment, and of what followed it, if anything: a cancellation, or a rollback."""
    return result.parts if result.reason is Reason.FOLLOWED else (result,)


def all_outputs(result: Result, facts: Facts, sanitizer: Sanitizer) -> dict[str, str]:
    """Return every output; empty where unknown."""
    deployment, times, stack = facts.deployment, facts.times, facts.stack
    is_live = deployment.is_live if deployment else None
    health = told_of(result)[0].health
    return {
        "outcome": str(result.outcome),
        "reason": sanitizer.line(sentence_of(result), 1000),
        **known_outputs(facts, sanitizer),
        # It was put out before the request. Where none may have left, no deployment carries it.
        **({} if facts.is_requested or result.reason is Reason.POST_UNCERTAIN else {"user_reference": ""}),
        "git_hash": sanitizer.line(facts.text("git_hash")),
        "git_ref": sanitizer.line(facts.text("git_ref")),
        "commit_url": sanitizer.url(facts.text("commit_url")),
        "started_at": sanitizer.line(facts.text("started_at")),
        "finished_at": sanitizer.line(facts.text("finished_at")),
        "queued_seconds": _whole(times.queued_seconds),
        "deploy_seconds": _whole(times.deploy_seconds),
        "usual_seconds": _whole(times.usual_seconds),
        "is_live": "" if is_live is None else str(is_live).lower(),
        "stack_id": sanitizer.line(stack.uid),
        "stack_name": sanitizer.line(stack.text("name")),
        "stack_environment": sanitizer.line(stack.text("environment")),
        "services": sanitizer.verbatim(facts.asked_services),
        "app_url": app_url(stack, sanitizer),
        "deployment": _record(deployment, sanitizer),
        "health": "" if health is None else "healthy" if health.is_healthy else "unhealthy",
        "health_seconds": _whole(health.seconds if health else None),
    }


def rollback_outputs(tracking: Tracking, result: Result | None) -> dict[str, str]:
    """Return the outputs that tell of a rollback; `result` is None while it is under way."""
    outcome = result.outcome if result else None
    return {
        "rollback_outcome": str(outcome or ""),
        "rollback_deployment_id": str(tracking.confirmed_id or ""),
        "rollback_commit": tracking.request.git_ref if outcome is Outcome.SUCCESS else "",
    }


def app_url(stack: Stack, sanitizer: Sanitizer) -> str:
    """
    Return the application's address for `environment.url`, or "".

    Cloud 66 names a host. A browser that asks for it in clear is sent on to https where the application has it; the
    other way round it would get nothing.
    """
    # The better one first.
    for name in ("application_address", "fqdn"):
        address = stack.text(name).strip()
        url = sanitizer.url(address) or (sanitizer.url(f"http://{address}") if "." in address else "")
        if url:
            return url
    return ""


def duration_or_empty(seconds: float | None) -> str:
    """Write seconds as people do, and nothing where they are not known."""
    return "" if seconds is None else format_duration(seconds)


def _between(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def _whole(seconds: float | None) -> str:
    return "" if seconds is None else str(round(seconds))


def _record(deployment: Deployment | None, sanitizer: Sanitizer) -> str:
    if deployment is None:
        return ""
    return sanitizer.json(deployment.record, (2000, 200, 20), _LARGEST_RECORD) or json.dumps({"id": deployment.id})
