"""Roll back a deployment that failed: ask for the last good commit again, as safely as for any deployment."""

from dataclasses import replace

from cloud66_redeploy.asking import ask_and_wait
from cloud66_redeploy.context import Context
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.handle import Handle
from cloud66_redeploy.rollback import Rollback, choose, reference_of, why_not
from cloud66_redeploy.stock import take_stock
from cloud66_redeploy.tracking import Tracking
from cloud66_redeploy.transport import Transport


def go_back(context: Context, failed: Handle) -> None:
    """
    Roll back what failed, where that is safe; leave in the context what became of it.

    It has a timeout of its own, as long as the first one's.

    Raises:
        Aborted: the workflow was cancelled.

    """
    rollback = context.rollback = Rollback()
    start = context.clock.monotonic()
    transport = replace(context.transport, deadline=start + context.inputs.timeout_seconds)
    tracking = Tracking(reference_of(failed.tracking.reference), is_unique=failed.tracking.is_unique)
    handle = context.handle(failed.stack_id, tracking)
    rollback.refused = why_not(failed.tracking) or _look_back(rollback, failed, handle, replace(transport, tries=None))
    if not rollback.refused:
        handle.expected_commit = tracking.git_ref = rollback.commit
        rollback.handles.append(handle)
        handle.say(f"Rolling back to commit {rollback.commit}.")
        context.follow_log(handle, transport)
        handle.result = ask_and_wait(context, handle, transport, start)
        context.read_logs([handle], transport.deadline)
        if handle.log:
            context.reporter.group("Last lines of the stack's log after the rollback", handle.log)
    handle.say(rollback.describe())
    context.note_known()


def _look_back(rollback: Rollback, failed: Handle, handle: Handle, patient: Transport) -> str:
    """Read the stack anew and choose the commit to go back to; return why there is none, if so."""
    try:
        deployments, actions = take_stock(handle.client(patient), handle.tracking)
    except ApiError as error:
        return f"the stack could not be read ({error})"
    if handle.tracking.was_used:
        return f"a rollback with the reference {handle.tracking.reference} was asked for before"
    chosen, why = choose(failed.tracking, deployments, actions)
    if chosen is not None:
        rollback.commit = chosen.text("git_hash")
        handle.say(f"Deployment {chosen.id} was live before, with commit {rollback.commit}.")
    return why
