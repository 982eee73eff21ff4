"""The fault campaign's short form (see campaign.py); `make campaign` runs the long one."""

import pytest

from campaign import campaign

REACHED = {
    *(f"redeploy {outcome}" for outcome in ("success", "failed", "cancelled", "timed_out", "unknown", "scheduled")),
    "dry run dry_run",
    "rollback skipped",
}
"""What every part reaches. The rest is rarer, and comes up in the long form."""


@pytest.mark.parametrize("part", [2, 3, 4, 17])
def test_invariants_hold_under_random_trouble(part: int) -> None:
    """Whatever goes wrong: one deployment at most, green only for its success, an end in time, nobody else's harmed."""
    counts = campaign(125, number=part)
    assert counts["schedules"] >= 125
    assert set(counts) >= REACHED, "the schedules reach every outcome"
    assert any(words.startswith(("wait ", "cancel ", "status ")) for words in counts)
