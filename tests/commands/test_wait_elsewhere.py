"""`command: wait`: one deployment that an earlier job has asked for, waited for to its end."""

import json
from typing import Any

from campaign import EventClock
from cloud66_redeploy.timing import RECORD_LAG_SECONDS
from cloud66_simulator import Behaviour, Fault
from elsewhere import ANN, BOTH, CI, ID, LONG, REF, Case, MakeStep, asked, cancelled, play, rows

OF_ROLLBACKS = {"rollback_outcome", "rollback_deployment_id", "rollback_commit"}
WRONG: dict[str, Any] = {"mine": {"duration": 20, "fate": "failed"}, "behind": [{"duration": 60, **ANN}]}
TWICE: dict[str, Any] = {"number": "", "log": ["Reference not unique"]}
BLIND = Fault("status", method="GET", path="/actions", code=403, count=None)


def refused(code: int, after: float) -> Fault:
    """Refuse to be read, from so many seconds on."""
    return Fault("status", method="GET", code=code, after=after, count=None)


@rows("case", {
    "others before and after, by reference": Case(
        "success", ahead=[{"duration": 30, "fate": "failed"}] * 2, behind=[{"duration": 30, "fate": "failed", **ANN}],
        number="110", log=["queued behind deployment 108 and 1 more"]),
    "the same user deploys the same right after": Case("success", behind=[{"fate": "failed", **CI}], number=""),
    "the id is another's than the reference": Case(
        "failed", REF | {"deployment_id": "109", "timeout": "5m"}, **WRONG, number=""),
    "the reference succeeded, the id is another's": Case(
        "unknown", REF | {"deployment_id": "107"}, number="",
        says=["Deployment 107 doesn't have the reference mine."]),
    "late records, by reference": Case("success", mine={"record_delays": (20.0, 10.0)}, ago=0),
    "late records, by id": Case("success", ID, mine={"record_delays": (20.0, 10.0)}, ago=0),
    "its record shows only when it starts": Case(
        "success", ahead=[{"duration": 60}], dials={"record_while_queued": False}, number="109"),
    "a shared reference, the second bad": Case("failed", behind=[REF | CI | {"fate": "failed"}], **TWICE),
    "the commit that was expected": Case("success", REF | {"expected_commit": "c" * 7}, dials={"git_hash": "c" * 40}),
    "another commit than was expected": Case("failed", REF | {"expected_commit": "a" * 40}),
    "the timeout, and it is cancelled": Case(
        "timed_out", REF | {"timeout": "1m", "cancel_on_timeout": "true"}, mine={"duration": LONG},
        deletes=["108"], seconds=(60, 85)),
    "the timeout, and it ends as it is cancelled": Case(
        "success", ID | {"timeout": "1m", "cancel_on_timeout": "true", "health_check": "true"}, mine={"duration": 70},
        deletes=["108"], outputs={"health": "healthy"},
        faults=[Fault("status", method="DELETE", code=409, count=None)], says=["had already succeeded"]),
    "the timeout, and it goes on": Case(
        "timed_out", ID | {"timeout": "1m", "cancel_on_timeout": "false"}, mine={"duration": LONG}, seconds=(60, 61)),
    "the timeout of the queue": Case(
        "timed_out", REF | {"queue_timeout": "30s"}, ahead=[{"duration": LONG}], number="", seconds=(30, 35)),
    "401 at once": Case("unknown", faults=[refused(401, 0)], number="", seconds=(0, 8)),
    "403 in the middle": Case("unknown", faults=[refused(403, 20)], number="", seconds=(0, 60)),
    "404 in the middle, by id": Case("unknown", ID, faults=[refused(404, 20)], seconds=(0, 60)),
    "actions are refused, by reference": Case("unknown", REF | {"timeout": "2m"}, faults=[BLIND], number=""),
    "actions are refused, by id": Case("success", ID, faults=[BLIND]),
    "a storm at the start": Case("success", mine={"duration": 60}, faults=[Fault("html", until=60, count=None)]),
    "a storm in the middle": Case(
        "success", ID, mine={"duration": 60}, faults=[Fault("lost_undone", after=15, until=100, count=None)]),
    "a storm to the end": Case(
        "timed_out", REF | {"timeout": "2m"}, faults=[Fault("timeout_undone", count=None)], number="",
        says=["The last status check failed"], seconds=(0, 120 + 30.1)),
    "another one is live by now": Case(
        "success", ID, mine={"duration": 5}, behind=[{"git_ref": "next", "duration": 5}], ago=30,
        outputs={"is_live": "false"}, log=["deployment 109"]),
    # By its reference alone it is only inferred until all records have had their time.
    "one that has been running for long": Case(
        "success", ago=150, dials={"duration_seconds": 300}, log=["2m30s of usually"],
        seconds=(0, 150 + RECORD_LAG_SECONDS + 5)),
})  # fmt: skip
def test_how_a_wait_ends(step: MakeStep, case: Case) -> None:
    """It ends as the one deployment that is meant did; nobody else's is passed off for it, whatever goes wrong."""
    play(step, "wait", case)


