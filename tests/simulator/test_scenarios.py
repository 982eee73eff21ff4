from math import inf
from pathlib import Path

import pytest
import requests

import cloud66_simulator
from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault, ManualClock, Simulator
from cloud66_simulator.scenarios import OUR_REFERENCE, SCENARIOS, apply_scenario

STACK = f"/stacks/{DEFAULT_STACK}"
DEPLOYMENTS = f"{STACK}/deployments"
MINE = {"user_reference": "mine"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(session: requests.Session, simulator: Simulator, clock: ManualClock, name: str) -> None:
    """In every scenario a client that looks its reference up before sending it again deploys exactly once."""
    apply_scenario(simulator, name)
    for _ in range(5):
        try:
            session.post(DEPLOYMENTS, params={"user_reference": "mine"})
        except requests.ConnectionError:
            clock.advance(30)
        if simulator.deployments_of("mine"):
            break
    for _ in range(30):
        clock.advance(10)
        session.get(DEPLOYMENTS)
    [truth] = simulator.deployments_of("mine")
    fates = {"failed": "failed", "cancelled": "cancelled", "rollback": "failed", "reverted": "reverted"}
    assert truth.final_fate == fates.get(name, "success")
    assert (truth.ends_at == inf) == (name == "never-ends")


def test_unknown(simulator: Simulator) -> None:
    """There is no other scenario."""
    with pytest.raises(ValueError, match="no such scenario: x"):
        apply_scenario(simulator, "x")


def test_listed() -> None:
    """The readme names every scenario, in this order."""
    readme = Path(cloud66_simulator.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert f"Scenarios: `{' '.join(SCENARIOS)}`." in readme


@pytest.mark.parametrize(("name", "reference"), [("busy", None), ("busy-ours", OUR_REFERENCE)])
def test_busy(
    session: requests.Session, simulator: Simulator, clock: ManualClock, name: str, reference: str | None
) -> None:
    """A long deployment runs already: a colleague's, or one with a reference of the action's."""
    apply_scenario(simulator, name)
    clock.advance(300)
    record = session.get(f"{DEPLOYMENTS}/108").json()["response"]
    [action, *_] = session.get(f"{STACK}/actions").json()["response"]
    assert (record["is_deploying"], action["metadata"].get("user_reference")) == (True, reference)
    assert session.post(DEPLOYMENTS).json()["response"]["queued"]
    assert simulator.all_deployments()[-1].starts_at == simulator.started + 600


def test_overtaken(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """Right behind ours comes a colleague's of another ref, and it is live soon after ours was."""
    apply_scenario(simulator, "overtaken")
    clock.advance(100)
    session.post(DEPLOYMENTS, params=MINE)
    clock.advance(1)
    assert session.get(DEPLOYMENTS).json()["response"][0]["id"] == 108
    clock.advance(2)
    theirs = session.get(DEPLOYMENTS).json()["response"][0]
    assert (theirs["id"], theirs["git_ref"], theirs["started_at"]) == (109, "hotfix", None)
    clock.advance(38)
    [ours] = simulator.deployments_of("mine")
    live = [session.get(f"{DEPLOYMENTS}/{ours.id}").json()["response"]["is_live"]]
    clock.advance(5)
    theirs, ours_now = session.get(DEPLOYMENTS).json()["response"][:2]
    assert (*live, ours_now["is_live"], theirs["is_live"]) == (True, False, True)
    assert theirs["git_hash"] != ours_now["git_hash"]
    assert theirs["triggered_by"] != ours_now["triggered_by"]


def test_overtaken_late(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A late POST is overtaken after it was worked on, and a Docker stack's without any ref."""
    apply_scenario(simulator, "overtaken")
    simulator.faults.append(Fault("late_status", method="POST", seconds=30))
    session.post(f"/stacks/{DOCKER_STACK}/deployments", params=MINE)
    clock.advance(31)
    assert session.get(f"/stacks/{DOCKER_STACK}/deployments").json()["count"] == 1
    clock.advance(2)
    simulator.catch_up()
    ours, theirs = simulator.all_deployments()[-2:]
    assert (ours.user_reference, ours.id, theirs.id) == ("mine", 108, 109)
    assert (theirs.stack_uid, theirs.git_ref, theirs.starts_at) == (DOCKER_STACK, None, ours.ends_at)


@pytest.mark.parametrize(
    ("name", "dial", "value"),
    [
        ("rollback", "fates", ("failed", "success")),
        ("reverted", "fate", "reverted"),
        ("live-log", "log_lines_per_second", 2),
        ("overtaken", "overtaken_after_seconds", 2),
    ],
)
def test_dials(simulator: Simulator, name: str, dial: str, value: object) -> None:
    """A scenario turns its dial and no other."""
    apply_scenario(simulator, name)
    expected = Behaviour()
    expected.update({dial: value})
    assert simulator.behaviour == expected
