"""Waiting through the whole step: what the records say in every shape, late, hidden or not to be read."""

from dataclasses import replace
from math import inf
from typing import Any, get_args

import pytest

from cases import CI, SHAPES, Case, MakeStep, event, play, stage
from cloud66_simulator import Fault
from cloud66_simulator.behaviour import CancelledAs, OutcomeCodes
from harness import green

REFUSED = Fault("status", method="GET", path="/actions", code=403, count=None)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NO_ID = "async_action_id_null"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("codes", "offset"), [("number", "Z"), ("string", "+00:00")])
def test_a_success_is_found_in_every_shape(step: MakeStep, shape: str, codes: str, offset: str) -> None:
    """Both shapes of the answer, an action's id in it, both styles of codes and of times end green."""
    dials = {"post_shape": shape, "outcome_codes": codes, "timestamps_offset_style": offset}
    played = play(step, Case(dials=dials))
    outputs = played.ending.outputs
    assert outputs["deployment_id"] == str(played.mine[0].id)
    assert (outputs["deploy_seconds"], outputs["action_id"], played.ending.warnings) == ("40", "40", [])


FATES = [("failed", "failed"), ("cancelled", "cancelled"), ("odd", "failed"), ("reverted", "failed"),
         ("action_failed", "failed"), ("action_null", "unknown")]  # fmt: skip


@pytest.mark.parametrize(("shape", "lag"), [(SHAPES[0], 8.0), (NO_ID, 0.0)])
@pytest.mark.parametrize(("fate", "outcome"), FATES)
def test_what_is_no_known_success_is_red(step: MakeStep, shape: str, fate: str, outcome: str, lag: float) -> None:
    """A deployment, or an action, that ends in any other way ends the run red, with one error."""
    dials = {"post_shape": shape, "fate": fate, "action_finish_lag_seconds": lag}
    played = play(step, Case(outcome, dials=dials, logs=("::group::Last lines of the ",)))
    # What was only inferred is not passed on as known where deployment and action disagree.
    mine = str(played.mine[0].id)
    assert played.ending.outputs["deployment_id"] in ({mine} if shape == "deployment_id" else {mine, ""})


@pytest.mark.parametrize("cancelled_as", get_args(CancelledAs))
@pytest.mark.parametrize("codes", get_args(OutcomeCodes))
def test_a_cancelled_deployment_is_red(step: MakeStep, cancelled_as: str, codes: str) -> None:
    """However Cloud 66 shows a cancelled deployment, it is not green, and called cancelled where it says so."""
    dials = {"fate": "cancelled", "cancelled_as": cancelled_as, "outcome_codes": codes}
    play(step, Case("cancelled" if cancelled_as == "cancelled" else "failed", dials=dials))


