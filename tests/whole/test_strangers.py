"""Whole steps where something else than the API answers."""

from dataclasses import replace

import pytest

from cases import Case, MakeStep, play
from cloud66_simulator import Fault

STRANGE = {
    **{f"a page with {code}": Fault("html", code=code, count=None) for code in (200, 403, 404, 407)},
    "no JSON": Fault("garbage", count=None),
    "nothing": Fault("garbage", text="", count=None),
    "JSON of another shape": Fault("wrong_json", count=None),
    "null": Fault("wrong_json", text="null", count=None),
    "a redirect": Fault("redirect", count=None),
}
URL = "https://cloud66.example/api/3"
LASTS = Case(
    "failed", inputs={"api_url": URL}, posts=0, ours=0, seconds=(0, 20), advises="api_url, including its path",
    says=(f"{URL} is not from the Cloud 66 API", "No deployment was started."),
)  # fmt: skip


@pytest.mark.parametrize("fault", STRANGE.values(), ids=STRANGE)
def test_a_stranger_before_the_request(step: MakeStep, fault: Fault) -> None:
    """A few answers of somebody else's change nothing; lasting ones end the run within 20 s, and are named."""
    play(step, Case(faults=(replace(fault, count=3),)))
    [error] = play(step, replace(LASTS, faults=(fault,))).ending.errors
    assert "stack_id" not in error
    assert "scope" not in error


def test_a_page_that_cannot_be_told_from_the_network(step: MakeStep) -> None:
    """A gateway's 502 is waited for until the deadline, as ever."""
    fault, inputs = Fault("html", code=502, count=None), {"timeout": "2m"}
    play(step, Case("timed_out", (fault,), inputs=inputs, posts=0, ours=0, seconds=(90, 150), hides=("passed",)))
