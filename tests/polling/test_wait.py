"""Waiting for the outcome: trouble, deadlines and pauses."""

from functools import partial
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest

from cases import Case, MakeStep, play
from cloud66_redeploy.errors import ApiError, NotSent
from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.wait import Patience, Wait
from cloud66_redeploy.tracking.tracking import Tracking
from cloud66_simulator import Fault
from records import tracked
from scripted import Clock

GET = partial(Fault, method="GET", count=None)
FOREVER = {"duration_seconds": 1e6}
KINDS: list[Any] = ["status", "html", "lost_undone", "garbage", "wrong_json", "truncated", "redirect", "timeout_undone"]
QUEUE = {"queue_timeout": "45s"}


def behind(lasts: float) -> tuple[tuple[float, dict[str, Any]], ...]:
    """Let somebody else's deployment go first."""
    return ((0.0, {"duration": lasts}),)


CASES: dict[str, Case] = {
    "trouble of every kind is looked through": Case(
        dials={"duration_seconds": 200}, logs=("status check failed",),
        faults=tuple(GET(kind, after=5 + 20 * n, until=25 + 20 * n) for n, kind in enumerate(KINDS)),
    ),
    **{
        f"{code} for a minute is looked through": Case(faults=(GET("status", code=code, after=3, until=60),))
        for code in (400, 429, 503)
    },
    **{
        f"{list_} not found for some seconds, the stack there": Case(
            faults=(GET("status", code=404, path=list_, after=1, until=5),), others=behind(30)
        )
        for list_ in ("/deployments$", "/actions")
    },
    **{
        f"the stack gone, {ahead} ahead": Case(
            "unknown", (GET("status", code=404, after=10),), others=behind(300)[:ahead], seconds=(0, 60),
            says=("The stack no longer exists",),
        )
        for ahead in (0, 1)
    },
    **{
        f"the deadline holds, {kind}": Case(
            "timed_out", (Fault(kind, after=50, seconds=19, count=None),), FOREVER, {"timeout": "1m"},
            seconds=(60, 90.1),
        )
        for kind in ("timeout_undone", "slow", "refuse")
    },
    "the timeout says what was known last": Case(
        "timed_out", dials=FOREVER, inputs={"timeout": "90s", "poll_interval": "1s"}, seconds=(90, 91),
        says=("The timeout of 1m30s expired. Deployment 108 was still queued",),
    ),
    "a success at the last moment is seen": Case(dials={"duration_seconds": 119.2}, inputs={"timeout": "2m"}),
    "records that disagree at the deadline": Case(
        "timed_out", dials={"action_finish_lag_seconds": 1e6}, inputs={"timeout": "1m"}
    ),
    "a long queue has its own timeout": Case(
        "timed_out", inputs=QUEUE, others=behind(1000), seconds=(45, 50), says=("queue_timeout of 45s",),
        logs=("queued behind deployment 108",),
    ),
    "a long queue without a record, too": Case(
        "timed_out", dials={"record_while_queued": False}, inputs=QUEUE, others=behind(1000), seconds=(45, 50),
        says=("queue_timeout of 45s",),
    ),
    "trouble at the queue_timeout is none": Case(
        faults=(GET("html", after=30, until=60),), inputs=QUEUE, others=behind(40)
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_how_long_it_waits(step: MakeStep, case: Case) -> None:
    """Trouble is looked through until the deadline, which holds to within one call; nothing is cancelled at it."""
    play(step, case)


def test_a_queue_that_moves_is_no_timeout(step: MakeStep) -> None:
    """A deployment that starts before queue_timeout gets all of its timeout."""
    played = play(step, Case(dials={"duration_seconds": 100}, inputs=QUEUE, others=behind(40)))
    assert 38 <= int(played.ending.outputs["queued_seconds"]) <= 41


def test_retry_after_and_throttling_are_obeyed(step: MakeStep) -> None:
    """While waiting, nobody is asked sooner than the server wants."""
    after = Fault("status", method="GET", code=429, retry_after=50, after=5)
    throttled = Fault("throttle", method="GET", after=30, count=2)
    case = Case(faults=(after, throttled), logs=("retrying (the server asks to wait 50s)\n",))
    requests = play(step, case).made.simulator.requests
    pauses = [later.time - hit.time for hit, later in pairwise(requests) if hit.status in {429, 503}]
    assert [round(pause) >= least for pause, least in zip(pauses, (50, 60, 60), strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("code", "path", "last"),
    [(401, "/deployments", "deploying"), (402, "/actions", "success"), (403, "/deployments", "deploying")],
)
def test_a_token_that_is_refused_ends_the_wait(step: MakeStep, code: int, path: str, last: str) -> None:
    """When the token is refused in the middle, and it lasts, the run ends soon: unknown, with what was known last."""
    says = (f"({code})", f"It was last seen {last}")
    played = play(step, Case("unknown", (GET("status", code=code, path=path, after=10),), says=says, seconds=(0, 60)))
    assert played.ending.outputs["deployment_id"] == str(played.mine[0].id)


class Looks:
    """Stands in for the observer: a script of what it sees, one entry a look; the last one stays."""

    def __init__(self, tracking: Tracking, clock: Clock, *script: tuple[Any, Any] | ApiError) -> None:
        self.tracking, self.clock = tracking, clock
        self.script = list(script)
        self.seen: tuple[Any, Any] = (Absence.NEVER_SEEN, Absence.NEVER_SEEN)
        self.times: list[float] = []

    def look(self) -> None:
        self.times.append(self.clock.now)
        found = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(found, ApiError):
            raise found
        self.seen = found

    def confirm(self) -> None:
        """There is nothing inferred in a script."""


def wait(*script: Any, **patience: float) -> tuple[Outcome, list[float]]:
    """Wait on a script; return the outcome and when it was looked."""
    known = tracked("mine")
    looks = Looks(known, Clock(), *script)
    known.record_states = lambda **_: looks.seen  # type: ignore[method-assign]
    given = {"timeout_seconds": 1000.0, "queue_timeout_seconds": 1000.0} | patience
    until = Patience(given["timeout_seconds"], **given)
    poll = Wait(looks, mock.Mock(), until, Pace(known, 30.0, 0.0))  # type: ignore[arg-type]
    return poll.run().outcome, looks.times


@pytest.mark.parametrize("between", [(Absence.NEVER_SEEN, Phase.RUNNING), (Absence.GONE, Phase.SUCCESS)])
def test_settling_begins_anew_when_the_records_change(between: tuple[Any, Any]) -> None:
    """The seconds for settling count from when the records last changed, whatever one look alone has found."""
    ended = (Absence.NEVER_SEEN, Phase.SUCCESS)
    outcome, times = wait(ended, ended, ended, between, ended)
    assert outcome is Outcome.SUCCESS
    assert times[-1] - times[4] >= 15


def test_a_server_that_asks_for_too_much_is_left_at_the_deadline() -> None:
    """Where the server wants to be left alone for longer than the timeout, the wait ends in time, as a timeout."""
    busy = NotSent("GET /x", "busy", retry_after=500)
    assert wait(busy, timeout_seconds=20.0) == (Outcome.TIMED_OUT, [0.0, 20.0])
