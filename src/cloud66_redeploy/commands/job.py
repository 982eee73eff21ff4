"""One deployment as a step deals with it: what it is to the step, what is known of it, and how it ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

from cloud66_redeploy.api.client import Client, Kept
from cloud66_redeploy.api.transport import BEST_EFFORT, Transport
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Result, WhyCancel
from cloud66_redeploy.model.records import Action, Deployment, Stack
from cloud66_redeploy.model.services import Service
from cloud66_redeploy.polling.cancellation import Attempt, Cancellation, Deletions
from cloud66_redeploy.polling.live_log import LiveLog
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.pauses import Pause
from cloud66_redeploy.report.messages import WHY_CANCEL, Line, Note
from cloud66_redeploy.report.phrases import name_of
from cloud66_redeploy.report.progress import (
    describe_candidates,
    describe_pause,
    describe_sighting,
    failed_check,
    how_far,
    log_lines,
    progress,
)
from cloud66_redeploy.report.reporter import Narrator, Voice
from cloud66_redeploy.timing import RECORD_LAG_SECONDS
from cloud66_redeploy.tracking.baseline import Baseline, Snapshot, read_baseline
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Tracking

_LOG_LINES = 50


class Role(Enum):
    """What a deployment is to the step."""

    REQUESTED = auto()
    """This step starts it."""
    NAMED = auto()
    """It was started elsewhere, and the inputs name it."""
    MAKING_WAY = auto()
    """It is cancelled because the stack is busy with it."""
    ROLLBACK = auto()


@dataclass(eq=False, repr=False)
class Job:
    """
    One deployment of one stack.

    Attributes:
        stack_id: the stack's UID, or "" while that is being looked up by its name.
        voice: writes the lines of the log about it.
        lists: the lists of its stack, shared by all that look at it in one round; None where it is alone.
        result: how it ended, once that is known.
        log: the last lines of the stack's log, where the inputs want them.
        live: reads that log as it grows, where the inputs want that.
        deletions: the cancellations that were sent for it, whatever led to them.

    """

    role: Role
    stack_id: str
    tracking: Tracking
    voice: Voice
    lists: Kept | None = None
    result: Result | None = None
    log: Sequence[str] = ()
    live: LiveLog | None = None
    deletions: Deletions = field(default_factory=Deletions)

    @property
    def is_open(self) -> bool:
        """Whether it may still be running, and this step has something to do with that."""
        return bool(self.stack_id) and (self.result is None or not self.result.is_over)

    def client(self, transport: Transport) -> Client:
        """Make a client for its stack."""
        return Client(transport, self.stack_id, self.lists)

    def best_effort(self, transport: Transport) -> Client:
        """Make a client for what is good to have and may fail: it uses no kept list, and doesn't try again."""
        return Client(transport.but(profile=BEST_EFFORT), self.stack_id)

    def observer(self, transport: Transport) -> Observer:
        """Make what looks at it."""
        return Observer(self.client(transport), self.tracking, transport.clock, self._searched)

    def say(self, text: str) -> None:
        """Write a line of the log about it."""
        self.voice.say(text)

    def debug_sighting(self) -> None:
        """Debug: say which deployment is taken for the one, where that is news, and how it ended."""
        if self.tracking.submission.posts_sent:
            self.voice.debug_news("sighting", lambda: describe_sighting(self.tracking, self.result))

    def _searched(self, actions: Sequence[Action], deployments: Sequence[Deployment]) -> None:
        """Debug: say which deployments could be the one, unless that is proved."""
        if not self.tracking.confirmed:
            self.voice.debug_news("candidates", lambda: describe_candidates(self.tracking, actions, deployments))

    def cancel_duplicates(self, transport: Transport) -> None:
        """
        Undo a POST that went through twice, because Cloud 66 carried out a lost one later than anybody waits for.

        Cancels the younger deployment that carries the reference, once and where it can be told, and warns.
        """
        request, sighting = self.tracking.request, self.tracking.sighting
        if sighting.is_ambiguous or (sighting.duplicates and not request.is_unique):
            own = Note.SHARED_AS_DERIVED if request.is_unique else Note.SHARED_AS_GIVEN
            self._warn(Note.SHARED_ELSEWHERE if request.is_external else own)
            return
        # Another deployment's record may show before its action does: what is only inferred has to hold for a while.
        is_sure = transport.clock.monotonic() - sighting.candidates_since >= RECORD_LAG_SECONDS
        deployments = [duplicate.deployment for duplicate in sighting.duplicates if duplicate.deployment]
        for younger in deployments:
            if not (self.deletions.is_accepted(younger.id) or younger.phase.is_final):
                if is_sure:
                    self._undo(transport, younger.id)
                else:
                    self._warn(Note.TWICE, number=younger.id)
        if sighting.duplicates and not deployments:
            self._warn(Note.TWICE_UNIDENTIFIED)

    def _undo(self, transport: Transport, deployment_id: int) -> None:
        try:
            self.deletions.undo(self.client(transport), deployment_id)
        except ApiError as error:
            self._warn(Note.TWICE_AND_LEFT, number=deployment_id, error=error)
        else:
            self._warn(Note.TWICE_AND_UNDONE, number=deployment_id)

    def _warn(self, note: Note, **facts: object) -> None:
        self.voice.reporter.warn(*note.filled(reference=self.tracking.request.reference, **facts))

    def show_log(self, *, to_the_end: bool = False) -> None:
        """Show what is new in the stack's log, where the inputs want that."""
        if self.live is not None:
            news = self.live.read_the_end() if to_the_end else self.live.read_while_running()
            for line in log_lines(news, self.tracking, self.voice.reporter.sanitizer):
                self.say(line)

    def read_baseline(self, transport: Transport) -> Snapshot:
        """Read what is there before the POST. Raises ApiError, with nothing scheduled."""
        snapshot = read_baseline(self.client(transport), self.tracking.request.reference, transport.clock)
        self.learn(baseline=snapshot.baseline)
        return snapshot

    def cancel_with(self, transport: Transport, why: WhyCancel, pause_seconds: float | None = None) -> Cancellation:
        """Make what cancels it until the transport's deadline (see `Cancellation`)."""
        single = transport.but(profile=transport.profile._replace(tries=1))
        attempt = Attempt(why, transport.deadline, pause_seconds)
        watch = Watch(self, transport)
        return Cancellation(self.observer(transport), watch, self.client(single), self.deletions, attempt)

    def end(self, result: Result) -> None:
        """Set how it ended."""
        self.result = result

    def locate(self, stack_id: str) -> None:
        """Set the stack's UID, which was looked up."""
        self.stack_id = stack_id

    def learn(
        self, *, stack: Stack | None = None, baseline: Baseline | None = None, services: Sequence[Service] = ()
    ) -> None:
        """Set what has been read: the stack, what came before, what its services run."""
        tracking = self.tracking
        tracking.stack = stack or tracking.stack
        tracking.baseline = baseline or tracking.baseline
        tracking.services = services or tracking.services

    def specify(self, **request: Any) -> None:  # noqa: ANN401 - as `replace` takes them
        """Say more of what is requested, by the fields of `Request`."""
        self.tracking.request = replace(self.tracking.request, **request)

    def turn_to(self, live: Deployment) -> None:
        """Be about the deployment that is live, as none is requested."""
        self.tracking = Tracking.of_live(live, self.tracking)

    def follow_log(self, transport: Transport) -> None:
        """Show the stack's log as it grows; what it holds already is another deployment's."""
        if self.live is None:
            self.live = LiveLog(self.best_effort(transport), self.tracking, transport.heard.quota)
            if not self.tracking.request.is_external:
                self.show_log()

    def read_log(self, client: Client) -> None:
        """
        Read the last lines of the stack's log.

        Raises:
            ApiError: it could not be read.

        """
        self.log = self.voice.reporter.sanitizer.tail(client.last_log(), lines=_LOG_LINES)


