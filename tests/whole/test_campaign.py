"""The fault campaign's short form (see campaign.py); `make campaign` runs the long one."""

import os
import re
import subprocess
import sys
from pathlib import Path

REACHED = {
    *(f"redeploy {outcome}" for outcome in ("success", "failed", "cancelled", "timed_out", "unknown", "scheduled")),
    *("redeploy unhealthy", "dry run dry_run", "cancel cancelled", "status deploying"),
    *("rollback success", "rollback skipped"),
}
"""What these schedules reach. The rest is rarer, and comes up in the long form."""


def test_invariants_hold_under_random_trouble() -> None:
    """Whatever goes wrong: one deployment at most, green only for its success, an end in time, nobody else's harmed."""
    # Processes of its own and not measured: that would take three times as long.
    command = [sys.executable, str(Path(__file__).parents[1] / "campaign.py"), "150", "154"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = {words: int(count) for count, words in re.findall(r"^ *(\d+) (.*)$", done.stdout, re.MULTILINE)}
    assert counts["schedules, every invariant held"] == 150
    assert set(counts) >= REACHED, "the schedules reach every outcome"