RECORDS: dict[str, Case] = {
    **{
        f"all late, {shape}": Case(
            dials={
                "post_shape": shape, "action_record_delay_seconds": 7, "deployment_record_delay_seconds": 12,
                "action_finish_lag_seconds": 6, "record_while_queued": False,
            },
            others=((0, {"duration": 60}),), seconds=(100, inf),
        )
        for shape in SHAPES
    },
    "hidden for a minute": Case(
        faults=(Fault("hide_deployments", after=1, until=60),), dials={"duration_seconds": 120}
    ),
    "gone, and back again": Case(faults=(Fault("hide_deployments", after=10, until=50),)),
    "gone for good": Case("unknown", (Fault("hide_deployments", after=20),), says=("disappeared",)),
    "gone until the timeout": Case(
        "timed_out", (Fault("hide_deployments", after=20),), {"duration_seconds": 1000}, {"timeout": "1m"},
        says=("The record of deployment 108 has disappeared",),
    ),
    "the action hidden for a while": Case(faults=(Fault("hide_actions", after=0.2, until=50),), seconds=(50, inf)),
    "the action never shows": Case("timed_out", (Fault("hide_actions"),), inputs={"timeout": "2m"}),
    "another commit": Case(
        "failed", dials={"git_hash": "f" * 40}, inputs={"expected_commit": COMMIT},
        says=(f"it deployed commit {'f' * 40} instead of {COMMIT}",),
    ),
    "not to be waited for, no answer to the look": Case(
        "scheduled", (Fault("html", method="GET", skip=4, count=None),), inputs={"wait": "false"},
        logs=("The IDs aren't known yet",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RECORDS.values(), ids=RECORDS)
def test_late_and_missing_records(step: MakeStep, case: Case) -> None:
    """Records that show late are waited for; one that has gone, or never shows, leaves no success."""
    played = play(step, case)
    number = "" if case.outcome == "scheduled" else str(played.mine[0].id)
    assert played.ending.outputs["deployment_id"] in ({number, ""} if "hide_actions" in str(case) else {number})


NOWHERE = {
    "no id": (NO_ID, "30m", (0, 14), "can't be identified"),
    "an action's id": ("async_action_id", "30m", (0, 14), "can't be identified"),
    "an id that leads nowhere": ("action_id_as_id", "30m", (60, 90), "can't be identified"),
}


@pytest.mark.parametrize(("shape", "timeout", "seconds", "words"), NOWHERE.values(), ids=NOWHERE)
def test_unreadable_actions_without_an_id(step: MakeStep, shape: str, timeout: str, seconds: Any, words: str) -> None:
    """Where neither actions nor an id lead to a deployment, and that lasts, seconds decide, not the timeout."""
    dials = {"post_shape": shape, "duration_seconds": 600}
    case = Case("unknown", (REFUSED,), dials, {"timeout": timeout}, seconds=seconds, says=(words,))
    assert play(step, case).ending.outputs["deployment_id"] == ""


@pytest.mark.parametrize("code", [403, 404])
def test_unreadable_actions_with_an_id(step: MakeStep, code: int) -> None:
    """Where actions can't be read, a deployment that the answer's id leads to decides alone, and a warning says so."""
    ending = play(step, Case(faults=(replace(REFUSED, code=code),))).ending
    assert "Stack actions can't be read" in ending.warnings[0]
    assert (ending.outputs["action_id"], ending.outputs["deployment_id"]) == ("", "108")


@pytest.mark.parametrize(
    ("readable", "per_page", "fate"),
    [(True, 5, "success"), (True, 30, "failed"), (False, 5, "failed"), (False, 30, "success")],
)
def test_the_id_of_an_old_deployment_is_not_ours(step: MakeStep, readable: bool, per_page: int, fate: str) -> None:
    """An answer's id that is an old deployment's, on the first page or beyond it, decides nothing."""
    dials = {"post_shape": "action_id_as_id", "per_page": per_page, "fate": fate, "action_record_delay_seconds": 3}
    faults = () if readable else (REFUSED,)
    case = Case(fate if readable else "unknown", faults, dials, {"timeout": "2m"})
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
    says = ("doesn't say which commit it deployed",)
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


LATE_ONES: dict[str, Any] = {  # when they are asked for, how long they take, and after how long their records show
    "one, short": [(0.1, 15.0, (0.0, inf))],
    "one, long": [(0.2, 60.0, (0.0, inf))],
    "two, whose second shows": [(0.0, 15.0, (0.0, inf)), (0.0, 1.0, (1.0, 0.0))],
    "two": [(0.0, 15.0, (0.0, inf)), (0.0, 1.0, (1.0, inf))],
}


@pytest.mark.parametrize(("command", "delay"), [("redeploy", 4.0), ("wait", 1.0)])
@pytest.mark.parametrize("others", LATE_ONES.values(), ids=LATE_ONES)
def test_a_deployment_whose_action_never_shows(step: MakeStep, others: Any, delay: float, command: str) -> None:
    """Where ours is over at once and shows last, those that ended just before it aren't taken for it."""
    dials = {"post_shape": "async_action_id", "record_while_queued": False, "duration_seconds": 0.0}
    asked = [(at, CI | {"duration": lasts, "record_delays": delays}) for at, lasts, delays in others]
    case = Case(dials=dials | {"deployment_record_delay_seconds": delay}, others=tuple(asked))
    made, _ = stage(step, case)
    ending = made.run(wait="true" if command == "redeploy" else "false")
    if command == "wait":
        ending = made.run(command="wait", user_reference=ending.outputs["user_reference"])
    assert ending.ever("deployment_id") <= {"", str(made.mine(ending)[0].id)}
