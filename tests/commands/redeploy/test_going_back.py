"""A rollback through the whole step: when there is one, that there is one at most, and what becomes of it."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from cases import CI, FETCH, SHAPES, Case, MakeStep, Played, broken, event, play, stage
from cloud66_redeploy.commands import rollback as room
from cloud66_redeploy.tracking.observer import Observer
from cloud66_simulator import Fault
from elsewhere import rows

ROLLBACK_POST = partial(Fault, method="POST", skip=1)
GET = partial(Fault, method="GET", count=None)
WEB: dict[str, Any] = {"user": "web@example.com", "via": "web"}
DECLINED = ROLLBACK_POST("status", code=409, count=3)


def told(played: Played) -> list[str]:
    """Return what the outputs tell of the rollback."""
    return [played.ending.outputs[name] for name in ("rollback_outcome", "rollback_deployment_id", "rollback_commit")]


def went(step: MakeStep, case: Case, *staged: Any) -> Played:
    """Play a case that rolls back, successfully, to what was live before."""
    played = play(step, replace(case, posts=None), *staged)
    [mine], [back] = played.mine, played.backs
    assert told(played) == ["success", str(back.id), back.git_hash]
    assert back.requested_at >= mine.ends_at
    return played


def stayed(step: MakeStep, case: Case, why: str, *staged: Any) -> Played:
    """Play a case that rolls nothing back and says why; `why` is "" where there was no question."""
    says, hides = ((f"Not rolled back: {why}",), ()) if why else ((), ("Not rolled back",))
    played = play(step, replace(case, posts=None, says=says, hides=hides), *staged)
    assert (played.backs, told(played)) == ([], ["skipped" if why else "", "", ""])
    return played


@pytest.mark.parametrize(("shape", "lag"), [(SHAPES[0], 0.0), (SHAPES[-1], 8.0)])
def test_after_a_failure_what_was_live_is_deployed_again(step: MakeStep, shape: str, lag: float) -> None:
    """After a failure the last live commit is deployed again; the job stays red and tells of both."""
    played = went(step, broken(dials={"post_shape": shape, "action_finish_lag_seconds": lag}))
    [mine], [back], ending = played.mine, played.backs, played.ending
    live = played.made.simulator.all_deployments()[11].git_hash
    assert back.git_hash == back.git_ref == live
    assert (ending.outputs["deployment_id"], ending.outputs["git_hash"]) == (str(mine.id), mine.git_hash)
    assert ending.outputs["reason"] == f"Deployment {mine.id} failed. Rolled back to commit {live}."
    assert f"Deployment 107 was live before, with commit {live}." in ending.log
    assert ("ended" in ending.state, len(played.times("POST"))) == (True, 2)
    assert (ending.ever("rollback_outcome"), ending.ever("rollback_commit")) == ({"", "success"}, {"", live})


@rows("case", {
    "it shows late": broken(
        dials={"duration_seconds": 0},
        others=((0.0, WEB | {"git_ref": "v2", "fate": "success", "duration": 1.0, "record_delays": (12.0, 0.0)}),),
    ),
    "ours waited for it": broken(others=((0.0, {"git_ref": "v2", "duration": 60}),)),
})  # fmt: skip
def test_what_went_live_just_before_ours_is_gone_back_to(step: MakeStep, case: Case) -> None:
    """What somebody else brought live right before ours ran is what was live before ours."""
    played = went(step, case)
    assert played.backs[0].git_hash == played.theirs[0].git_hash


def test_an_action_that_never_ends_is_not_waited_for(step: MakeStep) -> None:
    """An action that stays open after its deployment has failed delays a rollback by some seconds only."""
    assert 35 <= went(step, broken(dials={"action_finish_lag_seconds": 500})).times("POST")[1] <= 45


OTHER_COMMIT = {"expected_commit": "a" * 40}


def test_another_commit_than_the_expected_one_is_rolled_back(step: MakeStep) -> None:
    """A success with another commit than the expected one is gone back from, unless that was live before."""
    went(step, broken(first="success", inputs=OTHER_COMMIT))
    same = "deployment 107, which was live before, has the same"
    stayed(step, broken(first="success", inputs=OTHER_COMMIT | {"git_ref": "main"}), same)


@rows("case, why", {
    "unasked": (broken(inputs={"rollback": "false"}), ""),
    "after a failed action": (broken(first="action_failed"), "its record says success, so it may be live."),
    "after a cancellation shown as a failure, its action later": (
        # Looked at often: the failure is seen well before the action ends, whatever the jitter.
        broken(
            first="cancelled", inputs={"poll_interval": "5s"},
            dials={"cancelled_as": "failed", "action_finish_lag_seconds": 12.0},
        ),
        "it may have been cancelled.",
    ),
    "after a timeout": (
        broken(
            outcome="timed_out", dials={"duration_seconds": 300}, inputs={"timeout": "1m", "cancel_on_timeout": "true"}
        ),
        "",
    ),
    **{
        f"after a cancellation of its own, {lost} of its answers lost": (
            broken(
                first="success", dials={"duration_seconds": 300, "cancelled_as": "failed", "text": "said"} | takes,
                inputs={"timeout": "1m", "cancel_on_timeout": "true"},
                faults=(Fault("lost_done", method="DELETE", count=lost),),
            ),
            "it may have been cancelled.",
        )
        for lost, takes in ((3, {}), (1, {"cancel_takes_seconds": 0.5}))
    },
    "where it was refused": (broken(ours=0, faults=(Fault("status", method="POST", code=400),)), ""),
    "where the failed one isn't known": (
        broken(
            dials={"post_shape": "async_action_id"}, others=((0.26, CI | {"git_ref": "v1", "duration": 20.0}),)
        ),
        "the failed deployment couldn't be identified.",
    ),
    "over one that waits without a record": (
        broken(others=((15, {"record_delays": (100.0, 0.0)}),)), "a redeploy (stack action 41) was requested after it."
    ),
    "over one that begins at the last moment": (broken(others=((20.3, {}),)), "deployment 109 came after it."),
})  # fmt: skip
def test_what_has_not_surely_failed_is_not_rolled_back(step: MakeStep, case: Case, why: str) -> None:
    """Nothing is rolled back unasked, without a sure failure, over what came after it, or to what is not known."""
    stayed(step, case, why)


def test_nothing_goes_over_what_came_while_it_was_not_taken(step: MakeStep) -> None:
    """Where the request is declined at first, a colleague who has answered the failure by then is not passed over."""
    stayed(step, broken(faults=(DECLINED,), others=((25.5, {"git_ref": "hotfix"}),)), "deployment 109 came after it")


def test_nothing_goes_over_what_came_while_the_answer_was_lost(step: MakeStep) -> None:
    """A lost request is not sent again over a colleague's deployment; whether it was scheduled stays unknown."""
    lost = broken(faults=(ROLLBACK_POST("lost_undone"),), others=((50, {"git_ref": "hotfix"}),), posts=2)
    played = play(step, replace(lost, says=("may or may not have been scheduled",)))
    assert (played.backs, told(played)[0]) == ([], "unknown")


