"""Which deployment a rollback goes back to, and when there is none: from the records alone."""

from typing import Any

import pytest

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.model.reference import LONGEST, rollback_reference
from cloud66_redeploy.report.messages import describe_hindrance
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.last_good import choose, why_not
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from elsewhere import rows
from records import CANCELLED, FAILED, PENDING, SUCCESS, action, at, deployment, tracked

A, B, C, D = (letter * 40 for letter in "abcd")
OLD = deployment(106, -900, -860, git_hash=A, is_live=False)
LIVE = deployment(107, -500, -460, git_hash=B, is_live=True)
OURS = deployment(108, 0, 40, outcome=FAILED, git_hash=C, is_live=False)
OUR_ACTION = action(40, -1, 41, "mine", finished_success=False)
PAST = [LIVE, OLD]


def failed(ours: Deployment = OURS, before: list[Deployment] | None = None, **fields: Any) -> Tracking:
    """Track ours, which has failed."""
    baseline = Baseline.of(PAST if before is None else before, [action(39, -501, -459)])
    given: dict[str, Any] = {"posts_sent": 1, "accepted": True, "action": OUR_ACTION}
    given |= {"deployment": ours, "certainty": Certainty.CONFIRMED}
    return tracked("mine", baseline=baseline, **given | fields)


def chosen(now: list[Deployment], actions: list[Action] | None = None, tracking: Tracking | None = None) -> int | str:
    """Return the number of the deployment to go back to, or why there is none."""
    found = choose(tracking or failed(), now, [OUR_ACTION, *(actions or [])])
    return found.id if isinstance(found, Deployment) else describe_hindrance(found)


def past(live: bool | None = None, **fields: Any) -> Deployment:
    """Make the success just before ours."""
    return deployment(107, -500, -460, **({"git_hash": B, "is_live": live} | fields))


def older(live: bool | None = None) -> Deployment:
    """Make the success before that."""
    return deployment(106, -900, -860, git_hash=A, is_live=live)


LATER_OURS = deployment(110, 0, 40, outcome=FAILED, git_hash=C)
BARE = [past(), older()]
NO_START = deployment(107, None, -460, outcome=None, git_hash=B, is_live=False)
BROKEN = action(38, -301, -199, finished_success=False)
REVERTED = past(False, reverted=True, reverted_at=at(20))
NOT_KNOWN = "the previously live deployment couldn't be identified"
SAME = "deployment 107, which was live before, has the same commit"
SERVED = deployment(108, 0, 40, git_hash=C, is_live=True)
NAMELESS = deployment(108, 0, 40, outcome=FAILED)


def between(**fields: Any) -> Deployment:
    """Make one that somebody else asked for and that ended while ours waited behind it."""
    return deployment(109, -30, -1, **({"git_hash": D} | fields))


@rows("tracking, now, expected", {
    "what was live before": (failed(), [OURS, *PAST], 107),
    "a success while ours waited": (failed(LATER_OURS), [LATER_OURS, between(), *PAST], 109),
    "not one that was no success": (failed(LATER_OURS), [LATER_OURS, between(outcome=CANCELLED), *PAST], 107),
    "no record says what is live": (failed(before=BARE), [OURS, *BARE], NOT_KNOWN),
    "no record says so, but one came since": (
        failed(LATER_OURS, before=BARE), [LATER_OURS, between(), *BARE], 109
    ),
    "a newer success that isn't live": (
        failed(before=[past(False), older(True)]), [OURS, past(False), older(True)],
        "deployment 107 succeeded after 106, which was live before",
    ),
    **{
        f"a newer one that isn't live, and {says}": (
            failed(before=[newer, live]), [OURS, newer, live],
            "deployment 107 may have succeeded after 106, which was live before",
        )
        for says, newer, live in (
            ("gives no result", past(False, outcome=None), older(True)),
            ("says something strange", past(False, outcome={"code": 9, "meaning": "strange"}), older(True)),
            ("gives no result, and no start is told", NO_START, deployment(106, None, -860, git_hash=A, is_live=True)),
        )
    },
    **{
        f"a newer one that {says}": (failed(before=[newer, older(True)]), [OURS, newer, older(True)], 106)
        for says, newer in {
            "left the queue without a result": deployment(107, None, -460, outcome=None, is_live=False),
            "gives no result, and its action failed": deployment(107, -300, -200, outcome=None, git_hash=B),
        }.items()
    },
    "a newer failure that isn't live": (
        failed(before=[past(False, outcome=FAILED), older(True)]),
        [OURS, past(False, outcome=FAILED), older(True)], 106,
    ),
    "a newer success of the live commit": (
        failed(before=[past(False, git_hash=A), older(True)]), [OURS, past(False, git_hash=A), older(True)], 106
    ),
    "live only by now": (failed(before=[past(False), older(True)]), [OURS, past(True), OLD], 107),
    "reverted, and the one before is live": (failed(), [OURS, REVERTED, older(True)], 106),
    "reverted, and none is live": (failed(), [OURS, REVERTED, OLD], NOT_KNOWN),
    "a later one that was cancelled": (failed(), [deployment(109, None, 60, outcome=CANCELLED), OURS, *PAST], 107),
    "an open record of long ago": (failed(), [OURS, *PAST, deployment(90, -2000)], 107),
    "one of long ago that still seems to wait": (failed(), [OURS, *PAST, deployment(90, None)], 107),
    "the same commit": (
        failed(deployment(108, 0, 40, outcome=FAILED, git_hash=C[:12]), before=[past(True, git_hash=C)]),
        [OURS, past(True, git_hash=C)], SAME,
    ),
    "the last good one has no commit recorded": (
        failed(before=[past(True, git_hash=None)]), [OURS, past(True, git_hash=None)],
        "deployment 107, which was live before, has no commit recorded",
    ),
    "ours has no commit": (failed(NAMELESS, git_ref="main"), [NAMELESS, *PAST], "the failed commit is unknown"),
    "ours was asked for by its commit": (failed(NAMELESS, git_ref=C), [NAMELESS, *PAST], 107),
    "ours was asked for by the live commit": (failed(NAMELESS, git_ref=B), [NAMELESS, *PAST], SAME),
    **{
        f"ours never started, and ended {end}": (failed(never), [never, *PAST], found)
        for end, found in ((40, 107), (None, NOT_KNOWN))
        for never in [deployment(108, None, end, outcome=FAILED, git_hash=C)]
    },
    "ours was reverted since": (
        failed(SERVED), [deployment(108, 0, 40, git_hash=C, reverted=True), *PAST], "it has already been reverted"
    ),
    "ours was live, and isn't any more": (
        failed(SERVED), [deployment(108, 0, 40, git_hash=C, is_live=False), *PAST], "it is no longer live"
    ),
    "ours is live, but doesn't serve": (failed(SERVED), [SERVED, past(False), OLD], 107),
    **{
        f"a later one: {says}": (failed(), [later, OURS, *PAST], "deployment 109 came after it")
        for says, later in {
            "runs": deployment(109, 41),
            "waits": deployment(109, None),
            "succeeded": deployment(109, 41, 60),
            "over in the same second": deployment(109, 0, 0),
            "says something strange": deployment(109, 41, 60, outcome={"code": 9, "meaning": "strange"}),
        }.items()
    },
})  # fmt: skip
def test_the_last_good_one_is_chosen(tracking: Tracking, now: list[Deployment], expected: int | str) -> None:
    """What was surely live before is gone back to: not over what came after ours, and not to the commit that failed."""
    assert chosen(now, [BROKEN], tracking) == expected


