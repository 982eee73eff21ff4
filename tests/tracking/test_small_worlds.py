"""
Small worlds, all of them: which deployment is taken for ours, in every world up to a size.

A world is what became of our POST (answered in each shape; lost and done, not done, or done late; sent twice), up to
two colleagues who redeploy before the baseline or after it, when each record shows (at once, late, or never), and how
all of it ends; or ours waits in a queue, where records may show only at the start. The real observer looks four times,
without HTTP, on a clock that is moved; the world knows the truth.

There are 865 worlds of ours alone, 10,512 beside one colleague, 5,832 beside two and 3,996 in a queue: 21,205, in about
9 s of one core.

One kind of world can't be told, and is left out by name (`can_be_mistaken`): our deployment never shows, and a
colleague's, which looks just like ours, does and ends alike, but its action doesn't count (never shows, or was over).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from math import inf
from typing import Any

import pytest

from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.verdict import decide
from cloud66_redeploy.timing import RECORD_LAG_SECONDS, SAME_FINISH_SECONDS
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Certainty, Request, Tracking
from scripted import Clock
from small_worlds import KINDS, OUTCOMES, POSTS, Post, Redeploy, World

LATE = 10.0
SHOWS = (0.0, LATE, inf)
BEFORE, BASELINE_AT, AFTER = -2.0, -1.0, 1.0
LOOKS = (2.0, 12.0, 32.0, 50.0)
"""Seconds after the POST was done: what shows at once, what shows late, all is over, and every record had its time."""

LONG, SHORT = 30.0, 1.0


def look_at(post: Post, redeploys: Iterable[Redeploy]) -> Certainty:
    """Look at a world four times, assert what has to hold at each look, and say how sure it is in the end."""
    clock = Clock(now=BASELINE_AT)
    world = World(post, sorted(redeploys, key=lambda one: one.asked), clock)
    baseline = Baseline.of(world.deployments(), world.actions(), world.age_seconds)
    tracking = Tracking(Request("mine", "main"), baseline=baseline, submission=world.submission())
    observer = Observer(world, tracking, clock)  # type: ignore[arg-type]
    for after in LOOKS:
        clock.now, before = max(post.done, default=0.0) + after, tracking.sighting.certainty
        observer.look()
        check_look(world, tracking, was_sure=before is Certainty.CONFIRMED)
        check_verdict(world, tracking, settled=False)
    observer.confirm()
    check_look(world, tracking, was_sure=False)
    check_verdict(world, tracking, settled=True)
    if shows_all(world):
        ours = [108 + place for place in world.ours]
        assert tracking.confirmed_id == (ours[0] if ours else None), "all is there, and ours was not found"
        assert [one.deployment and one.deployment.id for one in tracking.sighting.duplicates] == ours[1:]
    return tracking.sighting.certainty


def check_look(world: World, tracking: Tracking, *, was_sure: bool) -> None:
    """Assert that nobody else's is confirmed, what speaks against it not even inferred, and nothing too soon."""
    sighting = tracking.sighting
    is_sure = sighting.certainty is Certainty.CONFIRMED
    for found in (sighting.deployment, *(duplicate.deployment for duplicate in sighting.duplicates)):
        if found is None:
            continue
        one = world.redeploys[found.id - 108]
        # Before our action has shown, nobody knows by which name we ask.
        assert one.kind in {"ours", "alike"} or (one.kind == "other user" and not sighting.action), (
            "it speaks against it"
        )
        leads_there = world.post.answer == "deployment" and not (sighting.action and sighting.action.phase.is_final)
        assert one.kind == "ours" or not leads_there, "the answer leads to another one"
        assert one.kind == "ours" or not counts_all(world), "somebody else's was inferred, though each has its action"
        assert not is_sure or one.kind == "ours" or can_be_mistaken(world), "somebody else's was confirmed"
        if is_sure and not was_sure and world.post.answer != "deployment":
            assert world.clock.now >= one.over_at + RECORD_LAG_SECONDS, "confirmed before every record had its time"


def check_verdict(world: World, tracking: Tracking, *, settled: bool) -> None:
    """Assert that it is green only for a success of ours that is over."""
    if decide(*tracking.record_states(settled=settled), settled=settled) is Outcome.SUCCESS:
        mine = [world.redeploys[place] for place in world.ours]
        # What was reverted is known by the deployment alone, which may never show.
        assert mine[0].ends in {"success", "reverted"}, "green for what was no success"
        assert world.clock.now >= mine[0].over_at, "green before it was over"


def can_be_mistaken(world: World) -> bool:
    """Tell whether nothing that shows can tell ours from a colleague's."""
    hidden = {one.ends for one in world.redeploys if one.kind == "ours" and one.deployment_shows == inf}
    alike = [one for one in world.redeploys if one.kind == "alike" and one.ends in hidden]
    return any(one.action_shows == inf or one.over_at <= BASELINE_AT for one in alike)


