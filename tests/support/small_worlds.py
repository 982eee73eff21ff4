"""A small world of redeploys, for test_small_worlds.py: who asked for what, and when its records show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, TypeVar

from cloud66_redeploy.errors import NotFound
from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.tracking import Submission
from records import CANCELLED, FAILED, START, SUCCESS, action, deployment
from scripted import Clock

Record = TypeVar("Record", Deployment, Action)
PAST = deployment(100, -900, -860), action(30, -900, -860)
LEFT_OPEN = action(32, -20, action="backup"), action(31, -900)
"""What has no deployment, in every world: other work that goes on, and a redeploy that was left lying."""

OUTCOMES: dict[str, tuple[Any, Any]] = {
    "success": (SUCCESS, True), "failed": (FAILED, False), "cancelled": (CANCELLED, False),
    "odd": ({"code": 9, "meaning": "superseded"}, False), "reverted": (SUCCESS, True), "silent": (None, None),
}  # fmt: skip
KINDS: dict[str, dict[str, str]] = {
    "ours": {}, "alike": {}, "other user": {"user": "ann"}, "other ref": {"ref": "v1"}, "web": {"via": "web"},
    "hook": {"via": "hook"},
}  # fmt: skip


class Redeploy(NamedTuple):
    """Anybody's redeploy: when it was asked for and its two records show, how long it takes and waits, how it ends."""

    kind: str
    asked: float
    deployment_shows: float = 0.0
    action_shows: float = 0.0
    lasts: float = 30.0
    ends: str = "success"
    waits: float = 0.0

    @property
    def starts_at(self) -> float:
        """When it is its turn."""
        return self.asked + self.waits

    @property
    def over_at(self) -> float:
        """When it ends."""
        return self.starts_at + self.lasts


class Post(NamedTuple):
    """What became of our POST: when it was done, if ever (twice, where it was sent twice), and what was answered."""

    name: str
    done: tuple[float, ...] = (0.0,)
    answer: str = ""
    accepted: bool = True
    sent: int = 1


POSTS = (
    Post("answered with the deployment's id", answer="deployment"),
    Post("answered with the action's id as if it were the deployment's", answer="action as deployment"),
    Post("answered with the action's id", answer="action"),
    Post("answered without an id"),
    Post("lost and done", accepted=False),
    Post("lost and not done", done=(), accepted=False),
    Post("lost and done late", done=(25.0,), accepted=False),
    Post("sent twice and done once", sent=2),
    Post("sent twice and done twice", done=(0.0, 0.5), sent=2),
)  # fmt: skip


@cache
def record_of(one: Redeploy, number: int, *, started: bool, over: bool) -> Deployment:
    """Write the deployment's record, as it waits, as it runs or as it is over."""
    fields = KINDS[one.kind]
    said: dict[str, Any] = {"outcome": OUTCOMES[one.ends][0]} if over else {}
    said |= {"reverted": True} if over and one.ends == "reverted" else {}
    via = {"code": 0, "meaning": fields.get("via", "api")}
    who = {"triggered_by": fields.get("user", "ci"), "git_ref": fields.get("ref", "main"), "triggered_via": via}
    return deployment(number, one.starts_at if started else None, one.over_at if over else None, **who | said)


@cache
def action_of(one: Redeploy, number: int, *, over: bool) -> Action:
    """Write the action's record; ours carries the reference."""
    fields = KINDS[one.kind]
    said = {"finished_success": OUTCOMES[one.ends][1]} if over else {}
    who = {"user": fields.get("user", "ci"), "started_via": fields.get("via", "api")}
    reference = "mine" if one.kind == "ours" else ""
    return action(number, one.asked, one.over_at if over else None, reference, **who | said)


def _named(number: int, shown: Iterable[Record]) -> Record:
    for one in shown:
        if one.id == number:
            return one
    raise NotFound("GET", "not there", status=404)


@dataclass
class World:
    """All that there is, as a client that can be asked; records show as the clock goes on."""

    post: Post
    redeploys: Sequence[Redeploy]
    clock: Clock

    def __post_init__(self) -> None:
        self.ours = [place for place, one in enumerate(self.redeploys) if one.kind == "ours"]
        # Actions and deployments are numbered independently; where it matters, our action has a colleague's number.
        theirs = [place for place, one in enumerate(self.redeploys) if one.kind != "ours"]
        meets = theirs[0] - self.ours[0] if theirs and self.ours else 40
        self.first_action = 108 + (meets if self.post.answer == "action as deployment" else -60)

    def deployments(self) -> list[Deployment]:
        now = self.clock.now
        shown = [
            record_of(one, 108 + place, started=now >= one.starts_at, over=now >= one.over_at)
            for place, one in enumerate(self.redeploys)
            if now >= one.asked + one.deployment_shows
        ]
        return [*reversed(shown), PAST[0]]

    def actions(self) -> list[Action]:
        now = self.clock.now
        shown = [
            action_of(one, self.first_action + place, over=now >= one.over_at)
            for place, one in enumerate(self.redeploys)
            if now >= one.asked + one.action_shows
        ]
        return [*reversed(shown), *LEFT_OPEN, PAST[1]]

    def actions_with(self, reference: str) -> list[Action]:
        return [one for one in self.actions() if one.reference == reference]

    def deployment(self, number: int) -> Deployment:
        return _named(number, self.deployments())

    def action(self, number: int) -> Action:
        return _named(number, self.actions())

    def age_seconds(self, moment: datetime) -> float:
        return self.clock.now - (moment - START) / timedelta(seconds=1)

    def submission(self) -> Submission:
        """What the trigger knows of the POST."""
        first = self.ours[0] if self.ours else 0
        number = {"deployment": 108 + first, "action as deployment": self.first_action + first}.get(self.post.answer)
        action_id = self.first_action + first if self.post.answer == "action" else None
        return Submission(self.post.sent, self.post.accepted, number, action_id)
