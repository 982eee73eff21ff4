"""What is done where the stack is deploying already, through the whole step: queue, fail, skip, cancel."""

from collections.abc import Callable
from typing import Any

import pytest

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault
from harness import Ending, Step

MakeStep = Callable[..., Step]
OURS = "1-1-c2160039a2ba9b49-0123456789abcdef"
ANN: dict[str, Any] = {"user": "ann@example.com", "via": "web"}
MINE: dict[str, Any] = {"user": "ci@example.com", "via": "api", "user_reference": OURS}
EVERY = ["queue", "fail", "skip", "cancel", "cancel: any"]
SETTLE = 15.0


def busy(step: MakeStep, *asked: dict[str, Any], seconds: float = 600, **behaviour: Any) -> tuple[Step, list[Any]]:
    """Make a step whose stack is deploying since a minute, and what deploys there."""
    made = step(clock=EventClock(), behaviour=Behaviour(**behaviour))
    theirs = [made.simulator.request_deployment(**{"duration": seconds} | one) for one in asked]
    made.clock.advance(60)
    return made, theirs


def stood_back(made: Step, ending: Ending, outcome: str, *words: str) -> None:
    """Assert that nothing was asked for and nothing cancelled, and that the reason says so."""
    assert (ending.outcome, ending.status) == (outcome, 0 if outcome == "skipped" else 1)
    assert (made.calls("POST"), made.calls("DELETE"), made.mine(ending)) == ([], [], [])
    for one in ("Nothing was scheduled.", *words):
        assert one in ending.outputs["reason"]
    assert (len(ending.errors), "run" in ending.state) == (ending.status, False)
    assert "Asking Cloud 66" not in ending.log


def deployed(made: Step, ending: Ending) -> None:
    """Assert that ours was deployed, once."""
    assert (ending.outcome, ending.status, len(made.calls("POST"))) == ("success", 0, 1)
    assert [str(one.id) for one in made.mine(ending)] == [ending.outputs["deployment_id"]]


@pytest.mark.parametrize("on_busy", EVERY)
def test_a_free_stack_is_deployed_at_once(step: MakeStep, on_busy: str) -> None:
    """Whatever on_busy says, a free stack is deployed, without a pause before."""
    made = step()
    ending = made.run(on_busy=on_busy)
    deployed(made, ending)
    assert [one.time - made.simulator.started < 1 for one in made.simulator.requests if one.method == "POST"] == [True]


@pytest.mark.parametrize("asked", [ANN, MINE])
@pytest.mark.parametrize("on_busy", ["queue", ""])
def test_queue_waits_behind(step: MakeStep, on_busy: str, asked: dict[str, Any]) -> None:
    """With on_busy queue, the default, ours waits behind whatever deploys."""
    made, [theirs] = busy(step, asked)
    ending = made.run(on_busy=on_busy)
    deployed(made, ending)
    assert (theirs.final_fate, made.calls("DELETE")) == ("success", [])


@pytest.mark.parametrize("asked", [ANN, MINE])
@pytest.mark.parametrize(("on_busy", "outcome"), [("fail", "failed"), ("skip", "skipped")])
def test_fail_and_skip_leave_the_stack_alone(step: MakeStep, on_busy: str, outcome: str, asked: dict[str, Any]) -> None:
    """With fail and skip nothing is asked for, and the reason says whose deployment runs."""
    made, [theirs] = busy(step, asked)
    ending = made.run(on_busy=on_busy)
    stood_back(made, ending, outcome, f"Deployment {theirs.id} is deploying, triggered by {asked['user']}.")
    assert ("Run this again when the stack is free" in "".join(ending.errors)) is (on_busy == "fail")


@pytest.mark.parametrize("on_busy", ["fail", "skip", "cancel"])
def test_one_that_is_only_queued_counts(step: MakeStep, on_busy: str) -> None:
    """A redeploy whose deployment has no record yet keeps the stack busy, too."""
    made = step(behaviour=Behaviour(deployment_record_delay_seconds=300))
    made.simulator.request_deployment(duration=600, **ANN)
    ending = made.run(on_busy=on_busy)
    outcome = "skipped" if on_busy == "skip" else "failed"
    stood_back(made, ending, outcome, "A redeploy (action 40) is queued, triggered by ann@example.com.")


