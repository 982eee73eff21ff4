"""What past durations say about the next one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.records import Deployment
from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.tracking.baseline import Past, durations_like, past_of
from records import FAILED
from records import deployment as record

durations = st.lists(st.floats(0.5, 1e5), min_size=5, max_size=20).map(tuple)


def around(middle: float, count: int = 20) -> tuple[float, ...]:
    """Durations of a steady pipeline, in seconds."""
    rng = random.Random(1)
    return tuple(middle * rng.lognormvariate(0, 0.1) for _ in range(count))


@given(durations, st.integers(0, 200_000))
def test_there_is_always_a_chance(past: tuple[float, ...], second: int) -> None:
    """At any moment, whatever the past, it may end in the next second; and it never surely does."""
    assert 0 < Forecast(past).hazard(second) < 100


def test_an_end_is_likely_around_the_usual_one() -> None:
    """The hazard is low before the usual end, high around it, and falls again long after it."""
    forecast = Forecast(around(300))
    assert 270 < forecast.usual_seconds < 330
    early, usual, late, later = (forecast.hazard(second) for second in (100, 310, 600, 6000))
    assert usual > 20 * early
    assert early < late < usual
    assert later < late / 5


def test_one_odd_duration_moves_little() -> None:
    """A single outlier, however far, changes neither the usual time nor the hazard around it by much."""
    steady, odd = Forecast(around(300)), Forecast((9000.0, *around(300)[1:]))
    assert odd.usual_seconds == pytest.approx(steady.usual_seconds, rel=0.05)
    assert odd.hazard(300) == pytest.approx(steady.hazard(300), rel=0.35)


@pytest.mark.parametrize("newer", [150.0, 600.0])
def test_a_changed_pipeline_is_noticed(newer: float) -> None:
    """Five in a row beyond the older ones are the new usual; fewer already make an end there likelier."""
    assert Forecast((*around(newer, count=5), *around(300, count=15))).usual_seconds == pytest.approx(newer, rel=0.15)
    after = Forecast((*around(newer, count=3), *around(300, count=17)))
    assert after.usual_seconds == pytest.approx(300, rel=0.1)
    assert after.hazard(int(newer)) > 2 * after.hazard(int(newer * (1.5 if newer < 200 else 0.75)))


def test_a_short_past_is_not_taken_apart() -> None:
    """With fewer than ten, old and new can't be told from luck; fewer than five make no forecast."""
    assert Forecast((600.0,) * 5 + (300.0,) * 4).usual_seconds == 600
    assert Forecast((600.0,) * 4 + (300.0,) * 5).usual_seconds == 300
    assert (Forecast.of((300.0,) * 4), Forecast.of((300.0,) * 5)) == (None, Forecast((300.0,) * 5))


def past(number: int, seconds: int, kind: str = "redeploy", **fields: object) -> Deployment:
    """A deployment of the past that took so long."""
    start = 60.0 * number
    return record(number, start, start + seconds, **{"deploy_type": {"code": 1, "meaning": kind}} | fields)


def test_past_of() -> None:
    """Only those that succeeded and took time count, the newest first, in whatever order they are listed."""
    others = [past(4, 40, outcome=FAILED), past(6, 0), past(9, 10, reverted=True)]
    others += [past(7, 10, started_at=None), past(8, 10, finished_at=None)]
    assert [one.seconds for one in past_of([past(3, 30), past(5, 50), *others])] == [50, 30]


def test_durations_like_ours() -> None:
    """Only those of the type of ours count; while that is not known, those that can be of its type; twenty at most."""
    listed = past_of([past(1, 10), past(2, 20, "build"), past(3, 30, "scale", deploy_type={"code": "scale"})])
    assert durations_like(past(9, 1), (Past(frozenset({"build"}), 9.0), *listed)) == (20.0, 10.0)
    assert durations_like(None, listed) == durations_like(past(9, 1, deploy_type=None), listed) == (20.0, 10.0)
    assert len(durations_like(None, listed * 30)) == 20
