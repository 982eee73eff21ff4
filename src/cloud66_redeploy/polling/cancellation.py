"""
Cancel our deployment and look whether it took.

Never knowingly anybody else's: a deployment that is only inferred has to have been the only one that can be ours for
some seconds, is paired anew right before the DELETE, and where several could be ours nothing is cancelled.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError, Declined, Denied, Doubted, NotFound, Refusal, Unclear
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence, RecordState
from cloud66_redeploy.polling.ends import ended, not_identified
from cloud66_redeploy.polling.schedule import pause_after, pause_before_next_look
from cloud66_redeploy.polling.settling import Settling
from cloud66_redeploy.polling.turns import take_turns
from cloud66_redeploy.timing import MAX_PAUSE_SECONDS, RECORD_LAG_SECONDS, REFERENCE_LAG_SECONDS
from cloud66_redeploy.tracking.doubt import Doubt
from cloud66_redeploy.tracking.last_seen import last_seen
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Certainty, Tracking

_NO_GOOD_END = {Phase.CANCELLED, Phase.FAILED, Phase.ODD, Phase.SILENT, Absence.GONE}
"""What a cancelled deployment may say: the API does not tell (`Deployment.phase`)."""

_BEFORE = {Outcome.SUCCESS: Reason.SUCCEEDED_BEFORE, Outcome.CANCELLED: Reason.CANCELLED_BEFORE}


@dataclass
class Canceller:
    """
    Cancels what one run has scheduled.

    Attributes:
        deadline: the instant (monotonic seconds) at which it stops looking whether the cancellation took.
        pause_seconds: between two looks; None where there is time: then pauses grow, and a server that asks to be left
            alone is.
        why: what led to it, as the beginning of a sentence: "The workflow was cancelled".
        on_delete: told before a cancellation leaves, unless the last one met with trouble.
        sent: a cancellation may have left.
        due: the instant of the next look.

    """

    client: Client
    observer: Observer
    cancel_duplicates: Callable[[], None]
    tracking: Tracking
    clock: Clock
    deadline: float
    pause_seconds: float | None
    why: str
    on_delete: Callable[[], None]
    warn: Callable[[str, str], None]
    sent: bool = field(default=False, init=False)
    due: float = field(init=False)
    _since: float = field(init=False)
    _settling: Settling = field(init=False)
    _doubt: Doubt = field(init=False)
    _accepted: int | None = field(default=None, init=False)
    _maybe_accepted: int | None = field(default=None, init=False)
    _trouble: ApiError | None = field(default=None, init=False)
    _over: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.due = self._since = self.clock.monotonic()
        self._settling = Settling(self.observer, self.tracking)
        self._doubt = Doubt(self.clock)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done or looked at."""
        return self._over

    def cancel(self) -> Result:
        """Cancel, look, and say how it ended: `cancelled`, what it had ended as before, or `unknown`."""
        return take_turns([self], self.clock)[0]

    def look(self) -> Result | None:
        """Do the next thing; say how it ended, or when the next look is due."""
        now = self.clock.monotonic()
        absent = False
        try:
            absent = self._step() and now - self._since >= REFERENCE_LAG_SECONDS and self._is_accounted_for()
        except (Denied, NotFound) as refusal:
            self._trouble = refusal
            return self.unfinished()
        except ApiError as trouble:
            self._trouble = trouble
        result = self._ended(now) or self._in_vain(absent=absent)
        if result is None and now >= self.deadline:
            result = self.unfinished()
        if result is not None:
            return result
        pause = self.pause_seconds
        if pause is None or isinstance(self._trouble, Doubted):
            pause = pause_before_next_look(now - self._since, MAX_PAUSE_SECONDS)
            pause = pause_after(self._trouble, pause) if self._trouble else pause
        self.due = min(self.clock.monotonic() + pause, self.deadline)
        return None

    def _is_accounted_for(self) -> bool:
        """Tell whether no deployment is there that may be that of a lost request whose action is late."""
        return self.tracking.request.is_external or not self.observer.sees_more_deployments_than_actions()

    def _in_vain(self, *, absent: bool) -> Result | None:
        """Say that there is nothing that could be cancelled, if so."""
        known = self.tracking
        if known.request.is_external and (absent or (known.sighting.is_ambiguous and known.deployment is None)):
            return Result(Reason.NOTHING_CANCELLED, parts=(not_identified(known),))
        return self._result(Reason.NOTHING_TO_CANCEL) if absent else None

    def _step(self) -> bool:
        """Do the next thing; return whether nothing of ours is to be found."""
        known = self.tracking
        was_told, self._trouble = self._trouble is not None, None
        ends = known.deployment is not None and known.deployment.phase.is_final
        is_sure = known.sighting.certainty is Certainty.CONFIRMED and known.submission.posts_sent <= 1
        if self.sent or ends or not is_sure:
            self.observer.look()
        self.cancel_duplicates()
        found = known.deployment
        if found is not None and not found.phase.is_final and found.id != self._accepted and self._is_meant():
            if not was_told:
                self.on_delete()
            self._delete(found.id)
        if known.request.is_external:
            return known.deployment is None
        is_unseen = known.action is None and known.deployment is None
        return known.actions_readable and is_unseen and not known.submission.accepted

    def _delete(self, number: int) -> None:
        if self._accepted is not None:
            self.warn(
                "Cancelled another deployment",
                f"Deployment {self._accepted} was cancelled as the only one that could be this run's, but this run's "
                f"is deployment {number}, which is being cancelled, too. Check deployment {self._accepted}.",
            )
        self.sent = True
        try:
            self._doubt.check(lambda: self._ask_to_cancel(number))
        except Declined as declined:
            # It was over already, or is just ending.
            self.observer.look()
            self._trouble = declined
        except Unclear:
            self._maybe_accepted = number
            raise
        else:
            self._accepted = number

    def _ask_to_cancel(self, number: int) -> None:
        try:
            self.client.cancel(number)
        except NotFound as refusal:
            # Its record is there; whether it is gone by now, the looks tell.
            raise Declined(refusal.call, refusal.said, status=refusal.status) from refusal

    def _is_meant(self) -> bool:
        """Tell whether an inferred deployment has been the only one that can be ours while records may lag."""
        known = self.tracking
        seconds = self.clock.monotonic() - known.sighting.candidates_since
        return known.confirmed is not None or seconds >= RECORD_LAG_SECONDS

    def _took(self, deployment: RecordState, action: RecordState) -> bool:
        """Tell whether it has ended because a cancellation arrived."""
        if deployment not in _NO_GOOD_END or (action is Phase.SUCCESS and deployment is not Phase.CANCELLED):
            return False
        number = self.tracking.deployment.id if self.tracking.deployment else None
        # Where the answer was lost, only the record's own words tell a cancellation from a failure.
        words = deployment is Absence.GONE or "cancel" in self._said().lower()
        return number == self._accepted or (number == self._maybe_accepted and words)

    def _ended(self, now: float) -> Result | None:
        """Say how it ended, if it has; the same table decides as for a run that nobody cancelled."""
        deployment, action = self.tracking.record_states(settled=True)
        # What was cancelled and has ended on both sides has nothing more to say.
        is_clear = action is not Phase.RUNNING and self._took(deployment, action)
        if is_clear:
            self.observer.confirm()
        verdict = self._settling.verdict(now, is_last=is_clear or now >= self.deadline)
        if verdict is None:
            return None
        outcome, deployment, action = verdict
        if self._took(deployment, action):
            return self._result(Reason.CANCELLED, self._said())
        if outcome in _BEFORE:
            return self._result(_BEFORE[outcome], self._said())
        self._over = outcome is Outcome.FAILED
        if outcome is Outcome.FAILED and self._maybe_accepted is not None:
            return self._result(Reason.FAILED_OR_CANCELLED, self._said())
        before = ended(outcome, self.tracking, deployment, action)
        return Result(Reason.ENDED_BEFORE, before.seen, {"why": self.why}, before.evidence, (before,))

    def unfinished(self) -> Result:
        """Say that it was not seen to end."""
        self._over = False
        known, evidence = self.tracking, str(self._trouble or "")
        facts = {"error": self._trouble} if isinstance(self._trouble, Refusal) else {}
        if known.deployment is not None and known.deployment.id == self._accepted:
            return self._result(Reason.CANCELLATION_OPEN, evidence)
        if known.deployment is None or not (self.sent or known.sighting.certainty is Certainty.CONFIRMED):
            by_id = known.request.is_external and not facts
            reason = Reason.NONE_CANCELLED_BY_REFERENCE if by_id else Reason.NONE_CANCELLED
            which = f"only deployment {self._accepted}" if self._accepted else "none"
            return self._result(reason, evidence, which=which, **facts)
        is_lost = self._maybe_accepted == known.deployment.id
        return self._result(Reason.CANCELLATION_UNSEEN if is_lost else Reason.NOT_CANCELLED, evidence, **facts)

    def _result(self, reason: Reason, evidence: str = "", **facts: object) -> Result:
        return Result(reason, last_seen(self.tracking), {"why": self.why, **facts}, evidence)

    def _said(self) -> str:
        known = self.tracking
        return known.action.message if known.action else ""
