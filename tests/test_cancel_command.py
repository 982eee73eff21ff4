"""`command: cancel`: one deployment, and no other, until it took; what was over already is said, and no error."""

from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import pytest

from campaign import EventClock
from cloud66_redeploy.api.client import Client
from cloud66_redeploy.model.records import Deployment
from cloud66_simulator import Behaviour, Fault
from cloud66_simulator.behaviour import CancelledAs
from elsewhere import ABORT_SECONDS, CI, asked, cancelled, check, fate
from harness import Ending, Step

MakeStep = Callable[..., Step]
BY = [{"user_reference": "mine"}, {"deployment_id": "108"}, {"user_reference": "mine", "deployment_id": "108"}, {}]
IDS = ["reference", "id", "both", "none"]
LONG = 1000.0


def cancel(made: Step, **inputs: Any) -> Ending:
    """Cancel, and check what always holds: green if it is over."""
    ending = made.run(command="cancel", **inputs)
    check(made, ending, as_asked=ending.outcome in {"cancelled", "failed"})
    assert ending.outputs["results"] == ""
    return ending


@pytest.mark.parametrize("by", BY, ids=IDS)
@pytest.mark.parametrize("cancelled_as", get_args(CancelledAs))
@pytest.mark.parametrize("takes", [0.0, 40.0])
def test_the_one_that_runs(step: MakeStep, by: dict[str, str], cancelled_as: Any, takes: float) -> None:
    """The one that runs is cancelled and looked at until that took; others that wait are left alone."""
    made = step(behaviour=Behaviour(cancelled_as=cancelled_as, cancel_takes_seconds=takes))
    mine = asked(made, duration=LONG)
    behind = made.simulator.request_deployment(duration=LONG)
    ending = cancel(made, **by)
    assert (ending.outcome, ending.outputs["reason"]) == ("cancelled", "As asked; deployment 108 was cancelled.")
    assert (cancelled(made), len(made.calls("DELETE")), behind.cancelled) == (["108"], 1, False)
    # By its reference alone it is inferred, and others get the time to show.
    settles = 0 if "deployment_id" in by else 20
    assert takes <= ending.seconds <= takes + 10 + settles
    assert mine.ends_at <= made.clock.now()
    assert "Next:" not in ending.summary


@pytest.mark.parametrize("by", [{"user_reference": "mine"}, {"deployment_id": "109"}], ids=["reference", "id"])
def test_one_that_waits(step: MakeStep, by: dict[str, str]) -> None:
    """One that waits behind another is taken out of the queue, and the other goes on."""
    made = step()
    ahead = made.simulator.request_deployment(duration=LONG, user="ann@example.com")
    asked(made)
    ending = cancel(made, **by)
    assert (ending.outcome, cancelled(made), ahead.cancelled) == ("cancelled", ["109"], False)


@pytest.mark.parametrize("by", BY[1:3], ids=IDS[1:3])
@pytest.mark.parametrize(
    ("how", "outcome", "words"),
    [
        ("success", "success", "had already succeeded"),
        ("failed", "failed", "Deployment 108 failed"),
        ("cancelled", "cancelled", "was cancelled already"),
        ("odd", "failed", "it was over already"),
        ("reverted", "failed", "Deployment 108 was reverted by"),
    ],
)
def test_what_was_over_is_said(step: MakeStep, by: dict[str, str], how: Any, outcome: str, words: str) -> None:
    """What had ended before is told as it ended; that is no error, and nothing is sent."""
    made = step()
    asked(made, fate=how, ago=100)
    ending = cancel(made, **by)
    assert (ending.outcome, ending.status, cancelled(made)) == (outcome, 0, [])
    assert words in ending.outputs["reason"]
    assert ending.seconds < 20


@pytest.mark.parametrize(("how", "outcome"), [("success", "success"), ("failed", "failed"), ("odd", "failed")])
def test_what_was_over_by_its_reference_alone(step: MakeStep, how: Any, outcome: str) -> None:
    """One that had ended before is found by its reference, too, and nothing is sent."""
    made = step()
    asked(made, fate=how, ago=100)
    ending = cancel(made, user_reference="mine")
    assert (ending.outcome, ending.status, cancelled(made)) == (outcome, 0, [])


@pytest.mark.parametrize("ended", [True, False])
def test_nothing_is_running(step: MakeStep, ended: bool) -> None:
    """Where nothing was named and nothing runs there is nothing to do, which is green."""
    made = step()
    if ended:
        asked(made, ago=100)
    ending = cancel(made)
    assert (ending.outcome, ending.status, cancelled(made)) == ("skipped", 0, [])
    assert "not deploying, so nothing was cancelled" in ending.outputs["reason"]


