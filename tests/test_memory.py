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
    """What the post step needs comes through as it was; records, which may be old by then, don't."""
    known = tracking(answer_id=108, accepted=True, actions_readable=False, action=Action.from_json({"id": 40}))
    assert again(known) == tracking(answer_id=108, answer_action_id=40, accepted=True, actions_readable=False)


def test_a_post_may_have_left_whatever_was_kept() -> None:
    """The post step takes it that a POST has left, even where the step was cut short just before it."""
    assert again(tracking(posts_sent=0)).submission.posts_sent == 1


@pytest.mark.parametrize(
    ("proof", "hint"), [(Certainty.CONFIRMED, 109), (Certainty.INFERRED, 108), (Certainty.UNKNOWN, 108)]
)
def test_only_a_proved_deployment_is_remembered(proof: Certainty, hint: int) -> None:
    """A proved deployment's id takes the place of the answer's; an inferred one is found anew."""
    known = tracking(answer_id=108)
    seen(known, Deployment.from_json({"id": 109}), proof)
    found = again(known)
    assert (found.submission.answer_id, found.deployment) == (hint, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "null",
        "[]",
        "5",
        "{}",
        '[{"request": ""}]',
        '[{"request": {"reference": ""}}]',
        '[{"request": {"reference": 5}}]',
        '[{"request": {"reference"',
        "[5]",
        '[{"request": {"given_id": 108}}]',
        '[{"request": {"given_id": 108, "is_external": false, "reference": ""}}]',
        '[{"request": {"given_id": 108, "is_external": 1}}]',
        '[{"request": {"given_id": "x", "is_external": true}}]',
        '[{"request": {"is_external": true}}]',
        "[" * 200_000,
    ],
)
def test_garbage_is_nothing(text: str) -> None:
    """What is no state of ours is read as none."""
    assert read(text) == []


def test_what_is_missing_is_taken_carefully() -> None:
    """From a state that holds little, nothing is cancelled and nothing is taken for known."""
    [kept] = read(
        json.dumps(
            [{"request": {"reference": "mine"}, "submission": {"answer_id": True, "accepted": 1}, "baseline": []}]
        )
    )
    assert not kept.cancel_on_abort
    baseline = Baseline(actions_known=False)
    assert kept.tracking == tracked("mine", posts_sent=1, baseline=baseline, actions_readable=True)


@pytest.mark.parametrize(
    ("reference", "named", "name"), [("mine", None, "mine"), ("", 108, "deployment 108"), ("mine", 108, "mine")]
)
def test_what_somebody_else_asked_for_is_remembered(reference: str, named: int | None, name: str) -> None:
    """A deployment that was named by its reference, its id or both comes through as it was named."""
    known = Tracking.of_another(reference, named)
    assert again(known) == known
    [kept] = read(write([SavedState("abc", known, cancel_on_abort=True)]))
    assert kept.name == name


def test_of_what_somebody_else_asked_for_the_proved_id_is_remembered() -> None:
    """Once a deployment is proved to be the one that carries the reference, its id goes with it."""
    known = Tracking.of_another("mine", None)
    seen(known, Deployment.from_json({"id": 109}), Certainty.INFERRED)
    assert again(known).request.given_id is None
    seen(known, Deployment.from_json({"id": 109}), Certainty.CONFIRMED)
    assert (again(known).request.given_id, again(known).request.is_external) == (109, True)


def test_several_are_remembered_in_their_order() -> None:
    """All deployments of one step come through, and one that is garbled does not take the others with it."""
    known = [tracking(reference="a"), Tracking.of_another("b", None), Tracking.of_another("", 108)]
    kept = json.loads(write([SavedState("abc", one, cancel_on_abort=True) for one in known]))
    found = read(json.dumps([kept[0], 5, {"request": {"given_id": 5}}, None, *kept[1:]]))
    assert [one.name for one in found] == ["a", "b", "deployment 108"]
