"""Waiting for the outcome: trouble, deadlines and pauses."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest

from cloud66_redeploy.errors import ApiError, NotSent, Unclear
from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence
from cloud66_redeploy.polling.pace import Pace
from cloud66_redeploy.polling.wait import Patience, Wait
from cloud66_redeploy.tracking.tracking import Tracking
from cloud66_simulator import Behaviour, Fault
from harness import Step, green, run_of
from records import tracked
from scripted import Clock

MakeStep = Callable[..., Step]


def test_trouble_is_looked_through(step: MakeStep) -> None:
    """Server errors, HTML, lost answers and strange bodies in the middle don't end the wait."""
    made = step(behaviour=Behaviour(duration_seconds=200))
    kinds = ["status", "html", "lost_undone", "garbage", "wrong_json", "truncated", "redirect", "timeout_undone"]
    for number, kind in enumerate(kinds):
        begin = 5 + 20 * number
        made.simulator.faults.append(Fault(kind, method="GET", after=begin, until=begin + 20, count=None))  # type: ignore[arg-type]
    ending = green(made)
    assert "no news" in ending.log


@pytest.mark.parametrize("code", [400, 408, 409, 429, 500, 502, 503, 504])
def test_no_passing_status_ends_the_wait(step: MakeStep, code: int) -> None:
    """Statuses that may pass are looked through."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", code=code, after=3, until=60, count=None))
    green(made)


def test_retry_after_and_throttling_are_obeyed(step: MakeStep) -> None:
    """While waiting, nobody is asked sooner than the server wants."""
    made = step()
    after = Fault("status", method="GET", code=429, retry_after=50, after=5, count=1)
    made.simulator.faults += [after, Fault("throttle", method="GET", after=30, count=2)]
    green(made)
    hits = [one.time for one in made.simulator.requests if one.status in {429, 503}]
    following = [min(one.time for one in made.simulator.requests if one.time > hit) for hit in hits]
    assert [round(then - hit) >= pause for hit, then, pause in zip(hits, following, (50, 60, 60), strict=True)] == [
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(("code", "words"), [(401, "(401)"), (402, "(402)"), (403, "(403)")])
@pytest.mark.parametrize("path", ["/actions", "/deployments"])
def test_a_token_that_is_refused_ends_the_wait(step: MakeStep, code: int, words: str, path: str) -> None:
    """When the token is refused in the middle, and it lasts, the run ends soon: unknown, with what was known last."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", code=code, path=path, after=10, count=None))
    ending, mine = run_of(made)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert words in ending.outputs["reason"]
    assert f"last known: {'deploying' if path == '/deployments' else 'success'}" in ending.outputs["reason"]
    assert ending.outputs["deployment_id"] == str(mine.id)
    assert ending.seconds < 60


@pytest.mark.parametrize("others", [0, 1])
def test_a_stack_that_has_gone_ends_the_wait(step: MakeStep, others: int) -> None:
    """When the stack goes in the middle, the outcome is unknown, whatever was being looked at."""
    made = step()
    for _ in range(others):
        made.simulator.request_deployment(duration=300)
    made.simulator.faults.append(Fault("status", method="GET", code=404, after=10, count=None))
    ending, _ = run_of(made)
    assert ending.outcome == "unknown"
    assert "The stack is gone" in ending.outputs["reason"]
    assert ending.seconds < 60


@pytest.mark.parametrize("path", ["/deployments$", "/actions"])
def test_lists_that_are_not_found_while_the_stack_is_there(step: MakeStep, path: str) -> None:
    """A list that answers 404 for some seconds is passing trouble as long as the stack itself is there."""
    made = step()
    made.simulator.request_deployment(duration=30)
    made.simulator.faults.append(Fault("status", method="GET", code=404, path=path, after=1, until=5, count=None))
    green(made)


@pytest.mark.parametrize("kind", ["timeout_undone", "slow", "status", "refuse", "connect_timeout"])
def test_the_deadline_is_never_overrun_by_more_than_one_call(step: MakeStep, kind: Any) -> None:
    """Whatever the server does around it, the run ends by its timeout plus the limit of one call."""
    made = step(behaviour=Behaviour(duration_seconds=1e6))
    made.simulator.faults.append(Fault(kind, after=50, seconds=19, count=None))
    ending, _ = run_of(made, timeout="1m")
    assert ending.outcome == "timed_out"
    assert 60 <= ending.seconds <= 60 + 30 + 0.1


@pytest.mark.parametrize("interval", ["1s", "30s"])
def test_a_timeout_says_what_was_known_last(step: MakeStep, interval: str) -> None:
    """At the timeout there is one last look; then it ends, red, and nothing is cancelled."""
    made = step(behaviour=Behaviour(duration_seconds=1e6))
    ending, mine = run_of(made, timeout="90s", poll_interval=interval)
    assert (ending.outcome, ending.status, made.calls("DELETE")) == ("timed_out", 1, [])
    assert "The timeout of 1m30s passed; deployment 108 had not ended" in ending.outputs["reason"]
    assert made.simulator.requests[-1].time - made.simulator.started >= 90
    assert mine.cancel_at is None


