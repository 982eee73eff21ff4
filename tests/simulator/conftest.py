from collections.abc import Iterator

import pytest

from cloud66_simulator import ManualClock, Simulator, SimulatorAdapter
from simulator.api import Api


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture
def simulator(clock: ManualClock) -> Simulator:
    """A fresh account."""
    return Simulator(clock.now)


@pytest.fixture
def api(simulator: Simulator, clock: ManualClock) -> Iterator[Api]:
    """A session whose requests go into the simulator."""
    with Api() as made:
        made.trust_env = False
        made.headers["Authorization"] = "Bearer demo-token"
        made.mount("https://", SimulatorAdapter(simulator, clock.sleep))
        yield made
