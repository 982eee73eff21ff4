"""The pace of one wait: from when it counts, how far ours is, and what stretches it."""

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.api.headers import Headers
from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.polling.pace import Estimate, Pace
from cloud66_redeploy.polling.pauses import jittered, pause_before_next_look
from cloud66_redeploy.report.progress import how_far
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.tracking import Tracking
from cloud66_simulator import Behaviour
from elsewhere import MakeStep, rows
from records import past, seen, tracked

PAST = Baseline(past=past(*(300.0 + number * 7 % 19 - 9 for number in range(19))))
QUEUED = Deployment.from_json({"id": 108})
RUNNING = Deployment.from_json({"id": 108, "started_at": "2026-01-01T00:01:40Z"})
AHEAD = Deployment.from_json({"id": 107, "started_at": "2025-12-31T23:57:00Z"})
ACTION = Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"})
NEVER = 1e9


def known(**fields: Any) -> Tracking:
    """What is known of a redeploy."""
    given: dict[str, Any] = {"baseline": PAST, "action": ACTION} | fields
    return tracked("mine", **given)


def paced(tracking: Tracking, since: float = 0, **given: Any) -> Pace:
    """Make the pace of a wait for it, with a poll_interval of 30 s."""
    return Pace(tracking, 30, since=since, **given)


@rows(
    "looks, action, at, estimate",
    {
        # The action's start is when we asked, so the deployment's start is so many seconds later, however late we look.
        "the server's clock": ([(1020, QUEUED), (1125, RUNNING), (1140, RUNNING)], ACTION, 1150, Estimate(50, 300, 16)),
        # Where the server's times can't be so, what was seen counts.
        "not before it was seen to wait": ([(1110, QUEUED), (1125, RUNNING)], ACTION, 2000, Estimate(890, 300)),
        "not after it was seen to run": ([(1050, QUEUED), (1090, RUNNING)], ACTION, 2000, Estimate(910, 300)),
        "without an action": ([(1125, RUNNING)], None, 1130, Estimate(5, 300, 1)),
        "without the action's time": ([(1125, RUNNING)], Action.from_json({"id": 40}), 1130, Estimate(5, 300, 1)),
        "while it waits": ([(1020, QUEUED)], ACTION, 1020, None),
    },
)
def test_time_counts_from_the_start(
    looks: list[tuple[float, Deployment]], action: Action | None, at: float, estimate: Estimate | None
) -> None:
    """How long ours has been running counts from its start by the server's clock, as far as looks bear that out."""
    tracking = known(deployment=None, action=action)
    pace = paced(tracking, since=1000)
    for now, found in looks:
        seen(tracking, found)
        pace.note(now)
    assert pace.estimate(at) == estimate


def test_the_percentage_never_goes_back() -> None:
    """Whatever is taken back, or turns out to take longer, it only grows; there is no 100, and none without a past."""
    tracking = known(deployment=RUNNING)
    pace = paced(tracking)
    pace.note(100)
    first = pace.estimate(350)
    tracking.baseline = Baseline(past=past(*[3000.0] * 9))
    assert (first, pace.estimate(351)) == (Estimate(250, 300, 83), Estimate(251, 3000, 83))
    assert pace.estimate(4000) == Estimate(3900, 3000)
    tracking.baseline = Baseline()
    assert pace.estimate(4000) == Estimate(3900)


@rows(
    "deployment, ahead, now, least, most",
    {
        "an end is unlikely yet": (RUNNING, (), 120, 25, 30),
        "around the usual end": (RUNNING, (), 395, 1, 8),
        "one ahead that is young": (QUEUED, (AHEAD,), 10, 25, 30),
        "one ahead that is likely to end": (QUEUED, (AHEAD,), 118, 1, 8),
        "two ahead": (QUEUED, (AHEAD, AHEAD), 118, 28, 30),
        "none ahead any more": (QUEUED, (), 10, 1, 3),
        "one ahead of which no start is known": (QUEUED, (QUEUED,), 10, 25, 30),
    },
)
def test_pauses_follow_what_is_likely(
    deployment: Deployment, ahead: tuple[Deployment, ...], now: float, least: float, most: float
) -> None:
    """It looks seldom while an end is unlikely, of ours or of the one before it, and often around the usual one."""
    pace = paced(known(deployment=deployment, ahead=ahead))
    if deployment is RUNNING:
        pace.note(100)
    assert least < pace.pause(now, NEVER).seconds <= most


