"""What the post step has to know, as text for GITHUB_STATE. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cloud66_redeploy.model.fields import as_id, as_text, as_time
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.tracking import Request, Sighting, Submission, Tracking

STATE = "run"
ENDED = "ended"
"""Set once the step has ended by itself, so that the post step has nothing to do."""

_NUMBERS = ("deployments", "open_deployments", "actions", "open_actions")


@dataclass(frozen=True)
class SavedState:
    """One deployment, as the post step needs it: the tracking, but for what the records say, which is read anew."""

    stack_id: str
    tracking: Tracking
    cancel_on_abort: bool

    @property
    def name(self) -> str:
        """The reference, or the id by which it was named."""
        return self.tracking.request.reference or f"deployment {self.tracking.request.given_id}"

    def to_json(self) -> dict[str, Any]:
        """Write it down."""
        tracking, baseline = self.tracking, self.tracking.baseline
        kept = [name for name in _NUMBERS if baseline.actions_known or not name.endswith("actions")]
        answer_action_id = tracking.action.id if tracking.action else tracking.submission.answer_action_id
        return {
            "stack_id": self.stack_id,
            "cancel_on_abort": self.cancel_on_abort,
            "request": vars(tracking.request),
            "submission": vars(tracking.submission) | {"answer_action_id": answer_action_id},
            "actions_readable": tracking.actions_readable,
            "confirmed_id": tracking.confirmed_id,
            "baseline": {name: sorted(getattr(baseline, name)) for name in kept},
            "newest": baseline.newest.isoformat() if baseline.newest else "",
        }

    @classmethod
    def from_json(cls, saved: object) -> Self | None:
        """Read it again; None where it is none, or names no deployment."""
        if not isinstance(saved, Mapping):
            return None
        asked, sent, there = (_part(saved, name) for name in ("request", "submission", "baseline"))
        request = Request(
            reference=as_text(asked.get("reference")),
            git_ref=as_text(asked.get("git_ref")),
            given_id=as_id(asked.get("given_id")),
            is_external=asked.get("is_external") is True,
            is_unique=asked.get("is_unique") is not False,
        )
        if not (request.reference or (request.is_external and request.given_id)):
            return None
        confirmed_id = as_id(saved.get("confirmed_id"))
        if request.is_external:
            tracking = Tracking.of_another(request.reference, request.given_id or confirmed_id)
        else:
            deployments, open_deployments, actions, open_actions = (_ids(there.get(name)) for name in _NUMBERS)
            newest, are_known = as_time(saved.get("newest")), "actions" in there
            baseline = Baseline(deployments, open_deployments, actions, open_actions, newest, actions_known=are_known)
            # A POST may have left, whatever was kept: the run was cut short.
            submission = Submission(
                posts_sent=as_id(sent.get("posts_sent")) or 1,
                accepted=sent.get("accepted") is True,
                answer_id=confirmed_id or as_id(sent.get("answer_id")),
                answer_action_id=as_id(sent.get("answer_action_id")),
            )
            tracking = Tracking(
                request,
                baseline=baseline,
                submission=submission,
                sighting=Sighting(actions_readable=saved.get("actions_readable") is not False),
            )
        return cls(as_text(saved.get("stack_id")), tracking, saved.get("cancel_on_abort") is True)


def write(states: Sequence[SavedState]) -> str:
    """Write down what is to be remembered."""
    return json.dumps([state.to_json() for state in states])


def read(text: str) -> list[SavedState]:
    """Read it again; nothing where nothing was kept, or nothing that can be read."""
    try:
        saved: Any = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found = [SavedState.from_json(entry) for entry in saved] if isinstance(saved, list) else []
    return [state for state in found if state is not None]


def _part(saved: Mapping[Any, Any], name: str) -> Mapping[Any, Any]:
    part = saved.get(name)
    return part if isinstance(part, Mapping) else {}


def _ids(saved: object) -> frozenset[int]:
    return frozenset(filter(None, map(as_id, saved))) if isinstance(saved, list) else frozenset()
