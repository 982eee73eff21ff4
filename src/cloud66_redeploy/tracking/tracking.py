"""What one run knows so far about the deployment that it asked for: written by trigger and observer, read by all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Self

from cloud66_redeploy.model.records import Action, Deployment, Phase, Stack, by_api
from cloud66_redeploy.timing import CLOCK_SKEW_SECONDS
from cloud66_redeploy.tracking.history import Past, durations_like, past_of

SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS)
"""Two records of one job are written by different processes; their times differ a little."""


@dataclass(frozen=True)
class Baseline:
    """
    The stack's deployments and actions as they were just before the POST (the newest of each).

    `open_…` are those of the API that were not finished then; `newest` is the last moment (the server's time) that a
    deployment of it tells of, so a deployment that tells of an earlier one is old, even if it stood further down.
    `past` is how long those that succeeded took, `live` the one whose code is in service.
    """

    deployments: frozenset[int] = frozenset()
    open_deployments: frozenset[int] = frozenset()
    actions: frozenset[int] = frozenset()
    open_actions: frozenset[int] = frozenset()
    newest: datetime | None = None
    past: tuple[Past, ...] = ()
    live: Deployment | None = None
    actions_known: bool = True
    """Whether the actions could be read at all: else one of an earlier run would pass for new."""

    @classmethod
    def of(cls, deployments: Iterable[Deployment], actions: Iterable[Action]) -> Self:
        """Take the baseline of what is there."""
        deployments, actions = list(deployments), list(actions)
        return cls(
            frozenset(one.id for one in deployments),
            frozenset(one.id for one in deployments if by_api(one) and not one.phase.is_final),
            frozenset(one.id for one in actions),
            frozenset(one.id for one in actions if by_api(one) and not one.phase.is_final),
            max((moment for one in deployments for moment in one.times), default=None),
            past_of(deployments),
            next((one for one in deployments if one.is_live), None),
        )

    def is_new(self, deployment: Deployment) -> bool:
        """Tell whether a deployment can have come since."""
        # One that was cancelled as it waited may tell no time, and may stand beyond what was read then; numbers grow.
        below = deployment.id < min(self.deployments, default=0)
        old = self.newest is not None and any(moment < self.newest - SKEW for moment in deployment.times)
        return deployment.id not in self.deployments and not below and not old


class Proof(IntEnum):
    """How sure it is that a deployment is ours."""

    NONE = 0
    INFERRED = 1
    """The only one that can be meant; checked again when our action ends."""
    PROVED = 2


@dataclass
class Tracking:
    """
    What is known so far. One run, one of these.

    Attributes:
        reference: the user_reference that marks our action.
        git_ref: the ref asked for, or "".
        sends: how many POSTs may have scheduled a deployment.
        was_used: an action carried the reference before the POST.
        answered: one of them was answered with "scheduled".
        attached: somebody else asked for it; who runs this step named it by its reference, its id, or both.
        named: the id by which it was named, or None: surely a deployment's.
        hint: the id in the POST's answer. A deployment's, or an action's: never a proof.
        action_hint: the id of the action in the POST's answer, or None.
        expected_commit: the commit that has to be the one deployed, or "".
        actions_readable: False while the API refuses this token the actions (403, 404), and where there is no
            reference to look for.
        is_unique: the reference is one that no other run has: it was derived, not given.
        is_shared: more actions carry the reference than POSTs have left: another run has the same one.
        duplicates: further actions that carry our reference (the younger ones).
        duplicate_deployments: their deployments, where they can be told.
        paired_at: the instant (monotonic seconds) since which these deployments have been the only ones that can be.
        undone: deployments of duplicates that have been cancelled.
        inferred_at: the instant (monotonic seconds) since which the deployment has been the only one that can be ours.
        gone: the deployment was there and now it is not.
        maybe_started: ours is not known, but one that could be has started.
        queued_ahead: deployments of others that run or wait before ours, at the last look; None where not known.
        running_ahead: the one of them that runs, or None.

    """

    reference: str
    git_ref: str = ""
    stack: Stack | None = None
    baseline: Baseline = field(default_factory=Baseline)
    sends: int = 0
    was_used: bool = False
    answered: bool = False
    attached: bool = False
    named: int | None = None
    hint: int | None = None
    action_hint: int | None = None
    expected_commit: str = ""
    action: Action | None = None
    actions_readable: bool = True
    is_unique: bool = True
    is_shared: bool = False
    duplicates: list[Action] = field(default_factory=list)
    duplicate_deployments: list[Deployment] = field(default_factory=list)
    paired_at: float = 0.0
    undone: set[int] = field(default_factory=set)
    deployment: Deployment | None = None
    proof: Proof = Proof.NONE
    inferred_at: float = 0.0
    gone: bool = False
    maybe_started: bool = False
    queued_ahead: int | None = None
    running_ahead: Deployment | None = None

    @classmethod
    def of_another(cls, reference: str, named: int | None) -> Self:
        """Track a deployment that somebody else asked for: by its reference, its id, or both."""
        return cls(
            reference,
            sends=1,
            attached=True,
            named=named,
            actions_readable=bool(reference),
            is_unique=False,
        )

    @property
    def is_missing(self) -> bool:
        """Whether what was named has not been found: the reference, or a deployment of that id that fits it."""
        return self.attached and self.deployment is None and (self.action is None or self.named is not None)

    @property
    def is_not_live(self) -> bool:
        """Whether ours is known, and said not to be the one in service."""
        return self.proved_id is not None and self.deployment is not None and self.deployment.is_live is False

    def successor(self, deployments: Iterable[Deployment]) -> Deployment | None:
        """Return the deployment that is live and came after ours, if there is one."""
        ours = self.deployment
        if ours is None or ours.finished_at is None:
            return None
        # One that was done before ours is only still shown as live.
        return next(
            (one for one in deployments if one.is_live and one.finished_at and one.finished_at > ours.finished_at), None
        )

    def is_followed(self, deployments: Iterable[Deployment]) -> bool:
        """Tell whether another deployment has started after ours."""
        ours = self.began_at
        return any(one.started_at and (ours is None or one.started_at > ours) for one in deployments)

    @property
    def proved(self) -> Deployment | None:
        """The deployment that is proved ours, or None."""
        return self.deployment if self.proof is Proof.PROVED else None

    @property
    def began_at(self) -> datetime | None:
        """When ours started, or None where that is not known."""
        return self.deployment.started_at if self.deployment else None

    @property
    def proved_id(self) -> int | None:
        """The id of the deployment that is proved ours, or None."""
        return self.proved.id if self.proved is not None else None

    @property
    def is_blind(self) -> bool:
        """Whether an action that carries the reference may be an earlier run's: it was given, the baseline unknown."""
        return not (self.is_unique or self.attached or self.baseline.actions_known)

    @property
    def lacks_commit(self) -> bool:
        """Whether a commit is expected, and ours, a success, does not say (yet) which one it deployed."""
        ours = self.proved
        is_success = ours is not None and ours.phase is Phase.SUCCESS
        return bool(self.expected_commit) and is_success and not (ours and ours.text("git_hash"))

    @property
    def durations(self) -> tuple[float, ...]:
        """How long the newest deployments like ours took, in seconds, the newest first."""
        return durations_like(self.deployment, self.baseline.past)

    @property
    def lead(self) -> int | None:
        """The id that leads to ours, and to no other: one that was named, or the answer's, where it can be. Or None."""
        if self.named is not None:
            return self.named
        is_actions = self.action is not None and self.action.id == self.hint
        return None if is_actions or self.hint in self.baseline.deployments else self.hint

    @property
    def is_queued(self) -> bool:
        """Whether ours has not started, as far as is known."""
        if self.deployment is not None:
            return self.deployment.phase is Phase.QUEUED
        return not self.maybe_started and (self.action is None or not self.action.phase.is_final)

    @property
    def has_ended(self) -> bool:
        """Whether ours is known to have run and ended, so that another one may have started since."""
        return self.began_at is not None and self.deployment is not None and self.deployment.phase.is_final

    @property
    def never_started(self) -> bool:
        """Whether ours waited to the last, as far as is known, so that it has no log."""
        ours = self.deployment
        return self.is_queued or (ours is not None and ours.phase is Phase.CANCELLED and self.began_at is None)

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing can tell which deployment is ours: no action may be read, and no id leads to it."""
        return not self.actions_readable and self.proof is not Proof.PROVED and self.lead is None

    @property
    def leads_nowhere(self) -> bool:
        """Whether no action may be read, and the id that should lead to ours has not done so (yet)."""
        return not self.actions_readable and self.deployment is None

    def adopt(self, deployment: Deployment, proof: Proof) -> None:
        """Take a deployment's record for ours (again)."""
        self.deployment, self.proof, self.gone = deployment, proof, False
