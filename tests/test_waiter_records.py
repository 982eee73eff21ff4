"""Waiting through the whole step: what the records say in every shape, late, hidden or not to be read."""

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any, get_args

import pytest

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault
from cloud66_simulator.behaviour import CancelledAs, OutcomeCodes, PostShape
from harness import Step, green, run_of

MakeStep = Callable[..., Step]
ACTIONS_REFUSED = Fault("status", method="GET", path="/actions", code=403, count=None)


@pytest.mark.parametrize("shape", get_args(PostShape))
@pytest.mark.parametrize("codes", get_args(OutcomeCodes))
@pytest.mark.parametrize("offset", ["Z", "+00:00"])
def test_a_success_is_found_in_every_shape(step: MakeStep, shape: Any, codes: Any, offset: Any) -> None:
    """Both shapes of the answer, an action's id in it, both styles of codes and of times end green."""
    made = step(behaviour=Behaviour(post_shape=shape, outcome_codes=codes, timestamps_offset_style=offset))
    ending = green(made)
    assert ending.outputs["deploy_seconds"] == "40"
    assert ending.outputs["action_id"] == "40"
    assert (ending.errors, ending.warnings) == ([], [])


@pytest.mark.parametrize("shape", get_args(PostShape))
@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("odd", "failed"),
        ("reverted", "failed"),
        ("action_failed", "failed"),
        ("action_null", "unknown"),
    ],
)
@pytest.mark.parametrize("lag", [0.0, 8.0])
def test_what_is_no_known_success_is_red(step: MakeStep, shape: Any, fate: Any, outcome: str, lag: float) -> None:
    """A deployment, or an action, that ends in any other way ends the run red, with one error."""
    made = step(behaviour=Behaviour(post_shape=shape, fate=fate, action_finish_lag_seconds=lag))
    ending, mine = run_of(made)
    assert (ending.outcome, ending.status, len(ending.errors)) == (outcome, 1, 1)
    # What was only inferred is not passed on as known where deployment and action disagree.
    assert ending.outputs["deployment_id"] in ({str(mine.id)} if shape == "deployment_id" else {str(mine.id), ""})
    assert "::group::Last lines of the stack's " in ending.log


@pytest.mark.parametrize("cancelled_as", get_args(CancelledAs))
@pytest.mark.parametrize("codes", get_args(OutcomeCodes))
def test_a_cancelled_deployment_is_red(step: MakeStep, cancelled_as: Any, codes: Any) -> None:
    """However Cloud 66 shows a cancelled deployment, it is not green, and called cancelled where it says so."""
    made = step(behaviour=Behaviour(fate="cancelled", cancelled_as=cancelled_as, outcome_codes=codes))
    ending, _ = run_of(made)
    assert (ending.outcome, ending.status) == ("cancelled" if cancelled_as == "cancelled" else "failed", 1)


@pytest.mark.parametrize("shape", get_args(PostShape))
def test_late_records_are_waited_for(step: MakeStep, shape: Any) -> None:
    """Records that appear late, or only once a deployment starts, are found in the end."""
    behaviour = Behaviour(
        post_shape=shape,
        action_record_delay_seconds=7,
        deployment_record_delay_seconds=12,
        action_finish_lag_seconds=6,
        record_while_queued=False,
    )
    made = step(behaviour=behaviour)
    made.simulator.request_deployment(duration=60)
    ending = green(made)
    assert ending.seconds > 100


def test_hidden_deployments_are_waited_for(step: MakeStep) -> None:
    """A deployment that can't be seen for a while is not given up."""
    made = step(behaviour=Behaviour(duration_seconds=120))
    made.simulator.faults.append(Fault("hide_deployments", after=1, until=60))
    green(made)


def test_a_record_that_vanishes_is_no_success(step: MakeStep) -> None:
    """A deployment that was there and has gone can't be called a success, even if its action succeeds."""
    made = step()
    made.simulator.faults.append(Fault("hide_deployments", after=20))
    ending, mine = run_of(made)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("unknown", str(mine.id))
    assert "disappeared" in ending.outputs["reason"]


