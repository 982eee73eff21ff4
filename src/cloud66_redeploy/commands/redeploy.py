"""The command `redeploy`: ask for a deployment exactly once, wait for it, and go back where that was asked for."""

from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.commands.step import Context
from cloud66_redeploy.errors import ApiError, InputError
from cloud66_redeploy.inputs.fields import OnBusy
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.polling.ends import bad_input, unready
from cloud66_redeploy.tracking.baseline import Stock


def redeploy(context: Context) -> None:
    """
    Do it, and leave in the context how it ended.

    Raises:
        Aborted: the workflow was cancelled.

    """
    inputs, handle = context.inputs, context.handles[0]
    context.note_known()
    try:
        stock = handle.take_stock(context.patient)
    except ApiError as error:
        handle.result = unready(error)
        return
    _announce(context, handle)
    handle.result = _before_asking(context, handle, stock)
    if handle.result is not None:
        return
    from cloud66_redeploy.commands.asking import ask_and_wait  # noqa: PLC0415 - not before the first request

    what = " ".join(f"{name}={value}" for name, value in inputs.options.items() if name != "user_reference")
    handle.say(f"Asking Cloud 66 to redeploy it{': ' + what if what else ''}")
    context.follow_log(handle, context.transport)
    handle.result = ask_and_wait(context, handle, context.transport, context.start)
    context.read_logs([handle], context.transport.deadline)
    if inputs.rollback and handle.result.outcome is Outcome.FAILED and handle.tracking.submission.posts_sent:
        from cloud66_redeploy.commands.going_back import go_back  # noqa: PLC0415 - needed by no run that goes well

        go_back(context, handle)


def _announce(context: Context, handle: Handle) -> None:
    stack = handle.tracking.stack
    assert stack is not None
    where = stack.text("environment") or "environment not known"
    handle.say(f"Stack {stack.text('name') or stack.uid} ({where}), UID {stack.uid}")
    given, sent = context.inputs.git_ref_as_given, context.inputs.git_ref
    if given != sent:
        handle.say(f"The input git_ref, {given}, goes out as {sent}: Cloud 66 takes the name of a branch or tag alone.")
    if not handle.tracking.actions_readable:
        context.reporter.warn(
            "Actions can't be read",
            "This token can't read the stack's actions, so only the answer's id can tell which deployment is ours.",
        )


def _before_asking(context: Context, handle: Handle, stock: Stock) -> Result | None:
    """Return what ends the run before anything is asked for, if anything does."""
    inputs, stack = context.inputs, handle.tracking.stack
    assert stack is not None
    try:
        inputs.check_stack(stack)
    except InputError as error:
        return bad_input(error)
    if inputs.dry_run or inputs.on_busy is not OnBusy.QUEUE:
        from cloud66_redeploy.commands.on_busy import first_look  # noqa: PLC0415 - only who asked for it pays for it

        return first_look(context, handle, stock)
    return None
