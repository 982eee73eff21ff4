"""
Start one deployment, exactly once, and wait for its outcome unless `wait` is false.

A request that was surely not carried out is sent again later. One that may have been is looked up by its reference
first, for as long as Cloud 66 might still be working on it, and sent at most once more: a second POST is a second
deployment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.errors import (
    Aborted,
    AnswerLost,
    ApiError,
    Denied,
    NotAccepted,
    NotFound,
    NotSent,
    PermanentError,
    TransientError,
)
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.model.records import Action
from cloud66_redeploy.polling.ends import not_accepted, refused, uncertain
from cloud66_redeploy.polling.pauses import Ground, Pause, pause_after, pause_before_next_look
from cloud66_redeploy.report.messages import Line
from cloud66_redeploy.report.progress import describe_pause
from cloud66_redeploy.timing import FIRST_RESEND_PAUSE_SECONDS, LONGEST_RESEND_PAUSE_SECONDS, REFERENCE_LAG_SECONDS

_MOST_SENDS = 2
"""POSTs that may have scheduled something, in all."""

_SETTLE_SHARE = 0.15


@dataclass(eq=False, repr=False)
class Trigger:
    """
    Sends the request of one job.

    Attributes:
        transport: makes the calls; at its deadline the trigger gives up.
        objection: asked before the request is sent again; returns what speaks against it by now, if anything.

    """

    job: Job
    transport: Transport
    objection: Callable[[], Result | None] = lambda: None
    _last: TransientError | None = field(default=None, init=False)
    _lost: TransientError | None = field(default=None, init=False)
    _lost_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.observer = self.job.observer(self.transport)
        self._clock = self.transport.clock
        self._tracking = self.job.tracking
        self._submission = self.job.tracking.submission

    def fire(self, options: Mapping[str, str]) -> Result | None:
        """
        Ask for the redeploy; return None once it is scheduled, or the Result that ends the run.

        Raises:
            Aborted: the workflow was cancelled; the tracking tells whether a POST may have left.

        """
        client, submission = self.job.client(self.transport), self._submission
        pause, attempts = FIRST_RESEND_PAUSE_SECONDS, count(1)
        while not submission.accepted:
            result = self._before_sending()
            if result is not None or self._tracking.action is not None:
                return result
            submission.posts_sent += 1
            try:
                submission.answer_id, submission.answer_action_id = client.redeploy(options, next(attempts))
                submission.accepted = True
            except Aborted as aborted:
                submission.posts_sent -= aborted.before_call
                raise
            except (NotSent, NotAccepted) as trouble:
                self._last = trouble
                submission.posts_sent -= 1
                result = self._wait_to_send_again(trouble, pause)
                pause = min(LONGEST_RESEND_PAUSE_SECONDS, pause * 2)
            except AnswerLost as trouble:
                self.job.say(Line.NO_REPLY.format(error=trouble))
                self._last = self._lost = trouble
                self._lost_at = self._clock.monotonic()
            except PermanentError as refusal:
                submission.posts_sent -= 1
                result = self._ended(refusal, refused)
            if result is not None:
                return result
        return None

    def _before_sending(self) -> Result | None:
        """See that nothing carries the reference yet and that there is time left; return what ends the run, if so."""
        result = self._look_up() if self._last else None
        if result is not None or self._tracking.action is not None:
            return result
        if self._clock.monotonic() >= self.transport.deadline:
            return self._ended(NotSent("POST", Line.TIME_IS_UP), not_accepted)
        objection = self.objection() if self._last else None
        if self._last and self._tracking.action is not None:
            # It has shown while that was asked.
            return self._found(self._tracking.action, self._last)
        return uncertain(self._tracking, self._lost) if objection and self._lost else objection

    def _wait_to_send_again(self, trouble: TransientError, pause: float) -> Result | None:
        asked = max(pause, trouble.pause_asked_for)
        if asked >= self.transport.deadline - self._clock.monotonic():
            # The next try would come after the deadline.
            return self._ended(trouble, not_accepted)
        self.job.say(Line.NOT_ACCEPTED.format(error=trouble, seconds=asked))
        self._clock.sleep(asked)
        return None

    def _ended(self, error: ApiError, nothing_scheduled: Callable[[ApiError], Result]) -> Result:
        """Say how it ends; that nothing was scheduled only where no request may have left."""
        return uncertain(self._tracking, error) if self._submission.posts_sent else nothing_scheduled(error)

    def _look_up(self) -> Result | None:
        """
        Look the reference up before the request is sent again; return what ends the run, if anything.

        Where an answer was lost, until it shows or can be taken for absent. Where the request is said never to have
        left, or to have been declined, once all the same: a second POST is a second deployment.
        """
        last = self._last
        since = self._lost_at if self._lost else self._clock.monotonic()
        assert last is not None
        while True:
            asked_at = self._clock.monotonic()
            share = pause_before_next_look(asked_at - since, REFERENCE_LAG_SECONDS, _SETTLE_SHARE)
            pause = Pause(share, Ground.SHARE)
            try:
                self.observer.read_action()
                is_absent = self._tracking.action is None and self._is_absent(asked_at - since)
                if self._tracking.action is not None:
                    return self._found(self._tracking.action, last)
            except (Denied, NotFound) as refusal:
                return self._ended(refusal, refused)
            except ApiError as trouble:
                pause = pause_after(trouble, pause)
            else:
                if is_absent:
                    return self._send_once_more(self._lost) if self._lost else None
                if not self._tracking.actions_readable:
                    return uncertain(self._tracking, last)
            if asked_at >= self.transport.deadline:
                return self._ended(last, not_accepted)
            left = self.transport.deadline - self._clock.monotonic()
            pause = pause.at_most(max(0.0, left), Ground.DEADLINE)
            self.job.voice.debug(lambda pause=pause: describe_pause(pause))  # type: ignore[misc]
            self._clock.sleep(pause.seconds)

    def _is_absent(self, seconds: float) -> bool:
        """
        Tell whether a reference that a look-up did not find can be taken for absent.

        If an answer was lost, it can only after a minute, with readable actions that account for every deployment. If
        none was lost, it can at once, unless no action can be read and a deployment has come since the baseline, which
        may be the request's.
        """
        readable = self._tracking.actions_readable
        if self._lost is None and readable:
            return True
        has_settled = self._lost is None or (readable and seconds >= REFERENCE_LAG_SECONDS)
        return has_settled and not self.observer.sees_more_deployments_than_actions()

    def _found(self, action: Action, last: TransientError) -> Result | None:
        """Take the action that carries the reference for this run's, where a request may have left at all."""
        self.job.say(Line.WENT_THROUGH.format(number=action.id))
        if self._submission.posts_sent == 0 and not self._tracking.request.is_unique:
            # Another run may have the same reference, and this run's request is said never to have left.
            return uncertain(self._tracking, last)
        self._submission.posts_sent = max(1, self._submission.posts_sent)
        return None

    def _send_once_more(self, lost: TransientError) -> Result | None:
        if self._submission.posts_sent >= _MOST_SENDS:
            return uncertain(self._tracking, lost)
        self.job.say(Line.SENDING_AGAIN.format(seconds=REFERENCE_LAG_SECONDS))
        return None


def ask_and_wait(step: Step, job: Job, objection: Callable[[], Result | None] = lambda: None) -> Result:
    """Start the deployment of a job, exactly once, and wait for its outcome, unless `wait` is false."""
    request = job.tracking.request
    step.note_known(about_to_post=True)
    asked = {"git_ref": request.git_ref} if request.git_ref else {}
    trigger = Trigger(job, step.transport, objection)
    result = trigger.fire(step.inputs.options | asked | {"user_reference": request.reference})
    step.note_known()
    if result is not None:
        return result
    job.say(Line.SCHEDULED.format(reference=request.reference))
    if step.inputs.wait:
        step.wait([job])
        assert job.result is not None
        return job.result
    try:
        trigger.observer.look()
    except ApiError as error:
        # The look is for the ids; whatever it brings, the deployment is scheduled.
        job.say(Line.IDS_UNKNOWN.format(error=error))
    job.cancel_duplicates(step.transport)
    step.note_known()
    return Result(Reason.SCHEDULED, job.tracking.last_seen)
