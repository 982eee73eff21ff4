"""Whatever the order of lists and the size of their pages, every command ends as it does where one page holds all."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault, Simulator, StackSpec
from harness import Ending, Step

MakeStep = Callable[..., Step]
OURS = "github/acme/awesome/run-1-1/deploy/redeploy/0123456789ab"
CI: dict[str, Any] = {"user": "ci@example.com", "via": "api"}
ONE_PAGE: dict[str, Any] = {"per_page": 1000}
TOLD: dict[str, Any] = {"list_order": "oldest_first"}
LISTINGS: list[dict[str, Any]] = [
    {"list_order": "oldest_first", "per_page": 20, "pagination_fields": (), "ignore_reference_filter": True},
    {"list_order": "newest_first", "per_page": 5, "refuse_reference_filter": 422},
]


def nobody(_simulator: Simulator) -> None:
    """Leave the stack alone."""


def one_runs(simulator: Simulator) -> None:
    """Let one run that an earlier run of the repository asked for."""
    simulator.request_deployment(duration=150, user_reference=OURS, **CI)


def one_runs_before_many(simulator: Simulator) -> None:
    """Let one run, and more than a page wait behind it or be cancelled as they waited."""
    simulator.request_deployment(duration=600, user_reference="mine", **CI)
    gone = [simulator.request_deployment(duration=1) for _ in range(31)]
    for one in gone:
        simulator.cancel(one.id)
    for _ in range(5):
        simulator.request_deployment(duration=1)


def many_came_after(simulator: Simulator) -> None:
    """Let one fail, and more than a page come after it and succeed."""
    simulator.request_deployment(duration=1, fate="failed", user_reference="mine", **CI)
    for _ in range(35):
        simulator.request_deployment(duration=1)


def one_failed(simulator: Simulator) -> None:
    """Let the newest have failed."""
    simulator.request_deployment(duration=1, fate="failed")


Case = tuple[Callable[[Simulator], None], dict[str, Any], dict[str, Any]]
"""What the stack has been doing, the behaviour, and the step's inputs."""

NO_ID: dict[str, Any] = {"post_shape": "async_action_id_null"}
FAILS: dict[str, Any] = {"fates": ("failed",), "duration_seconds": 20}
BACK: dict[str, Any] = {"git_ref": "v1", "rollback": "true"}
CASES: dict[str, Case] = {
    "inferred behind one": (one_runs, NO_ID | {"duration_seconds": 20}, {}),
    "waits, so it is struck": (one_runs, NO_ID, {"queue_timeout": "30s", "cancel_on_timeout": "true"}),
    "on_busy: cancel": (one_runs, {}, {"on_busy": "cancel"}),
    "dry run": (one_runs, {}, {"dry_run": "true"}),
    "cancel": (one_runs_before_many, {}, {"command": "cancel"}),
    "cancel by both": (
        one_runs_before_many, {}, {"command": "cancel", "user_reference": "mine", "deployment_id": "196"}
    ),
    "status of the newest": (one_failed, {}, {"command": "status"}),
    "wait by both": (
        many_came_after, {}, {"command": "wait", "user_reference": "mine", "deployment_id": "196"}
    ),
    "rollback": (nobody, FAILS, BACK),
    "no rollback over a newer one": (nobody, FAILS | {"overtaken_after_seconds": 1.0}, BACK),
}  # fmt: skip


def told(step: MakeStep, case: Case, listing: dict[str, Any]) -> tuple[Any, ...]:
    """Run a case; return what it says and did."""
    before, behaviour, inputs = case
    made = step(clock=EventClock(), stacks=[StackSpec(history=100)], behaviour=Behaviour(**behaviour | listing))
    before(made.simulator)
    made.clock.sleep(60)
    ending: Ending = made.run(**inputs)
    names = ("outcome", "deployment_id", "action_id", "reason", "rollback_outcome", "rollback_commit")
    # How long deployments usually take is told from more records or from fewer.
    said = [re.sub(r" Deployments usually take \w+\.", "", ending.outputs[name]) for name in names]
    return ending.status, said, ending.notices, made.calls("DELETE"), len(made.calls("POST"))


@pytest.mark.parametrize("case", CASES)
def test_lists_say_the_same_in_any_order(step: MakeStep, case: str) -> None:
    """With a hundred records every command ends alike in both orders, with small pages and little said of them."""
    expected = told(step, CASES[case], ONE_PAGE)
    for listing in LISTINGS:
        assert told(step, CASES[case], listing) == expected, listing


def test_the_usual_list_takes_one_call(step: MakeStep) -> None:
    """Where the newest come first, no second page is asked for, however many there are."""
    made = step(stacks=[StackSpec(history=100)])
    assert made.run().outcome == "success"
    assert not [one for one in made.simulator.requests if "page" in one.query]


@pytest.mark.parametrize("listing", [TOLD, *LISTINGS])
def test_a_lost_answer_is_found_on_the_last_page(step: MakeStep, listing: dict[str, Any]) -> None:
    """Whichever page holds the action of a lost POST, the request is not sent again."""
    made = step(stacks=[StackSpec(history=100)], behaviour=Behaviour(**listing), faults=[Fault("lost_done", "POST")])
    ending = made.run()
    assert (ending.outcome, len(made.mine(ending)), len(made.calls("POST"))) == ("success", 1, 1)
