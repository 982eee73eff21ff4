"""
The post step: `python -m cloud66_redeploy.cleanup`. Runs when the job was cancelled or failed.

If the step was killed before it could cancel its deployment (or before it could see that the cancellation took), this
does it, with minutes instead of seconds. It never fails the job.
"""

import sys
from collections.abc import Mapping, Sequence

from actions_toolkit import core

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.commands.job import Job, Role
from cloud66_redeploy.errors import Aborted, InputError
from cloud66_redeploy.inputs import parsers
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.model.outcome import Outcome, WhyCancel
from cloud66_redeploy.polling.poll import poll_all
from cloud66_redeploy.report.debugging import CallLog
from cloud66_redeploy.report.messages import Line, Note
from cloud66_redeploy.report.phrases import marks_of, sentence_of
from cloud66_redeploy.report.reporter import Reporter, Voice
from cloud66_redeploy.start import with_real_things
from cloud66_redeploy.timing import CLEANUP_PAUSE_SECONDS, CLEANUP_SECONDS
from cloud66_redeploy.tracking.saved_state import ENDED, STATE, SavedState, read


def main() -> int:
    """Cancel, with the real things, what was left running."""
    return with_real_things(cancel_left_over)


def cancel_left_over(environ: Mapping[str, str], reporter: Reporter, session: Session, clock: Clock) -> int:
    """Cancel the deployment of a run that did not end by itself; say what came of it; never raise; return 0."""
    reporter.mask(parsers.raw("api_token"))
    saved = read(core.get_state(STATE))
    if not saved or core.get_state(ENDED):
        reporter.say(Line.NOTHING_LEFT)
        return 0
    names = ", ".join(map(_name_of, saved))
    wanted = [state for state in saved if state.cancel_on_abort]
    if not wanted:
        reporter.say(Line.CONTINUES.format(names=names))
        return 0
    deadline = clock.monotonic() + CLEANUP_SECONDS
    try:
        inputs = Inputs.load(environ)
        transport = Transport(session, inputs.api_url, inputs.api_token, clock, deadline, CallLog(reporter))
        _cancel(wanted, transport, reporter)
    except (InputError, Aborted) as error:
        reporter.warn(*Note.NOT_CANCELLED_BECAUSE.filled(names=names, error=error))
    except Exception as error:  # the post step never fails the job
        reporter.warn(*Note.NOT_CANCELLED_BY_FAULT.filled(names=names, error=error))
    return 0


def _cancel(saved: Sequence[SavedState], transport: Transport, reporter: Reporter) -> None:
    jobs = [Job(Role.REQUESTED, state.stack_id, state.tracking, Voice(reporter)) for state in saved]
    polls = [job.cancel_with(transport, WhyCancel.CUT_SHORT, CLEANUP_PAUSE_SECONDS) for job in jobs]
    for job, state, result in zip(jobs, saved, poll_all(polls, transport.clock), strict=True):
        job.end(result)
        job.debug_sighting()
        if result.outcome is Outcome.UNKNOWN:
            facts = {"sentence": sentence_of(result), "evidence": result.evidence, "name": _name_of(state)}
            reporter.warn(*Note.NOT_CANCELLED.filled(**facts))
        else:
            reporter.say(f"{result.outcome}: {sentence_of(result)}")


def _name_of(state: SavedState) -> str:
    return marks_of(state.tracking.request)[0]


if __name__ == "__main__":
    sys.exit(main())
