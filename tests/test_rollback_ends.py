"""What can become of a rollback itself, and of a workflow that is cancelled during it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault
from harness import OUTPUTS, Ending, Step

MakeStep = Callable[..., Step]
FETCH: dict[str, Any] = {"git_ref": "v1", "rollback": "true"}
AT_ITS_POST = 31.0
"""Until when its POST has left, where ours runs for 20 s: the end is looked for within seconds."""


def broken(step: MakeStep, *then: str, **behaviour: Any) -> Step:
    """Make a step whose deployment fails; `then` is how the rollback ends."""
    dials: dict[str, Any] = {"duration_seconds": 20, "fates": ("failed", *then)} | behaviour
    return step(clock=EventClock(), behaviour=Behaviour(**dials))


def go(made: Step, **inputs: Any) -> tuple[Ending, list[Any]]:
    """Run the step; return its end, which is that of a failure, and the rollbacks that there truly are."""
    ending = made.run(**(FETCH | inputs))
    made.clock.advance(120)
    [mine] = made.mine(ending)
    assert (ending.outcome, ending.status, len(ending.errors), set(ending.outputs)) == ("failed", 1, 1, OUTPUTS)
    assert re.search(f"eployment {mine.id} (had already )?failed", ending.outputs["reason"])
    assert mine.cancel_at is None
    return ending, made.simulator.deployments_of(f"{ending.outputs['user_reference']}/rollback")


def its_outcome(ending: Ending, back: list[Any]) -> str:
    """Return the rollback's outcome; its id is told, and a commit is not called live again."""
    assert ending.outputs["rolled_back_to"] == ""
    assert ending.outputs["rollback_deployment_id"] in {"", *(str(one.id) for one in back)}
    return ending.outputs["rollback_outcome"]


@pytest.mark.parametrize(
    ("fate", "outcome", "words"),
    [
        ("failed", "failed", "failed."),
        ("cancelled", "cancelled", "was cancelled in Cloud 66, not by this workflow."),
        ("reverted", "failed", "was reverted by colleague@example.com"),
        ("odd", "failed", "failed."),
        ("action_failed", "failed", "says success, but action 41"),
    ],
)
def test_a_rollback_that_goes_wrong(step: MakeStep, fate: str, outcome: str, words: str) -> None:
    """A rollback that fails or is cancelled is told with its own outcome, and is not rolled back itself."""
    made = broken(step, fate)
    ending, [back] = go(made)
    assert its_outcome(ending, [back]) == outcome
    assert f"The rollback to commit {back.git_hash}: Deployment {back.id} {words}" in ending.outputs["reason"]
    assert len(made.calls("POST")) == 2
    assert "Last lines of the stack's log after the rollback" in ending.log


@pytest.mark.parametrize(
    ("kind", "posts"),
    [("lost_done", 1), ("timeout_done", 1), ("late", 1), ("lost_undone", 2), ("timeout_undone", 2), ("refuse", 2)],
)
def test_a_lost_post_of_a_rollback_is_one_rollback(step: MakeStep, kind: Any, posts: int) -> None:
    """Whatever becomes of the rollback's POST, there is exactly one rollback."""
    made = broken(step)
    made.simulator.faults.append(Fault(kind, method="POST", skip=1, seconds=45))
    ending, [back] = go(made)
    assert ending.outputs["rollback_outcome"] == "success"
    assert (ending.outputs["rolled_back_to"], len(made.calls("POST"))) == (back.git_hash, 1 + posts)


def test_a_rollback_that_may_not_be_there(step: MakeStep) -> None:
    """Where its answers are lost for good, nobody claims to know whether there was a rollback."""
    made = broken(step)
    made.simulator.faults.append(Fault("lost_undone", method="POST", skip=1, count=None))
    ending, back = go(made)
    assert (back, its_outcome(ending, back), len(made.calls("POST"))) == ([], "unknown", 3)


@pytest.mark.parametrize(("code", "outcome"), [(400, "failed"), (403, "failed"), (409, "timed_out")])
def test_a_rollback_that_is_refused(step: MakeStep, code: int, outcome: str) -> None:
    """Where Cloud 66 refuses the rollback, none was scheduled, and the failure stays one."""
    made = broken(step)
    made.simulator.faults.append(Fault("status", method="POST", code=code, skip=1, count=None))
    ending, back = go(made, timeout="3m")
    assert (back, its_outcome(ending, back)) == ([], outcome)
    assert "Nothing was scheduled." in ending.outputs["reason"]


@pytest.mark.parametrize("cancels", ["true", "false"])
def test_a_rollback_that_times_out(step: MakeStep, cancels: str) -> None:
    """A rollback has a timeout of its own, as long as the first one's, and is cancelled at it where so asked."""
    made = broken(step, duration_seconds=50)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(40, lambda: made.simulator.behaviour.update({"duration_seconds": 500}))
    ending, [back] = go(made, timeout="1m", cancel_on_timeout=cancels)
    assert its_outcome(ending, [back]) == "timed_out"
    assert (back.final_fate == "cancelled") is (cancels == "true")
    assert 110 <= ending.seconds <= 50 + 20 + 60 + 35


def test_a_rollback_that_deploys_another_commit(step: MakeStep) -> None:
    """A rollback is one only if the very commit was deployed."""
    made = broken(step)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(10, lambda: setattr(made.simulator, "hash_of", lambda *_: "f" * 40))
    ending, [back] = go(made)
    assert its_outcome(ending, [back]) == "failed"
    assert f"commit {'f' * 40} was deployed" in ending.outputs["reason"]


