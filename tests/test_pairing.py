"""Which deployment is ours, where the answer doesn't prove it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.pairing import fits, holds, pair

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
HASH = "0123456789abcdef0123456789abcdef01234567"


def at(seconds: float | None) -> str | None:
    """Write the time that many seconds after our request as the API does."""
    return None if seconds is None else (START + timedelta(seconds=seconds)).isoformat()


def deployment(number: int = 108, start: float | None = 1, end: float | None = None, **fields: Any) -> Deployment:
    """Make a deployment's record; the times are seconds after our request."""
    record = {"id": number, "triggered_by": "ci", "triggered_via": {"code": 1, "meaning": "api"}, "git_ref": "main"}
    done = {"code": 1, "meaning": "success"} if end is not None else {"code": 0, "meaning": "pending"}
    times = {"started_at": at(start), "finished_at": at(end), "outcome": done}
    return Deployment.from_json(record | times | fields)


def action(number: int = 40, start: float | None = 0, end: float | None = None, **fields: Any) -> Action:
    """Make an action's record; the times are seconds after our request."""
    record = {"id": number, "user": "ci", "action": "application_deployment", "started_at": at(start)}
    ending = {"finished_at": at(end), "finished_success": None if end is None else True}
    return Action.from_json(record | ending | fields)


EMPTY = Baseline()
OURS = action()


def paired(actions: list[Action], deployments: list[Deployment], baseline: Baseline = EMPTY) -> list[int]:
    """Return the ids of what is taken for ours."""
    return [one.id for one in pair([OURS], actions, deployments, baseline, "")]


def test_the_only_new_deployment_is_ours() -> None:
    """One redeploy and one new deployment that fits belong together."""
    assert paired([OURS], [deployment()]) == [108]


def test_our_action_need_not_be_on_the_page() -> None:
    """Our action counts even where other actions have pushed it off the first page."""
    assert paired([], [deployment()]) == [108]


def test_nothing_new_is_nothing() -> None:
    """While no deployment has shown, none is ours."""
    assert paired([OURS], []) == []


def test_others_in_the_same_second_with_their_record_first() -> None:
    """Two redeploys and one deployment don't pair off, so none is taken."""
    assert paired([OURS, action(39)], [deployment()]) == []


def test_their_action_late() -> None:
    """Two deployments and one redeploy don't pair off, so none is taken."""
    assert paired([OURS], [deployment(), deployment(109, triggered_by="ann")]) == []


def test_another_user_is_told_apart() -> None:
    """Once all records are there, another user's deployment is not ours."""
    theirs = deployment(107, triggered_by="ann")
    assert paired([OURS, action(39, user="ann")], [deployment(), theirs]) == [108]


def test_same_user_and_ref_are_not_told_apart() -> None:
    """Two deployments that fit alike are both left alone."""
    assert paired([OURS, action(39)], [deployment(), deployment(109)]) == []


@pytest.mark.parametrize("via", ["web", "hook", "Web"])
def test_other_ways_than_the_api_are_told_apart(via: str) -> None:
    """A deployment that was triggered by web or hook is not ours, by word or by meaning."""
    for theirs in ({"code": 5, "meaning": via}, {"code": via, "meaning": None}):
        assert not fits(deployment(triggered_via=theirs), OURS, "")
        assert paired([OURS], [deployment(), deployment(109, triggered_via=theirs)]) == [108]
        assert paired([OURS, action(39, started_via=via)], [deployment(), deployment(109, triggered_via=theirs)]) == [
            108
        ]
        # What has no action doesn't stand in for a record of ours that is missing.
        assert paired([OURS, action(39)], [deployment(), deployment(109, triggered_via=theirs)]) == []


@pytest.mark.parametrize("via", [None, {}, {"code": 9, "meaning": "mobile app"}])
def test_an_unknown_way_does_not_count_against_it(via: object) -> None:
    """What is not known about the way it was triggered speaks neither for nor against a deployment."""
    assert fits(deployment(triggered_via=via), OURS, "")


