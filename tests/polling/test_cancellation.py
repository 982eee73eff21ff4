"""Cancelling what the run has scheduled, and nobody else's: when the workflow is cancelled, and at a timeout."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, get_args

import pytest

from cases import SHAPES
from cloud66_simulator import Behaviour, Fault
from cloud66_simulator.behaviour import CancelledAs
from elsewhere import ABORT_SECONDS, ANN, CI, LONG, MakeStep, cancelled, rows
from harness import Ending, Step

UNKNOWN: dict[str, Any] = {"settled": False}
NOTHING: dict[str, Any] = {"says": "No deployment was started", "fates": []}
OTHER_COMMIT = {"expected_commit": "a" * 40}
THEIRS = {"duration": LONG}
DECLINED = Fault("status", method="POST", code=409, count=None)
LAGS = {"duration_seconds": 30, "action_finish_lag_seconds": 4}


@dataclass(frozen=True)
class Row:
    """A redeploy that is cut short: what is going on, what goes wrong; and how it has to end."""

    outcome: str
    fates: Sequence[str] | None = ("cancelled",)
    """What becomes of our deployments by the post step, too; None where that is no matter."""
    _: KW_ONLY
    at: float = 20.0
    settled: bool = True
    """Nothing to clean up to the post step."""
    says: str = ""
    deletes: int | None = None
    """How many cancellations the step sends; None where that is no matter."""
    dials: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    others: Sequence[Mapping[str, Any]] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


def begin(step: MakeStep, row: Row) -> Step:
    """Make the step of a row."""
    made = step(behaviour=Behaviour(**{"duration_seconds": LONG, **row.dials}), faults=row.faults)
    for one in row.others:
        made.simulator.request_deployment(**one)
    return made


def judge(made: Step, ending: Ending, row: Row) -> None:
    """Assert that a row ends as it has to, with what the post step makes of it, and that others' go on."""
    assert (ending.outcome, ending.status) == (row.outcome, int(row.outcome != "success")), ending.outputs["reason"]
    assert len(ending.errors) == ending.status
    assert row.says in ending.outputs["reason"]
    assert ("No deployment was started" in ending.outputs["reason"]) is (row.says == "No deployment was started")
    assert row.deletes in {None, len(made.calls("DELETE"))}
    assert ("ended" in ending.state) is row.settled
    made.clean_up(ending.state, **row.inputs)
    assert {*cancelled(made)} <= {str(one.id) for one in made.mine(ending)}
    made.clock.sleep(60)
    assert row.fates is None or [one.final_fate for one in made.mine(ending)] == [*row.fates]


def slow(post: str, seconds: float) -> dict[str, Any]:
    """Let the POST answer so, and so late; what is only inferred by then is the post step's to cancel."""
    return {"dials": {"post_shape": post}, "faults": [Fault("slow", method="POST", seconds=seconds)], "at": 0.4}


def late_post(seconds: float) -> Fault:
    """Let the POST be worked on so late that its answer is long lost."""
    return Fault("late", method="POST", seconds=seconds)


def delete(kind: Any = "status", **fields: Any) -> list[Fault]:
    """Let something go wrong with the DELETE."""
    return [Fault(kind, method="DELETE", **fields)]


def silence(**fields: Any) -> Fault:
    """Let nobody answer from right before the abort on."""
    return Fault("timeout_undone", after=19, count=None, **fields)