def test_a_rollback_that_is_overtaken(step: MakeStep) -> None:
    """A rollback that went live and was overtaken is a success, and a notice names what went live after it."""
    made = broken(step)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(
        10, lambda: made.simulator.behaviour.update({"overtaken_after_seconds": 0.0, "duration_seconds": 8})
    )
    made.simulator.faults.append(Fault("slow", method="GET", path=r"/deployments/\d+$", after=32, seconds=15))
    ending, _ = go(made)
    assert ending.outputs["rollback_outcome"] == "success"
    assert ["went live after it" in one for one in ending.notices] == [True]


@pytest.mark.parametrize("at", [20.3, 21.0, 35.0, 45.0])
@pytest.mark.parametrize("lag", [0.0, 12.0])
def test_an_abort_before_and_during_the_rollback(step: MakeStep, at: float, lag: float) -> None:
    """A workflow cancelled around a rollback leaves none running: none is asked for, or it alone is cancelled."""
    made = broken(step, duration_seconds=20, action_finish_lag_seconds=lag)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(19, lambda: made.simulator.behaviour.update({"duration_seconds": 500}))
    ending, back = go(made, abort_at=at)
    backs, deleted = {str(one.id) for one in back}, {path.rpartition("/")[2] for path in made.calls("DELETE")}
    assert [one.final_fate for one in back] == ["cancelled"] * len(back)
    # An abort that comes before the failure is seen is about the first one, which is over.
    assert backs <= deleted <= backs | {ending.outputs["deployment_id"]}
    assert (its_outcome(ending, back) == "cancelled") or not back
    assert ending.seconds <= at + 7


def test_an_abort_during_the_rollbacks_post(step: MakeStep) -> None:
    """A rollback whose POST is on its way when the workflow is cancelled is found and cancelled."""
    made = broken(step, duration_seconds=20)
    made.simulator.faults.append(Fault("slow", method="POST", skip=1, seconds=8))
    assert isinstance(made.clock, EventClock)
    made.clock.plan(19, lambda: made.simulator.behaviour.update({"duration_seconds": 500}))
    ending, [back] = go(made, abort_at=AT_ITS_POST - 3)
    assert (its_outcome(ending, [back]), back.final_fate) == ("cancelled", "cancelled")


def test_an_abort_before_the_rollbacks_post(step: MakeStep) -> None:
    """Where the rollback's POST was declined all the time, an abort leaves nothing scheduled, and says so."""
    made = broken(step)
    made.simulator.faults.append(Fault("status", method="POST", code=409, skip=1, count=None))
    ending, back = go(made, abort_at=50)
    assert (back, its_outcome(ending, back)) == ([], "cancelled")
    assert "cancelled before the redeploy request. Nothing was scheduled." in ending.outputs["reason"]


def test_as_asked_a_rollback_goes_on(step: MakeStep) -> None:
    """With cancel_on_abort false a rollback goes on, also after the timeout of the first had something cancelled."""
    made = broken(step, duration_seconds=62)
    made.simulator.faults.append(Fault("status", method="DELETE", code=409, count=None))
    ending, [back] = go(made, timeout="1m", cancel_on_timeout="true", cancel_on_abort="false", abort_at=90)
    assert (its_outcome(ending, [back]), back.final_fate) == ("unknown", "success")
    assert "goes on (cancel_on_abort is false)" in ending.outputs["reason"]


def test_a_step_killed_during_its_rollback(step: MakeStep) -> None:
    """The post step of a step that was killed as it rolled back cancels the rollback, and nothing else."""
    made = broken(step)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(19, lambda: made.simulator.behaviour.update({"duration_seconds": 500}))
    ending = made.run(**FETCH, abort_at=50, cancel_on_abort="false")
    [kept] = json.loads(ending.state["run"])
    after = made.clean_up({"run": json.dumps([kept | {"cancel_on_abort": True}])}, **FETCH)
    [back] = made.simulator.deployments_of(kept["request"]["reference"])
    assert (back.final_fate, made.mine(ending)[0].cancel_at) == ("cancelled", None)
    assert len(made.calls("DELETE")) == 1
    assert f"deployment {back.id} was cancelled" in after.log


@pytest.mark.parametrize("mode", ["live", "never", "on_failure"])
def test_the_logs_of_both(step: MakeStep, mode: str) -> None:
    """The log's last lines are shown for the failure and, in a group of its own, for a rollback that fails."""
    made = broken(step, "failed", log_lines_per_second=0.5)
    ending, _ = go(made, log=mode)
    shown = "Last lines of the stack's log after the rollback" in ending.log
    assert shown is (mode != "never")
    if mode == "live":
        assert ending.log.count("Starting deployment 109") >= 1


def test_a_workflow_cancelled_while_it_is_looked_back(step: MakeStep) -> None:
    """A workflow that is cancelled before it is known where to go back to goes nowhere, and says so."""
    made = broken(step, action_finish_lag_seconds=60)
    ending, back = go(made, abort_at=AT_ITS_POST)
    assert (back, ending.outputs["rollback_outcome"]) == ([], "skipped")
    assert "Not rolled back: the workflow was cancelled." in ending.outputs["reason"]
