"""Cancelling what the run has scheduled, and nobody else's: when the workflow is cancelled, and at a timeout."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault
from cloud66_simulator.behaviour import CancelledAs, PostShape
from harness import Ending, Step

MakeStep = Callable[..., Step]
LONG = Behaviour(duration_seconds=1000)
SOON = 7.0
"""How long after the abort the step may take to end."""


def abort(made: Step, at: float, **inputs: Any) -> Ending:
    """Run a step whose workflow is cancelled, and assert what always holds then."""
    ending = made.run(abort_at=at, **inputs)
    assert ending.seconds - at <= SOON
    mine = {str(one.id) for one in made.mine(ending)}
    assert {path.rpartition("/")[2] for path in made.calls("DELETE")} <= mine
    return ending


def later(made: Step, ending: Ending) -> list[Any]:
    """Let a cancellation take, and return what truly became of our deployments."""
    made.clock.advance(60)
    return [one.final_fate for one in made.mine(ending)]


@pytest.mark.parametrize("shape", get_args(PostShape))
@pytest.mark.parametrize("cancelled_as", get_args(CancelledAs))
@pytest.mark.parametrize("takes", [0.0, 3.0, 60.0])
def test_a_deployment_under_way_is_cancelled(step: MakeStep, shape: Any, cancelled_as: Any, takes: float) -> None:
    """An abort cancels our deployment within 2 s, waits until it took or 5 s are over, and ends red as cancelled."""
    behaviour = Behaviour(
        post_shape=shape, duration_seconds=1000, cancelled_as=cancelled_as, cancel_takes_seconds=takes
    )
    made = step(behaviour=behaviour)
    ending = abort(made, 20)
    assert (ending.outcome, ending.status, len(ending.errors)) == ("cancelled", 1, 1)
    assert later(made, ending) == ["cancelled"]
    [sent] = [one.time - made.simulator.started for one in made.simulator.requests if one.method == "DELETE"]
    assert sent <= 22
    assert ("ended" in ending.state) is (takes < 5)
    assert (ending.seconds - 20 > 4.5) is (takes > 5)


def test_a_queued_deployment_is_cancelled(step: MakeStep) -> None:
    """An abort takes our deployment out of the queue and leaves the one ahead alone."""
    made = step()
    ahead = made.simulator.request_deployment(duration=1000)
    ending = abort(made, 20)
    assert (ending.outcome, later(made, ending), ahead.cancel_at) == ("cancelled", ["cancelled"], None)


@pytest.mark.parametrize("at", [0.0, 0.05, 0.1, 0.19])
def test_an_abort_before_the_post_schedules_nothing(step: MakeStep, at: float) -> None:
    """An abort before the POST ends the run with nothing scheduled."""
    made = step()
    ending = abort(made, at)
    assert (ending.outcome, ending.status, made.mine(ending)) == ("cancelled", 1, [])
    assert "Nothing was scheduled" in ending.outputs["reason"]
    assert "ended" in ending.state


def test_an_abort_while_nothing_was_taken_schedules_nothing(step: MakeStep) -> None:
    """An abort during the pause after a declined POST ends the run with nothing scheduled."""
    made = step()
    made.simulator.faults.append(Fault("status", method="POST", code=409, count=None))
    ending = abort(made, 5)
    assert (ending.outcome, made.mine(ending)) == ("cancelled", [])
    assert "Nothing was scheduled" in ending.outputs["reason"]


@pytest.mark.parametrize("shape", get_args(PostShape))
@pytest.mark.parametrize("slow", [0.5, 5.0])
def test_an_abort_during_the_post_finds_out_first(step: MakeStep, shape: Any, slow: float) -> None:
    """A POST on its way gets a moment for its answer; what is only inferred then is the post step's to cancel."""
    made = step(behaviour=Behaviour(post_shape=shape, duration_seconds=1000))
    made.simulator.faults.append(Fault("slow", method="POST", seconds=slow))
    ending = abort(made, 0.4)
    if (shape, slow) != ("deployment_id", 0.5):
        assert (ending.outcome, made.calls("DELETE"), "ended" in ending.state) == ("unknown", [], False)
        made.clean_up(ending.state)
    assert later(made, ending) == ["cancelled"]


