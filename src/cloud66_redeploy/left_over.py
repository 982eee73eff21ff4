"""Cancel what a run that was cut short has left: the work of the post step."""

from collections.abc import Mapping

from actions_toolkit import core

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Transport, Window
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.errors import Aborted, InputError
from cloud66_redeploy.inputs import parsers
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.polling.turns import take_turns
from cloud66_redeploy.report.phrases import sentence_of
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.timing import CLEANUP_PAUSE_SECONDS, CLEANUP_SECONDS
from cloud66_redeploy.tracking.saved_state import ENDED, STATE, SavedState, read


def cancel_left_over(
    environ: Mapping[str, str], reporter: Reporter, session: Session, clock: Clock, window: Window
) -> None:
    """Cancel the deployment of a run that did not end by itself; say what came of it; never raise."""
    reporter.mask(parsers.raw("api_token"))
    kept = read(core.get_state(STATE))
    if not kept or core.get_state(ENDED):
        reporter.say("Nothing is left to be cancelled.")
        return
    names = ", ".join(one.name for one in kept)
    wanted = [one for one in kept if one.cancel_on_abort]
    if not wanted:
        reporter.say(f"The deployment goes on, as asked (cancel_on_abort is false). Reference: {names}")
        return
    try:
        _cancel(wanted, Inputs.load(environ), reporter, session, clock, window)
    except (InputError, Aborted) as error:
        reporter.warn("Not cancelled", f"Look for {names} in the Cloud 66 dashboard: {error}")
    except Exception as error:  # noqa: BLE001 - the post step never fails the job
        reporter.warn("Not cancelled", f"This action has a fault. Look for {names} in Cloud 66: {error!r}")


def _cancel(
    kept: list[SavedState], inputs: Inputs, reporter: Reporter, session: Session, clock: Clock, window: Window
) -> None:
    deadline = clock.monotonic() + CLEANUP_SECONDS
    transport = Transport(session, inputs.api_url, inputs.api_token, clock, window, deadline)
    handles = [Handle(one.stack_id, one.tracking, reporter) for one in kept]
    cancellers = [
        one.canceller(transport, "The step was cut short", pause_seconds=CLEANUP_PAUSE_SECONDS) for one in handles
    ]
    for one, result in zip(kept, take_turns(cancellers, clock), strict=True):
        if result.outcome is Outcome.UNKNOWN:
            reporter.warn("Not cancelled", f"{sentence_of(result)} {result.evidence} Reference: {one.name}")
        else:
            reporter.say(f"{result.outcome}: {sentence_of(result)}")
