"""What speaks for and against a pair of records; which pair is taken among others is in test_small_worlds.py."""

from collections.abc import Sequence
from typing import Any

import pytest

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.baseline import Baseline, Numbers
from cloud66_redeploy.tracking.pairing import fits, holds, pair, unaccounted
from records import CANCELLED, FAILED, START, action, deployment

HASH = "0123456789abcdef0123456789abcdef01234567"
OURS = action(40, 0, None, "mine")
NEW = deployment(108, 1)
ODD = {"code": "superseded"}
RELEASE = action(40, 0, None, "mine", action="release")
OPEN_BEFORE = Baseline(Numbers(frozenset({107})), frozenset({107}), Numbers(frozenset({39})), frozenset({39}))


def before(*actions: Action, there: Sequence[Deployment] = (), has_clock: bool = True) -> Baseline:
    """Take the baseline when there were these actions and deployments; not every server tells its time."""
    return Baseline.of(there, actions, lambda moment: (START - moment).total_seconds() if has_clock else None)


RUNS, ITS_ACTION = deployment(107, -290), action(38, -291)
RUNS_NOW, JUST_ENDED = deployment(107, -98), deployment(106, -400, -100)
WAITS, LEFT = action(39, -200), deployment(90, None)
WAITED, OVER = action(39, -200, 40), action(40, 0, 80, "mine")
NEXT, NEW_OVER, NEXT_OVER = deployment(109, 61), deployment(108, 1, 40), deployment(109, 41, 80)


@pytest.mark.parametrize(
    ("asked", "shown", "commit", "fit"),
    [
        ("", "dev", None, True),
        ("main", None, None, True),
        ("main", "refs/heads/main", None, True),
        ("v1", "refs/tags/v1", None, True),
        ("main", "maintenance", None, False),
        ("main", "dev", HASH, False),
        ("release", "release-2", HASH, False),
        (HASH, "main", HASH, True),
        (HASH, HASH[:10], None, True),
        (HASH[:7].upper(), "main", HASH, True),
        (HASH[:6], "main", HASH, False),
        (HASH, "main", "f" * 40, False),
    ],
)
def test_the_ref_has_to_fit(asked: str, shown: str | None, commit: str | None, fit: bool) -> None:
    """The ref shown is the one asked for: by name, by its full name or as a commit's hash."""
    assert fits(deployment(108, git_ref=shown, git_hash=commit), OURS, asked) is fit


@pytest.mark.parametrize(
    ("theirs", "ours", "fit"),
    [
        ({"triggered_by": "ann"}, {}, False),
        ({"triggered_by": None}, {}, True),
        ({"triggered_by": "ann"}, {"user": None}, True),
        ({"triggered_by": "ann@example.com"}, {}, True),
        ({"triggered_via": {"code": 5, "meaning": "Web"}}, {}, False),
        ({"triggered_via": {"code": "hook", "meaning": None}}, {}, False),
        ({"triggered_via": None}, {}, True),
        ({"triggered_via": {"code": 9, "meaning": "mobile app"}}, {}, True),
        ({"start": -6}, {}, False),
        ({"start": None, "end": -6}, {}, False),
        ({"start": -4}, {}, True),
        ({"start": -600}, {"start": None}, True),
    ],
)
def test_what_speaks_against_it(theirs: dict[str, Any], ours: dict[str, Any], fit: bool) -> None:
    """Another user, another way and an earlier time speak against a deployment; what is not said or known doesn't."""
    assert fits(deployment(108, **theirs), action(40, **ours), "") is fit
    # While our action has not shown, nobody knows what would be too early.
    assert fits(deployment(108, -600), None, "")


