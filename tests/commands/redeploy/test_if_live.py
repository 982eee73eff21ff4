"""`if_live: skip` asks for nothing where the commit is live; where that is not sure, it deploys and says why."""

from dataclasses import replace
from typing import Any

import pytest

from cases import ANN, CI, Case, MakeStep, play, stage
from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.last_good import live_with
from cloud66_simulator import Fault
from elsewhere import rows
from records import FAILED, SUCCESS, action, deployment
from website import KINDS

SHA = "0123456789abcdef0123456789abcdef01234567"
SKIP = {"if_live": "skip"}
ASKED = SKIP | {"git_ref": SHA}
CHECK = ASKED | {"health_check": "true", "health_check_timeout": "30s"}


def before(at: float = 0.0, **fields: Any) -> tuple[float, dict[str, Any]]:
    """Somebody deployed that commit, unless said otherwise."""
    return at, ANN | {"git_ref": SHA, "duration": 5.0} | fields


LIVE = Case("skipped", inputs=ASKED, others=(before(),), head_start=100, posts=0, ours=None, says=("is already live",))


@rows("case", {
    "a full hash as git_ref, in capital letters": replace(LIVE, inputs=SKIP | {"git_ref": SHA.upper()}),
    "a branch with a part of it": replace(LIVE, inputs=SKIP | {"git_ref": "main", "expected_commit": SHA[:12]}),
    "a branch with its hash, without waiting": replace(
        LIVE, inputs=SKIP | {"git_ref": "main", "expected_commit": SHA, "wait": "false"}),
    "a later one failed": replace(LIVE, others=(before(), before(20, fate="failed", git_ref="v1"))),
    "a later one was cancelled": replace(LIVE, others=(before(), before(20, fate="cancelled", git_ref="v1"))),
    "without waiting, whatever on_busy says": replace(LIVE, inputs=ASKED | {"wait": "false", "on_busy": "fail"}),
    "deployed by an earlier run": replace(LIVE, others=(before(**CI, user_reference="mine"),)),
    "oldest first": replace(LIVE, dials={"list_order": "oldest_first"}, others=(before(), before(20, fate="failed"))),
})  # fmt: skip
def test_skipped(step: MakeStep, case: Case) -> None:
    """Nothing is sent; green, with the outputs of the deployment that is live, no reference of ours, and a notice."""
    played = play(step, case)
    outputs, live = played.ending.outputs, played.theirs[0]
    assert (outputs["deployment_id"], outputs["git_hash"]) == (str(live.id), SHA)
    assert (outputs["user_reference"], outputs["is_live"], outputs["finished_at"] != "") == ("", "true", True)
    assert (played.ending.status, len(played.ending.notices)) == (0, 1)
    assert f"Commit {SHA} is already live as deployment {live.id}. No deployment was started." in outputs["reason"]


@rows("why, case", {
    "a branch": ("the requested commit is unknown", replace(LIVE, inputs=SKIP | {"git_ref": "main"})),
    "another commit": ("which is live, has commit", replace(LIVE, others=(before(git_ref="v1"),))),
    "nobody says live": ("no deployment is marked live", replace(LIVE, dials={"live_field": False})),
    "late to say so": ("succeeded after", replace(
        LIVE, dials={"live_lag_seconds": 60.0}, others=(before(), before(80, git_ref="v1")))),
    "the record of a later one is late": ("a redeploy (stack action 41) finished after deployment 108", replace(
        LIVE, dials={"live_lag_seconds": 20.0}, others=(before(), before(90, record_delays=(15.0, 0.0))))),
    "no commit": ("has no commit recorded", replace(LIVE, dials={"late_fields": {"git_hash": 1e9}})),
    "one runs": ("deployment 109 is deploying", replace(LIVE, others=(before(), before(90, duration=30.0)))),
    "two commits": ("are different commits", replace(
        LIVE, inputs=SKIP | {"git_ref": "f" * 40, "expected_commit": SHA})),
    "stack actions can't be read": ("the stack's actions can't be read", replace(
        LIVE, faults=(Fault("status", path="/actions", code=403, count=None),))),
})  # fmt: skip
def test_deployed(step: MakeStep, why: str, case: Case) -> None:
    """Where it isn't live, or that isn't sure, it is deployed, and the log says why."""
    made, _ = stage(step, case)
    ending = made.run(**case.inputs)
    assert why in ending.log.partition("Not skipping (if_live: skip): ")[2].partition("\n")[0]
    assert (len(made.calls("POST")), ending.outcome == "skipped") == (1, False)


