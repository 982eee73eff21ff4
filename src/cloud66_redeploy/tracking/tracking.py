"""What one run knows of the deployment that it is about, in four parts, each with one writer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple, Self

from cloud66_redeploy.model.fields import is_before
from cloud66_redeploy.model.outcome import LastSeen
from cloud66_redeploy.model.records import Action, Deployment, Phase, Stack
from cloud66_redeploy.model.services import Service
from cloud66_redeploy.model.verdict import Absence, RecordState
from cloud66_redeploy.tracking.baseline import Baseline, durations_like


class Certainty(IntEnum):
    """How sure it is that a deployment is the one."""

    UNKNOWN = 0
    INFERRED = 1
    """The only one that can be meant; checked again when its action ends."""
    CONFIRMED = 2


@dataclass(frozen=True)
class Request:
    """
    What is requested, or was requested elsewhere. Made by the command.

    Attributes:
        reference: the user_reference that marks the action, or "" where a deployment was named by its id alone.
        git_ref: the ref requested, or "".
        services: the services requested, with their tags, or "".
        expected_commit: the commit that has to be the one deployed, or "".
        given_id: the id by which the deployment was named, or None.
        is_external: it was started elsewhere; the inputs name it by its reference, its id, or both.
        is_unique: the reference is one that no other run has: it was derived, not given.

    """

    reference: str
    git_ref: str = ""
    expected_commit: str = ""
    given_id: int | None = None
    is_external: bool = False
    is_unique: bool = True
    services: str = ""


@dataclass
class Submission:
    """
    What became of the POST. Written by the trigger.

    Attributes:
        posts_sent: how many POSTs may have scheduled a deployment.
        accepted: one of them was answered with "scheduled".
        answer_id: the id in the answer. A deployment's, or an action's: never a proof.
        answer_action_id: the id of the action in the answer, or None.

    """

    posts_sent: int = 0
    accepted: bool = False
    answer_id: int | None = None
    answer_action_id: int | None = None


class Duplicate(NamedTuple):
    """A further (younger) action that carries the reference, and its deployment, where that can be told."""

    action: Action
    deployment: Deployment | None = None


@dataclass(frozen=True)
class Sighting:
    """
    What the last look has found. Replaced whole by the observer.

    Attributes:
        candidates_since: the instant (monotonic seconds) since which the deployment, and those of duplicates, have been
            the only ones that can be meant.
        record_vanished: the deployment was there and now it is not.
        maybe_started: the deployment is not known, but one that could be has started.
        ahead: deployments of others that run or wait before it; None where not known.
        duplicates: what a POST that went through twice has made.
        is_ambiguous: more actions carry the reference than POSTs have left: another run has the same one.
        actions_readable: False while the API refuses this token the actions (403, 404); None before the first look.

    """

    action: Action | None = None
    deployment: Deployment | None = None
    certainty: Certainty = Certainty.UNKNOWN
    candidates_since: float = 0.0
    record_vanished: bool = False
    maybe_started: bool = False
    ahead: tuple[Deployment, ...] | None = None
    duplicates: tuple[Duplicate, ...] = ()
    is_ambiguous: bool = False
    actions_readable: bool | None = None


@dataclass
class Tracking:
    """All that is known of one deployment. The commands write the stack, the baseline, and what services run, once."""

    request: Request
    stack: Stack | None = None
    baseline: Baseline = field(default_factory=Baseline)
    submission: Submission = field(default_factory=Submission)
    sighting: Sighting = field(default_factory=Sighting)
    services: Sequence[Service] = ()

    @classmethod
    def of_another(
        cls, reference: str, given_id: int | None, expected_commit: str = "", stack: Stack | None = None
    ) -> Self:
        """Track a deployment that was started elsewhere: by its reference, its id, or both."""
        request = Request(reference, "", expected_commit, given_id, is_external=True, is_unique=False)
        return cls(request, stack, submission=Submission(posts_sent=1))

    @classmethod
    def of_live(cls, live: Deployment, before: "Tracking") -> Self:
        """Track the deployment that is live, as none is requested."""
        found = cls.of_another("", live.id, before.request.expected_commit, before.stack)
        return replace(
            found, baseline=before.baseline, sighting=Sighting(deployment=live, certainty=Certainty.CONFIRMED)
        )

    @property
    def action(self) -> Action | None:
        """The action that carries the reference, or None."""
        return self.sighting.action

    @property
    def deployment(self) -> Deployment | None:
        """The deployment, confirmed or inferred, or None."""
        return self.sighting.deployment

    @property
    def confirmed(self) -> Deployment | None:
        """The deployment where it is confirmed, or None."""
        return self.deployment if self.sighting.certainty is Certainty.CONFIRMED else None

    @property
    def confirmed_id(self) -> int | None:
        """The id of the deployment where it is confirmed, or None."""
        return self.confirmed.id if self.confirmed else None

    @property
    def candidate_id(self) -> int | None:
        """The id that leads to the deployment, and to no other: the given one, or the answer's, where it can be."""
        if self.request.given_id is not None:
            return self.request.given_id
        answer_id = self.submission.answer_id
        is_actions = self.action is not None and self.action.id == answer_id
        return None if is_actions or answer_id in self.baseline.deployments else answer_id

    @property
    def actions_readable(self) -> bool:
        """Whether this token can read the actions, and there is a reference to look for."""
        if self.request.is_external and not self.request.reference:
            return False
        seen = self.sighting.actions_readable
        return self.baseline.actions_known if seen is None else seen

    @property
    def is_not_found(self) -> bool:
        """Whether what was named has not been found: the reference, or a deployment of that id that fits it."""
        named_by_id = self.request.given_id is not None
        return self.request.is_external and self.deployment is None and (self.action is None or named_by_id)

    @property
    def cannot_be_identified(self) -> bool:
        """Whether nothing can tell which deployment it is: no action may be read, and no id leads to it."""
        return not self.actions_readable and self.confirmed is None and self.candidate_id is None

    @property
    def leads_nowhere(self) -> bool:
        """Whether no action may be read, and no id has led to the deployment (yet)."""
        return not self.actions_readable and self.deployment is None

    @property
    def is_one_of_several(self) -> bool:
        """Whether several carry the reference, and which one is meant can't be told."""
        return self.sighting.is_ambiguous and self.deployment is None

    @property
    def last_seen(self) -> LastSeen:
        """What is known by now, for a result: it does not go on changing."""
        return LastSeen(
            self.request.reference,
            self.request.given_id,
            self.request.is_external,
            self.action,
            self.deployment,
            self.confirmed is not None,
            self.sighting.record_vanished,
        )

    @property
    def durations(self) -> tuple[float, ...]:
        """How long the newest deployments like this one took, in seconds, the newest first."""
        return durations_like(self.deployment, self.baseline.past)

    @property
    def began_at(self) -> datetime | None:
        """When the deployment started, or None where that is not known."""
        return self.deployment.started_at if self.deployment else None

    def record_states(self, *, settled: bool = False) -> tuple[RecordState, RecordState]:
        """
        Return what deployment and action say.

        An inferred deployment says nothing until it is confirmed, or the records have settled: then it is still the
        only one that can be meant, and what speaks against a success is not thrown away.
        """
        deployment: RecordState = Absence.NEVER_SEEN
        if self.deployment is not None and (settled or self.confirmed):
            deployment = Absence.GONE if self.sighting.record_vanished else self.deployment.phase
        action: RecordState = Absence.NEVER_SEEN if self.actions_readable else Absence.UNREADABLE
        return deployment, self.action.phase if self.action else action

    @property
    def is_queued(self) -> bool:
        """Whether no record says that the deployment has started."""
        if self.deployment is not None:
            return self.deployment.phase is Phase.QUEUED
        return not self.sighting.maybe_started and (self.action is None or not self.action.phase.is_final)

    @property
    def is_not_live(self) -> bool:
        """Whether the deployment is confirmed, and said not to be the one in service."""
        return self.confirmed is not None and self.confirmed.is_live is False

    def successor(self, deployments: Iterable[Deployment]) -> Deployment | None:
        """Return the deployment that is live and came after this one, if there is one."""
        finished_at = self.deployment.finished_at if self.deployment else None
        # One that was done before is only still shown as live.
        later = (other for other in deployments if other.is_live and is_before(finished_at, other.finished_at))
        return next(later, None)
