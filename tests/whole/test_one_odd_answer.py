"""One odd answer is no verdict: while a deployment may be under way, a no has to last, and a gateway has no say."""

import json
from collections.abc import Iterable
from typing import Any
from unittest import mock

import pytest

from cases import CI, SHAPES, Case, MakeStep, play, stage
from cloud66_redeploy.api.client import Client
from cloud66_redeploy.errors import NotSent
from cloud66_redeploy.tracking.observer import Observer
from cloud66_simulator import Fault
from cloud66_simulator.core import looks
from records import action, tracked
from scripted import Clock

BY_ID, BY_ACTION, BY_NOTHING = SHAPES[0], SHAPES[2], SHAPES[3]
BEFORE_THE_POST = 4
"""Calls: the stack, its deployments, and twice its actions."""

NOES: dict[str, Any] = {f"{code} of the API": {"kind": "status", "code": code} for code in (401, 402, 403, 404, 410)}
STRANGERS: dict[str, Any] = {
    "a page with 404": {"kind": "html", "code": 404},
    "404 and nothing": {"kind": "garbage", "code": 404, "text": ""},
    "403 and JSON": {"kind": "wrong_json", "code": 403, "text": '{"message": "Forbidden"}'},
    "200 and a page": {"kind": "garbage", "text": "<html>Sign in</html>"},
    **{f"200 and {text}": {"kind": "wrong_json", "text": text} for text in ("null", '{"response": [1]}')},
    "a redirect": {"kind": "redirect"},
}
SOME = {name: (NOES | STRANGERS)[name] for name in ("401 of the API", "404 of the API", "a page with 404")}
"""One that is taken for a refused token, one for a record that isn't there, and one that isn't the API's."""

MOMENTS = {
    # What a status means is told in one place, so every moment is tried with one of each kind only.
    **{name: [BEFORE_THE_POST + number % 6] for number, name in enumerate(NOES)},
    **{name: [1 + number % 8] for number, name in enumerate(STRANGERS)},
    **{name: range(BEFORE_THE_POST if name in NOES else 1, BEFORE_THE_POST + 6) for name in SOME},
}


@pytest.mark.parametrize(("name", "moments"), MOMENTS.items(), ids=MOMENTS)
def test_one_odd_answer_changes_nothing(step: MakeStep, name: str, moments: Iterable[int]) -> None:
    """Whichever call one odd answer hits, the deployment is watched to its good end (before the POST a stranger's)."""
    for moment in moments:
        fault = Fault(**(NOES | STRANGERS)[name], method="GET", skip=moment)
        dials = {"post_shape": (BY_ID, BY_ACTION, BY_NOTHING)[moment % 3], "duration_seconds": 25}
        play(step, Case(faults=(fault,), dials=dials))


LASTING: list[tuple[str, str | None]] = [(name, None) for name in NOES]
LASTING += [("401 of the API", "/actions"), ("404 of the API", "/deployments$")]


@pytest.mark.parametrize(("name", "path"), LASTING)
def test_a_no_that_lasts(step: MakeStep, name: str, path: str | None) -> None:
    """A no of the API's own that lasts is asked three times, and ends the run within eight seconds."""
    fault = Fault(**NOES[name], path=path, method="GET", after=10, count=None)
    played = play(step, Case("unknown", (fault,), {"post_shape": BY_NOTHING, "duration_seconds": 300}))
    made, ending = played.made, played.ending
    assert ("The stack no longer exists" in ending.outputs["reason"]) is (path is None and fault.code in {404, 410})
    refused = [one.time - made.simulator.started for one in made.simulator.requests if one.status == fault.code]
    assert 5 <= ending.seconds - refused[0] <= 8
    assert len(refused) >= 3


@pytest.mark.parametrize(("name", "skip"), [*zip(SOME, range(3), strict=True)])
def test_one_odd_answer_after_a_lost_post(step: MakeStep, name: str, skip: int) -> None:
    """While the reference of a lost POST is looked up, one odd answer is passed over: one deployment, and green."""
    odd = Fault(**SOME[name], method="GET", skip=BEFORE_THE_POST + skip)
    play(step, Case(faults=(Fault("lost_done", method="POST"), odd), dials={"action_record_delay_seconds": 4}))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", SOME)
