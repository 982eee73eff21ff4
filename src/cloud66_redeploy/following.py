"""The commands `wait`, `cancel` and `status`: for deployments that somebody else asked for."""

from dataclasses import replace

from cloud66_redeploy import reasons, verdict_words
from cloud66_redeploy.busy import busy_with
from cloud66_redeploy.context import Context
from cloud66_redeploy.deployment import Deployment, Outcome, Result
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.handle import Handle
from cloud66_redeploy.observer import Observer
from cloud66_redeploy.tracking import Baseline
from cloud66_redeploy.verdict import decide

_PAUSE_SECONDS = 3.0


def wait(context: Context) -> None:
    """
    Wait for all of them in one step, and leave in the context how each ended.

    Raises:
        Aborted: the workflow was cancelled.

    """
    for handle in context.handles:
        handle.result = _meet(context, handle)
    there = [one for one in context.handles if one.result is None]
    context.note_known()
    if there:
        context.wait(there, context.transport, context.start)
    context.read_logs(context.handles, context.transport.deadline)


def cancel(context: Context) -> None:
    """
    Cancel one, and look until it took. That it was over already is said, and is no error.

    Raises:
        Aborted: the workflow was cancelled.

    """
    [handle] = context.handles
    handle.result = _meet(context, handle) or _choose(
        context, handle, "The stack is not deploying, so nothing was cancelled.", to_be_cancelled=True
    )
    if handle.result is not None:
        return
    canceller = handle.canceller(context.transport, _PAUSE_SECONDS, "As asked", patient=True)
    context.canceller = canceller
    result = canceller.cancel()
    if canceller.is_over and result.outcome is not Outcome.UNKNOWN:
        handle.result = replace(result, as_asked=True)
    elif result.outcome is Outcome.CANCELLED:
        handle.result = replace(result, outcome=Outcome.TIMED_OUT)
    else:
        handle.result = result


def status(context: Context) -> None:
    """
    Look once, and say how things stand.

    Raises:
        Aborted: the workflow was cancelled.

    """
    [handle] = context.handles
    handle.result = _meet(context, handle) or _choose(
        context, handle, "The stack has no deployments yet.", to_be_cancelled=False
    )
    if handle.result is not None:
        return
    known = handle.tracking
    observer = Observer(handle.client(context.transport), known)
    try:
        observer.look()
    except ApiError as error:
        handle.result = reasons.not_known(error)
        return
    observer.identity.settle()
    says = observer.says()
    outcome = decide(*says, settled=True)
    if known.is_missing:
        handle.result = reasons.not_to_be_told(known)
    elif outcome is None:
        handle.result = verdict_words.under_way(known)
    else:
        handle.result = replace(verdict_words.ended(outcome, known, *says), as_asked=outcome is not Outcome.UNKNOWN)


def _meet(context: Context, handle: Handle) -> Result | None:
    """Read the stack, and how long its deployments took; return what ends the run, if anything."""
    client = handle.client(context.patient)
    try:
        handle.tracking.stack = client.stack()
        handle.tracking.baseline = Baseline(past=Baseline.of(client.deployments(), []).past)
    except ApiError as error:
        return reasons.not_known(error)
    stack = handle.tracking.stack
    name = stack.text("name") or stack.uid
    if len(context.handles) > 1:
        handle.label = f"{name}: "
    else:
        handle.say(f"Stack {name}, UID {stack.uid}")
    return None


def _choose(context: Context, handle: Handle, nothing: str, *, to_be_cancelled: bool) -> Result | None:
    """Where none was named, choose the one that runs, or for a look the newest one; return what ends the run."""
    if handle.tracking.named or handle.tracking.reference:
        return None
    try:
        deployments = handle.client(context.patient).deployments()
    except ApiError as error:
        return reasons.not_known(error)
    busy = busy_with(deployments, [])
    if len(busy.running) > 1 and to_be_cancelled:
        return reasons.several_run([one.id for one in busy.running])
    found = next(iter(busy.running), None)
    if found is None and not to_be_cancelled:
        found = busy.first or max(deployments, key=_when, default=None)
    if found is None:
        return Result(Outcome.SKIPPED, nothing)
    handle.tracking.named = found.id
    return None


def _when(one: Deployment) -> tuple[str, int]:
    return (max((moment.isoformat() for moment in one.times), default=""), one.id)
