"""Ours succeeded, and something else went live, or it was reverted, before anybody looked."""

from collections.abc import Callable
from typing import Any

import pytest

from campaign import EventClock
from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.records import Deployment, Phase
from cloud66_redeploy.model.verdict import Absence
from cloud66_redeploy.polling.ends import ended
from cloud66_redeploy.report.phrases import sentence_of, superseded
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from cloud66_simulator import Behaviour, Fault
from harness import Ending, Step
from records import SUCCESS, deployment, seen, tracked

MakeStep = Callable[..., Step]
BLIND = Fault("status", method="GET", code=500, after=15, until=60, count=None)
"""Nobody can look from just before the end until well after what follows."""


def overtaken(step: MakeStep, seconds: float = 0.0, **behaviour: Any) -> Step:
    """Make a step of 20 s, behind which a colleague's `hotfix` of 2.5 s goes live, and whose looks are late."""
    dials: dict[str, Any] = {"duration_seconds": 20, "overtaken_after_seconds": seconds} | behaviour
    made = step(clock=EventClock(), behaviour=Behaviour(**dials))
    made.simulator.faults.append(BLIND)
    return made


def succeeded(made: Step, is_live: str, **inputs: Any) -> Ending:
    """Run a step whose deployment succeeds, and assert that this is what is told, live or not."""
    ending = made.run(**inputs)
    assert (ending.outcome, ending.status, ending.outputs["is_live"]) == ("success", 0, is_live)
    assert (ending.errors, made.calls("DELETE")) == ([], [])
    return ending


@pytest.mark.parametrize("seconds", [0.0, 25.0])
@pytest.mark.parametrize("inputs", [{}, {"rollback": "true"}, {"log": "live"}])
def test_another_one_went_live(step: MakeStep, seconds: float, inputs: dict[str, str]) -> None:
    """Where another one went live after ours, ours stays a success, and a notice names the other commit."""
    made = overtaken(step, seconds)
    ending = succeeded(made, "false", git_ref="v1", **inputs)
    [theirs] = [one for one in made.simulator.all_deployments() if one.git_ref == "hotfix"]
    [notice] = ending.notices
    assert "::notice title=Superseded" in notice
    assert (
        f"Deployment 108 succeeded, but deployment {theirs.id} (commit {theirs.git_hash}) went live after it." in notice
    )
    assert len(made.calls("POST")) == 1


def test_ours_is_live(step: MakeStep) -> None:
    """Where ours is the live one there is nothing to be said, and nothing more is asked."""
    made = step()
    assert succeeded(made, "true").notices == []


@pytest.mark.parametrize("seconds", [60.0, 600.0])
def test_one_that_is_only_slow_to_go_live(step: MakeStep, seconds: float) -> None:
    """While the one before ours is still shown as live, none is said to have gone live after it."""
    made = step(behaviour=Behaviour(live_lag_seconds=seconds))
    assert succeeded(made, "false").notices == []


def test_one_that_has_not_gone_live_yet(step: MakeStep) -> None:
    """Another one that has ended after ours, and is not live yet, is not named."""
    assert succeeded(overtaken(step, live_lag_seconds=600), "false").notices == []


def test_records_that_do_not_say_what_is_live(step: MakeStep) -> None:
    """Where records don't say what is live, nobody claims anything."""
    assert succeeded(overtaken(step, live_field=False), "").notices == []


@pytest.mark.parametrize("kind", ["status", "garbage", "timeout_undone", "hide_deployments"])
def test_lists_that_cannot_be_read(step: MakeStep, kind: Any) -> None:
    """Where the other one can't be read, that is said where it was asked, and the success stays one."""
    made = overtaken(step)
    made.simulator.faults.append(Fault(kind, method="GET", path="/deployments$", after=60, count=None))
    ending = succeeded(made, "false")
    assert ending.notices == []
    assert ("It is not live; which deployment is could not be read" in ending.log) is (kind != "hide_deployments")


