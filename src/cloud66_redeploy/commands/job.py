"""One deployment as a step deals with it: what it is to the step, what is known of it, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from cloud66_redeploy.api.client import Client, Kept
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.polling.cancellation import Cancellation, Deletion, Terms
from cloud66_redeploy.polling.duplicates import Duplicates
from cloud66_redeploy.polling.live_log import LiveLog
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.report.phrases import name_of
from cloud66_redeploy.report.progress import how_far, log_lines, progress
from cloud66_redeploy.report.reporter import Narrator, Reporter
from cloud66_redeploy.tracking.baseline import Stock, read_baseline
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Tracking


class Role(Enum):
    """What a deployment is to the step."""

    REQUESTED = "requested"
    WAITED_FOR = "waited for"
    """Or cancelled, or looked at: somebody else asked for it."""
    MAKING_WAY = "making way"
    """Somebody else's, which is cancelled because the stack is busy with it."""
    ROLLBACK = "rollback"


@dataclass(eq=False, repr=False)
class Job:
    """
    One deployment of one stack.

    Attributes:
        stack_id: the stack's UID, or "" while that is being looked up by its name.
        label: what its lines of the log begin with, where there are several.
        lists: the lists of its stack, shared by all that look at it in one round; None where it is alone.
        result: how it ended, once that is known.
        log: the last lines of the stack's log, where they were asked for.
        live: reads that log as it grows, where that was asked for.
        cancellation: what cancels it, or has, for whatever reason.

    """

    role: Role
    stack_id: str
    tracking: Tracking
    reporter: Reporter
    label: str = ""
    lists: Kept | None = None
    result: Result | None = None
    log: list[str] = field(default_factory=list)
    live: LiveLog | None = None
    cancellation: Cancellation | None = None

    def __post_init__(self) -> None:
        """Keep one object for what is undone, so that it is undone once."""
        self._duplicates = Duplicates(self.tracking, self.reporter.warn)

    @property
    def is_open(self) -> bool:
        """Whether it may still be going on, and this step has something to do with that."""
        open_ends = {Outcome.TIMED_OUT, Outcome.UNKNOWN}
        return bool(self.stack_id) and (self.result is None or self.result.outcome in open_ends)

    def client(self, transport: Transport) -> Client:
        """Make a client for its stack."""
        return Client(transport, self.stack_id, self.lists)

    def observer(self, transport: Transport) -> Observer:
        """Make what looks at it."""
        return Observer(self.client(transport), self.tracking, transport.clock)

    def say(self, text: str) -> None:
        """Write a line of the log about it."""
        self.reporter.say(f"{self.label}{text}")

    def cancel_duplicates(self, transport: Transport) -> None:
        """Undo a request that went through twice."""
        self._duplicates.cancel(self.client(transport), transport.clock.monotonic())

    def show_log(self, *, to_the_end: bool = False) -> None:
        """Show what is new in the stack's log, where that was asked for."""
        if self.live is not None:
            news = self.live.read_the_end() if to_the_end else self.live.read_ours()
            for line in log_lines(news, self.tracking, self.reporter.cleaner):
                self.say(line)

    def take_stock(self, transport: Transport, stack: Stack | None = None) -> Stock:
        """
        Read the stack, unless it has just been read, and what is there before the POST.

        Raises:
            ApiError: with nothing scheduled.

        """
        client, tracking = self.client(transport), self.tracking
        tracking.stack = stack or client.stack()
        stock = read_baseline(client, tracking.request.reference, transport.clock)
        tracking.baseline = stock.baseline
        return stock

    def cancel_with(self, transport: Transport, why: str, pause_seconds: float | None = None) -> Cancellation:
        """Make what cancels it until the transport's deadline (see `Terms`)."""
        self.cancellation = Cancellation(
            observer=self.observer(transport),
            tracking=self.tracking,
            clock=transport.clock,
            listener=Watch(self, transport, why),
            terms=Terms(why, transport.deadline, pause_seconds),
            deletion=Deletion(self.client(transport), transport.clock),
        )
        return self.cancellation


class Watch:
    """Tells the log what a poll of one job does."""

    def __init__(
        self, job: Job, transport: Transport, why: str = "", note_known: Callable[[], None] = lambda: None
    ) -> None:
        self._job = job
        self._transport = transport
        self._why = why
        self._note_known = note_known
        self._narrator = Narrator(job.say)

    def looked(self, seconds: float, trouble: ApiError | None, pace: Pace) -> None:
        """Say what is new."""
        job = self._job
        self._note_known()
        self.cancel_duplicates()
        if trouble:
            self._narrator.tell(seconds, f"no news ({trouble}); looking on")
        else:
            estimate = pace.estimate(self._transport.clock.monotonic())
            self._narrator.tell(seconds, progress(job.tracking), how_far(job.tracking, estimate))
        job.show_log()

    def cancel_duplicates(self) -> None:
        """Undo a request that went through twice."""
        self._job.cancel_duplicates(self._transport)

    def deleting(self) -> None:
        """Say what is about to be cancelled, and why."""
        self._job.say(f"{self._why}: cancelling {name_of(self._job.tracking.last_seen)}.")

    def deleting_another(self, before: int, number: int) -> None:
        """Warn that the one cancelled before was somebody else's."""
        self._job.reporter.warn(
            "Cancelled another deployment",
            f"Deployment {before} was cancelled as the only one that could be this run's, but this run's "
            f"is deployment {number}, which is being cancelled, too. Check deployment {before}.",
        )
