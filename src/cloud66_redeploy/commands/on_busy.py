"""Before anything is asked for: whether the stack is busy and what to do about it, and what a dry run would do."""

from dataclasses import replace

from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.commands.step import Context
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.inputs.choices import OnBusy
from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.report import reasons
from cloud66_redeploy.report.facts import Times
from cloud66_redeploy.report.reasons import NOTHING_SCHEDULED, sentence
from cloud66_redeploy.timing import MAKING_WAY_SECONDS, RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.activity import Busy, busy_with, is_of
from cloud66_redeploy.tracking.baseline import Stock, take_stock
from cloud66_redeploy.tracking.tracking import Tracking

_WHEN_FREE = "Run this again when the stack is free."


def first_look(context: Context, handle: Handle, stock: Stock) -> Result | None:
    """
    Do what `dry_run` and `on_busy` ask for; return what ends the run, or None where the deployment is to be asked for.

    Between this look and the request others may ask for a deployment, too: then ours waits behind theirs.

    Raises:
        Aborted: the workflow was cancelled.

    """
    busy, on_busy = busy_with(*stock), context.inputs.on_busy
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
        return reasons.unready(error)


def _may_cancel(context: Context, busy: Busy, stock: Stock) -> bool:
    return context.inputs.on_busy is OnBusy.CANCEL_ANY or is_of(context.environ, busy, *stock)


def _look_again(context: Context, handle: Handle, before: Busy) -> tuple[Busy, Result | None]:
    """
    Let late records show, and look whether what runs is still surely of this repository; return what ends the run, too.

    Nothing joins a deployment to the action that carries the reference. One whose own action is not there yet may look
    like the one of an action whose own deployment is not there yet.
    """
    left = context.transport.deadline - context.clock.monotonic()
    context.clock.sleep(max(0.0, min(RECORD_LAG_SECONDS, left)))
    stock = take_stock(handle.client(context.patient), handle.tracking, context.clock)
    busy = busy_with(*stock)
    seen = {one.id for one in (*before.running, *before.waiting)}
    sure = all(one.id in seen for one in busy.running) and _may_cancel(context, busy, stock)
    return busy, None if sure or not busy else _stand_back(busy, OnBusy.CANCEL)


def _stand_back(busy: Busy, on_busy: OnBusy) -> Result:
    """Leave the stack to whoever deploys."""
    what = f"{sentence(busy.describe())}."
    if on_busy is OnBusy.SKIP:
        return Result(Outcome.SKIPPED, f"{what} {NOTHING_SCHEDULED}")
    if on_busy is OnBusy.FAIL:
        return Result(Outcome.FAILED, f"{what} {NOTHING_SCHEDULED}", advice=_WHEN_FREE)
    strange = "It carries no reference of this repository that could be told, so it was not cancelled."
    advice = "Run this again when the stack is free, or let on_busy be 'cancel: any'."
    return Result(Outcome.FAILED, f"{what} {strange} {NOTHING_SCHEDULED}", advice=advice)


def _cancel_running(context: Context, handle: Handle, busy: Busy) -> Result | None:
    """Cancel what runs, look until it is over, and take stock anew; return what ends the run, if anything."""
    deadline = min(context.transport.deadline, context.clock.monotonic() + MAKING_WAY_SECONDS)
    for one in busy.running:
        theirs = context.handle(handle.stack_id, Tracking.of_another("", one.id))
        hurried = replace(context.transport, deadline=deadline)
        canceller = theirs.canceller(hurried, "Making way")
        context.made_way = f"Deployment {one.id} was to be cancelled to make way."
        result = canceller.cancel()
        context.made_way = result.reason
        handle.say(result.reason)
        if not canceller.is_over or result.outcome is Outcome.UNKNOWN:
            late = context.clock.monotonic() >= context.transport.deadline
            outcome = Outcome.TIMED_OUT if late else Outcome.FAILED
            return Result(outcome, f"{result.reason} {NOTHING_SCHEDULED}", result.evidence, _WHEN_FREE)
    if busy.running:
        take_stock(handle.client(context.patient), handle.tracking, context.clock)
    elif busy:
        handle.say(f"{sentence(busy.describe())}. Nothing runs that could be cancelled, so ours will wait behind it.")
    return None


def _dry_run(context: Context, handle: Handle, busy: Busy, *, may_cancel: bool) -> Result:
    inputs, usual = context.inputs, Times.of(handle.tracking).usual_seconds
    cancels = "it would be cancelled" if busy.running else "nothing runs that could be cancelled, so ours would wait"
    does = {
        OnBusy.QUEUE: "ours would wait behind it",
        OnBusy.FAIL: "the run would fail",
        OnBusy.SKIP: "the run would be skipped",
        OnBusy.CANCEL: cancels if may_cancel else "it carries no reference of this repository, so the run would fail",
        OnBusy.CANCEL_ANY: cancels,
    }
    state = (
        f"{busy.describe()}, and {does[inputs.on_busy]} (on_busy: {inputs.on_busy})" if busy else "the stack is free"
    )
    sent = ", ".join(f"{name} {value}" for name, value in inputs.options.items())
    usually = f"; deployments usually take {format_duration(usual)}" if usual is not None else ""
    return Result(
        Outcome.DRY_RUN,
        f"{NOTHING_SCHEDULED} The token can read the stack (whether it may redeploy, only a redeploy can tell); "
        f"{state}{usually}; would be sent: {sent}.",
    )
