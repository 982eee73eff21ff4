"""What the post step has to know, as text for GITHUB_STATE. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cloud66_redeploy.model.fields import as_time
from cloud66_redeploy.tracking.baseline import Baseline, Numbers
from cloud66_redeploy.tracking.tracking import Request, Sighting, Submission, Tracking

STATE = "run"
ENDED = "ended"
"""Set once the step has ended by itself, so that the post step has nothing to do."""

_MOST_IDS = 300
"""A process can't be given a variable above 128 KiB; a list that comes unpaged may be of any length."""


@dataclass(frozen=True)
class SavedState:
    """One deployment, as the post step needs it: the tracking, but for what the records say, which is read again."""

    stack_id: str
    tracking: Tracking
    cancel_on_abort: bool

    def to_json(self) -> dict[str, Any]:
        """Write it down; once the deployment is confirmed, its id is the way to it."""
        tracking, baseline, proved = self.tracking, self.tracking.baseline, self.tracking.confirmed_id
        request, submission = tracking.request, tracking.submission
        action_id = tracking.action.id if tracking.action else submission.answer_action_id
        return {
            "stack_id": self.stack_id,
            "cancel_on_abort": self.cancel_on_abort,
            "request": vars(request) | ({"given_id": request.given_id or proved} if request.is_external else {}),
            # A POST may have left, whatever was kept: the run was cut short.
            "submission": vars(submission)
            | {"posts_sent": submission.posts_sent or 1, "answer_action_id": action_id}
            | ({"answer_id": proved} if proved else {}),
            "actions_readable": tracking.sighting.actions_readable,
            "baseline": {
                "deployments": _written(baseline.deployments),
                "actions": _written(baseline.actions),
                "open_deployments": sorted(baseline.open_deployments)[-_MOST_IDS:],
                "open_actions": sorted(baseline.open_actions)[-_MOST_IDS:],
            },
            "newest": baseline.newest.isoformat() if baseline.newest else "",
            "actions_known": baseline.actions_known,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """
        Read it again.

        Raises:
            KeyError, TypeError, ValueError: it is none, or it names no deployment.

        """
        request, there = Request(**saved["request"]), saved["baseline"]
        is_named = request.reference or (request.is_external and request.given_id)
        if not is_named or not isinstance(request.reference, str):
            raise ValueError("it names no deployment")
        baseline = Baseline(
            _numbers(there["deployments"]),
            frozenset(there["open_deployments"]),
            _numbers(there["actions"]),
            frozenset(there["open_actions"]),
            as_time(saved["newest"]),
            actions_known=saved["actions_known"] is True,
        )
        submission, seen = Submission(**saved["submission"]), Sighting(actions_readable=saved["actions_readable"])
        tracking = Tracking(request, baseline=baseline, submission=submission, sighting=seen)
        return cls(saved["stack_id"], tracking, saved["cancel_on_abort"] is True)


def _written(numbers: Numbers) -> dict[str, Any]:
    some = numbers.newest_of(_MOST_IDS)
    return {"kept": sorted(some.kept), "below": some.below}


def _numbers(written: Mapping[str, Any]) -> Numbers:
    return Numbers(frozenset(written["kept"]), written["below"])


def write(states: Sequence[SavedState]) -> str:
    """Write down what the post step needs."""
    return json.dumps([state.to_json() for state in states])


def read(text: str) -> list[SavedState]:
    """Read it again; return nothing if nothing was kept, or if it isn't as `write` has written it."""
    try:
        return [SavedState.from_json(entry) for entry in json.loads(text)]
    except (KeyError, RecursionError, TypeError, ValueError):
        return []
