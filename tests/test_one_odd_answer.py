"""One odd answer is no verdict: while a deployment may be under way, a no has to last, and a gateway has no say."""

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from campaign import EventClock
from cloud66_redeploy.api.client import Client
from cloud66_redeploy.errors import Doubted, NotFound, NotSent
from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.polling.cancellation import Cancellation, Deletion, Terms
from cloud66_redeploy.tracking.doubt import Doubt
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Certainty
from cloud66_simulator import Behaviour, Fault
from cloud66_simulator.core import looks
from harness import Step, green, run_of
from records import CANCELLED, action, deployment, seen, tracked
from scripted import Clock

MakeStep = Callable[..., Step]
SHAPES: list[Any] = ["deployment_id", "async_action_id", "async_action_id_null"]

API_SAYS_NO: list[dict[str, Any]] = [{"kind": "status", "code": code} for code in (401, 402, 403, 404, 410)]
STRANGER: list[dict[str, Any]] = [
    *({"kind": "html", "code": code} for code in (400, 401, 403, 404, 451)),
    {"kind": "garbage", "code": 404, "text": ""},
    {"kind": "wrong_json", "code": 403, "text": '{"message": "Forbidden"}'},
    {"kind": "wrong_json", "code": 404, "text": '["no such route"]'},
    {"kind": "garbage", "text": ""},
    {"kind": "garbage", "text": "<html>Sign in</html>"},
    *({"kind": "wrong_json", "text": text} for text in ("null", "[]", '{"response": null}', '{"response": [1]}')),
    {"kind": "redirect"},
]
BEFORE_THE_POST = 4
"""Calls: the stack, its deployments, and twice its actions."""


def name(answer: dict[str, Any]) -> str:
    """Name an answer in a test's id."""
    return " ".join(str(part) for part in answer.values())


@pytest.mark.parametrize("answer", API_SAYS_NO + STRANGER, ids=name)
def test_one_odd_answer_changes_nothing(step: MakeStep, answer: dict[str, Any]) -> None:
    """Whichever call one odd answer hits, the deployment is watched to its good end (before the POST a stranger's)."""
    first = BEFORE_THE_POST if answer in API_SAYS_NO else 1
    # Every moment with every shape takes too long: each shape gets every third one.
    for number, shape in enumerate(SHAPES * 2 + SHAPES[:1]):
        made = step(behaviour=Behaviour(post_shape=shape, duration_seconds=25))
        made.simulator.faults.append(Fault(**answer, method="GET", skip=first + number))
        green(made)


@pytest.mark.parametrize("path", [None, "/actions", "/deployments$"])
@pytest.mark.parametrize("answer", API_SAYS_NO, ids=name)
def test_a_no_that_lasts(step: MakeStep, answer: dict[str, Any], path: str | None) -> None:
    """A no of the API's own that lasts is asked three times, and ends the run within eight seconds."""
    made = step(behaviour=Behaviour(post_shape="async_action_id_null", duration_seconds=300))
    made.simulator.faults.append(Fault(**answer, path=path, method="GET", after=10, count=None))
    ending, _ = run_of(made)
    assert ("The stack is gone" in ending.outputs["reason"]) is (path is None and answer["code"] in {404, 410})
    refused = [one.time - made.simulator.started for one in made.simulator.requests if one.status == answer["code"]]
    assert ending.outcome == "unknown"
    assert 5 <= ending.seconds - refused[0] <= 8
    assert len(refused) >= 3


@pytest.mark.parametrize("code", [403, 404])
def test_actions_that_can_be_read_again(step: MakeStep, code: int) -> None:
    """Actions that were refused before the POST, and for a while after it, are found out again."""
    for until, shape in ((3.0, SHAPES[2]), (30.0, SHAPES[0])):
        made = step(behaviour=Behaviour(post_shape=shape, duration_seconds=100))
        made.simulator.faults.append(Fault("status", path="/actions", code=code, until=until, count=None))
        assert green(made).outputs["action_id"] != ""


@pytest.mark.parametrize("answer", [*API_SAYS_NO, *STRANGER[:3]], ids=name)
def test_one_odd_answer_after_a_lost_post(step: MakeStep, answer: dict[str, Any]) -> None:
    """While the reference of a lost POST is looked up, one odd answer is passed over: one deployment, and green."""
    for skip in range(3):
        made = step(behaviour=Behaviour(action_record_delay_seconds=4))
        made.simulator.faults += [
            Fault("lost_done", method="POST"),
            Fault(**answer, method="GET", skip=BEFORE_THE_POST + skip),
        ]
        green(made)
        assert len(made.calls("POST")) == 1


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("answer", [*API_SAYS_NO, *STRANGER[:3]], ids=name)
def test_one_odd_answer_to_a_cancellation(step: MakeStep, answer: dict[str, Any], method: str) -> None:
    """One odd answer doesn't keep a cancelled workflow, or its post step, from cancelling the deployment."""
    made = step(behaviour=Behaviour(duration_seconds=1000))
    made.simulator.faults.append(Fault(**answer, method=method, after=20))
    ending = made.run(abort_at=20)
    assert ending.seconds <= 27
    if "ended" not in ending.state:
        made.simulator.faults.append(Fault(**answer, method=method))
        made.clean_up(ending.state)
    made.clock.advance(60)
    assert [one.final_fate for one in made.mine(ending)] == ["cancelled"]