@rows("shape", {"the id": "deployment_id", "no id": "async_action_id_null"})
def test_what_an_earlier_job_asked_for(step: MakeStep, shape: Any) -> None:
    """The reference that a step with wait: false puts out is all that a later job needs, whatever the POST answers."""
    made = step(behaviour=Behaviour(post_shape=shape))
    first = made.run(wait="false")
    ending = made.run(command="wait", user_reference=first.outputs["user_reference"])
    assert (first.outcome, ending.outcome, ending.status) == ("scheduled", "success", 0)
    assert (ending.outputs["deployment_id"], len(made.calls("POST"))) == ("108", 1)
    assert made.clock.now() >= made.mine(first)[0].ends_at


@rows("fate, outcome, by, ago", {
    "a success, by reference": ("success", "success", REF, 5),
    "a failure, by reference": ("failed", "failed", REF, 5),
    # An inference that its action contradicts is never proved.
    "a failed action, by reference": ("action_failed", "failed", REF, 5),
    "a cancellation, over, by both": ("cancelled", "cancelled", BOTH, 100),
    "a silent action, over, by both": ("action_null", "unknown", BOTH, 100),
    "a revert, over, by id": ("reverted", "failed", ID, 100),
    # The action is not looked for without its reference.
    "a failed action, over, by id": ("action_failed", "success", ID, 100),
})  # fmt: skip
def test_each_end_is_told(step: MakeStep, fate: str, outcome: str, by: dict[str, str], ago: float) -> None:
    """However the deployment ends, or has ended before the step began, its outcome is told and nothing is undone."""
    number = "" if (fate, by) == ("action_failed", REF) else "108"
    case = Case(outcome, by, mine={"fate": fate}, ago=ago, number=number, seconds=(0, 30 if ago == 100 else 100))
    made, ending = play(step, "wait", case)
    assert made.clock.now() >= made.simulator.all_deployments()[-1].ends_at
    [entry] = json.loads(ending.outputs["results"])
    assert entry == {
        name: value for name, value in ending.outputs.items() if name not in {"results", "deployment", *OF_ROLLBACKS}
    }


@rows("by, words, ignored, log", {
    "another reference": ({"user_reference": "other"}, "reference other.", False, "live"),
    "an id that is not there": ({"deployment_id": "9999"}, "no deployment 9999", True, "on_failure"),
    "another reference and an id": (ID | {"user_reference": "other"}, "reference other.", False, "on_failure"),
    "a part of the reference": ({"user_reference": "min"}, "reference min.", True, "live"),
})  # fmt: skip
def test_what_is_never_found(step: MakeStep, by: dict[str, str], words: str, ignored: bool, log: str) -> None:
    """What nobody has asked for is unknown after a minute, with advice, and no other deployment's log is shown."""
    case = Case(
        "unknown", by, mine={"duration": 300}, number="", says=[words], seconds=(60, 80),
        dials={"ignore_reference_filter": ignored, "log_lines_per_second": 1},
        log=["Check stack_id, user_reference and deployment_id"],
    )  # fmt: skip
    _, ending = play(step, "wait", case, log=log)
    assert "Starting deployment" not in ending.log


def test_the_ids_are_there_as_soon_as_they_are_known(step: MakeStep) -> None:
    """The outputs hold the ids, and the state what the post step needs, while the wait goes on."""
    clock = EventClock()
    made = step(clock=clock)
    asked(made, duration=100)
    seen: list[str] = []
    clock.plan(20, lambda: seen.extend(made.files[name].read_text() for name in ("output", "state")))
    made.run(command="wait", user_reference="mine")
    # The deployment is only inferred as yet; its action is known.
    assert ("action_id" in seen[0], "\n40\n" in seen[0], "\n108\n" in seen[0]) == (True, True, False)
    assert '"is_external": true' in seen[1]


def test_an_abort_that_leaves_it_alone(step: MakeStep) -> None:
    """With cancel_on_abort false a cancelled workflow lets the deployment go on, as does the post step."""
    made = step()
    mine = asked(made, duration=LONG)
    ending = made.run(command="wait", user_reference="mine", abort_at=20.0, cancel_on_abort="false")
    assert (ending.outcome, ending.status, ending.seconds <= 21) == ("unknown", 1, True)
    assert "continues (cancel_on_abort is false)" in ending.outputs["reason"]
    made.clean_up(ending.state, command="wait", user_reference="mine", cancel_on_abort="false")
    assert (cancelled(made), mine.cancelled) == ([], False)
