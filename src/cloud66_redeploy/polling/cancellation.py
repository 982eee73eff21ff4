"""
Cancel a deployment and look whether it took.

Never knowingly anybody else's: a deployment that is only inferred has to have been the only one that can be meant for
some seconds, is paired anew right before the DELETE, and where several could be meant nothing is cancelled.
"""

from dataclasses import dataclass, field

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError, Declined, Doubted, NotFound, Refusal, Unclear
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence, RecordState
from cloud66_redeploy.polling.ends import ended, not_identified
from cloud66_redeploy.polling.poll import Poll
from cloud66_redeploy.polling.schedule import pause_after, pause_before_next_look
from cloud66_redeploy.timing import MAX_PAUSE_SECONDS, RECORD_LAG_SECONDS, REFERENCE_LAG_SECONDS
from cloud66_redeploy.tracking.doubt import Doubt

_NO_GOOD_END = {Phase.CANCELLED, Phase.FAILED, Phase.ODD, Phase.SILENT, Absence.GONE}
"""What a cancelled deployment may say: the API does not tell (`Deployment.phase`)."""

_BEFORE = {Outcome.SUCCESS: Reason.SUCCEEDED_BEFORE, Outcome.CANCELLED: Reason.CANCELLED_BEFORE}


@dataclass(frozen=True)
class Terms:
    """
    On what terms a deployment is cancelled.

    Attributes:
        why: what led to it, as the beginning of a sentence: "The workflow was cancelled".
        deadline: the instant (monotonic seconds) at which it stops looking whether the cancellation took.
        pause_seconds: between two looks; None where there is time: then pauses grow, and a server that asks to be left
            alone is.

    """

    why: str
    deadline: float
    pause_seconds: float | None = None


class Deletion:
    """
    The DELETEs of one cancellation.

    Attributes:
        is_sent: one may have left.
        accepted: the id of the deployment whose cancellation was accepted, or None.
        maybe_accepted: the id of the one for which the answer was lost, or None.

    """

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._doubt = Doubt(clock)
        self.is_sent = False
        self.accepted: int | None = None
        self.maybe_accepted: int | None = None

    def send(self, number: int) -> None:
        """
        Ask Cloud 66 to cancel a deployment.

        Raises:
            Declined: it was over already, or is just ending.
            ApiError: it may have arrived, or not; a refusal has lasted.

        """
        self.is_sent = True
        try:
            self._doubt.check(lambda: self._ask(number))
        except Unclear:
            self.maybe_accepted = number
            raise
        self.accepted = number

    def _ask(self, number: int) -> None:
        try:
            self._client.cancel(number)
        except NotFound as refusal:
            # Its record is there; whether it is gone by now, the looks tell.
            raise Declined(refusal.call, refusal.said, status=refusal.status) from refusal


