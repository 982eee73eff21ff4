"""One run of a step, from its first answer to its end: the command, what a cancelled workflow asks for, the report."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cloud66_redeploy.api.client import all_stacks
from cloud66_redeploy.api.transport import AFTER_ABORT, Transport
from cloud66_redeploy.commands.cancel import cancel
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.redeploy import redeploy
from cloud66_redeploy.commands.rollback import outcome_of
from cloud66_redeploy.commands.status import status
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.commands.wait import wait
from cloud66_redeploy.ending import Ending, report_ending
from cloud66_redeploy.errors import Aborted, ApiError, InputError
from cloud66_redeploy.inputs.fields import Command
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.inputs.stacks import stack_named
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.polling.ends import bad_input, because_of, several, unready
from cloud66_redeploy.report.facts import NOTHING, Facts, rollback_outputs
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.summary import Page
from cloud66_redeploy.timing import ABORT_PAUSE_SECONDS, ABORT_SECONDS
from cloud66_redeploy.tracking.saved_state import ENDED
from cloud66_redeploy.tracking.tracking import Request, Tracking

First = Stack | Exception | Aborted | None
"""What came of reading the stack; None where its UID has to be looked up."""

COMMANDS: dict[Command, Callable[[Step], None]] = {
    Command.REDEPLOY: redeploy,
    Command.WAIT: wait,
    Command.CANCEL: cancel,
    Command.STATUS: status,
}

_CHANGES_NOTHING_LATER = {Command.CANCEL, Command.STATUS}
"""They leave nothing that would have to be cancelled with the workflow."""


def run(
    environ: Mapping[str, str],
    reporter: Reporter,
    inputs: Inputs,
    transport: Transport,
    patient: Transport,
    first: First,
) -> int:
    """Run the command, report, and return the exit status; for the transports see `Step`."""
    step = Step(environ, inputs, reporter, transport, patient)
    _add_jobs(step)
    return Run(step).go(first)


def end_at_once(error: InputError, reporter: Reporter) -> int:
    """Report an input that can't be used, and return the exit status."""
    return report_ending(Ending(bad_input(error), NOTHING), reporter)


@dataclass(eq=False, repr=False)
class Run:
    """A run; `is_settled` tells whether nothing is left for the post step."""

    step: Step
    is_settled: bool = field(default=True, init=False)

    def go(self, first: First) -> int:
        """Run, report, and return the exit status: 0 for a green outcome, 1 for any other."""
        step = self.step
        if step.inputs.command not in _CHANGES_NOTHING_LATER:
            step.note_known()
        try:
            if _find_stack(step, first):
                COMMANDS[step.inputs.command](step)
        except Aborted as aborted:
            step.transport.session.close()
            self._abort(step.clock.monotonic() - aborted.seconds_ago)
        except Exception as error:  # a fault of this action: outputs and a true outcome all the same
            self._own_fault(error)
        if self.is_settled:
            step.reporter.state(ENDED, "true")
        for job in step.every_job:
            job.debug_sighting()
        return _report(step)

    def _abort(self, signalled_at: float) -> None:
        """Do what a cancelled workflow asks for, in the few seconds that the runner gives."""
        step = self.step
        if step.inputs.command in _CHANGES_NOTHING_LATER:
            step.result = _left(step.jobs[0])
            return
        under_way = [job for job in step.every_job if job.is_open]
        # Of several, one that has ended speaks for itself alone.
        if not under_way and any(job.result is None for job in step.jobs):
            asks = step.inputs.command is Command.REDEPLOY
            nothing = Reason.ABORTED_BEFORE_POST if asks else Reason.ABORTED_UNCHANGED
            step.result = step.result or Result(nothing)
        wanted = []
        for job in under_way:
            if job.tracking.submission.posts_sent == 0:
                job.result = self._before_post(job)
            elif step.inputs.cancel_on_abort or job.cancellation:
                wanted.append(job)
            else:
                job.result = Result(Reason.LEFT_RUNNING, job.tracking.last_seen)
        if wanted:
            self._cancel(wanted, signalled_at + ABORT_SECONDS)

    def _before_post(self, job: Job) -> Result:
        if job is self.step.rollback and not job.tracking.request.git_ref:
            return outcome_of(job, "the workflow was cancelled")
        made_way = self.step.jobs[0].made_way
        return Result(Reason.ABORTED_BEFORE_POST, parts=(made_way,) if made_way else ())

    def _cancel(self, wanted: list[Job], deadline: float) -> None:
        hurried = self.step.transport.but(deadline=deadline, profile=AFTER_ABORT)
        why = "The workflow was cancelled"
        try:
            self.is_settled = self.step.cancel(wanted, hurried, ABORT_PAUSE_SECONDS, why)
        except Exception as error:  # as above; the post step tries again
            self.is_settled = False
            self._own_fault(error)

    def _own_fault(self, error: Exception) -> None:
        for line in traceback.format_exception(error):
            for part in line.splitlines():
                self.step.reporter.say(f"| {part}")
        for job in self.step.every_job:
            if job is self.step.rollback and not job.tracking.request.git_ref:
                job.result = outcome_of(job)
            reason = Reason.OWN_FAULT_AFTER_POST if job.tracking.submission.posts_sent else Reason.OWN_FAULT
            fault = Result(reason, facts={"error": type(error).__name__}, evidence=str(error))
            if job.result is None or job.result.reason is Reason.NOT_CHECKED:
                job.result = fault