@rows("other, counts", {
    "open": (action(41, 30), True),
    "silent": (action(41, 30, 60, finished_success=None), True),
    "of another kind": (action(41, 30, None, action="restart"), False),
    "failed": (action(41, 30, 35, finished_success=False), False),
    "of before": (action(38, -5), False),
})  # fmt: skip
def test_nothing_is_done_over_a_redeploy_that_shows_by_its_action(other: Action, counts: bool) -> None:
    """A redeploy that came after ours counts though it has no record (yet); none of before, of another kind, failed."""
    assert chosen([OURS, *PAST], [other]) == ("a redeploy (stack action 41) was requested after it" if counts else 107)
    assert not counts or chosen([OURS, *PAST], [other], failed(action=None)) != 107


SUCCEEDED = {"outcome": SUCCESS, "git_hash": C}
ODD = {"outcome": {"code": 9, "meaning": "strange"}}
BY_ANN = "Deployment CANCELLED by ann"


def over(**fields: Any) -> Action:
    """Make our action, over."""
    return action(40, -1, 41, **fields)


@rows("fields, known, words", {
    "it failed": ({}, {}, ""),
    "a success": (SUCCEEDED, {}, "says success"),
    "a success of the expected commit": (SUCCEEDED, {"expected_commit": C[:9]}, "says success"),
    "a success of another commit": (SUCCEEDED, {"expected_commit": D}, ""),
    "a success without a commit": ({"outcome": SUCCESS, "git_hash": None}, {"expected_commit": D}, "says success"),
    "reverted": ({"outcome": SUCCESS, "reverted": True}, {}, "already been reverted"),
    "cancelled": ({"outcome": CANCELLED}, {}, "was cancelled"),
    "running": ({"outcome": PENDING, "finished_at": None}, {}, "may still be running"),
    "odd, its action failed": (ODD, {"action": over(finished_success=False)}, ""),
    "odd, its action tells of a cancellation": (
        ODD, {"action": over(finished_success=False, finished_message=BY_ANN)}, "been cancelled",
    ),
    "odd, its action is silent": (ODD, {"action": over(finished_success=None)}, "isn't a known failure"),
    "odd, its action succeeded": (ODD, {"action": over()}, "isn't a known failure"),
    "odd, without an action": (ODD, {"action": None}, "isn't a known failure"),
    "not known": ({}, {"deployment": None}, "the failed deployment couldn't be identified"),
    "only inferred": ({}, {"certainty": Certainty.INFERRED}, "the failed deployment couldn't be identified"),
    "gone": ({}, {"record_vanished": True}, "its record has disappeared"),
})  # fmt: skip
def test_only_a_sure_failure_or_another_commit_is_gone_back_from(
    fields: dict[str, Any], known: dict[str, Any], words: str
) -> None:
    """Going back takes a deployment that is ours, and surely failed, or surely is of another commit than expected."""
    why = why_not(failed(**{"ours": deployment(108, 0, 40, **({"outcome": FAILED, "git_hash": C} | fields))} | known))
    assert words in (describe_hindrance(why) if why else "")
    assert bool(why) is bool(words)


@pytest.mark.parametrize("length", [1, LONGEST - 9, LONGEST - 8, LONGEST])
def test_each_reference_has_one_rollback(length: int) -> None:
    """A rollback's reference fits, is told as one, and belongs to one reference, whatever that ends with."""
    found = {rollback_reference("x" * (length - 1) + end) for end in "ab"}
    assert (len(found), {one.endswith("/rollback") for one in found}) == (2, {True})
    assert max(map(len, found)) <= LONGEST