def counts_all(world: World) -> bool:
    """Tell whether each action shows at once, and is open at the baseline if it came before."""
    return all(one.action_shows == 0.0 and one.over_at > BASELINE_AT for one in world.redeploys)


def shows_all(world: World) -> bool:
    """Tell whether every record has shown in the end, nobody's is and ends like ours, and ours says how it ended."""
    every, mine = world.redeploys, [world.redeploys[place].over_at for place in world.ours]
    hidden = any(inf in {one.deployment_shows, one.action_shows} or one.ends == "silent" for one in every)
    ends = [one.over_at for one in every if one.kind == "alike"]
    alike = any(abs(one - ours) <= SAME_FINISH_SECONDS for ours, one in product(mine, ends))
    # A colleague's action that the baseline lacks, though not its deployment, has none to pair with: none is inferred.
    api = [one for one in every if one.kind not in {"ours", "web", "hook"}]
    halves = any(one.asked + one.deployment_shows <= BASELINE_AT < one.asked + one.action_shows for one in api)
    return not hidden and not alike and not (halves and world.post.answer != "deployment")


Worlds = Iterator[tuple[Post, list[Redeploy]]]


def worlds(
    posts: Iterable[Post], mine: Iterable[tuple[float, float, float, str]], others: Iterable[Sequence[Redeploy]]
) -> Worlds:
    """Combine what becomes of our POST, ours (when its records show, how long it lasts, how it ends) and others."""
    mine = list(mine)
    for theirs, post in product(others, posts):
        for one in mine if post.done else mine[:1]:
            yield post, [*(Redeploy("ours", asked, *one) for asked in post.done), *theirs]


def alone() -> Worlds:
    """Nobody else: every ending, long and short."""
    return worlds(POSTS, product(SHOWS, SHOWS, (LONG, SHORT), OUTCOMES), [()])


def beside_one() -> Worlds:
    """One colleague of each kind, before and after; who looks like us is over at once, too, and may end otherwise."""
    kinds = [kind for kind in KINDS if kind not in {"ours", "alike"}]
    for lasts, ends, who in ((LONG, "success", kinds), *product((LONG, SHORT), ("success", "failed"), [["alike"]])):
        others = [(Redeploy(*one, lasts=lasts, ends=ends),) for one in product(who, (BEFORE, AFTER), SHOWS, SHOWS)]
        yield from worlds(POSTS, product(SHOWS, SHOWS, (lasts,), ("success",)), others)


def beside_two() -> Worlds:
    """A colleague who looks like us, and one more; ours shows in the end, and no answer leads to it."""
    first = [Redeploy("alike", *one) for one in product((BEFORE, AFTER), SHOWS, SHOWS)]
    kinds = ("alike", "other user", "web")
    second = [Redeploy(kind, AFTER + 1, *one) for kind, one in product(kinds, product(SHOWS, SHOWS))]
    posts = [POSTS[1], POSTS[3], POSTS[-1]]
    return worlds(posts, product(SHOWS[:2], SHOWS[:2], (LONG,), ("success",)), product(first, second))


def in_a_queue() -> Worlds:
    """One runs until now, a colleague waits since minutes or seconds, then comes ours, and perhaps one more."""
    posts = [post for post in POSTS if post.done in {(), (0.0,)}]
    runs = Redeploy("other user", -300.0, lasts=301.0)
    for kind, asked in product(("alike", "other user", "web"), (-200.0, BEFORE)):
        waits = 1.0 - asked
        others: list[list[Redeploy]] = []
        for shows, action_shows in product((0.0, waits, waits + LATE), (0.0, LATE)):
            first = Redeploy(kind, asked, shows, action_shows, lasts=10.0, waits=waits)
            others.append([runs, first])
            others += [[runs, first, Redeploy("alike", AFTER, at, lasts=12.0, waits=25.0)] for at in (0.0, 25.0)]
        mine: Any = product((0.0, 11.0, 11.0 + LATE), (0.0, LATE), (15.0,), ("success",), (11.0,))
        yield from worlds(posts, mine, others)


@pytest.mark.parametrize(
    ("scene", "number"), [(alone, 865), (beside_one, 10_512), (beside_two, 5_832), (in_a_queue, 3_996)]
)
def test_every_world(scene: Callable[[], Worlds], number: int) -> None:
    """Nobody else's is confirmed, nothing too soon; green only for our success; found where all shows."""
    found: Counter[Certainty] = Counter()
    for post, redeploys in scene():
        try:
            found[look_at(post, redeploys)] += 1
        except AssertionError as error:
            error.add_note(f"{post.name}: {redeploys}")
            raise
    assert found.total() == number
    assert found[Certainty.CONFIRMED] > number // 20 < found[Certainty.UNKNOWN]
