"""One step: its jobs, and what all commands share: waiting for them, cancelling them, their logs, what is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cloud66_redeploy.api.client import Kept
from cloud66_redeploy.api.transport import AFTER_TIMEOUT, Transport
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.commands.job import Job, Role, Watch
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.inputs.fields import LogMode
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.model.outcome import Outcome, Reason, Result, WhyCancel
from cloud66_redeploy.model.records import Deployment, Phase, Stack
from cloud66_redeploy.polling.ends import checked, leaves_nothing_to_do
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.poll import poll_all
from cloud66_redeploy.polling.wait import Patience, Wait
from cloud66_redeploy.report.facts import Facts, known_outputs, rollback_outputs
from cloud66_redeploy.report.messages import Line
from cloud66_redeploy.report.progress import superseded
from cloud66_redeploy.report.reporter import Reporter, Voice
from cloud66_redeploy.timing import CANCEL_ON_TIMEOUT_PAUSE_SECONDS, CANCEL_ON_TIMEOUT_SECONDS
from cloud66_redeploy.tracking.saved_state import STATE, SavedState, write
from cloud66_redeploy.tracking.tracking import Request, Tracking


@dataclass(eq=False, repr=False)
class Step:
    """
    One step.

    Attributes:
        transport: makes its calls; its deadline is the step's. A rollback and a health check move it.
        patient: makes calls that are tried again until the deadline, and logs that. A rollback moves its deadline, too.
        first: what the first request of `start` brought: the stack, or an error; None once used, or if there was none.
        jobs: the deployments that it has to do with, each with its role.
        result: how the step ended, where that is no single deployment's.

    """

    environ: Mapping[str, str]
    inputs: Inputs
    reporter: Reporter
    transport: Transport
    patient: Transport
    first: Stack | ApiError | None = None
    jobs: list[Job] = field(default_factory=list)
    result: Result | None = None
    _lists: dict[str, Kept] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        """The clock of its calls."""
        return self.transport.clock

    @property
    def asked(self) -> list[Job]:
        """The deployments that its user asked about."""
        return [job for job in self.jobs if job.role in {Role.REQUESTED, Role.NAMED}]

    @property
    def rollback(self) -> Job | None:
        """The deployment that goes back to what was live before, if there is one."""
        return next((job for job in self.jobs if job.role is Role.ROLLBACK), None)

    @property
    def pursued(self) -> list[Job]:
        """Those whose ends matter. If they are open, they are cancelled with the workflow."""
        return [job for job in self.jobs if job.role is not Role.MAKING_WAY]

    def add(self, role: Role, stack_id: str, tracking: Tracking, *, shares: bool = False) -> Job:
        """Add a job; those of one stack that are checked together share its lists."""
        lists = self._lists.setdefault(stack_id, {}) if shares else None
        self.jobs.append(Job(role, stack_id, tracking, Voice(self.reporter), lists))
        return self.jobs[-1]

    def add_rollback(self, failed: Job, request: Request) -> Job:
        """Add the job that goes back to what was live before; the step's timeout begins again."""
        for transport in (self.transport, self.patient):
            transport.move_deadline(self.clock.monotonic() + self.inputs.timeout_seconds)
        return self.add(Role.ROLLBACK, failed.stack_id, Tracking(request, failed.tracking.stack))

    def move_deadline_to_now(self) -> None:
        """Where the deadline has passed, let what is read from here on have as much time as right at it."""
        self.transport.move_deadline(max(self.transport.deadline, self.clock.monotonic()))

    def end(self, result: Result) -> None:
        """Set how the step ended, where that is no single deployment's."""
        self.result = result

    def stack_of(self, job: Job, transport: Transport) -> Stack:
        """
        Return a job's stack: the first time, what the first request of `start` brought.

        Raises:
            ApiError: it could not be read.

        """
        first, self.first = self.first, None
        if isinstance(first, ApiError):
            raise first
        return first or job.client(transport).stack()

    def conclude(self, job: Job, result: Result) -> None:
        """Set how a job ended; a success counts only once its commit, and its application if so asked, is checked."""
        result = checked(result, job.tracking)
        is_checked = result.outcome is Outcome.SUCCESS or result.reason is Reason.ALREADY_LIVE
        if self.inputs.health_check and is_checked:
            result = Result(Reason.NOT_CHECKED, result.seen, parts=(result,))
        job.end(result)

    def wait(self, jobs: Sequence[Job]) -> None:
        """Wait for the outcome of each; cancel those that time out, if so asked."""

        def end(number: int, result: Result) -> None:
            job = jobs[number]
            self.conclude(job, result)
            job.debug_sighting()
            if result.outcome is Outcome.TIMED_OUT and self.inputs.cancel_on_timeout:
                self._cancel_on_timeout(job, result)
            job.cancel_duplicates(self.transport)
            job.show_log(to_the_end=True)
            if len(jobs) > 1:
                # The end says why.
                job.say(deployment_alone(job).outcome)

        for job in jobs:
            self.follow_log(job)
        poll_all([self._wait(job) for job in jobs], self.clock, self._forget, end)
        for job in jobs:
            if job.tracking.is_not_live and deployment_alone(job).outcome is Outcome.SUCCESS:
                self._name_the_live_one(job)

    def cancel(self, jobs: Sequence[Job], transport: Transport, pause_seconds: float, why: WhyCancel) -> bool:
        """Cancel them; set the result of each, and tell whether nothing is left to be done."""
        polls = [job.cancel_with(transport, why, pause_seconds) for job in jobs]
        results = poll_all(polls, self.clock, self._forget)
        for job, result in zip(jobs, results, strict=True):
            self.conclude(job, result)
        return all(map(leaves_nothing_to_do, results))

    def follow_log(self, job: Job) -> None:
        """Show the stack's log as it grows, if so asked."""
        if self.inputs.log is LogMode.LIVE:
            job.follow_log(self.transport)

    def read_logs(self, jobs: Sequence[Job]) -> None:
        """Read the last lines of the stack's log for each bad outcome: best effort, one call, changing nothing."""
        for job in jobs:
            tracking, result = job.tracking, job.result
            if result is None or result.is_green or tracking.submission.posts_sent == 0 or tracking.is_not_found:
                continue
            if result.outcome is Outcome.UNHEALTHY:
                # Its log tells of a success.
                continue
            deployment, began = tracking.deployment, tracking.began_at
            was_cancelled = deployment is not None and deployment.phase is Phase.CANCELLED
            if self.inputs.log is LogMode.NEVER or tracking.is_queued or (was_cancelled and began is None):
                continue
            self.note_known()
            # After cancelling on a timeout the deadline has long passed.
            until = self.clock.monotonic() if job.deletions.are_begun else self.transport.deadline
            client = job.best_effort(self.transport.but(deadline=until))
            try:
                # Once it has run and ended, another one may have started.
                has_ended = began is not None and deployment is not None and deployment.phase.is_final
                if (tracking.request.is_external or has_ended) and _is_followed(began, client.deployments()):
                    job.say(Line.LOG_OF_ANOTHER)
                    continue
                job.read_log(client)
            except ApiError as error:
                job.say(Line.LOG_UNREAD.format(error=error))

    def note_known(self, *, about_to_post: bool = False) -> None:
        """Put out what is known so far, and keep what the post step has to know."""
        outputs: dict[str, str] = {}
        if len(self.asked) == 1:
            outputs |= known_outputs(Facts.of(self.asked[0].tracking), self.reporter.sanitizer)
        if self.rollback is not None:
            outputs |= rollback_outputs(self.rollback.tracking, self.rollback.result)
        for name, value in outputs.items():
            self.reporter.output(name, value)
        cancels = self.inputs.cancel_on_abort
        kept = [
            SavedState(job.stack_id, job.tracking, cancels)
            for job in self.pursued
            if job.is_open and (about_to_post or job.tracking.submission.posts_sent)
        ]
        if kept:
            self.reporter.state(STATE, write(kept))

    def _wait(self, job: Job) -> Wait:
        inputs = self.inputs
        pace = Pace(
            tracking=job.tracking,
            poll_interval_seconds=inputs.poll_interval_seconds,
            since=self.clock.monotonic(),
            heard=self.transport.heard,
        )
        patience = Patience(self.transport.deadline, inputs.timeout_seconds, inputs.queue_timeout_seconds)
        watch = Watch(job, self.transport, note_known=self.note_known)
        return Wait(job.observer(self.transport), watch, patience, pace)

    def _cancel_on_timeout(self, job: Job, timed_out: Result) -> None:
        deadline = self.clock.monotonic() + CANCEL_ON_TIMEOUT_SECONDS
        transport = self.transport.but(deadline=deadline, profile=AFTER_TIMEOUT)
        why = WhyCancel.TIMEOUT if timed_out.facts["limit"] == "timeout" else WhyCancel.QUEUE_TIMEOUT
        poll = job.cancel_with(transport, why, CANCEL_ON_TIMEOUT_PAUSE_SECONDS)
        [end] = poll_all([poll], self.clock, self._forget)
        if end.outcome in {Outcome.SUCCESS, Outcome.FAILED}:
            self.conclude(job, end)
        else:
            job.end(Result(Reason.FOLLOWED, evidence=end.evidence, parts=(timed_out, end)))

    def _name_the_live_one(self, job: Job) -> None:
        """Say which deployment went live after this one: best effort, one call, changing nothing."""
        try:
            live = job.tracking.successor(job.best_effort(self.transport).deployments())
        except ApiError as error:
            job.say(Line.LIVE_UNREAD.format(error=error))
            return
        if live is not None:
            self.reporter.notice(*superseded(job.tracking, live))

    def _forget(self) -> None:
        for lists in self._lists.values():
            lists.clear()


def deployment_alone(job: Job) -> Result:
    """Say how a deployment ended, whether or not its application is still to be checked."""
    result = job.result
    assert result is not None
    return result.parts[0] if result.reason is Reason.NOT_CHECKED else result


def _is_followed(began: datetime | None, deployments: Sequence[Deployment]) -> bool:
    return any(other.started_at and (began is None or other.started_at > began) for other in deployments)