def test_an_abort_while_the_other_one_is_looked_for(step: MakeStep) -> None:
    """A workflow cancelled once ours is known to have succeeded changes nothing about that."""
    made = overtaken(step)
    made.simulator.faults.append(Fault("slow", method="GET", path="/deployments$", after=60, seconds=300))
    ending = made.run(abort_at=90)
    assert (ending.outcome, ending.outputs["is_live"], ending.notices) == ("success", "false", [])


def test_waiting_elsewhere_tells_it_too(step: MakeStep) -> None:
    """The command wait says so as well."""
    made = overtaken(step)
    first = made.run(wait="false")
    ending = made.next_step().run(command="wait", user_reference=first.outputs["user_reference"])
    assert (ending.outcome, len(ending.notices)) == ("success", 1)


def test_one_that_somebody_has_reverted(step: MakeStep) -> None:
    """A deployment reverted by the time anybody looks is a failure, with who and when."""
    made = step(clock=EventClock(), behaviour=Behaviour(duration_seconds=20))
    assert isinstance(made.clock, EventClock)
    made.simulator.faults.append(BLIND)
    made.clock.plan(40, lambda: made.simulator.revert(108, user="ann@example.com"))
    ending = made.run()
    assert (ending.outcome, ending.status, ending.notices) == ("failed", 1, [])
    assert ending.outputs["reason"] == "Deployment 108 was reverted by ann@example.com at 2026-01-01T00:00:40Z."


OURS = deployment(108, 0, 40, is_live=False, git_hash="a" * 40)


def track(record: Deployment | None = OURS, proof: Certainty = Certainty.CONFIRMED) -> Tracking:
    """Track a deployment."""
    known = tracked("mine", posts_sent=1)
    if record is not None:
        seen(known, record, proof)
    return known


def test_only_one_that_is_live_and_ended_later_is_a_successor() -> None:
    """Of several, the one that is live counts, if it ended after ours."""
    live = deployment(110, 41, 60, is_live=True)
    waiting, ended_first = deployment(111, None, is_live=True), deployment(107, -90, -50, is_live=True)
    assert track().successor([waiting, ended_first, deployment(109, 41, 50), OURS, live]) is live
    assert track().successor([waiting, ended_first, deployment(109, 41, 50), OURS]) is None
    assert track(None).successor([live]) is None
    assert track(deployment(108, 0)).successor([live]) is None


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (track(), True),
        (track(proof=Certainty.INFERRED), False),
        (track(None), False),
        (track(deployment(108, 0, 40, is_live=True)), False),
        (track(deployment(108, 0, 40)), False),
        (track(deployment(108, 0, 40, is_live="no")), False),
    ],
)
def test_only_what_is_said_not_to_be_live_is_not_live(known: Tracking, *, expected: bool) -> None:
    """Ours is not live only if it is known which one is ours, and its record says so."""
    assert known.is_not_live is expected


def test_the_other_commit_is_named_where_it_is_known() -> None:
    """A successor without a commit is named by its number alone."""
    assert superseded(track(), deployment(110)) == "Deployment 108 succeeded, but deployment 110 went live after it."


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reverted": True}, "Deployment 108 was reverted by somebody."),
        ({"reverted_by": "ann"}, "Deployment 108 was reverted by ann."),
        ({"reverted_at": "2026-01-01T00:00:40Z"}, "Deployment 108 was reverted by somebody at 2026-01-01T00:00:40Z."),
    ],
)
def test_a_revert_is_told_as_far_as_it_is_known(fields: dict[str, Any], words: str) -> None:
    """Who reverted it and when is said where the record tells."""
    record = deployment(108, 0, 40, outcome=SUCCESS, **fields)
    assert record.phase is Phase.REVERTED
    assert sentence_of(ended(Outcome.FAILED, track(record), record.phase, Absence.NEVER_SEEN)) == words
