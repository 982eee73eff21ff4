"""One look: which calls it makes, and what it makes of a record that is gone, or waits."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud66_redeploy.errors import Doubted, NotFound
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence
from cloud66_redeploy.tracking.doubt import Doubt
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from records import action, deployment, seen, tracked
from scripted import Clock

OURS = action(40, 0, None, "mine")
WAITS = deployment(108, None)
LOST = NotFound("GET /x", "not there", status=404)


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


def observe(known: Tracking, looks: int = 1, **answers: Any) -> Records:
    """Look so many times."""
    client = Records(**answers)
    observer = Observer(client, known, Clock())  # type: ignore[arg-type]
    for _ in range(looks):
        observer.look()
    return client


def proved(record: Any = WAITS, **known: Any) -> Tracking:
    """Track a deployment that is known to be ours."""
    return seen(tracked("mine", **{"posts_sent": 1, "accepted": True} | known), record)


@pytest.mark.parametrize(
    ("age", "proof"), [(None, Certainty.INFERRED), (14, Certainty.INFERRED), (15, Certainty.CONFIRMED)]
)
def test_an_inferred_deployment_says_nothing_until_it_held(age: float | None, proof: Certainty) -> None:
    """A deployment that is only inferred is not quoted, until both ended alike and every record has had its time."""
    known = tracked("mine", posts_sent=1)
    observe(known, actions=[OURS], deployments=[deployment(108)])
    assert known.record_states() == (Absence.NEVER_SEEN, Phase.RUNNING)
    over = deployment(108, 0, 41)
    client = observe(known, actions=[action(40, 0, 40, "mine")], deployments=[over], deployment=over, age_seconds=age)
    assert known.sighting.certainty is proof
    assert client.asked[:5] == ["deployments", "actions", "deployments", "actions", "deployment"]


def test_an_answer_with_our_actions_id_takes_its_proof_back() -> None:
    """When our action turns out to have the answer's id, the deployment of that number is somebody else's."""
    known = proved(deployment(40, None), answer_id=40)
    observe(known, actions=[OURS], deployments=[])
    assert (known.deployment, known.sighting.certainty) == (None, Certainty.UNKNOWN)


@pytest.mark.parametrize("gone", [True, False])
def test_a_record_that_is_gone_asks_for_its_stack(gone: bool) -> None:
    """A deployment that is not found has gone; unless its stack has."""
    known = proved(deployment(108))
    answers: dict[str, Any] = {"deployment": LOST, "stack": LOST if gone else None, "actions_with": []}
    if gone:
        with pytest.raises(Doubted):
            observe(known, **answers)
    else:
        observe(known, **answers)
        assert known.record_states() == (Absence.GONE, Absence.NEVER_SEEN)


def test_actions_that_are_not_found_while_the_stack_is_there() -> None:
    """A list of actions that answers 404 while the stack itself is there is asked again before it is believed."""
    with pytest.raises(Doubted):
        observe(proved(action=OURS), looks=4, deployments=[WAITS], actions=LOST, stack=None)


@pytest.mark.parametrize(
    ("known", "looks", "answers", "calls"),
    [
        ({"action": OURS}, 4, {"deployments": [WAITS]}, [*["deployments"] * 4, "actions"]),
        ({}, 1, {"deployments": [WAITS]}, ["deployments", "actions"]),
        ({"posts_sent": 2}, 1, {"deployments": [], "deployment": WAITS}, ["deployments", "actions", "deployment"]),
    ],
    ids=["its action is known, so the list is enough", "its action is not known", "it has left the first page"],
)
def test_which_calls_one_that_waits_takes(known: Any, looks: int, answers: Any, calls: list[str]) -> None:
    """While ours waits, the list alone is read where that is enough, every fourth time both; else what is missing."""
    answers["deployments"] = [*answers["deployments"], deployment(109, None), deployment(107, None), deployment(106)]
    tracking = proved(**known)
    client = observe(tracking, looks, actions=[OURS], **answers)
    assert client.asked == calls
    assert {ahead.id for ahead in tracking.sighting.ahead or ()} == {106, 107}


def test_a_cancellation_in_the_queue_that_only_the_action_shows() -> None:
    """A deployment whose record goes on waiting after its action has ended is noticed."""
    known = proved(action=OURS)
    over = action(40, 0, 40, "mine", finished_success=False)
    observe(known, 4, actions=[over], action=over, deployments=[WAITS], deployment=WAITS)
    assert known.record_states() == (Phase.QUEUED, Phase.FAILED)


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
