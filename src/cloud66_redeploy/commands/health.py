"""After a success: check that the application serves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from cloud66_redeploy.api.application import Application
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.health import GoodAnswer, Health, Visit, without_query
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.polling.health import ENOUGH_GOOD_VISITS, HealthCheck, Terms, visit_those_due
from cloud66_redeploy.polling.poll import poll_all
from cloud66_redeploy.report.facts import app_url
from cloud66_redeploy.report.phrases import answered


def check_health(step: Step, jobs: Sequence[Job]) -> None:
    """
    Check the application of each deployment that succeeded or is live, if so asked; change the result accordingly.

    Raises:
        Aborted: the workflow was cancelled. The deployments are over, and are left alone.

    """
    if not step.inputs.health_check:
        return
    found = [(job, result) for job in jobs if (result := job.result) is not None and _is_to_be_checked(result)]
    for job, result in found:
        # What is so until its check has ended, whatever comes in between.
        job.result = not_checked(result)
    checked: list[tuple[Job, Result]] = []
    checks: list[HealthCheck] = []
    application = Application(step.transport.session, step.transport.interruptible)
    good = GoodAnswer(step.inputs.health_check_status, step.inputs.health_check_contains)
    visit = partial(visit_those_due, checks, application, good, step.clock)
    for job, result in found:
        addresses = _addresses(step, job)
        if addresses:
            checked.append((job, result))
            checks.append(_check_of(step, job, addresses, visit))
        else:
            job.result = Result(Reason.NO_ADDRESS, result.seen, parts=(result,))

    def end(number: int, health: Health) -> None:
        job, result = checked[number]
        job.result = _with_health(result, health)
        if health.is_healthy:
            job.say(f"{without_query(health.address)} is healthy: {ENOUGH_GOOD_VISITS} good answers in a row.")

    poll_all(checks, step.clock, on_result=end, same_round_seconds=0.0)
    # The check has a time of its own: what is read after it has no less time than without it.
    step.transport.deadline = max(step.transport.deadline, step.clock.monotonic())


def is_unchecked(step: Step, job: Job) -> bool:
    """Tell whether a job's result tells of the deployment alone, although a health check was asked for."""
    result = job.result
    if result is None or not step.inputs.health_check:
        return False
    return result.reason is Reason.NOT_CHECKED or (_is_to_be_checked(result) and result.health is None)


def not_checked(result: Result) -> Result:
    """Return what is so of a deployment until its application has been checked."""
    return result if result.reason is Reason.NOT_CHECKED else Result(Reason.NOT_CHECKED, result.seen, parts=(result,))


def _is_to_be_checked(result: Result) -> bool:
    return result.outcome is Outcome.SUCCESS or result.reason is Reason.ALREADY_LIVE


def _with_health(result: Result, health: Health) -> Result:
    if health.is_healthy:
        return replace(result, health=health)
    reason = Reason.LIVE_BUT_UNHEALTHY if result.reason is Reason.ALREADY_LIVE else Reason.UNHEALTHY
    return Result(reason, result.seen, result.facts, health=health)


def _check_of(step: Step, job: Job, addresses: Sequence[str], visit: Callable[[], None]) -> HealthCheck:
    inputs, told = step.inputs, [""]

    def tell(seconds: float, visit: Visit) -> None:
        said = answered(visit, addresses[0])
        step.reporter.debug(lambda: f"{job.label}Visit after {seconds:.1f}s: {said}")
        if said != told[0]:
            told[0] = said
            job.say(f"[{format_duration(seconds)}] {said}")

    terms = Terms(inputs.health_check_timeout_seconds, inputs.poll_interval_seconds)
    return HealthCheck(addresses, terms, step.clock, visit, tell)


def _addresses(step: Step, job: Job) -> list[str]:
    """Return where the application may be found, the better address first."""
    given = step.inputs.health_check
    if given != "true":
        return [given]
    address = _own_address(step, job)
    return list(dict.fromkeys([address.replace("http://", "https://", 1), address])) if address else []


def _own_address(step: Step, job: Job) -> str:
    """Return the address that Cloud 66 names. The first deployment may bring it, so it is read again if need be."""
    stack, sanitizer = job.tracking.stack, step.reporter.sanitizer
    address = app_url(stack, sanitizer) if stack else ""
    if address:
        return address
    transport = replace(step.transport, deadline=step.clock.monotonic())
    try:
        job.tracking.stack = stack = job.best_effort(transport).stack()
    except ApiError as error:
        job.say(f"Couldn't read the stack's address: {error}")
        return ""
    return app_url(stack, sanitizer)
