"""Which deployment a rollback goes back to, and when there is none: from the records alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.commands.job import Job, Role
from cloud66_redeploy.commands.rollback import outcome_of
from cloud66_redeploy.model.outcome import Reason, Result
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.model.reference import LONGEST, rollback_reference
from cloud66_redeploy.report.facts import rollback_outputs
from cloud66_redeploy.report.phrases import sentence_of
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.last_good import choose, why_not
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from records import CANCELLED, FAILED, PENDING, SUCCESS, action, at, deployment, tracked

A, B, C, D = (letter * 40 for letter in "abcd")
OLD = deployment(106, -900, -860, git_hash=A, is_live=False)
LIVE = deployment(107, -500, -460, git_hash=B, is_live=True)
OURS = deployment(108, 0, 40, outcome=FAILED, git_hash=C, is_live=False)
OUR_ACTION = action(40, -1, 41, "mine", finished_success=False)
PAST = [LIVE, OLD]
LATER = "deployment 109 came after it"


def failed(ours: Deployment = OURS, before: list[Deployment] | None = None, **fields: Any) -> Tracking:
    """Track ours, which has failed."""
    baseline = Baseline.of(PAST if before is None else before, [action(39, -501, -459)])
    given: dict[str, Any] = {"posts_sent": 1, "accepted": True, "action": OUR_ACTION}
    given |= {"deployment": ours, "certainty": Certainty.CONFIRMED}
    return tracked("mine", baseline=baseline, **given | fields)


def chosen(now: list[Deployment], actions: list[Action] | None = None, tracking: Tracking | None = None) -> int | str:
    """Return the number of the deployment to go back to, or why there is none."""
    found, why = choose(tracking or failed(), now, [OUR_ACTION, *(actions or [])])
    assert (found is None) is bool(why)
    return found.id if found else why


def test_what_was_live_before_is_gone_back_to() -> None:
    """The deployment that was live before ours is the one."""
    assert chosen([OURS, *PAST]) == 107
    assert chosen([*PAST[::-1], OURS]) == 107


def test_a_success_between_the_baseline_and_ours_counts() -> None:
    """What somebody else brought live while ours waited behind it is gone back to, not what was live before that."""
    theirs = deployment(107 + 2, -30, 0, git_hash=D)
    assert chosen([deployment(110, 0, 40, outcome=FAILED, git_hash=C), theirs, *PAST], tracking=failed(
        deployment(110, 0, 40, outcome=FAILED, git_hash=C)
    )) == 109  # fmt: skip


@pytest.mark.parametrize("outcome", [FAILED, CANCELLED, {"code": 7, "meaning": "superseded"}])
def test_what_did_not_succeed_before_ours_does_not_count(outcome: Any) -> None:
    """A deployment before ours that was no success was never live."""
    ours = deployment(110, 0, 40, outcome=FAILED, git_hash=C)
    assert chosen([ours, deployment(109, -30, -1, outcome=outcome, git_hash=D), *PAST], tracking=failed(ours)) == 107


def test_without_the_live_field_only_what_is_surely_known_counts() -> None:
    """Where records don't say what is live, an old success is not taken for it; one that came just before ours is."""
    bare = [deployment(107, -500, -460, git_hash=B), deployment(106, -900, -860, git_hash=A)]
    tracking = failed(before=bare)
    assert chosen([OURS, *bare], tracking=tracking) == "which deployment was live before is not known"
    ours = deployment(110, 0, 40, outcome=FAILED, git_hash=C)
    tracking = failed(ours, before=bare)
    assert chosen([ours, deployment(109, -30, -1, git_hash=D), *bare], tracking=tracking) == 109


def test_the_newest_success_is_not_chosen_if_it_is_not_live() -> None:
    """Where a newer success than the live one is there, nobody knows which is meant, unless both are of one commit."""
    newer = deployment(107, -500, -460, git_hash=B, is_live=False)
    live = deployment(106, -900, -860, git_hash=A, is_live=True)
    tracking = failed(before=[newer, live])
    assert chosen([OURS, newer, live], tracking=tracking) == "deployment 107 succeeded after 106, which was live before"
    scaled = deployment(107, -500, -460, git_hash=A, is_live=False)
    assert chosen([OURS, scaled, live], tracking=failed(before=[scaled, live])) == 106


def test_what_is_live_only_now_counts() -> None:
    """A success of before the baseline that is shown as live only now is gone back to."""
    slow = deployment(107, -500, -460, git_hash=B, is_live=False)
    old = deployment(106, -900, -860, git_hash=A, is_live=True)
    now = [OURS, deployment(107, -500, -460, git_hash=B, is_live=True), OLD]
    assert chosen(now, tracking=failed(before=[slow, old])) == 107


