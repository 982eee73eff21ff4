"""Before anything is asked for: whether the stack is busy and what to do about it, and what a dry run would do."""

from dataclasses import replace

from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.commands.step import Context
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.inputs.fields import OnBusy
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.polling.ends import unready
from cloud66_redeploy.report.facts import Times
from cloud66_redeploy.report.phrases import capitalised, sentence_of
from cloud66_redeploy.timing import MAKING_WAY_SECONDS, RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.activity import Busy, busy_with, is_of
from cloud66_redeploy.tracking.baseline import Stock
from cloud66_redeploy.tracking.tracking import Tracking


def first_look(context: Context, handle: Handle, stock: Stock) -> Result | None:
    """
    Do what `dry_run` and `on_busy` ask for; return what ends the run, or None where the deployment is to be asked for.

    Between this look and the request others may ask for a deployment, too: then ours waits behind theirs.

    Raises:
        Aborted: the workflow was cancelled.

    """
    busy, on_busy = busy_with(stock.deployments, stock.actions), context.inputs.on_busy
    if context.inputs.dry_run:
        return _dry_run(context, handle, busy, may_cancel=_may_cancel(context, busy, stock))
    if not busy or on_busy is OnBusy.QUEUE:
        return None
    if on_busy in {OnBusy.SKIP, OnBusy.FAIL} or not _may_cancel(context, busy, stock):
        return _stand_back(busy, on_busy)
    try:
        if on_busy is OnBusy.CANCEL:
            busy, result = _look_again(context, handle, busy)
            if result is not None:
                return result
        return _cancel_running(context, handle, busy)
    except ApiError as error:
        return unready(error)


def _may_cancel(context: Context, busy: Busy, stock: Stock) -> bool:
    return context.inputs.on_busy is OnBusy.CANCEL_ANY or is_of(context.environ, busy, stock.deployments, stock.actions)


def _look_again(context: Context, handle: Handle, before: Busy) -> tuple[Busy, Result | None]:
    """
    Let late records show, and look whether what runs is still surely of this repository; return what ends the run, too.

    Nothing joins a deployment to the action that carries the reference. One whose own action is not there yet may look
    like the one of an action whose own deployment is not there yet.
    """
    left = context.transport.deadline - context.clock.monotonic()
    context.clock.sleep(max(0.0, min(RECORD_LAG_SECONDS, left)))
    stock = handle.take_stock(context.patient)
    busy = busy_with(stock.deployments, stock.actions)
    seen = {one.id for one in (*before.running, *before.waiting)}
    sure = all(one.id in seen for one in busy.running) and _may_cancel(context, busy, stock)
    return busy, None if sure or not busy else _stand_back(busy, OnBusy.CANCEL)


def _stand_back(busy: Busy, on_busy: OnBusy) -> Result:
    """Leave the stack to whoever deploys."""
    reasons = {OnBusy.SKIP: Reason.BUSY_SKIPPED, OnBusy.FAIL: Reason.BUSY_FAILED}
    return Result(reasons.get(on_busy, Reason.BUSY_WITH_OTHERS), facts={"busy": busy.describe()})


def _cancel_running(context: Context, handle: Handle, busy: Busy) -> Result | None:
    """Cancel what runs, look until it is over, and take stock anew; return what ends the run, if anything."""
    deadline = min(context.transport.deadline, context.clock.monotonic() + MAKING_WAY_SECONDS)
    for one in busy.running:
        theirs = context.handle(handle.stack_id, Tracking.of_another("", one.id))
        hurried = replace(context.transport, deadline=deadline)
        canceller = theirs.canceller(hurried, "Making way")
        context.made_way = Result(Reason.MAKING_WAY, facts={"number": one.id})
        result = context.made_way = canceller.cancel()
        handle.say(sentence_of(result))
        if not canceller.is_over or result.outcome is Outcome.UNKNOWN:
            late = context.clock.monotonic() >= context.transport.deadline
            reason = Reason.NOT_FREED_IN_TIME if late else Reason.NOT_FREED
            return Result(reason, evidence=result.evidence, parts=(result,))
    if busy.running:
        handle.take_stock(context.patient)
    elif busy:
        handle.say(
            f"{capitalised(busy.describe())}. Nothing runs that could be cancelled, so ours will wait behind it."
        )
    return None


def _dry_run(context: Context, handle: Handle, busy: Busy, *, may_cancel: bool) -> Result:
    inputs = context.inputs
    effect = "cancel" if busy.running else "wait"
    if inputs.on_busy is OnBusy.CANCEL and not may_cancel:
        effect = "refuse"
    elif inputs.on_busy not in {OnBusy.CANCEL, OnBusy.CANCEL_ANY}:
        effect = str(inputs.on_busy)
    facts = {
        "busy": busy.describe() if busy else "",
        "on_busy": inputs.on_busy,
        "effect": effect,
        "usual_seconds": Times.of(handle.tracking).usual_seconds,
        "options": ", ".join(f"{name} {value}" for name, value in inputs.options.items()),
    }
    return Result(Reason.DRY_RUN, facts=facts)