def test_the_hours_calls_stretch_pauses() -> None:
    """As they run low, pauses grow beyond poll_interval, and the deadline bounds what is needed."""
    heard = Headers()
    pace = paced(known(deployment=QUEUED, ahead=(AHEAD, AHEAD, AHEAD)), heard=heard)
    assert (pace.pause(0, 3600).seconds <= 30, pace.is_slowed) == (True, False)
    for now in range(0, 200, 20):
        heard.quota.note("3000", str(1400 - 5 * now), now)
    assert 60 < max(pace.pause(200, 3600).seconds for _ in range(6)) <= 90
    assert pace.is_slowed
    assert [pace.pause(200, 210).seconds for _ in range(9)][-1] < 40


@rows(
    "estimate, text",
    {
        "nothing": (None, ""),
        "the age alone": (Estimate(130), ", 2m10s"),
        "a percentage": (Estimate(130, 320, 40), ", 2m10s of usually 5m20s [########............] 40%"),
        "nearly all": (Estimate(319.9, 320, 99), ", 5m20s of usually 5m20s [###################.] 99%"),
        "too long": (Estimate(400, 320), ", 6m40s of usually 5m20s [####################] longer than usual"),
    },
)
def test_how_far(estimate: Estimate | None, text: str) -> None:
    """How far ours is is said in words, a bar and a percentage, while it runs."""
    assert how_far(known(deployment=RUNNING), estimate) == text
    for tracking in (known(deployment=RUNNING, record_vanished=True), known(deployment=QUEUED), known()):
        assert how_far(tracking, estimate) == ""


@given(st.floats(0, 1e5), st.floats(1, 100), st.integers())
def test_pauses_stay_within_bounds(age: float, interval: float, seed: int) -> None:
    """No pause is under a second or over poll_interval, which wins, and no two jobs pause alike."""
    rng = random.Random(seed)
    pauses = [jittered(age, interval, rng), pause_before_next_look(age, interval, rng=rng)]
    assert 1 <= min(pauses) <= max(pauses) <= interval
    assert jittered(0.1, 0.5) == 0.5
    assert len({jittered(52, 30) for _ in range(20)}) > 2, "those that poll_interval cuts"
    assert len({jittered(20, 30) for _ in range(5)} | {pause_before_next_look(200, 30) for _ in range(5)}) > 2


@pytest.mark.parametrize(("age", "pause"), [(0, 2), (200, 10), (4000, 15)])
def test_without_a_past_it_is_a_share_of_the_age(age: float, pause: float) -> None:
    """Where nothing is known, pauses are a twentieth of the age, 2 s to 15 s."""
    assert pause_before_next_look(age, 30, rng=random.Random(1)) == pytest.approx(pause, rel=0.06)


def test_a_step_looks_at_the_right_time(step: MakeStep) -> None:
    """A whole run makes few looks, most of them around the usual end, and tells how far it is."""
    made = step(behaviour=Behaviour(duration_seconds=300))
    ending = made.run()
    [mine] = made.mine(ending)
    assert ending.outcome == "success"
    assert 270 < int(ending.outputs["usual_seconds"]) < 330
    looks = [one.time - mine.starts_at for one in made.simulator.requests if one.path.endswith("/deployments/108")]
    gaps = [later - sooner for sooner, later in pairwise(looks[:-1])]
    assert (len(looks) <= 20, max(gaps) > 25, min(gap for gap in gaps if gap > 0.5) < 10) == (True, True, True)
    assert ("s of usually" in ending.log or "m of usually" in ending.log, "%" in ending.log) == (True, True)
    assert "12 and this one: " in ending.summary


def test_a_look_is_one_call(step: MakeStep) -> None:
    """Once ours is known, a look asks once: the list while it waits, its own record while it runs."""
    made = step()
    made.simulator.request_deployment(duration=100)
    ending = made.run()
    assert ending.outcome == "success"
    asked = made.simulator.requests
    post = next(number for number, one in enumerate(asked) if one.method == "POST")
    later = [one.path.rpartition("/")[2] for one in asked[post + 3 :]]
    start = later.index("109")
    assert later[:start].count("actions") <= start // 4
    assert (set(later[:start]) <= {"deployments", "actions"}, set(later[start:-3])) == (True, {"109"})
    assert "queued behind deployment 108 (started by colleague@example.com)" in ending.log


def test_a_step_says_why_it_looks_less_often(step: MakeStep) -> None:
    """When the user's hour runs low, the log says so in one line and the run goes on to its end unthrottled."""
    made = step(behaviour=Behaviour(duration_seconds=900, rate_limit=40))
    ending = made.run()
    assert ending.outcome == "success"
    assert ending.log.count("API calls left this hour") == 1
    assert 503 not in {one.status for one in made.simulator.requests}
