"""What can become of a rollback itself, and of a workflow that is cancelled during it."""

import json
import re
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from cases import FETCH, Case, MakeStep, Played, broken, event, play, stage
from cloud66_simulator import Fault
from elsewhere import rows

POST = partial(Fault, method="POST", skip=1)
AT_ITS_POST = 31.0
"""Until when its POST has left: the end of ours is looked for within seconds."""
LONGER = {"duration_seconds": 500}


def go(step: MakeStep, case: Case, outcome: str, at: float = 19.0, then: dict[str, Any] | None = None) -> Played:
    """Play a case whose dials are turned at a moment; it ends as a failure, its rollback with an outcome."""
    made, theirs = stage(step, case)
    if then:
        event(made, at, lambda: made.simulator.behaviour.update(then))
    played = play(step, replace(case, posts=None), made, theirs)
    [mine], outputs = played.mine, played.ending.outputs
    assert re.search(f"eployment {mine.id} (had already )?failed", outputs["reason"])
    assert (mine.cancel_at, outputs["rollback_outcome"]) == (None, outcome)
    return played


@rows("fate, outcome, words, mode", {
    "it fails": ("failed", "failed", "failed.", "live"),
    "it is cancelled": ("cancelled", "cancelled", "was cancelled in Cloud 66, not by this workflow.", "on_failure"),
    "it is reverted": ("reverted", "failed", "was reverted by colleague@example.com", "never"),
})  # fmt: skip
def test_a_rollback_that_goes_wrong(step: MakeStep, fate: str, outcome: str, words: str, mode: str) -> None:
    """A rollback that fails is told with its own outcome and log, and is not rolled back itself."""
    played = go(step, broken(fate, dials={"log_lines_per_second": 0.5}, inputs={"log": mode}), outcome)
    [back] = played.backs
    said = played.ending.outputs["reason"].partition(f"The rollback to commit {back.git_hash}: ")[2]
    assert said.startswith(f"Deployment {back.id} {words}")
    assert len(played.times("POST")) == 2
    log = played.ending.log
    assert ("Last lines of the stack log after the rollback" in log) is (mode != "never")
    assert ("Starting deployment 109" in log.partition("::group::")[0]) is (mode == "live")


@pytest.mark.parametrize(("kind", "posts"), [("late", 1), ("lost_undone", 2)])
def test_a_lost_post_of_a_rollback_is_one_rollback(step: MakeStep, kind: Any, posts: int) -> None:
    """Whatever becomes of the rollback's POST, there is exactly one rollback."""
    played = go(step, broken(faults=(POST(kind, seconds=45),)), "success")
    assert (len(played.backs), len(played.times("POST"))) == (1, 1 + posts)


@rows("case, outcome, posts", {
    "its answers are lost for good": (broken(faults=(POST("lost_undone", count=None),)), "unknown", 3),
    "it is refused": (
        broken(faults=(POST("status", code=403, count=None),), says=("No deployment was started.",)), "failed", 2
    ),
    "it is declined for good": (
        broken(
            faults=(POST("status", code=409, count=None),), inputs={"timeout": "3m"},
            says=("No deployment was started.",), seconds=(100, 220),
        ),
        "timed_out", None,
    ),
    "an abort while it is declined": (
        broken(
            faults=(POST("status", code=409, count=None),), abort_at=50,
            says=("cancelled before the redeploy request. No deployment was started.",),
        ),
        "cancelled", None,
    ),
    "an abort while it is looked back": (
        broken(
            dials={"action_finish_lag_seconds": 60}, abort_at=AT_ITS_POST,
            says=("Not rolled back: the workflow was cancelled.",),
        ),
        "skipped", 1,
    ),
})  # fmt: skip
def test_a_rollback_that_never_was(step: MakeStep, case: Case, outcome: str, posts: int | None) -> None:
    """Where there was no rollback nobody claims one, and the failure stays a failure."""
    played = go(step, case, outcome)
    assert played.backs == []
    assert posts in {None, len(played.times("POST"))}


@pytest.mark.parametrize("cancels", ["true", "false"])
def test_a_rollback_that_times_out(step: MakeStep, cancels: str) -> None:
    """A rollback has a timeout of its own, as long as the first one's, and is cancelled at it where so asked."""
    inputs = {"timeout": "1m", "cancel_on_timeout": cancels}
    case = broken(dials={"duration_seconds": 50}, inputs=inputs, seconds=(110, 50 + 20 + 60 + 35))
    [back] = go(step, case, "timed_out", 40, LONGER).backs
    assert (back.final_fate == "cancelled") is (cancels == "true")


