"""What the post step has to know, as text."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.saved_state import Memory, read, write
from cloud66_redeploy.tracking.tracking import Baseline, Proof, Tracking

BASELINE = Baseline(frozenset({3, 1}), frozenset({3}), frozenset({40, 2}), frozenset())


def tracking(**fields: Any) -> Tracking:
    """Make what a run knows."""
    return replace(Tracking("mine", "main", baseline=BASELINE, sends=1), **fields)


def again(known: Tracking) -> Tracking:
    """Write it down and read it again."""
    [kept] = read(write([Memory.of(known, "abc", cancel_on_abort=True)]))
    assert (kept.stack_id, kept.cancel_on_abort) == ("abc", True)
    return kept.to_tracking()


def test_a_run_is_remembered() -> None:
    """What the post step needs comes through as it was; records, which may be old by then, don't."""
    known = tracking(hint=108, answered=True, actions_readable=False, action=Action.from_json({"id": 40}))
    assert again(known) == tracking(hint=108, action_hint=40, answered=True, actions_readable=False)


def test_a_post_may_have_left_whatever_was_kept() -> None:
    """The post step takes it that a POST has left, even where the step was cut short just before it."""
    assert again(tracking(sends=0)).sends == 1


@pytest.mark.parametrize(("proof", "hint"), [(Proof.PROVED, 109), (Proof.INFERRED, 108), (Proof.NONE, 108)])
def test_only_a_proved_deployment_is_remembered(proof: Proof, hint: int) -> None:
    """A proved deployment's id takes the place of the answer's; an inferred one is found anew."""
    known = tracking(hint=108)
    known.adopt(Deployment.from_json({"id": 109}), proof)
    found = again(known)
    assert (found.hint, found.deployment, found.proof) == (hint, None, Proof.NONE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "null",
        "[]",
        "5",
        "{}",
        '[{"reference": ""}]',
        '[{"reference": 5}]',
        '[{"reference"',
        "[5]",
        '[{"named": 108}]',
        '[{"named": 108, "attached": false, "reference": ""}]',
        '[{"named": 108, "attached": 1}]',
        '[{"named": "x", "attached": true}]',
        '[{"attached": true}]',
        "[" * 200_000,
    ],
)
def test_garbage_is_nothing(text: str) -> None:
    """What is no state of ours is read as none."""
    assert read(text) == []


def test_what_is_missing_is_taken_carefully() -> None:
    """From a state that holds little, nothing is cancelled and nothing is taken for known."""
    [kept] = read(json.dumps([{"reference": "mine", "hint": True, "answered": 1, "baseline": []}]))
    assert not kept.cancel_on_abort
    assert kept.to_tracking() == Tracking("mine", sends=1, baseline=Baseline(actions_known=False))


@pytest.mark.parametrize(
    ("reference", "named", "name"), [("mine", None, "mine"), ("", 108, "deployment 108"), ("mine", 108, "mine")]
)
def test_what_somebody_else_asked_for_is_remembered(reference: str, named: int | None, name: str) -> None:
    """A deployment that was named by its reference, its id or both comes through as it was named."""
    known = Tracking.of_another(reference, named)
    assert again(known) == known
    [kept] = read(write([Memory.of(known, "abc", cancel_on_abort=True)]))
    assert kept.name == name


def test_of_what_somebody_else_asked_for_the_proved_id_is_remembered() -> None:
    """Once a deployment is proved to be the one that carries the reference, its id goes with it."""
    known = Tracking.of_another("mine", None)
    known.adopt(Deployment.from_json({"id": 109}), Proof.INFERRED)
    assert again(known).named is None
    known.adopt(Deployment.from_json({"id": 109}), Proof.PROVED)
    assert (again(known).named, again(known).attached) == (109, True)


def test_several_are_remembered_in_their_order() -> None:
    """All deployments of one step come through, and one that is garbled does not take the others with it."""
    known = [tracking(reference="a"), Tracking.of_another("b", None), Tracking.of_another("", 108)]
    kept = json.loads(write([Memory.of(one, "abc", cancel_on_abort=True) for one in known]))
    found = read(json.dumps([kept[0], 5, {"named": 5}, None, *kept[1:]]))
    assert [one.name for one in found] == ["a", "b", "deployment 108"]
