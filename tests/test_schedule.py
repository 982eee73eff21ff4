"""When the next look comes."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.polling.pace import jittered, pause_before_next_look, pause_by_past

PAST = Forecast(tuple(300 * random.Random(number).lognormvariate(0, 0.1) for number in range(20)))


@given(st.floats(0, 1e5), st.floats(1, 100), st.integers())
def test_pauses_stay_within_bounds(age: float, interval: float, seed: int) -> None:
    """No pause is under a second or over poll_interval, with a past or without."""
    rng = random.Random(seed)
    assert 1 <= pause_by_past(PAST, age, interval, rng) <= interval
    assert 1 <= pause_before_next_look(age, interval, rng=rng) <= interval


def test_a_poll_interval_below_a_second_counts() -> None:
    """The longest pause wins over the shortest."""
    assert jittered(0.1, 0.5) == 0.5


def test_looks_are_dense_where_an_end_is_likely() -> None:
    """Pauses are as long as they may be before the usual end, short around it, and longer again after it."""
    mean = {
        age: sum(pause_by_past(PAST, age, 30, random.Random(seed)) for seed in range(50)) / 50
        for age in (0, 100, 290, 330, 600, 1500)
    }
    assert mean[0] > 28
    assert mean[100] > 28
    assert 3 < mean[330] <= mean[290] < 9
    assert mean[330] < mean[600] < mean[1500]


def test_a_pause_reaches_into_what_comes() -> None:
    """Just before the dense part, a pause ends there: the hazard is added up, not read off once."""
    ages = [0.0]
    while ages[-1] < 250:
        ages.append(ages[-1] + pause_by_past(PAST, ages[-1], 60, random.Random(1)))
    assert [later - sooner for sooner, later in pairwise(ages)][-1] < 40


def test_without_a_past_it_is_a_share_of_the_age() -> None:
    """Where nothing is known, pauses are a twentieth of the age, 2 s to 15 s."""
    rng = random.Random(1)
    assert pause_before_next_look(0, 30, rng=rng) == pytest.approx(2, rel=0.11)
    assert pause_before_next_look(200, 30, rng=rng) == pytest.approx(10, rel=0.11)
    assert pause_before_next_look(4000, 30, rng=rng) == pytest.approx(15, rel=0.11)


def test_looks_are_jittered() -> None:
    """Jobs that started together do not look together."""
    assert len({pause_by_past(PAST, 290, 30) for _ in range(5)}) > 1