@pytest.mark.parametrize("at", [10, 40])
def test_an_abort_while_a_lost_post_is_looked_for(step: MakeStep, at: float) -> None:
    """An abort while a lost POST has not shown doesn't claim that nothing was scheduled; the post step goes on."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault("late", method="POST", seconds=45))
    ending = abort(made, at)
    if at == 40:
        assert ending.outcome in {"cancelled", "unknown"}
        return
    assert ending.outcome == "unknown"
    assert "Nothing was scheduled" not in ending.outputs["reason"]
    assert "ended" not in ending.state
    made.clean_up(ending.state)
    assert later(made, ending) == ["cancelled"]


def test_an_answer_that_does_not_come_within_its_grace(step: MakeStep) -> None:
    """Grace for the POST, looking and the last call together keep within the time that the runner gives."""
    made = step(behaviour=LONG)
    stuck = Fault("timeout_undone", after=0.3, count=None)
    made.simulator.faults += [Fault("timeout_done", method="POST"), stuck]
    ending = abort(made, 0.4)
    assert ending.outcome == "unknown"


@pytest.mark.parametrize("method", ["GET", "DELETE", None])
def test_nobody_answering_does_not_hold_it_up(step: MakeStep, method: str | None) -> None:
    """Where nobody answers after the abort, the step ends in time and leaves the rest to the post step."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault("timeout_undone", method=method, after=19, count=None))
    ending = abort(made, 20)
    # A cancellation that was taken is one, even where nobody tells how it went on.
    assert (ending.outcome, ending.status) == ("cancelled" if method == "GET" else "unknown", 1)
    assert "ended" not in ending.state


@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        ("success", "success"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("odd", "failed"),
        ("reverted", "failed"),
    ],
)
def test_what_ended_before_the_abort_is_told_as_it_is(step: MakeStep, fate: Any, outcome: str) -> None:
    """A deployment that had ended before the abort is told as it ended, and nothing is cancelled."""
    # One that somebody else cancels ends halfway.
    made = step(behaviour=Behaviour(fate=fate, duration_seconds=39.0 if fate == "cancelled" else 19.5))
    ending = abort(made, 20)
    assert (ending.outcome, ending.status) == (outcome, 0 if outcome == "success" else 1)
    assert [one.cancel_at for one in made.mine(ending)] == [None]


@pytest.mark.parametrize("fate", ["action_failed", "action_null"])
def test_a_success_that_its_action_denies_is_not_green(step: MakeStep, fate: Any) -> None:
    """After an abort, too, a deployment's success is not green as long as its action doesn't agree."""
    made = step(behaviour=Behaviour(fate=fate, duration_seconds=30, action_finish_lag_seconds=4))
    assert abort(made, 32).status == 1


def test_an_unexpected_commit_is_not_green_after_an_abort(step: MakeStep) -> None:
    """After an abort, too, a success with another commit than the expected one is not green."""
    made = step(behaviour=Behaviour(duration_seconds=19.5))
    assert abort(made, 20, expected_commit="a" * 40).status == 1


def test_one_that_ends_before_the_cancellation(step: MakeStep) -> None:
    """A cancellation that comes too late is not called one."""
    made = step(behaviour=Behaviour(duration_seconds=20.5))
    made.simulator.faults.append(Fault("slow", method="DELETE", seconds=0.5))
    ending = abort(made, 20)
    assert ending.outcome in {"cancelled", "success"}
    assert (ending.outcome == "success") is (later(made, ending) == ["success"])


def test_a_declined_cancellation_looks_again(step: MakeStep) -> None:
    """A cancellation declined because the deployment has just ended leads to its true end."""
    made = step(behaviour=Behaviour(duration_seconds=19.74))
    ending = abort(made, 20)
    assert ending.outcome == "success"
    assert later(made, ending) == ["success"]


@pytest.mark.parametrize("kind", ["lost_done", "lost_undone", "late"])
def test_a_lost_cancellation_is_sent_again(step: MakeStep, kind: Any) -> None:
    """A cancellation whose answer is lost is sent again until it is known to have been taken."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault(kind, method="DELETE", seconds=1))
    ending = abort(made, 20)
    assert (ending.outcome, later(made, ending)) == ("cancelled", ["cancelled"])
    assert len(made.calls("DELETE")) >= 2


@pytest.mark.parametrize("code", [404, 409, 429, 500])
def test_a_cancellation_that_is_never_taken(step: MakeStep, code: int) -> None:
    """Where the cancellation is never taken, the outcome is unknown, and the post step tries again."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault("status", method="DELETE", code=code, until=100, count=None))
    ending = abort(made, 20)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    said = "not seen to be cancelled" if code == 500 else "could not be cancelled"
    assert said in ending.outputs["reason"]
    made.clean_up(ending.state)
    assert later(made, ending) == ["cancelled"]


