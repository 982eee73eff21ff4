"""What is done where the stack is deploying already, through the whole step: queue, fail, skip, cancel."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from cases import ANN, CI, MINE, SHAPES, Case, MakeStep, Played, play, stage
from cloud66_simulator import Fault

EVERY = ["queue", "fail", "skip", "cancel", "cancel_any"]
SETTLE = 15.0
NOTHING = "No deployment was started."
QUEUED = "A redeploy (stack action 40) is queued, triggered by ann@example.com."
STRANGER = "It wasn't started by this repository, so it was not cancelled."
DELETE = partial(Fault, method="DELETE")
CANCEL = {"on_busy": "cancel"}
ANY = {"on_busy": "cancel_any"}


def busy(*asked: dict[str, Any], lasts: float = 600, **case: Any) -> Case:
    """Make a case whose stack is deploying since a minute."""
    others = [(0.0, {"duration": lasts} | one) for one in asked]
    given: dict[str, Any] = {"inputs": CANCEL, "head_start": 60.0, "deletes": 1} | case
    return Case(others=(*others, *given.pop("others", ())), **given)


def stood_back(step: MakeStep, case: Case, outcome: str = "failed", *words: str) -> Played:
    """Play a case in which nothing is asked for and nothing cancelled, and the reason says so."""
    played = play(step, replace(case, outcome=outcome, posts=0, ours=0, deletes=0, says=(NOTHING, *words)))
    assert "run" not in played.ending.state
    assert "Asking Cloud 66" not in played.ending.log
    return played


@pytest.mark.parametrize("on_busy", EVERY)
def test_a_free_stack_is_deployed_at_once(step: MakeStep, on_busy: str) -> None:
    """Whatever on_busy says, a free stack is deployed, without a pause before."""
    assert play(step, Case(inputs={"on_busy": on_busy})).times("POST")[0] < 1


@pytest.mark.parametrize("asked", [ANN, MINE], ids=["a stranger's", "one of ours"])
def test_queue_waits_behind(step: MakeStep, asked: dict[str, Any]) -> None:
    """With on_busy queue, the default, ours waits behind whatever deploys."""
    played = play(step, busy(asked, inputs={"on_busy": "queue" if asked is ANN else ""}, deletes=0))
    assert played.theirs[0].final_fate == "success"


@pytest.mark.parametrize("asked", [ANN, MINE], ids=["a stranger's", "one of ours"])
@pytest.mark.parametrize(("on_busy", "outcome"), [("fail", "failed"), ("skip", "skipped")])
def test_fail_and_skip_leave_the_stack_alone(step: MakeStep, on_busy: str, outcome: str, asked: dict[str, Any]) -> None:
    """With fail and skip nothing is asked for, and the reason says whose deployment runs."""
    words = f"Deployment 108 is deploying, triggered by {asked['user']}."
    played = stood_back(step, busy(asked, inputs={"on_busy": on_busy}), outcome, words)
    assert ("Re-run this job when the stack is free" in "".join(played.ending.errors)) is (on_busy == "fail")


@pytest.mark.parametrize(("on_busy", "outcome"), [("fail", "failed"), ("skip", "skipped"), ("cancel", "failed")])
def test_one_that_is_only_queued_counts(step: MakeStep, on_busy: str, outcome: str) -> None:
    """A redeploy whose deployment has no record yet keeps the stack busy, too."""
    dials = {"deployment_record_delay_seconds": 300}
    case = Case(dials=dials, others=((0, ANN | {"duration": 600}),), inputs={"on_busy": on_busy})
    stood_back(step, case, outcome, QUEUED)


STRANGE = {
    "by the web": ANN,
    "without a reference": CI,
    "with a given reference": MINE | {"user_reference": "prod"},
    "that looks like ours": MINE | {"user_reference": "1-1-c2160039a2ba9b49-by-hand"},
    "of another repository": MINE | {"user_reference": "1-1-636d98db9a84698b-0123456789abcdef"},
    "of another server": MINE | {"user_reference": "1-1-b4886a1c48c8911a-0123456789abcdef"},
}


@pytest.mark.parametrize("asked", STRANGE.values(), ids=STRANGE)
def test_a_stranger_is_never_cancelled(step: MakeStep, asked: dict[str, Any]) -> None:
    """A deployment without a reference of this repository is left alone, unless `cancel_any` is written out."""
    stood_back(step, replace(busy(asked), advises="cancel_any"), "failed", "Deployment 108 is deploying", STRANGER)
    assert play(step, busy(asked, inputs=ANY)).theirs[0].final_fate == "cancelled"


@pytest.mark.parametrize("name", ["acme/awesome-2", "acme/awesom", ""])
def test_a_repository_whose_name_is_the_beginning_of_another(step: MakeStep, name: str) -> None:
    """A run of acme/awesome doesn't cancel what acme/awesome-2 deploys, nor the other way round."""
    made, _ = stage(step, busy(MINE))
    ending = made.run(on_busy="cancel", environ={"GITHUB_REPOSITORY": name})
    assert (ending.outcome, made.calls("POST"), made.calls("DELETE")) == ("failed", [], [])


