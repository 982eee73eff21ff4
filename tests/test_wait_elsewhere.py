"""`command: wait`: one deployment that an earlier job has asked for, waited for to its end."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import pytest

from campaign import EventClock
from cloud66_redeploy.commands import wait as room
from cloud66_redeploy.timing import RECORD_LAG_SECONDS
from cloud66_simulator import Behaviour, Fault
from cloud66_simulator.behaviour import PostShape
from elsewhere import CI, asked, cancelled, check
from harness import Ending, Step

MakeStep = Callable[..., Step]
OUTCOMES = {
    "success": "success", "failed": "failed", "cancelled": "cancelled", "odd": "failed", "reverted": "failed",
    "action_failed": "failed", "action_null": "unknown",
}  # fmt: skip
BY = [{"user_reference": "mine"}, {"deployment_id": "108"}, {"user_reference": "mine", "deployment_id": "108"}]


def wait(made: Step, **inputs: Any) -> Ending:
    """Wait for the deployment, and check what always holds."""
    ending = made.run(command="wait", **inputs)
    check(made, ending)
    return ending


@pytest.mark.parametrize("shape", get_args(PostShape))
@pytest.mark.parametrize("later", [0.0, 10.0, 100.0])
def test_what_an_earlier_job_asked_for(step: MakeStep, shape: Any, later: float) -> None:
    """The reference that a step with wait: false puts out is all that a later job needs, whatever the POST answers."""
    made = step(behaviour=Behaviour(post_shape=shape))
    first = made.run(wait="false")
    assert first.outcome == "scheduled"
    made.clock.advance(later)
    ending = made.run(command="wait", user_reference=first.outputs["user_reference"])
    assert (ending.outcome, ending.status, ending.outputs["deployment_id"]) == ("success", 0, "108")
    assert len(made.calls("POST")) == 1
    [mine] = made.mine(first)
    assert made.clock.now() >= mine.ends_at


@pytest.mark.parametrize("fate", OUTCOMES)
@pytest.mark.parametrize("by", BY, ids=["reference", "id", "both"])
@pytest.mark.parametrize("ago", [5, 100], ids=["under way", "over"])
def test_each_end_is_told(step: MakeStep, fate: Any, by: dict[str, str], ago: float) -> None:
    """However the deployment ends, or has ended before the step began, its outcome is told and nothing is undone."""
    made = step()
    mine = asked(made, ago=ago, fate=fate)
    ending = wait(made, **by)
    # The action, which alone tells these two apart from a success, is not looked for without its reference.
    known = "success" if fate.startswith("action") and "user_reference" not in by else OUTCOMES[fate]
    # An inference that its action contradicts is never proved.
    shown = "" if fate == "action_failed" and by == BY[0] else "108"
    assert (ending.outcome, ending.outputs["deployment_id"], cancelled(made)) == (known, shown, [])
    assert made.clock.now() >= mine.ends_at
    [entry] = json.loads(ending.outputs["results"])
    assert set(entry) == set(ending.outputs) - {"results", "deployment"} - {
        "rollback_outcome", "rollback_deployment_id", "rolled_back_to",
    }  # fmt: skip
    assert {name: ending.outputs[name] for name in entry} == entry
    if ago == 100:
        assert ending.seconds < 30


@pytest.mark.parametrize("by", BY, ids=["reference", "id", "both"])
@pytest.mark.parametrize("ahead", [0, 2])
@pytest.mark.parametrize("behind", [0, 2])
def test_others_deploy_before_and_after(step: MakeStep, by: dict[str, str], ahead: int, behind: int) -> None:
    """Ours is told from those that wait or run around it, whatever becomes of them."""
    made = step()
    for _ in range(ahead):
        made.simulator.request_deployment(duration=30, fate="failed")
    number = str(asked(made, ago=0).id)
    for _ in range(behind):
        made.simulator.request_deployment(duration=30, fate="failed", user="ann@example.com")
    given = by | ({"deployment_id": number} if "deployment_id" in by else {})
    ending = wait(made, **given)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", number)
    assert ("queued behind 2 other deployments" in ending.log) is (ahead == 2)


def test_others_who_cannot_be_told_from_ours(step: MakeStep) -> None:
    """Where the same user deploys the same ref right after, the action alone decides, unless the id is given, too."""
    made = step()
    asked(made, ago=0)
    made.simulator.request_deployment(fate="failed", **CI)
    ending = wait(made, user_reference="mine")
    assert (ending.outcome, ending.outputs["deployment_id"] in {"", "108"}) == ("success", True)
    made = step()
    asked(made, ago=0)
    made.simulator.request_deployment(fate="failed", **CI)
    ending = wait(made, user_reference="mine", deployment_id="108")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", "108")


@pytest.mark.parametrize("wrong", ["107", "109", "9999"])
def test_the_id_of_another_deployment_is_never_taken(step: MakeStep, wrong: str) -> None:
    """Where id and reference don't go together, the reference counts: nobody else's record is passed off for ours."""
    made = step()
    asked(made, duration=20, fate="failed")
    made.simulator.request_deployment(user="ann@example.com", via="web", duration=60)
    ending = wait(made, user_reference="mine", deployment_id=wrong, timeout="5m")
    assert (ending.outcome, ending.outputs["deployment_id"], ending.outputs["git_hash"]) == ("failed", "", "")


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ({"user_reference": "other"}, "no action that carries the reference other"),
        ({"deployment_id": "9999"}, "no deployment 9999"),
        ({"user_reference": "other", "deployment_id": "108"}, "no action that carries the reference other"),
        ({"user_reference": "min"}, "no action that carries the reference min."),
        ({"user_reference": "Mine"}, "no action that carries the reference Mine."),
    ],
)
@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("log", ["on_failure", "live"])
def test_what_is_never_found(step: MakeStep, by: dict[str, str], words: str, ignored: bool, log: str) -> None:
    """What nobody has asked for is unknown after a minute, with advice, and no other deployment's log is shown."""
    made = step(behaviour=Behaviour(ignore_reference_filter=ignored, log_lines_per_second=1))
    asked(made, duration=300)
    ending = wait(made, log=log, **by)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("unknown", "")
    assert 60 <= ending.seconds <= 80
    assert words in ending.outputs["reason"]
    assert "Check the inputs stack_id, user_reference and deployment_id" in ending.errors[0]
    assert "Fetching" not in ending.log