@pytest.mark.parametrize("on_busy", ["cancel", "cancel: any"])
def test_what_is_only_queued_is_waited_for(step: MakeStep, on_busy: str) -> None:
    """Where nothing runs that could be cancelled, nothing is, and ours waits behind what is queued."""
    made = step(behaviour=Behaviour(deployment_record_delay_seconds=30))
    theirs = made.simulator.request_deployment(duration=100, **MINE)
    ending = made.run(on_busy=on_busy)
    deployed(made, ending)
    assert (theirs.final_fate, made.calls("DELETE")) == ("success", [])
    assert "Nothing runs that could be cancelled, so ours will wait behind it" in ending.log


@pytest.mark.parametrize("on_busy", ["fail", "skip", "cancel", "cancel: any"])
def test_a_record_left_lying_does_not_keep_it_busy(step: MakeStep, on_busy: str) -> None:
    """A record that never ended, of before later deployments, is passed over."""
    made = step()
    [lying] = [one for one in made.simulator.all_deployments() if one.id == 100]
    lying.ends_at = float("inf")
    ending = made.run(on_busy=on_busy)
    deployed(made, ending)
    assert made.calls("DELETE") == []


@pytest.mark.parametrize("shape", ["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"])
@pytest.mark.parametrize("cancelled_as", ["cancelled", "failed", "null", "null_code"])
def test_cancel_makes_way_for_ours(step: MakeStep, shape: Any, cancelled_as: Any) -> None:
    """With on_busy cancel, one of this repository is cancelled, and only when it is over is ours asked for."""
    made, [theirs] = busy(step, MINE, post_shape=shape, cancelled_as=cancelled_as, cancel_takes_seconds=20)
    ending = made.run(on_busy="cancel")
    deployed(made, ending)
    [mine] = made.mine(ending)
    assert (theirs.final_fate, len(made.calls("DELETE"))) == ("cancelled", 1)
    assert theirs.ends_at <= mine.requested_at <= theirs.ends_at + 5
    assert f"Making way; deployment {theirs.id} was cancelled." in ending.log


def test_what_is_cancelled_is_looked_at_twice(step: MakeStep) -> None:
    """Before a deployment is cancelled, late records get some seconds to show whose it is."""
    made, _ = busy(step, MINE)
    made.run(on_busy="cancel")
    [sent] = [one.time for one in made.simulator.requests if one.method == "DELETE"]
    assert sent - made.simulator.started - 60 >= SETTLE


def test_the_baseline_is_taken_after_the_cancellation(step: MakeStep) -> None:
    """What came while theirs was being cancelled is not taken for ours."""
    made, _ = busy(step, MINE, post_shape="async_action_id", duration_seconds=30)
    assert isinstance(made.clock, EventClock)
    same: dict[str, Any] = {"user": "ci@example.com", "via": "api", "fate": "failed", "duration": 5.0}
    made.clock.plan(76, lambda: made.simulator.request_deployment(**same))
    ending = made.run(on_busy="cancel")
    deployed(made, ending)


def test_ours_runs_and_a_stranger_waits(step: MakeStep) -> None:
    """Ours is cancelled though a stranger's waits behind it; theirs is left alone and goes first."""
    made, [mine, theirs] = busy(step, MINE, ANN | {"duration": 30})
    ending = made.run(on_busy="cancel")
    deployed(made, ending)
    assert (mine.final_fate, theirs.final_fate) == ("cancelled", "success")


STRANGE = [
    ANN,
    {"user": "ci@example.com", "via": "api"},
    MINE | {"user_reference": "prod"},
    MINE | {"user_reference": "1-1-c2160039a2ba9b49-by-hand"},
    MINE | {"user_reference": "1-1-636d98db9a84698b-0123456789abcdef"},
    MINE | {"user_reference": "1-1-b4886a1c48c8911a-0123456789abcdef"},
]


@pytest.mark.parametrize("asked", STRANGE)
def test_a_stranger_is_never_cancelled(step: MakeStep, asked: dict[str, Any]) -> None:
    """With plain cancel, a deployment without a reference of this repository is left alone, and the run fails."""
    made, [theirs] = busy(step, asked)
    ending = made.run(on_busy="cancel")
    strange = "It carries no reference of this repository that could be told, so it was not cancelled."
    stood_back(made, ending, "failed", f"Deployment {theirs.id} is deploying", strange)
    assert "cancel: any" in "".join(ending.errors)


