"""What is done where the stack is deploying already, through the whole step: queue, fail, skip, cancel."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from cases import ANN, CI, MINE, SHAPES, Case, MakeStep, Played, play, stage
from cloud66_simulator import Fault
from elsewhere import rows

SETTLE = 15.0
NOTHING = "No deployment was started."
STRANGER = "It wasn't started by this repository, so it was not cancelled."
DELETE = partial(Fault, method="DELETE")
CANCEL = {"on_busy": "cancel"}
TWO_MINUTES = CANCEL | {"timeout": "2m"}
WHOSE = {"a stranger's": ANN, "one of ours": MINE}


def busy(*asked: dict[str, Any], lasts: float = 600, **case: Any) -> Case:
    """Make a case whose stack is deploying since a minute."""
    others = [(0.0, {"duration": lasts} | one) for one in asked]
    given: dict[str, Any] = {"inputs": CANCEL, "head_start": 60.0, "deletes": 1} | case
    return Case(others=(*others, *given.pop("others", ())), **given)


def stood_back(step: MakeStep, case: Case, outcome: str = "failed", *words: str) -> Played:
    """Play a case in which nothing is asked for and nothing cancelled, and the reason says so."""
    played = play(step, replace(case, outcome=outcome, posts=0, ours=0, deletes=0, says=(NOTHING, *words)))
    assert "run" not in played.ending.state
    return played


@pytest.mark.parametrize("on_busy", ["queue", "fail", "cancel"])
def test_a_free_stack_is_deployed_at_once(step: MakeStep, on_busy: str) -> None:
    """Whatever on_busy says, a free stack is deployed, without a pause before."""
    assert play(step, Case(inputs={"on_busy": on_busy})).times("POST")[0] < 1


@rows("asked", WHOSE)
def test_what_is_done_about_one_that_runs(step: MakeStep, asked: dict[str, Any]) -> None:
    """By default ours waits behind whatever deploys; with fail and skip nothing is asked for, and whose it is said."""
    played = play(step, busy(asked, lasts=90, inputs={}, deletes=0))
    assert played.theirs[0].final_fate == "success"
    for on_busy, outcome in (("fail", "failed"), ("skip", "skipped")):
        words = f"Deployment 108 is deploying, started by {asked['user']}."
        played = stood_back(step, busy(asked, inputs={"on_busy": on_busy}), outcome, words)
        assert ("Re-run this job when the stack is free" in "".join(played.ending.errors)) is (on_busy == "fail")


@pytest.mark.parametrize(("on_busy", "outcome"), [("skip", "skipped"), ("cancel", "failed")])
def test_one_that_is_only_queued_counts(step: MakeStep, on_busy: str, outcome: str) -> None:
    """A redeploy whose deployment has no record yet keeps the stack busy, too."""
    dials = {"deployment_record_delay_seconds": 300}
    case = Case(dials=dials, others=((0, ANN | {"duration": 600}),), inputs={"on_busy": on_busy})
    stood_back(step, case, outcome, "A redeploy (stack action 40) is queued, started by ann@example.com.")


@rows("asked", {
    "by the web": ANN,
    "that looks like ours": MINE | {"user_reference": "1-1-c2160039a2ba9b49-by-hand"},
    "of another repository": MINE | {"user_reference": "1-1-636d98db9a84698b-0123456789abcdef"},
})  # fmt: skip
def test_a_stranger_is_never_cancelled(step: MakeStep, asked: dict[str, Any]) -> None:
    """A deployment without a reference of this repository is left alone, unless `cancel_any` is written out."""
    stood_back(step, replace(busy(asked), advises="cancel_any"), "failed", "Deployment 108 is deploying", STRANGER)
    assert play(step, busy(asked, inputs={"on_busy": "cancel_any"})).theirs[0].final_fate == "cancelled"


@pytest.mark.parametrize("name", ["acme/awesome-2", ""])
def test_a_repository_whose_name_is_the_beginning_of_another(step: MakeStep, name: str) -> None:
    """A run of acme/awesome doesn't cancel what acme/awesome-2 deploys, nor the other way round."""
    made, _ = stage(step, busy(MINE))
    ending = made.run(on_busy="cancel", environ={"GITHUB_REPOSITORY": name})
    assert (ending.outcome, made.calls("POST"), made.calls("DELETE")) == ("failed", [], [])


LATE_RECORDS = ((0, CI | {"duration": 300, "record_delays": (0.0, 9.0)}), (0, MINE | {"record_delays": (9.0, 0.0)}))


@rows("case, words", {
    "a stranger's whose action is late": (Case(others=LATE_RECORDS, inputs=CANCEL), "Deployment 108 is deploying"),
    "another of ours runs by then": (
        busy(MINE, lasts=70, others=((71.0, MINE | {"duration": 600}),)), "Deployment 109 is deploying"
    ),
})  # fmt: skip
def test_what_is_cancelled_is_looked_at_twice(step: MakeStep, case: Case, words: str) -> None:
    """Before a deployment is cancelled, late records get some seconds to show whose it is; any doubt spares it."""
    stood_back(step, case, "failed", words)