def _add_jobs(step: Step) -> None:
    inputs = step.inputs
    if inputs.command is Command.REDEPLOY:
        reference, commit, is_unique = inputs.user_reference, inputs.expected_commit, inputs.reference_is_derived
        request = Request(reference, inputs.git_ref, commit, is_unique=is_unique, services=inputs.services)
        step.add(inputs.stack_id, Tracking(request))
        return
    for target in inputs.targets:
        tracking = Tracking.of_another(target.reference, target.deployment_id, inputs.expected_commit)
        # Whatever becomes of the first request, which stack was meant is told.
        tracking.stack = Stack(target.stack_id) if target.stack_id else None
        step.add(target.stack_id, tracking, shares=len(inputs.targets) > 1)


def _find_stack(step: Step, first: First) -> bool:
    """Take what came of reading the stack, or find it by its name; tell whether the command can begin."""
    if isinstance(first, BaseException) and not isinstance(first, ApiError):
        raise first
    step.first = first
    if not step.inputs.stack_name:
        return True
    try:
        uid = stack_named(step.inputs.stack_name, step.inputs.stack_environment, all_stacks(step.patient)).uid
    except InputError as error:
        step.result = bad_input(error)
    except ApiError as error:
        asks = step.inputs.command is Command.REDEPLOY
        step.result = unready(error) if asks else because_of(error, Reason.NOT_READABLE)
    else:
        for job in step.jobs:
            job.stack_id = uid
    return step.result is None


def _left(job: Job) -> Result:
    """Say what a command that only looks, or cancels, has left when the workflow was cancelled."""
    if job.cancellation is None:
        return Result(Reason.ABORTED_UNCHANGED)
    reason = Reason.ABORTED_AFTER_DELETE if job.cancellation.is_sent else Reason.ABORTED_CANCELLING
    return Result(reason, job.tracking.last_seen)


def _report(step: Step) -> int:
    command, rollback = step.inputs.command, step.rollback
    ended = [(job, job.result or step.result) for job in step.jobs]
    each = [Page(result, Facts.of(job.tracking), job.log) for job, result in ended if result is not None]
    if len(each) > 1:
        overall = step.result or several([job.result for job in each])
        ending = Ending(overall, NOTHING, command=command, each=each, api_url=step.inputs.api_url)
        return report_ending(ending, step.reporter)
    [only] = each
    result, outputs, back = step.result or only.result, dict[str, str](), None
    if rollback is not None:
        result = Result(Reason.FOLLOWED, evidence=result.evidence, parts=(result, outcome_of(rollback)))
        outputs = rollback_outputs(rollback.tracking, rollback.result)
        back = Facts.of(rollback.tracking) if rollback.tracking.submission.posts_sent else None
    shown = [replace(only, result=result)] if command is Command.WAIT else []
    ending = Ending(result, only.facts, only.log, back, command, shown, outputs, step.inputs.api_url)
    return report_ending(ending, step.reporter)