@pytest.mark.parametrize("code", [401, 402, 403])
def test_a_token_that_may_not_cancel(step: MakeStep, code: int) -> None:
    """A refused cancellation is asked for again before it is believed."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault("status", method="DELETE", code=code, count=None))
    ending = abort(made, 20)
    assert (ending.outcome, len(made.calls("DELETE"))) == ("unknown", 3)


def test_a_cancelled_record_may_disappear(step: MakeStep) -> None:
    """A deployment whose cancellation was taken and whose record has gone is called cancelled."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault("hide_deployments", after=20.3))
    ending = abort(made, 20)
    assert (ending.outcome, later(made, ending)) == ("cancelled", ["cancelled"])


def test_as_asked_nothing_is_cancelled(step: MakeStep) -> None:
    """With cancel_on_abort false the deployment goes on, and the run says so at once."""
    made = step(behaviour=LONG)
    ending = abort(made, 20, cancel_on_abort="false")
    assert (ending.outcome, ending.status, made.calls("DELETE")) == ("unknown", 1, [])
    assert "goes on (cancel_on_abort is false)" in ending.outputs["reason"]
    made.clean_up(ending.state)
    assert (made.calls("DELETE"), later(made, ending)) == ([], ["success"])


@pytest.mark.parametrize("shape", ["async_action_id", "async_action_id_null", "action_id_as_id"])
def test_where_two_could_be_ours_none_is_cancelled(step: MakeStep, shape: Any) -> None:
    """Where it can't be told which deployment is ours, nobody's is cancelled."""
    clock = EventClock()
    made = step(clock=clock, behaviour=Behaviour(post_shape=shape, duration_seconds=1000))
    clock.plan(0.26, lambda: made.simulator.request_deployment(via="api", user="ci@example.com"))
    ending = abort(made, 20)
    assert (ending.outcome, made.calls("DELETE"), later(made, ending)) == ("unknown", [], ["success"])
    assert "which deployment is ours is not known, so none was cancelled" in ending.outputs["reason"]


@pytest.mark.parametrize("at", [1.0, 3.0, 5.0])
@pytest.mark.parametrize("delay", [0.0, 8.0])
def test_the_number_of_our_action_is_nobody_elses_deployment(step: MakeStep, at: float, delay: float) -> None:
    """Where the answer's id is our action's and somebody else's deployment has that number, theirs is left alone."""
    clock = EventClock()
    behaviour = Behaviour(post_shape="action_id_as_id", action_record_delay_seconds=delay, duration_seconds=1000)
    made = step(clock=clock, behaviour=behaviour)
    made.simulator.next_action_id = made.simulator.next_deployment_id + 1
    clock.plan(0.5, lambda: made.simulator.request_deployment(via="api", user="ann@example.com"))
    ending = abort(made, at)
    assert all(one.cancel_at is None for one in made.simulator.all_deployments() if one.user == "ann@example.com")
    assert ending.outputs["deployment_id"] in {"", str(made.mine(ending)[0].id)}


@pytest.mark.parametrize("others", ["api", "web"])
def test_an_abort_after_others_came(step: MakeStep, others: Any) -> None:
    """Deployments that others ask for after ours are left alone by an abort."""
    clock = EventClock()
    made = step(clock=clock, behaviour=Behaviour(post_shape="async_action_id", duration_seconds=1000))
    clock.plan(10, lambda: made.simulator.request_deployment(via=others, user="ann@example.com"))
    ending = abort(made, 20)
    assert (ending.outcome, later(made, ending)) == ("cancelled", ["cancelled"])


def test_the_ids_are_kept_after_an_abort(step: MakeStep) -> None:
    """What is known of our deployment is in the outputs after an abort."""
    made = step(behaviour=LONG)
    ending = abort(made, 20)
    [mine] = made.mine(ending)
    assert ending.outputs["deployment_id"] == str(mine.id)
    assert json.loads(ending.outputs["deployment"])["id"] == mine.id