def test_one_odd_answer_to_a_cancellation(step: MakeStep, name: str, method: str) -> None:
    """One odd answer doesn't keep a cancelled workflow, or its post step, from cancelling the deployment."""
    odd = Fault(**SOME[name], method=method, after=20)
    made, _ = stage(step, Case(faults=(odd,), dials={"duration_seconds": 1000}))
    ending = made.run(abort_at=20)
    assert ending.seconds <= 27
    if "ended" not in ending.state:
        made.simulator.faults.append(Fault(**SOME[name], method=method))
        made.clean_up(ending.state)
    made.clock.sleep(60)
    assert [one.final_fate for one in made.mine(ending)] == ["cancelled"]


REFUSED: dict[str, Any] = {"kind": "status", "path": "/actions"}
AGAIN: dict[str, Case] = {
    **{
        f"{code} until {until:g} s, {shape}, {'lost' if lost else 'answered'}": Case(
            faults=(
                *([Fault("lost_done", method="POST")] if lost else []),
                Fault(**REFUSED, code=code, until=until, count=None),
            ),
            dials={"post_shape": shape, "duration_seconds": 100},
        )
        for code, until, shape, lost in (
            (403, 3.0, BY_NOTHING, False), (404, 3.0, BY_NOTHING, False), (403, 30.0, BY_ID, False),
            (404, 8.0, BY_NOTHING, True),
        )
    },
    **{
        f"{code} for the number in the answer": Case(
            faults=(Fault("status", path=r"/deployments/\d+$", code=code, until=30.0, count=None),),
            dials={"post_shape": "action_id_as_id", "duration_seconds": 40},
        )
        for code in (403, 404)
    },
}  # fmt: skip


@pytest.mark.parametrize("case", AGAIN.values(), ids=AGAIN)
def test_what_can_be_read_again(step: MakeStep, case: Case) -> None:
    """What was refused before the POST, and for a while after it, is found out again; the number proved nothing."""
    assert play(step, case).ending.outputs["action_id"] != ""


def test_a_named_deployment_that_is_refused_ends_the_wait(step: MakeStep) -> None:
    """A lasting no to the record that was named is one about the token: the wait ends within seconds and says so."""
    made = step(faults=[Fault("status", path=r"/deployments/9999$", code=403, count=None)])
    ending = made.run(command="wait", deployment_id="9999")
    assert (ending.outcome, "no longer accepts this token (403)" in ending.outputs["reason"]) == ("unknown", True)
    assert ending.seconds < 9


@pytest.mark.parametrize(
    ("reference", "left", "readable"),
    [("", True, True), ("", True, False), ("", False, False), ("given", True, True), ("given", False, True)],
)
def test_what_is_said_never_to_have_left_is_looked_up(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, reference: str, left: bool, readable: bool
) -> None:
    """A request that was carried out though it is taken for never sent is not sent again, found or not."""
    redeploy, calls = Client.redeploy, iter([NotSent("POST", "connection refused")])

    def lose(client: Client, *options: Any) -> Any:
        trouble = next(calls, None)
        answer = redeploy(client, *options) if left or trouble is None else None
        if trouble is not None:
            raise trouble
        return answer

    monkeypatch.setattr(Client, "redeploy", lose)
    faults = () if readable else (Fault(**REFUSED, code=403, count=None),)
    # Where another run may have the reference, or no action tells, what has come may be theirs.
    known = not left or (readable and not reference)
    inputs = {"user_reference": reference} if reference else {}
    played = play(step, Case("success" if known else "unknown", faults, inputs=inputs))
    assert known or "may or may not have been scheduled" in played.ending.outputs["reason"]


@pytest.mark.parametrize(("fate", "lost"), [("failed", False), ("cancelled", True), ("odd", False)])
def test_contrary_evidence_is_held_against_green(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, fate: str, lost: bool
) -> None:
    """Where the only deployment that can be ours ends badly and our action says success, the job is red."""
    monkeypatch.setattr(looks, "_finished_success", lambda _one: True)
    faults = (Fault("lost_done", method="POST"),) if lost else ()
    outcome = "cancelled" if fate == "cancelled" else "failed"
    played = play(step, Case(outcome, faults, {"post_shape": BY_NOTHING, "fate": fate}))
    assert str(played.mine[0].id) in played.ending.outputs["reason"] or fate == "odd"


LATE: list[tuple[dict[str, float | None], str, str, Any]] = [
    ({"git_hash": 8.0}, "11e1d51", "success", BY_ID),
    ({"git_hash": None}, "11e1d51", "unknown", BY_NOTHING),
    ({"git_hash": 8.0}, "abcdef1", "failed", BY_ID),
    ({"started_at": None, "is_live": None}, "", "success", BY_NOTHING),
    ({"finished_success": 8.0}, "", "success", BY_NOTHING),
    ({"finished_success": None}, "", "unknown", BY_ID),
    ({"outcome": 8.0, "finished_at": 8.0}, "", "success", BY_NOTHING),
    ({"outcome": None}, "", "unknown", BY_ID),
    ({"finished_message": None, "triggered_by": None, "user": None}, "", "success", BY_NOTHING),
]


