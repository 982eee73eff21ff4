"""
The start of a step: its inputs and its first request. Everything that it touches is handed in.

It needs a third of the package; the rest (`run`) is imported once the first answer is there, in one place.
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import FEW_TRIES, UNTIL_DEADLINE, Transport
from cloud66_redeploy.clock import Clock, SystemClock
from cloud66_redeploy.errors import Aborted, InputError
from cloud66_redeploy.inputs import parsers
from cloud66_redeploy.inputs.fields import Command
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.report.debugging import CallLog
from cloud66_redeploy.report.reporter import Reporter, open_closed_streams
from cloud66_redeploy.report.text import Sanitizer

if TYPE_CHECKING:
    from cloud66_redeploy.run import First

Work = Callable[[Mapping[str, str], Reporter, Session, Clock], int]
"""What a process does with the real things; returns the exit status."""


def with_real_things(work: Work) -> int:
    """Wire the real things together, and do the work with them."""
    clock = SystemClock()
    clock.install()
    open_closed_streams()
    with Session() as session:
        return work(os.environ, Reporter(os.environ, Sanitizer()), session, clock)


def start(environ: Mapping[str, str], reporter: Reporter, session: Session, clock: Clock) -> int:
    """
    Run a step, report, and return the exit status: 0 for a green outcome, 1 for any other.

    The environment is GITHUB_…; the inputs are read by actions-toolkit.
    """
    reporter.mask(parsers.raw("api_token"))
    begun = _begin(environ, reporter, session, clock)
    # Only now: the imports take as long as the first request.
    from cloud66_redeploy.run import end_at_once, run  # noqa: PLC0415 - the one boundary

    return end_at_once(begun, reporter) if isinstance(begun, InputError) else run(environ, reporter, *begun)


def _begin(
    environ: Mapping[str, str], reporter: Reporter, session: Session, clock: Clock
) -> tuple[Inputs, Transport, Transport, "First"] | InputError:
    """Read the inputs, and make the first request; return what `run` takes, or what is wrong with the inputs."""
    began = clock.monotonic()
    try:
        inputs = Inputs.load(environ)
    except InputError as error:
        return error
    log = CallLog(reporter)
    transport = Transport(session, inputs.api_url, inputs.api_token, clock, began + inputs.timeout_seconds, log)
    patient = transport.but(profile=UNTIL_DEADLINE, listener=log.patient(lambda: clock.monotonic() - began))
    # These two need no more than the deployment's records, and go on looking for those until the deadline.
    can_do_without = inputs.command in {Command.WAIT, Command.CANCEL}
    asking = patient.but(profile=FEW_TRIES) if can_do_without else patient
    return inputs, transport, patient, _first_answer(inputs, asking)


def _first_answer(inputs: Inputs, transport: Transport) -> "First":
    if not inputs.stack_id:
        return None
    try:
        return Client(transport, inputs.stack_id.splitlines()[0]).stack()
    except (Exception, Aborted) as error:  # it is raised again where it can be told
        return error
