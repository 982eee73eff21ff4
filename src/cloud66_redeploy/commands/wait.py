"""The command `wait`: wait for deployments that were started elsewhere."""

from collections.abc import Sequence

from cloud66_redeploy.api.transport import FEW_TRIES
from cloud66_redeploy.commands.health import check_health
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.errors import ApiError, InputError, Obstructed, PermanentError
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.polling.ends import bad_input, because_of
from cloud66_redeploy.report.messages import Line
from cloud66_redeploy.report.phrases import marks_of
from cloud66_redeploy.report.progress import describe_stack
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.doubt import until_believed


def wait(step: Step) -> None:
    """
    Wait for all of them in one step, and leave in the jobs how each ended.

    Raises:
        Aborted: the workflow was cancelled.

    """
    met: dict[str, Job] = {}
    for job in step.asked:
        first = met.setdefault(job.stack_id, job)
        result = meet(step, job) if first is job else first.result
        job.learn(stack=first.tracking.stack, baseline=first.tracking.baseline)
        if result is not None:
            job.end(result)
    _tell_apart(step.asked)
    there = [job for job in step.asked if job.result is None]
    if there:
        step.wait(there)
    check_health(step, step.asked)
    step.read_logs(step.asked)


def meet(step: Step, job: Job) -> Result | None:
    """Read the stack, and how long its deployments took; return what ends the run, if anything."""
    clock, stack = step.clock, Stack(job.stack_id)
    # It is good to have, and while one stack can't be read, the deployments of the others may end.
    transport = step.patient.but(profile=FEW_TRIES)
    job.learn(stack=stack)
    try:
        stack = until_believed(clock, lambda: step.stack_of(job, transport))
        job.learn(stack=stack)
        step.inputs.check_stack(stack)
        past = until_believed(clock, job.client(transport).deployments)
        job.learn(baseline=Baseline(past=tuple(past)))
    except InputError as error:
        return bad_input(error)
    except (PermanentError, Obstructed) as refusal:
        return because_of(refusal, Reason.NOT_READABLE)
    except ApiError as trouble:
        # Whether the deployment can be read, the looks will tell.
        job.say(Line.STACK_UNREAD.format(error=trouble))
    if len(step.asked) == 1:
        job.say(describe_stack(stack))
    return None


def _tell_apart(jobs: Sequence[Job]) -> None:
    """Begin the lines of each with its stack's name, and with as much more as tells it from the others."""
    if len(jobs) > 1:
        ways = list(zip(*(_labels(job) for job in jobs), strict=True))
        labels = next((each for each in ways if len(set(each)) == len(jobs)), ways[-1])
        for job, label in zip(jobs, labels, strict=True):
            job.voice.label = f"{label}: "


def _labels(job: Job) -> tuple[str, ...]:
    """Name a deployment, by more and more; the last name is one that no other target has."""
    request, stack = job.tracking.request, job.tracking.stack or Stack(job.stack_id)
    name, environment = stack.text("name") or stack.uid, stack.text("environment")
    there = f"{name} ({environment})" if environment else name
    mark = ", ".join(marks_of(request))
    return name, there, f"{there}, {mark}", f"{there}, UID {stack.uid}, {mark}"