def test_a_record_that_vanishes_until_the_timeout(step: MakeStep) -> None:
    """A timeout tells that the record had disappeared."""
    made = step(behaviour=Behaviour(duration_seconds=1000))
    made.simulator.faults.append(Fault("hide_deployments", after=20))
    ending, _ = run_of(made, timeout="1m")
    assert ending.outcome == "timed_out"
    assert "its record had disappeared" in ending.outputs["reason"]


def test_a_record_that_comes_back(step: MakeStep) -> None:
    """A deployment that vanishes for a while and comes back is followed to its end."""
    made = step()
    made.simulator.faults.append(Fault("hide_deployments", after=10, until=50))
    green(made)


def test_hidden_actions_are_waited_for(step: MakeStep) -> None:
    """While our action can't be seen, the deployment's success alone is not enough; then it is."""
    made = step()
    made.simulator.faults.append(Fault("hide_actions", after=0.2, until=50))
    green(made)


def test_an_action_that_never_shows(step: MakeStep) -> None:
    """A success without any action that carries our reference is not green where actions can be read."""
    made = step()
    made.simulator.faults.append(Fault("hide_actions"))
    ending, _ = run_of(made, timeout="2m")
    assert ending.outcome in {"unknown", "timed_out"}


@pytest.mark.parametrize("code", [403, 404])
def test_unreadable_actions_with_an_id(step: MakeStep, code: int) -> None:
    """Where actions can't be read, a deployment that the answer's id leads to decides alone, and a warning says so."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", path="/actions", code=code, count=None))
    ending = green(made)
    assert "Actions can't be read" in ending.warnings[0]
    assert ending.outputs["action_id"] == ""


@pytest.mark.parametrize("shape", ["async_action_id", "async_action_id_null"])
def test_unreadable_actions_without_an_id(step: MakeStep, shape: Any) -> None:
    """Where neither actions nor an id lead to a deployment, and that lasts, seconds decide, not the timeout."""
    made = step(behaviour=Behaviour(post_shape=shape), faults=[ACTIONS_REFUSED])
    ending, _ = run_of(made)
    assert (ending.outcome, ending.outputs["deployment_id"], ending.seconds < 14) == ("unknown", "", True)
    assert "can't be known" in ending.outputs["reason"]


def test_unreadable_actions_with_an_id_that_leads_nowhere(step: MakeStep) -> None:
    """Where the answer's id leads to no deployment until the timeout, the outcome is unknown."""
    made = step(behaviour=Behaviour(post_shape="action_id_as_id"), faults=[ACTIONS_REFUSED])
    ending, _ = run_of(made, timeout="2m")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("unknown", "")


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("per_page", [5, 30])
@pytest.mark.parametrize("fate", ["success", "failed"])
def test_the_id_of_an_old_deployment_is_not_ours(step: MakeStep, readable: bool, per_page: int, fate: Any) -> None:
    """An answer's id that is an old deployment's, on the first page or beyond it, decides nothing."""
    behaviour = Behaviour(post_shape="action_id_as_id", per_page=per_page, fate=fate, action_record_delay_seconds=3)
    made = step(behaviour=behaviour, faults=[] if readable else [ACTIONS_REFUSED])
    made.simulator.next_action_id = 98
    ending, mine = run_of(made, timeout="2m")
    assert ending.outputs["deployment_id"] == (str(mine.id) if readable else "")
    assert ending.outcome == (fate if readable else "unknown")