@pytest.mark.parametrize(
    ("asked", "shown", "commit", "fit"),
    [
        ("", "dev", None, True),
        ("main", None, None, True),
        ("main", "main", None, True),
        ("main", "refs/heads/main", None, True),
        ("refs/heads/main", "main", None, True),
        ("v1", "refs/tags/v1", None, True),
        ("main", "maintenance", None, False),
        ("main", "dev", HASH, False),
        (HASH, "main", HASH, True),
        (HASH, HASH[:10], None, True),
        (HASH[:7], HASH, None, True),
        (HASH[:7].upper(), "main", HASH, True),
        (HASH[:6], "main", HASH, False),
        (HASH, "main", None, False),
        (HASH, "main", "f" * 40, False),
    ],
)
def test_the_ref_has_to_fit(asked: str, shown: str | None, commit: str | None, fit: bool) -> None:
    """The ref shown is the one asked for: by name, by its full name or as a commit's hash."""
    assert fits(deployment(git_ref=shown, git_hash=commit), OURS, asked) is fit


def test_an_older_deployment_does_not_fit() -> None:
    """A deployment that started or ended before our request, clocks' differences aside, is not ours."""
    assert not fits(deployment(start=-6), OURS, "")
    assert not fits(deployment(start=None, end=-6), OURS, "")
    assert fits(deployment(start=-4), OURS, "")
    assert fits(deployment(start=-600), action(start=None), "")
    assert fits(deployment(start=-600), None, "")


def test_who_is_not_said_does_not_count_against_it() -> None:
    """A record without a user speaks neither for nor against it."""
    assert fits(deployment(triggered_by=None), OURS, "")
    assert fits(deployment(triggered_by="ann"), action(user=None), "")
    assert not fits(deployment(triggered_by="ann"), OURS, "")


def test_what_was_over_before_does_not_count() -> None:
    """Records that were over at the baseline are left out of the pairing."""
    baseline = Baseline(frozenset({107}), frozenset(), frozenset({39}), frozenset())
    assert paired([OURS, action(39, -90, -50)], [deployment(), deployment(107, -90, -50)], baseline) == [108]


def test_what_was_open_before_counts_but_is_not_ours() -> None:
    """A deployment that was open at the baseline is paired with its own action and never ours."""
    baseline = Baseline(frozenset({107}), frozenset({107}), frozenset({39}), frozenset({39}))
    theirs = deployment(107, None)
    assert paired([OURS, action(39)], [theirs], baseline) == []
    assert paired([OURS, action(39)], [theirs, deployment()], baseline) == [108]


def test_records_sliding_into_the_page_do_not_count() -> None:
    """An old record that slides into the first page when a newer one disappears changes nothing."""
    assert paired([OURS, action(10, -900, -800)], [deployment(), deployment(70, -900, -850)]) == [108]


def test_other_kinds_of_action_do_not_count() -> None:
    """An action that is no deployment has no deployment to pair with; one named otherwise may still be one."""
    assert paired([OURS, action(39, action="reboot")], [deployment()]) == [108]
    assert paired([OURS, action(39, action="deploy")], [deployment()]) == []


def test_two_actions_of_ours_get_theirs_in_order() -> None:
    """A POST that went through twice has two deployments, the eldest first."""
    mine = [OURS, action(41)]
    found = pair(mine, mine, [deployment(109), deployment(108)], EMPTY, "")
    assert [one.id for one in found] == [108, 109]
    assert pair(mine, mine, [deployment(108)], EMPTY, "") == []


@pytest.mark.parametrize(
    ("end", "action_end", "fields", "held"),
    [
        (60, 60, {}, True),
        (60, 70, {}, True),
        (70, 60, {}, True),
        (60, 71, {}, False),
        (60, 60, {"outcome": {"code": "failed"}}, False),
        (60, 60, {"finished_at": "garbage"}, False),
    ],
)
def test_a_pair_has_to_end_alike(end: float, action_end: float, fields: dict[str, Any], held: bool) -> None:
    """An inferred pair holds if both ended with one result and within seconds."""
    assert holds(deployment(end=end, **fields), action(end=action_end)) is held


def test_two_failures_are_one_result() -> None:
    """A deployment that failed, was cancelled or is odd goes with an action that failed."""
    failed = action(end=60, finished_success=False)
    for word in ("failed", "cancelled", "superseded"):
        assert holds(deployment(end=60, outcome={"code": word}), failed)
    assert not holds(deployment(end=60), failed)
    assert not holds(deployment(end=60, outcome={"code": "failed"}), action(end=60, finished_at="garbage"))


@dataclass
class Somebody:
    """A redeploy of anybody's, as its two records show (or don't)."""

    action: Action | None
    deployment: Deployment | None


