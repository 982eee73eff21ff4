"""What the post step has to know, as text."""

import json
from typing import Any

import pytest

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.baseline import Baseline, Numbers
from cloud66_redeploy.tracking.pairing import unaccounted
from cloud66_redeploy.tracking.saved_state import SavedState, read, write
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from records import START, seen, tracked

OLD = Numbers(frozenset({3, 1})), Numbers(frozenset({40, 2}))
BASELINE = Baseline(OLD[0], frozenset({3}), OLD[1], frozenset(), START, actions_known=False)


def tracking(**fields: Any) -> Tracking:
    """Make what a run knows."""
    given: dict[str, Any] = {"git_ref": "main", "baseline": BASELINE, "posts_sent": 1, "actions_readable": True}
    return tracked(**given | fields)


def again(*known: Tracking) -> list[Tracking]:
    """Write it down and read it again."""
    kept = read(write([SavedState("abc", one, cancel_on_abort=True) for one in known]))
    assert {(one.stack_id, one.cancel_on_abort) for one in kept} == {("abc", True)}
    return [one.tracking for one in kept]


def test_runs_are_remembered() -> None:
    """What the post step needs comes through as it was; records don't, and a POST may have left, whatever was kept."""
    here, unsent = tracking(answer_id=108, accepted=True, actions_readable=False), tracking(posts_sent=0)
    there = [Tracking.of_another("b", None), Tracking.of_another("", 108), Tracking.of_another("c", 109)]
    found = again(seen(here, Deployment.from_json({"id": 9}), Certainty.INFERRED), unsent, *there)
    assert found == [tracking(answer_id=108, accepted=True, actions_readable=False), tracking(), *there]
    [known] = again(tracking(action=Action.from_json({"id": 40})))
    assert known == tracking(answer_action_id=40)


@pytest.mark.parametrize("proof", Certainty)
def test_only_a_proved_deployment_is_remembered(proof: Certainty) -> None:
    """A proved deployment's id takes the place of the answer's, or goes with the reference; else it is found anew."""
    known = [tracking(answer_id=108), Tracking.of_another("mine", None)]
    ours, theirs = again(*(seen(one, Deployment.from_json({"id": 109}), proof) for one in known))
    is_proved = proof is Certainty.CONFIRMED
    assert (ours.submission.answer_id, ours.deployment) == (109 if is_proved else 108, None)
    assert (theirs.request.given_id, theirs.request.is_external) == (109 if is_proved else None, True)


MANY = frozenset(range(10**17, 10**17 + 12_000))


def test_a_long_past_fits_into_a_variable() -> None:
    """However many records came before, the state fits; what was old stays old, what is new stays new."""
    long = tracking(baseline=Baseline(Numbers(MANY), MANY, Numbers(MANY), MANY, START))
    states = [SavedState("abc", long, cancel_on_abort=True)] * 2
    assert len(write(states)) < 128 * 1024
    [known] = again(long)
    for number in (1, min(MANY), min(MANY) + 1, max(MANY)):
        assert not known.baseline.is_new(Deployment.from_json({"id": number}))
        assert number in known.baseline.actions
    assert known.baseline.is_new(Deployment.from_json({"id": max(MANY) + 1}))
    assert max(MANY) + 1 not in known.baseline.actions
    ours = Deployment.from_json({"id": max(MANY) + 1, "outcome": {"code": 0, "meaning": "pending"}})
    old = [Action.from_json({"id": number, "action": "deploy"}) for number in (min(MANY), min(MANY) + 1)]
    assert unaccounted(old, [ours], known.baseline)
    assert (max(MANY) in known.baseline.open_actions, min(MANY) in known.baseline.open_actions) == (True, False)
    [few] = again(tracking())
    assert (few.baseline.actions, 1 in few.baseline.actions) == (BASELINE.actions, False)


KEPT = json.loads(write([SavedState("abc", tracking(), cancel_on_abort=True)]))[0]
GARBLED: list[Any] = [None, [], 5, {}, [5], KEPT, [KEPT, 5]]
GARBLED += [[{name: value for name, value in KEPT.items() if name != missing}] for missing in KEPT]
GARBLED += [[KEPT | {"request": {"reference": ""}}], [KEPT | {"request": {"reference": "", "given_id": 108}}]]
GARBLED += [[KEPT | {name: wrong}] for name in ("request", "submission", "baseline") for wrong in ("x", 5, {"x": 5})]


@pytest.mark.parametrize("text", ["", "{", "[" * 200_000, *map(json.dumps, GARBLED)])
def test_garbage_is_nothing(text: str) -> None:
    """What is not all as it was written is read as nothing, and so is what names no deployment."""
    assert read(text) == []