def test_a_success_at_the_last_moment_is_seen(step: MakeStep) -> None:
    """What ends just before the timeout is found by the last look, however long the pause would have been."""
    green(step(behaviour=Behaviour(duration_seconds=119.2)), timeout="2m")


def test_records_that_disagree_at_the_deadline_are_no_success(step: MakeStep) -> None:
    """A deployment that succeeded while its action goes on is not a success at the timeout."""
    made = step(behaviour=Behaviour(action_finish_lag_seconds=1e6))
    ending, _ = run_of(made, timeout="1m")
    assert ending.outcome == "timed_out"


@pytest.mark.parametrize("known", [True, False])
def test_a_long_queue_has_its_own_timeout(step: MakeStep, known: bool) -> None:
    """A deployment that is still queued at queue_timeout ends the run, whether or not its record shows."""
    made = step(behaviour=Behaviour(record_while_queued=known))
    made.simulator.request_deployment(duration=1000)
    ending, mine = run_of(made, queue_timeout="45s")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("timed_out", str(mine.id) if known else "")
    assert "queue_timeout of 45s" in ending.outputs["reason"]
    assert 45 <= ending.seconds <= 50
    assert ("queued behind 1 other deployment" in ending.log) is known


def test_a_queue_that_moves_is_no_timeout(step: MakeStep) -> None:
    """A deployment that starts before queue_timeout gets all of its timeout."""
    made = step(behaviour=Behaviour(duration_seconds=100))
    made.simulator.request_deployment(duration=40)
    ending = green(made, queue_timeout="45s")
    assert 38 <= int(ending.outputs["queued_seconds"]) <= 41


def test_trouble_at_the_queue_timeout_is_no_timeout(step: MakeStep) -> None:
    """While nobody answers, it can't be told whether ours is still queued, so queue_timeout doesn't strike."""
    made = step()
    made.simulator.request_deployment(duration=40)
    made.simulator.faults.append(Fault("html", method="GET", after=30, until=60, count=None))
    green(made, queue_timeout="45s")


class Looks:
    """Stands in for the observer: a script of what it sees, one entry a look; the last one stays."""

    def __init__(self, clock: Clock, *script: tuple[Any, Any] | ApiError) -> None:
        self.clock = clock
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


def wait(looks: Looks, known: Tracking | None = None, **patience: float) -> tuple[Outcome, list[float]]:
    """Wait on a script; return the outcome and when it was looked."""
    known = known or tracked("mine")
    known.record_states = lambda **_: looks.seen  # type: ignore[method-assign]
    given = {"timeout_seconds": 1000.0, "queue_timeout_seconds": 1000.0, "poll_interval_seconds": 30.0} | patience
    pace = Pace(known, given.pop("poll_interval_seconds"), 0.0)
    poll = Wait(looks, known, looks.clock, mock.Mock(), Patience(0.0, **given), pace)  # type: ignore[arg-type]
    return poll.run().outcome, looks.times


def test_pauses_grow_gently() -> None:
    """The pause between looks grows from about 2 s to about 15 s, and is never longer than poll_interval."""
    _, times = wait(Looks(Clock(), (Absence.NEVER_SEEN, Absence.NEVER_SEEN)))
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert 1.8 <= gaps[0] <= 2.2
    assert 13.5 <= max(gaps) <= 16.5
    assert times[-1] == 1000.0
    _, times = wait(Looks(Clock(), (Absence.NEVER_SEEN, Absence.NEVER_SEEN)), poll_interval_seconds=1.0)
    assert max(later - sooner for sooner, later in pairwise(times)) <= 1.0


def test_settling_begins_anew_when_the_records_change() -> None:
    """The seconds for settling count from when the records last began to disagree."""
    ended, open_again = (Absence.NEVER_SEEN, Phase.SUCCESS), (Absence.NEVER_SEEN, Phase.RUNNING)
    outcome, times = wait(Looks(Clock(), ended, ended, open_again, ended))
    assert outcome is Outcome.SUCCESS
    assert times[-1] - times[3] >= 15


def test_trouble_at_the_deadline_is_told() -> None:
    """Where the last look brings no news, the outcome is a timeout that says so."""
    outcome, times = wait(Looks(Clock(), Unclear("GET /x", "lost")), timeout_seconds=20.0)
    assert (outcome, times[-1]) == (Outcome.TIMED_OUT, 20.0)


def test_a_pause_asked_for_ends_at_the_deadline() -> None:
    """However long the server wants to be left alone, the wait ends in time."""
    outcome, times = wait(Looks(Clock(), NotSent("GET /x", "busy", retry_after=500)), timeout_seconds=20.0)
    assert (outcome, times) == (Outcome.TIMED_OUT, [0.0, 20.0])
