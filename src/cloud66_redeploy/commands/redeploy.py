"""The command `redeploy`: start a deployment exactly once, wait for it, and roll back where the inputs want that."""

from cloud66_redeploy.commands.health import check_health
from cloud66_redeploy.commands.job import Job, Role
from cloud66_redeploy.commands.rollback import roll_back
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.commands.trigger import ask_and_wait
from cloud66_redeploy.errors import ApiError, InputError
from cloud66_redeploy.inputs.fields import IfLive, OnBusy
from cloud66_redeploy.model.git import is_full_hash, same_commit
from cloud66_redeploy.model.outcome import Hindrance, Outcome, Reason, Result, WhyCancel, WhyNot
from cloud66_redeploy.model.records import Deployment, Stack
from cloud66_redeploy.model.services import those_asked
from cloud66_redeploy.polling.ends import bad_input, leaves_nothing_to_do, unready
from cloud66_redeploy.report.facts import Times
from cloud66_redeploy.report.messages import Line, Note, describe_activity, describe_hindrance
from cloud66_redeploy.report.phrases import capitalised, sentence_of
from cloud66_redeploy.report.progress import contradictions, describe_service, describe_stack
from cloud66_redeploy.timing import MAKING_WAY_SECONDS, RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.activity import StackActivity, activity_of, is_of
from cloud66_redeploy.tracking.baseline import Snapshot
from cloud66_redeploy.tracking.last_good import live_with
from cloud66_redeploy.tracking.tracking import Tracking


def redeploy(step: Step) -> None:
    """
    Do it, and leave in the job how it ended.

    Raises:
        Aborted: the workflow was cancelled.

    """
    [job] = step.asked
    try:
        stack = step.stack_of(job, step.patient)
        job.learn(stack=stack)
        snapshot = job.read_baseline(step.patient)
        _announce(step, job, stack)
        step.inputs.check_stack(stack)
    except ApiError as error:
        result: Result | None = unready(error)
    except InputError as error:
        result = bad_input(error)
    else:
        result = _preflight(step, job, snapshot)
    if result is not None:
        step.conclude(job, result)
        check_health(step, [job])
        return
    what = " ".join(f"{name}={value}" for name, value in step.inputs.options.items() if name != "user_reference")
    job.say(Line.REQUESTING.format(options=f": {what}" if what else ""))
    step.follow_log(job)
    job.end(ask_and_wait(step, job))
    check_health(step, [job])
    _look_at_services(step, job)
    step.read_logs([job])
    is_bad = job.result is not None and job.result.outcome in {Outcome.FAILED, Outcome.UNHEALTHY}
    if step.inputs.rollback and is_bad and job.tracking.submission.posts_sent:
        roll_back(step, job)


def _look_at_services(step: Step, job: Job) -> None:
    """Show what the services run after a success, and warn of contradictions: best effort, one call, no decision."""
    tracking = job.tracking
    is_success = job.result is not None and job.result.outcome in {Outcome.SUCCESS, Outcome.UNHEALTHY}
    if not (tracking.request.services and is_success):
        return
    try:
        found = job.best_effort(step.transport).services()
    except ApiError as error:
        job.say(Line.SERVICES_UNREAD.format(error=error))
        return
    job.learn(services=those_asked(tracking.request.services, found))
    for service in tracking.services:
        job.say(Line.SERVICE.format(said=describe_service(service, tracking.began_at)))
    for said in contradictions(tracking.request.services, tracking.services, tracking.began_at):
        step.reporter.warn(*Note.SERVICES.filled(said=said))


def _announce(step: Step, job: Job, stack: Stack) -> None:
    job.say(describe_stack(stack))
    given, sent = step.inputs.git_ref_as_given, step.inputs.git_ref
    if given != sent:
        job.say(Line.REF_CHANGED.format(given=given, sent=sent))
    if not job.tracking.actions_readable:
        step.reporter.warn(*Note.ACTIONS_UNREADABLE.filled())


def _preflight(step: Step, job: Job, snapshot: Snapshot) -> Result | None:
    """
    Do what `dry_run`, `if_live` and `on_busy` ask for; return what ends the run, or None where the POST may leave.

    Between this look and the request others may start a deployment, too: then this one waits behind it.

    Raises:
        Aborted: the workflow was cancelled.

    """
    busy, on_busy = activity_of(snapshot.deployments, snapshot.actions), step.inputs.on_busy
    live = _already_live(step, job, busy, snapshot)
    if step.inputs.dry_run:
        return _dry_run(step, job, busy, live, may_cancel=_may_cancel(step, busy, snapshot))
    if live is not None:
        # From here on the step is about that deployment, which carries no reference of this run.
        job.turn_to(live)
        return Result(Reason.ALREADY_LIVE, job.tracking.last_seen, {"commit": live.text("git_hash")})
    if not busy or on_busy is OnBusy.QUEUE:
        return None
    if on_busy in {OnBusy.SKIP, OnBusy.FAIL} or not _may_cancel(step, busy, snapshot):
        return _stand_back(step, busy)
    return _make_way(step, job, busy)


