"""
Cancel a deployment and look whether it took.

Never knowingly anybody else's: a deployment that is only inferred has to have been the only one that can be meant for
some seconds, is paired again right before the DELETE, and where several could be meant nothing is cancelled.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.errors import AnswerLost, ApiError, Doubted, NotAccepted, NotFound, PermanentError
from cloud66_redeploy.model.outcome import Outcome, Reason, Result, WhyCancel
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


class Deletions:
    """
    The DELETEs of one job, whatever led to each of them; none is sent again once it was accepted.

    Attributes:
        are_begun: something has led to a cancellation.
        are_sent: a DELETE may have left.
        accepted: the ids of the deployments whose cancellation was accepted, in their order.
        maybe_accepted: the ids of those for which an answer was lost.

    """

    def __init__(self) -> None:
        self.are_begun = False
        self.are_sent = False
        self.accepted: list[int] = []
        self.maybe_accepted: set[int] = set()
        self._undone: set[int] = set()
        self._doubt: Doubt | None = None

    def begin(self) -> None:
        """Take note that something has led to a cancellation."""
        self.are_begun = True

    def is_accepted(self, number: int) -> bool:
        """Tell whether a deployment's cancellation was accepted."""
        return number in self._undone or number in self.accepted

    def may_have_taken(self, number: int) -> bool:
        """Tell whether a deployment may have been cancelled by one of them."""
        return number in self.maybe_accepted or self.is_accepted(number)

    def send(self, client: Client, number: int) -> None:
        """
        DELETE the deployment that is meant.

        Raises:
            NotAccepted: it was over already, or is just ending.
            AnswerLost: whether it was accepted is not known.
            Doubted: refused; not for long enough to be believed.
            ApiError: as `Client.cancel`.

        """
        self.are_sent = True
        self._doubt = self._doubt or Doubt(client.clock)
        try:
            self._doubt.check(lambda: _cancel(client, number))
        except AnswerLost:
            self.maybe_accepted.add(number)
            raise
        self.accepted.append(number)

    def undo(self, client: Client, number: int) -> None:
        """DELETE a further deployment, one of a request that went through twice. Raises ApiError."""
        client.cancel(number)
        self._undone.add(number)


def _cancel(client: Client, number: int) -> None:
    try:
        client.cancel(number)
    except NotFound as refusal:
        # Its record is there; whether it is gone by now, the looks tell.
        raise NotAccepted(refusal.call, refusal.said, status=refusal.status) from refusal


class Attempt(NamedTuple):
    """
    An attempt at cancelling.

    Attributes:
        why: what led to it.
        deadline: the instant (monotonic seconds) at which it stops looking whether the cancellation took.
        pause_seconds: between two looks; None where there is time: then pauses grow, and a server that asks to be left
            alone is.

    """

    why: WhyCancel
    deadline: float
    pause_seconds: float | None = None


@dataclass(eq=False, repr=False)
class Cancellation(Poll):
    """
    Cancels a deployment; one poll with a DELETE in it.

    Its client makes a DELETE once: what a try whose answer is lost may have done has to be known.
    """

    client: Client
    deletions: Deletions
    attempt: Attempt
    _is_absent: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.deletions.begin()

    def _step(self, now: float) -> None:
        tracking = self.tracking
        was_told, self.trouble, self._is_absent = self.trouble is not None, None, False
        ends = tracking.deployment is not None and tracking.deployment.phase.is_final
        is_sure = tracking.confirmed is not None and tracking.submission.posts_sent <= 1
        if self.deletions.are_sent or ends or not is_sure:
            self.observer.look()
        self.listener.cancel_duplicates()
        found = tracking.deployment
        # What is inferred has to have been the only one that can be meant while records may lag.
        seconds = self.clock.monotonic() - tracking.sighting.candidates_since
        is_meant = tracking.confirmed is not None or seconds >= RECORD_LAG_SECONDS
        is_open = found is not None and not found.phase.is_final
        if found is not None and is_open and is_meant and not self.deletions.is_accepted(found.id):
            if not was_told:
                self.listener.deleting(self.attempt.why)
            self._delete(found.id)
        self._is_absent = now - self.since >= REFERENCE_LAG_SECONDS and self._is_unseen()

    def _delete(self, number: int) -> None:
        if self.deletions.accepted:
            self.listener.deleting_another(self.deletions.accepted[-1], number)
        try:
            self.deletions.send(self.client, number)
        except NotAccepted as declined:
            # It was over already, or is just ending.
            self.observer.look()
            self.trouble = declined

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
        verdict = self.settling.verdict(now, is_last=is_clear or now >= self.attempt.deadline)
        if verdict is None:
            return None
        outcome, deployment, action = verdict
        if self._took(deployment, action):
            return self._result(Reason.CANCELLED, self._said())
        if outcome in _BEFORE:
            return self._result(_BEFORE[outcome], self._said())
        if outcome is Outcome.FAILED and self.deletions.maybe_accepted:
            return self._result(Reason.FAILED_OR_CANCELLED, self._said())
        before = ended(outcome, self.tracking, deployment, action)
        return Result(Reason.ENDED_BEFORE, before.seen, {"why": self.attempt.why}, before.evidence, (before,))

    def _took(self, deployment: RecordState, action: RecordState) -> bool:
        if deployment not in _NO_GOOD_END or (action is Phase.SUCCESS and deployment is not Phase.CANCELLED):
            return False
        number = self.tracking.deployment.id if self.tracking.deployment else 0
        # Where the answer was lost, only the record's own words tell a cancellation from a failure.
        words = deployment is Absence.GONE or "cancel" in self._said().lower()
        return self.deletions.is_accepted(number) or (number in self.deletions.maybe_accepted and words)

    def _at_deadline(self, now: float) -> Result | None:
        return self._unfinished() if now >= self.attempt.deadline else None

    def _refused(self, refusal: ApiError) -> Result:
        self.trouble = refusal
        return self._unfinished()

    def _unfinished(self) -> Result:
        tracking, evidence = self.tracking, str(self.trouble or "")
        facts = {"error": self.trouble} if isinstance(self.trouble, PermanentError) else {}
        accepted = self.deletions.accepted
        if tracking.deployment is not None and self.deletions.is_accepted(tracking.deployment.id):
            return self._result(Reason.CANCELLATION_OPEN, evidence)
        if tracking.deployment is None or not (self.deletions.are_sent or tracking.confirmed):
            by_id = tracking.request.is_external and not facts
            reason = Reason.NONE_CANCELLED_BY_REFERENCE if by_id else Reason.NONE_CANCELLED
            return self._result(reason, evidence, cancelled=accepted[-1] if accepted else None, **facts)
        is_lost = tracking.deployment.id in self.deletions.maybe_accepted
        return self._result(Reason.CANCELLATION_UNSEEN if is_lost else Reason.NOT_CANCELLED, evidence, **facts)

    def _next(self, now: float) -> tuple[float, Ground]:
        pause = Pause(self.attempt.pause_seconds or 0.0, Ground.HURRY)
        if self.attempt.pause_seconds is None or isinstance(self.trouble, Doubted):
            pause = Pause(pause_before_next_look(now - self.since, MAX_PAUSE_SECONDS), Ground.SHARE)
            pause = pause_after(self.trouble, pause) if self.trouble else pause
        return pause.end(self.clock.monotonic(), self.attempt.deadline)

    def _result(self, reason: Reason, evidence: str = "", **facts: object) -> Result:
        return Result(reason, self.tracking.last_seen, {"why": self.attempt.why, **facts}, evidence)

    def _said(self) -> str:
        return self.tracking.action.message if self.tracking.action else ""
