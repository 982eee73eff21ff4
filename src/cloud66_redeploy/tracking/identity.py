"""
Find out which deployment is ours, and whether that still holds, from what a look has read.

The tracking keeps the answer and how sure it is. Only a proved one counts: an inference becomes proved when deployment
and action have ended alike.
"""

from collections.abc import Sequence

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import Denied, NotFound
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.timing import RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.matching import fits, holds, pair
from cloud66_redeploy.tracking.tracking import Proof, Tracking


class Identity:
    """Writes into the tracking of one run which action and which deployment are ours."""

    def __init__(self, client: Client, tracking: Tracking, clock: Clock) -> None:
        self._client = client
        self._tracking = tracking
        self._clock = clock
        self._mine: list[Action] = []

    def take(self, actions: Sequence[Action]) -> bool:
        """Take the actions that carry our reference; a reference may have served an earlier request, too."""
        known = self._tracking
        mine = sorted(
            (one for one in actions if one.reference == known.reference and one.id not in known.baseline.actions),
            key=lambda one: one.id,
        )
        self._mine = mine
        if not mine:
            return False
        if known.named is not None and known.deployment is not None:
            self._take_named(known.deployment)
        elif known.sends > 1 and known.is_unique:
            known.action, known.duplicates = mine[0], mine[1:]
        else:
            # One POST makes one action. Should there be more, or should the reference not be ours alone, another run
            # may have the same one, and ours can't be told: only when all of them have succeeded has ours.
            known.action = next((one for one in mine if one.phase is not Phase.SUCCESS), mine[0])
            known.is_shared = len(mine) > 1
        if known.action is not None and known.hint == known.action.id == known.proved_id:
            # The answer's id was the action's: the deployment of that number is somebody else's.
            known.deployment, known.proof = None, Proof.NONE
        return True

    def find(self, actions: Sequence[Action], deployments: Sequence[Deployment]) -> None:
        """Find our deployment among those listed: by the id that the POST answered, else by what fits our action."""
        if not self._try_hint(deployments):
            self._infer(actions, deployments)

    def check(self) -> None:
        """See whether an inference holds, now that a record says that it is over."""
        self._check(settled=False)

    def settle(self) -> None:
        """Take an inference that has held until the end for true, now that the records have had their time."""
        if self._tracking.proof is Proof.INFERRED:
            self._check(settled=True)

    def _try_hint(self, deployments: Sequence[Deployment]) -> bool:
        """
        Follow the id that the POST answered; it proves nothing until a new deployment has that number.

        Where our action has not shown, or can't be read, the number may be the action's, and the deployment of that
        number somebody else's: then it counts only if no other deployment could be ours.
        """
        known = self._tracking
        hint = known.lead
        if hint is None or known.duplicates:
            return False
        found = next((one for one in deployments if one.id == hint), None)
        try:
            found = found or self._client.deployment(hint)
        except (Denied, NotFound) as refusal:
            # Whether a mere hint leads to somebody else's record that is refused, or to none, it leads to no news.
            if known.named is not None and isinstance(refusal, Denied):
                raise
            return False
        if known.named is not None:
            return self._take_named(found)
        # The list alone proves nothing: the number may be that of a deployment which somebody else has asked for.
        if not known.baseline.is_new(found) or not fits(found, known.action, "" if known.action else known.git_ref):
            return False
        others = any(
            known.baseline.is_new(one) and one.id != hint and fits(one, None, known.git_ref) for one in deployments
        )
        if known.action is None and (others or hint < max(known.baseline.deployments, default=0)):
            return False
        sure = known.action is not None or not known.actions_readable
        if sure:
            known.adopt(found, Proof.PROVED)
        else:
            self._adopt_inferred(found, known.deployment)
        return True

    def _take_named(self, found: Deployment) -> bool:
        """Take the deployment that was named, unless its record speaks against the action that was named with it."""
        known = self._tracking
        if known.reference:
            # A reference may have served before: the youngest action that the deployment can belong to is its own.
            fitting = [one for one in self._mine if fits(found, one, "")]
            if not fitting:
                return False
            known.action, known.is_shared = fitting[-1], False
        known.adopt(found, Proof.PROVED)
        return True

    def _infer(self, actions: Sequence[Action], deployments: Sequence[Deployment]) -> None:
        known = self._tracking
        before, known.deployment, known.proof, known.maybe_started = known.deployment, None, Proof.NONE, False
        paired, known.duplicate_deployments = [one.id for one in known.duplicate_deployments], []
        if known.action is None:
            return
        known.maybe_started = any(
            one.phase is not Phase.QUEUED and known.baseline.is_new(one) and fits(one, known.action, known.git_ref)
            for one in deployments
        )
        awaited = known.lead is not None and not known.duplicates and not known.action.phase.is_final
        if known.named is not None or awaited:
            # What the id leads to is still to come. One that leads nowhere until our action has ended, leads nowhere.
            return
        if known.attached and known.is_shared:
            # Of several that carry the reference, none is more meant than the others.
            return
        mine = [known.action, *known.duplicates]
        ours = pair(mine, actions, deployments, known.baseline, known.git_ref)
        if ours:
            self._adopt_inferred(ours[0], before)
            known.duplicate_deployments = ours[1:]
            if before is None or [before.id, *paired] != [one.id for one in ours]:
                known.paired_at = self._clock.monotonic()

    def _adopt_inferred(self, found: Deployment, before: Deployment | None) -> None:
        known = self._tracking
        if before is None or before.id != found.id:
            known.inferred_at = self._clock.monotonic()
        known.adopt(found, Proof.INFERRED)

    def _check(self, *, settled: bool) -> None:
        known = self._tracking
        deployment, action = known.deployment, known.action
        if deployment is None or action is None or not (deployment.phase.is_final and action.phase.is_final):
            return
        if holds(deployment, action) and (settled or self._have_shown(deployment, action)):
            known.proof = Proof.PROVED

    def _have_shown(self, *ended: Deployment | Action) -> bool:
        """
        Tell whether all records have shown of what began before these two ended.

        Until then ours may be the one that is missing: it may have begun, and ended, as somebody else's ended.
        """
        ages = [self._client.age_seconds(one.finished_at) for one in ended if one.finished_at is not None]
        return bool(ages) and all(age is not None and age >= RECORD_LAG_SECONDS for age in ages)
