"""
Roll back to what was live before, after a deployment has failed.

It asks for the commit of the last good deployment again, as safely as for any deployment, and not twice.
"""

from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.commands.health import check_health
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.commands.trigger import ask_and_wait
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Hindrance, Outcome, Reason, Result, WhyNot
from cloud66_redeploy.model.records import Deployment, Phase
from cloud66_redeploy.model.reference import rollback_reference
from cloud66_redeploy.report.facts import Times
from cloud66_redeploy.report.messages import Line
from cloud66_redeploy.report.phrases import log_name, sentence_of
from cloud66_redeploy.timing import RECORD_LAG_SECONDS, ROLLBACK_PAUSE_SECONDS
from cloud66_redeploy.tracking.doubt import until_believed
from cloud66_redeploy.tracking.last_good import choose, why_not
from cloud66_redeploy.tracking.tracking import Request


def roll_back(step: Step, failed: Job) -> None:
    """
    Roll back what failed, where that is safe; add a job that tells what became of it.

    It has a timeout of its own, as long as the first one's.

    Raises:
        Aborted: the workflow was cancelled.

    """
    before = failed.tracking.request
    job = step.add_rollback(failed, Request(rollback_reference(before.reference), is_unique=before.is_unique))
    chosen = _look_back(failed, job, step.patient)
    if isinstance(chosen, Hindrance):
        job.end(_refused(chosen))
    else:
        commit = chosen.text("git_hash")
        job.specify(git_ref=commit, expected_commit=commit)
        job.say(Line.LIVE_BEFORE.format(number=chosen.id, commit=commit))
        job.say(Line.ROLLING_BACK.format(commit=commit))
        step.follow_log(job)
        job.end(ask_and_wait(step, job, lambda: _object(failed, job, step.patient)))
        check_health(step, [job])
        # The last look may have gone on beyond it for longer than the log may take.
        step.move_deadline_to_now()
        step.read_logs([job])
        if job.log:
            title = Line.LOG_AFTER_ROLLBACK.format(log=log_name(job.tracking.confirmed))
            step.reporter.group(title, job.log)
    job.say(sentence_of(outcome_of(job)))
    step.note_known()


def outcome_of(job: Job, otherwise: WhyNot = WhyNot.STEP_ENDED) -> Result:
    """Say what became of a rollback; `otherwise` is why there is none, where its job has no result."""
    commit, result = job.tracking.request.git_ref, job.result
    if result is None or result.reason is Reason.NOT_ROLLED_BACK:
        return result or _refused(Hindrance(otherwise))
    reason = Reason.ROLLED_BACK if result.outcome is Outcome.SUCCESS else Reason.ROLLBACK_ENDED
    return Result(reason, facts={"commit": commit}, parts=(result,))


def _refused(why: Hindrance) -> Result:
    return Result(Reason.NOT_ROLLED_BACK, facts={"why_not": why})


def _look_back(failed: Job, job: Job, patient: Transport) -> Deployment | Hindrance:
    if hindrance := _why_not(failed):
        return hindrance
    try:
        _let_records_show(failed, patient)
        snapshot = job.read_baseline(patient)
    except ApiError as error:
        return Hindrance(WhyNot.STACK_UNREADABLE, {"error": error})
    if not job.tracking.actions_readable:
        return Hindrance(WhyNot.ACTIONS_UNREADABLE)
    if job.tracking.baseline.has_reference:
        return Hindrance(WhyNot.REQUESTED_BEFORE, {"reference": job.tracking.request.reference})
    if hindrance := _why_not(failed):
        return hindrance
    return choose(failed.tracking, snapshot.deployments, snapshot.actions)


def _why_not(failed: Job) -> Hindrance | None:
    deployment = failed.tracking.confirmed
    if deployment and deployment.phase is not Phase.SUCCESS and failed.deletions.may_have_taken(deployment.id):
        # Whatever its records call it.
        return Hindrance(WhyNot.MAYBE_CANCELLED)
    is_unhealthy = failed.result is not None and failed.result.outcome is Outcome.UNHEALTHY
    return why_not(failed.tracking, is_unhealthy=is_unhealthy)


def _object(failed: Job, job: Job, patient: Transport) -> Result | None:
    """Look again before the request is sent again: what has come meanwhile may be someone's answer to the failure."""
    client = job.client(patient)
    try:
        deployments = until_believed(patient.clock, client.deployments)
        actions = until_believed(patient.clock, client.actions)
    except ApiError as error:
        return _refused(Hindrance(WhyNot.STACK_UNREADABLE, {"error": error}))
    if job.observer(patient).takes(actions):
        # It was scheduled after all, and is not sent again.
        return None
    chosen = choose(failed.tracking, deployments, actions)
    if isinstance(chosen, Deployment) and chosen.text("git_hash") != job.tracking.request.git_ref:
        chosen = Hindrance(WhyNot.LAST_GOOD_CHANGED)
    return _refused(chosen) if isinstance(chosen, Hindrance) else None


def _let_records_show(failed: Job, patient: Transport) -> None:
    """
    Give the records of what ran before, and of what failed, where they lag behind, a few seconds to show.

    Of what failed within seconds, the deployment that was live before may not have shown yet.
    """
    tracking, clock = failed.tracking, patient.clock
    clock.sleep(max(0.0, RECORD_LAG_SECONDS - (Times.of(tracking).deploy_seconds or 0.0)))
    observer, until = failed.observer(patient), clock.monotonic() + RECORD_LAG_SECONDS
    while tracking.actions_readable and clock.monotonic() < until:
        if tracking.action is not None and tracking.action.phase.is_final:
            break
        clock.sleep(ROLLBACK_PAUSE_SECONDS)
        until_believed(clock, observer.read_action)