def test_a_repository_whose_name_is_the_beginning_of_another(step: MakeStep) -> None:
    """A run of acme/awesome doesn't cancel what acme/awesome-2 deploys, nor the other way round."""
    made, _ = busy(step, MINE)
    for name in ("acme/awesome-2", "acme/awesom", ""):
        stood_back(made, made.run(on_busy="cancel", environ={"GITHUB_REPOSITORY": name}), "failed")


@pytest.mark.parametrize("asked", [*STRANGE, MINE])
def test_any_is_cancelled_where_that_is_written_out(step: MakeStep, asked: dict[str, Any]) -> None:
    """With cancel: any, whatever runs is cancelled first."""
    made, [theirs] = busy(step, asked)
    ending = made.run(on_busy="cancel: any")
    deployed(made, ending)
    assert theirs.final_fate == "cancelled"


def test_a_stranger_whose_action_is_late(step: MakeStep) -> None:
    """Where a stranger's deployment shows first, and of ours only the action, none is cancelled."""
    made = step(clock=EventClock())
    theirs = made.simulator.request_deployment(user="ci@example.com", via="api", duration=300, record_delays=(0.0, 9.0))
    made.simulator.request_deployment(duration=300, record_delays=(9.0, 0.0), **MINE)
    stood_back(made, made.run(on_busy="cancel"), "failed")
    assert theirs.cancel_at is None


def test_theirs_ends_while_it_is_being_looked_at(step: MakeStep) -> None:
    """Where theirs ends by itself meanwhile, nothing is cancelled, and ours is asked for."""
    made, [theirs] = busy(step, MINE, seconds=70)
    ending = made.run(on_busy="cancel")
    deployed(made, ending)
    assert (theirs.final_fate, made.calls("DELETE")) == ("success", [])


def test_somebody_elses_begins_while_ours_is_being_looked_at(step: MakeStep) -> None:
    """Where another one runs by then, it is not cancelled for the first one's sake."""
    made, [first] = busy(step, MINE, seconds=70)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(71, lambda: made.simulator.request_deployment(duration=600, **MINE))
    stood_back(made, made.run(on_busy="cancel"), "failed", f"Deployment {first.id + 1} is deploying")


@pytest.mark.parametrize("fate", ["success", "failed"])
def test_theirs_ends_before_the_cancellation_arrives(step: MakeStep, fate: str) -> None:
    """Where theirs is over as the cancellation arrives, that is said, and ours is asked for."""
    made, [theirs] = busy(step, MINE | {"fate": fate}, seconds=77)
    made.simulator.faults.append(Fault("slow", method="GET", path=r"/deployments/\d+$", seconds=2))
    made.simulator.faults.append(Fault("status", method="DELETE", code=409, until=77))
    ending = made.run(on_busy="cancel")
    deployed(made, ending)
    assert theirs.final_fate == fate
    words = f"deployment {theirs.id} had already succeeded" if fate == "success" else f"Deployment {theirs.id} failed."
    assert words in ending.log


@pytest.mark.parametrize("kind", ["lost_done", "lost_undone", "timeout_undone", "late", "slow"])
def test_a_lost_cancellation_is_sent_again(step: MakeStep, kind: Any) -> None:
    """A cancellation whose answer is lost or slow is followed until it took; then ours is asked for."""
    made, [theirs] = busy(step, MINE)
    made.simulator.faults.append(Fault(kind, method="DELETE", seconds=8))
    deployed(made, made.run(on_busy="cancel"))
    assert theirs.final_fate == "cancelled"


