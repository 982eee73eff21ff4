"""Roll back a deployment that failed: ask for the last good commit again, as safely as for any deployment."""

from dataclasses import replace

from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.commands.asking import ask_and_wait
from cloud66_redeploy.commands.job import Handle
from cloud66_redeploy.commands.rollback import Rollback, choose, reference_of, why_not
from cloud66_redeploy.commands.step import Context
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.report.facts import Times
from cloud66_redeploy.report.phrases import log_name, sentence_of
from cloud66_redeploy.timing import RECORD_LAG_SECONDS, ROLLBACK_PAUSE_SECONDS
from cloud66_redeploy.tracking.doubt import until_believed
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Request, Tracking


def go_back(context: Context, failed: Handle) -> None:
    """
    Roll back what failed, where that is safe; leave in the context what became of it.

    It has a timeout of its own, as long as the first one's.

    Raises:
        Aborted: the workflow was cancelled.

    """
    rollback = context.rollback = Rollback(refused="the step ended before that")
    start = context.clock.monotonic()
    transport = replace(context.transport, deadline=start + context.inputs.timeout_seconds)
    before = failed.tracking.request
    tracking = Tracking(Request(reference_of(before.reference), is_unique=before.is_unique))
    handle = context.handle(failed.stack_id, tracking)
    patient = replace(context.patient, deadline=transport.deadline)
    rollback.refused = _look_back(rollback, failed, handle, patient)
    if not rollback.refused:
        tracking.request = replace(tracking.request, git_ref=rollback.commit, expected_commit=rollback.commit)
        rollback.handles.append(handle)
        handle.say(f"Rolling back to commit {rollback.commit}.")
        context.follow_log(handle, transport)
        handle.result = ask_and_wait(
            context, handle, transport, start, lambda: _object(rollback, failed, handle, patient)
        )
        context.read_logs([handle], transport.deadline)
        if handle.log:
            context.reporter.group(f"Last lines of the stack's {log_name(tracking)} after the rollback", handle.log)
    assert rollback.result is not None
    handle.say(sentence_of(rollback.result))
    context.note_known()


def _look_back(rollback: Rollback, failed: Handle, handle: Handle, patient: Transport) -> str:
    """Read the stack anew and choose the commit to go back to; return why there is none, if so."""
    if why := why_not(failed.tracking):
        return why
    try:
        _let_records_show(failed, patient)
        clock = patient.clock
        stock = until_believed(clock, lambda: handle.take_stock(patient))
    except ApiError as error:
        return f"the stack could not be read ({error})"
    if not handle.tracking.actions_readable:
        return "the stack's actions can't be read, so a redeploy that waits might be passed over"
    if handle.tracking.baseline.has_reference:
        return f"a rollback with the reference {handle.tracking.request.reference} was asked for before"
    if why := why_not(failed.tracking):
        return why
    chosen, why = choose(failed.tracking, stock.deployments, stock.actions)
    if chosen is not None:
        rollback.commit = chosen.text("git_hash")
        handle.say(f"Deployment {chosen.id} was live before, with commit {rollback.commit}.")
    return why


def _object(rollback: Rollback, failed: Handle, handle: Handle, patient: Transport) -> Result | None:
    """Look again before the request is sent again: what has come meanwhile may be somebody's answer to the failure."""
    client = handle.client(patient)
    try:
        deployments = until_believed(patient.clock, client.deployments)
        actions = until_believed(patient.clock, client.actions)
    except ApiError as error:
        chosen, why = None, f"the stack could not be read ({error})"
    else:
        if Observer(client, handle.tracking, patient.clock).takes(actions):
            # It was scheduled after all, and is not sent again.
            return None
        chosen, why = choose(failed.tracking, deployments, actions)
    if chosen is not None and chosen.text("git_hash") == rollback.commit:
        return None
    why = why or "another deployment is the last good one by now"
    if handle.tracking.submission.posts_sent == 0:
        rollback.refused = why
    return Result(Reason.NOT_ROLLED_BACK, facts={"why": why})


def _let_records_show(failed: Handle, patient: Transport) -> None:
    """
    Give the records of what ran before, and of what failed, where they lag behind, a few seconds to show.

    Of what failed within seconds, the deployment that was live before may not have shown yet.
    """
    known, clock = failed.tracking, patient.clock
    clock.sleep(max(0.0, RECORD_LAG_SECONDS - (Times.of(known).deploy_seconds or 0.0)))
    observer, until = Observer(failed.client(patient), known, clock), clock.monotonic() + RECORD_LAG_SECONDS
    while known.actions_readable and not (known.action and known.action.phase.is_final) and clock.monotonic() < until:
        clock.sleep(ROLLBACK_PAUSE_SECONDS)
        until_believed(clock, observer.read_action)
