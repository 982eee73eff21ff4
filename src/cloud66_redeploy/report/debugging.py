"""
What the log says of calls; and, where GitHub's "Enable debug logging" is on, what helps whoever looks for a fault.

That is each call, the shape of odd records, and each decision. The reporter makes it safe like all text from outside.
The bodies of good answers are not shown.
"""

from collections.abc import Callable

from cloud66_redeploy.api.answers import Answer, Call, Listener
from cloud66_redeploy.errors import ApiError, TransientError
from cloud66_redeploy.model.shapes import oddities, shape_of
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.report.reporter import Narrator, Reporter
from cloud66_redeploy.tracking.tracking import Certainty, Tracking

_REQUEST_IDS = ("X-Request-Id", "X-Amzn-Trace-Id", "CF-Ray")


class CallLog(Listener):
    """Tells the log of calls; of trouble that is tried again only where it is told how many seconds have passed."""

    def __init__(self, reporter: Reporter, elapsed: Callable[[], float] | None = None) -> None:
        self._reporter = reporter
        self._narrator = Narrator(reporter.say)
        self._elapsed = elapsed
        self._shapes: set[str] = set()

    def warned(self, text: str) -> None:
        """Annotate it."""
        self._reporter.warn("Cloud 66", text)

    def troubled(self, trouble: TransientError) -> None:
        """Say that it is tried again."""
        if self._elapsed is not None:
            self._narrator.tell(self._elapsed(), f"{trouble}; trying again")

    def answered(self, call: Call, answer: Answer | ApiError) -> None:
        """Debug: say how the call went, and what a refusal says."""
        if not self._reporter.is_debug:
            return
        left = "" if call.calls_left is None else f", {call.calls_left} calls left"
        how = f"{call.seconds * 1000:.0f} ms, attempt {call.attempt}{left}"
        if isinstance(answer, ApiError):
            self._reporter.debug(f"{call.name}: {answer.said or 'no answer'}, {how}")
            return
        named = (f", {name} {answer.headers[name]}" for name in _REQUEST_IDS if name in answer.headers)
        self._reporter.debug(f"{call.name}: {answer.status}, {how}{next(named, '')}")
        if answer.status >= 400:
            self._reporter.debug(f"{call.name}: body {answer.text}")

    def read(self, kind: str, record: object) -> None:
        """Debug: show the shape of a record with a field or a word that was never seen, each shape once."""
        if not self._reporter.is_debug:
            return
        odd = oddities(kind, record)
        said = f"{kind} with {', '.join(odd)}: {shape_of(record)}"
        if odd and said not in self._shapes:
            self._shapes.add(said)
            self._reporter.debug(said)


def describe_sighting(tracking: Tracking) -> str:
    """Say which deployment is taken for the one, and by what."""
    sighting = tracking.sighting
    action = f"action {sighting.action.id}" if sighting.action else "no action"
    if not tracking.actions_readable:
        action = "actions not readable"
    how = {Certainty.UNKNOWN: "", Certainty.INFERRED: ", inferred", Certainty.CONFIRMED: ", proved"}[sighting.certainty]
    deployment = f"deployment {sighting.deployment.id}{how}" if sighting.deployment else "no deployment"
    marks = {
        "its record has vanished": sighting.record_vanished,
        "one that could be it has started": sighting.maybe_started,
        "several carry the reference": sighting.is_ambiguous,
        f"{len(sighting.duplicates)} duplicates": bool(sighting.duplicates),
        f"answer's id {tracking.submission.answer_id}": tracking.submission.answer_id is not None,
    }
    states = " and ".join(map(str, tracking.record_states()))
    notes = "".join(f", {mark}" for mark, holds in marks.items() if holds)
    return f"Seen: {action}, {deployment}{notes}; they say {states}"


def describe_pause(seconds: float, pace: Pace | None, trouble: ApiError | None) -> str:
    """Say when the next look comes, and what that follows from."""
    if trouble is not None:
        return f"Next look in {seconds:.1f} s, after trouble: {trouble}"
    if pace is None:
        return f"Next look in {seconds:.1f} s"
    usual = pace.usual_seconds
    by = "no past known" if usual is None else f"usually {usual:.0f} s"
    ahead = len(pace.tracking.sighting.ahead or ())
    return f"Next look in {seconds:.1f} s ({by}, {ahead} ahead, stretched {pace.stretched:.1f} times)"
