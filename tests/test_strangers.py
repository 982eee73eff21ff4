"""Whole steps where something else than the API answers, or nothing can be asked at all."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cloud66_simulator import Fault
from harness import Step, green

STRANGE = [
    Fault("html", code=403, count=None), Fault("html", code=404, count=None), Fault("html", code=407, count=None),
    Fault("html", code=200, count=None), Fault("garbage", count=None), Fault("garbage", text="", count=None),
    Fault("wrong_json", count=None), Fault("wrong_json", text="null", count=None), Fault("redirect", count=None),
]  # fmt: skip


@pytest.mark.parametrize("fault", STRANGE, ids=lambda fault: f"{fault.kind}-{fault.code}-{fault.text}")
@pytest.mark.parametrize("passes", [True, False])
def test_a_stranger_before_the_request(step: Callable[..., Step], fault: Fault, passes: bool) -> None:
    """A few answers of somebody else's change nothing; lasting ones end the run within 20 s, and are named."""
    made = step()
    made.simulator.faults.append(replace(fault, count=3) if passes else fault)
    if passes:
        green(made)
        return
    ending = made.run(api_url="https://cloud66.example/api/3")
    assert (ending.outcome, ending.status, made.calls("POST")) == ("failed", 1, [])
    assert ending.seconds < 20
    assert "https://cloud66.example/api/3 is not the Cloud 66 API" in ending.outputs["reason"]
    assert "Nothing was scheduled." in ending.outputs["reason"]
    [error] = ending.errors
    assert "api_url, its path included" in error
    assert "stack_id" not in error
    assert "scope" not in error


def test_a_page_that_cannot_be_told_from_the_network(step: Callable[..., Step]) -> None:
    """A gateway's 502 is waited for until the deadline, as ever."""
    made = step()
    made.simulator.faults.append(Fault("html", code=502, count=None))
    ending = made.run(timeout="2m")
    assert (ending.outcome, ending.seconds > 90, made.calls("POST")) == ("timed_out", True, [])
    assert "passed" not in ending.outputs["reason"]


@pytest.mark.parametrize(
    ("pause", "outcome"), [("30", "success"), ("", "success"), ("1000000000", "success"), ("3600", "timed_out")]
)
def test_a_pause_that_is_longer_than_the_timeout(step: Callable[..., Step], pause: str, outcome: str) -> None:
    """A request that is put off beyond the timeout says so, and not that the timeout has passed."""
    made = step()
    made.simulator.faults.append(Fault("status", method="POST", code=429, retry_after=pause or None))
    ending = made.run(timeout="20m")
    assert ending.outcome == outcome
    if outcome == "timed_out":
        assert "asks to wait 1h, longer than the timeout still allows" in ending.outputs["reason"]
        assert "passed" not in ending.outputs["reason"]