def test_several_that_run(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should more than one be running, none is cancelled unless its id is given."""
    deployments = Client.deployments

    def twins(self: Client) -> list[Deployment]:
        found = deployments(self)
        return [Deployment.from_json({**found[0].record, "id": 999}), *found]

    monkeypatch.setattr(Client, "deployments", twins)
    made = step()
    asked(made, duration=LONG)
    ending = cancel(made)
    assert (ending.outcome, ending.status, cancelled(made)) == ("unknown", 1, [])
    assert "The deployments 999 and 108 are running, so none was cancelled." in ending.outputs["reason"]
    assert "give deployment_id" in ending.errors[0]
    assert cancel(made, deployment_id="108").outcome == "cancelled"


def test_a_shared_reference(step: MakeStep) -> None:
    """Where two deployments carry the reference, none is cancelled, and the advice is to give the id."""
    made = step()
    first, second = asked(made, duration=LONG), asked(made, duration=LONG)
    ending = cancel(made, user_reference="mine")
    assert (ending.outcome, ending.status, cancelled(made)) == ("unknown", 1, [])
    assert "Several deployments carry the reference mine, so which one is meant" in ending.outputs["reason"]
    assert "Nothing was cancelled." in ending.outputs["reason"]
    assert (ending.seconds < 10, first.cancelled, second.cancelled) == (True, False, False)
    ending = cancel(made, deployment_id=str(first.id))
    assert (ending.outcome, cancelled(made)) == ("cancelled", [str(first.id)])


@pytest.mark.parametrize("via", ["web", "hook", "api"])
def test_somebody_elses_is_never_touched(step: MakeStep, via: Any) -> None:
    """Who gives a reference that nothing carries cancels nothing, whatever else runs."""
    made = step()
    theirs = made.simulator.request_deployment(via=via, user="ann@example.com", duration=LONG)
    ending = cancel(made, user_reference="mine")
    assert (ending.outcome, ending.status, cancelled(made), theirs.cancelled) == ("unknown", 1, [], False)
    assert 60 <= ending.seconds <= 70


@pytest.mark.parametrize("wrong", ["107", "109"])
def test_an_id_that_does_not_go_with_the_reference(step: MakeStep, wrong: str) -> None:
    """Where the id is another deployment's than the reference's, neither is cancelled."""
    made = step()
    asked(made, duration=LONG)
    made.simulator.request_deployment(duration=LONG, user="ann@example.com")
    ending = cancel(made, user_reference="mine", deployment_id=wrong, timeout="2m")
    assert (ending.outcome, ending.status, cancelled(made)) == ("unknown", 1, [])


def test_an_id_that_is_not_there(step: MakeStep) -> None:
    """An id that the stack doesn't have is unknown after a minute."""
    made = step()
    ending = cancel(made, deployment_id="9999")
    assert (ending.outcome, 60 <= ending.seconds <= 70, cancelled(made)) == ("unknown", True, [])
    assert "The stack has no deployment 9999" in ending.outputs["reason"]


def test_one_that_just_ended(step: MakeStep) -> None:
    """A cancellation declined because the deployment has just ended leads to its true end, which is no error."""
    made = step()
    asked(made, duration=6)
    made.simulator.faults.append(Fault("status", method="DELETE", code=409, count=1))
    ending = cancel(made, deployment_id="108")
    assert (ending.outcome, ending.status) == ("success", 0)
    assert cancelled(made) == ["108"]


@pytest.mark.parametrize("code", [409, 429, 500, 503])
def test_a_cancellation_declined_for_a_while(step: MakeStep, code: int) -> None:
    """A cancellation that is declined is asked for again until it is taken."""
    made = step()
    asked(made, duration=LONG)
    made.simulator.faults.append(Fault("status", method="DELETE", code=code, until=100, count=None))
    ending = cancel(made, user_reference="mine")
    assert (ending.outcome, ending.seconds >= 90) == ("cancelled", True)


@pytest.mark.parametrize("kind", ["lost_done", "lost_undone", "timeout_done", "timeout_undone", "late"])
def test_a_lost_cancellation(step: MakeStep, kind: Any) -> None:
    """A cancellation whose answer is lost is seen to have taken, or sent again."""
    made = step()
    asked(made, duration=LONG)
    made.simulator.faults.append(Fault(kind, method="DELETE", seconds=5, count=3))
    ending = cancel(made, user_reference="mine")
    assert (ending.outcome, cancelled(made)) == ("cancelled", ["108"])


@pytest.mark.parametrize("kind", ["status", "timeout_undone", "refuse"])
def test_a_cancellation_that_is_never_taken(step: MakeStep, kind: Any) -> None:
    """Where it is never taken, it is unknown and red at the timeout."""
    made = step()
    mine = asked(made, duration=LONG)
    made.simulator.faults.append(Fault(kind, method="DELETE", count=None))
    ending = cancel(made, user_reference="mine", timeout="2m")
    assert (ending.outcome, ending.status, mine.cancelled) == ("unknown", 1, False)
    said = "could not be cancelled" if kind == "refuse" else "was not seen to be cancelled; whether the cancellation"
    assert f"As asked, but the redeploy (probably deployment 108) {said}" in ending.outputs["reason"]
    assert 115 <= ending.seconds <= 120 + 30.1


def test_a_cancellation_that_does_not_take_in_time(step: MakeStep) -> None:
    """A cancellation that was taken but has not taken effect by the timeout is a timeout, and red."""
    made = step(behaviour=Behaviour(cancel_takes_seconds=1e6))
    asked(made, duration=1e6)
    ending = cancel(made, user_reference="mine", timeout="1m")
    assert (ending.outcome, ending.status, cancelled(made)) == ("timed_out", 1, ["108"])
    assert "which is not over yet" in ending.outputs["reason"]
    assert 60 <= ending.seconds <= 61


@pytest.mark.parametrize("code", [401, 402, 403])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_refusal_ends_it(step: MakeStep, code: int, method: str) -> None:
    """A token that may not look or not cancel ends it within seconds, red."""
    made = step()
    mine = asked(made, duration=LONG)
    made.simulator.faults.append(Fault("status", method=method, code=code, count=None))
    ending = cancel(made, user_reference="mine")
    # What is only inferred is not cancelled before it has been the only candidate for 15 s.
    soon = ending.seconds < (9 if method == "GET" else 30)
    assert (ending.outcome, ending.status, mine.cancelled, soon) == ("unknown", 1, False, True)


def test_a_list_that_is_refused(step: MakeStep) -> None:
    """Where the stack's deployments are refused, nothing can be chosen."""
    made = step()
    asked(made, duration=LONG)
    made.simulator.faults.append(Fault("status", method="GET", path="/deployments", code=403, skip=1, count=None))
    ending = cancel(made)
    assert (ending.outcome, cancelled(made)) == ("unknown", [])
    assert "lacks the scope 'public'" in ending.errors[0]


@pytest.mark.parametrize("at", [0.0, 0.07, 0.12, 0.2, 0.26, 0.3, 0.5, 3.0, 10.0, 50.0])
@pytest.mark.parametrize("takes", [2.0, 1000.0])
def test_an_abort_in_the_middle(step: MakeStep, at: float, takes: float) -> None:
    """A workflow that is cancelled meanwhile ends the step in time; what is said of the cancellation is true."""
    made = step(behaviour=Behaviour(cancel_takes_seconds=takes))
    mine = asked(made, duration=LONG)
    ending = made.run(command="cancel", user_reference="mine", abort_at=at)
    assert ending.seconds <= at + ABORT_SECONDS
    check(made, ending, as_asked=ending.status == 0)
    if ending.status == 0:
        assert (ending.outcome, takes) == ("cancelled", 2.0)
    elif ending.outcome == "cancelled":
        assert mine.cancelled
    else:
        assert ending.outcome == "unknown"
    assert "it changed nothing" not in ending.outputs["reason"] or not made.calls("DELETE")
    assert "Nothing is left" in made.clean_up(ending.state).log


def test_another_who_cancels_meanwhile(step: MakeStep) -> None:
    """Where somebody else cancels the same deployment first, it is cancelled all the same."""
    clock = EventClock()
    made = step(clock=clock)
    mine = asked(made, duration=LONG)
    made.simulator.faults.append(Fault("status", method="DELETE", code=429, count=None))
    clock.plan(20, partial(made.simulator.cancel, 108))
    assert (cancel(made, deployment_id="108").outcome, fate(made, mine)) == ("cancelled", "cancelled")


def test_one_that_fails_while_the_cancellation_is_lost(step: MakeStep) -> None:
    """Where no cancellation is known to have arrived, one that fails by itself is not called cancelled."""
    made = step()
    mine = asked(made, fate="failed", duration=30)
    made.simulator.faults.append(Fault("lost_undone", method="DELETE", count=None))
    ending = cancel(made, deployment_id=str(mine.id))
    assert (ending.outcome, mine.cancel_at) == ("failed", None)
    assert "the answer to the cancellation was lost" in ending.outputs["reason"]


def test_a_stranger_whose_record_shows_first_is_not_cancelled(step: MakeStep) -> None:
    """By a reference alone nothing is cancelled before late records have had their time to show."""
    made = step(behaviour=Behaviour(deployment_record_delay_seconds=9))
    theirs = made.simulator.request_deployment(duration=LONG, record_delays=(0.0, 4.0), **CI)
    asked(made, duration=LONG, ago=0)
    cancel(made, user_reference="mine", timeout="2m")
    assert not theirs.cancelled
