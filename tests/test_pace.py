"""The pace of one wait: from when it counts, how far ours is, and what stretches it."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from cloud66_redeploy.api.headers import Headers, Quota
from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.polling.pace import Estimate, Pace
from cloud66_redeploy.report.progress import how_far
from cloud66_redeploy.tracking.baseline import Baseline, Past
from cloud66_redeploy.tracking.tracking import Tracking
from cloud66_simulator import Behaviour, Fault
from harness import Step
from records import seen, tracked

MakeStep = Callable[..., Step]
PAST = Baseline(past=tuple(Past(frozenset(), 300.0 + number * 7 % 19 - 9) for number in range(19)))
QUEUED = Deployment.from_json({"id": 108})
RUNNING = Deployment.from_json({"id": 108, "started_at": "2026-01-01T00:01:40Z"})
AHEAD = Deployment.from_json({"id": 107, "started_at": "2025-12-31T23:57:00Z"})
ACTION = Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"})


def known(**fields: Any) -> Tracking:
    """What is known of a redeploy."""
    given: dict[str, Any] = {"baseline": PAST, "action": ACTION} | fields
    return tracked("mine", **given)


def test_time_counts_from_the_start_by_the_servers_clock() -> None:
    """The action's start is when we asked, so the deployment's start is so many seconds later, however late we look."""
    tracking = known(deployment=QUEUED)
    pace = Pace(tracking, 30, since=1000)
    pace.note(1020)
    assert pace.estimate(1020) is None
    seen(tracking, RUNNING)
    pace.note(1125)
    pace.note(1140)
    estimate = pace.estimate(1150)
    assert estimate == Estimate(50, 300, 16)


@pytest.mark.parametrize(
    ("before", "after", "started"),
    [(1110.0, 1125.0, 1110.0), (1050.0, 1090.0, 1090.0)],
)
def test_a_start_lies_between_two_looks(before: float, after: float, started: float) -> None:
    """Where the server's times can't be so, what was seen counts."""
    tracking = known(deployment=QUEUED)
    pace = Pace(tracking, 30, since=1000)
    pace.note(before)
    seen(tracking, RUNNING)
    pace.note(after)
    assert pace.estimate(2000) == Estimate(2000 - started, 300, None)


@pytest.mark.parametrize("action", [None, Action.from_json({"id": 40})])
def test_without_the_actions_time_the_first_sight_counts(action: Action | None) -> None:
    """Where the action tells no time, it counts from when ours was first seen running."""
    pace = Pace(known(deployment=RUNNING, action=action), 30, since=1000)
    pace.note(1125)
    assert pace.estimate(1130) == Estimate(5, 300, 1)


def test_the_percentage_never_goes_back() -> None:
    """Neither a record that is taken back nor a longer usual time makes it smaller; there is no 100."""
    tracking = known(deployment=RUNNING)
    pace = Pace(tracking, 30, since=0)
    pace.note(100)
    first = pace.estimate(350)
    tracking.baseline = Baseline(past=(Past(frozenset(), 3000.0),) * 9)
    second = pace.estimate(351)
    assert first is not None
    assert second is not None
    assert (first.percent, second.percent, second.usual_seconds) == (83, 83, 3000)
    last = pace.estimate(4000)
    assert last is not None
    assert last.percent is None


def test_nothing_known_is_no_percentage() -> None:
    """With fewer than five past durations only the age is told."""
    pace = Pace(known(deployment=RUNNING, baseline=Baseline()), 30, since=0)
    pace.note(100)
    assert pace.estimate(130) == Estimate(30)
    assert 1.7 < pace.pause(130, 1e9) < 2.3


def test_pauses_follow_the_age() -> None:
    """It looks seldom while an end is unlikely, and often around the usual one."""
    pace = Pace(known(deployment=RUNNING), 30, since=0)
    pace.note(100)
    assert pace.pause(120, 1e9) > 25
    assert pace.pause(395, 1e9) < 8


def test_in_the_queue_it_looks_when_the_one_before_ours_is_likely_to_end() -> None:
    """One ahead: by its age. More: as seldom as may be. None left: soon."""
    tracking = known(deployment=QUEUED, ahead=(AHEAD,))
    pace = Pace(tracking, 30, since=0)
    assert pace.pause(10, 1e9) > 25
    assert pace.pause(118, 1e9) < 8
    seen(tracking, QUEUED, ahead=(AHEAD, AHEAD))
    assert pace.pause(118, 1e9) > 28
    seen(tracking, QUEUED, ahead=())
    assert pace.pause(10, 1e9) < 3
    seen(tracking, QUEUED, ahead=(QUEUED,))
    assert pace.pause(10, 1e9) > 25
    assert pace.estimate(10) is None


def test_the_hours_calls_stretch_pauses() -> None:
    """As they run low, pauses grow beyond poll_interval, one line says why, and the deadline bounds what is needed."""
    quota, said = Quota(), list[str]()
    pace = Pace(
        known(deployment=QUEUED, ahead=(AHEAD, AHEAD, AHEAD)),
        30,
        since=0,
        heard=Headers(quota),
        say=said.append,
    )
    assert pace.pause(0, 3600) <= 30
    for now in range(0, 200, 20):
        quota.note("3000", str(1400 - 5 * now), now)
    longest = [pace.pause(200, 3600) for _ in range(6)]
    assert 60 < max(longest) <= 90
    assert len(said) == 1
    assert said[0].startswith("500 of 3000 calls are left")
    assert [pace.pause(200, 210) for _ in range(9)][-1] < 40


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (None, ""),
        (Estimate(130), ", 2m10s"),
        (Estimate(130, 320, 40), ", 2m10s of usually 5m20s [########............] 40 %"),
        (Estimate(319.9, 320, 99), ", 5m20s of usually 5m20s [###################.] 99 %"),
        (Estimate(400, 320), ", 6m40s of usually 5m20s [####################] longer than usual"),
    ],
)
def test_how_far(estimate: Estimate | None, text: str) -> None:
    """How far ours is is said in words, a bar and a percentage."""
    assert how_far(known(deployment=RUNNING), estimate) == text
    assert how_far(known(deployment=RUNNING, record_vanished=True), estimate) == ""
    assert how_far(known(deployment=QUEUED), estimate) == ""
    assert how_far(known(), estimate) == ""


def test_a_step_looks_at_the_right_time(step: MakeStep) -> None:
    """A whole run makes few looks, most of them around the usual end, and tells how far it is."""
    made = step(behaviour=Behaviour(duration_seconds=300))
    ending = made.run()
    [mine] = made.mine(ending)
    assert ending.outcome == "success"
    assert 270 < int(ending.outputs["usual_seconds"]) < 330
    looks = [one.time - mine.starts_at for one in made.simulator.requests if one.path.endswith("/deployments/108")]
    assert len(looks) <= 20
    gaps = [later - sooner for sooner, later in pairwise(looks[:-1])]
    assert max(gaps) > 25
    assert min(gap for gap in gaps if gap > 0.5) < 10
    assert "m of usually" in ending.log or "s of usually" in ending.log
    assert " %" in ending.log
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
    assert set(later[:start]) <= {"deployments", "actions"}
    assert set(later[start:-3]) == {"109"}
    assert "queued behind 1 other deployment; 108 is deploying now, triggered by colleague@example.com" in ending.log


def test_a_throttled_step_asks_once_a_minute_until_its_deadline(step: MakeStep) -> None:
    """While the hour is used up, there is at most one call a minute, and the timeout still ends it."""
    made = step(behaviour=Behaviour(duration_seconds=1e6))
    made.simulator.faults.append(Fault("throttle", method="GET", after=30, count=None))
    ending = made.run(timeout="10m")
    assert ending.outcome == "timed_out"
    hits = [one.time for one in made.simulator.requests if one.status == 503]
    assert min(later - sooner for sooner, later in pairwise(hits[:-2])) >= 60
    assert ending.seconds <= 631


def test_a_step_says_why_it_looks_less_often(step: MakeStep) -> None:
    """When the user's hour runs low, the log says so in one line and the run goes on to its end unthrottled."""
    made = step(behaviour=Behaviour(duration_seconds=900, rate_limit=40))
    ending = made.run()
    assert ending.outcome == "success"
    assert ending.log.count("calls are left in this hour") == 1
    assert 503 not in {one.status for one in made.simulator.requests}
