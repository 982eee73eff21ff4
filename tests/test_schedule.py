"""When the next look comes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.polling.pauses import jittered, pause_before_next_look, pause_by_past

PAST = Forecast(tuple(300 * random.Random(number).lognormvariate(0, 0.1) for number in range(20)))


@given(st.floats(0, 1e5), st.floats(1, 100), st.integers())
def test_pauses_stay_within_bounds(age: float, interval: float, seed: int) -> None:
    """No pause is under a second or over poll_interval, with a past or without."""
    rng = random.Random(seed)
    assert 1 <= pause_by_past(PAST, age, interval, rng) <= interval
    assert 1 <= pause_before_next_look(age, interval, rng=rng) <= interval
    # The longest pause wins over the shortest.
    assert jittered(0.1, 0.5) == 0.5


def test_looks_are_dense_where_an_end_is_likely() -> None:
    """Pauses are long before the usual end, short around it, and longer after it."""
    ages = (0, 100, 290, 330, 600, 1500)
    mean = {age: sum(pause_by_past(PAST, age, 30, random.Random(seed)) for seed in range(50)) / 50 for age in ages}
    assert min(mean[0], mean[100]) > 28
    assert 3 < mean[330] <= mean[290] < 9
    assert mean[330] < mean[600] < mean[1500]
    # The hazard is added up over the pause, not read off at its beginning.
    assert 30 < pause_by_past(PAST, 200, 60, random.Random(1)) < 36


@pytest.mark.parametrize(("age", "pause"), [(0, 2), (200, 10), (4000, 15)])
def test_without_a_past_it_is_a_share_of_the_age(age: float, pause: float) -> None:
    """Where nothing is known, pauses are a twentieth of the age, 2 s to 15 s."""
    assert pause_before_next_look(age, 30, rng=random.Random(1)) == pytest.approx(pause, rel=0.11)


def test_looks_are_jittered() -> None:
    """Jobs that started together do not look together."""
    assert len({pause_by_past(PAST, 290, 30) for _ in range(5)}) > 1
