"""Makes results for tests that care for the outcome, or for a text in them, and not for how it came to that."""

from cloud66_redeploy.errors import ApiError, Blame, Clue
from cloud66_redeploy.model.outcome import LastSeen, Outcome, Reason, Result
from cloud66_redeploy.model.records import Action, Deployment

SEEN = LastSeen("mine", 108, action=Action.from_json({"id": 40}), deployment=Deployment.from_json({"id": 108}))
SUCCEEDED = Result(Reason.SUCCEEDED, LastSeen(deployment=SEEN.deployment, is_confirmed=True))
TEXTS = ("why", "busy", "which", "limit", "list", "commit", "expected", "options", "number", "numbers")
"""The facts that are texts."""


def result_of(reason: Reason, text: str = "why", evidence: str = "") -> Result:
    """Make a result with all facts that any reason has; those that are texts are this one."""
    error = ApiError("GET /stacks/abc", text, status=404, clue=Clue(Blame.STRANGER, "https://example.com"))
    facts = dict.fromkeys(TEXTS, text) | {
        "error": error,
        "sent": True,
        "looked": True,
        "readable": True,
        "shows": False,
    }
    facts |= {"usual_seconds": 90.0, "effect": "queue", "on_busy": "queue"}
    return Result(reason, SEEN, facts, evidence, (SUCCEEDED, SUCCEEDED))


def ended_as(outcome: Outcome, text: str = "why", evidence: str = "") -> Result:
    """Make a result of an outcome."""
    return result_of(next(one for one in Reason if one.outcome is outcome), text, evidence)
