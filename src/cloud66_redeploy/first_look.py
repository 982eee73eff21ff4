"""Before anything is asked for: whether the stack is busy and what to do about it, and what a dry run would do."""

from cloud66_redeploy import reasons
from cloud66_redeploy.busy import Busy, busy_with, is_of
from cloud66_redeploy.commands import OnBusy
from cloud66_redeploy.context import Context
from cloud66_redeploy.deployment import Outcome, Result
from cloud66_redeploy.duration import format_duration
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.handle import Handle
from cloud66_redeploy.outputs import usual_seconds
from cloud66_redeploy.reasons import NOTHING_SCHEDULED, sentence
from cloud66_redeploy.stock import Stock, take_stock
from cloud66_redeploy.tracking import Tracking

_PAUSE_SECONDS = 2.0


def first_look(context: Context, handle: Handle, stock: Stock) -> Result | None:
    """
    Do what `dry_run` and `on_busy` ask for; return what ends the run, or None where the deployment is to be asked for.

    Between this look and the request others may ask for a deployment, too: then ours waits behind theirs.

    Raises:
        Aborted: the workflow was cancelled.

    """
    busy, on_busy = busy_with(*stock), context.inputs.on_busy
    may_cancel = on_busy is OnBusy.CANCEL_ANY or is_of(context.environ.get("GITHUB_REPOSITORY", ""), busy, *stock)
    if context.inputs.dry_run:
        return _dry_run(context, handle, busy, may_cancel=may_cancel)
    if not busy or on_busy is OnBusy.QUEUE:
        return None
    if on_busy in {OnBusy.SKIP, OnBusy.FAIL} or not may_cancel:
        return _stand_back(busy, on_busy)
    return _cancel_running(context, handle, busy)


def _stand_back(busy: Busy, on_busy: OnBusy) -> Result:
    """Leave the stack to whoever deploys."""
    what = f"{sentence(busy.describe())}."
    if on_busy is OnBusy.SKIP:
        return Result(Outcome.SKIPPED, f"{what} {NOTHING_SCHEDULED}")
    if on_busy is OnBusy.FAIL:
        return Result(Outcome.FAILED, f"{what} {NOTHING_SCHEDULED}", advice="Run this again when the stack is free.")
    strange = "It carries no reference of this repository that could be told, so it was not cancelled."
    advice = "Run this again when the stack is free, or let on_busy be 'cancel: any'."
    return Result(Outcome.FAILED, f"{what} {strange} {NOTHING_SCHEDULED}", advice=advice)


def _cancel_running(context: Context, handle: Handle, busy: Busy) -> Result | None:
    """Cancel what runs, look until it is over, and take stock anew."""
    for one in busy.running:
        theirs = context.handle(handle.stack_id, Tracking.of_another("", one.id))
        canceller = theirs.canceller(context.transport, _PAUSE_SECONDS, "Making way", patient=True)
        result = canceller.cancel()
        handle.say(result.reason)
        if not canceller.is_over:
            return Result(Outcome.FAILED, f"{result.reason} {NOTHING_SCHEDULED}", result.evidence)
    try:
        take_stock(handle.client(context.patient), handle.tracking)
    except ApiError as error:
        return reasons.unready(error)
    return None


def _dry_run(context: Context, handle: Handle, busy: Busy, *, may_cancel: bool) -> Result:
    inputs, usual = context.inputs, usual_seconds(handle.tracking)
    does = {
        OnBusy.QUEUE: "ours would wait behind it",
        OnBusy.FAIL: "the run would fail",
        OnBusy.SKIP: "the run would be skipped",
        OnBusy.CANCEL: "it would be cancelled"
        if may_cancel
        else "it carries no reference of this repository, so the run would fail",
        OnBusy.CANCEL_ANY: "it would be cancelled",
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
