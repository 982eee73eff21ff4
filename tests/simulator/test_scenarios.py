from math import inf
from pathlib import Path

import pytest
import requests

import cloud66_simulator
from cloud66_simulator import DOCKER_STACK, Fault, ManualClock, Simulator
from cloud66_simulator.scenarios import OUR_REFERENCE, SCENARIOS, apply_scenario
from simulator.api import DEPLOYMENTS, MINE, Api


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(api: Api, simulator: Simulator, clock: ManualClock, name: str) -> None:
    """In every scenario a client that looks its reference up before sending it again deploys exactly once."""
    apply_scenario(simulator, name)
    ahead = {"queued": (40, None), "busy": (600, None), "busy-ours": (600, OUR_REFERENCE)}
    running = [(made.duration, made.user_reference) for made in simulator.all_deployments()[12:]]
    assert running == ([ahead[name]] if name in ahead else [])
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


def test_names() -> None:
    """The readme names every scenario, in this order."""
    readme = Path(cloud66_simulator.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert f"Scenarios: `{' '.join(SCENARIOS)}`." in readme


@pytest.mark.parametrize(("stack", "ref"), [("", "hotfix"), (DOCKER_STACK, None)])
@pytest.mark.parametrize("late", [0, 30])
def test_overtaken(
    api: Api, simulator: Simulator, clock: ManualClock, stack: str, ref: str | None, late: float
) -> None:
    """Right behind a POST, also a late one, comes a colleague's short deployment of another ref, and is live soon."""
    apply_scenario(simulator, "overtaken")
    simulator.faults.append(Fault("late_status", method="POST", seconds=late))
    path = f"/stacks/{stack}/deployments" if stack else DEPLOYMENTS
    api.post(path, params=MINE)
    seen = []
    for seconds in (late + 1, 2, 38, 5):
        clock.advance(seconds)
        records = api.show(path)
        seen.append((records[0]["id"], [record["id"] for record in records if record["is_live"]]))
    before = [] if stack else [107]
    assert seen == [(108, before), (109, before), (109, [108]), (109, [109])]
    mine, overtaking = simulator.all_deployments()[-2:]
    assert (overtaking.git_ref, overtaking.user, overtaking.starts_at) == (ref, "colleague@example.com", mine.ends_at)
