"""After a success: check that the application serves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from cloud66_redeploy.api.application import Application
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.step import Step, deployment_alone
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.health import GoodAnswer, Health, Visit, without_query
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.polling.health import ENOUGH_GOOD_VISITS, HealthCheck, Terms, visit_those_due
from cloud66_redeploy.polling.poll import poll_all
from cloud66_redeploy.report.facts import app_url
from cloud66_redeploy.report.messages import Line
from cloud66_redeploy.report.phrases import answered
from cloud66_redeploy.report.reporter import Narrator


def check_health(step: Step, jobs: Sequence[Job]) -> None:
    """
    Check the applications that are still to be checked, and change the results of their jobs accordingly.

    Raises:
        Aborted: the workflow was cancelled. The deployments are over, and are left alone.

    """
    waiting = [job for job in jobs if job.result is not None and job.result.reason is Reason.NOT_CHECKED]
    if not waiting:
        return
    checked: list[Job] = []
    checks: list[HealthCheck] = []
    application = Application(step.transport.session, step.clock)
    good = GoodAnswer(step.inputs.health_check_status, step.inputs.health_check_contains)
    visit = partial(visit_those_due, checks, application, good, step.clock)
    for job in waiting:
        addresses = _addresses(step, job)
        if addresses:
            checked.append(job)
            checks.append(_check_of(step, job, addresses, visit))
        else:
            result = deployment_alone(job)
            job.end(Result(Reason.NO_ADDRESS, result.seen, parts=(result,)))

    def end(number: int, health: Health) -> None:
        job = checked[number]
        job.end(_with_health(deployment_alone(job), health))
        if health.is_healthy:
            job.say(Line.HEALTHY.format(address=without_query(health.address), number=ENOUGH_GOOD_VISITS))

    poll_all(checks, step.clock, on_result=end, same_round_seconds=0.0)
    # The check has a time of its own: what is read after it has no less time than without it.
    step.move_deadline_to_now()


def _with_health(result: Result, health: Health) -> Result:
    if health.is_healthy:
        return replace(result, health=health)
    reason = Reason.LIVE_BUT_UNHEALTHY if result.reason is Reason.ALREADY_LIVE else Reason.UNHEALTHY
    return Result(reason, result.seen, result.facts, health=health)


def _check_of(step: Step, job: Job, addresses: Sequence[str], visit: Callable[[], None]) -> HealthCheck:
    narrator = Narrator(job.say)

    def tell(seconds: float, visit: Visit) -> None:
        said = answered(visit, addresses[0])
        job.voice.debug(lambda: Line.VISITED.format(seconds=seconds, said=said))
        narrator.tell(seconds, said)

    terms = Terms(step.inputs.health_check_timeout_seconds, step.inputs.poll_interval_seconds)
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
    transport = step.transport.but(deadline=step.clock.monotonic())
    try:
        stack = job.best_effort(transport).stack()
    except ApiError as error:
        job.say(Line.ADDRESS_UNREAD.format(error=error))
        return ""
    job.learn(stack=stack)
    return app_url(stack, sanitizer)