@pytest.mark.parametrize("code", [401, 403, 404, 409, 500])
@pytest.mark.parametrize("on_busy", ["cancel", "cancel: any"])
def test_a_cancellation_that_is_refused(step: MakeStep, code: int, on_busy: str) -> None:
    """Where theirs can't be cancelled, nothing of ours is scheduled, and the reason says so."""
    made, [theirs] = busy(step, MINE)
    made.simulator.faults.append(Fault("status", method="DELETE", code=code, count=None))
    ending = made.run(on_busy=on_busy, timeout="2m")
    outcome = "failed" if code in {401, 403} else "timed_out"
    assert (ending.outcome, ending.status, made.mine(ending), theirs.cancel_at) == (outcome, 1, [], None)
    said = "was not seen to be cancelled" if code == 500 else "could not be cancelled"
    assert f"deployment {theirs.id} {said}" in ending.outputs["reason"]
    assert "Nothing was scheduled." in ending.outputs["reason"]
    assert ending.seconds <= 120 + 30


def test_a_cancellation_that_never_takes(step: MakeStep) -> None:
    """Where theirs goes on though the cancellation was taken, nothing of ours is scheduled by the timeout."""
    made, [theirs] = busy(step, MINE, cancel_takes_seconds=10_000)
    ending = made.run(on_busy="cancel", timeout="2m")
    assert (ending.outcome, made.calls("POST"), made.mine(ending)) == ("timed_out", [], [])
    assert f"took the cancellation of deployment {theirs.id}, which is not over yet" in ending.outputs["reason"]
    assert "Nothing was scheduled." in ending.outputs["reason"]
    assert ending.seconds <= 120 + 30


def test_theirs_whose_record_disappears(step: MakeStep) -> None:
    """Where theirs is not there any more to be cancelled, nothing of ours is scheduled."""
    made, _ = busy(step, MINE)
    made.simulator.faults.append(Fault("hide_deployments", after=75.3))
    ending = made.run(on_busy="cancel", timeout="5m")
    assert (ending.outcome, made.calls("POST")) == ("failed", [])
    assert "Nothing was scheduled." in ending.outputs["reason"]


@pytest.mark.parametrize(("after", "code"), [(65.0, 401), (76.0, 401), (76.0, 500)])
def test_a_stack_that_cannot_be_read_any_more(step: MakeStep, after: float, code: int) -> None:
    """Where the stack can't be read anew, before or after the cancellation, nothing of ours is scheduled."""
    made, _ = busy(step, MINE)
    made.simulator.faults.append(
        Fault("status", method="GET", path="^/stacks/[^/]+$", code=code, after=after, count=None)
    )
    ending = made.run(on_busy="cancel", timeout="2m")
    assert (ending.outcome, made.calls("POST")) == ("failed" if code == 401 else "timed_out", [])
    assert "Nothing was scheduled." in ending.outputs["reason"]


@pytest.mark.parametrize("at", [5.0, 15.3, 17.0, 40.0])
@pytest.mark.parametrize("cancel_on_abort", ["true", "false"])
def test_an_abort_while_theirs_is_being_cancelled(step: MakeStep, at: float, cancel_on_abort: str) -> None:
    """A workflow cancelled before ours was asked for schedules nothing, and leaves nothing to the post step."""
    made, [theirs] = busy(step, MINE, cancel_takes_seconds=100)
    ending = made.run(on_busy="cancel", abort_at=at, cancel_on_abort=cancel_on_abort)
    assert (ending.outcome, made.calls("POST"), "run" in ending.state) == ("cancelled", [], False)
    assert "Nothing was scheduled." in ending.outputs["reason"]
    assert (theirs.cancel_at is None) is (at < SETTLE + 0.4)  # the calls before it
    assert {path.rpartition("/")[2] for path in made.calls("DELETE")} <= {str(theirs.id)}


def test_an_abort_after_ours_was_asked_for(step: MakeStep) -> None:
    """A workflow cancelled once ours runs cancels ours alone."""
    made, [theirs] = busy(step, MINE, duration_seconds=300)
    ending = made.run(on_busy="cancel", abort_at=60)
    [mine] = made.mine(ending)
    assert ending.outcome == "cancelled"
    assert [path.rpartition("/")[2] for path in made.calls("DELETE")] == [str(theirs.id), str(mine.id)]


def test_an_end_that_is_nearer_than_the_second_look(step: MakeStep) -> None:
    """With a timeout shorter than the pause before the second look, the run ends in time all the same."""
    made, _ = busy(step, MINE)
    ending = made.run(on_busy="cancel", timeout="10s", poll_interval="5s")
    assert (made.calls("POST"), ending.seconds <= 10 + 30) == ([], True)