@st.composite
def redeploys(draw: st.DrawFn, number: int) -> Somebody:
    """Draw somebody else's redeploy."""
    start = draw(st.sampled_from([-60.0, -4.0, 0.0, 0.5, 1.0, 30.0]))
    end = draw(st.sampled_from([None, start + 20]))
    user, via = draw(st.sampled_from(["ci", "ann"])), draw(st.sampled_from(["api", "api", "web"]))
    ref = draw(st.sampled_from(["main", "v1", None]))
    theirs = deployment(100 + number, start, end, triggered_by=user, git_ref=ref, triggered_via={"meaning": via})
    shown = draw(st.sampled_from(["both", "both", "action", "deployment"]))
    its_action = action(40 + number, start, end, user=user)
    return Somebody(its_action if shown != "deployment" else None, theirs if shown != "action" else None)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Somebody], int, bool, str]:
    """Draw some redeploys in the order of their ids, which one is ours, whether its deployment shows, and a ref."""
    count = draw(st.integers(1, 5))
    all_of_them = [draw(redeploys(number)) for number in range(count)]
    return all_of_them, draw(st.integers(0, count - 1)), draw(st.booleans()), draw(st.sampled_from(["", "main", "v1"]))


@given(scenes(), st.sets(st.integers(0, 4)), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_what_is_taken_contradicts_nothing(
    scene: tuple[list[Somebody], int, bool, str], before: set[int], random: Any
) -> None:
    """Whatever others do, what is taken agrees with our action in every field and is the only one that does."""
    others, place, shows, ref = scene
    mine = action(40 + place, 0)
    ours = deployment(100 + place, 0.5, git_ref=ref or "main") if shows else None
    everybody = [Somebody(mine, ours) if number == place else one for number, one in enumerate(others)]
    actions = [one.action for one in everybody if one.action]
    deployments = [one.deployment for one in everybody if one.deployment]
    known = frozenset(100 + number for number in before - {place})
    baseline = Baseline(known, known, frozenset(one - 60 for one in known), frozenset(one - 60 for one in known))
    random.shuffle(actions)
    random.shuffle(deployments)

    found = pair([mine], actions, deployments, baseline, ref)

    candidates = [
        one
        for one in deployments
        if one.id not in known
        and one.id > min(known, default=0)
        and one.record["triggered_by"] == "ci"
        and one.record["triggered_via"]["meaning"] == "api"
        and (not ref or one.record["git_ref"] in {ref, None})
        and one.started_at is not None
        and one.started_at >= START - timedelta(seconds=5)
    ]
    if found:
        assert candidates == found, "something else could be meant as well, or it contradicts our action"
        assert found[0].record["git_ref"] in {ref or found[0].record["git_ref"], None}
    if len(candidates) > 1:
        assert found == []


@given(scenes(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_with_every_record_there_nobody_elses_is_taken(
    scene: tuple[list[Somebody], int, bool, str], random: Any
) -> None:
    """Where every redeploy shows both of its records, what is taken is truly ours."""
    others, place, _, ref = scene
    mine, ours = action(40 + place, 0), deployment(100 + place, 0.5, git_ref=ref or "main")
    complete = [one for number, one in enumerate(others) if number != place and one.action and one.deployment]
    actions = [mine, *(one.action for one in complete if one.action)]
    deployments = [ours, *(one.deployment for one in complete if one.deployment)]
    random.shuffle(actions)
    random.shuffle(deployments)
    assert pair([mine], actions, deployments, EMPTY, ref) in ([], [ours])


def test_clocks_that_differ_a_little_make_nothing_old() -> None:
    """Ours may start, by another machine's clock, a moment before the last thing that the baseline tells of."""
    baseline = Baseline.of([deployment(107, -60, 2)], [action(39, -61, 2)])
    assert baseline.is_new(deployment(108, 1))
    assert not baseline.is_new(deployment(50, -600, -500))
    assert not baseline.is_new(deployment(107, -60, 2))


def test_what_stands_beyond_the_baseline_is_old() -> None:
    """A deployment without times that is numbered below all of the baseline has not come since."""
    baseline = Baseline.of([deployment(100, -50, -40)], [])
    assert not baseline.is_new(deployment(99, None, None))
    assert baseline.is_new(deployment(101, None, None))
