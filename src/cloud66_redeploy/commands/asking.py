"""Ask for one deployment, exactly once, and wait for its outcome unless that was not asked for."""

from collections.abc import Callable

from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.commands.step import Context
from cloud66_redeploy.commands.trigger import Trigger
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.tracking.last_seen import last_seen
from cloud66_redeploy.tracking.observer import Observer


def ask_and_wait(
    context: Context,
    handle: Handle,
    transport: Transport,
    start: float,
    objection: Callable[[], Result | None] = lambda: None,
) -> Result:
    """
    Ask for the deployment of a handle, exactly once, and wait for its outcome, unless that was not asked for.

    Args:
        context: the step's.
        handle: the deployment's.
        transport: makes the calls; its deadline is that of the wait.
        start: the instant (monotonic seconds) that the timeout counts from.
        objection: see `Trigger`.

    """
    known = handle.tracking
    context.note_known(about_to_post=True)
    client = handle.client(transport)
    observer = Observer(client, known, context.clock)
    asked = {"git_ref": known.request.git_ref} if known.request.git_ref else {}
    options = context.inputs.options | asked | {"user_reference": known.request.reference}
    result = Trigger(client, observer, known, context.clock, transport.deadline, handle.say, objection).fire(options)
    context.note_known()
    if result is not None:
        return result
    handle.say(f"Scheduled; find it in Cloud 66 by its reference: {known.request.reference}")
    if not context.inputs.wait:
        return _scheduled(context, handle, observer)
    context.wait([handle], transport, start)
    assert handle.result is not None
    return handle.result


def _scheduled(context: Context, handle: Handle, observer: Observer) -> Result:
    """Look once, for the ids; whatever it brings, the deployment is scheduled."""
    try:
        observer.look()
    except ApiError as error:
        handle.say(f"The ids are not known yet: {error}")
    handle.cancel_duplicates(context.transport)
    context.note_known()
    return Result(Reason.SCHEDULED, last_seen(handle.tracking))