ABORTS = {
    "one that waits in the queue": Row("cancelled", others=[THEIRS]),
    "while the stack is read": Row("cancelled", **NOTHING, at=0.05),
    "right before the POST": Row("cancelled", **NOTHING, at=0.19),
    "while the POST is declined": Row("cancelled", **NOTHING, at=5.0, faults=[DECLINED]),
    "during the POST": Row("cancelled", **slow("deployment_id", 0.5)),
    "during a POST that takes too long": Row("unknown", **UNKNOWN, **slow("deployment_id", 5.0)),
    "during a POST, no id": Row("unknown", **UNKNOWN, **slow("async_action_id_null", 5.0)),
    "while a lost POST is looked for": Row("unknown", **UNKNOWN, at=10.0, faults=[late_post(45)]),
    "neither the POST nor a look is answered": Row(
        "unknown", None, **UNKNOWN, at=0.4,
        faults=[Fault("timeout_done", method="POST"), Fault("timeout_undone", after=0.3, count=None)]),
    # A cancellation that was taken is one, even where nobody tells how it went on.
    "no look is answered": Row("cancelled", **UNKNOWN, faults=[silence(method="GET")]),
    "no cancellation is answered": Row("unknown", ["success"], **UNKNOWN, faults=[silence(method="DELETE")]),
    "nothing is answered": Row("unknown", ["success"], **UNKNOWN, faults=[silence()]),
    **{
        f"it ended before: {fate}": Row(outcome, [fate], dials={"fate": fate, "duration_seconds": seconds})
        for fate, outcome, seconds in (
            ("success", "success", 19.5), ("failed", "failed", 19.5),
            ("cancelled", "cancelled", 39.0))  # by somebody else, halfway
    },
    "a success that its action denies": Row("failed", None, at=32.0, dials=LAGS | {"fate": "action_failed"}),
    "a success that its action hides": Row("unknown", None, **UNKNOWN, at=32.0, dials=LAGS | {"fate": "action_null"}),
    "a success of another commit": Row("failed", ["success"], dials={"duration_seconds": 19.5}, inputs=OTHER_COMMIT),
    "a success whose action lags behind": Row(
        "success", ["success"], at=23.0, dials={"duration_seconds": 20, "action_finish_lag_seconds": 6}),
    "it ends while it is being cancelled": Row(
        "cancelled", dials={"duration_seconds": 20.5}, faults=delete("slow", seconds=0.5), deletes=1),
    "it ends right before the DELETE": Row(
        "success", ["success"], at=10.0, dials={"duration_seconds": 9.74}, deletes=1),
    **{
        f"a cancellation that is {kind}": Row("cancelled", faults=delete(kind, seconds=1), deletes=2)
        for kind in ("lost_done", "lost_undone")
    },
    **{
        f"a lost cancellation, told as {how}": Row(
            "cancelled", dials={"cancelled_as": how, "cancel_takes_seconds": 0}, faults=delete("lost_done"), deletes=1)
        for how in get_args(CancelledAs)
    },
    **{
        f"declined by {code} for a while": Row(
            "unknown", **UNKNOWN, faults=delete(code=code, until=100, count=None),
            says="may not have been cancelled" if code == 500 else "could not be cancelled")
        for code in (404, 409, 500)
    },
    "refused": Row("unknown", ["success"], **UNKNOWN, faults=delete(code=403, count=None), deletes=3),
    "its record disappears": Row("cancelled", faults=[Fault("hide_deployments", after=20.3)], deletes=1),
    "it continues (cancel_on_abort is false)": Row(
        "unknown", ["success"], inputs={"cancel_on_abort": "false"}, says="continues (cancel_on_abort is false)"),
    "it continues, and its record disappeared": Row(
        "unknown", ["success"], inputs={"cancel_on_abort": "false"}, says="last seen before its record disappeared",
        faults=[Fault("hide_deployments", after=8)], at=60),
    "others came after": Row(
        "cancelled", dials={"post_shape": "async_action_id"}, others=[ANN | {"via": "api", "later": 10}]),
    "a POST that went through twice": Row("unknown", ["cancelled"] * 2, **UNKNOWN, at=70.3, faults=[late_post(70)]),
}  # fmt: skip


@rows("row", ABORTS)
def test_how_an_abort_ends(step: MakeStep, row: Row) -> None:
    """Ours is cancelled, by the step or by the post step, in time; what is said of it is true, and others' go on."""
    made = begin(step, row)
    ending = made.run(abort_at=row.at, **dict[str, Any](row.inputs))
    assert ending.seconds - row.at <= ABORT_SECONDS
    judge(made, ending, row)


@pytest.mark.parametrize(
    ("shape", "shown", "takes"),
    [
        (SHAPES[0], "cancelled", 0.0), (SHAPES[0], "failed", 60.0), (SHAPES[1], "null", 3.0),
        (SHAPES[2], "null_code", 0.0), (SHAPES[3], "cancelled", 60.0), (SHAPES[3], "failed", 3.0),
    ],
)  # fmt: skip
def test_a_deployment_under_way_is_cancelled(step: MakeStep, shape: str, shown: str, takes: float) -> None:
    """An abort cancels our deployment within 2 s, waits until it took or 5 s are over, and ends red as cancelled."""
    dials = {"post_shape": shape, "cancelled_as": shown, "cancel_takes_seconds": takes}
    row = Row("cancelled", dials=dials, settled=takes < 5)
    made = begin(step, row)
    ending = made.run(abort_at=20)
    [sent] = [one.time - made.simulator.started for one in made.simulator.requests if one.method == "DELETE"]
    assert (sent <= 22, ending.seconds - 20 > 4.5, ending.seconds <= 27) == (True, takes > 5, True)
    judge(made, ending, row)
    [mine] = made.mine(ending)
    known = shape == "deployment_id" or takes < 5
    assert ending.outputs["deployment_id"] == (str(mine.id) if known else "")
    assert not known or json.loads(ending.outputs["deployment"])["id"] == mine.id


