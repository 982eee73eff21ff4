"""Everything up to the POST, and not the POST: what a dry run does, and what it says."""

from dataclasses import replace
from typing import Any

import pytest

from cases import ANN, MINE, Case, MakeStep, Played, play
from cloud66_simulator import DOCKER_STACK, Fault

WAITS, GOES = "this deployment would queue behind it", "it would be cancelled"
WOULD = {
    "queue": (WAITS, WAITS),
    "fail": ("the run would fail", "the run would fail"),
    "skip": ("the run would be skipped", "the run would be skipped"),
    "cancel": ("it wasn't started by this repository, so the run would fail", GOES),
    "cancel_any": (GOES, GOES),
}
NO_RECORD = Case(dials={"deployment_record_delay_seconds": 300}, others=((0, MINE | {"duration": 600}),))


def dry(step: MakeStep, case: Case, *words: str, **inputs: str) -> Played:
    """Play a case dry: nothing is asked for, nothing cancelled, nothing to be kept."""
    outcome = "dry_run" if case.outcome == "success" else case.outcome
    case = replace(case, outcome=outcome, inputs={"dry_run": "true"} | case.inputs | inputs, says=words)
    played = play(step, replace(case, posts=0, ours=0))
    assert {one.method for one in played.made.simulator.requests} <= {"GET"}
    assert "run" not in played.ending.state
    assert "No deployment was started." in played.ending.outputs["reason"]
    return played


@pytest.mark.parametrize("on_busy", WOULD)
def test_a_free_stack(step: MakeStep, on_busy: str) -> None:
    """Of a free stack it says what would be sent and how long it would usually take."""
    inputs = {"git_ref": "v1", "profile": "night shift", "rollback": "true", "user_reference": "mine"}
    sent = "The request would be: git_ref v1, deployment_profile night shift, user_reference mine."
    usually = "The stack is free. Deployments usually take 5m"
    ending = dry(step, Case(dials={"duration_seconds": 330}), usually, sent, on_busy=on_busy, **inputs).ending
    assert "Asking Cloud 66" not in ending.log
    assert ending.outputs["stack_name"] == "Awesome App"
    assert ending.outputs["usual_seconds"]


@pytest.mark.parametrize(("mine", "asked"), [(0, ANN), (1, MINE)], ids=["a stranger's", "one of ours"])
@pytest.mark.parametrize("on_busy", WOULD)
def test_a_busy_stack(step: MakeStep, on_busy: str, mine: int, asked: dict[str, Any]) -> None:
    """Of a busy stack it says whose deployment runs and what would be done about it, and does none of it."""
    said = f"Deployment 108 is deploying, triggered by {asked['user']}, and {WOULD[on_busy][mine]} (on_busy: {on_busy})"
    case = Case(others=((0, asked | {"duration": 600}),), head_start=60)
    assert dry(step, case, said, on_busy=on_busy).theirs[0].cancel_at is None


@pytest.mark.parametrize("on_busy", ["cancel", "cancel_any"])
def test_what_only_waits_could_not_be_cancelled(step: MakeStep, on_busy: str) -> None:
    """Where nothing runs yet, nothing would be cancelled."""
    dry(step, NO_RECORD, "nothing is running that could be cancelled, so this deployment would queue", on_busy=on_busy)


FOUND = {
    "a Docker stack": (
        Case(inputs={"stack_id": DOCKER_STACK, "services": "web:v2,worker"}, hides=("usually",)),
        "services web:v2,worker",
    ),
    "a wrong token": (Case("failed", inputs={"api_token": "wrong"}), "refused the request (401)"),
    "a token without a scope": (Case("failed", inputs={"api_token": "no-scope-token"}), "refused the request (403)"),
    "an expired account": (Case("failed", inputs={"api_token": "expired-token"}), "refused the request (402)"),
    "a token that may only read": (
        Case(inputs={"api_token": "public-token"}),
        "Only a redeploy can tell whether it may redeploy",
    ),
    "actions that can't be read": (
        Case(faults=(Fault("status", path="/actions", code=403, count=None),), logs=("Stack actions can't be read",)),
        "The stack is free",
    ),
    "a wrong stack": (Case("failed", inputs={"stack_id": "f" * 32}), "404"),
    "nobody to be reached": (
        Case("timed_out", (Fault("refuse", count=None),), inputs={"timeout": "1m"}, seconds=(0, 90)),
        "",
    ),
    "an abort": (Case("cancelled", (Fault("slow", method="GET", seconds=20),), abort_at=5), ""),
}


@pytest.mark.parametrize(("case", "words"), FOUND.values(), ids=FOUND)
def test_what_a_dry_run_finds_out(step: MakeStep, case: Case, words: str) -> None:
    """What would keep a redeploy from its end is told, without one."""
    dry(step, case, words)
