"""One hour's calls, shared by all jobs of a user."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.api.headers import Quota
from cloud66_redeploy.polling.pace import MOST_STRETCH, slow_down, why_slower


def seen(*readings: tuple[float, int], limit: int = 3000) -> Quota:
    """A quota that has seen so many calls left, at these instants."""
    quota = Quota()
    for now, left in readings:
        quota.note(str(limit), str(left), now)
    return quota


@pytest.mark.parametrize("text", [None, "", "many", "-1", "1.5", "\u0661", "9" * 10, "1\n"])
def test_headers_that_say_nothing(text: str | None) -> None:
    """Anything but a plain number in either header is passed over."""
    quota = seen((0, 100))
    quota.note(text, "50", 1)
    quota.note("3000", text, 1)
    quota.note("0", "0", 1)
    assert (quota.limit, quota.remaining) == (3000, 100)


def test_with_budget_left_nothing_changes() -> None:
    """With more than half of the hour's calls left, or where no answer says, pauses are as they are."""
    assert slow_down(Quota(), 100, 3600, 4) == 1
    assert slow_down(seen((0, 3000), (100, 1600)), 100, 3600, 4) == 1


def test_pauses_stretch_until_the_rest_lasts() -> None:
    """Once it is low, pauses grow until what all burn lasts for as long as we need, and not beyond."""
    quota = seen((0, 1600), (100, 1350))  # 2.5 a second; (1350 - 150) / 2.5 = 480 s
    assert slow_down(quota, 100, 300, 1) == 1
    assert 1 < slow_down(quota, 100, 960, 1) < 2
    pauses = [1.0]
    for _ in range(20):
        # All stretch alike, so less is burnt.
        burnt = int(250 / pauses[-1])
        pauses.append(slow_down(seen((0, 1350 + burnt), (100, 1350)), 100, 960, pauses[-1]))
    assert pauses[-1] == pytest.approx(2, rel=0.05)


def test_the_last_calls_are_kept() -> None:
    """What is left at the very end is for those that end, not for looks far from an end."""
    assert slow_down(seen((0, 200), (100, 150)), 100, 60, 1) == MOST_STRETCH


def test_too_short_a_time_tells_nothing() -> None:
    """A burst of calls, as at the beginning of a job, is no rate."""
    assert seen((0, 1400), (1, 1393)).calls_per_second() == 0
    assert seen((0, 1400)).calls_per_second() == 0


def test_a_new_hour_begins_anew() -> None:
    """When the number jumps up, what was seen before counts no more; answers that overtake one another don't matter."""
    quota = seen((0, 500), (100, 200), (110, 220))
    assert quota.hour_left(100) == 3500
    quota.note("3000", "2990", 400)
    assert (quota.calls_per_second(), quota.hour_left(400), quota.is_low) == (0, 3600, False)
    assert quota.hour_left(9000) == 0


def test_only_the_last_minutes_count() -> None:
    """What was burnt long ago is forgotten."""
    quota = seen((0, 1500), (10, 1000), *((float(now), 1000) for now in range(20, 600, 20)))
    assert quota.calls_per_second() == 0


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(1, 1e4), st.floats(0, 1e5), st.floats(1, MOST_STRETCH))
def test_a_stretch_is_bounded(first: int, then: int, seconds: float, needed: float, before: float) -> None:
    """Whatever is seen, pauses are never shortened, nor stretched beyond the most."""
    assert 1 <= slow_down(seen((0, first), (seconds, then)), seconds, needed, before) <= MOST_STRETCH


def test_why_slower() -> None:
    """One line says how many calls are left, of how many, and what comes of it."""
    assert why_slower(seen((0, 812))).startswith("812 of 3000 calls are left in this hour")
