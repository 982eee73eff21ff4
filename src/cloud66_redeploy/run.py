"""One run of a step, from its first answer to its end: the command, what a cancelled workflow asks for, the report."""

import traceback
from collections.abc import Callable, Mapping

from cloud66_redeploy.api.client import all_stacks
from cloud66_redeploy.api.transport import AFTER_ABORT, Transport
from cloud66_redeploy.commands.cancel import cancel
from cloud66_redeploy.commands.job import Job, Role
from cloud66_redeploy.commands.redeploy import redeploy
from cloud66_redeploy.commands.rollback import outcome_of
from cloud66_redeploy.commands.status import status
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.commands.wait import wait
from cloud66_redeploy.ending import Ending, report_ending, report_step
from cloud66_redeploy.errors import Aborted, ApiError, InputError
from cloud66_redeploy.inputs.fields import Command
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.inputs.stacks import stack_named
from cloud66_redeploy.model.outcome import Reason, Result, WhyCancel, WhyNot
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.polling.ends import bad_input, because_of, unready
from cloud66_redeploy.report.facts import NOTHING
from cloud66_redeploy.report.reporter import Reporter
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
    """
    Run the command, report, and return the exit status: 0 for a green outcome, 1 for any other.

    For the transports see `Step`.
    """
    step = Step(environ, inputs, reporter, transport, patient, first if isinstance(first, Stack | ApiError) else None)
    _add_jobs(step)
    if inputs.command not in _CHANGES_NOTHING_LATER:
        step.note_known()
    is_settled = True
    try:
        if _find_stack(step, first):
            COMMANDS[inputs.command](step)
    except Aborted as aborted:
        transport.session.close()
        is_settled = _abort(step, step.clock.monotonic() - aborted.seconds_ago)
    except Exception as error:  # a fault of this action: outputs and a true outcome all the same
        _own_fault(step, error)
    if is_settled:
        reporter.state(ENDED, "true")
    for job in step.pursued:
        job.debug_sighting()
    return report_step(step)


def end_at_once(error: InputError, reporter: Reporter) -> int:
    """Report an input that can't be used, and return the exit status."""
    return report_ending(Ending(bad_input(error), NOTHING), reporter)


def _abort(step: Step, signalled_at: float) -> bool:
    """
    Do what a cancelled workflow asks for, in the few seconds that the runner gives.

    Tell whether nothing is left for the post step.
    """
    if step.inputs.command in _CHANGES_NOTHING_LATER:
        step.end(_left(step.asked[0]))
        return True
    under_way = [job for job in step.pursued if job.is_open]
    # Of several, one that has ended speaks for itself alone.
    if not under_way and step.result is None and any(job.result is None for job in step.asked):
        asks = step.inputs.command is Command.REDEPLOY
        step.end(Result(Reason.ABORTED_BEFORE_POST if asks else Reason.ABORTED_UNCHANGED))
    wanted = []
    for job in under_way:
        if job.tracking.submission.posts_sent == 0:
            job.end(_before_post(step, job))
        elif step.inputs.cancel_on_abort or job.deletions.are_begun:
            wanted.append(job)
        else:
            job.end(Result(Reason.LEFT_RUNNING, job.tracking.last_seen))
    return _cancel(step, wanted, signalled_at + ABORT_SECONDS) if wanted else True


def _before_post(step: Step, job: Job) -> Result:
    if job.role is Role.ROLLBACK and not job.tracking.request.git_ref:
        return outcome_of(job, WhyNot.WORKFLOW_CANCELLED)
    made_way = [other.result for other in step.jobs if other.role is Role.MAKING_WAY and other.result]
    return Result(Reason.ABORTED_BEFORE_POST, parts=tuple(made_way[-1:]))


def _cancel(step: Step, wanted: list[Job], deadline: float) -> bool:
    transport = step.transport.but(deadline=deadline, profile=AFTER_ABORT)
    try:
        return step.cancel(wanted, transport, ABORT_PAUSE_SECONDS, WhyCancel.WORKFLOW_CANCELLED)
    except Exception as error:  # as above; the post step tries again
        _own_fault(step, error)
        return False


def _own_fault(step: Step, error: Exception) -> None:
    for line in traceback.format_exception(error):
        for part in line.splitlines():
            step.reporter.say(f"| {part}")
    for job in step.pursued:
        if job.role is Role.ROLLBACK and not job.tracking.request.git_ref:
            job.end(outcome_of(job))
        reason, before = Reason.OWN_FAULT, job.result
        if before is not None and before.reason is not Reason.NOT_CHECKED:
            continue
        if before is not None:
            reason = Reason.OWN_FAULT_IN_CHECK
        elif job.tracking.submission.posts_sent:
            reason = Reason.OWN_FAULT_AFTER_POST
        parts = before.parts if before else ()
        job.end(Result(reason, facts={"error": type(error).__name__}, evidence=str(error), parts=parts))


def _add_jobs(step: Step) -> None:
    inputs = step.inputs
    if inputs.command is Command.REDEPLOY:
        reference, commit, is_unique = inputs.user_reference, inputs.expected_commit, inputs.reference_is_derived
        request = Request(reference, inputs.git_ref, commit, is_unique=is_unique, services=inputs.services)
        step.add(Role.REQUESTED, inputs.stack_id, Tracking(request))
        return
    for target in inputs.targets:
        # Whatever becomes of the first request, which stack was meant is told.
        stack = Stack(target.stack_id) if target.stack_id else None
        tracking = Tracking.of_another(target.reference, target.deployment_id, inputs.expected_commit, stack)
        step.add(Role.NAMED, target.stack_id, tracking, shares=len(inputs.targets) > 1)


def _find_stack(step: Step, first: First) -> bool:
    """Raise what kept the stack from being read, or find it by its name; tell whether the command can begin."""
    if isinstance(first, BaseException) and not isinstance(first, ApiError):
        raise first
    if not step.inputs.stack_name:
        return True
    try:
        uid = stack_named(step.inputs.stack_name, step.inputs.stack_environment, all_stacks(step.patient)).uid
    except InputError as error:
        step.end(bad_input(error))
    except ApiError as error:
        asks = step.inputs.command is Command.REDEPLOY
        step.end(unready(error) if asks else because_of(error, Reason.NOT_READABLE))
    else:
        for job in step.asked:
            job.locate(uid)
    return step.result is None


def _left(job: Job) -> Result:
    """Say what a command that only looks, or cancels, has left when the workflow was cancelled."""
    if not job.deletions.are_begun:
        return Result(Reason.ABORTED_UNCHANGED)
    reason = Reason.ABORTED_AFTER_DELETE if job.deletions.are_sent else Reason.ABORTED_CANCELLING
    return Result(reason, job.tracking.last_seen)