def _make_way(step: Step, job: Job, busy: StackActivity) -> Result | None:
    try:
        if step.inputs.on_busy is OnBusy.CANCEL:
            # Nothing joins a deployment to the action that carries the reference. One whose own action is not there yet
            # may look like the one of an action whose own deployment is not there yet: so late records get to show.
            left = step.transport.deadline - step.clock.monotonic()
            step.clock.sleep(max(0.0, min(RECORD_LAG_SECONDS, left)))
            seen = {deployment.id for deployment in (*busy.running, *busy.waiting)}
            snapshot = job.read_baseline(step.patient)
            busy = activity_of(snapshot.deployments, snapshot.actions)
            is_sure = all(deployment.id in seen for deployment in busy.running) and _may_cancel(step, busy, snapshot)
            if busy and not is_sure:
                return _stand_back(step, busy)
        return _cancel_running(step, job, busy)
    except ApiError as error:
        return unready(error)


def _already_live(step: Step, job: Job, busy: StackActivity, snapshot: Snapshot) -> Deployment | None:
    """Return the live deployment, if it is of the commit that is wanted and that is reason enough to start nothing."""
    if step.inputs.if_live is not IfLive.SKIP:
        return None
    git_ref, commit = step.inputs.git_ref, step.inputs.expected_commit
    if is_full_hash(git_ref) and not same_commit(git_ref, commit):
        found: Deployment | Hindrance = Hindrance(WhyNot.TWO_COMMITS)
    elif not job.tracking.actions_readable:
        found = Hindrance(WhyNot.ACTIONS_UNREADABLE)
    elif busy:
        found = Hindrance(WhyNot.BUSY, {"busy": busy})
    else:
        found = live_with(commit, snapshot.deployments, snapshot.actions)
    if isinstance(found, Deployment):
        return found
    job.say(Line.NOT_SKIPPING.format(why=describe_hindrance(found)))
    return None


def _may_cancel(step: Step, busy: StackActivity, snapshot: Snapshot) -> bool:
    return step.inputs.on_busy is OnBusy.CANCEL_ANY or is_of(step.environ, busy, snapshot.deployments, snapshot.actions)


def _stand_back(step: Step, busy: StackActivity) -> Result:
    reasons = {OnBusy.SKIP: Reason.BUSY_SKIPPED, OnBusy.FAIL: Reason.BUSY_FAILED}
    return Result(reasons.get(step.inputs.on_busy, Reason.BUSY_WITH_OTHERS), facts={"busy": busy})


def _cancel_running(step: Step, job: Job, busy: StackActivity) -> Result | None:
    deadline = min(step.transport.deadline, step.clock.monotonic() + MAKING_WAY_SECONDS)
    for deployment in busy.running:
        other = step.add(Role.MAKING_WAY, job.stack_id, Tracking.of_another("", deployment.id))
        other.end(Result(Reason.MAKING_WAY, facts={"number": deployment.id}))
        result = other.cancel_with(step.transport.but(deadline=deadline), WhyCancel.MAKING_WAY).run()
        other.end(result)
        job.say(sentence_of(result))
        if not leaves_nothing_to_do(result) or result.outcome is Outcome.UNKNOWN:
            late = step.clock.monotonic() >= step.transport.deadline
            reason = Reason.NOT_FREED_IN_TIME if late else Reason.NOT_FREED
            return Result(reason, evidence=result.evidence, parts=(result,))
    if busy.running:
        job.read_baseline(step.patient)
    elif busy:
        job.say(Line.NOTHING_TO_CANCEL.format(Busy=capitalised(describe_activity(busy))))
    return None


def _dry_run(step: Step, job: Job, busy: StackActivity, live: Deployment | None, *, may_cancel: bool) -> Result:
    inputs = step.inputs
    effect = str(inputs.on_busy)
    if inputs.on_busy in {OnBusy.CANCEL, OnBusy.CANCEL_ANY}:
        effect = ("cancel" if busy.running else "wait") if may_cancel else "refuse"
    facts = {
        "busy": busy,
        "live": live,
        "on_busy": inputs.on_busy,
        "effect": effect,
        "usual_seconds": Times.of(job.tracking).usual_seconds,
        "options": inputs.options,
    }
    return Result(Reason.DRY_RUN, facts=facts)
