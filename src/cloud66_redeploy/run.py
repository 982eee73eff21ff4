"""One run of the step, from left to right: inputs, the command, its end. Everything that it touches is handed in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import AFTER_ABORT, Transport, Window
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.commands.step import Context
from cloud66_redeploy.errors import Aborted, ApiError, InputError
from cloud66_redeploy.inputs import parsers
from cloud66_redeploy.inputs.fields import Command
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.polling.ends import bad_input, because_of, checked, several, unready
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.timing import ABORT_PAUSE_SECONDS, ABORT_SECONDS
from cloud66_redeploy.tracking.last_seen import last_seen
from cloud66_redeploy.tracking.tracking import Request, Tracking


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
    _settled: bool = field(default=True, init=False)

    def go(self) -> int:
        """Run, report, and return the exit status: 0 for a green outcome, 1 for any other."""
        self.reporter.mask(parsers.raw("api_token"))
        start = self.clock.monotonic()
        try:
            inputs = Inputs.load(self.environ)
        except InputError as error:
            from cloud66_redeploy.report.final import Ending, report_ending  # noqa: PLC0415 - not before the first request

            return report_ending(Ending(bad_input(error), Tracking(Request(""))), self.reporter)
        context = self._context(inputs, start)
        try:
            if self._find_stack(context):
                _command(inputs.command)(context)
        except Aborted as aborted:
            self.session.close()
            self._abort(context, self.clock.monotonic() - aborted.seconds_ago)
        except Exception as error:  # noqa: BLE001 - a fault of ours: outputs and a true outcome all the same
            self._own_fault(context, error)
        if self._settled:
            from cloud66_redeploy.tracking.saved_state import ENDED  # noqa: PLC0415 - not before the first request

            self.reporter.state(ENDED, "true")
        return _report(context)

    def _context(self, inputs: Inputs, start: float) -> Context:
        transport = Transport(
            session=self.session,
            base_url=inputs.api_url,
            token=inputs.api_token,
            clock=self.clock,
            window=self.window,
            deadline=start + inputs.timeout_seconds,
            on_warning=lambda text: self.reporter.warn("Cloud 66", text),
        )
        context = Context(self.environ, inputs, self.reporter, self.clock, transport, start)
        if inputs.command is Command.REDEPLOY:
            reference, commit, is_unique = inputs.user_reference, inputs.expected_commit, inputs.reference_is_derived
            tracking = Tracking(Request(reference, inputs.git_ref, commit, is_unique=is_unique))
            context.handles.append(context.handle(inputs.stack_id, tracking))
        else:
            targets = inputs.targets
            for one in targets:
                tracking = Tracking.of_another(one.reference, one.deployment_id, inputs.expected_commit)
                context.handles.append(context.handle(one.stack_id, tracking, shared=len(targets) > 1))
        return context

    def _find_stack(self, context: Context) -> bool:
        """Find the stack, where it was given by its name; tell whether the command can begin."""
        name = context.inputs.stack_name
        if not name:
            return True
        from cloud66_redeploy.commands.lookup import find_stack  # noqa: PLC0415 - only who asked for it pays for it

        try:
            uid = find_stack(context.patient, name, context.inputs.environment).uid
        except InputError as error:
            context.result = bad_input(error)
        except ApiError as error:
            asks = context.inputs.command is Command.REDEPLOY
            context.result = unready(error) if asks else because_of(error, Reason.NOT_READABLE)
        else:
            for handle in context.handles:
                handle.stack_id = uid
        return context.result is None

    def _abort(self, context: Context, signalled_at: float) -> None:
        """Do what a cancelled workflow asks for, in the few seconds that the runner gives."""
        if context.inputs.command in {Command.CANCEL, Command.STATUS}:
            context.result = _left(context)
            return
        if not context.under_way:
            asks = context.inputs.command is Command.REDEPLOY
            nothing = Reason.ABORTED_BEFORE_POST if asks else Reason.ABORTED_UNCHANGED
            context.result = context.result or context.handles[0].result or Result(nothing)
        wanted = []
        for one in context.under_way:
            if one.tracking.submission.posts_sent == 0:
                made_way = (context.made_way,) if context.made_way else ()
                one.result = Result(Reason.ABORTED_BEFORE_POST, parts=made_way)
            elif context.inputs.cancel_on_abort or one.cancelling:
                wanted.append(one)
            else:
                one.result = Result(Reason.LEFT_RUNNING, last_seen(one.tracking))
        if context.rollback is not None and not context.rollback.handles:
            context.rollback.refused = "the workflow was cancelled"
        if wanted:
            self._cancel(context, wanted, signalled_at + ABORT_SECONDS)

    def _cancel(self, context: Context, wanted: Sequence[Handle], deadline: float) -> None:
        hurried = replace(context.transport, deadline=deadline, profile=AFTER_ABORT)
        try:
            ends = context.cancel(wanted, hurried, ABORT_PAUSE_SECONDS, "The workflow was cancelled")
        except Exception as error:  # noqa: BLE001 - as above; the post step tries again
            self._settled = False
            self._own_fault(context, error)
            return
        for one, (result, is_over) in zip(wanted, ends, strict=True):
            one.result = checked(result, one.tracking)
            self._settled = self._settled and is_over

    def _own_fault(self, context: Context, error: Exception) -> None:
        import traceback  # noqa: PLC0415 - needed by no run that goes well

        for line in traceback.format_exception(error):
            for part in line.splitlines():
                self.reporter.say(f"| {part}")
        for one in context.every:
            reason = Reason.OWN_FAULT_AFTER_POST if one.tracking.submission.posts_sent else Reason.OWN_FAULT
            fault = Result(reason, facts={"error": type(error).__name__}, evidence=str(error))
            one.result = one.result or fault


def _report(context: Context) -> int:
    """Put together what a run leaves to be told, tell it, and return the exit status."""
    from cloud66_redeploy.report.final import Each, Ending, report_ending  # noqa: PLC0415 - not before the first request

    handles, command = context.handles, context.inputs.command
    each = [Each(_result_of(one, context), one.tracking, one.log) for one in handles]
    if len(each) > 1:
        overall = context.result or several([one.result for one in each])
        return report_ending(Ending(overall, Tracking(Request("")), command, each=each), context.reporter)
    [only] = each
    result, rollback = context.result or only.result, context.rollback
    if rollback is not None:
        assert rollback.result is not None
        result = Result(Reason.FOLLOWED, evidence=result.evidence, parts=(result, rollback.result))
    shown = [replace(only, result=result)] if command is Command.WAIT else []
    outputs = rollback.outputs() if rollback else {}
    return report_ending(Ending(result, only.tracking, command, only.log, shown, outputs), context.reporter)


def _result_of(handle: Handle, context: Context) -> Result:
    result = handle.result or context.result
    assert result is not None
    return result


def _left(context: Context) -> Result:
    """Say what a command that only looks, or cancels, has left when the workflow was cancelled."""
    if context.canceller is None:
        return Result(Reason.ABORTED_UNCHANGED)
    reason = Reason.ABORTED_AFTER_DELETE if context.canceller.sent else Reason.ABORTED_CANCELLING
    return Result(reason, last_seen(context.canceller.tracking))


def _command(command: Command) -> Callable[[Context], None]:
    if command is Command.REDEPLOY:
        from cloud66_redeploy.commands.redeploy import redeploy  # noqa: PLC0415 - only what this run needs

        return redeploy
    from cloud66_redeploy.commands import following  # noqa: PLC0415 - likewise

    return {Command.WAIT: following.wait, Command.CANCEL: following.cancel, Command.STATUS: following.status}[command]