@pytest.mark.parametrize(
    ("actions", "deployments", "baseline", "expected"),
    [
        ([], [NEW], Baseline(), [108]),
        ([OURS, action(39, -90, -50)], [NEW, deployment(107, -90, -50)], OPEN_BEFORE, [108]),
        ([OURS, action(39)], [deployment(107, None)], OPEN_BEFORE, []),
        ([OURS, action(39)], [deployment(107, None), NEW], OPEN_BEFORE, [108]),
        ([OURS, action(39)], [NEW], before(action(39)), []),
        ([action(40, 60, None, "mine"), action(39, 0, 5)], [deployment(108, 61)], before(action(39)), [108]),
        ([OURS, action(39, -130)], [NEW], before(action(39, -130)), [108]),
        ([OURS, WAITS, ITS_ACTION], [NEW, RUNS], before(WAITS, ITS_ACTION, there=[RUNS]), []),
        (
            [OURS, action(39, -380), ITS_ACTION], [NEW, RUNS_NOW],
            before(action(39, -380), ITS_ACTION, there=[RUNS_NOW, JUST_ENDED]), []
        ),
        ([OURS, action(39, -380)], [NEW], before(action(39, -380), there=[JUST_ENDED]), []),
        (
            [OURS, action(39, -5000), ITS_ACTION], [NEW, RUNS],
            before(action(39, -5000), ITS_ACTION, there=[RUNS, JUST_ENDED, deployment(70, -5000)]), [108]
        ),
        ([OURS, action(39)], [NEW, LEFT], before(action(39), there=[JUST_ENDED, LEFT]), []),
        ([OURS, action(20, None)], [NEW], before(action(20, None), action(38, -400, -100)), [108]),
        ([OURS, WAITS, ITS_ACTION], [NEW, RUNS], before(WAITS, ITS_ACTION, there=[RUNS], has_clock=False), []),
        ([OURS, action(20, -5000)], [NEW], before(action(20, -5000), there=[JUST_ENDED], has_clock=False), [108]),
        ([OURS, action(41, 60)], [NEW, NEXT], Baseline(), [108]),
        ([OURS, action(41, 3)], [NEW, NEXT], Baseline(), []),
        ([OURS, action(41, 60), action(42, 60)], [NEW, NEXT, deployment(110, 61)], Baseline(), [108]),
        ([OURS, action(41, 60, user="ann")], [NEW, NEXT], Baseline(), []),
        ([OVER, WAITED, ITS_ACTION], [NEXT_OVER, NEW_OVER, RUNS], before(WAITS, ITS_ACTION, there=[RUNS]), [109]),
        ([OURS, WAITED, ITS_ACTION], [NEXT, NEW_OVER, RUNS], before(WAITS, ITS_ACTION, there=[RUNS]), []),
        ([OURS, action(41, 60)], [NEW, NEXT, RUNS], before(there=[RUNS]), [108]),
        ([OURS, action(39, action="backup")], [NEW], before(action(39, action="backup")), [108]),
        ([RELEASE, action(39, action="Release")], [NEW], before(action(39, action="Release")), []),
        ([OURS, action(10, -900, -800)], [NEW, deployment(70, -900, -850)], Baseline(), [108]),
        ([OURS, action(39, action="reboot")], [NEW], Baseline(), [108]),
        ([OURS, action(39, action="deploy")], [NEW], Baseline(), []),
        ([OURS, action(39, started_via="Web")], [NEW], Baseline(), [108]),
    ],
    ids=[
        "ours is not on the page", "what was over before doesn't count", "what was open before isn't ours",
        "what was open before counts", "one of just before whose deployment is still to come",
        "one of just before that was over before ours was asked for", "one of long before was left lying",
        "one waits behind one that runs", "one waits since another one ran", "one's turn has just come",
        "one was left lying before all that has run without a pause", "a record was left lying as it waited",
        "an action that tells no time was left lying", "one waits, and the server doesn't tell its time",
        "one was left lying, and the server doesn't tell its time",
        "a second one, later, can't have the first deployment", "a second one, at once, can",
        "two later ones can't have the first deployment", "a later one can have neither",
        "a colleague's that waited ended as another deployment did", "a colleague's that waited may be either",
        "a second one, later, beside one whose action never shows",
        "another kind of action was open before", "a third word for a redeploy, of just before",
        "records from further down", "another kind of action",
        "another word for a redeploy", "the web's need no deployment",
    ],
)  # fmt: skip
def test_what_is_counted(actions: Any, deployments: Any, baseline: Baseline, expected: list[int]) -> None:
    """Redeploys and deployments that came since the baseline, or were open then, are counted against each other."""
    assert [one.id for one in pair([*actions, OURS][:1], actions, deployments, baseline, "")] == expected


@pytest.mark.parametrize(
    ("actions", "opened", "expected"),
    [
        ([], [], True),
        ([OURS], [], False),
        ([action(39)], [action(39)], False),
        ([action(39, -130)], [action(39, -130)], True),
        ([action(39, action="backup")], [action(39, action="backup")], True),
    ],
    ids=["no action", "its action", "one of just before", "one of long before was left lying", "another kind"],
)
def test_a_deployment_that_no_action_accounts_for(actions: Any, opened: Any, expected: bool) -> None:
    """A new deployment is accounted for by a redeploy that came since, or was open just before."""
    assert unaccounted(actions, [NEW], before(*opened)) is expected


@pytest.mark.parametrize(
    ("end", "outcome", "action_end", "success", "held"),
    [
        (60, None, 70, True, True),
        (70, None, 60, True, True),
        (60, None, 71, True, False),
        (60, FAILED, 60, True, False),
        (60, CANCELLED, 60, True, False),
        (60, None, 60, False, False),
        (60, FAILED, 60, False, True),
        (60, ODD, 60, False, True),
        (60, ODD, 60, True, True),
    ],
)
def test_a_pair_has_to_end_alike(end: float, outcome: Any, action_end: float, success: bool, held: bool) -> None:
    """An inferred pair holds if both ended within seconds, and with results that can be one."""
    said = {"outcome": outcome} if outcome else {}
    assert holds(deployment(108, 1, end, **said), action(40, 0, action_end, finished_success=success)) is held
    # An end that can't be read holds nothing.
    assert not holds(deployment(108, 1, end, **said | {"finished_at": "garbage"}), action(40, 0, action_end))
    assert not holds(deployment(108, 1, end, **said), action(40, 0, action_end, finished_at="garbage"))


@pytest.mark.parametrize(
    ("found", "is_new"),
    [
        (deployment(108, 1), True),
        (deployment(50, -600, -500), False),
        (deployment(99, None, None), False),
        (deployment(101, None, None), True),
        (deployment(107, -60, 2), False),
    ],
    ids=["clocks differ a little", "its times are old", "below all that was read", "no times", "it was read"],
)
def test_what_is_new_since_the_baseline(found: Any, is_new: bool) -> None:
    """A deployment is new if it was not read, is numbered above what was, and tells of no earlier time."""
    baseline = Baseline.of([deployment(107, -60, 2), deployment(100, -50, -40)], [action(39, -61, 2)])
    assert baseline.is_new(found) is is_new