def test_what_was_reverted_since_is_not_gone_back_to() -> None:
    """Where somebody has reverted what was live before, the one that is live now is the one."""
    reverted = deployment(107, -500, -460, git_hash=B, is_live=False, reverted=True, reverted_at=at(20))
    assert chosen([OURS, reverted, deployment(106, -900, -860, git_hash=A, is_live=True)]) == 106
    assert chosen([OURS, reverted, OLD]) == "which deployment was live before is not known"


@pytest.mark.parametrize(
    "later",
    [
        deployment(109, 41),
        deployment(109, 0),
        deployment(109, None),
        deployment(109, 41, 60),
        deployment(109, 41, 60, outcome=FAILED),
        deployment(109, 0, 0),
        deployment(109, 41, 60, outcome={"code": 9, "meaning": "strange"}),
    ],
)
def test_nothing_is_done_over_a_later_deployment(later: Deployment) -> None:
    """Whatever came after ours, running, queued or over, is somebody's answer, and is left alone."""
    assert chosen([later, OURS, *PAST]) == LATER


def test_a_later_one_that_was_cancelled_is_no_answer() -> None:
    """A later deployment that was cancelled changed nothing."""
    assert chosen([deployment(109, None, 60, outcome=CANCELLED), OURS, *PAST]) == 107


@pytest.mark.parametrize(("end", "success"), [(None, None), (60, True), (60, None)])
def test_nothing_is_done_over_a_redeploy_that_shows_by_its_action(end: float | None, success: Any) -> None:
    """A redeploy that came after ours counts though its deployment has no record (yet)."""
    later = action(41, 30, end, finished_success=success)
    assert chosen([OURS, *PAST], [later]) == "a redeploy (action 41) was asked for after it"
    assert chosen([OURS, *PAST], [later], failed(action=None)) == "a redeploy (action 41) was asked for after it"


@pytest.mark.parametrize(
    "other",
    [
        action(39, -501, None),
        action(41, 30, None, action="restart"),
        action(41, 30, 35, finished_success=False),
        action(38, -5, None),
    ],
)
def test_other_actions_are_no_answer(other: Action) -> None:
    """An action of before ours, of another kind, or that failed, keeps nobody from going back."""
    assert chosen([OURS, *PAST], [other]) == 107


def test_an_open_record_of_long_ago_is_no_answer() -> None:
    """A record of before ours that never ended was left lying."""
    assert chosen([OURS, *PAST, deployment(90, -2000)]) == 107


@pytest.mark.parametrize("ours", [C, C[:12], C.upper()])
def test_never_to_the_same_commit(ours: str) -> None:
    """What failed is not deployed again, however its commit is written."""
    live = deployment(107, -500, -460, git_hash=C, is_live=True)
    tracking = failed(deployment(108, 0, 40, outcome=FAILED, git_hash=ours), before=[live])
    assert chosen([OURS, live], tracking=tracking) == "deployment 107, which was live before, is of the same commit"


def test_commits_that_are_not_known() -> None:
    """Without the one commit or the other there is nothing to go back to, or no telling whether it is the same."""
    bare = deployment(107, -500, -460, is_live=True)
    assert (
        chosen([OURS, bare], tracking=failed(before=[bare])) == "deployment 107, which was live before, tells no commit"
    )
    unknown = deployment(108, 0, 40, outcome=FAILED)
    assert chosen([unknown, *PAST], tracking=failed(unknown, git_ref="main")) == "which commit failed is not known"
    assert chosen([unknown, *PAST], tracking=failed(unknown, git_ref=C)) == 107
    same = "deployment 107, which was live before, is of the same commit"
    assert chosen([unknown, *PAST], tracking=failed(unknown, git_ref=B)) == same


def test_one_that_failed_without_ever_starting() -> None:
    """Where ours tells no start, what was over by its end was before it; without any time, nothing is known."""
    ours = deployment(108, None, 40, outcome=FAILED, git_hash=C)
    assert chosen([ours, *PAST], tracking=failed(ours)) == 107
    ours = deployment(108, None, None, outcome=FAILED, git_hash=C)
    assert chosen([ours, *PAST], tracking=failed(ours)) == "which deployment was live before is not known"


