"""The command `status`: look once, and say how things stand."""

from dataclasses import replace

from cloud66_redeploy.commands.cancel import meant
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.polling.ends import because_of, checked, ended, not_identified
from cloud66_redeploy.polling.poll import Settling
from cloud66_redeploy.tracking.doubt import until_believed


def status(step: Step) -> None:
    """
    Look once, and leave in the job how things stand.

    Raises:
        Aborted: the workflow was cancelled.

    """
    job = meant(step, Reason.NO_DEPLOYMENTS, to_be_cancelled=False)
    if job is None:
        return
    tracking, observer = job.tracking, job.observer(step.transport)
    try:
        until_believed(step.clock, observer.look)
    except ApiError as error:
        job.end(because_of(error, Reason.NOT_READABLE))
        return
    verdict = Settling(observer).verdict(step.clock.monotonic(), is_last=True)
    if tracking.is_not_found or (verdict is None and tracking.is_one_of_several):
        result = not_identified(tracking)
    elif verdict is None:
        result = Result(Reason.QUEUED if tracking.is_queued else Reason.DEPLOYING, tracking.last_seen)
    else:
        result = checked(ended(verdict[0], tracking, *verdict[1:]), tracking)
        result = replace(result, as_requested=result.outcome is not Outcome.UNKNOWN)
    job.end(result)
