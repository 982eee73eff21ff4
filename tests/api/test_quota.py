"""One hour's calls, shared by all jobs of a user."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.api.headers import Quota
from cloud66_redeploy.polling.pace import MOST_STRETCH, slow_down
from cloud66_redeploy.report.messages import Line
from elsewhere import rows


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
    for limit, left in ((text, "50"), ("3000", text), ("0", "0")):
        quota.note(limit, left, 1)
    assert (quota.limit, quota.remaining) == (3000, 100)


LOW = seen((0, 1600), (100, 1350))
"""2.5 calls a second; what is left beyond the reserve, 1200, lasts for 480 s."""


@rows(
    "quota, needed, before, stretch",
    {
        "nobody says": (Quota(), 3600, 4, 1),
        "half of it is left": (seen((0, 3000), (100, 1600)), 3600, 4, 1),
        "it lasts": (LOW, 300, 1, 1),
        "it lasts for half of what is needed": (LOW, 960, 1, 1.5),
        "pauses that are stretched already burn less": (LOW, 960, 3, 4.5),
        "it lasts as stretched": (seen((0, 1475), (100, 1350)), 960, 2, 2),
        "what is left is for those that end": (seen((0, 200), (100, 150)), 60, 1, MOST_STRETCH),
    },
)
def test_pauses_stretch_until_the_rest_lasts(quota: Quota, needed: float, before: float, stretch: float) -> None:
    """Once it is low, pauses grow, halfway at once, until what all burn lasts for as long as we need."""
    assert slow_down(quota, 100, needed, before) == stretch


@rows(
    "readings, burnt",
    {
        "one answer": ([(0, 1400)], 0),
        # As at the beginning of a job.
        "a burst": ([(0, 1400), (1, 1393)], 0),
        "a minute": ([(0, 1400), (60, 1340)], 1),
        "what was burnt long ago": ([(0, 1500), (10, 1000), *((now, 1000) for now in range(20, 600, 20))], 0),
    },
)
def test_only_the_last_minutes_count(readings: list[tuple[float, int]], burnt: float) -> None:
    """How fast all jobs burn calls is what the last minutes show, but not the last second alone."""
    assert seen(*readings).calls_per_second() == burnt


def test_a_new_hour_begins_anew() -> None:
    """When the number jumps up, what was seen before counts no more; answers that overtake one another don't matter."""
    quota = seen((0, 500), (100, 200), (110, 220))
    assert quota.hour_left(100) == 3500
    quota.note("3000", "2990", 400)
    assert (quota.calls_per_second(), quota.hour_left(400), quota.is_low) == (0, 3600, False)
    assert quota.hour_left(9000) == 0


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(1, 1e4), st.floats(0, 1e5), st.floats(1, MOST_STRETCH))
def test_a_stretch_is_bounded(first: int, then: int, seconds: float, needed: float, before: float) -> None:
    """Whatever is seen, pauses are never shortened, nor stretched beyond the most."""
    assert 1 <= slow_down(seen((0, first), (seconds, then)), seconds, needed, before) <= MOST_STRETCH


def test_why_pauses_are_longer() -> None:
    """One line says how many calls are left, of how many, and what comes of it."""
    assert Line.SLOWED.format(quota=seen((0, 812))).startswith("812 of 3000 API calls left this hour")
