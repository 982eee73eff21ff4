"""One look: which calls it makes, and what it takes for ours."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud66_redeploy.errors import Doubted, NotFound
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.model.verdict import Absence
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from records import seen, tracked
from scripted import Clock


class Records:
    """Stands in for the client: what each call answers, or raises."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"age_seconds": None} | answers
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_arguments: object) -> Any:
            self.asked.append(name)
            found = self.answers[name]
            if isinstance(found, Exception):
                raise found
            return found

        return call


def deployment(number: int, start: int | None = 1, end: int | None = None, **fields: Any) -> Deployment:
    """Make a deployment's record; the times are seconds of a minute."""
    times = {
        "started_at": start and f"2026-01-01T12:00:{start:02}Z",
        "finished_at": end and f"2026-01-01T12:00:{end:02}Z",
    }
    return Deployment.from_json({"id": number, "outcome": {"code": 1}} | times | fields)


def action(number: int = 40, end: int | None = None, reference: str = "mine", **fields: Any) -> Action:
    """Make an action's record."""
    times = {"started_at": "2026-01-01T12:00:00Z", "finished_at": end and f"2026-01-01T12:00:{end:02}Z"}
    meta = {"metadata": {"user_reference": reference}, "finished_success": True if end else None, "action": "deploy"}
    return Action.from_json({"id": number} | times | meta | fields)


def observe(known: Tracking, **answers: Any) -> Records:
    """Look once."""
    client = Records(**answers)
    Observer(client, known, Clock()).look()  # type: ignore[arg-type]
    return client


@pytest.mark.parametrize(
    ("age", "proof"), [(None, Certainty.INFERRED), (14, Certainty.INFERRED), (15, Certainty.CONFIRMED)]
)
def test_an_inferred_deployment_says_nothing_until_it_held(age: float | None, proof: Certainty) -> None:
    """A deployment that is only inferred is not quoted, until both ended alike and every record has had its time."""
    known = tracked("mine", posts_sent=1)
    running = {"actions": [action()], "actions_with": [action()], "deployments": [deployment(108)]}
    observe(known, **running)
    inferred = known.sighting.certainty
    assert inferred is Certainty.INFERRED
    assert known.record_states() == (Absence.NEVER_SEEN, "running")
    over = deployment(108, end=41)
    client = observe(known, actions=[action(end=40)], deployments=[over], deployment=over, age_seconds=age)
    assert known.sighting.certainty is proof
    assert client.asked[:5] == ["deployments", "actions", "deployments", "actions", "deployment"]


def test_an_inference_that_does_not_hold_speaks_against_a_success() -> None:
    """The only deployment that can be ours and that ended otherwise than our action is heard once all have settled."""
    known = tracked("mine", posts_sent=1)
    running = {"actions": [action()], "actions_with": [action()], "deployments": [deployment(108)]}
    observe(known, **running)
    failed = deployment(108, end=30, outcome={"code": "failed"})
    observe(known, actions=[action(end=40)], deployments=[failed], deployment=failed)
    assert (known.sighting.certainty, known.confirmed_id) == (Certainty.INFERRED, None)
    assert known.record_states() == (Absence.NEVER_SEEN, Phase.SUCCESS)
    assert known.record_states(settled=True) == (Phase.FAILED, Phase.SUCCESS)


def test_an_answer_with_our_actions_id_takes_its_proof_back() -> None:
    """When our action turns out to have the answer's id, the deployment of that number is somebody else's."""
    known = tracked("mine", posts_sent=1, answer_id=40, accepted=True)
    seen(known, deployment(40, None), Certainty.CONFIRMED)
    observe(known, actions=[action()], actions_with=[action()], deployments=[])
    assert (known.deployment, known.sighting.certainty) == (None, Certainty.UNKNOWN)


def test_a_number_of_somebody_elses_is_no_proof_while_our_action_is_not_seen() -> None:
    """An answer's id that may still be our action's proves no deployment."""
    known = tracked("mine", posts_sent=1, answer_id=109, accepted=True)
    observe(known, actions=[], actions_with=[], deployments=[deployment(109)], deployment=deployment(109))
    assert known.sighting.certainty is not Certainty.CONFIRMED


def test_an_answers_id_that_fits_nothing_we_asked_for() -> None:
    """A deployment of the answer's number that was triggered by web is not ours."""
    known = tracked("mine", posts_sent=1, answer_id=109, accepted=True, baseline=Baseline())
    web = deployment(109, triggered_via={"code": "web"})
    observe(known, actions=[], actions_with=[], deployments=[web])
    assert known.deployment is None


def test_a_deployment_that_is_not_listed_is_asked_for() -> None:
    """A proved deployment that has left the first page is read by its id."""
    known = tracked("mine", posts_sent=2, accepted=True)
    seen(known, deployment(108), Certainty.CONFIRMED)
    client = observe(known, actions=[action()], deployments=[deployment(140)], deployment=deployment(108))
    assert client.asked == ["deployments", "actions", "deployment"]