@dataclass(eq=False, repr=False)
class Watch:
    """Tells the log what a poll of one job does."""

    job: Job
    transport: Transport
    note_known: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self._narrator = Narrator(self.job.say)
        self._pace: Pace | None = None
        self._has_told_slowed = False

    def looked(self, seconds: float, trouble: ApiError | None, pace: Pace) -> None:
        """Say what is new."""
        job, self._pace = self.job, pace
        self.note_known()
        self.cancel_duplicates()
        if trouble:
            self._narrator.tell(seconds, failed_check(trouble))
        else:
            estimate = pace.estimate(self.transport.clock.monotonic())
            self._narrator.tell(seconds, progress(job.tracking, job.voice.label), how_far(job.tracking, estimate))
        job.show_log()

    def pausing(self, pause: Pause, trouble: ApiError | None) -> None:
        """Say, once, why pauses are longer. Debug: say what is taken for the one, and why the pause is as it is."""
        job, pace = self.job, self._pace
        if pace is not None and pace.is_slowed and not self._has_told_slowed:
            self._has_told_slowed = True
            job.voice.reporter.say(Line.SLOWED.format(quota=pace.heard.quota))
        job.debug_sighting()
        job.voice.debug(lambda: describe_pause(pause, trouble, pace.stretched if pace else 1.0))

    def cancel_duplicates(self) -> None:
        """Undo a request that went through twice."""
        self.job.cancel_duplicates(self.transport)

    def deleting(self, why: WhyCancel) -> None:
        """Say what is about to be cancelled, and why."""
        self.job.say(Line.CANCELLING.format(why=WHY_CANCEL[why], name=name_of(self.job.tracking.last_seen)))

    def deleting_another(self, before: int, number: int) -> None:
        """Warn that the deployment cancelled before was another one."""
        self.job.voice.reporter.warn(*Note.CANCELLED_ANOTHER.filled(before=before, number=number))