@pytest.mark.parametrize("queued", [False, True])
def test_cancel_on_timeout(step: MakeStep, queued: bool) -> None:
    """With cancel_on_timeout, what has not ended by the timeout is cancelled; it stays a timeout."""
    made = step(behaviour=LONG)
    if queued:
        made.simulator.request_deployment(duration=1000)
    ending = made.run(timeout="5m", queue_timeout="1m", cancel_on_timeout="true")
    assert (ending.outcome, ending.status, later(made, ending)) == ("timed_out", 1, ["cancelled"])
    assert "was cancelled" in ending.outputs["reason"]
    assert ending.seconds <= (60 if queued else 300) + 25


def test_cancel_on_timeout_that_comes_too_late(step: MakeStep) -> None:
    """What ends by itself while it is being cancelled is told as it ended, with its commit checked."""
    made = step(behaviour=Behaviour(duration_seconds=62))
    made.simulator.faults.append(Fault("status", method="DELETE", code=409, count=None))
    assert made.run(timeout="1m", cancel_on_timeout="true").outcome == "success"
    made = step(behaviour=Behaviour(duration_seconds=62))
    made.simulator.faults.append(Fault("status", method="DELETE", code=409, count=None))
    assert made.run(timeout="1m", cancel_on_timeout="true", expected_commit="a" * 40).outcome == "failed"


def test_cancel_on_timeout_that_fails(step: MakeStep) -> None:
    """A deployment that can't be cancelled at the timeout is said to go on, in time."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault("timeout_undone", method="DELETE", count=None))
    ending = made.run(timeout="1m", cancel_on_timeout="true")
    assert ending.outcome == "timed_out"
    assert "not seen to be cancelled" in ending.outputs["reason"]
    assert ending.seconds <= 60 + 30 + 25


def test_cancel_on_timeout_of_a_success_that_is_not_sure(step: MakeStep) -> None:
    """A deployment whose action never agreed with its success doesn't turn green at the timeout."""
    behaviour = Behaviour(fate="action_failed", duration_seconds=30, action_finish_lag_seconds=600)
    ending = step(behaviour=behaviour).run(timeout="1m", cancel_on_timeout="true")
    assert (ending.outcome, ending.status) == ("timed_out", 1)


def test_a_lost_cancellation_that_took_is_one(step: MakeStep) -> None:
    """A cancellation whose answer is lost, and that took, is called one however Cloud 66 shows it."""
    for cancelled_as in get_args(CancelledAs):
        made = step(behaviour=Behaviour(duration_seconds=1000, cancelled_as=cancelled_as, cancel_takes_seconds=0))
        made.simulator.faults.append(Fault("lost_done", method="DELETE"))
        assert abort(made, 20).outcome == "cancelled"


@pytest.mark.parametrize("at", [20.0, 1e9])
@pytest.mark.parametrize("fate", ["success", "failed"])
def test_a_number_proves_nothing_where_actions_cannot_be_read(step: MakeStep, at: float, fate: Any) -> None:
    """Where the answer's id may be that of an action nobody can read, a new deployment of that number is not ours."""
    clock = EventClock()
    unreadable = Fault("status", method="GET", path="/actions", code=403, count=None)
    made = step(clock=clock, faults=[unreadable], behaviour=Behaviour(post_shape="action_id_as_id", fate=fate))
    made.simulator.next_action_id = made.simulator.next_deployment_id + 1
    clock.plan(0.3, lambda: made.simulator.request_deployment(via="api", user="ann@example.com"))
    ending = made.run(abort_at=at, timeout="3m")
    assert ending.outcome in {"unknown", "timed_out"}
    assert (made.calls("DELETE"), ending.outputs["deployment_id"]) == ([], "")


def test_both_of_ours_are_seen_to_at_an_abort(step: MakeStep) -> None:
    """Where a POST went through twice, an abort cancels both deployments, or says that one is left."""
    made = step(behaviour=LONG)
    made.simulator.faults.append(Fault("late", method="POST", seconds=70))
    ending = abort(made, 70.3)
    assert later(made, ending) == ["cancelled", "cancelled"] or "Scheduled twice" in "".join(ending.warnings)


def test_an_abort_just_after_the_end_waits_for_the_action(step: MakeStep) -> None:
    """Where the deployment has ended and its action lags behind, an abort looks on instead of giving up."""
    made = step(behaviour=Behaviour(duration_seconds=20, action_finish_lag_seconds=6))
    ending = made.run(abort_at=23)
    assert (ending.outcome, made.calls("DELETE")) == ("success", [])
