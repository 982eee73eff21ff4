"""
One look: asks the API for news of a deployment and replaces the tracking's sighting.

A look is as cheap as what is known allows: one call once the deployment is confirmed (the list while it waits, its own
record once it has started), two while it has to be found or is only inferred (others may still show up, and then it no
longer holds). As soon as one record says that it is over, both are read once more.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError, Denied, NotFound
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.timing import RECORD_LAG_SECONDS, REFUSED_ACTIONS_SECONDS
from cloud66_redeploy.tracking.activity import ahead_of
from cloud66_redeploy.tracking.doubt import Doubt
from cloud66_redeploy.tracking.matching import carrying, confirmed, with_actions, with_deployments
from cloud66_redeploy.tracking.pairing import unaccounted
from cloud66_redeploy.tracking.tracking import Certainty, Tracking

_LOOKS_PER_SEARCH = 4
"""So many looks at a deployment that waits, one of them a search in both lists."""

OnSearch = Callable[[Sequence[Action], Sequence[Deployment]], object]
"""Is told what a search in both lists has found, once that has been weighed."""


class Observer:
    """Looks at one deployment (`tracking`); the only writer of what has been seen of it."""

    def __init__(
        self,
        client: Client,
        tracking: Tracking,
        clock: Clock,
        on_search: OnSearch = lambda _actions, _deployments: None,
    ) -> None:
        self._client = client
        self._on_search = on_search
        self.tracking = tracking
        self.clock = clock
        self._queue_looks = 0
        self._doubt = Doubt(clock)
        self._next_try_at = 0.0

    def look(self) -> None:
        """
        Ask for news.

        Raises:
            Denied: the token is no longer good for it; it has been asked again before that is believed.
            NotFound: the stack has gone; that has been asked again, too.
            ApiError: passing trouble.

        """
        self._doubt.check(self._look)

    def read_action(self) -> None:
        """Read the action that carries the reference. Raises as `look`."""
        self._doubt.check(self._read_action)

    def takes(self, actions: Sequence[Action]) -> bool:
        """Take what carries the reference among actions that were read elsewhere; tell whether there is any."""
        self.tracking.sighting = with_actions(self.tracking, actions)
        return bool(carrying(self.tracking, actions))

    def sees_more_deployments_than_actions(self) -> bool:
        """
        Tell whether a deployment is there that no action accounts for.

        It may be that of a lost POST whose action is late. If that action has shown by now, it is taken, and it counts
        as one that is not accounted for. Raises as `look`.
        """
        return self._doubt.check(self._sees_more_deployments_than_actions)

    def confirm(self) -> None:
        """Take an inference that has held until the end for true, now that the records have had their time."""
        self.tracking.sighting = confirmed(self.tracking.sighting)

    def _look(self) -> None:
        tracking = self.tracking
        started = tracking.deployment is not None and tracking.deployment.phase is not Phase.QUEUED
        if not tracking.confirmed or tracking.submission.posts_sent > 1:
            self._search()
        elif started:
            self._read_deployment()
        elif self._is_list_enough():
            deployments = self._deployments()
            self._read_deployment(deployments)
            self._note_those_ahead(deployments)
        else:
            self._search()
        records = (tracking.deployment, tracking.action)
        if tracking.sighting.record_vanished or any(record.phase.is_final for record in records if record):
            self._read_both()

    def _is_list_enough(self) -> bool:
        """
        Whether the list of deployments is enough while the one that is confirmed waits.

        Now and then the actions are read all the same: one that was cancelled in the queue may show only there.
        """
        if self.tracking.action is None and self.tracking.actions_readable:
            return False
        self._queue_looks += 1
        return self._queue_looks % _LOOKS_PER_SEARCH != 0

    def _deployments(self) -> list[Deployment]:
        try:
            return self._client.deployments()
        except NotFound:
            # Raises it for the stack, where that is not there any more.
            self._client.stack()
            raise

    def _search(self) -> None:
        tracking = self.tracking
        # In this order, so that a deployment that comes between the two calls doesn't show without its action.
        deployments = self._deployments()
        actions: list[Action] = []
        if self._may_read_actions:
            actions = self._reading_actions(self._client.actions)
            if not self.takes(actions):
                actions = [*actions, *self._read_action()]
        if tracking.confirmed and not tracking.sighting.duplicates:
            self._read_deployment(deployments)
        else:
            candidate = self._candidate(deployments)
            now = self.clock.monotonic()
            tracking.sighting = with_deployments(tracking, actions, deployments, candidate, now)
        self._on_search(actions, deployments)
        self._note_those_ahead(deployments)

    def _candidate(self, deployments: Sequence[Deployment]) -> Deployment | None:
        tracking, number = self.tracking, self.tracking.candidate_id
        if number is None or tracking.sighting.duplicates:
            return None
        try:
            return _with_id(number, deployments) or self._client.deployment(number)
        except (Denied, NotFound) as refusal:
            # Whether an answer's id leads to another's record that is refused, or to none, it leads to no news.
            if tracking.request.given_id is not None and isinstance(refusal, Denied):
                raise
            return None

    def _sees_more_deployments_than_actions(self) -> bool:
        deployments = self._client.deployments()
        actions = self._reading_actions(self._client.actions) if self._may_read_actions else []
        return self.takes(actions) or unaccounted(actions, deployments, self.tracking.baseline)

    @property
    def _may_read_actions(self) -> bool:
        """Whether to ask for the actions. Where they were refused, it is found out again now and then."""
        tracking = self.tracking
        is_time = tracking.actions_readable or self.clock.monotonic() >= self._next_try_at
        return bool(tracking.request.reference) and is_time

    def _read_action(self) -> list[Action]:
        tracking = self.tracking
        reference = tracking.request.reference
        is_single = tracking.request.is_unique and tracking.submission.posts_sent <= 1
        found = self._direct_action() if is_single else []
        found = found or self._reading_actions(lambda: self._client.actions_with(reference))
        self.takes(found)
        return carrying(tracking, found)

    def _direct_action(self) -> list[Action]:
        """Read the action by its id, where the answer told it; its reference proves it."""
        tracking = self.tracking
        number = tracking.action.id if tracking.action else tracking.submission.answer_action_id
        if number is None:
            return []
        try:
            found = self._client.action(number)
        except ApiError:
            # Not there (yet), not an action's id, or trouble: the look by the reference tells.
            return []
        return [found] if found.reference == tracking.request.reference else []

    def _reading_actions(self, read: Callable[[], list[Action]]) -> list[Action]:
        """Read actions; where this token is refused them, and it has lasted, there are none to be seen for a while."""
        tracking = self.tracking
        if not (tracking.request.is_unique or tracking.request.is_external or tracking.baseline.actions_known):
            # One that carries the reference may be an earlier run's.
            return []
        try:
            found = read()
        except (Denied, NotFound) as refusal:
            # Raises another error where it is not about the actions.
            self._client.stack()
            # Where no id leads to it either, that they were refused before the POST is too old to decide the run.
            is_believed = self._doubt.is_lasting or not (tracking.actions_readable or tracking.cannot_be_identified)
            if tracking.action is not None or refusal.status in {401, 402} or not is_believed:
                raise
            self._note(actions_readable=False)
            self._next_try_at = self.clock.monotonic() + REFUSED_ACTIONS_SECONDS
            return []
        self._note(actions_readable=True)
        return found

    def _read_deployment(self, listed: Sequence[Deployment] = ()) -> None:
        assert self.tracking.deployment is not None
        number = self.tracking.deployment.id
        try:
            found = _with_id(number, listed) or self._client.deployment(number)
        except NotFound:
            # Raises it again where it is the stack that is not there any more.
            self._client.stack()
            self._note(record_vanished=True)
        else:
            self._note(deployment=found, record_vanished=False)

    def _note_those_ahead(self, deployments: Sequence[Deployment]) -> None:
        deployment = self.tracking.deployment
        self._note(ahead=None if deployment is None else ahead_of(deployment, deployments))

    def _read_both(self) -> None:
        tracking = self.tracking
        if tracking.sighting.certainty is Certainty.INFERRED:
            self._search()
        elif self._may_read_actions:
            self._read_action()
        if tracking.deployment is not None:
            self._read_deployment()
        # Until all records have shown of what began before both ended, the one that was requested may be missing: it
        # may have begun, and ended, as another one ended.
        records = (tracking.deployment, tracking.action)
        ages = [self._client.age_seconds(record.finished_at) for record in records if record and record.finished_at]
        if ages and all(age is not None and age >= RECORD_LAG_SECONDS for age in ages):
            self.confirm()

    def _note(self, **seen: Any) -> None:  # noqa: ANN401 - as `replace` takes them
        self.tracking.sighting = replace(self.tracking.sighting, **seen)


def _with_id(number: int, deployments: Sequence[Deployment]) -> Deployment | None:
    return next((deployment for deployment in deployments if deployment.id == number), None)
