"""Everything up to the POST, and not the POST: what a dry run does, and what it says."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud66_simulator import DOCKER_STACK, Behaviour, Fault
from harness import OUTPUTS, Ending, Step

MakeStep = Callable[..., Step]
OURS = "1-1-c2160039a2ba9b49-0123456789abcdef"
ANN: dict[str, Any] = {"user": "ann@example.com", "via": "web"}
MINE: dict[str, Any] = {"user": "ci@example.com", "via": "api", "user_reference": OURS}
WOULD = {
    "queue": ("ours would wait behind it", "ours would wait behind it"),
    "fail": ("the run would fail", "the run would fail"),
    "skip": ("the run would be skipped", "the run would be skipped"),
    "cancel": ("it carries no reference of this repository, so the run would fail", "it would be cancelled"),
    "cancel: any": ("it would be cancelled", "it would be cancelled"),
}


def dry(made: Step, outcome: str = "dry_run", **inputs: Any) -> Ending:
    """Run a step dry, and assert what always holds: nothing asked for, nothing cancelled, nothing to be kept."""
    ending = made.run(dry_run="true", **inputs)
    assert (ending.outcome, ending.status) == (outcome, 0 if outcome == "dry_run" else 1)
    assert {one.method for one in made.simulator.requests} <= {"GET"}
    assert (made.mine(ending), set(ending.outputs), "run" in ending.state) == ([], OUTPUTS, False)
    assert "Nothing was scheduled." in ending.outputs["reason"]
    token = inputs.get("api_token", "demo-token")
    assert token not in ending.log.replace(f"::add-mask::{token}", "") + str(ending.outputs) + ending.summary
    return ending


@pytest.mark.parametrize("on_busy", WOULD)
def test_a_free_stack(step: MakeStep, on_busy: str) -> None:
    """Of a free stack it says what would be sent and how long it would usually take."""
    made = step(behaviour=Behaviour(duration_seconds=330))
    reference = {"user_reference": "mine"}
    ending = dry(made, on_busy=on_busy, git_ref="v1", profile="night shift", rollback="true", **reference)
    reason = ending.outputs["reason"]
    assert "the stack is free; deployments usually take 5m" in reason
    assert reason.endswith("would be sent: git_ref v1, deployment_profile night shift, user_reference mine.")
    assert "Asking Cloud 66" not in ending.log
    assert ending.outputs["stack_name"] == "Awesome App"
    assert ending.outputs["usual_seconds"]


@pytest.mark.parametrize("mine", [False, True])
@pytest.mark.parametrize("on_busy", WOULD)
def test_a_busy_stack(step: MakeStep, on_busy: str, mine: bool) -> None:
    """Of a busy stack it says whose deployment runs and what would be done about it, and does none of it."""
    made = step()
    theirs = made.simulator.request_deployment(duration=600, **(MINE if mine else ANN))
    made.clock.advance(60)
    ending = dry(made, on_busy=on_busy)
    who = "ci" if mine else "ann"
    said = f"deployment {theirs.id} is deploying, triggered by {who}@example.com, and {WOULD[on_busy][mine]}"
    assert f"{said} (on_busy: {on_busy})" in ending.outputs["reason"]
    assert theirs.cancel_at is None


@pytest.mark.parametrize("on_busy", ["cancel", "cancel: any"])
def test_what_only_waits_could_not_be_cancelled(step: MakeStep, on_busy: str) -> None:
    """Where nothing runs yet, nothing would be cancelled."""
    made = step(behaviour=Behaviour(deployment_record_delay_seconds=300))
    made.simulator.request_deployment(duration=600, **MINE)
    reason = dry(made, on_busy=on_busy).outputs["reason"]
    assert "nothing runs that could be cancelled, so ours would wait" in reason


def test_a_docker_stack(step: MakeStep) -> None:
    """Of a stack without a past it says nothing about the usual time; services are what would be sent."""
    reason = dry(step(), stack_id=DOCKER_STACK, services="web:v2,worker").outputs["reason"]
    assert "services web:v2,worker" in reason
    assert "usually" not in reason


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("wrong", "refused the request (401)"),
        ("no-scope-token", "refused the request (403)"),
        ("expired-token", "refused the request (402)"),
    ],
)
def test_a_token_that_is_no_good(step: MakeStep, token: str, words: str) -> None:
    """A token that can't read the stack is found out."""
    assert words in dry(step(), "failed", api_token=token).outputs["reason"]


def test_a_token_that_may_only_read(step: MakeStep) -> None:
    """Whether a token may redeploy can't be told by reading, and that is said."""
    reason = dry(step(), api_token="public-token").outputs["reason"]
    assert "whether it may redeploy, only a redeploy can tell" in reason


def test_actions_that_cannot_be_read(step: MakeStep) -> None:
    """A token that can't read the stack's actions is warned of."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", path="/actions", code=403, count=None))
    assert "Actions can't be read" in "".join(dry(made).warnings)


def test_a_stack_that_is_not_there(step: MakeStep) -> None:
    """A wrong stack is found out."""
    assert "404" in dry(step(), "failed", stack_id="f" * 32).outputs["reason"]


def test_a_stack_that_cannot_be_reached(step: MakeStep) -> None:
    """A stack that nobody can reach within the timeout is said to be so."""
    made = step()
    made.simulator.faults.append(Fault("refuse", count=None))
    ending = made.run(dry_run="true", timeout="1m")
    assert (ending.outcome, ending.seconds <= 90, made.calls("POST")) == ("timed_out", True, [])


def test_an_abort(step: MakeStep) -> None:
    """A dry run that is cancelled has changed nothing."""
    made = step()
    made.simulator.faults.append(Fault("slow", method="GET", seconds=20))
    ending = made.run(dry_run="true", abort_at=5)
    assert (ending.outcome, made.calls("POST"), made.calls("DELETE")) == ("cancelled", [], [])
