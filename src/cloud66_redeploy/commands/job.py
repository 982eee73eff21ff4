"""One deployment as a step deals with it: what looks at it, waits for it, cancels it, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloud66_redeploy.api.client import Client, Kept
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.inputs.inputs import Inputs
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.tracking.baseline import Stock, read_baseline
from cloud66_redeploy.tracking.tracking import Tracking

if TYPE_CHECKING:
    from cloud66_redeploy.polling.cancellation import Canceller
    from cloud66_redeploy.polling.duplicates import Duplicates
    from cloud66_redeploy.polling.live_log import LiveLog
    from cloud66_redeploy.polling.waiter import Waiter
    from cloud66_redeploy.tracking.saved_state import SavedState


@dataclass
class Handle:
    """
    One deployment of one stack.

    Attributes:
        label: what its lines of the log begin with, where there are several.
        kept: the lists of its stack, shared by all that look at it in one round; None where it is alone.
        result: how it ended, once that is known.
        cancelling: it is being cancelled, or was, because a timeout passed.
        log: the last lines of the stack's log, where they were asked for.
        live: reads that log as it grows, where that was asked for.
        duplicates: undoes a request that went through twice.

    """

    stack_id: str
    tracking: Tracking
    reporter: Reporter
    label: str = ""
    kept: Kept | None = None
    result: Result | None = None
    cancelling: bool = False
    log: list[str] = field(default_factory=list)
    live: "LiveLog | None" = None
    duplicates: "Duplicates | None" = None

    @property
    def is_open(self) -> bool:
        """Whether it may still be going on."""
        return self.result is None or self.result.outcome in {Outcome.TIMED_OUT, Outcome.UNKNOWN}

    def client(self, transport: Transport) -> Client:
        """Make a client for its stack."""
        return Client(transport, self.stack_id, self.kept)

    def say(self, text: str) -> None:
        """Write a line of the log about it."""
        self.reporter.say(f"{self.label}{text}")

    def cancel_duplicates(self, transport: Transport) -> None:
        """Undo a request that went through twice: one object for each deployment, so that it is done once."""
        from cloud66_redeploy.polling.duplicates import Duplicates  # noqa: PLC0415 - not before the first request

        self.duplicates = self.duplicates or Duplicates(self.tracking, self.reporter.warn)
        self.duplicates.cancel(self.client(transport), transport.clock.monotonic())

    def show_log(self, *, to_the_end: bool = False) -> None:
        """Show what is new in the stack's log, where that was asked for."""
        if self.live is not None:
            from cloud66_redeploy.report.progress import log_lines  # noqa: PLC0415 - only who asked for it pays for it

            news = self.live.read_the_end() if to_the_end else self.live.read_ours()
            for line in log_lines(news, self.tracking, self.reporter.cleaner):
                self.say(line)

    def take_stock(self, transport: Transport) -> Stock:
        """
        Read the stack and what is there before the POST; a wrong stack, token or scope shows here.

        Raises:
            ApiError: with nothing scheduled.

        """
        client, tracking = self.client(transport), self.tracking
        tracking.stack = client.stack()
        stock = read_baseline(client, tracking.request.reference, transport.clock)
        tracking.baseline = stock.baseline
        return stock

    def saved_state(self, *, cancel_on_abort: bool) -> "SavedState":
        """Take down what the post step has to know."""
        from cloud66_redeploy.tracking.saved_state import SavedState  # noqa: PLC0415 - not before the first request

        return SavedState(self.stack_id, self.tracking, cancel_on_abort)

    def waiter(
        self,
        transport: Transport,
        inputs: Inputs,
        start: float,
        note: Callable[[], None],
    ) -> "Waiter":
        """
        Make what waits for its outcome.

        Args:
            transport: with the deadline.
            inputs: the step's.
            start: the instant (monotonic seconds) that the timeout counts from.
            note: called after each look.

        """
        from cloud66_redeploy.polling.pace import Pace  # noqa: PLC0415 - not before the first request
        from cloud66_redeploy.polling.waiter import Patience, Waiter  # noqa: PLC0415 - likewise
        from cloud66_redeploy.report.progress import Narrator, how_far, progress  # noqa: PLC0415 - not before the first request
        from cloud66_redeploy.tracking.observer import Observer  # noqa: PLC0415 - not before the first request

        client, known, clock = self.client(transport), self.tracking, transport.clock
        narrator = Narrator(self.say)
        pace = Pace(
            tracking=known,
            poll_interval_seconds=inputs.poll_interval_seconds,
            since=clock.monotonic(),
            quota=transport.quota,
            say=self.reporter.say,
            server_time=transport.server_time,
        )

        def on_look(elapsed: float, trouble: ApiError | None) -> None:
            note()
            self.cancel_duplicates(transport)
            text = f"no news ({trouble}); looking on" if trouble else progress(known)
            narrator.tell(elapsed, text, "" if trouble else how_far(known, pace.estimate(clock.monotonic())))
            self.show_log()

        patience = Patience(inputs.timeout_seconds, inputs.queue_timeout_seconds)
        return Waiter(Observer(client, known, clock), known, clock, patience, start, pace, on_look)

    def canceller(self, transport: Transport, why: str, *, pause_seconds: float | None = None) -> "Canceller":
        """Make what cancels it; `why` begins its sentences, without `pause_seconds` it takes its time."""
        from cloud66_redeploy.polling.cancellation import Canceller  # noqa: PLC0415 - needed by no run that goes well
        from cloud66_redeploy.report.phrases import name_of  # noqa: PLC0415 - likewise
        from cloud66_redeploy.tracking.last_seen import last_seen  # noqa: PLC0415 - likewise
        from cloud66_redeploy.tracking.observer import Observer  # noqa: PLC0415 - likewise

        client = self.client(transport)
        return Canceller(
            client=client,
            observer=Observer(client, self.tracking, transport.clock),
            cancel_duplicates=lambda: self.cancel_duplicates(transport),
            tracking=self.tracking,
            clock=transport.clock,
            deadline=transport.deadline,
            pause_seconds=pause_seconds,
            why=why,
            on_delete=lambda: self.say(f"{why}: cancelling {name_of(last_seen(self.tracking))}."),
            warn=self.reporter.warn,
        )
