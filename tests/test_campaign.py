"""The fault campaign's short form (see campaign.py); `make campaign` runs the long one."""

import pytest

from campaign import OUTCOMES, campaign


@pytest.mark.parametrize("part", range(4))
def test_invariants_hold_under_random_trouble(part: int) -> None:
    """Whatever goes wrong: one deployment at most, green only for its success, an end in time, nobody else's harmed."""
    counts = campaign(125, number=part)
    assert counts.total() >= 125
    assert set(counts) == OUTCOMES, "the schedules reach every outcome"