OLD, OLD_ACTION = deployment(107, -500, -460, git_hash=SHA, is_live=True), action(39, -501, -459)


# What is newer than the one that is marked live, and whether that one is sure to be live all the same.
@rows("other, is_sure", {
    "failed": (deployment(108, 0, 40, outcome=FAILED, is_live=False), True),
    "reverted": (deployment(108, 0, 40, reverted=True, is_live=False), True),
    "succeeded": (deployment(108, 0, 40, is_live=False), False),
    "gives no result": (deployment(108, 0, 40, outcome=None, is_live=False), False),
    "odd": (deployment(108, 0, 40, outcome={"code": 9, "meaning": "fine"}, is_live=False), False),
    "failed, but live": (deployment(108, 0, 40, outcome=FAILED, is_live=True), False),
    "live, but not finished": (deployment(108, 0, None, outcome=SUCCESS, is_live=True), False),
    "older, and live": (deployment(106, -900, -860, is_live=True), True),
    "older, and gives no result": (deployment(106, -900, -860, outcome=None), True),
})  # fmt: skip
def test_the_one_that_is_live(other: Deployment, *, is_sure: bool) -> None:
    """Whatever else may be live after it makes the one that is marked so unsure, in any order of the list."""
    for listed in ([OLD, other], [other, OLD]):
        assert (live_with(SHA, listed, [OLD_ACTION]) is OLD) is is_sure


@rows("other, listed, is_sure", {
    "succeeded": (action(40, -300, -290), [OLD], False),
    "gives no result": (action(40, -300, -290, finished_success=None), [OLD], False),
    "failed": (action(40, -300, -290, finished_success=False), [OLD], True),
    "of another kind": (action(40, -300, -290, action="backup"), [OLD], True),
    "ended right after it": (action(40, -463, -455), [OLD], False),
    "waited behind it, and ended right after it": (action(40, -500, -455), [OLD], False),
    "its deployment was reverted": (
        action(40, -300, -290), [deployment(108, -299, -291, reverted=True, is_live=False), OLD], True
    ),
    "older": (action(38, -900, -860), [OLD], True),
})  # fmt: skip
def test_a_later_redeploy_whose_deployment_has_not_shown(
    other: Action, listed: list[Deployment], *, is_sure: bool
) -> None:
    """A redeploy that may have gone live after it makes it unsure, too, unless its deployment's record says more."""
    assert (live_with(SHA, listed, [OLD_ACTION, other]) is OLD) is is_sure


def test_a_dry_run_says_so(step: MakeStep) -> None:
    """A dry run says that nothing would be sent."""
    case = replace(
        LIVE,
        outcome="dry_run",
        inputs=ASKED | {"dry_run": "true"},
        says=("nothing would be sent",),
        hides=("The request would be",),
    )
    assert play(step, case).ending.notices == []


@pytest.mark.parametrize(("site", "outcome"), [("serves", "skipped"), ("is down", "unhealthy")])
def test_what_is_live_is_checked(step: MakeStep, site: str, outcome: str) -> None:
    """The health check is still done; what does not serve is red, but nothing of this run's can be rolled back."""
    case = replace(LIVE, outcome=outcome, inputs=CHECK | {"rollback": "true"}, says=())
    made, theirs = stage(step, case)
    made.website.answer = KINDS[site]
    outputs = play(step, case, made, theirs).ending.outputs
    assert outputs["health"] == ("healthy" if site == "serves" else "unhealthy")
    assert (outputs["deployment_id"], outputs["rollback_outcome"]) == (str(theirs[0].id), "")
    assert "No deployment was started." in outputs["reason"]


def test_a_cancelled_workflow(step: MakeStep) -> None:
    """When the workflow is cancelled during the check, the deployment that is live is left alone."""
    case = replace(LIVE, outcome="unknown", inputs=CHECK, says=(), abort_at=10.0)
    made, theirs = stage(step, case)
    made.website.answer = KINDS["hangs"]
    ending = play(step, case, made, theirs).ending
    assert ending.outputs["health"] == ""
    assert "No deployment was started. The workflow was cancelled before" in ending.outputs["reason"]