@dataclass(eq=False, repr=False)
class Cancellation(Poll):
    """Cancels a deployment; one poll with a DELETE in it."""

    terms: Terms
    deletion: Deletion
    _is_absent: bool = field(default=False, init=False)

    def _step(self, now: float) -> None:
        """Look, and cancel what is sure enough to be the one."""
        tracking, deletion = self.tracking, self.deletion
        was_told, self.trouble, self._is_absent = self.trouble is not None, None, False
        ends = tracking.deployment is not None and tracking.deployment.phase.is_final
        is_sure = tracking.confirmed is not None and tracking.submission.posts_sent <= 1
        if deletion.is_sent or ends or not is_sure:
            self.observer.look()
        self.listener.cancel_duplicates()
        found = tracking.deployment
        is_open = found is not None and not found.phase.is_final and found.id != deletion.accepted
        if found is not None and is_open and self._is_meant():
            if not was_told:
                self.listener.deleting()
            self._delete(found.id)
        is_late = now - self.since >= REFERENCE_LAG_SECONDS
        self._is_absent = self._is_unseen() and is_late and self._is_accounted_for()

    def _delete(self, number: int) -> None:
        if self.deletion.accepted is not None:
            self.listener.deleting_another(self.deletion.accepted, number)
        try:
            self.deletion.send(number)
        except Declined as declined:
            self.observer.look()
            self.trouble = declined

    def _is_meant(self) -> bool:
        """Tell whether an inferred deployment has been the only one that can be meant while records may lag."""
        seconds = self.clock.monotonic() - self.tracking.sighting.candidates_since
        return self.tracking.confirmed is not None or seconds >= RECORD_LAG_SECONDS

    def _is_unseen(self) -> bool:
        """Tell whether nothing is to be found of what is to be cancelled."""
        tracking = self.tracking
        if tracking.request.is_external or tracking.deployment is not None:
            return tracking.deployment is None
        return tracking.actions_readable and tracking.action is None and not tracking.submission.accepted

    def _is_accounted_for(self) -> bool:
        """Tell whether no deployment is there that may be that of a lost request whose action is late."""
        return self.tracking.request.is_external or not self.observer.sees_more_deployments_than_actions()

    def _judge(self, now: float) -> Result | None:
        return self._ended(now) or self._in_vain()

    def _in_vain(self) -> Result | None:
        """Say that there is nothing that could be cancelled, if so."""
        tracking = self.tracking
        is_ambiguous = tracking.sighting.is_ambiguous and tracking.deployment is None
        if tracking.request.is_external and (self._is_absent or is_ambiguous):
            return Result(Reason.NOTHING_CANCELLED, parts=(not_identified(tracking),))
        return self._result(Reason.NOTHING_TO_CANCEL) if self._is_absent else None

    def _ended(self, now: float) -> Result | None:
        """Say how it ended, if it has; the same table decides as for a run that nobody cancelled."""
        deployment, action = self.tracking.record_states(settled=True)
        # What was cancelled and has ended on both sides has nothing more to say.
        is_clear = action is not Phase.RUNNING and self._took(deployment, action)
        if is_clear:
            self.observer.confirm()
        verdict = self.settling.verdict(now, is_last=is_clear or now >= self.terms.deadline)
        if verdict is None:
            return None
        outcome, deployment, action = verdict
        if self._took(deployment, action):
            return self._result(Reason.CANCELLED, self._said())
        if outcome in _BEFORE:
            return self._result(_BEFORE[outcome], self._said())
        if outcome is Outcome.FAILED and self.deletion.maybe_accepted is not None:
            return self._result(Reason.FAILED_OR_CANCELLED, self._said())
        before = ended(outcome, self.tracking, deployment, action)
        return Result(Reason.ENDED_BEFORE, before.seen, {"why": self.terms.why}, before.evidence, (before,))

    def _took(self, deployment: RecordState, action: RecordState) -> bool:
        """Tell whether it has ended because a cancellation arrived."""
        if deployment not in _NO_GOOD_END or (action is Phase.SUCCESS and deployment is not Phase.CANCELLED):
            return False
        number = self.tracking.deployment.id if self.tracking.deployment else None
        # Where the answer was lost, only the record's own words tell a cancellation from a failure.
        words = deployment is Absence.GONE or "cancel" in self._said().lower()
        return number == self.deletion.accepted or (number == self.deletion.maybe_accepted and words)

    def _at_deadline(self, now: float) -> Result | None:
        return self._unfinished() if now >= self.terms.deadline else None

    def _refused(self, refusal: ApiError) -> Result:
        self.trouble = refusal
        return self._unfinished()

    def _unfinished(self) -> Result:
        """Say that it was not seen to end."""
        tracking, deletion, evidence = self.tracking, self.deletion, str(self.trouble or "")
        facts = {"error": self.trouble} if isinstance(self.trouble, Refusal) else {}
        if tracking.deployment is not None and tracking.deployment.id == deletion.accepted:
            return self._result(Reason.CANCELLATION_OPEN, evidence)
        if tracking.deployment is None or not (deletion.is_sent or tracking.confirmed):
            by_id = tracking.request.is_external and not facts
            reason = Reason.NONE_CANCELLED_BY_REFERENCE if by_id else Reason.NONE_CANCELLED
            which = f"only deployment {deletion.accepted}" if deletion.accepted else "none"
            return self._result(reason, evidence, which=which, **facts)
        is_lost = deletion.maybe_accepted == tracking.deployment.id
        return self._result(Reason.CANCELLATION_UNSEEN if is_lost else Reason.NOT_CANCELLED, evidence, **facts)

    def _next(self, now: float) -> float:
        pause = self.terms.pause_seconds
        if pause is None or isinstance(self.trouble, Doubted):
            pause = pause_before_next_look(now - self.since, MAX_PAUSE_SECONDS)
            pause = pause_after(self.trouble, pause) if self.trouble else pause
        return min(self.clock.monotonic() + pause, self.terms.deadline)

    def _result(self, reason: Reason, evidence: str = "", **facts: object) -> Result:
        return Result(reason, self.tracking.last_seen, {"why": self.terms.why, **facts}, evidence)

    def _said(self) -> str:
        return self.tracking.action.message if self.tracking.action else ""