@pytest.mark.parametrize(("shape", "how"), [(SHAPES[0], "cancelled"), (SHAPES[2], "failed"), (SHAPES[3], "null")])
def test_cancel_makes_way_for_ours(step: MakeStep, shape: Any, how: Any) -> None:
    """With on_busy cancel, one of this repository is cancelled, and only when it is over is ours asked for."""
    dials = {"post_shape": shape, "cancelled_as": how, "cancel_takes_seconds": 20}
    played = play(step, busy(MINE, dials=dials, logs=("Making way. Deployment 108 was cancelled.",)))
    [theirs], [mine] = played.theirs, played.mine
    assert theirs.final_fate == "cancelled"
    assert theirs.ends_at <= mine.requested_at <= theirs.ends_at + 5
    assert played.times("DELETE")[0] >= 60 + SETTLE


SLOW = (Fault("slow", method="GET", path=r"/deployments/\d+$", seconds=2), DELETE("status", code=409, until=77))


@rows("case, fates", {
    "what came meanwhile is not ours": (
        busy(
            MINE, others=((76.0, CI | {"fate": "failed", "duration": 5.0}),),
            dials={"post_shape": "async_action_id", "duration_seconds": 30},
        ),
        ["cancelled", "failed"],
    ),
    "it ends while it is looked at": (busy(MINE, lasts=70, deletes=0), ["success"]),
    "it ends well before the cancellation arrives": (
        busy(MINE, lasts=77, faults=SLOW, deletes=None, logs=("deployment 108 had already succeeded",)), ["success"]
    ),
    "a cancellation is lost": (busy(MINE, faults=(DELETE("lost_undone"),), deletes=None), ["cancelled"]),
    "nothing runs that could be cancelled": (
        Case(
            others=((0, MINE | {"duration": 100}),), dials={"deployment_record_delay_seconds": 30}, inputs=CANCEL,
            logs=("Nothing is running that could be cancelled",),
        ),
        ["success"],
    ),
})  # fmt: skip
def test_ours_is_asked_for_once_way_is_made(step: MakeStep, case: Case, fates: list[str]) -> None:
    """However theirs comes to its end, ours is deployed after it."""
    assert [one.final_fate for one in play(step, case).theirs] == fates


@rows("case", {
    **{
        f"{code}": busy(
            MINE, outcome=outcome, faults=(DELETE("status", code=code, count=None),), says=(f"deployment 108 {said}",),
            inputs=TWO_MINUTES, seconds=(0, 150),
        )
        for code, outcome, said in (
            (401, "failed", "could not be cancelled"),
            (409, "timed_out", "could not be cancelled"),
            (500, "timed_out", "may not have been cancelled"),
        )
    },
    "a cancellation that never takes": busy(
        MINE, outcome="timed_out", dials={"cancel_takes_seconds": 10_000}, inputs=TWO_MINUTES,
        says=("accepted the cancellation of deployment 108, which hasn't finished yet",), seconds=(0, 150),
    ),
    "a cancellation that takes longer than way is made": busy(
        MINE, outcome="failed", dials={"cancel_takes_seconds": 10_000}, seconds=(300, 400)
    ),
    "its record disappears": busy(MINE, outcome="failed", faults=(Fault("hide_deployments", after=75.3),)),
    "the stack can't be read after it": busy(
        MINE, outcome="timed_out", inputs=TWO_MINUTES,
        faults=(Fault("status", method="GET", path="/deployments$", code=500, after=76.0, count=None),),
    ),
    "the timeout is nearer than the second look": busy(
        MINE, outcome="timed_out", inputs=CANCEL | {"timeout": "10s", "poll_interval": "5s"}, seconds=(0, 40)
    ),
})  # fmt: skip
def test_nothing_is_scheduled_where_no_way_is_made(step: MakeStep, case: Case) -> None:
    """Where theirs can't be cancelled, or can't be seen to be over, nothing of ours is scheduled."""
    play(step, replace(case, posts=0, ours=0, deletes=None, says=(NOTHING, *case.says)))


@pytest.mark.parametrize(("at", "cancel_on_abort"), [(5.0, "true"), (17.0, "false"), (40.0, "true")])
def test_an_abort_while_theirs_is_being_cancelled(step: MakeStep, at: float, cancel_on_abort: str) -> None:
    """A workflow cancelled before ours was asked for schedules nothing, and leaves nothing to the post step."""
    inputs = CANCEL | {"cancel_on_abort": cancel_on_abort}
    case = busy(MINE, outcome="cancelled", inputs=inputs, dials={"cancel_takes_seconds": 100}, abort_at=at)
    played = play(step, replace(case, posts=0, ours=0, deletes=None, says=(NOTHING,)))
    assert "run" not in played.ending.state
    assert (played.theirs[0].cancel_at is None) is (at < SETTLE)
