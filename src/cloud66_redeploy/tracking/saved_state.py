"""What the post step has to know, as text for GITHUB_STATE. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cloud66_redeploy.model.fields import as_id, as_text, as_time
from cloud66_redeploy.tracking.tracking import Baseline, Tracking

STATE = "run"
ENDED = "ended"
"""Set once the step has ended by itself, so that the post step has nothing to do."""

_NUMBERS = ("deployments", "open_deployments", "actions", "open_actions")


def write(runs: Sequence["Memory"]) -> str:
    """Write down what is to be remembered."""
    return json.dumps([vars(one) for one in runs])


def read(text: str) -> list["Memory"]:
    """Read it again; nothing where nothing was kept, or nothing that can be read."""
    try:
        kept: Any = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found = [Memory.from_json(one) for one in kept] if isinstance(kept, list) else []
    return [one for one in found if one is not None]


@dataclass(frozen=True)
class Memory:
    """
    One run, as the post step needs it.

    Attributes:
        sends: how many POSTs may have scheduled a deployment.
        is_unique: no other run has the reference.
        attached: somebody else asked for it.
        named: the id by which it was named, or None.
        proved: the id of the deployment that is proved ours, or None.
        hint: the id in the POST's answer, or None.
        action_hint: the action's id in that answer, or None.
        answered: the POST was answered with "scheduled".

    """

    stack_id: str
    reference: str
    git_ref: str
    cancel_on_abort: bool
    sends: int
    is_unique: bool
    attached: bool
    named: int | None
    hint: int | None
    action_hint: int | None
    proved: int | None
    answered: bool
    actions_readable: bool
    baseline: dict[str, list[int]]
    newest: str

    @property
    def name(self) -> str:
        """The reference, or the id by which it was named."""
        return self.reference or f"deployment {self.named}"

    @classmethod
    def of(cls, tracking: Tracking, stack_id: str, *, cancel_on_abort: bool) -> Self:
        """Take down what is known so far."""
        return cls(
            stack_id=stack_id,
            reference=tracking.reference,
            git_ref=tracking.git_ref,
            cancel_on_abort=cancel_on_abort,
            sends=tracking.sends,
            is_unique=tracking.is_unique,
            attached=tracking.attached,
            named=tracking.named,
            hint=tracking.hint,
            action_hint=tracking.action.id if tracking.action else tracking.action_hint,
            proved=tracking.proved_id,
            answered=tracking.answered,
            actions_readable=tracking.actions_readable,
            baseline={
                name: sorted(getattr(tracking.baseline, name))
                for name in _NUMBERS
                if tracking.baseline.actions_known or not name.endswith("actions")
            },
            newest=tracking.baseline.newest.isoformat() if tracking.baseline.newest else "",
        )

    @classmethod
    def from_json(cls, kept: object) -> Self | None:
        """Read one; None where it is none, or names no deployment."""
        if not isinstance(kept, Mapping):
            return None
        attached, named = kept.get("attached") is True, as_id(kept.get("named"))
        if not (as_text(kept.get("reference")) or (attached and named)):
            return None
        baseline = kept.get("baseline")
        return cls(
            stack_id=as_text(kept.get("stack_id")),
            reference=as_text(kept.get("reference")),
            git_ref=as_text(kept.get("git_ref")),
            cancel_on_abort=kept.get("cancel_on_abort") is True,
            sends=as_id(kept.get("sends")) or 1,
            is_unique=kept.get("is_unique") is not False,
            attached=attached,
            named=named,
            hint=as_id(kept.get("hint")),
            action_hint=as_id(kept.get("action_hint")),
            proved=as_id(kept.get("proved")),
            answered=kept.get("answered") is True,
            actions_readable=kept.get("actions_readable") is not False,
            baseline=dict(baseline) if isinstance(baseline, Mapping) else {},
            newest=as_text(kept.get("newest")),
        )

    def to_tracking(self) -> Tracking:
        """Go on where the run was cut short: a POST may have left, whatever was kept."""
        deployments, open_deployments, actions, open_actions = (
            frozenset(self.baseline.get(name, ())) for name in _NUMBERS
        )
        if self.attached:
            return Tracking.of_another(self.reference, self.named or self.proved)
        return Tracking(
            self.reference,
            self.git_ref,
            baseline=Baseline(
                deployments,
                open_deployments,
                actions,
                open_actions,
                as_time(self.newest),
                actions_known="actions" in self.baseline,
            ),
            sends=self.sends,
            is_unique=self.is_unique,
            answered=self.answered,
            hint=self.proved or self.hint,
            action_hint=self.action_hint,
            actions_readable=self.actions_readable,
        )
