from math import inf

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, ManualClock, Simulator
from cloud66_simulator.scenarios import SCENARIOS, apply_scenario

DEPLOYMENTS = f"/stacks/{DEFAULT_STACK}/deployments"


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
    fates = {"failed": "failed", "cancelled": "cancelled"}
    assert truth.final_fate == fates.get(name, "success")
    assert (truth.ends_at == inf) == (name == "never-ends")


def test_unknown(simulator: Simulator) -> None:
    """There is no other scenario."""
    with pytest.raises(ValueError, match="no such scenario: x"):
        apply_scenario(simulator, "x")