def test_another_good_one_by_now(step: MakeStep) -> None:
    """Where another deployment is the one to go back to before the request is sent again, it is not sent."""
    made, theirs = stage(step, case := broken(faults=(DECLINED,)))
    event(made, 25.5, lambda: made.simulator.revert(107))
    stayed(step, case, "another deployment is the last good one now", made, theirs)


@rows("fault, why", {
    "its deployments": (GET("status", path="/deployments$", code=403, skip=3), "the stack couldn't be read"),
    "its actions": (GET("status", path="/actions$", code=403, skip=3), "the stack's actions can't be read"),
    "its deployments, later": (GET("status", path="/deployments$", code=403, skip=4), "the stack couldn't be read"),
})  # fmt: skip
def test_a_stack_that_cannot_be_read(step: MakeStep, fault: Fault, why: str) -> None:
    """Where the stack's lists can't be read anew, or once more before it is sent again, nothing is rolled back."""
    stayed(step, broken(faults=(DECLINED, fault)), why)


@pytest.mark.parametrize("fault", [ROLLBACK_POST("lost_done"), ROLLBACK_POST("late_status", seconds=1, code=409)])
@pytest.mark.parametrize("aborts", [False, True])
def test_a_request_that_shows_at_the_last_moment(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, fault: Fault, *, aborts: bool
) -> None:
    """One that shows after it was taken for absent, just before it would be sent again, is not, and is this run's."""
    monkeypatch.setattr(Observer, "read_action", lambda _: None)
    monkeypatch.setattr(Observer, "sees_more_deployments_than_actions", lambda _: False)
    case = broken(faults=(fault,), logs=("It went through (stack action 41). Not sending it again.",), posts=2)
    if not aborts:
        went(step, case)
        return
    made, theirs = stage(step, replace(case, abort_at=150))
    event(made, 19, lambda: made.simulator.behaviour.update({"duration_seconds": 500}))
    played = play(step, replace(case, abort_at=150), made, theirs)
    assert (told(played)[0], played.backs[0].final_fate) == ("cancelled", "cancelled")


def test_a_reference_serves_one_rollback(step: MakeStep) -> None:
    """A second run with the same reference, after a first one that rolled back, rolls back no more."""
    made = went(step, broken("success", "failed", inputs={"user_reference": "prod"})).made
    ending = made.next_step().run(**FETCH, user_reference="prod")
    assert "a rollback with the reference prod/rollback was requested before" in ending.outputs["reason"]
    assert (len(made.simulator.deployments_of("prod/rollback")), len(made.calls("POST"))) == (1, 3)


def test_a_fault_of_ours_before_the_rollback(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the choice schedules nothing, and leaves the failure a failure."""
    monkeypatch.setattr(room, "choose", lambda *_: [].pop())
    stayed(step, broken(), "the step ended before that.")