@pytest.mark.parametrize("unique", [True, False])
def test_what_is_said_never_to_have_left_is_looked_up(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, unique: bool
) -> None:
    """A request that was carried out though it is taken for never sent is found, and not sent again."""
    redeploy = Client.redeploy

    def forget(client: Client, options: Any) -> Any:
        redeploy(client, options)
        raise NotSent("POST", "connection refused")

    monkeypatch.setattr(Client, "redeploy", forget)
    made = step()
    ending = made.run(user_reference="" if unique else "given")
    assert (len(made.calls("POST")), len(made.mine(ending))) == (1, 1)
    # Where another run may have the reference, what carries it may be theirs.
    assert ending.outcome == ("success" if unique else "unknown")


def test_nothing_is_sent_again_before_the_look_up_has_worked(step: MakeStep) -> None:
    """As long as the reference can't be looked up, a request that never left is not sent again."""
    made = step()
    made.simulator.faults += [Fault("refuse", method="POST"), Fault("status", method="GET", code=500, skip=4, count=9)]
    green(made)
    second = [one.time for one in made.simulator.requests if one.method == "POST"][1]
    assert min(one.time for one in made.simulator.requests[5:] if one.status == 200) <= second
    made = step(faults=[Fault("refuse", method="POST"), Fault("status", method="GET", code=401, skip=4, count=None)])
    ending = made.run()
    assert (ending.outcome, len(made.calls("POST"))) == ("failed", 1)


@pytest.mark.parametrize("left", [False, True])
def test_where_actions_cannot_be_read_a_new_deployment_forbids_sending_again(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, left: bool
) -> None:
    """A request said never to have left is not sent again if a deployment has come that no readable action explains."""
    redeploy, calls = Client.redeploy, iter([NotSent("POST", "connection refused")])

    def lose(client: Client, options: Any) -> Any:
        trouble = next(calls, None)
        answer = redeploy(client, options) if left or trouble is None else None
        if trouble is not None:
            raise trouble
        return answer

    monkeypatch.setattr(Client, "redeploy", lose)
    made = step(faults=[Fault("status", path="/actions", code=403, count=None)])
    ending = made.run()
    assert (ending.outcome, len(made.mine(ending))) == ("unknown" if left else "success", 1)
    assert ("Whether the deployment was scheduled is not known" in ending.outputs["reason"]) is left


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("code", [403, 404])
def test_actions_refused_until_just_after_the_post(step: MakeStep, code: int, lost: bool) -> None:
    """That actions were refused before the POST decides nothing: after it, a no has to last again."""
    made = step(behaviour=Behaviour(post_shape="async_action_id_null", duration_seconds=30))
    if lost:
        made.simulator.faults.append(Fault("lost_done", method="POST"))
    made.simulator.faults.append(Fault("status", path="/actions", code=code, until=8.0, count=None))
    green(made)


@pytest.mark.parametrize("code", [401, 403, 404, 410])
@pytest.mark.parametrize("lasts", [False, True])
def test_the_list_is_asked_again_before_the_post(step: MakeStep, code: int, lasts: bool) -> None:
    """One no to the list of deployments before the POST, right after the stack was read, is asked again."""
    made = step(faults=[Fault("status", path="/deployments", code=code, count=None if lasts else 1)])
    ending = made.run()
    assert (ending.outcome, len(made.calls("POST"))) == (("failed", 0) if lasts else ("success", 1))


@pytest.mark.parametrize("code", [403, 404])
def test_a_hint_that_is_refused_leads_nowhere(step: MakeStep, code: int) -> None:
    """A number in the POST's answer that leads to a refused record is no answer about the token: it is not ours."""
    made = step(behaviour=Behaviour(post_shape="action_id_as_id", duration_seconds=40))
    made.simulator.faults.append(Fault("status", path=r"/deployments/\d+$", code=code, until=30.0, count=None))
    green(made)


