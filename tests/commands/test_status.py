"""`command: status`: one look, and how things stand; green unless that can't be identified."""

from typing import Any

import pytest

from cloud66_redeploy.api.client import Client
from cloud66_simulator import DOCKER_STACK, Fault
from elsewhere import ABORT_SECONDS, CI, ID, REF, Case, MakeStep, asked, check, play, rows

RUNS: dict[str, Any] = {"mine": {"duration": 60}}
AHEAD: dict[str, Any] = {"ahead": [{"duration": 60}]}
SURELY = {"usual_seconds": "40", "stack_name": "Awesome App", "finished_at": ""}
BY_HASH = {"git_hash": "c" * 40}
UNKNOWN: dict[str, Any] = RUNS | {"number": ""}


def fault(kind: Any = "status", **fields: Any) -> list[Fault]:
    """Let something go wrong with each call."""
    return [Fault(kind, **({"count": None} | fields))]


def look(step: MakeStep, case: Case) -> None:
    """Look once, and check what always holds of it."""
    made, ending = play(step, "status", case)
    assert (made.calls("DELETE"), ending.outputs["results"], "run" in ending.state) == ([], "", False)
    assert ("What to do:" in ending.summary) is (ending.status == 1)
    if not case.faults:
        assert (len(made.simulator.requests) <= 8, ending.seconds < 1) == (True, True)


@rows("case", {
    # One that is only inferred is not put out, nor what comes with it.
    "runs, by reference": Case(
        "deploying", **RUNS, dials=BY_HASH, number="", outputs=SURELY | {"git_hash": ""},
        says=["The redeploy (probably deployment 108) is deploying."]),
    **{
        f"runs, by {by}": Case(
            "deploying", given, **RUNS, dials=BY_HASH, outputs=SURELY | BY_HASH, says=["Deployment 108 is deploying."])
        for by, given in {"id": ID, "nothing": {}}.items()
    },
    "waits, by reference": Case("queued", **AHEAD, number=""),
    "waits unseen": Case("queued", **AHEAD, dials={"record_while_queued": False}, number=""),
    "waits unseen, but what runs is meant": Case("deploying", {}, **AHEAD, dials={"record_while_queued": False}),
    "an older one, by its id": Case("success", {"deployment_id": "100"}, mine=None, number="100"),
    "an id of another than the reference": Case(
        "unknown", REF | {"deployment_id": "107"}, **UNKNOWN,
        says=["Deployment 107 doesn't have the reference mine"]),
    "another reference": Case(
        "unknown", {"user_reference": "other"}, **UNKNOWN, says=["no action with the reference other"]),
    "a shared reference, both under way": Case(
        "unknown", **UNKNOWN, behind=[REF | CI], log=["Add deployment_id"],
        says=["Several deployments have the reference mine"]),
    "a shared reference, one bad": Case("failed", behind=[REF | CI | {"fate": "failed"}], ago=100, number=""),
    "401": Case("unknown", **UNKNOWN, faults=fault(code=401), seconds=(0, 12)),
    "404 for the actions": Case("unknown", **UNKNOWN, faults=fault(code=404, path="/actions"), seconds=(0, 12)),
    "403 for the actions, nothing named": Case("deploying", {}, **RUNS, faults=fault(code=403, path="/actions")),
    "a page, once": Case("deploying", mine={"duration": 600}, number="", faults=fault("html", count=1)),
    "errors to the end": Case(
        "unknown", REF, mine={"duration": 600}, number="", faults=fault(), seconds=(0, 120 + 30.1)),
    "no answers to the end": Case("unknown", {}, **UNKNOWN, faults=fault("refuse", skip=2), seconds=(0, 120 + 30.1)),
    # However it ended, that is what was asked for: the job stays green. What the action says counts where it is known.
    "succeeded": Case("success", ID, ago=100, log=["Stack Awesome App (production), UID 5999"]),
    "failed": Case("failed", mine={"fate": "failed"}, ago=100),
    "was cancelled, nothing named": Case("cancelled", {}, mine={"fate": "cancelled"}, ago=100),
    "its action is silent": Case("unknown", mine={"fate": "action_null"}, ago=100),
    "its action is silent, by id": Case("success", ID, mine={"fate": "action_null"}, ago=100),
})  # fmt: skip
def test_how_things_stand(step: MakeStep, case: Case) -> None:
    """How the one that is meant stands is said, after one look; what can't be identified is unknown, and red."""
    look(step, case)


def test_a_queue_that_does_not_move(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing was named and nothing runs, what waits is meant rather than what is over."""
    deployments = Client.deployments
    monkeypatch.setattr(Client, "deployments", lambda self: [one for one in deployments(self) if one.id != 108])
    look(step, Case("queued", {}, ahead=[{"duration": 60}], behind=[{"duration": 60}], number="109"))


def test_the_newest_is_meant_where_none_is_named(step: MakeStep) -> None:
    """Without a name it is the one that runs, or else the newest that ran, not one that was cancelled in the queue."""
    made = step()
    asked(made, fate="failed", duration=10, ago=0)
    made.simulator.cancel(asked(made, "next", ago=1).id)
    assert made.run(command="status").outputs["deployment_id"] == "108"
    made.clock.sleep(60)
    ending = made.run(command="status")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("failed", "108")


def test_a_stack_without_deployments(step: MakeStep) -> None:
    """A stack that was never deployed is no error."""
    ending = step().run(command="status", stack_id=DOCKER_STACK)
    assert (ending.outcome, ending.status) == ("skipped", 0)
    assert "The stack has no deployments yet." in ending.outputs["reason"]


@pytest.mark.parametrize("at", [0.0, 0.12])
def test_an_abort(step: MakeStep, at: float) -> None:
    """A workflow that is cancelled during the look ends the step at once; nothing was changed, and that is said."""
    made = step()
    asked(made, duration=60)
    ending = made.run(command="status", user_reference="mine", abort_at=at)
    check(made, ending)
    assert (ending.outcome, made.calls("DELETE"), ending.seconds <= at + ABORT_SECONDS) == ("unknown", [], True)
    assert "The step changed nothing" in ending.outputs["reason"]
    assert "Nothing to clean up" in made.clean_up(ending.state).log
