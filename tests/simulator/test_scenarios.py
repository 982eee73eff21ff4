from math import inf
from pathlib import Path

import pytest
import requests

import cloud66_simulator
from cloud66_simulator import DOCKER_STACK, Fault, ManualClock, Simulator
from cloud66_simulator.scenarios import OUR_REFERENCE, SCENARIOS, apply_scenario
from simulator.api import ACTIONS, DEPLOYMENTS, MINE, Api


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(api: Api, simulator: Simulator, clock: ManualClock, name: str) -> None:
    """In every scenario a client that looks its reference up before sending it again deploys exactly once."""
    apply_scenario(simulator, name)
    for _ in range(5):
        try:
            api.post(DEPLOYMENTS, params=MINE)
        except requests.ConnectionError:
            clock.advance(30)
        if simulator.deployments_of("mine"):
            break
    for _ in range(30):
        clock.advance(10)
        api.get(DEPLOYMENTS)
    [truth] = simulator.deployments_of("mine")
    fates = {"failed": "failed", "cancelled": "cancelled", "rollback": "failed", "reverted": "reverted"}
    assert truth.final_fate == fates.get(name, "success")
    assert (truth.ends_at == inf) == (name == "never-ends")


def test_names(simulator: Simulator) -> None:
    """The readme names every scenario, in this order; there is no other."""
    readme = Path(cloud66_simulator.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert f"Scenarios: `{' '.join(SCENARIOS)}`." in readme
    with pytest.raises(ValueError, match="no such scenario: x"):
        apply_scenario(simulator, "x")


@pytest.mark.parametrize(
    ("name", "seconds", "reference"), [("queued", 40, None), ("busy", 600, None), ("busy-ours", 600, OUR_REFERENCE)]
)
def test_ahead(api: Api, simulator: Simulator, name: str, seconds: float, reference: str | None) -> None:
    """A deployment runs already: a colleague's, or one with a reference of the action's."""
    apply_scenario(simulator, name)
    record, action = api.show(f"{DEPLOYMENTS}/108"), api.show(f"{ACTIONS}/40")
    assert (record["is_deploying"], action["metadata"].get("user_reference")) == (True, reference)
    api.post(DEPLOYMENTS)
    assert simulator.all_deployments()[-1].starts_at == simulator.started + seconds


def test_overtaken(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """Right behind a POST comes a colleague's short deployment of another ref, and it is live soon after."""
    apply_scenario(simulator, "overtaken")
    api.post(DEPLOYMENTS, params=MINE)
    seen = []
    for seconds in (1, 2, 38, 5):
        clock.advance(seconds)
        seen.append((api.ids(DEPLOYMENTS)[0], api.live()))
    assert seen == [(108, [107]), (109, [107]), (109, [108]), (109, [109])]
    mine, overtaking = api.show(f"{DEPLOYMENTS}/108"), api.show(f"{DEPLOYMENTS}/109")
    assert (overtaking["git_ref"], overtaking["triggered_by"]) == ("hotfix", "colleague@example.com")
    assert overtaking["git_hash"] != mine["git_hash"]


def test_overtaken_late(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A late POST is overtaken after it was worked on, and a Docker stack's without any ref."""
    apply_scenario(simulator, "overtaken")
    simulator.faults.append(Fault("late_status", method="POST", seconds=30))
    path = f"/stacks/{DOCKER_STACK}/deployments"
    api.post(path, params=MINE)
    seen = []
    for seconds in (31, 2):
        clock.advance(seconds)
        seen.append(api.ids(path))
    mine, overtaking = simulator.all_deployments()[-2:]
    assert (seen, mine.user_reference, overtaking.git_ref) == ([[108], [109, 108]], "mine", None)
    assert overtaking.starts_at == mine.ends_at