@pytest.mark.parametrize("by", BY, ids=["reference", "id", "both"])
def test_records_that_are_late_are_waited_for(step: MakeStep, by: dict[str, str]) -> None:
    """A wait that begins before the records show finds them."""
    made = step()
    asked(made, ago=0, record_delays=(20.0, 10.0))
    assert wait(made, **by).outcome == "success"


def test_one_whose_record_shows_only_when_it_starts(step: MakeStep) -> None:
    """A deployment that waits unseen behind another is waited for by its action."""
    made = step(behaviour=Behaviour(record_while_queued=False))
    made.simulator.request_deployment(duration=60)
    mine = asked(made)
    ending = wait(made, user_reference="mine")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", str(mine.id))


@pytest.mark.parametrize("fates", [("success", "success"), ("success", "failed"), ("failed", "success")])
def test_a_shared_reference_is_green_only_if_all_succeed(step: MakeStep, fates: tuple[Any, Any]) -> None:
    """Where two deployments carry the reference, neither is taken for the one, and a warning says why."""
    made = step()
    asked(made, fate=fates[0], ago=0)
    asked(made, fate=fates[1])
    ending = wait(made, user_reference="mine")
    assert ending.outcome == ("success" if fates == ("success", "success") else "failed")
    assert ending.outputs["deployment_id"] == ""
    assert "Reference not unique" in "".join(ending.warnings)


@pytest.mark.parametrize(("expected", "outcome"), [("a" * 40, "failed"), ("", "success")])
def test_the_commit_is_checked(step: MakeStep, expected: str, outcome: str) -> None:
    """A commit that is expected has to be the one deployed."""
    made = step()
    mine = asked(made)
    for given in (expected, expected and mine.git_hash[:7]):
        ending = wait(made, user_reference="mine", expected_commit=given)
        assert ending.outcome == (outcome if given == expected else "success")


@pytest.mark.parametrize("cancel", ["true", "false"])
@pytest.mark.parametrize("by", BY[:2], ids=["reference", "id"])
def test_the_timeout(step: MakeStep, cancel: str, by: dict[str, str]) -> None:
    """At the timeout the wait ends red, and the deployment is cancelled if that was asked for."""
    made = step()
    mine = asked(made, duration=1000)
    ending = wait(made, timeout="1m", cancel_on_timeout=cancel, **by)
    assert (ending.outcome, cancelled(made)) == ("timed_out", ["108"] if cancel == "true" else [])
    assert 60 <= ending.seconds <= 85
    assert (mine.cancel_at is not None) is (cancel == "true")


def test_the_queue_timeout(step: MakeStep) -> None:
    """One that stays behind another for too long ends the wait before the timeout."""
    made = step()
    made.simulator.request_deployment(duration=1000)
    asked(made)
    ending = wait(made, user_reference="mine", queue_timeout="30s")
    assert (ending.outcome, 30 <= ending.seconds <= 35) == ("timed_out", True)


@pytest.mark.parametrize("code", [401, 403, 404])
@pytest.mark.parametrize("after", [0, 20], ids=["at once", "in the middle"])
def test_a_refusal_ends_it(step: MakeStep, code: int, after: float) -> None:
    """A token or a stack that is refused, at once or in the middle, leaves the outcome unknown."""
    made = step()
    asked(made)
    made.simulator.faults.append(Fault("status", method="GET", code=code, after=after, count=None))
    ending = wait(made, user_reference="mine")
    assert (ending.outcome, ending.seconds < 60) == ("unknown", True)
    assert ending.outputs["stack_id"] == "5999b763474b0eafa5fafb64bff0ba80"


@pytest.mark.parametrize("code", [403, 404])
def test_actions_that_cannot_be_read(step: MakeStep, code: int) -> None:
    """Where the actions are refused, a reference leads nowhere; an id does."""
    made = step()
    asked(made)
    made.simulator.faults.append(Fault("status", method="GET", path="/actions", code=code, count=None))
    assert wait(made, user_reference="mine", timeout="2m").outcome != "success"
    assert wait(made, deployment_id="108").outcome == "success"


