"""Waiting through the whole step: what the records say in every shape, late, hidden or not to be read."""

from dataclasses import dataclass, replace
from math import inf
from typing import Any

import pytest

from cases import CI, SHAPES, Case, MakeStep, event, play, stage
from cloud66_simulator import Fault
from harness import green

REFUSED = Fault("status", method="GET", path="/actions", code=403, count=None)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NO_ID = "async_action_id_null"
LATE = {
    "action_record_delay_seconds": 7, "deployment_record_delay_seconds": 12, "action_finish_lag_seconds": 6,
    "record_while_queued": False,
}  # fmt: skip
BY_STRING = {"outcome_codes": "string"}


@dataclass(frozen=True)
class Row(Case):
    """A case, and whether ours is identified in the end."""

    is_known: bool = True


ROWS: dict[str, Row] = {
    **{
        f"a success, the answer is {shape}": Row(dials={"post_shape": shape, **codes})
        for shape, codes in zip(SHAPES, (BY_STRING, {}, BY_STRING, {}), strict=True)
    },
    **{
        f"{fate}, {shape}": Row(
            outcome, dials={"post_shape": shape, "fate": fate, "action_finish_lag_seconds": lag}, is_known=known,
            logs=("::group::Last lines of the ",),
        )
        for fate, outcome, shape, lag, known in (
            ("failed", "failed", SHAPES[0], 8, True), ("odd", "failed", SHAPES[0], 8, True),
            ("reverted", "failed", SHAPES[0], 8, True), ("action_failed", "failed", SHAPES[0], 8, True),
            ("action_null", "unknown", SHAPES[0], 8, True), ("odd", "failed", NO_ID, 0, True),
            # What was only inferred is not passed on as known where deployment and action disagree.
            ("action_failed", "failed", NO_ID, 0, False),
        )
    },
    **{
        f"cancelled, shown as {shown}": Row(outcome, dials={"fate": "cancelled", "cancelled_as": shown, **codes})
        for shown, outcome, codes in (
            ("cancelled", "cancelled", {}), ("cancelled", "cancelled", BY_STRING), ("failed", "failed", BY_STRING),
            ("null", "failed", {}), ("null_code", "failed", BY_STRING),
        )
    },
    **{
        f"all late, {shape}": Row(
            dials=LATE | {"post_shape": shape}, others=((0, {"duration": 60}),), seconds=(100, inf)
        )
        for shape in (SHAPES[0], NO_ID)
    },
    "hidden for a minute": Row(
        faults=(Fault("hide_deployments", after=1, until=60),), dials={"duration_seconds": 120}
    ),
    "gone, and back again": Row(faults=(Fault("hide_deployments", after=10, until=50),)),
    "gone for good": Row("unknown", (Fault("hide_deployments", after=20),), says=("disappeared",)),
    "gone until the timeout": Row(
        "timed_out", (Fault("hide_deployments", after=20),), {"duration_seconds": 1000}, {"timeout": "1m"},
        says=("The record of deployment 108 has disappeared",),
    ),
    "the action hidden for a while": Row(faults=(Fault("hide_actions", after=0.2, until=50),), seconds=(50, inf)),
    "the action never shows": Row("timed_out", (Fault("hide_actions"),), inputs={"timeout": "2m"}, is_known=False),
    "another commit": Row(
        "failed", dials={"git_hash": "f" * 40}, inputs={"expected_commit": COMMIT},
        says=(f"it deployed commit {'f' * 40} instead of {COMMIT}",),
    ),
    "not to be waited for, no answer to the look": Row(
        "scheduled", (Fault("html", method="GET", skip=4, count=None),), inputs={"wait": "false"}, is_known=False,
        logs=("The IDs aren't known yet",),
    ),
    # Where neither actions nor an id lead to a deployment, and that lasts, seconds decide, not the timeout.
    **{
        f"unreadable actions, {shape}": Row(
            "unknown", (REFUSED,), {"post_shape": shape, "duration_seconds": 600}, seconds=seconds, is_known=False,
            says=("can't be identified",),
        )
        for shape, seconds in ((NO_ID, (0, 14)), ("async_action_id", (0, 14)), ("action_id_as_id", (60, 90)))
    },
    **{
        f"unreadable actions ({code}), but an id": Row(
            faults=(replace(REFUSED, code=code),), logs=("::warning title=Stack actions can't be read",)
        )
        for code in (403, 404)
    },
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_records_say(step: MakeStep, row: Row) -> None:
    """Any shape of a success is found, and late records waited for; what is no known success of ours is red."""
    played = play(step, row)
    ending, [mine] = played.ending, played.mine
    assert ending.outputs["deployment_id"] == (str(mine.id) if row.is_known else "")
    assert ending.outputs["action_id"] in {"", str(mine.action_id)}


@pytest.mark.parametrize(
    ("readable", "per_page", "fate"),
    [(True, 5, "success"), (True, 30, "failed"), (False, 30, "failed")],
)
def test_the_id_of_an_old_deployment_is_not_ours(step: MakeStep, readable: bool, per_page: int, fate: str) -> None:
    """An answer's id that is an old deployment's, on the first page or beyond it, decides nothing."""
    dials = {"post_shape": "action_id_as_id", "per_page": per_page, "fate": fate, "action_record_delay_seconds": 3}
    faults = () if readable else (REFUSED,)
    case = Case(fate if readable else "unknown", faults, dials, {"timeout": "2m"}, seconds=(0, 120 if readable else 14))
    made, theirs = stage(step, case)
    made.simulator.next_action_id = 98
    played = play(step, case, made, theirs)
    assert played.ending.outputs["deployment_id"] == (str(played.mine[0].id) if readable else "")


def test_expected_commit(step: MakeStep) -> None:
    """A success counts if the commit that was expected is the one deployed, or one is asked for and none expected."""
    for expected in ("", COMMIT[:7]):
        assert green(step(), git_ref=COMMIT, expected_commit=expected).outputs["git_hash"] == COMMIT


def test_an_expected_commit_that_is_not_known(step: MakeStep) -> None:
    """Where it can't be told which deployment is ours, its commit can't be the expected one."""
    says = ("Cloud 66 gives no commit",)
    faults = (Fault("hide_deployments", after=0.2),)
    case = Case(
        "unknown", faults, {"post_shape": "async_action_id"}, {"expected_commit": "a" * 40},
        others=((0, CI | {"duration": 1e6}),), says=says,
    )  # fmt: skip
    made, theirs = stage(step, case)
    made.simulator.cancel(108)
    play(step, case, made, theirs)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_not_to_be_waited_for(step: MakeStep, shape: str) -> None:
    """Without waiting, the run ends green as scheduled; the deployment's id is told only where the answer proves it."""
    played = play(step, Case("scheduled", dials={"post_shape": shape}, inputs={"wait": "false"}, seconds=(0, 2)))
    [mine], ending = played.mine, played.ending
    sure = str(mine.id) if shape == "deployment_id" else ""
    assert (ending.outputs["deployment_id"], ending.outputs["action_id"]) == (sure, str(mine.action_id))
    assert ending.warnings == []


def test_an_odd_ending_is_not_taken_for_ours_while_ours_may_still_show(step: MakeStep) -> None:
    """Their deployment ends beside our action with a result never seen before; ours shows late: theirs is not told."""
    dials = {
        "post_shape": NO_ID, "duration_seconds": 3.0, "deployment_record_delay_seconds": 4.0,
        "record_while_queued": False, "text": "said", "cancel_takes_seconds": 0.0,
    }  # fmt: skip
    case = Case(dials=dials, others=((0.15, CI | {"duration": 1.0, "record_delays": (0.0, 4.0)}),))
    made, theirs = stage(step, case)
    event(made, 0.65, lambda: made.simulator.cancel(theirs[0].id))
    assert play(step, case, made, theirs).ending.outputs["deployment_id"] == ""


# Who looks; when the others are asked for, how long they take, and after how long their records show.
LATE_ONES: dict[str, Any] = {
    "one, short": ("redeploy", [(0.1, 15.0, (0.0, inf))]),
    "one, long": ("wait", [(0.2, 60.0, (0.0, inf))]),
    "two, whose second shows": ("redeploy", [(0.0, 15.0, (0.0, inf)), (0.0, 1.0, (1.0, 0.0))]),
    "two": ("wait", [(0.0, 15.0, (0.0, inf)), (0.0, 1.0, (1.0, inf))]),
}


@pytest.mark.parametrize(("command", "others"), LATE_ONES.values(), ids=LATE_ONES)
def test_a_deployment_whose_action_never_shows(step: MakeStep, command: str, others: Any) -> None:
    """Where ours is over at once and shows last, those that ended just before it aren't taken for it."""
    dials = {"post_shape": "async_action_id", "record_while_queued": False, "duration_seconds": 0.0}
    asked = [(at, CI | {"duration": lasts, "record_delays": delays}) for at, lasts, delays in others]
    delay = {"deployment_record_delay_seconds": 4.0 if command == "redeploy" else 1.0}
    case = Case(dials=dials | delay, others=tuple(asked))
    made, _ = stage(step, case)
    ending = made.run(wait="true" if command == "redeploy" else "false")
    if command == "wait":
        ending = made.run(command="wait", user_reference=ending.outputs["user_reference"])
    assert ending.ever("deployment_id") <= {"", str(made.mine(ending)[0].id)}
