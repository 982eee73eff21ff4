"""Whether a stack is deploying, and whose deployment that is, from its two lists."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.model.reference import derive_reference, rollback_reference
from cloud66_redeploy.tracking.activity import busy_with, is_of
from harness import GITHUB
from records import CANCELLED, FAILED, action, deployment

OURS = "1-1-c2160039a2ba9b49-0123456789abcdef"
OTHER = "1-1-1496ce25c0ddd406-0123456789abcdef"
PAST = [deployment(100, -900, -860), deployment(101, -500, -460)]
PAST_ACTIONS = [action(30, -900, -860), action(31, -500, -460)]

Found = tuple[list[int], list[int], list[int]]


def found(deployments: list[Deployment], actions: list[Action]) -> Found:
    """Return the ids of what runs, what waits, and the open actions."""
    busy = busy_with(deployments, actions)
    return [one.id for one in busy.running], [one.id for one in busy.waiting], [one.id for one in busy.actions]


def ours(deployments: list[Deployment], actions: list[Action], environ: Mapping[str, str] = GITHUB) -> bool:
    """Tell whether what runs is surely of the repository."""
    deployments, actions = [*deployments, *PAST], [*actions, *PAST_ACTIONS]
    return is_of(environ, busy_with(deployments, actions), deployments, actions)


def test_a_stack_that_does_nothing_is_free() -> None:
    """A stack whose records are all over, or that has none, is free."""
    assert not busy_with(PAST, PAST_ACTIONS)
    assert not busy_with([], [])


def test_what_runs_is_described_with_its_user() -> None:
    """What runs is named by id and by who asked for it, before what waits."""
    busy = busy_with([deployment(109, None), deployment(108)], [action(40), action(41)])
    assert busy.first is not None
    assert busy.describe() == "deployment 108 is deploying, triggered by ci"


def test_what_waits_is_described_eldest_first() -> None:
    """Where nothing runs, the first in the queue is named."""
    busy = busy_with([deployment(109, None), deployment(108, None, triggered_by="")], [])
    assert busy.describe() == "deployment 108 is queued"


def test_a_redeploy_that_shows_only_by_its_action() -> None:
    """A redeploy whose deployment has no record yet keeps the stack busy."""
    busy = busy_with(PAST, [action(40), *PAST_ACTIONS])
    assert (bool(busy), busy.first) == (True, None)
    assert busy.describe() == "a redeploy (action 40) is queued, triggered by ci"


def test_other_actions_are_no_redeploys() -> None:
    """An action that is no redeploy doesn't keep the stack busy."""
    assert not busy_with(PAST, [action(40, action="restart")])


@pytest.mark.parametrize(
    ("deployments", "actions", "expected"),
    [
        ([deployment(90, -950), *PAST], [], ([], [], [])),
        ([deployment(90, None), *PAST], [], ([], [], [])),
        (PAST, [action(20, -950), *PAST_ACTIONS], ([], [], [])),
        ([deployment(90, -950), deployment(108)], [action(20, -950), action(40)], ([90, 108], [], [20, 40])),
        ([deployment(90, -950), deployment(108), *PAST], [action(20, -950), *PAST_ACTIONS], ([108], [], [])),
    ],
)
def test_a_record_left_lying(deployments: Any, actions: Any, expected: Found) -> None:
    """A record that is still open although a later one has run doesn't keep the stack busy."""
    assert found(deployments, actions) == expected


@pytest.mark.parametrize(("start", "outcome"), [(None, CANCELLED), (20, CANCELLED), (None, FAILED)])
def test_one_cancelled_in_the_queue_says_nothing_of_those_before_it(start: float | None, outcome: Any) -> None:
    """A deployment cancelled as it waited leaves the one that runs running, and the one that waits waiting."""
    gone = deployment(110, start, 20, outcome=outcome)
    runs, waits = deployment(108, 0), deployment(109, None)
    actions = [action(42, 10, 20, finished_success=False), action(41, 5), action(40, -1)]
    assert found([gone, waits, runs, *PAST], [*actions, *PAST_ACTIONS]) == ([108], [109], [40, 41])


def test_a_failure_that_ran_lets_an_earlier_record_lie() -> None:
    """An open action before one whose deployment has run and failed was left lying."""
    failed = deployment(108, 0, 40, outcome=FAILED)
    assert found([failed], [action(40, -1, 41, finished_success=False), action(39, -60)]) == ([], [], [])


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


def test_ours_alone_runs() -> None:
    """The only deployment that runs belongs to the only action that is open."""
    assert ours([deployment(108)], [action(40, 0, None, OURS)])


def test_ours_runs_and_others_of_ours_wait() -> None:
    """Where all that is open carries references of the repository, it need not be told which is which."""
    waits = [deployment(109, None), deployment(110, None)]
    assert ours([*waits, deployment(108)], [action(number, 0, None, OURS) for number in (40, 41, 42)])