def test_a_named_deployment_that_is_refused_ends_the_wait(step: MakeStep) -> None:
    """A lasting no to the record that was named is one about the token: the wait ends within seconds and says so."""
    made = step(faults=[Fault("status", path=r"/deployments/9999$", code=403, count=None)])
    ending = made.run(command="wait", deployment_id="9999")
    assert (ending.outcome, "no longer answers this token (403)" in ending.outputs["reason"]) == ("unknown", True)
    assert ending.seconds < 9


def test_an_id_that_leads_nowhere_ends_the_wait_where_actions_cannot_be_read(step: MakeStep) -> None:
    """Where no action may be read and the answer's id is no deployment's, a minute decides, not the timeout."""
    made = step(behaviour=Behaviour(post_shape="action_id_as_id", duration_seconds=600))
    made.simulator.faults.append(Fault("status", path="/actions", code=403, count=None))
    ending = made.run()
    assert ending.outcome == "unknown"
    assert ending.seconds < 90


def test_a_no_of_another_call_is_another_no() -> None:
    """A no to one call, and seconds later one to another call, are each asked again."""
    clock = Clock()
    doubt = Doubt(clock)

    def refuse(call: str) -> None:
        raise NotFound(call, "", status=404)

    for call in ("GET /a", "GET /b", "GET /b"):
        with pytest.raises(Doubted):
            doubt.check(lambda call=call: refuse(call))  # type: ignore[misc]
        clock.now += 3
    with pytest.raises(NotFound):
        doubt.check(lambda: refuse("GET /b"))


@pytest.mark.parametrize("code", [500, 401])
def test_a_look_up_that_never_worked_is_not_called_a_look_up(step: MakeStep, code: int) -> None:
    """If nobody could look, the reason doesn't say that nothing was found."""
    made = step(faults=[Fault("lost_done", method="POST")])
    made.simulator.faults.append(Fault("status", method="GET", code=code, skip=BEFORE_THE_POST, count=None))
    ending = made.run(timeout="3m")
    assert ending.outcome == "unknown"
    assert "its reference could not be looked up" in ending.outputs["reason"]


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("fate", ["failed", "cancelled", "odd"])
def test_contrary_evidence_is_held_against_green(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, fate: Any, lost: bool
) -> None:
    """Where the only deployment that can be ours ends badly and our action says success, the job is red."""
    monkeypatch.setattr(looks, "_finished_success", lambda _one: True)
    made = step(behaviour=Behaviour(post_shape="async_action_id_null", fate=fate))
    if lost:
        made.simulator.faults.append(Fault("lost_done", method="POST"))
    ending, mine = run_of(made)
    assert ending.status == 1
    assert ending.outcome == ("cancelled" if fate == "cancelled" else "failed")
    assert str(mine.id) in ending.outputs["reason"] or fate == "odd"
    assert ending.outputs["deployment_id"] in {"", str(mine.id)}


LATE: list[tuple[dict[str, float | None], dict[str, str], str]] = [
    ({"git_hash": 8.0}, {"expected_commit": "11e1d51"}, "success"),
    ({"git_hash": None}, {"expected_commit": "11e1d51"}, "unknown"),
    ({"git_hash": 8.0}, {"expected_commit": "abcdef1"}, "failed"),
    ({"is_live": None}, {}, "success"),
    ({"started_at": None}, {}, "success"),
    ({"finished_success": 8.0}, {}, "success"),
    ({"finished_success": None}, {}, "unknown"),
    ({"outcome": 8.0}, {}, "success"),
    ({"outcome": None}, {}, "unknown"),
    ({"finished_at": 8.0}, {}, "success"),
    ({"finished_message": None, "triggered_by": None, "user": None}, {}, "success"),
]


@pytest.mark.parametrize(("late", "inputs", "outcome"), LATE, ids=str)
def test_not_there_yet_is_no_contradiction(
    step: MakeStep, late: dict[str, float | None], inputs: dict[str, str], outcome: str
) -> None:
    """A field that shows late is waited for; one that never shows leaves unknown what it would have told."""
    for shape in SHAPES[::2]:
        made = step(behaviour=Behaviour(late_fields=late, post_shape=shape))
        ending, _ = run_of(made, git_ref="main", **inputs)
        assert ending.outcome == outcome


@pytest.mark.parametrize("reference", ["mine", "theirs"])
def test_the_answers_action_id_is_the_way_to_our_action(reference: str) -> None:
    """With async_action_id, the action is read by its id; one that carries another reference is not taken for ours."""
    known = tracked("mine", posts_sent=1, accepted=True, answer_action_id=40)
    asked: list[str] = []

    def actions_with(given: str) -> list[Any]:
        asked.append(given)
        return []

    client: Any = mock.Mock(action=lambda _id: action(40, reference=reference), actions_with=actions_with)
    Observer(client, known, Clock()).read_action()
    assert (known.action is not None, asked) == ((True, []) if reference == "mine" else (False, ["mine"]))


