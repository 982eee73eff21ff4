"""What past durations say about the next one."""

import random
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.records import Deployment
from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.tracking.baseline import durations_like
from records import FAILED
from records import deployment as record

durations = st.lists(st.floats(0.5, 1e5), min_size=5, max_size=20).map(tuple)


def around(middle: float, count: int = 20) -> tuple[float, ...]:
    """Durations of a steady pipeline, in seconds."""
    rng = random.Random(1)
    return tuple(middle * rng.lognormvariate(0, 0.1) for _ in range(count))


def forecast_of(past: tuple[float, ...]) -> Forecast:
    """Make the forecast of a past that is long enough."""
    forecast = Forecast.of(past)
    assert forecast is not None
    return forecast


@given(durations, st.floats(0, 1e6))
def test_there_is_always_a_next_look(past: tuple[float, ...], age: float) -> None:
    """At any moment, whatever the past, a pause follows from it, and it is longer than none."""
    assert 0 < forecast_of(past).pause(age) < inf


def test_pauses_are_short_around_the_usual_end() -> None:
    """They lead to shortly before the usual end, are short around it, longer after it, and grow long after it."""
    forecast = forecast_of(around(300))
    assert 270 < forecast.usual_seconds < 330
    early, near, usual, late, later = (forecast.pause(age) for age in (0, 240, 310, 600, 6000))
    assert (early > 30, 240 + near < 300, 3 < usual < 8) == (True, True, True)
    assert usual < late < 30 < later


def test_one_odd_duration_moves_little() -> None:
    """A single outlier, however far, changes neither the usual time nor the pauses around it by much."""
    steady, odd = forecast_of(around(300)), forecast_of((9000.0, *around(300)[1:]))
    assert odd.usual_seconds == pytest.approx(steady.usual_seconds, rel=0.05)
    assert odd.pause(300) == pytest.approx(steady.pause(300), rel=0.1)


@pytest.mark.parametrize("newer", [150.0, 600.0])
@pytest.mark.parametrize(("count", "is_noticed"), [(2, False), (5, True), (8, True)])
def test_a_changed_pipeline_is_noticed(newer: float, count: int, is_noticed: bool) -> None:
    """Five in a row that are far off the older ones are the new usual, and remain so as more come; two are not."""
    forecast = forecast_of((*around(newer, count), *around(300, 20 - count)))
    assert forecast.usual_seconds == pytest.approx(newer if is_noticed else 300, rel=0.15)


def test_a_short_past_is_not_taken_apart() -> None:
    """With fewer than ten, old and new can't be told from luck; fewer than five make no forecast."""
    assert forecast_of((600.0,) * 4 + (300.0,) * 5).usual_seconds == 300
    assert forecast_of((600.0,) * 5 + (300.0,) * 5).usual_seconds == 600
    assert (Forecast.of((300.0,) * 4), Forecast.of((300.0,) * 5)) == (None, Forecast(300.0, 9.0))


def took(number: int, seconds: int, code: str = "redeploy", **fields: object) -> Deployment:
    """A deployment of the past that took so long."""
    start = 60.0 * number
    return record(number, start, start + seconds, **{"deploy_type": {"code": code}} | fields)


def test_durations_like_ours() -> None:
    """Those of the type of ours count that succeeded before it and took time; the newest first, twenty at most."""
    bad = [took(4, 40, outcome=FAILED), took(6, 0), took(9, 10, reverted=True)]
    bad += [took(7, 10, started_at=None), took(8, 10, finished_at=None)]
    listed = [took(2, 10), took(3, 20, "build"), took(5, 30, "scale"), took(1, 5), *bad]
    assert durations_like(took(9, 1), listed) == (10.0, 5.0)
    # Ours may be over already.
    assert durations_like(took(2, 10), listed) == (5.0,)
    # While the type of ours is not known, those count that can be of its type.
    assert durations_like(None, listed) == durations_like(took(9, 1, deploy_type=None), listed) == (20.0, 10.0, 5.0)
    assert len(durations_like(None, listed * 30)) == 20
