"""One run of the step, from left to right: inputs, trigger, wait, report. Everything that it touches is handed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from actions_toolkit import core

from cloud66_redeploy import reasons
from cloud66_redeploy.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.deployment import Outcome, Result
from cloud66_redeploy.duplicates import Duplicates
from cloud66_redeploy.ending import report_ending
from cloud66_redeploy.errors import Aborted, ApiError, InputError
from cloud66_redeploy.inputs import Inputs
from cloud66_redeploy.memory import ENDED, STATE, Memory
from cloud66_redeploy.narrator import Narrator, how_far, progress
from cloud66_redeploy.observer import Observer
from cloud66_redeploy.outputs import known_outputs
from cloud66_redeploy.quota import Quota
from cloud66_redeploy.report import Reporter
from cloud66_redeploy.tracking import Tracking
from cloud66_redeploy.transport import Limits, Session, Transport, Window
from cloud66_redeploy.trigger import Trigger, take_stock

ABORT_SECONDS = 5.0
"""How long after the signal it looks whether the cancellation took. The runner kills a cancelled step after 10 s."""

_ABORT_LIMITS = Limits(connect=1.3, read=1.3, total=1.4)
_ABORT_PAUSE_SECONDS = 0.5
_CANCEL_ON_TIMEOUT_SECONDS = 15.0
_CANCEL_ON_TIMEOUT_LIMITS = Limits(connect=4.0, read=7.0, total=8.0)
_CANCEL_ON_TIMEOUT_PAUSE_SECONDS = 2.0
_LOG_LIMITS = Limits(connect=3.0, read=8.0, total=10.0)


@dataclass
class Run:
    """
    The step.

    Attributes:
        environ: the environment (GITHUB_…; the inputs are read by actions-toolkit).
        window: makes a call that a cancelled workflow may interrupt.

    """

    environ: Mapping[str, str]
    reporter: Reporter
    session: Session
    clock: Clock
    window: Window
    tracking: Tracking = field(default_factory=lambda: Tracking(""))
    _result: Result | None = field(default=None, init=False)
    _settled: bool = field(default=True, init=False)
    _cancelling: bool = field(default=False, init=False)

    def go(self) -> int:
        """Run, report, and return the exit status: 0 for a green outcome, 1 for any other."""
        self.reporter.mask(core.get_input("api_token"))
        start = self.clock.monotonic()
        try:
            inputs = Inputs.load(self.environ)
        except InputError as error:
            return report_ending(reasons.bad_input(error), self.tracking, self.reporter, [])
        is_unique = not core.get_input("user_reference")
        self.tracking = Tracking(inputs.user_reference, inputs.git_ref, is_unique=is_unique)
        transport = self._transport(inputs, start + inputs.timeout_seconds)
        log: list[str] = []
        try:
            self._result = reasons.check_commit(
                self._redeploy(inputs, transport, start), self.tracking, inputs.expected_commit
            )
            log = self._last_log(self._result, transport, inputs)
        except Aborted as aborted:
            self.session.close()
            if self._result is None or self._result.outcome in {Outcome.TIMED_OUT, Outcome.UNKNOWN}:
                result = self._abort(inputs, transport, self.clock.monotonic() - aborted.seconds_ago)
                self._result = reasons.check_commit(result, self.tracking, inputs.expected_commit)
        except Exception as error:  # noqa: BLE001 - a fault of ours: outputs and a true outcome all the same
            fault = self._own_fault(error)
            self._result = self._result or fault
        return self._end(self._result, log)

    def _transport(self, inputs: Inputs, deadline: float) -> Transport:
        return Transport(
            session=self.session,
            base_url=inputs.api_url,
            token=inputs.api_token,
            clock=self.clock,
            window=self.window,
            deadline=deadline,
            on_warning=lambda text: self.reporter.warn("Cloud 66", text),
        )

    def _redeploy(self, inputs: Inputs, transport: Transport, start: float) -> Result:
        known, say = self.tracking, self.reporter.say
        self._note_known(inputs)
        narrator = Narrator(say)
        patient = replace(
            transport,
            tries=None,
            on_trouble=lambda trouble: narrator.tell(self.clock.monotonic() - start, f"{trouble}; trying again"),
        )
        try:
            take_stock(Client(patient, inputs.stack_id), known)
        except ApiError as error:
            return reasons.unready(error)
        self._announce(inputs)
        self._note_known(inputs, about_to_post=True)
        client = Client(transport, inputs.stack_id)
        observer = Observer(client, known)
        result = Trigger(client, observer, known, self.clock, transport.deadline, say).fire(inputs.options)
        self._note_known(inputs)
        if result is not None:
            return result
        say(f"Scheduled; find it in Cloud 66 by its reference: {known.reference}")
        if not inputs.wait:
            return self._scheduled(client, observer, inputs)
        result = self._wait(inputs, client, observer, transport.quota, start)
        if result.outcome is Outcome.TIMED_OUT and inputs.cancel_on_timeout:
            result = self._cancel_on_timeout(result, inputs, transport)
        return result

    def _announce(self, inputs: Inputs) -> None:
        stack = self.tracking.stack
        assert stack is not None
        what = " ".join(f"{name}={value}" for name, value in inputs.options.items() if name != "user_reference")
        where = stack.text("environment") or "environment not known"
        self.reporter.say(f"Stack {stack.text('name') or stack.uid} ({where}), UID {stack.uid}")
        self.reporter.say(f"Asking Cloud 66 to redeploy it{': ' + what if what else ''}")
        if not self.tracking.actions_readable:
            self.reporter.warn(
                "Actions can't be read",
                "This token can't read the stack's actions, so only the answer's id can tell which deployment is ours.",
            )

    def _scheduled(self, client: Client, observer: Observer, inputs: Inputs) -> Result:
        """Look once, for the ids; whatever it brings, the deployment is scheduled."""
        try:
            observer.look()
        except ApiError as error:
            self.reporter.say(f"The ids are not known yet: {error}")
        Duplicates(client, self.tracking, self.reporter.warn).cancel()
        self._note_known(inputs)
        name = reasons.name_of(self.tracking)
        return Result(Outcome.SCHEDULED, f"Scheduled {name}; as asked, its outcome was not waited for.")

    def _wait(self, inputs: Inputs, client: Client, observer: Observer, quota: Quota, start: float) -> Result:
        from cloud66_redeploy.pace import Pace  # noqa: PLC0415 - not before the first request
        from cloud66_redeploy.waiter import Patience, Waiter  # noqa: PLC0415 - likewise

        narrator, known, clock = Narrator(self.reporter.say), self.tracking, self.clock
        duplicates = Duplicates(client, known, self.reporter.warn)
        pace = Pace(known, inputs.poll_interval_seconds, clock.monotonic(), quota, self.reporter.say)

        def on_look(elapsed: float, trouble: ApiError | None) -> None:
            self._note_known(inputs)
            duplicates.cancel()
            text = f"no news ({trouble}); looking on" if trouble else progress(known)
            narrator.tell(elapsed, text, "" if trouble else how_far(known, pace.estimate(clock.monotonic())))

        patience = Patience(inputs.timeout_seconds, inputs.queue_timeout_seconds)
        result = Waiter(observer, known, clock, patience, start, pace, on_look).wait()
        duplicates.cancel()
        return result

    def _cancel(self, inputs: Inputs, transport: Transport, pause_seconds: float, why: str) -> tuple[Result, bool]:
        from cloud66_redeploy.canceller import Canceller  # noqa: PLC0415 - needed by no run that goes well

        client = Client(transport, inputs.stack_id)
        observer = Observer(client, self.tracking)
        canceller = Canceller(
            client=client,
            observer=observer,
            duplicates=Duplicates(client, self.tracking, self.reporter.warn),
            tracking=self.tracking,
            clock=self.clock,
            deadline=transport.deadline,
            pause_seconds=pause_seconds,
            why=why,
            say=self.reporter.say,
        )
        return canceller.cancel(), canceller.is_over

    def _cancel_on_timeout(self, timed_out: Result, inputs: Inputs, transport: Transport) -> Result:
        deadline = self.clock.monotonic() + _CANCEL_ON_TIMEOUT_SECONDS
        hurried = replace(transport, deadline=deadline, limits=_CANCEL_ON_TIMEOUT_LIMITS)
        self._cancelling = True
        why = "The timeout passed"
        result, _ = self._cancel(inputs, hurried, _CANCEL_ON_TIMEOUT_PAUSE_SECONDS, why)
        if result.outcome in {Outcome.SUCCESS, Outcome.FAILED}:
            return result
        return replace(
            timed_out,
            reason=f"{timed_out.reason} {reasons.sentence(result.reason.removeprefix(f'{why}; '))}",
            evidence=result.evidence,
        )

    def _abort(self, inputs: Inputs, transport: Transport, signalled_at: float) -> Result:
        """Do what a cancelled workflow asks for, in the few seconds that the runner gives."""
        if self.tracking.sends == 0:
            return reasons.aborted_before_post()
        if not inputs.cancel_on_abort and not self._cancelling:
            return reasons.left_running(self.tracking)
        deadline = signalled_at + ABORT_SECONDS
        hurried = replace(transport, deadline=deadline, limits=_ABORT_LIMITS, tries=1)
        try:
            result, self._settled = self._cancel(inputs, hurried, _ABORT_PAUSE_SECONDS, "The workflow was cancelled")
        except Exception as error:  # noqa: BLE001 - as above; the post step tries again
            self._settled = False
            return self._own_fault(error)
        return result

    def _own_fault(self, error: Exception) -> Result:
        import traceback  # noqa: PLC0415 - needed by no run that goes well

        for line in traceback.format_exception(error):
            for part in line.splitlines():
                self.reporter.say(f"| {part}")
        return reasons.own_fault(error, sent=self.tracking.sends > 0)

    def _last_log(self, result: Result, transport: Transport, inputs: Inputs) -> list[str]:
        """Return the stack's last log lines for a bad outcome; best effort, one call, changing nothing."""
        if result.outcome.is_green or self.tracking.sends == 0:
            return []
        self._note_known(inputs)
        # After cancelling on a timeout the deadline has long passed.
        deadline = self.clock.monotonic() if self._cancelling else transport.deadline
        hurried = replace(transport, deadline=deadline, limits=_LOG_LIMITS, tries=1)
        try:
            text = Client(hurried, inputs.stack_id).last_log()
        except ApiError as error:
            self.reporter.say(f"The stack's log could not be read: {error}")
            return []
        return self.reporter.cleaner.tail(text, lines=50)

    def _note_known(self, inputs: Inputs, *, about_to_post: bool = False) -> None:
        for name, value in known_outputs(self.tracking, self.reporter.cleaner).items():
            self.reporter.output(name, value)
        if about_to_post or self.tracking.sends:
            memory = Memory.of(self.tracking, inputs.stack_id, cancel_on_abort=inputs.cancel_on_abort)
            self.reporter.state(STATE, memory.to_text())

    def _end(self, result: Result, log: list[str]) -> int:
        if self._settled:
            self.reporter.state(ENDED, str(result.outcome))
        return report_ending(result, self.tracking, self.reporter, log)