@pytest.mark.parametrize(
    "kind", ["status", "html", "lost_undone", "timeout_undone", "garbage", "wrong_json", "throttle"]
)
@pytest.mark.parametrize("when", [(0, 60), (15, 100)], ids=["at the start", "in the middle"])
@pytest.mark.parametrize("by", BY[:2], ids=["reference", "id"])
def test_a_storm_is_waited_out(step: MakeStep, kind: Any, when: tuple[float, float], by: dict[str, str]) -> None:
    """Trouble that passes changes nothing about the outcome."""
    made = step()
    asked(made, duration=60)
    made.simulator.faults.append(Fault(kind, method="GET", after=when[0], until=when[1], count=None))
    assert wait(made, **by).outcome == "success"


def test_a_storm_to_the_end_is_unknown_in_time(step: MakeStep) -> None:
    """Where nobody ever answers, the wait ends at its timeout, red."""
    made = step()
    asked(made)
    made.simulator.faults.append(Fault("timeout_undone", count=None))
    ending = wait(made, user_reference="mine", timeout="2m")
    assert (ending.outcome, ending.seconds <= 120 + 30.1) == ("timed_out", True)
    assert "It could not be asked at the end" in ending.outputs["reason"]


def test_somebody_cancels_it_meanwhile(step: MakeStep) -> None:
    """A deployment that somebody cancels while it is waited for ends the wait as cancelled."""
    clock = EventClock()
    made = step(clock=clock)
    asked(made, duration=300)
    clock.plan(30, partial(made.simulator.cancel, 108))
    ending = wait(made, user_reference="mine")
    assert (ending.outcome, ending.seconds < 60) == ("cancelled", True)


def test_a_fault_of_ours_is_told(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in this action leaves the outcome unknown, and sets every output."""
    monkeypatch.setattr(room, "meet", lambda *_: 1 // 0)
    made = step()
    asked(made)
    ending = wait(made, user_reference="mine")
    assert (ending.outcome, "This action has a fault" in ending.outputs["reason"]) == ("unknown", True)


def test_the_ids_are_there_as_soon_as_they_are_known(step: MakeStep) -> None:
    """The outputs hold the ids, and the state what the post step needs, while the wait goes on."""
    clock = EventClock()
    made = step(clock=clock)
    asked(made, duration=100)
    seen: list[str] = []
    clock.plan(20, lambda: seen.extend(made.files[name].read_text() for name in ("output", "state")))
    wait(made, user_reference="mine")
    # The deployment is only inferred as yet; its action is known.
    assert ("action_id" in seen[0], "\n40\n" in seen[0], "\n108\n" in seen[0]) == (True, True, False)
    assert '"is_external": true' in seen[1]


def test_one_that_was_superseded(step: MakeStep) -> None:
    """A success that is not the live one any more is one all the same, and a notice names the other."""
    made = step()
    asked(made, duration=5, ago=10)
    made.simulator.request_deployment(git_ref="next", duration=5)
    made.clock.advance(20)
    ending = wait(made, deployment_id="108")
    assert (ending.outcome, ending.outputs["is_live"]) == ("success", "false")
    assert "deployment 109" in ending.log


@pytest.mark.parametrize("at", [0.07, 0.3, 20.0])
def test_an_abort_that_leaves_it_alone(step: MakeStep, at: float) -> None:
    """With cancel_on_abort false a cancelled workflow lets the deployment go on, as does the post step."""
    made = step()
    mine = asked(made, duration=1000)
    ending = wait(made, user_reference="mine", abort_at=at, cancel_on_abort="false")
    assert (ending.outcome, ending.seconds <= at + 1) == ("unknown", True)
    assert "goes on (cancel_on_abort is false)" in ending.outputs["reason"]
    made.clean_up(ending.state, command="wait", user_reference="mine", cancel_on_abort="false")
    assert (cancelled(made), mine.cancelled) == ([], False)


def test_how_far_one_is_that_has_run_for_long(step: MakeStep) -> None:
    """How long it has been running is told by the server's clock, and the looks follow that."""
    made = step(behaviour=Behaviour(duration_seconds=300))
    asked(made, duration=300, ago=150)
    ending = made.run(command="wait", user_reference="mine")
    assert "2m30s of usually" in ending.log
    assert ending.outcome == "success"
    # By its reference alone it is only inferred until all records have had their time.
    assert ending.seconds <= 150 + RECORD_LAG_SECONDS + 5


def test_a_success_of_another_than_the_one_named(step: MakeStep) -> None:
    """Where the reference has succeeded and the id is another's, it is not green."""
    made = step()
    asked(made, duration=20)
    ending = made.run(command="wait", user_reference="mine", deployment_id="107")
    assert (ending.outcome, ending.status, ending.outputs["deployment_id"]) == ("unknown", 1, "")
    assert "Deployment 107 is not the one that carries the reference mine." in ending.outputs["reason"]
