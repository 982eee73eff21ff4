"""What the post step has to know, as text."""

import json
from typing import Any

import pytest

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.saved_state import SavedState, read, write
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from records import seen, tracked

BASELINE = Baseline(frozenset({3, 1}), frozenset({3}), frozenset({40, 2}), frozenset())


def tracking(**fields: Any) -> Tracking:
    """Make what a run knows."""
    given: dict[str, Any] = {"git_ref": "main", "baseline": BASELINE, "posts_sent": 1, "actions_readable": True}
    return tracked(**given | fields)


def again(known: Tracking) -> Tracking:
    """Write it down and read it again."""
    [kept] = read(write([SavedState("abc", known, cancel_on_abort=True)]))
    assert (kept.stack_id, kept.cancel_on_abort) == ("abc", True)
    return kept.tracking


def test_a_run_is_remembered() -> None:
    """What the post step needs comes through as it was; records don't, and a POST may have left, whatever was kept."""
    known = tracking(answer_id=108, accepted=True, actions_readable=False, action=Action.from_json({"id": 40}))
    assert again(known) == tracking(answer_id=108, answer_action_id=40, accepted=True, actions_readable=False)
    assert again(tracking(posts_sent=0)).submission.posts_sent == 1


@pytest.mark.parametrize("proof", Certainty)
def test_only_a_proved_deployment_is_remembered(proof: Certainty) -> None:
    """A proved deployment's id takes the place of the answer's, or goes with the reference; else it is found anew."""
    known, theirs = tracking(answer_id=108), Tracking.of_another("mine", None)
    for one in (known, theirs):
        seen(one, Deployment.from_json({"id": 109}), proof)
    is_proved = proof is Certainty.CONFIRMED
    assert (again(known).submission.answer_id, again(known).deployment) == (109 if is_proved else 108, None)
    assert (again(theirs).request.given_id, again(theirs).request.is_external) == (109 if is_proved else None, True)


@pytest.mark.parametrize(
    "text",
    [
        *("", "garbage", "null", "[]", "5", "{}", "[5]", "[" * 200_000),
        '[{"request": {"reference"',
        *(
            json.dumps([{"request": request}])
            for request in (
                *("", {"reference": ""}, {"reference": 5}, {"given_id": 108}, {"is_external": True}),
                {"given_id": 108, "is_external": False, "reference": ""},
                *({"given_id": 108, "is_external": 1}, {"given_id": "x", "is_external": True}),
            )
        ),
    ],
)
def test_garbage_is_nothing(text: str) -> None:
    """What is no state of ours is read as none."""
    assert read(text) == []


def test_what_is_missing_is_taken_carefully() -> None:
    """From a state that holds little, nothing is cancelled and nothing is taken for known."""
    state = {"request": {"reference": "mine"}, "submission": {"answer_id": True, "accepted": 1}, "baseline": []}
    [kept] = read(json.dumps([state]))
    baseline = Baseline(actions_known=False)
    assert kept.tracking == tracked("mine", posts_sent=1, baseline=baseline, actions_readable=True)
    assert not kept.cancel_on_abort


def test_several_are_remembered_in_their_order() -> None:
    """All come through as they were named, and one that is garbled does not take the others with it."""
    named = [("b", None), ("", 108), ("c", 109)]
    known = [tracking(reference="a"), *(Tracking.of_another(*one) for one in named)]
    kept = json.loads(write([SavedState("abc", one, cancel_on_abort=True) for one in known]))
    found = read(json.dumps([kept[0], 5, {"request": {"given_id": 5}}, None, *kept[1:]]))
    assert [one.name for one in found] == ["a", "b", "deployment 108", "c"]
    assert [one.tracking for one in found] == known
