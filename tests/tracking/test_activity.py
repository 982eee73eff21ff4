"""Whether a stack is deploying, and whose deployment that is, from its two lists."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.model.reference import derive_reference, is_derived, rollback_reference
from cloud66_redeploy.report.messages import describe_activity
from cloud66_redeploy.tracking.activity import activity_of, is_of
from harness import GITHUB
from records import CANCELLED, FAILED, action, deployment

OURS = "1-1-c2160039a2ba9b49-0123456789abcdef"
OTHER = "1-1-1496ce25c0ddd406-0123456789abcdef"
PAST = [deployment(100, -900, -860), deployment(101, -500, -460)]
PAST_ACTIONS = [action(30, -900, -860), action(31, -500, -460)]
Found = tuple[list[int], list[int], list[int]]


def found(deployments: list[Deployment], actions: list[Action]) -> Found:
    """Return the ids of what runs, what waits, and the open actions."""
    busy = activity_of(deployments, actions)
    return [one.id for one in busy.running], [one.id for one in busy.waiting], [one.id for one in busy.actions]


RUNS, WAITS = deployment(108), deployment(109, None)
ACTION, OTHER_WORK = action(40), action(40, action="restart")
BY_WEB: dict[str, Any] = {"triggered_via": {"code": 0, "meaning": "web"}}
DESCRIBED = {
    "what runs, before what waits": ([WAITS, RUNS], [ACTION], "deployment 108 is deploying, started by ci"),
    "the first that waits": (
        [deployment(110, None), deployment(109, None, triggered_by="")], [], "deployment 109 is queued"
    ),
    "an action alone": (PAST, [ACTION, *PAST_ACTIONS], "a redeploy (stack action 40) is queued, started by ci"),
}  # fmt: skip


@pytest.mark.parametrize(("deployments", "actions", "words"), DESCRIBED.values(), ids=DESCRIBED)
def test_what_keeps_it_busy_is_described(deployments: Any, actions: Any, words: str) -> None:
    """What runs, or else what waits, is named by id and by who asked for it."""
    assert describe_activity(activity_of(deployments, actions)) == words


LYING, LYING_ACTION = deployment(90, -950), action(20, -950)
AFTER = [action(42, 10, 20, finished_success=False), action(41, 5), action(40, -1), *PAST_ACTIONS]
BROKE, BROKE_ACTION = deployment(108, 0, 40, outcome=FAILED), action(40, 0, 40, finished_success=False)
NEXT = deployment(109, 40)


def left_the_queue(asked: float) -> list[Action]:
    """Make the actions of one that failed, and of three of ours and others behind it, the second of them cancelled."""
    gone = action(42, asked + 1, 46, OURS, finished_success=False)
    return [action(43, asked + 2, None, OURS), gone, action(41, 2, None, OTHER), BROKE_ACTION]


FOUND: dict[str, tuple[list[Deployment], list[Action], Found]] = {
    "nothing": ([], [], ([], [], [])),
    "all is over": (PAST, PAST_ACTIONS, ([], [], [])),
    "another kind of action": (PAST, [OTHER_WORK], ([], [], [])),
    "left lying as it ran": ([LYING, *PAST], [], ([], [], [])),
    "left lying as it waited": ([deployment(90, None), *PAST], [], ([], [], [])),
    "an action left lying": (PAST, [LYING_ACTION, *PAST_ACTIONS], ([], [], [])),
    "nothing has run since": ([LYING, RUNS], [LYING_ACTION, ACTION], ([90, 108], [], [20, 40])),
    "left lying beside one that runs": ([LYING, RUNS, *PAST], [LYING_ACTION, *PAST_ACTIONS], ([108], [], [])),
    "a failure that ran": (
        [deployment(108, 0, 40, outcome=FAILED)],
        [action(40, -1, 41, finished_success=False), action(39, -60)], ([], [], []),
    ),
    "one that left the queue as the one before it failed": ([NEXT, BROKE], left_the_queue(36), ([109], [], [41, 43])),
    "all asked for at once": ([NEXT, BROKE], left_the_queue(2), ([109], [], [41, 43])),
    "one by web failed": (
        [NEXT, deployment(108, 0, 40, outcome=FAILED, **BY_WEB)], left_the_queue(2)[:-1], ([109], [], [41, 43])
    ),
    **{
        f"one that left the queue ({start}, {outcome['meaning']})": (
            [deployment(110, start, 20, outcome=outcome), WAITS, RUNS, *PAST], AFTER, ([108], [109], [40, 41])
        )
        for start, outcome in ((None, CANCELLED), (20, CANCELLED), (None, FAILED))
    },
}  # fmt: skip


@pytest.mark.parametrize(("deployments", "actions", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_open_and_not_left_lying_keeps_it_busy(deployments: Any, actions: Any, expected: Found) -> None:
    """What is open counts, unless a later one has run; one that left the queue says nothing of those before it."""
    assert found(deployments, actions) == expected
    assert bool(activity_of(deployments, actions)) is any(expected)


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["waits", "runs", "ran"])), max_size=6))
def test_the_queue_as_it_truly_works(parts: list[tuple[int, str]]) -> None:
    """Of a queue that works one after the other, just what has not ended keeps the stack busy."""
    order = {"ran": 0, "runs": 1, "waits": 2}
    states = sorted((state for _, state in parts), key=order.__getitem__)
    if states.count("runs") > 1:
        states = [one for one in states if one != "runs"]
    deployments, actions, moment = [], [], 0
    for number, (state, (seconds, _)) in enumerate(zip(states, parts, strict=False)):
        start, end = None if state == "waits" else moment, moment + seconds if state == "ran" else None
        moment += seconds if state == "ran" else 0
        deployments.append(deployment(100 + number, start, end))
        actions.append(action(30 + number, -60 + number, end))
    running, waiting, opened = found(deployments[::-1], actions[::-1])
    assert (len(running), len(waiting)) == (states.count("runs"), states.count("waits"))
    assert len(opened) == len(running) + len(waiting)


OURS_OPEN, OVER = action(40, 0, None, OURS), deployment(108, 0, 40)
WEB_WAITS, WEB_ACTION = deployment(109, None, **BY_WEB), action(41, 5, None, OTHER, started_via="web")
WHOSE: dict[str, tuple[list[Deployment], list[Action], bool]] = {
    "ours alone runs": ([RUNS], [OURS_OPEN], True),
    "ours runs, others of ours wait": (
        [WAITS, deployment(110, None), RUNS], [action(number, 0, None, OURS) for number in (40, 41, 42)], True
    ),
    "ours runs, others of ours wait without a record": (
        [RUNS], [action(number, 0, None, OURS) for number in (40, 41, 42)], True
    ),
    "one by web runs, others of ours wait without a record": (
        [deployment(108, **BY_WEB)], [action(number, 0, None, OURS) for number in (40, 41, 42)], False
    ),
    "more run and wait than there are of ours": ([WAITS, RUNS], [OURS_OPEN], False),
    "ours runs, one by web waits": ([WEB_WAITS, RUNS], [WEB_ACTION, OURS_OPEN], True),
    "ours runs, a stranger's of the API waits": ([WAITS, RUNS], [action(41, 5, None, OTHER), OURS_OPEN], False),
    "one by web runs, ours waits": ([WAITS, deployment(108, **BY_WEB)], [action(41, 1, None, OURS), ACTION], False),
    "a stranger's runs, ours shows by its action": ([RUNS], [action(41, 1, None, OURS), ACTION], False),
    "it began before our action": ([deployment(108, -30)], [OURS_OPEN], False),
    "it is another user's": ([deployment(108, triggered_by="ann")], [OURS_OPEN], False),
    "no action is open": ([RUNS], [], False),
    "our action lags behind ours": ([deployment(109, 41), OVER], [OURS_OPEN], False),
    "both of ours": ([deployment(109, 41), OVER], [action(41, 2, None, OURS), action(40, 0, 40, OURS)], True),
    "only our action": ([], [OURS_OPEN], True),
    "ours waits": ([WAITS], [OURS_OPEN], True),
    "only actions, and one is a stranger's": ([], [OURS_OPEN, action(41, 0, None, OTHER)], False),
    "two run, and one is by web": ([RUNS, deployment(107, -100, **BY_WEB)], [OURS_OPEN, action(39, -100)], False),
    "records were left lying": (
        [WEB_WAITS, RUNS, LYING], [WEB_ACTION, OURS_OPEN, LYING_ACTION], True
    ),
    "a stranger's runs, one of ours left the queue": ([NEXT, BROKE], left_the_queue(36), False),
    "our action tells no time": ([RUNS], [action(40, None, None, OURS)], True),
}  # fmt: skip


@pytest.mark.parametrize(("deployments", "actions", "expected"), WHOSE.values(), ids=WHOSE)
def test_whose_it_is(deployments: Any, actions: Any, expected: bool) -> None:
    """What runs is ours only if all that is open is, or if it can belong to no other action than ours."""
    deployments, actions = [*deployments, *PAST], [*actions, *PAST_ACTIONS]
    assert is_of(GITHUB, activity_of(deployments, actions), deployments, actions) is expected


SHAPE = "1-1-c2160039a2ba9b49"
ALIKE = ["prod", OTHER, f"{SHAPE}-by-hand", f"x{OURS}", f"{OURS}\n", f"{SHAPE}-0123456789ABCDEF", f"{OURS}/mine"]
ELSEWHERE = [{"GITHUB_SERVER_URL": "https://github.example"}]
ELSEWHERE += [{"GITHUB_REPOSITORY": name} for name in ("acme/awesome-2", "acme/awesom", "acme/.wesome", "")]


def test_whose_a_reference_is() -> None:
    """What a step of this repository derives is ours, and that of its rollback; nothing alike, nor in another one."""
    derived = derive_reference(GITHUB, {"git_ref": "main"})
    assert all(is_derived(one, GITHUB) for one in (derived, rollback_reference(derived)))
    assert not any(is_derived(one, GITHUB) for one in ALIKE)
    assert not any(is_derived(derived, GITHUB | other) for other in ELSEWHERE)
    nowhere = GITHUB | {"GITHUB_REPOSITORY": ""}
    assert not is_derived(derive_reference(nowhere, {}), nowhere)