@given(st.lists(st.sampled_from(["good", "bad", "reverted"]), max_size=5), st.integers(0, 3))
def test_the_last_one_that_was_truly_live(past: list[str], since: int) -> None:
    """Of any past, what is chosen is the newest success that nobody reverted, and always one of before ours."""
    records, live = [], None
    for number, what in enumerate(past):
        if what == "good":
            live = 100 + number
        records.append((100 + number, -1000 + 100 * number, what))
    made = [
        deployment(
            number, start, start + 50, outcome=FAILED if what == "bad" else SUCCESS, git_hash=f"{number:040x}",
            reverted=True if what == "reverted" else None, is_live=number == live,
        )
        for number, start, what in records
    ]  # fmt: skip
    before = made[: len(made) - since] if since else made
    ours = deployment(200, 0, 40, outcome=FAILED, git_hash=C, is_live=False)
    found = chosen([ours, *made[::-1]], tracking=failed(ours, before=before))
    assert found == (live or "which deployment was live before is not known")


SUCCEEDED = {"outcome": SUCCESS, "git_hash": C}


@pytest.mark.parametrize(
    ("fields", "expected", "words"),
    [
        ({}, "", ""),
        ({"outcome": SUCCESS}, "", "says success"),
        (SUCCEEDED, "", "says success"),
        (SUCCEEDED, C[:9], "says success"),
        (SUCCEEDED, D, ""),
        ({"outcome": SUCCESS, "git_hash": None}, D, "says success"),
        ({"outcome": SUCCESS, "reverted": True}, "", "reverted it already"),
        ({"outcome": CANCELLED}, "", "was cancelled"),
        ({"outcome": PENDING, "finished_at": None}, "", "may still be going on"),
        ({"outcome": PENDING, "started_at": None, "finished_at": None}, "", "may still be going on"),
    ],
)
def test_only_a_sure_failure_or_another_commit_is_gone_back_from(
    fields: dict[str, Any], expected: str, words: str
) -> None:
    """Going back takes a deployment that surely failed, or surely is of another commit than the expected one."""
    ours = deployment(108, 0, 40, **({"outcome": FAILED, "git_hash": C} | fields))
    why = why_not(failed(ours, expected_commit=expected))
    assert words in why
    assert bool(why) is bool(words)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (action(40, -1, 41, finished_success=False), ""),
        (action(40, -1, 41, finished_success=False, finished_message="Deployment CANCELLED by ann"), "been cancelled"),
        (action(40, -1, 41, finished_success=None), "not a known failure"),
        (action(40, -1, 41), "not a known failure"),
        (None, "not a known failure"),
    ],
)
def test_an_odd_result_is_a_failure_only_where_the_action_says_so(told: Action | None, words: str) -> None:
    """A result never seen before is a failure if our action failed, unless that tells of a cancellation."""
    odd = deployment(108, 0, 40, outcome={"code": 9, "meaning": "strange"}, git_hash=C)
    assert odd.phase is Phase.ODD
    why = why_not(failed(odd, action=told))
    assert words in why
    assert bool(why) is bool(words)


def test_what_is_not_surely_ours_is_not_gone_back_from() -> None:
    """A deployment that is not known, only inferred, or gone, is none to go back from."""
    assert why_not(failed(deployment=None)) == "which deployment failed is not known"
    assert why_not(failed(certainty=Certainty.INFERRED)) == "which deployment failed is not known"
    assert why_not(failed(record_vanished=True)) == "its record has disappeared"


@given(st.text(min_size=1, max_size=LONGEST), st.text(min_size=1, max_size=LONGEST))
def test_each_reference_has_one_rollback(one: str, other: str) -> None:
    """A rollback's reference fits, is told as one, and belongs to one reference."""
    found = rollback_reference(one)
    assert (len(found) <= LONGEST, found.endswith("/rollback"), found == rollback_reference(one)) == (True, True, True)
    assert (found == rollback_reference(other)) is (one == other)


def test_long_references_that_end_differently() -> None:
    """Of references of 255 characters that differ at the end, the rollbacks differ, too."""
    found = {rollback_reference("x" * (LONGEST - 1) + end) for end in "ab"}
    assert ({len(one) for one in found}, len(found)) == ({LONGEST}, 2)


def test_a_rollback_that_did_not_end_says_so() -> None:
    """What is under way has no outcome yet, and is not called a success."""
    job = Job(Role.ROLLBACK, "abc", failed(git_ref=B), Reporter({}, Cleaner()))
    outputs = {"rollback_outcome": "", "rollback_deployment_id": "108", "rolled_back_to": ""}
    assert rollback_outputs(job.tracking, None) == outputs
    result = job.result = Result(Reason.FAILED, job.tracking.last_seen)
    assert sentence_of(outcome_of(job)) == f"The rollback to commit {B}: Deployment 108 failed."
    assert rollback_outputs(job.tracking, result) == outputs | {"rollback_outcome": "failed"}
