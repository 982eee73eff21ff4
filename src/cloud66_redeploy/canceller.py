"""
Cancel our deployment and look whether it took.

Never knowingly anybody else's: a deployment that is only inferred is paired anew right before the DELETE, and where
several could be ours nothing is cancelled.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cloud66_redeploy.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.deployment import Outcome, Result
from cloud66_redeploy.duplicates import Duplicates
from cloud66_redeploy.errors import ApiError, Declined, Denied, NotFound, Unclear
from cloud66_redeploy.observer import Observer
from cloud66_redeploy.reasons import NOTHING_SCHEDULED, name_of
from cloud66_redeploy.schedule import SETTLE_SECONDS
from cloud66_redeploy.tracking import Proof, Tracking
from cloud66_redeploy.verdict import Absence, decide


@dataclass
class Canceller:
    """
    Cancels what one run has scheduled.

    Attributes:
        deadline: the instant (monotonic seconds) at which it stops looking whether the cancellation took.
        pause_seconds: between two looks.
        why: what led to it, as the beginning of a sentence: "The workflow was cancelled".

    """

    client: Client
    observer: Observer
    duplicates: Duplicates
    tracking: Tracking
    clock: Clock
    deadline: float
    pause_seconds: float
    why: str
    say: Callable[[str], None]
    _accepted: bool = field(default=False, init=False)
    _maybe_accepted: bool = field(default=False, init=False)
    _trouble: ApiError | None = field(default=None, init=False)
    _over: bool = field(default=True, init=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done or looked at."""
        return self._over

    def cancel(self) -> Result:
        """Cancel, look, and say how it ended: `cancelled`, what it had ended as before, or `unknown`."""
        start = self.clock.monotonic()
        while True:
            now = self.clock.monotonic()
            absent = False
            try:
                absent = self._step() and now - start >= SETTLE_SECONDS
                self._trouble = None
            except NotFound as refusal:
                self._trouble = refusal
            except Denied as refusal:
                self._trouble = refusal
                return self._unfinished()
            except ApiError as trouble:
                self._trouble = trouble
            result = self._ended()
            if result is not None:
                return result
            if absent:
                return Result(Outcome.CANCELLED, f"{self.why}; no action carries the reference. {NOTHING_SCHEDULED}")
            if now >= self.deadline:
                return self._unfinished()
            self.clock.sleep(max(0.0, min(self.pause_seconds, self.deadline - self.clock.monotonic())))

    def _step(self) -> bool:
        """Do the next thing; return whether nothing of ours is to be found."""
        known = self.tracking
        ends = known.deployment is not None and known.deployment.phase.is_final
        if self._accepted or self._maybe_accepted or ends:
            self.observer.look()
        elif known.proof is not Proof.PROVED or known.sends > 1:
            self.observer.search()
        self.duplicates.cancel()
        if self._accepted:
            return False
        if known.deployment is not None and not known.deployment.phase.is_final:
            if self._trouble is None:
                self.say(f"{self.why}: cancelling {name_of(known)}.")
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
        return known.actions_readable and known.action is None and known.deployment is None and not known.answered

    def _ended(self) -> Result | None:
        """Say how it ended, if it has; the same table decides as for a run that nobody cancelled."""
        says = self.observer.says()
        outcome = decide(*says, settled=True)
        name = name_of(self.tracking)
        if outcome is Outcome.SUCCESS:
            return Result(Outcome.SUCCESS, f"{self.why}, but {name} had already succeeded.")
        if (self._accepted or self._maybe_accepted) and (
            outcome in {Outcome.FAILED, Outcome.CANCELLED} or says[0] is Absence.GONE
        ):
            return Result(Outcome.CANCELLED, f"{self.why}; {name} was cancelled.", self._said())
        if outcome is Outcome.CANCELLED:
            return Result(Outcome.CANCELLED, f"{self.why}; {name} was cancelled already.", self._said())
        if outcome is Outcome.FAILED:
            return Result(Outcome.FAILED, f"{self.why}, but {name} had already failed.", self._said())
        return None

    def _unfinished(self) -> Result:
        self._over = False
        name, evidence = name_of(self.tracking), str(self._trouble or "")
        if self._accepted:
            return Result(
                Outcome.CANCELLED,
                f"{self.why}; Cloud 66 took the cancellation of {name}, which is not over yet.",
                evidence,
            )
        if self.tracking.deployment is None:
            return Result(
                Outcome.UNKNOWN,
                f"{self.why}, but which deployment is ours is not known, so none was cancelled.",
                evidence,
            )
        return Result(Outcome.UNKNOWN, f"{self.why}, but {name} could not be cancelled.", evidence)

    def _said(self) -> str:
        known = self.tracking
        return known.action.message if known.action else ""