@pytest.mark.parametrize("via", ["web", "api"])
def test_ours_runs_and_a_stranger_waits(via: str) -> None:
    """Where others wait, ours is told only where theirs can't be meant."""
    waits = deployment(109, None, triggered_via={"code": 0, "meaning": via})
    assert ours([waits, deployment(108)], [action(41, 5, None, OTHER, started_via=via), action(40, 0, None, OURS)]) is (
        via == "web"
    )


def test_a_stranger_runs_and_ours_waits() -> None:
    """A stranger's deployment that runs is not ours because ours waits behind it."""
    runs, waits = deployment(108, triggered_via={"code": 0, "meaning": "web"}), deployment(109, None)
    assert not ours([waits, runs], [action(41, 1, None, OURS), action(40, 0)])
    assert not ours([deployment(108)], [action(41, 1, None, OURS), action(40, 0)])


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "prod",
        OTHER,
        "1-1-636d98db9a84698b-0123456789abcdef",
        "1-1-c2160039a2ba9b49",
        "1-1-c2160039a2ba9b49-by-hand",
        "1-1-c2160039a2ba9b49-0123456789ABCDEF",
        "1-1-c2160039a2ba9b49-0123456789abcde",
        "1-x-c2160039a2ba9b49-0123456789abcdef",
        "1-c2160039a2ba9b49-0123456789abcdef",
        f"x{OURS}",
        f"{OURS}\n",
        f"{OURS}/mine",
    ],
)
def test_a_reference_that_only_looks_alike(reference: str) -> None:
    """Only a reference of the very shape that this repository's runs derive counts."""
    assert not ours([deployment(108)], [action(40, 0, None, reference)])


@pytest.mark.parametrize(
    "environ",
    [
        *({"GITHUB_REPOSITORY": name} for name in ("acme/awesome-2", "acme/awesom", "acme", "", "acme/.wesome")),
        {"GITHUB_SERVER_URL": "https://github.example"},
    ],
)
def test_another_repository(environ: dict[str, str]) -> None:
    """A repository whose name begins like ours, or ours like its, or on another server, is another one."""
    running = [deployment(108)], [action(40, 0, None, OURS)]
    assert ours(*running)
    assert not ours(*running, GITHUB | environ)


def test_outside_of_a_repository_nothing_is_ours() -> None:
    """Two runs without a repository have nothing in common, so what one derives is not the other's."""
    nowhere = GITHUB | {"GITHUB_REPOSITORY": ""}
    assert not ours([deployment(108)], [action(40, 0, None, derive_reference(nowhere, {}))], nowhere)


def test_what_this_step_derives_is_ours() -> None:
    """The reference that a step of this repository derives, and that of its rollback, are told as ours."""
    reference = derive_reference(GITHUB, {"git_ref": "main"})
    for one in (reference, rollback_reference(reference)):
        assert ours([deployment(108)], [action(40, 0, None, one)])


def test_a_deployment_without_its_action_is_nobodys() -> None:
    """Where the one that runs has no action yet, and ours no deployment, theirs is not taken for ours if it differs."""
    assert not ours([deployment(108, -30)], [action(40, 0, None, OURS)])
    assert not ours([deployment(108, triggered_by="ann")], [action(40, 0, None, OURS)])
    assert not ours([deployment(108)], [])


def test_an_action_that_lags_behind_is_nobody_elses() -> None:
    """Where ours has ended and its action not yet, a stranger's deployment whose action is late is not ours."""
    over = deployment(108, 0, 40)
    assert not ours([deployment(109, 41), over], [action(40, 0, None, OURS)])
    assert ours([deployment(109, 41), over], [action(41, 2, None, OURS), action(40, 0, 40, OURS)])


def test_where_nothing_runs_all_that_waits_has_to_be_ours() -> None:
    """Where only actions show, or deployments that wait, they are ours if all of them are."""
    waits, mine = deployment(109, None), action(40, 0, None, OURS)
    assert ours([], [mine])
    assert ours([waits], [mine])
    assert not ours([], [mine, action(41, 0, None, OTHER)])


def test_two_run_and_one_is_ours() -> None:
    """Where two seem to run, ours and a stranger's, not all that runs is ours."""
    strange = deployment(107, -100, triggered_via={"code": 0, "meaning": "web"})
    assert not ours([deployment(108), strange], [action(40, 0, None, OURS), action(39, -100)])


def test_records_left_lying_say_nothing_about_ours() -> None:
    """Open records of long ago don't hide whose deployment runs."""
    strange = deployment(109, None, triggered_via={"code": 0, "meaning": "web"})
    actions = [action(41, 5, None, OTHER, started_via="web"), action(40, 0, None, OURS), action(20, -950)]
    assert ours([strange, deployment(108), deployment(90, -950)], actions)


def test_times_that_are_missing_are_not_held_against_ours() -> None:
    """Records without times pair by what else they tell."""
    assert ours([deployment(108)], [action(40, None, None, OURS)])
