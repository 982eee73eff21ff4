"""
One look: asks the API for news of our redeploy and writes them into the tracking.

A look is as cheap as what is known allows: one call once the deployment is proved ours (the list while it waits, its
own record once it has started), two while it has to be found or is only inferred (others may still show up, and then it
no longer holds). As soon as one record says that it is over, both are read once more.
"""

from collections.abc import Callable, Sequence

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError, Denied, NotFound
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.model.verdict import Absence, Saying
from cloud66_redeploy.timing import REFUSED_ACTIONS_SECONDS
from cloud66_redeploy.tracking.doubt import Doubt
from cloud66_redeploy.tracking.identity import Identity
from cloud66_redeploy.tracking.matching import unaccounted
from cloud66_redeploy.tracking.tracking import Proof, Tracking

_LOOKS_PER_SEARCH = 4
"""So many looks at a deployment that waits, one of them a search in both lists."""


class Observer:
    """
    Looks at the deployment of one run.

    Attributes:
        identity: finds out which one is ours.

    """

    def __init__(self, client: Client, tracking: Tracking, clock: Clock) -> None:
        self._client = client
        self._tracking = tracking
        self._clock = clock
        self._queue_looks = 0
        self._doubt = Doubt(clock)
        self._next_try_at = 0.0
        self.identity = Identity(client, tracking, clock)

    def look(self) -> None:
        """
        Ask for news.

        Raises:
            Denied: the token is no longer good for it; it has been asked again before that is believed.
            NotFound: the stack has gone, likewise.
            ApiError: passing trouble.

        """
        self._doubt.check(self._look)

    def read_action(self) -> None:
        """Read the action that carries our reference. Raises as `look`."""
        self._doubt.check(self._read_action)

    def sees_more_deployments_than_actions(self) -> bool:
        """
        Tell whether a deployment is there that no action accounts for.

        It may be that of a lost POST whose action is late. Raises as `look`.
        """
        return self._doubt.check(self._sees_more_deployments_than_actions)

    def _look(self) -> None:
        known = self._tracking
        started = known.deployment is not None and known.deployment.phase is not Phase.QUEUED
        if not started and self._is_settled():
            self._read_queue()
        elif known.proof is Proof.PROVED and started and known.sends <= 1:
            self._read_deployment()
        else:
            self._search()
        if self._something_ended():
            self._read_both()

    def _is_settled(self) -> bool:
        """
        Whether the list of deployments is enough while ours waits: it is proved, and known by one request.

        Now and then the actions are read all the same: one that was cancelled in the queue may show only there.
        """
        known = self._tracking
        if known.proof is not Proof.PROVED or known.sends > 1 or (known.action is None and known.actions_readable):
            return False
        self._queue_looks += 1
        return self._queue_looks % _LOOKS_PER_SEARCH != 0

    def _read_queue(self) -> None:
        """Read the list alone: ours, and those ahead of it."""
        deployments = self._deployments()
        self._refresh(deployments)
        self._count_those_ahead(deployments)

    def _deployments(self) -> list[Deployment]:
        try:
            return self._client.deployments()
        except NotFound:
            self._raise_if_stack_is_gone()
            raise

    def says(self, *, settled: bool = False) -> tuple[Saying, Saying]:
        """
        Return what deployment and action say.

        An inferred deployment says nothing until its pairing has held, or the records have settled: then it is still
        the only one that can be ours, and what speaks against a success is not thrown away.
        """
        known = self._tracking
        deployment: Saying = Absence.NEVER_SEEN
        if known.deployment is not None and (settled or known.proof is Proof.PROVED):
            deployment = Absence.GONE if known.gone else known.deployment.phase
        action: Saying = Absence.NEVER_SEEN if known.actions_readable else Absence.UNREADABLE
        return deployment, known.action.phase if known.action else action

    def _search(self) -> None:
        """Read both lists and find out which deployment is ours, or whether that still holds."""
        known = self._tracking
        # In this order, so that a deployment that comes between the two calls doesn't show without its action.
        deployments = self._deployments()
        actions: list[Action] = []
        if self._may_read_actions:
            actions = self._reading_actions(self._client.actions)
            if not self.identity.take(actions):
                self._read_action()
        if known.proof is Proof.PROVED and not known.duplicates:
            self._refresh(deployments)
        else:
            self.identity.find(actions, deployments)
        self._count_those_ahead(deployments)

    def _sees_more_deployments_than_actions(self) -> bool:
        deployments = self._client.deployments()
        actions = self._reading_actions(self._client.actions) if self._may_read_actions else []
        return unaccounted(actions, deployments, self._tracking.baseline)

    @property
    def _may_read_actions(self) -> bool:
        """Whether to ask for the actions. Where they were refused, it is found out again now and then."""
        known = self._tracking
        return bool(known.reference) and (known.actions_readable or self._clock.monotonic() >= self._next_try_at)

    def _read_action(self) -> None:
        known = self._tracking
        found = self._direct_action() if known.is_unique and known.sends <= 1 else []
        self.identity.take(found or self._reading_actions(lambda: self._client.actions_with(known.reference)))

    def _direct_action(self) -> list[Action]:
        """Read our action by its id, where the answer told it; its reference proves it."""
        known = self._tracking
        number = known.action.id if known.action else known.action_hint
        if number is None:
            return []
        try:
            found = self._client.action(number)
        except ApiError:
            # Not there (yet), not an action's id, or trouble: the look by the reference tells.
            return []
        return [found] if found.reference == known.reference else []

    def _reading_actions(self, read: Callable[[], list[Action]]) -> list[Action]:
        """Read actions; where this token is refused them, and it has lasted, there are none to be seen for a while."""
        known = self._tracking
        if known.is_blind:
            return []
        try:
            found = read()
        except (Denied, NotFound) as refusal:
            # Raises another error where it is not about the actions.
            self._client.stack()
            # Where no id leads to ours either, that they were refused before the POST is too old to decide the run.
            is_believed = self._doubt.is_lasting or not (known.actions_readable or known.is_hopeless)
            if known.action is not None or refusal.status in {401, 402} or not is_believed:
                raise
            known.actions_readable = False
            self._next_try_at = self._clock.monotonic() + REFUSED_ACTIONS_SECONDS
            return []
        known.actions_readable = True
        return found

    def _refresh(self, deployments: Sequence[Deployment]) -> None:
        known = self._tracking
        assert known.deployment is not None
        number = known.deployment.id
        found = next((one for one in deployments if one.id == number), None)
        if found:
            known.adopt(found, Proof.PROVED)
        else:
            self._read_deployment()

    def _read_deployment(self) -> None:
        known = self._tracking
        assert known.deployment is not None
        try:
            known.adopt(self._client.deployment(known.deployment.id), known.proof)
        except NotFound:
            self._raise_if_stack_is_gone()
            known.gone = True

    def _count_those_ahead(self, deployments: Sequence[Deployment]) -> None:
        known = self._tracking
        ours = known.deployment
        ahead = [
            one
            for one in deployments
            if ours is not None
            and one.id != ours.id
            and not one.phase.is_final
            and (one.phase is Phase.RUNNING or one.id < ours.id)
        ]
        known.queued_ahead = None if ours is None else len(ahead)
        known.running_ahead = next((one for one in ahead if one.phase is Phase.RUNNING), None)

    def _something_ended(self) -> bool:
        known = self._tracking
        records = (known.deployment, known.action)
        return known.gone or any(one.phase.is_final for one in records if one is not None)

    def _read_both(self) -> None:
        known = self._tracking
        if known.proof is Proof.INFERRED:
            self._search()
        elif self._may_read_actions:
            self._read_action()
        if known.deployment is not None:
            self._read_deployment()
        if known.proof is Proof.INFERRED:
            self.identity.check()

    def _raise_if_stack_is_gone(self) -> None:
        """Raise NotFound if it is the stack that is not there any more."""
        self._client.stack()