LATE_RECORDS = ((0, CI | {"duration": 300, "record_delays": (0.0, 9.0)}), (0, MINE | {"record_delays": (9.0, 0.0)}))
NEXT = ((71.0, MINE | {"duration": 600}),)
DOUBTS = {
    "a stranger's whose action is late": (Case(others=LATE_RECORDS, inputs=CANCEL), "Deployment 108 is deploying"),
    "another one runs by then": (busy(MINE, lasts=70, others=NEXT), "Deployment 109 is deploying"),
}


@pytest.mark.parametrize(("case", "words"), DOUBTS.values(), ids=DOUBTS)
def test_what_is_cancelled_is_looked_at_twice(step: MakeStep, case: Case, words: str) -> None:
    """Before a deployment is cancelled, late records get some seconds to show whose it is; any doubt spares it."""
    stood_back(step, case, "failed", words)
    played = play(step, busy(MINE))
    assert played.times("DELETE")[0] >= 60 + SETTLE


SHOWN = [*((shape, "cancelled") for shape in SHAPES), *((SHAPES[2], how) for how in ("failed", "null", "null_code"))]


@pytest.mark.parametrize(("shape", "cancelled_as"), SHOWN)
def test_cancel_makes_way_for_ours(step: MakeStep, shape: Any, cancelled_as: Any) -> None:
    """With on_busy cancel, one of this repository is cancelled, and only when it is over is ours asked for."""
    dials = {"post_shape": shape, "cancelled_as": cancelled_as, "cancel_takes_seconds": 20}
    played = play(step, busy(MINE, dials=dials, logs=("Making way. Deployment 108 was cancelled.",)))
    [theirs], [mine] = played.theirs, played.mine
    assert theirs.final_fate == "cancelled"
    assert theirs.ends_at <= mine.requested_at <= theirs.ends_at + 5


FAILS = CI | {"fate": "failed", "duration": 5.0}
SLOW = (Fault("slow", method="GET", path=r"/deployments/\d+$", seconds=2), DELETE("status", code=409, until=77))
WAYS = {
    "what came meanwhile is not ours": (
        busy(MINE, others=((76.0, FAILS),), dials={"post_shape": "async_action_id", "duration_seconds": 30}),
        ["cancelled", "failed"],
    ),
    "a stranger's that waits goes first": (busy(MINE, ANN | {"duration": 30}), ["cancelled", "success"]),
    "it ends while it is looked at": (busy(MINE, lasts=70, deletes=0), ["success"]),
    "it ends well before the cancellation arrives": (
        busy(MINE, lasts=77, faults=SLOW, deletes=None, logs=("deployment 108 had already succeeded",)),
        ["success"],
    ),
    "it fails before the cancellation arrives": (
        busy(MINE | {"fate": "failed"}, lasts=77, faults=SLOW, deletes=None, logs=("Deployment 108 failed.",)),
        ["failed"],
    ),
    **{
        f"a cancellation is {kind}": (busy(MINE, faults=(DELETE(kind, seconds=8),), deletes=None), ["cancelled"])
        for kind in ("lost_done", "lost_undone", "timeout_undone", "late", "slow")
    },
    **{
        f"nothing runs that could be cancelled ({on_busy})": (
            Case(
                others=((0, MINE | {"duration": 100}),), dials={"deployment_record_delay_seconds": 30},
                inputs={"on_busy": on_busy}, logs=("Nothing is running that could be cancelled",),
            ),
            ["success"],
        )
        for on_busy in ("cancel", "cancel_any")
    },
}  # fmt: skip


