"""The command `cancel`: cancel a deployment that was started elsewhere."""

from dataclasses import replace

from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.commands.wait import meet
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Outcome, Reason, Result, WhyCancel
from cloud66_redeploy.model.records import Deployment
from cloud66_redeploy.polling.ends import because_of, checked, leaves_nothing_to_do
from cloud66_redeploy.tracking.activity import activity_of
from cloud66_redeploy.tracking.doubt import until_believed


def cancel(step: Step) -> None:
    """
    Cancel one, and look until it took. That it was over already is said, and is no error.

    Raises:
        Aborted: the workflow was cancelled.

    """
    job = meant(step, Reason.NOTHING_RUNS, to_be_cancelled=True)
    if job is None:
        return
    end = job.cancel_with(step.transport, WhyCancel.AS_ASKED).run()
    result = checked(end, job.tracking)
    if leaves_nothing_to_do(end) and result.outcome is not Outcome.UNKNOWN:
        result = replace(result, as_requested=True)
    elif result.reason is Reason.CANCELLATION_OPEN:
        result = replace(result, reason=Reason.CANCELLATION_TIMED_OUT)
    job.end(result)


def meant(step: Step, nothing: Reason, *, to_be_cancelled: bool) -> Job | None:
    """
    Return the one deployment that is meant; None where the run ends before that.

    Where none was named, it is the one that runs, or, unless it would be cancelled, the newest one at worst. `nothing`
    is the reason where there is none.
    """
    [job] = step.asked
    result = meet(step, job)
    is_named = job.tracking.request.given_id or job.tracking.request.reference
    if result is None and not is_named:
        result = _choose(step, job, nothing, to_be_cancelled=to_be_cancelled)
    if result is None:
        return job
    job.end(result)
    return None


def _choose(step: Step, job: Job, nothing: Reason, *, to_be_cancelled: bool) -> Result | None:
    """Choose the deployment that runs, or for a look the newest one; return what ends the run."""
    try:
        deployments = until_believed(step.clock, job.client(step.patient).deployments)
    except ApiError as error:
        return because_of(error, Reason.NOT_READABLE)
    activity = activity_of(deployments, [])
    if len(activity.running) > 1 and to_be_cancelled:
        return Result(Reason.SEVERAL_RUN, facts={"numbers": [deployment.id for deployment in activity.running]})
    found = next(iter(activity.running), None)
    if found is None and not to_be_cancelled:
        found = activity.first or max(deployments, key=_when, default=None)
    if found is None:
        return Result(nothing)
    job.specify(given_id=found.id)
    return None


def _when(deployment: Deployment) -> tuple[str, int]:
    return (max((moment.isoformat() for moment in deployment.times), default=""), deployment.id)
