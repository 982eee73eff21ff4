"""
Cancel our deployment and look whether it took.

Never knowingly anybody else's: a deployment that is only inferred is paired anew right before the DELETE, and where
several could be ours nothing is cancelled.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cloud66_redeploy import reasons
from cloud66_redeploy.advice import advice_on
from cloud66_redeploy.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.deployment import Outcome, Result
from cloud66_redeploy.duplicates import Duplicates
from cloud66_redeploy.errors import ApiError, Declined, Denied, NotFound, Refusal, Unclear
from cloud66_redeploy.observer import Observer
from cloud66_redeploy.reasons import NOTHING_SCHEDULED, name_of
from cloud66_redeploy.schedule import (
    MAX_PAUSE_SECONDS,
    RECORD_SETTLE_SECONDS,
    SETTLE_SECONDS,
    pause_asked_for,
    pause_before_next_look,
)
from cloud66_redeploy.tracking import Proof, Tracking
from cloud66_redeploy.turns import take_turns
from cloud66_redeploy.verdict import Absence, decide


@dataclass
class Canceller:
    """
    Cancels what one run has scheduled.

    Attributes:
        deadline: the instant (monotonic seconds) at which it stops looking whether the cancellation took.
        pause_seconds: between two looks; None where there is time: then pauses grow, a server that asks to be left
            alone is, and what is only inferred gets the time to be put in doubt.
        why: what led to it, as the beginning of a sentence: "The workflow was cancelled".
        sent: a cancellation may have left.
        due: the instant of the next look.

    """

    client: Client
    observer: Observer
    duplicates: Duplicates
    tracking: Tracking
    clock: Clock
    deadline: float
    pause_seconds: float | None
    why: str
    say: Callable[[str], None]
    sent: bool = field(default=False, init=False)
    due: float = field(init=False)
    _since: float = field(init=False)
    _accepted: bool = field(default=False, init=False)
    _maybe_accepted: bool = field(default=False, init=False)
    _trouble: ApiError | None = field(default=None, init=False)
    _meant: dict[int, float] = field(default_factory=dict, init=False)
    _over: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.due = self._since = self.clock.monotonic()

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
            absent = self._step() and now - self._since >= SETTLE_SECONDS
            self._trouble = None
        except NotFound as refusal:
            self._trouble = refusal
        except Denied as refusal:
            self._trouble = refusal
            return self.unfinished()
        except ApiError as trouble:
            self._trouble = trouble
        result = self._ended() or self._in_vain(absent=absent)
        if result is None and now >= self.deadline:
            result = self.unfinished()
        if result is not None:
            return result
        pause = self.pause_seconds
        if pause is None:
            asked = pause_asked_for(self._trouble) if self._trouble else 0.0
            pause = max(asked, pause_before_next_look(now - self._since, MAX_PAUSE_SECONDS))
        self.due = min(self.clock.monotonic() + pause, self.deadline)
        return None

    def _in_vain(self, *, absent: bool) -> Result | None:
        """Say that there is nothing that could be cancelled, if so."""
        known = self.tracking
        if known.attached and (absent or (known.is_shared and known.deployment is None)):
            why = reasons.not_to_be_told(known)
            return replace(why, reason=f"{why.reason} Nothing was cancelled.")
        none = f"{self.why}; no action carries the reference. {NOTHING_SCHEDULED}"
        return Result(Outcome.CANCELLED, none) if absent else None

    def _step(self) -> bool:
        """Do the next thing; return whether nothing of ours is to be found."""
        known = self.tracking
        ends = known.deployment is not None and known.deployment.phase.is_final
        is_sure = known.proof is Proof.PROVED and known.sends <= 1
        if self._accepted or self._maybe_accepted or ends or not is_sure:
            self.observer.look()
        self.duplicates.cancel()
        if self._accepted:
            return False
        if known.deployment is not None and not known.deployment.phase.is_final and self._is_meant(known.deployment.id):
            if self._trouble is None:
                self.say(f"{self.why}: cancelling {name_of(known)}.")
            self.sent = True
            try:
                self.client.cancel(known.deployment.id)
            except Declined:
                # It was over already, or is just ending.
                self.observer.look()
            except Unclear:
                self._maybe_accepted = True
                raise
            else:
                self._accepted = True
        if known.attached:
            return known.deployment is None
        return known.actions_readable and known.action is None and known.deployment is None and not known.answered

    def _is_meant(self, number: int) -> bool:
        """Tell whether an inferred deployment has been the only one that can be meant while records may lag."""
        if self.tracking.proof is Proof.PROVED or self.pause_seconds is not None:
            return True
        now = self.clock.monotonic()
        self._meant.setdefault(number, now)
        self._meant = {number: self._meant[number]}
        return now - self._meant[number] >= RECORD_SETTLE_SECONDS

    def _ended(self) -> Result | None:
        """Say how it ended, if it has; the same table decides as for a run that nobody cancelled."""
        says = self.observer.says()
        outcome = decide(*says, settled=True)
        gone, name, said = says[0] is Absence.GONE, name_of(self.tracking), self._said()
        if outcome is Outcome.SUCCESS:
            return Result(Outcome.SUCCESS, f"{self.why}, but {name} had already succeeded.")
        # Where the answer was lost, only the record's own words tell a cancellation from a failure.
        took = self._accepted or (self._maybe_accepted and (gone or "cancel" in said.lower()))
        if took and (gone or outcome in {Outcome.FAILED, Outcome.CANCELLED}):
            return Result(Outcome.CANCELLED, f"{self.why}; {name} was cancelled.", said)
        if outcome is Outcome.CANCELLED:
            return Result(Outcome.CANCELLED, f"{self.why}; {name} was cancelled already.", said)
        if outcome is Outcome.FAILED and self._maybe_accepted:
            lost = "the answer to the cancellation was lost, so whether that was why is not known"
            return Result(Outcome.FAILED, f"{self.why}; {name} failed ({lost}).", said)
        if outcome is Outcome.FAILED:
            return Result(Outcome.FAILED, f"{self.why}, but {name} had already failed.", said)
        return None

    def unfinished(self) -> Result:
        """Say that it was not seen to end."""
        self._over = False
        known, evidence = self.tracking, str(self._trouble or "")
        name = name_of(known)
        advice = advice_on(self._trouble) if isinstance(self._trouble, Refusal) else ""
        if self._accepted:
            took = f"{self.why}; Cloud 66 took the cancellation of {name}, which is not over yet."
            return Result(Outcome.CANCELLED, took, evidence)
        if known.deployment is None:
            blind = f"{self.why}, but which deployment is ours is not known, so none was cancelled."
            by_id = "Cancel it in the Cloud 66 dashboard; where deployment_id is given, too, it is known at once."
            return Result(Outcome.UNKNOWN, blind, evidence, advice or (by_id if known.attached else ""))
        lost = "was not seen to be cancelled; whether the cancellation arrived is not known"
        not_done = lost if self._maybe_accepted else "could not be cancelled"
        return Result(Outcome.UNKNOWN, f"{self.why}, but {name} {not_done}.", evidence, advice)

    def _said(self) -> str:
        known = self.tracking
        return known.action.message if known.action else ""
