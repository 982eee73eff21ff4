"""
Cancel a deployment and look whether it took.

Never knowingly anybody else's: a deployment that is only inferred has to have been the only one that can be meant for
some seconds, is paired again right before the DELETE, and where several could be meant nothing is cancelled.
"""

from dataclasses import dataclass, field

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.errors import AnswerLost, ApiError, Doubted, NotAccepted, NotFound, PermanentError
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence, RecordState
from cloud66_redeploy.polling.ends import ended, not_identified
from cloud66_redeploy.polling.pauses import Ground, Pause, pause_after, pause_before_next_look
from cloud66_redeploy.polling.poll import Poll
from cloud66_redeploy.timing import MAX_PAUSE_SECONDS, RECORD_LAG_SECONDS, REFERENCE_LAG_SECONDS
from cloud66_redeploy.tracking.doubt import Doubt

_NO_GOOD_END = {Phase.CANCELLED, Phase.FAILED, Phase.ODD, Phase.SILENT, Absence.GONE}
"""What a cancelled deployment may say: the API does not tell (`Deployment.phase`)."""

_BEFORE = {Outcome.SUCCESS: Reason.SUCCEEDED_BEFORE, Outcome.CANCELLED: Reason.CANCELLED_BEFORE}


@dataclass(eq=False, repr=False)
class Cancellation(Poll):
    """
    Cancels a deployment; one poll with a DELETE in it.

    Attributes:
        client: makes the DELETE.
        why: what led to it, as the beginning of a sentence: "The workflow was cancelled".
        deadline: the instant (monotonic seconds) at which it stops looking whether the cancellation took.
        pause_seconds: between two looks; None where there is time: then pauses grow, and a server that asks to be left
            alone is.
        is_sent: a DELETE may have left.

    """

    client: Client
    why: str
    deadline: float
    pause_seconds: float | None = None
    is_sent: bool = field(default=False, init=False)
    _accepted: int | None = field(default=None, init=False)
    _maybe_accepted: int | None = field(default=None, init=False)
    """The ids of the deployments whose cancellation was accepted, and for which the answer was lost."""
    _is_absent: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._doubt = Doubt(self.clock)

    def _step(self, now: float) -> None:
        tracking = self.tracking
        was_told, self.trouble, self._is_absent = self.trouble is not None, None, False
        ends = tracking.deployment is not None and tracking.deployment.phase.is_final
        is_sure = tracking.confirmed is not None and tracking.submission.posts_sent <= 1
        if self.is_sent or ends or not is_sure:
            self.observer.look()
        self.listener.cancel_duplicates()
        found = tracking.deployment
        # What is inferred has to have been the only one that can be meant while records may lag.
        seconds = self.clock.monotonic() - tracking.sighting.candidates_since
        is_meant = tracking.confirmed is not None or seconds >= RECORD_LAG_SECONDS
        if found is not None and not found.phase.is_final and found.id != self._accepted and is_meant:
            if not was_told:
                self.listener.deleting()
            self._delete(found.id)
        self._is_absent = now - self.since >= REFERENCE_LAG_SECONDS and self._is_unseen()

    def _delete(self, number: int) -> None:
        if self._accepted is not None:
            self.listener.deleting_another(self._accepted, number)
        self.is_sent = True
        try:
            self._doubt.check(lambda: self._send(number))
        except NotAccepted as declined:
            # It was over already, or is just ending.
            self.observer.look()
            self.trouble = declined
        except AnswerLost:
            self._maybe_accepted = number
            raise
        else:
            self._accepted = number

    def _send(self, number: int) -> None:
        try:
            self.client.cancel(number)
        except NotFound as refusal:
            # Its record is there; whether it is gone by now, the looks tell.
            raise NotAccepted(refusal.call, refusal.said, status=refusal.status) from refusal

    def _is_unseen(self) -> bool:
        """Tell whether nothing is there that could be cancelled, nor a deployment whose action may be late."""
        tracking = self.tracking
        if tracking.deployment is not None or tracking.request.is_external:
            return tracking.deployment is None
        may_come = tracking.action or tracking.submission.accepted or not tracking.actions_readable
        return not may_come and not self.observer.sees_more_deployments_than_actions()

    def _judge(self, now: float) -> Result | None:
        result, tracking = self._ended(now), self.tracking
        if result is not None:
            return result
        if tracking.request.is_external and (self._is_absent or tracking.is_one_of_several):
            return Result(Reason.NOTHING_CANCELLED, parts=(not_identified(tracking),))
        return self._result(Reason.NOTHING_TO_CANCEL) if self._is_absent else None

    def _ended(self, now: float) -> Result | None:
        """Say how it ended, if it has; the same table decides as for a run that nobody cancelled."""
        deployment, action = self.tracking.record_states(settled=True)
        # What was cancelled and has ended on both sides has nothing more to say.
        is_clear = action is not Phase.RUNNING and self._took(deployment, action)
        if is_clear:
            self.observer.confirm()
        verdict = self.settling.verdict(now, is_last=is_clear or now >= self.deadline)
        if verdict is None:
            return None
        outcome, deployment, action = verdict
        if self._took(deployment, action):
            return self._result(Reason.CANCELLED, self._said())
        if outcome in _BEFORE:
            return self._result(_BEFORE[outcome], self._said())
        if outcome is Outcome.FAILED and self._maybe_accepted is not None:
            return self._result(Reason.FAILED_OR_CANCELLED, self._said())
        before = ended(outcome, self.tracking, deployment, action)
        return Result(Reason.ENDED_BEFORE, before.seen, {"why": self.why}, before.evidence, (before,))

    def _took(self, deployment: RecordState, action: RecordState) -> bool:
        if deployment not in _NO_GOOD_END or (action is Phase.SUCCESS and deployment is not Phase.CANCELLED):
            return False
        number = self.tracking.deployment.id if self.tracking.deployment else None
        # Where the answer was lost, only the record's own words tell a cancellation from a failure.
        words = deployment is Absence.GONE or "cancel" in self._said().lower()
        return number == self._accepted or (number == self._maybe_accepted and words)

    def _at_deadline(self, now: float) -> Result | None:
        return self._unfinished() if now >= self.deadline else None

    def _refused(self, refusal: ApiError) -> Result:
        self.trouble = refusal
        return self._unfinished()

    def _unfinished(self) -> Result:
        tracking, evidence = self.tracking, str(self.trouble or "")
        facts = {"error": self.trouble} if isinstance(self.trouble, PermanentError) else {}
        if tracking.deployment is not None and tracking.deployment.id == self._accepted:
            return self._result(Reason.CANCELLATION_OPEN, evidence)
        if tracking.deployment is None or not (self.is_sent or tracking.confirmed):
            by_id = tracking.request.is_external and not facts
            reason = Reason.NONE_CANCELLED_BY_REFERENCE if by_id else Reason.NONE_CANCELLED
            which = f"only deployment {self._accepted}" if self._accepted else "none"
            return self._result(reason, evidence, which=which, **facts)
        is_lost = self._maybe_accepted == tracking.deployment.id
        return self._result(Reason.CANCELLATION_UNSEEN if is_lost else Reason.NOT_CANCELLED, evidence, **facts)

    def _next(self, now: float) -> tuple[float, Ground]:
        pause = Pause(self.pause_seconds or 0.0, Ground.HURRY)
        if self.pause_seconds is None or isinstance(self.trouble, Doubted):
            pause = Pause(pause_before_next_look(now - self.since, MAX_PAUSE_SECONDS), Ground.SHARE)
            pause = pause_after(self.trouble, pause) if self.trouble else pause
        return pause.end(self.clock.monotonic(), self.deadline)

    def _result(self, reason: Reason, evidence: str = "", **facts: object) -> Result:
        return Result(reason, self.tracking.last_seen, {"why": self.why, **facts}, evidence)

    def _said(self) -> str:
        return self.tracking.action.message if self.tracking.action else ""
