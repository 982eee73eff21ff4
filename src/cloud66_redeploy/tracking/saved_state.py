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
        known = [name for name in _NUMBERS if baseline.actions_known or not name.endswith("actions")]
        answer_action_id = tracking.action.id if tracking.action else tracking.submission.answer_action_id
        return {
            "stack_id": self.stack_id,
            "cancel_on_abort": self.cancel_on_abort,
            "request": vars(tracking.request),
            "submission": vars(tracking.submission) | {"answer_action_id": answer_action_id},
            "actions_readable": tracking.actions_readable,
            "confirmed_id": tracking.confirmed_id,
            "baseline": {name: sorted(getattr(baseline, name)) for name in known},
            "newest": baseline.newest.isoformat() if baseline.newest else "",
        }

    @classmethod
    def from_json(cls, saved: object) -> Self | None:
        """Read it again; None where it is none, or names no deployment."""
        if not isinstance(saved, Mapping):
            return None
        request = _request(_part(saved, "request"))
        if not (request.reference or (request.is_external and request.given_id)):
            return None
        confirmed_id = as_id(saved.get("confirmed_id"))
        if request.is_external:
            tracking = Tracking.of_another(request.reference, request.given_id or confirmed_id)
        else:
            tracking = Tracking(
                request,
                baseline=_baseline(saved),
                submission=_submission(_part(saved, "submission"), confirmed_id),
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


def _request(saved: Mapping[Any, Any]) -> Request:
    return Request(
        reference=as_text(saved.get("reference")),
        git_ref=as_text(saved.get("git_ref")),
        given_id=as_id(saved.get("given_id")),
        is_external=saved.get("is_external") is True,
        is_unique=saved.get("is_unique") is not False,
    )


def _submission(saved: Mapping[Any, Any], confirmed_id: int | None) -> Submission:
    """Go on where the run was cut short: a POST may have left, whatever was kept."""
    return Submission(
        posts_sent=as_id(saved.get("posts_sent")) or 1,
        accepted=saved.get("accepted") is True,
        answer_id=confirmed_id or as_id(saved.get("answer_id")),
        answer_action_id=as_id(saved.get("answer_action_id")),
    )


def _baseline(saved: Mapping[Any, Any]) -> Baseline:
    numbers = _part(saved, "baseline")
    deployments, open_deployments, actions, open_actions = (_ids(numbers.get(name)) for name in _NUMBERS)
    newest, actions_known = as_time(saved.get("newest")), "actions" in numbers
    return Baseline(deployments, open_deployments, actions, open_actions, newest, actions_known=actions_known)


def _ids(saved: object) -> frozenset[int]:
    return frozenset(filter(None, map(as_id, saved))) if isinstance(saved, list) else frozenset()