@pytest.mark.parametrize(("case", "fates"), WAYS.values(), ids=WAYS)
def test_ours_is_asked_for_once_way_is_made(step: MakeStep, case: Case, fates: list[str]) -> None:
    """However theirs comes to its end, ours is deployed after it."""
    assert [one.final_fate for one in play(step, case).theirs] == fates


def unreadable(after: float, code: int) -> tuple[Fault, ...]:
    """Make the stack's deployments unreadable from a moment on."""
    return (Fault("status", method="GET", path="/deployments$", code=code, after=after, count=None),)


IN_VAIN = {
    **{
        f"{code} to {on_busy}": busy(
            MINE, outcome=outcome, faults=(DELETE("status", code=code, count=None),), says=(f"deployment 108 {said}",),
            inputs={"on_busy": on_busy, "timeout": "2m"}, seconds=(0, 150),
        )
        for on_busy, code, outcome, said in (
            ("cancel", 401, "failed", "could not be cancelled"),
            ("cancel_any", 403, "failed", "could not be cancelled"),
            ("cancel", 404, "timed_out", "could not be cancelled"),
            ("cancel_any", 409, "timed_out", "could not be cancelled"),
            ("cancel", 500, "timed_out", "may not have been cancelled"),
        )
    },
    "a cancellation that never takes": busy(
        MINE, outcome="timed_out", dials={"cancel_takes_seconds": 10_000}, inputs=CANCEL | {"timeout": "2m"},
        says=("accepted the cancellation of deployment 108, which hasn't finished yet",), seconds=(0, 150),
    ),
    "its record disappears": busy(
        MINE, outcome="failed", faults=(Fault("hide_deployments", after=75.3),), inputs=CANCEL | {"timeout": "5m"}
    ),
    "they are refused before it": busy(MINE, outcome="failed", faults=unreadable(65.0, 401)),
    "they are refused after it": busy(MINE, outcome="failed", faults=unreadable(76.0, 401)),
    "they can't be read after it": busy(
        MINE, outcome="timed_out", faults=unreadable(76.0, 500), inputs=CANCEL | {"timeout": "2m"}
    ),
    "the timeout is nearer than the second look": busy(
        MINE, outcome="timed_out", inputs=CANCEL | {"timeout": "10s", "poll_interval": "5s"}, seconds=(0, 40)
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_VAIN.values(), ids=IN_VAIN)
def test_nothing_is_scheduled_where_no_way_is_made(step: MakeStep, case: Case) -> None:
    """Where theirs can't be cancelled, or can't be seen to be over, nothing of ours is scheduled."""
    play(step, replace(case, posts=0, ours=0, deletes=None, says=(NOTHING, *case.says)))


@pytest.mark.parametrize(("at", "cancel_on_abort"), [(5.0, "true"), (15.3, "false"), (17.0, "true"), (40.0, "false")])
def test_an_abort_while_theirs_is_being_cancelled(step: MakeStep, at: float, cancel_on_abort: str) -> None:
    """A workflow cancelled before ours was asked for schedules nothing, and leaves nothing to the post step."""
    inputs = CANCEL | {"cancel_on_abort": cancel_on_abort}
    case = busy(MINE, outcome="cancelled", inputs=inputs, dials={"cancel_takes_seconds": 100}, abort_at=at)
    played = play(step, replace(case, posts=0, ours=0, deletes=None, says=(NOTHING,)))
    assert "run" not in played.ending.state
    assert (played.theirs[0].cancel_at is None) is (at < SETTLE + 0.4)  # the calls before it


def test_an_abort_after_ours_was_asked_for(step: MakeStep) -> None:
    """A workflow cancelled once ours runs cancels ours alone."""
    case = busy(MINE, outcome="cancelled", dials={"duration_seconds": 300}, abort_at=60, deletes=2)
    assert play(step, case).mine[0].final_fate == "cancelled"
