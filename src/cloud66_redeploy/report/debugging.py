"""
What the log says of calls; and, where GitHub's "Enable debug logging" is on, what helps whoever looks for a fault.

That is each call, and the shape of odd records (`progress` has the decisions and pauses). The reporter makes it safe,
like all text from outside. The bodies of good answers are not shown.

Imported before the first request: it may need nothing but what is there by then.
"""

from collections.abc import Callable

from cloud66_redeploy.api.answers import Call, CallListener
from cloud66_redeploy.errors import ApiError, TransientError
from cloud66_redeploy.model.shapes import oddities, shape_of
from cloud66_redeploy.report.reporter import Narrator, Reporter

_MOST_SHAPES = 20
"""Beyond that, more of them tell nothing new."""


class CallLog(CallListener):
    """Tells the log of calls; of trouble that is tried again only where it is told how many seconds have passed."""

    def __init__(self, reporter: Reporter, elapsed: Callable[[], float] | None = None) -> None:
        self.is_debug = reporter.is_debug
        self._reporter = reporter
        self._narrator = Narrator(reporter.say)
        self._elapsed = elapsed
        self._shapes: set[str] = set()

    def patient(self, elapsed: Callable[[], float]) -> "CallLog":
        """Make one that tells of trouble, too; both show a shape once between them."""
        other = CallLog(self._reporter, elapsed)
        other._shapes = self._shapes
        return other

    def warned(self, text: str) -> None:
        """Annotate it."""
        self._reporter.warn("Cloud 66", text)

    def troubled(self, trouble: TransientError, pause_seconds: float) -> None:
        """Say that it is tried again; debug: after which pause, and what asks for that."""
        if self._elapsed is not None:
            self._narrator.tell(self._elapsed(), f"{trouble}, retrying")
        self._reporter.debug(lambda: f"{trouble.call}: again in {pause_seconds:.1f}s{why_so_long(trouble)}")

    def called(self, call: Call) -> None:
        """Debug: say how the call went, and what a refusal holds."""
        left = "" if call.calls_left is None else f", {call.calls_left} calls left"
        named = f", {call.request_id}" if call.request_id else ""
        how = f"{call.seconds * 1000:.0f}ms, attempt {call.attempt}{left}{named}"
        self._reporter.debug(lambda: f"{call.name}: {call.came or 'no answer'}, {how}")
        if call.body:
            self._reporter.debug(lambda: f"{call.name}: body {call.body}")

    def read(self, kind: str, record: object) -> None:
        """Debug: show the shape of a record with a field or a word that was never seen, each shape once."""
        odd = oddities(kind, record)
        if not odd or len(self._shapes) > _MOST_SHAPES:
            return
        said = f"{kind} with {', '.join(odd)}: {shape_of(record)}"
        if len(self._shapes) == _MOST_SHAPES:
            said = "More odd records follow, which are not shown."
        if said not in self._shapes:
            self._shapes.add(said)
            self._reporter.debug(lambda: said)


def why_so_long(trouble: ApiError) -> str:
    """Say, in brackets, what of the server's asks for a pause; "" where nothing does."""
    if trouble.retry_after:
        return " (Retry-After)"
    return " (the hour's calls are used up)" if trouble.throttled else ""
