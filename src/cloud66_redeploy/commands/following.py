"""The commands `wait`, `cancel` and `status`: for deployments that somebody else asked for."""

from collections.abc import Sequence
from dataclasses import replace

from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.commands.step import Context
from cloud66_redeploy.errors import ApiError, InputError, Obstructed, Refusal
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Deployment, Stack
from cloud66_redeploy.polling.ends import bad_input, because_of, checked, ended, not_identified
from cloud66_redeploy.polling.settling import Settling
from cloud66_redeploy.tracking.activity import busy_with
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.doubt import until_believed
from cloud66_redeploy.tracking.last_seen import last_seen
from cloud66_redeploy.tracking.observer import Observer


def wait(context: Context) -> None:
    """
    Wait for all of them in one step, and leave in the context how each ended.

    Raises:
        Aborted: the workflow was cancelled.

    """
    context.note_known()
    met: dict[str, Handle] = {}
    for handle in context.handles:
        first = met.setdefault(handle.stack_id, handle)
        handle.result = _meet(context, handle) if first is handle else first.result
        handle.tracking.stack, handle.tracking.baseline = first.tracking.stack, first.tracking.baseline
    _tell_apart(context.handles)
    there = [one for one in context.handles if one.result is None]
    if there:
        context.wait(there, context.transport, context.start)
    context.read_logs(context.handles, context.transport.deadline)


def cancel(context: Context) -> None:
    """
    Cancel one, and look until it took. That it was over already is said, and is no error.

    Raises:
        Aborted: the workflow was cancelled.

    """
    handle = _meant(context, Reason.NOTHING_RUNS, to_be_cancelled=True)
    if handle is None:
        return
    canceller = handle.canceller(context.transport, "As asked")
    context.canceller = canceller
    result = checked(canceller.cancel(), handle.tracking)
    if canceller.is_over and result.outcome is not Outcome.UNKNOWN:
        handle.result = replace(result, as_requested=True)
    elif result.reason is Reason.CANCELLATION_OPEN:
        handle.result = replace(result, reason=Reason.CANCELLATION_TIMED_OUT)
    else:
        handle.result = result


def status(context: Context) -> None:
    """
    Look once, and say how things stand.

    Raises:
        Aborted: the workflow was cancelled.

    """
    handle = _meant(context, Reason.NO_DEPLOYMENTS, to_be_cancelled=False)
    if handle is None:
        return
    known = handle.tracking
    observer = Observer(handle.client(context.transport), known, context.clock)
    try:
        until_believed(context.clock, observer.look)
    except ApiError as error:
        handle.result = because_of(error, Reason.NOT_READABLE)
        return
    verdict = Settling(observer, known).verdict(context.clock.monotonic(), is_last=True)
    if known.is_not_found or (verdict is None and known.sighting.is_ambiguous and known.deployment is None):
        handle.result = not_identified(known)
    elif verdict is None:
        handle.result = Result(Reason.QUEUED if known.is_queued else Reason.DEPLOYING, last_seen(known))
    else:
        outcome, *says = verdict
        result = checked(ended(outcome, known, *says), known)
        handle.result = replace(result, as_requested=result.outcome is not Outcome.UNKNOWN)


def _meant(context: Context, nothing: Reason, *, to_be_cancelled: bool) -> Handle | None:
    """Return the one deployment that is meant; None where the run ends before it can be looked at."""
    [handle] = context.handles
    handle.result = _meet(context, handle) or _choose(context, handle, nothing, to_be_cancelled=to_be_cancelled)
    return handle if handle.result is None else None


def _meet(context: Context, handle: Handle) -> Result | None:
    """Read the stack, and how long its deployments took; return what ends the run, if anything."""
    client, known = handle.client(context.patient), handle.tracking
    known.stack = stack = Stack(handle.stack_id)
    try:
        known.stack = stack = until_believed(context.clock, client.stack)
        context.inputs.check_stack(stack)
        deployments = until_believed(context.clock, client.deployments)
        known.baseline = Baseline(past=Baseline.of(deployments, []).past)
    except InputError as error:
        return bad_input(error)
    except (Refusal, Obstructed) as refusal:
        return because_of(refusal, Reason.NOT_READABLE)
    except ApiError as trouble:
        # What is read here is good to have; whether the deployment can be looked at, the looks will tell.
        handle.say(f"What the stack is like could not be read: {trouble}")
    if len(context.handles) == 1:
        handle.say(f"Stack {stack.text('name') or stack.uid}, UID {stack.uid}")
    return None


def _tell_apart(handles: Sequence[Handle]) -> None:
    """Begin the lines of each with its stack's name, and with as much more as tells it from the others."""
    if len(handles) > 1:
        ways = list(zip(*(_labels(one) for one in handles), strict=True))
        labels = next((each for each in ways if len(set(each)) == len(handles)), ways[-1])
        for handle, label in zip(handles, labels, strict=True):
            handle.label = f"{label}: "


def _labels(handle: Handle) -> tuple[str, ...]:
    """Name a deployment, by more and more; the last is one that no other target has."""
    known, stack = handle.tracking, handle.tracking.stack or Stack(handle.stack_id)
    name, environment = stack.text("name") or stack.uid, stack.text("environment")
    there = f"{name} ({environment})" if environment else name
    marks = (known.request.reference, f"deployment {known.request.given_id}" if known.request.given_id else "")
    mark = ", ".join(one for one in marks if one)
    return name, there, f"{there}, {mark}", f"{there}, UID {stack.uid}, {mark}"


def _choose(context: Context, handle: Handle, nothing: Reason, *, to_be_cancelled: bool) -> Result | None:
    """Where none was named, choose the one that runs, or for a look the newest one; return what ends the run."""
    if handle.tracking.request.given_id or handle.tracking.request.reference:
        return None
    try:
        deployments = until_believed(context.clock, handle.client(context.patient).deployments)
    except ApiError as error:
        return because_of(error, Reason.NOT_READABLE)
    busy = busy_with(deployments, [])
    if len(busy.running) > 1 and to_be_cancelled:
        return Result(Reason.SEVERAL_RUN, facts={"numbers": " and ".join(str(one.id) for one in busy.running)})
    found = next(iter(busy.running), None)
    if found is None and not to_be_cancelled:
        found = busy.first or max(deployments, key=_when, default=None)
    if found is None:
        return Result(nothing)
    handle.tracking.request = replace(handle.tracking.request, given_id=found.id)
    return None


def _when(one: Deployment) -> tuple[str, int]:
    return (max((moment.isoformat() for moment in one.times), default=""), one.id)
