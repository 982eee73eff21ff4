"""The command `redeploy`: start a deployment exactly once, wait for it, and roll back where that was asked for."""

from cloud66_redeploy.commands.health import check_health
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.preflight import preflight
from cloud66_redeploy.commands.rollback import roll_back
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.commands.trigger import ask_and_wait
from cloud66_redeploy.errors import ApiError, InputError
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.model.services import those_asked
from cloud66_redeploy.polling.ends import bad_input, unready
from cloud66_redeploy.report.phrases import contradictions, describe_service


def redeploy(step: Step) -> None:
    """
    Do it, and leave in the job how it ended.

    Raises:
        Aborted: the workflow was cancelled.

    """
    [job] = step.jobs
    try:
        job.tracking.stack = stack = step.stack_of(job)
        stock = job.take_stock(step.patient)
        _announce(step, job, stack)
        step.inputs.check_stack(stack)
    except ApiError as error:
        result: Result | None = unready(error)
    except InputError as error:
        result = bad_input(error)
    else:
        result = preflight(step, job, stock)
    if result is not None:
        step.conclude(job, result)
        check_health(step, [job])
        return
    what = " ".join(f"{name}={value}" for name, value in step.inputs.options.items() if name != "user_reference")
    job.say(f"Requesting redeploy{': ' + what if what else ''}")
    step.follow_log(job)
    job.result = ask_and_wait(step, job)
    check_health(step, [job])
    _look_at_services(step, job)
    step.read_logs([job])
    is_bad = job.result.outcome in {Outcome.FAILED, Outcome.UNHEALTHY}
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
        job.say(f"Couldn't read what the services run: {error}")
        return
    tracking.services = those_asked(tracking.request.services, found)
    for service in tracking.services:
        job.say(f"Service {describe_service(service, tracking.began_at)}")
    for said in contradictions(tracking.request.services, tracking.services, tracking.began_at):
        step.reporter.warn("Services", f"{said} Check it in the Cloud 66 dashboard.")


def _announce(step: Step, job: Job, stack: Stack) -> None:
    where = stack.text("environment") or "environment not known"
    job.say(f"Stack {stack.text('name') or stack.uid} ({where}), UID {stack.uid}")
    given, sent = step.inputs.git_ref_as_given, step.inputs.git_ref
    if given != sent:
        job.say(f"git_ref {given} is sent as {sent}. Cloud 66 accepts only the plain name of a branch or tag.")
    if not job.tracking.actions_readable:
        step.reporter.warn(
            "Stack actions can't be read",
            "This token can't read stack actions, so only the ID in Cloud 66's reply can identify the deployment.",
        )
