"""What every command of the step works with, and what they share: waiting for deployments, cancelling, logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cloud66_redeploy.api.client import Client, Kept
from cloud66_redeploy.api.transport import AFTER_TIMEOUT, BEST_EFFORT, UNTIL_DEADLINE, Transport
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.errors import ApiError, Trouble
from cloud66_redeploy.inputs.fields import LogMode
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.polling.ends import checked
from cloud66_redeploy.report.facts import known_outputs
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.timing import CANCEL_ON_TIMEOUT_PAUSE_SECONDS, CANCEL_ON_TIMEOUT_SECONDS
from cloud66_redeploy.tracking.tracking import Tracking

if TYPE_CHECKING:
    from cloud66_redeploy.commands.rollback import Rollback
    from cloud66_redeploy.polling.cancellation import Canceller
    from cloud66_redeploy.report.progress import Narrator

_LOG_LINES = 50


@dataclass
class Context:
    """
    One step.

    Attributes:
        transport: makes its calls; its deadline is the step's.
        start: the instant (monotonic seconds) that the timeout counts from.
        handles: the deployments that the step is about. What of them is open is cancelled with the workflow.
        result: how the step ended, where that is no single deployment's.
        rollback: what became of a rollback, once one was asked for.
        canceller: what cancels a deployment because that is the step's command.
        made_way: what became of what was being cancelled to make way, or None.

    """

    environ: Mapping[str, str]
    inputs: Inputs
    reporter: Reporter
    clock: Clock
    transport: Transport
    start: float
    handles: list[Handle] = field(default_factory=list)
    result: Result | None = None
    rollback: "Rollback | None" = None
    canceller: "Canceller | None" = None
    made_way: Result | None = None
    _narrator: "Narrator | None" = None
    _kept: dict[str, Kept] = field(default_factory=dict)

    @property
    def patient(self) -> Transport:
        """Makes calls that are tried again until the deadline, and says so."""

        def tell(trouble: Trouble) -> None:
            from cloud66_redeploy.report.progress import Narrator  # noqa: PLC0415 - only trouble needs it

            self._narrator = self._narrator or Narrator(self.reporter.say)
            self._narrator.tell(self.clock.monotonic() - self.start, f"{trouble}; trying again")

        return replace(self.transport, profile=UNTIL_DEADLINE, on_trouble=tell)

    @property
    def under_way(self) -> list[Handle]:
        """Those of them that may still be going on."""
        return [one for one in self.every if one.is_open and one.stack_id]

    @property
    def every(self) -> list[Handle]:
        """The deployments of the step, and that of a rollback."""
        return [*self.handles, *(self.rollback.handles if self.rollback else [])]

    def handle(self, stack_id: str, tracking: Tracking, label: str = "", *, shared: bool = False) -> Handle:
        """Make a handle; those of one stack that are looked at together share its lists."""
        kept = self._kept.setdefault(stack_id, {}) if shared else None
        return Handle(stack_id, tracking, self.reporter, label, kept)

    def wait(self, handles: Sequence[Handle], transport: Transport, start: float) -> None:
        """Wait for the outcome of each; cancel those that time out, if so asked."""
        from cloud66_redeploy.polling.turns import take_turns  # noqa: PLC0415 - not before the first request
        from cloud66_redeploy.report.phrases import sentence_of  # noqa: PLC0415 - likewise

        def end(number: int, result: Result) -> None:
            handle = handles[number]
            handle.result = checked(result, handle.tracking)
            if result.outcome is Outcome.TIMED_OUT and self.inputs.cancel_on_timeout:
                self._cancel_on_timeout(handle, result)
            handle.cancel_duplicates(transport)
            handle.show_log(to_the_end=True)
            if len(handles) > 1:
                handle.say(f"{handle.result.outcome}: {sentence_of(handle.result)}")

        for one in handles:
            self.follow_log(one, transport)
        waiters = [one.waiter(transport, self.inputs, start, self.note_known) for one in handles]
        take_turns(waiters, self.clock, self._forget, end)
        for handle in handles:
            if handle.tracking.is_not_live and handle.result and handle.result.outcome is Outcome.SUCCESS:
                self._name_the_live_one(handle, transport)

    def cancel(
        self, handles: Sequence[Handle], transport: Transport, pause_seconds: float, why: str
    ) -> list[tuple[Result, bool]]:
        """Cancel them; return for each how it ended and whether nothing is left to be done."""
        from cloud66_redeploy.polling.turns import take_turns  # noqa: PLC0415 - not before the first request

        cancellers = [one.canceller(transport, why, pause_seconds=pause_seconds) for one in handles]
        results = take_turns(cancellers, self.clock, self._forget)
        return [(result, canceller.is_over) for result, canceller in zip(results, cancellers, strict=True)]

    def follow_log(self, handle: Handle, transport: Transport) -> None:
        """Let the stack's log be shown as it grows, if so asked; what it holds already is not ours."""
        if self.inputs.log is LogMode.LIVE and handle.live is None:
            from cloud66_redeploy.polling.live_log import LiveLog  # noqa: PLC0415 - only who asked for it pays for it

            client = _hurried(handle, transport)
            handle.live = LiveLog(client, handle.tracking, self.transport.quota)
            if not handle.tracking.request.is_external:
                handle.live.read()

    def read_logs(self, handles: Sequence[Handle], deadline: float) -> None:
        """Read the last lines of the stack's log for each bad outcome: best effort, one call, changing nothing."""
        for handle in handles:
            known, result = handle.tracking, handle.result
            if result is None or result.is_green or known.submission.posts_sent == 0 or known.is_not_found:
                continue
            if self.inputs.log is LogMode.NEVER or known.never_started:
                continue
            self.note_known()
            # After cancelling on a timeout the deadline has long passed.
            until = self.clock.monotonic() if handle.cancelling else deadline
            client = _hurried(handle, replace(self.transport, deadline=until))
            try:
                if (known.request.is_external or known.has_ended) and known.is_followed(client.deployments()):
                    handle.say("The stack's newest log is another deployment's, so it is not shown.")
                    continue
                handle.log = self.reporter.cleaner.tail(client.last_log(), lines=_LOG_LINES)
            except ApiError as error:
                handle.say(f"The stack's log could not be read: {error}")

    def note_known(self, *, about_to_post: bool = False) -> None:
        """Put out what is known so far, and keep what the post step has to know."""
        if len(self.handles) == 1:
            for name, value in known_outputs(self.handles[0].tracking, self.reporter.cleaner).items():
                self.reporter.output(name, value)
        if self.rollback is not None:
            for name, value in self.rollback.outputs().items():
                self.reporter.output(name, value)
        kept = [
            one.saved_state(cancel_on_abort=self.inputs.cancel_on_abort)
            for one in self.under_way
            if about_to_post or one.tracking.submission.posts_sent
        ]
        if kept:
            from cloud66_redeploy.tracking import saved_state  # noqa: PLC0415 - not before the first request

            self.reporter.state(saved_state.STATE, saved_state.write(kept))

    def _cancel_on_timeout(self, handle: Handle, timed_out: Result) -> None:
        deadline = self.clock.monotonic() + CANCEL_ON_TIMEOUT_SECONDS
        hurried = replace(self.transport, deadline=deadline, profile=AFTER_TIMEOUT)
        handle.cancelling = True
        [(end, _)] = self.cancel([handle], hurried, CANCEL_ON_TIMEOUT_PAUSE_SECONDS, "The timeout passed")
        if end.outcome in {Outcome.SUCCESS, Outcome.FAILED}:
            handle.result = checked(end, handle.tracking)
        else:
            handle.result = Result(Reason.FOLLOWED, evidence=end.evidence, parts=(timed_out, end))

    def _name_the_live_one(self, handle: Handle, transport: Transport) -> None:
        """Say which deployment went live after ours: best effort, one call, changing nothing."""
        try:
            live = handle.tracking.successor(_hurried(handle, transport).deployments())
        except ApiError as error:
            handle.say(f"It is not live; which deployment is could not be read: {error}")
            return
        if live is not None:
            from cloud66_redeploy.report.phrases import superseded  # noqa: PLC0415 - not before the first request

            self.reporter.notice("Superseded", superseded(handle.tracking, live))

    def _forget(self) -> None:
        for kept in self._kept.values():
            kept.clear()


def _hurried(handle: Handle, transport: Transport) -> Client:
    """Make a client for what is good to have and may fail: it reads anew, and doesn't try again."""
    return Client(replace(transport, profile=BEST_EFFORT), handle.stack_id)