@pytest.mark.parametrize(("late", "expected", "outcome", "shape"), LATE, ids=str)
def test_not_there_yet_is_no_contradiction(
    step: MakeStep, late: dict[str, float | None], expected: str, outcome: str, shape: str
) -> None:
    """A field that shows late is waited for; one that never shows leaves unknown what it would have told."""
    inputs = {"git_ref": "main", "expected_commit": expected}
    play(step, Case(outcome, dials={"late_fields": late, "post_shape": shape}, inputs=inputs))


@pytest.mark.parametrize("reference", ["mine", "theirs"])
def test_the_answers_action_id_is_the_way_to_our_action(reference: str) -> None:
    """With async_action_id, the action is read by its id; one that carries another reference is not taken for ours."""
    known = tracked("mine", posts_sent=1, accepted=True, answer_action_id=40)
    client: Any = mock.Mock(**{"action.return_value": action(40, reference=reference), "actions_with.return_value": []})
    Observer(client, known, Clock()).read_action()
    assert (known.action is not None) is (reference == "mine")
    assert client.actions_with.called is (reference == "theirs")


def test_the_post_step_does_not_claim_that_nothing_was_scheduled(step: MakeStep) -> None:
    """While a deployment is there that no action accounts for, the post step doesn't say that there is none."""
    dials = {"action_record_delay_seconds": 1e6, "duration_seconds": 1000}
    made, _ = stage(step, Case(faults=(Fault("timeout_done", method="POST"),), dials=dials))
    ending = made.run(abort_at=0.4)
    after = made.clean_up({"run": ending.state["run"]})
    assert "No deployment was started" not in after.log
    assert len(after.warnings) == 1


@pytest.mark.parametrize(("fate", "rival"), [("failed", "success"), ("success", "failed")])
def test_a_reference_that_two_runs_share_and_a_post_sent_twice(step: MakeStep, fate: str, rival: str) -> None:
    """Where a POST went out twice and another run has the same reference, green takes the success of all."""
    made, _ = stage(step, Case(
        faults=(Fault("lost_undone", method="POST"),), dials={"fate": fate, "duration_seconds": 60},
        others=((90, CI | {"user_reference": "given", "duration": 5, "fate": rival}),),
    ))  # fmt: skip
    ending = made.run(user_reference="given", timeout="5m")
    assert len(made.calls("POST")) == 2
    assert ending.outcome != "success"


@pytest.mark.parametrize(("shape", "lost"), [(BY_ACTION, False), (BY_NOTHING, True)])
def test_an_earlier_runs_action_is_never_green(step: MakeStep, shape: str, lost: bool) -> None:
    """A given reference that an earlier run used proves nothing where the actions before the POST are not known."""
    made, _ = stage(step, Case(
        dials={"post_shape": shape, "action_record_delay_seconds": 25}, head_start=3600,
        others=((0, {"duration": 10, "user_reference": "prod"}),),
    ))  # fmt: skip
    made.simulator.faults.append(Fault(**REFUSED, code=403, after=3600, until=3605.425, count=None))
    if lost:
        made.simulator.faults.append(Fault("lost_undone", method="POST"))
    ending = made.run(user_reference="prod", timeout="3m")
    assert (ending.outcome, len(made.calls("POST"))) == ("unknown", 1)
    assert json.loads(ending.state["run"])[0]["actions_known"] is False


@pytest.mark.parametrize(("lag", "when"), [(6.0, 66.5), (8.0, 70.0)])
def test_a_stranger_is_not_cancelled_for_the_younger_one(step: MakeStep, lag: float, when: float) -> None:
    """Where a POST went through twice, another deployment whose action is late is not cancelled as the younger one."""
    dials = {"post_shape": BY_NOTHING, "duration_seconds": 60, "deployment_record_delay_seconds": lag}
    late = (Fault("late", method="POST", seconds=66),)
    others = ((when, CI | {"duration": 60, "record_delays": (0.0, 12.0)}),)
    made, _ = stage(step, Case(faults=late, dials=dials, others=others))
    ending = made.run(timeout="6m")
    mine = {str(one.id) for one in made.mine(ending)}
    assert {path.rpartition("/")[2] for path in made.calls("DELETE")} <= mine
