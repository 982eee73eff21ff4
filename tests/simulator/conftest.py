from collections.abc import Iterator

import pytest

from cloud66_simulator import Behaviour, ManualClock, Simulator, SimulatorAdapter
from simulator.api import Api


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture
def behaviour() -> Behaviour:
    """The dials of the simulator."""
    return Behaviour()


@pytest.fixture
def simulator(clock: ManualClock, behaviour: Behaviour) -> Simulator:
    """A fresh account."""
    return Simulator(clock.now, behaviour=behaviour)


@pytest.fixture
def api(simulator: Simulator, clock: ManualClock) -> Iterator[Api]:
    """A session whose requests go into the simulator."""
    with Api() as made:
        made.trust_env = False
        made.headers["Authorization"] = "Bearer demo-token"
        made.mount("https://", SimulatorAdapter(simulator, clock.sleep))
        yield made