def test_the_log_after_a_look_that_outlasts_the_timeout(step: MakeStep) -> None:
    """However long the last look of a rollback goes on beyond its timeout, its log is read."""
    slow = Fault("slow", method="GET", path="/deployments/109$", seconds=25, after=50, count=None)
    case = broken(dials={"duration_seconds": 20}, inputs={"timeout": "40s", "poll_interval": "5s"}, faults=(slow,))
    log = go(step, case, "timed_out", 10, LONGER).ending.log
    assert "after the rollback" in log
    assert "Couldn't read the stack log" not in log


def test_lists_that_fail_beyond_the_first_timeout(step: MakeStep) -> None:
    """What a rollback has to read is tried again until its own timeout, not until the first one's."""
    faults = (Fault("status", method="GET", path="/deployments$", code=502, after=40, until=75, count=None),)
    case = broken(dials={"duration_seconds": 50}, inputs={"timeout": "1m"}, faults=faults)
    go(step, case, "success", 40, {"duration_seconds": 10})


def test_a_rollback_that_deploys_another_commit(step: MakeStep) -> None:
    """A rollback is one only if the very commit was deployed."""
    case = broken(says=(f"it deployed commit {'f' * 40}",), posts=2, ours=None)
    made, theirs = stage(step, case)
    event(made, 10, lambda: setattr(made.simulator, "hash_of", lambda *_: "f" * 40))
    played = play(step, case, made, theirs)
    assert (played.ending.outputs["rollback_outcome"], played.ending.outputs["rollback_commit"]) == ("failed", "")


@pytest.mark.parametrize(("at", "lag", "backs"), [(20.3, 0.0, 0), (21.0, 12.0, 0), (35.0, 0.0, 1)])
def test_an_abort_before_and_during_the_rollback(step: MakeStep, at: float, lag: float, backs: int) -> None:
    """A workflow cancelled around a rollback leaves none running: none is asked for, or it alone is cancelled."""
    case = broken(dials={"action_finish_lag_seconds": lag}, abort_at=at, posts=None)
    made, theirs = stage(step, case)
    event(made, 19, lambda: made.simulator.behaviour.update(LONGER))
    played = play(step, case, made, theirs)
    assert [one.final_fate for one in played.backs] == ["cancelled"] * backs
    assert (played.ending.outputs["rollback_outcome"] == "cancelled") is bool(backs)
    deleted = {path.rpartition("/")[2] for path in made.calls("DELETE")}
    # An abort that comes before the failure is seen is about the first one, which is over.
    ids = {str(one.id) for one in played.backs}
    assert ids <= deleted <= ids | {played.ending.outputs["deployment_id"]}


def test_as_asked_a_rollback_goes_on(step: MakeStep) -> None:
    """With cancel_on_abort false a rollback goes on, also after the timeout of the first had something cancelled."""
    inputs = {"timeout": "1m", "cancel_on_timeout": "true", "cancel_on_abort": "false"}
    faults = (Fault("status", method="DELETE", code=409, count=None),)
    says = ("continues (cancel_on_abort is false)",)
    case = broken(dials={"duration_seconds": 62}, inputs=inputs, faults=faults, abort_at=90, says=says)
    assert go(step, case, "unknown").backs[0].final_fate == "success"


def test_a_step_killed_during_its_rollback(step: MakeStep) -> None:
    """The post step of a step that was killed as it rolled back cancels the rollback, and nothing else."""
    case = broken(inputs={"cancel_on_abort": "false"})
    made, _ = stage(step, case)
    event(made, 19, lambda: made.simulator.behaviour.update(LONGER))
    ending = made.run(**case.inputs, abort_at=50)
    [kept] = json.loads(ending.state["run"])
    after = made.clean_up({"run": json.dumps([kept | {"cancel_on_abort": True}])}, **FETCH)
    [back] = made.simulator.deployments_of(kept["request"]["reference"])
    assert (back.final_fate, made.mine(ending)[0].cancel_at, len(made.calls("DELETE"))) == ("cancelled", None, 1)
    assert f"Deployment {back.id} was cancelled" in after.log
