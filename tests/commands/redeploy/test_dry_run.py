"""Everything up to the POST, and not the POST: what a dry run does, and what it says."""

from dataclasses import replace
from typing import Any

from cases import ANN, MINE, Case, MakeStep, Played, play
from cloud66_simulator import DOCKER_STACK, Fault
from elsewhere import rows

WAITS, GOES = "this deployment would queue behind it", "it would be cancelled, and this deployment would follow"
FAILS, SKIPS = "the run would fail", "the run would be skipped"
REFUSES = "it wasn't started by this repository, so the run would fail"


def dry(step: MakeStep, case: Case, *words: str) -> Played:
    """Play a case dry: nothing is asked for, nothing cancelled, nothing to be kept."""
    outcome = "dry_run" if case.outcome == "success" else case.outcome
    case = replace(case, outcome=outcome, inputs={"dry_run": "true"} | case.inputs, says=words)
    played = play(step, replace(case, posts=0, ours=0))
    assert {one.method for one in played.made.simulator.requests} <= {"GET"}
    assert "run" not in played.ending.state
    assert "No deployment was started." in played.ending.outputs["reason"]
    return played


def test_a_free_stack(step: MakeStep) -> None:
    """Of a free stack it says what would be sent and how long it would usually take."""
    inputs = {"git_ref": "v1", "profile": "night shift", "rollback": "true", "user_reference": "mine"}
    sent = "The request would be: git_ref v1, deployment_profile night shift, user_reference mine."
    usually = "The stack is free. Deployments usually take 5m"
    case = Case(dials={"duration_seconds": 330}, inputs=inputs | {"on_busy": "cancel"})
    outputs = dry(step, case, usually, sent).ending.outputs
    assert (outputs["stack_name"], outputs["usual_seconds"] != "") == ("Awesome App", True)


@rows("on_busy, asked, effect", {
    "queue": ("queue", ANN, WAITS),
    "fail": ("fail", MINE, FAILS),
    "skip": ("skip", ANN, SKIPS),
    "cancel a stranger's": ("cancel", ANN, REFUSES),
    "cancel one of ours": ("cancel", MINE, GOES),
    "cancel whose it may be": ("cancel_any", ANN, GOES),
})  # fmt: skip
def test_a_busy_stack(step: MakeStep, on_busy: str, asked: dict[str, Any], effect: str) -> None:
    """Of a busy stack it says whose deployment runs and what would be done about it, and does none of it."""
    said = f"Deployment 108 is deploying, started by {asked['user']}, and {effect} (on_busy: {on_busy})"
    case = Case(inputs={"on_busy": on_busy}, others=((0, asked | {"duration": 600}),), head_start=60)
    played = dry(step, case, said)
    assert played.theirs[0].cancel_at is None
    sent = (
        "The request would be" in played.ending.outputs["reason"],
        "Would send</th><td>nothing" in played.ending.summary,
    )
    assert sent == ((False, True) if effect in {REFUSES, FAILS, SKIPS} else (True, False))


@rows("case, words", {
    "what only waits": (
        Case(
            dials={"deployment_record_delay_seconds": 300}, others=((0, MINE | {"duration": 600}),),
            inputs={"on_busy": "cancel"},
        ),
        "nothing is running that could be cancelled, so this deployment would queue",
    ),
    "a Docker stack": (
        Case(inputs={"stack_id": DOCKER_STACK, "services": "web:v2,worker"}, hides=("usually",)),
        "services web:v2,worker",
    ),
    "a token without a scope": (Case("failed", inputs={"api_token": "no-scope-token"}), "refused the request (403)"),
    "a token that may only read": (
        Case(inputs={"api_token": "public-token"}), "Only a redeploy can tell whether it may redeploy"
    ),
    "actions that can't be read": (
        Case(faults=(Fault("status", path="/actions", code=403, count=None),), logs=("Stack actions can't be read",)),
        "The stack is free",
    ),
    "a wrong stack": (Case("failed", inputs={"stack_id": "f" * 32}), "404"),
    "an abort": (Case("cancelled", (Fault("slow", method="GET", seconds=20),), abort_at=5), ""),
})  # fmt: skip
def test_what_a_dry_run_finds_out(step: MakeStep, case: Case, words: str) -> None:
    """What would keep a redeploy from its end is told, without one."""
    dry(step, case, words)
