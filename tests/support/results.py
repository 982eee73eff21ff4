"""Makes results, and what is known of a deployment, for tests that care for an outcome or a text in them alone."""

from collections.abc import Mapping
from typing import Any

from cloud66_redeploy.errors import ApiError, Blame, Clue
from cloud66_redeploy.model.health import Health, Problem, Visit
from cloud66_redeploy.model.outcome import Hindrance, LastSeen, Outcome, Reason, Result, WhyCancel, WhyNot
from cloud66_redeploy.model.records import Action, Deployment, Stack
from cloud66_redeploy.tracking.activity import StackActivity
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from records import tracked

SEEN = LastSeen("mine", 108, action=Action.from_json({"id": 40}), deployment=Deployment.from_json({"id": 108}))
SUCCEEDED = Result(Reason.SUCCEEDED, LastSeen(deployment=SEEN.deployment, is_confirmed=True))
TEXTS = ("limit", "list", "commit", "expected", "number")
"""The facts that are texts."""
RECORD: dict[str, Any] = {
    "id": 108,
    "started_at": "2026-01-01T00:00:10Z",
    "finished_at": "2026-01-01T00:01:00.600+00:00",
    "outcome": {"code": 1, "meaning": "success"},
    "git_hash": "11e1d512031f732d061ee8cf606cf804b6d7a15c",
    "git_ref": "main",
    "commit_url": "https://github.com/acme/awesome/commit/11e1d51",
    "triggered_by": "ann",
    "is_live": True,
}
STACK = {"name": "Awesome App", "environment": "production", "application_address": "https://awesome.example.com"}
FAILED = Result(
    Reason.FAILED,
    LastSeen(deployment=Deployment.from_json(RECORD | {"outcome": {"code": "failed"}}), is_confirmed=True),
    evidence="rake aborted!",
)
MEND = "Fix the error shown in the stack log, then re-run this job."


def known(text: str | None = None, stack: Mapping[str, object] | None = None, **record: object) -> Tracking:
    """Everything is known, but for what is changed; where a text is given, all texts are this one."""
    fields, named = RECORD | record, STACK | dict(stack or {})
    if text is not None:
        fields |= {name: text for name in RECORD if name not in {"id", "outcome"}} | {text: [text, {text: text}]}
        named = dict.fromkeys((*STACK, "fqdn"), text)
    return tracked(
        "mine" if text is None else text,
        stack=Stack("5999b763", named),
        posts_sent=1,
        action=Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"}),
        deployment=Deployment.from_json(fields),
        certainty=Certainty.CONFIRMED,
    )


def result_of(reason: Reason, text: str = "why", evidence: str = "") -> Result:
    """Make a result with all facts that any reason has; those that are texts are this one."""
    error = ApiError("GET /stacks/abc", text, status=404, clue=Clue(Blame.STRANGER, "https://example.com"))
    answers = {"sent": True, "looked": True, "readable": True, "shows": False}
    facts: dict[str, Any] = dict.fromkeys(TEXTS, text) | answers | {"error": error}
    facts |= {"why": WhyCancel.TIMEOUT, "usual_seconds": 90.0, "effect": "queue", "on_busy": "queue", "live": None}
    busy = Deployment.from_json({"id": 107, "triggered_by": text})
    facts |= {"seconds": 1800.0, "busy": StackActivity((), (busy,), ()), "options": {"git_ref": text}}
    facts |= {"numbers": [107, 108], "cancelled": None, "why_not": Hindrance(WhyNot.STACK_UNREADABLE, {"error": error})}
    health = Health(
        f"https://example.com/{text}?{text}",
        False,
        9.4,
        3,
        Visit("https://example.com", problem=Problem.NO_ANSWER, said=text),
    )
    return Result(reason, SEEN, facts, evidence, (SUCCEEDED, SUCCEEDED), health=health)


def ended_as(outcome: Outcome, text: str = "why", evidence: str = "") -> Result:
    """Make a result of an outcome."""
    return result_of(next(one for one in Reason if one.outcome is outcome), text, evidence)