TIMEOUT = {"timeout": "1m", "cancel_on_timeout": "true"}
JUST_ENDS: dict[str, Any] = {"dials": {"duration_seconds": 62}, "faults": delete(code=409, count=None)}
TIMEOUTS = {
    "one that runs": Row("timed_out", inputs=TIMEOUT, says="was cancelled"),
    "one that waits in the queue": Row(
        "timed_out", inputs=TIMEOUT | {"timeout": "5m", "queue_timeout": "1m"}, says="was cancelled", others=[THEIRS]),
    "it ends meanwhile": Row("success", ["success"], inputs=TIMEOUT, **JUST_ENDS),
    "it ends meanwhile, with another commit": Row("failed", ["success"], inputs=TIMEOUT | OTHER_COMMIT, **JUST_ENDS),
    "it can't be cancelled": Row(
        "timed_out", ["success"], inputs=TIMEOUT, faults=[silence(method="DELETE")],
        says="was still deploying. Deployment 108 may not have"),
    "a success that its action has yet to agree with": Row(
        "timed_out", ["action_failed"], inputs=TIMEOUT,
        dials={"fate": "action_failed", "duration_seconds": 30, "action_finish_lag_seconds": 600}),
}  # fmt: skip


@rows("row", TIMEOUTS)
def test_cancel_on_timeout(step: MakeStep, row: Row) -> None:
    """With cancel_on_timeout, what has not ended by the timeout is cancelled, in time; it stays a timeout."""
    made = begin(step, row)
    ending = made.run(**dict[str, Any](row.inputs))
    assert ending.seconds <= 60 + 25 + 30 * bool(row.faults)
    judge(made, ending, row)
    # The limit that expired is named, and in the reason and the summary once.
    limit = "queue_timeout" if "queue_timeout" in row.inputs else "timeout"
    assert re.findall(r"The (\w+) expired: cancelling", ending.log) in ([], [limit])
    assert ending.summary.count(" expired") == ending.outputs["reason"].count(" expired") <= 1


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_where_two_could_be_ours_none_is_cancelled(step: MakeStep, shape: str) -> None:
    """Where it can't be told which deployment is ours, nobody's is cancelled."""
    says = "couldn't be identified, so none was cancelled"
    row = Row(
        "unknown", ["success"], settled=False, dials={"post_shape": shape}, says=says, others=[CI | {"later": 0.26}]
    )
    made = begin(step, row)
    judge(made, made.run(abort_at=20), row)
    assert cancelled(made) == []


@pytest.mark.parametrize(("at", "delay"), [(1.0, 0.0), (3.0, 8.0), (5.0, 8.0)])
def test_the_number_of_our_action_is_nobody_elses_deployment(step: MakeStep, at: float, delay: float) -> None:
    """Where the answer's id is our action's and somebody else's deployment has that number, theirs is left alone."""
    dials = {"post_shape": "action_id_as_id", "action_record_delay_seconds": delay}
    made = begin(step, Row("", dials=dials, others=[ANN | {"via": "api", "later": 0.5}]))
    made.simulator.next_action_id = made.simulator.next_deployment_id + 1
    ending = made.run(abort_at=at)
    [mine] = made.mine(ending)
    made.clean_up(ending.state)
    assert cancelled(made) == [str(mine.id)]
    assert ending.ever("deployment_id") <= {"", str(mine.id)}


@pytest.mark.parametrize(("at", "fate"), [(20.0, "success"), (1e9, "success"), (1e9, "failed")])
def test_a_number_proves_nothing_where_actions_cannot_be_read(step: MakeStep, at: float, fate: str) -> None:
    """Where the answer's id may be that of an action nobody can read, a new deployment of that number is not ours."""
    unreadable = Fault("status", method="GET", path="/actions", code=403, count=None)
    dials = {"post_shape": "action_id_as_id", "fate": fate, "duration_seconds": 40}
    # It leaves at 5.4 s: that the actions are refused is asked again before it is believed.
    made = begin(step, Row("", dials=dials, faults=[unreadable], others=[ANN | {"via": "api", "later": 5.6}]))
    made.simulator.next_action_id = made.simulator.next_deployment_id + 1
    ending = made.run(abort_at=at, timeout="3m")
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert (made.calls("DELETE"), ending.ever("deployment_id")) == ([], {""})
