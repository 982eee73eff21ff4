"""Ours succeeded, and something else went live, or it was reverted, before anybody looked."""

from typing import Any

import pytest

from cases import Case, MakeStep, event, play, stage
from cloud66_redeploy.model.records import Deployment
from cloud66_redeploy.report.progress import superseded
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from cloud66_simulator import Fault
from elsewhere import rows
from records import deployment, seen, tracked

BLIND = Fault("status", method="GET", code=500, after=15, until=60, count=None)
"""Nobody can look from just before the end until well after what follows."""


def overtaken(*faults: Fault, seconds: float = 0.0, inputs: dict[str, Any] | None = None, **dials: Any) -> Case:
    """Make a case of 20 s, behind which a colleague's `hotfix` of 2.5 s goes live, and whose looks are late."""
    dials = {"duration_seconds": 20, "overtaken_after_seconds": seconds} | dials
    return Case(faults=(BLIND, *faults), dials=dials, inputs=inputs or {})


@pytest.mark.parametrize(("seconds", "inputs"), [(0.0, {}), (25.0, {"rollback": "true", "log": "live"})])
def test_another_one_went_live(step: MakeStep, seconds: float, inputs: dict[str, str]) -> None:
    """Where another one went live after ours, ours stays a success, and a notice names the other commit."""
    played = play(step, overtaken(seconds=seconds, inputs={"git_ref": "v1"} | inputs))
    [theirs] = [one for one in played.made.simulator.all_deployments() if one.git_ref == "hotfix"]
    [notice] = played.ending.notices
    assert "::notice title=Superseded" in notice
    commit = f"deployment {theirs.id} (commit {theirs.git_hash})"
    assert f"Deployment 108 succeeded, but {commit} went live after it." in notice
    assert played.ending.outputs["is_live"] == "false"


NOT_READ = "It is not live. Couldn't read which deployment is"
UNREADABLE = Fault("status", method="GET", path="/deployments$", after=60, count=None)
"""The list can't be read once ours is known to have succeeded."""


@rows("case, is_live, words", {
    "ours is live": (Case(), "true", ""),
    "the other one is not live yet": (overtaken(live_lag_seconds=600), "false", ""),
    "no record says what is live": (overtaken(live_field=False), "", ""),
    "the list is not to be read": (overtaken(UNREADABLE), "false", NOT_READ),
})  # fmt: skip
def test_nobody_claims_what_is_not_known(step: MakeStep, case: Case, is_live: str, words: str) -> None:
    """Unless another one is surely live after ours, nothing is said of one, and the success stays a success."""
    ending = play(step, case).ending
    assert (ending.outputs["is_live"], ending.notices) == (is_live, [])
    assert (NOT_READ in ending.log) is bool(words)


def test_an_abort_while_the_other_one_is_looked_for(step: MakeStep) -> None:
    """A workflow cancelled once ours is known to have succeeded changes nothing about that."""
    slow = Fault("slow", method="GET", path="/deployments$", after=60, seconds=300)
    made, _ = stage(step, overtaken(slow))
    ending = made.run(abort_at=90)
    assert (ending.outcome, ending.outputs["is_live"], ending.notices) == ("success", "false", [])


def test_one_that_somebody_has_reverted(step: MakeStep) -> None:
    """A deployment reverted by the time anybody looks is a failure, with who and when."""
    says = ("Deployment 108 was reverted by ann@example.com at 2026-01-01T00:00:40Z.",)
    made, theirs = stage(step, case := Case("failed", (BLIND,), {"duration_seconds": 20}, says=says))
    event(made, 40, lambda: made.simulator.revert(108, user="ann@example.com"))
    assert play(step, case, made, theirs).ending.notices == []


OURS = deployment(108, 0, 40, is_live=False, git_hash="a" * 40)
LIVE = deployment(110, 41, 60, is_live=True)
OTHERS = [deployment(111, None, is_live=True), deployment(107, -90, -50, is_live=True), deployment(109, 41, 50), OURS]


def track(record: Deployment | None = OURS, proof: Certainty = Certainty.CONFIRMED) -> Tracking:
    """Track a deployment."""
    known = tracked("mine", posts_sent=1)
    return known if record is None else seen(known, record, proof)


@rows("known, others, expected, is_not_live", {
    "of several": (track(), [*OTHERS, LIVE], LIVE, True),
    "waiting, ended before, not live": (track(), OTHERS, None, True),
    "ours is only inferred": (track(proof=Certainty.INFERRED), [LIVE], LIVE, False),
    "ours is not known": (track(None), [LIVE], None, False),
    "ours has not ended": (track(deployment(108, 0)), [LIVE], None, False),
    "ours is live": (track(deployment(108, 0, 40, is_live=True)), OTHERS, None, False),
    "ours says no such thing": (track(deployment(108, 0, 40, is_live="no")), OTHERS, None, False),
})  # fmt: skip
def test_only_one_that_is_live_and_ended_later_is_a_successor(
    known: Tracking, others: list[Deployment], expected: Deployment | None, *, is_not_live: bool
) -> None:
    """Of several, the one that is live counts, if it ended after ours, which is not live only if its record says so."""
    assert (known.successor(others), known.is_not_live) == (expected, is_not_live)


def test_the_other_commit_is_named_where_it_is_known() -> None:
    """A successor without a commit is named by its number alone."""
    said = superseded(track(), deployment(110))[1]
    assert said == "Deployment 108 succeeded, but deployment 110 went live after it."
