"""Cancel what a run that was cut short has left: the work of the post step."""

from collections.abc import Mapping

from actions_toolkit import core

from cloud66_redeploy.canceller import Canceller
from cloud66_redeploy.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.deployment import Outcome
from cloud66_redeploy.duplicates import Duplicates
from cloud66_redeploy.errors import Aborted, InputError
from cloud66_redeploy.inputs import Inputs
from cloud66_redeploy.memory import ENDED, STATE, Memory
from cloud66_redeploy.observer import Observer
from cloud66_redeploy.report import Reporter
from cloud66_redeploy.transport import Session, Transport, Window

CLEANUP_SECONDS = 240.0
"""The runner gives a cancelled job five minutes in all."""

_PAUSE_SECONDS = 3.0


def cancel_left_over(
    environ: Mapping[str, str], reporter: Reporter, session: Session, clock: Clock, window: Window
) -> None:
    """Cancel the deployment of a run that did not end by itself; say what came of it; never raise."""
    reporter.mask(core.get_input("api_token"))
    kept = Memory.from_text(core.get_state(STATE))
    if kept is None or core.get_state(ENDED):
        reporter.say("Nothing is left to be cancelled.")
        return
    if not kept.cancel_on_abort:
        reporter.say(f"The deployment goes on, as asked (cancel_on_abort is false). Reference: {kept.reference}")
        return
    try:
        _cancel(kept, Inputs.load(environ), reporter, session, clock, window)
    except (InputError, Aborted) as error:
        reporter.warn("Not cancelled", f"Look for {kept.reference} in the Cloud 66 dashboard: {error}")
    except Exception as error:  # noqa: BLE001 - the post step never fails the job
        reporter.warn("Not cancelled", f"This action has a fault. Look for {kept.reference} in Cloud 66: {error!r}")


def _cancel(kept: Memory, inputs: Inputs, reporter: Reporter, session: Session, clock: Clock, window: Window) -> None:
    tracking = kept.to_tracking()
    deadline = clock.monotonic() + CLEANUP_SECONDS
    transport = Transport(session, inputs.api_url, inputs.api_token, clock, window, deadline)
    client = Client(transport, kept.stack_id)
    canceller = Canceller(
        client=client,
        observer=Observer(client, tracking),
        duplicates=Duplicates(client, tracking, reporter.warn),
        tracking=tracking,
        clock=clock,
        deadline=deadline,
        pause_seconds=_PAUSE_SECONDS,
        why="The step was cut short",
        say=reporter.say,
    )
    result = canceller.cancel()
    if result.outcome is Outcome.UNKNOWN:
        reporter.warn("Not cancelled", f"{result.reason} {result.evidence} Reference: {tracking.reference}")
    else:
        reporter.say(f"{result.outcome}: {result.reason}")