def test_expected_commit(step: MakeStep) -> None:
    """The outcome is a success only if the commit that was expected is the one deployed."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    assert green(step(), git_ref=commit).outputs["git_hash"] == commit
    assert green(step(), git_ref=commit, expected_commit=commit[:7]).outputs["git_hash"] == commit
    ending, _ = run_of(step(behaviour=Behaviour(git_hash="f" * 40)), expected_commit=commit)
    assert (ending.outcome, ending.status) == ("failed", 1)
    assert f"commit {'f' * 40} was deployed; {commit} was expected" in ending.outputs["reason"]


def test_an_expected_commit_that_is_not_known(step: MakeStep) -> None:
    """Where it can't be told which deployment is ours, its commit can't be the expected one."""
    made = step(behaviour=Behaviour(post_shape="async_action_id"))
    made.simulator.request_deployment(via="api", user="ci@example.com", duration=1e6)
    made.simulator.faults.append(Fault("hide_deployments", after=0.2))
    made.simulator.cancel(108)
    ending, _ = run_of(made, expected_commit="a" * 40)
    assert ending.outcome == "unknown"
    assert "which commit was deployed is not known" in ending.outputs["reason"]


def test_what_is_not_to_be_waited_for(step: MakeStep) -> None:
    """Without waiting, the run ends green as scheduled, with the ids that one look gives."""
    made = step()
    ending, mine = run_of(made, wait="false")
    assert (ending.outcome, ending.status, ending.seconds < 2) == ("scheduled", 0, True)
    assert (ending.outputs["deployment_id"], ending.outputs["action_id"]) == (str(mine.id), str(mine.action_id))


def test_scheduled_without_an_answer_to_the_look(step: MakeStep) -> None:
    """Where the one look brings nothing, it is scheduled all the same."""
    made = step()
    made.simulator.faults.append(Fault("html", method="GET", skip=4, count=None))
    ending, _ = run_of(made, wait="false")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("scheduled", "")
    assert "The ids are not known yet" in ending.log


def test_an_odd_ending_is_not_taken_for_ours_while_ours_may_still_show(step: MakeStep) -> None:
    """Their deployment ends beside our action with a result never seen before; ours shows late: theirs is not told."""
    made = step(
        clock=(clock := EventClock()),
        behaviour=Behaviour(
            post_shape="async_action_id_null",
            duration_seconds=3.0,
            deployment_record_delay_seconds=4.0,
            record_while_queued=False,
            text="said",
            cancel_takes_seconds=0.0,
        ),
    )
    theirs = []

    def redeploy() -> None:
        theirs.append(
            made.simulator.request_deployment(user="ci@example.com", via="api", duration=1.0, record_delays=(0.0, 4.0))
        )

    clock.plan(0.15, redeploy)
    clock.plan(0.65, lambda: made.simulator.cancel(theirs[0].id))
    ending, _ = run_of(made)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", "")


@pytest.mark.parametrize("command", ["redeploy", "wait"])
@pytest.mark.parametrize("delay", [1.0, 4.0])
@pytest.mark.parametrize(
    "others",
    [  # when they are asked for, how long they take, and after how long the deployment and the action show
        [(0.1, 15.0, (0.0, inf))],
        [(0.2, 60.0, (0.0, inf))],
        [(0.0, 15.0, (0.0, inf)), (0.0, 1.0, (1.0, 0.0))],
        [(0.0, 15.0, (0.0, inf)), (0.0, 1.0, (1.0, inf))],
    ],
)
def test_a_deployment_whose_action_never_shows(step: MakeStep, others: Any, delay: float, command: str) -> None:
    """Where ours is over at once and shows last, those that ended just before it aren't taken for it."""
    dials: dict[str, Any] = {"post_shape": "async_action_id", "record_while_queued": False, "duration_seconds": 0.0}
    made = step(clock=(clock := EventClock()), behaviour=Behaviour(**dials, deployment_record_delay_seconds=delay))
    for at, duration, delays in others:
        ask = partial(made.simulator.request_deployment, user="ci@example.com", via="api")
        clock.plan(at, partial(ask, duration=duration, record_delays=delays))
    ending, mine = run_of(made, wait=str(command == "redeploy").lower())
    if command != "redeploy":
        ending = made.run(command="wait", user_reference=ending.outputs["user_reference"])
    assert ending.ever("deployment_id") <= {"", str(mine.id)}
