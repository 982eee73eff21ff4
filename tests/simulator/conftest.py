from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cloud66_simulator import Behaviour, ManualClock, Simulator, SimulatorAdapter

BASE = "https://app.cloud66.com/api/3"


class ApiSession(requests.Session):
    """A session whose addresses are paths below the API's base, with a time-out on everything."""

    base = BASE

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        request.url = f"{self.base}{request.url}"
        return super().prepare_request(request)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or (5, 10)
        return super().send(request, **kwargs)


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
def session(simulator: Simulator, clock: ManualClock) -> Iterator[requests.Session]:
    """A session whose requests go into the simulator."""
    with ApiSession() as made:
        made.trust_env = False
        made.headers["Authorization"] = "Bearer demo-token"
        made.mount("https://", SimulatorAdapter(simulator, clock))
        yield made