def test_a_cancellation_belongs_to_the_id_it_was_sent_for() -> None:
    """If what was cancelled as ours turns out to be another's, ours is cancelled as well, and a warning says so."""
    known, clock = tracked("mine", posts_sent=1, accepted=True), Clock(now=100.0)
    sent: list[int] = []
    script = [deployment(108), deployment(109), deployment(109, 0, 40, outcome=CANCELLED)]

    class Looks(Observer):
        def look(self) -> None:
            asked_for = action(40, 0, 40 if len(script) == 1 else None, "mine", finished_success=False)
            seen(known, script.pop(0), Certainty.INFERRED, action=asked_for)

    client: Any = mock.Mock(cancel=sent.append)
    looks = Looks(client, known, clock)
    listener = mock.Mock()
    deletion = Deletion(client, clock)
    result = Cancellation(looks, known, clock, listener, Terms("As asked", 300.0), deletion).run()
    assert (result.outcome, sent) == (Outcome.CANCELLED, [108, 109])
    listener.deleting_another.assert_called_once_with(108, 109)


def test_the_post_step_does_not_claim_that_nothing_was_scheduled(step: MakeStep) -> None:
    """While a deployment is there that no action accounts for, the post step doesn't say that there is none."""
    behaviour = Behaviour(action_record_delay_seconds=1e6, duration_seconds=1000)
    made = step(behaviour=behaviour, faults=[Fault("timeout_done", method="POST")])
    ending = made.run(abort_at=0.4)
    kept = [one | {"submission": one["submission"] | {"accepted": False}} for one in json.loads(ending.state["run"])]
    after = made.clean_up({"run": json.dumps(kept)})
    assert "Nothing was scheduled" not in after.log
    assert len(after.warnings) == 1


@pytest.mark.parametrize(("fate", "rival"), [("failed", "success"), ("success", "failed")])
def test_a_reference_that_two_runs_share_and_a_post_sent_twice(step: MakeStep, fate: Any, rival: Any) -> None:
    """Where a POST went out twice and another run has the same reference, green takes the success of all."""
    clock = EventClock()
    made = step(clock=clock, behaviour=Behaviour(fate=fate, duration_seconds=60))
    made.simulator.faults.append(Fault("lost_undone", method="POST"))
    ci: dict[str, Any] = {"via": "api", "user": "ci@example.com", "user_reference": "given"}
    clock.plan(90, lambda: made.simulator.request_deployment(**ci, duration=5, fate=rival))
    ending = made.run(user_reference="given", timeout="5m")
    assert len(made.calls("POST")) == 2
    assert ending.outcome != "success"


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("shape", SHAPES[1:])
def test_an_earlier_runs_action_is_never_green(step: MakeStep, shape: Any, lost: bool) -> None:
    """A given reference that an earlier run used proves nothing where the actions before the POST are not known."""
    clock = EventClock()
    made = step(clock=clock, behaviour=Behaviour(post_shape=shape, action_record_delay_seconds=25))
    made.simulator.request_deployment(duration=10, user_reference="prod")
    clock.advance(3600)
    now = clock.now() - made.simulator.started
    made.simulator.faults.append(Fault("status", path="/actions", code=403, after=now, until=now + 5.425, count=None))
    if lost:
        made.simulator.faults.append(Fault("lost_undone", method="POST"))
    ending = made.run(user_reference="prod", timeout="3m")
    assert (ending.outcome, len(made.calls("POST"))) == ("unknown", 1)
    kept = json.loads(ending.state["run"])
    assert "actions" not in kept[0]["baseline"]


@pytest.mark.parametrize("when", [66.5, 68.0, 69.0, 70.0])
@pytest.mark.parametrize("lag", [6.0, 8.0])
def test_a_stranger_is_not_cancelled_for_the_younger_one(step: MakeStep, lag: float, when: float) -> None:
    """Where a POST went through twice, another deployment whose action is late is not cancelled as the younger one."""
    clock = EventClock()
    behaviour = Behaviour(post_shape="async_action_id_null", duration_seconds=60, deployment_record_delay_seconds=lag)
    made = step(clock=clock, behaviour=behaviour, faults=[Fault("late", method="POST", seconds=66)])
    ci: dict[str, Any] = {"via": "api", "user": "ci@example.com", "duration": 60, "record_delays": (0.0, 12.0)}
    clock.plan(when, lambda: made.simulator.request_deployment(**ci))
    ending = made.run(timeout="6m")
    mine = {str(one.id) for one in made.mine(ending)}
    assert {path.rpartition("/")[2] for path in made.calls("DELETE")} <= mine