def test_an_inference_is_not_judged_before_both_have_ended() -> None:
    """An action that ended while its inferred deployment goes on neither proves nor drops it."""
    known = tracked("mine", posts_sent=1)
    running = {"actions": [action()], "actions_with": [action()], "deployments": [deployment(108)]}
    observe(known, **running)
    observe(known, actions=[action(end=40)], deployments=[deployment(108)], deployment=deployment(108))
    assert (known.sighting.certainty, known.deployment is not None) == (Certainty.INFERRED, True)


def test_an_inference_that_others_put_in_doubt_is_taken_back() -> None:
    """When another deployment and its action show late, neither is taken: the first to show may have been theirs."""
    known = tracked("mine", posts_sent=1)
    observe(known, actions=[action()], deployments=[deployment(108)])
    assert known.sighting.certainty is Certainty.INFERRED
    observe(known, actions=[action(), action(41, reference="")], deployments=[deployment(108), deployment(109)])
    assert (known.sighting.certainty, known.deployment) == (Certainty.UNKNOWN, None)


@pytest.mark.parametrize("gone", [True, False])
def test_a_record_that_is_gone_asks_for_its_stack(gone: bool) -> None:
    """A deployment that is not found has gone; unless its stack has."""
    known = tracked("mine", posts_sent=1, accepted=True)
    seen(known, deployment(108), Certainty.CONFIRMED)
    lost = NotFound("GET /x", "not there", status=404)
    answers: dict[str, Any] = {"deployment": lost, "stack": lost if gone else None, "actions_with": []}
    if gone:
        with pytest.raises(Doubted):
            observe(known, **answers)
    else:
        observe(known, **answers)
        assert known.record_states() == (Absence.GONE, Absence.NEVER_SEEN)


def test_a_deployment_that_waits_is_one_call() -> None:
    """Once ours is proved and its action known, the list alone is read while it waits; every fourth time both."""
    known = tracked("mine", posts_sent=1, accepted=True, action=action())
    seen(known, deployment(108, None, outcome=None), Certainty.CONFIRMED)
    listed = [deployment(108, None, outcome=None), deployment(107, None), deployment(106)]
    client = Records(actions=[action()], deployments=listed)
    observer = Observer(client, known, Clock())  # type: ignore[arg-type]
    for _ in range(4):
        observer.look()
    assert client.asked == ["deployments"] * 4 + ["actions"]
    assert {ahead.id for ahead in known.sighting.ahead or ()} == {106, 107}


def test_a_cancellation_in_the_queue_that_only_the_action_shows() -> None:
    """A deployment whose record goes on waiting after its action has ended is noticed."""
    known = tracked("mine", posts_sent=1, accepted=True, action=action())
    waiting = deployment(108, None, outcome=None)
    seen(known, waiting, Certainty.CONFIRMED)
    over = action(end=40, finished_success=False)
    client = Records(actions=[over], action=over, deployments=[waiting], deployment=waiting)
    observer = Observer(client, known, Clock())  # type: ignore[arg-type]
    for _ in range(4):
        observer.look()
    assert known.record_states() == (Phase.QUEUED, Phase.FAILED)


def test_actions_that_are_not_found_while_the_stack_is_there() -> None:
    """A list of actions that answers 404 while the stack itself is there is asked again before it is believed."""
    known = tracked("mine", posts_sent=1, accepted=True, action=action())
    with pytest.raises(Doubted):
        observe(known, deployments=[], actions=NotFound("GET /x", "not there", status=404), stack=None)


def test_a_deployment_that_waits_is_searched_for_again() -> None:
    """As long as ours waits in the queue, both lists are read, and those ahead of it are counted."""
    known = tracked("mine", posts_sent=1, accepted=True)
    seen(known, deployment(108, None, outcome=None), Certainty.CONFIRMED)
    listed = [deployment(109, None), deployment(108, None, outcome=None), deployment(107, None), deployment(106, 1, 2)]
    client = observe(known, actions=[action()], deployments=listed)
    assert client.asked == ["deployments", "actions"]
    assert len(known.sighting.ahead or ()) == 1
    assert known.deployment is not None
    assert known.deployment.phase is Phase.QUEUED


def test_no_other_deployment_is_taken_while_the_one_that_the_answer_named_is_late() -> None:
    """Where the answer's id names a deployment that has not shown, another that fits is not taken for ours."""
    known = tracked("mine", posts_sent=1, answer_id=109, accepted=True)
    client = Records(actions=[action()], deployments=[deployment(108)], deployment=NotFound("GET", "no", status=404))
    Observer(client, known, Clock()).look()  # type: ignore[arg-type]
    assert (known.sighting.certainty, known.deployment) == (Certainty.UNKNOWN, None)
