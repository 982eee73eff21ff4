from contextlib import suppress
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_simulator import DEFAULT_START, DOCKER_STACK, Behaviour, ManualClock, Problem, Simulator
from cloud66_simulator.behaviour import FATES, Fate
from simulator.api import ACTIONS, DEPLOYMENTS, MINE, STACK, Api


def test_waits(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A deployment waits for the one before it on the same stack, and starts right after it."""
    simulator.request_deployment()
    assert simulator.request_deployment(DOCKER_STACK).state(clock.now()) == "running"
    assert api.post(DEPLOYMENTS).json()["response"]["queued"]
    waiting = api.show(f"{DEPLOYMENTS}/110")
    assert (waiting["started_at"], waiting["is_deploying"], api.show(STACK)["status"]) == (None, False, 6)
    clock.advance(41)
    started = api.show(f"{DEPLOYMENTS}/110")
    assert started["is_deploying"]
    assert started["started_at"] == api.show(f"{DEPLOYMENTS}/108")["finished_at"]


def test_cancel_running(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A running deployment that is cancelled is over shortly after; then the queue moves on."""
    first, second = simulator.request_deployment(), simulator.request_deployment()
    clock.advance(10)
    answer = api.delete(f"{DEPLOYMENTS}/{first.id}").json()
    assert answer == {"response": {"ok": True, "message": "Deployment cancelled"}}
    assert first.state(clock.now()) == "running"
    # Cancelling it again changes nothing.
    assert api.delete(f"{DEPLOYMENTS}/{first.id}").status_code == 200
    clock.advance(2)
    assert api.show(f"{DEPLOYMENTS}/{first.id}")["outcome"]["meaning"] == "cancelled"
    assert second.starts_at == first.ends_at == pytest.approx(DEFAULT_START + 12.025)
    assert (first.cancelled, first.cancelled_by, second.cancelled) == (True, "ci@example.com", False)


def test_cancel_queued(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A waiting deployment that is cancelled never starts, and the next one doesn't wait for it."""
    first, second, third = (simulator.request_deployment() for _ in range(3))
    api.delete(f"{DEPLOYMENTS}/{second.id}")
    clock.advance(5)
    record = api.show(f"{DEPLOYMENTS}/{second.id}")
    assert (record["started_at"], record["outcome"]["code"], record["finished_at"] is None) == (None, 3, False)
    assert (first.state(clock.now()), second.starts_at, third.starts_at) == ("running", inf, first.ends_at)


@pytest.mark.parametrize(("number", "status"), [(107, 409), (999, 404)])
def test_no_cancel(api: Api, simulator: Simulator, number: int, status: int) -> None:
    """What is over can't be cancelled, nor what isn't there."""
    assert api.delete(f"{DEPLOYMENTS}/{number}").status_code == status
    with pytest.raises(Problem) as declined:
        simulator.cancel(number)
    assert declined.value.status == status


@pytest.mark.parametrize("delays", [None, (10.0, 5.0)])
def test_late_records(api: Api, simulator: Simulator, clock: ManualClock, delays: tuple[float, float] | None) -> None:
    """Records may appear late, the action's and the deployment's each at its time."""
    if delays is None:
        simulator.behaviour.update({"action_record_delay_seconds": 5, "deployment_record_delay_seconds": 10})
    simulator.request_deployment(record_delays=delays, user_reference="mine")
    seen = []
    for _ in range(3):
        shown = [api.request(method, f"{DEPLOYMENTS}/108").status_code for method in ("GET", "DELETE")]
        seen.append((len(api.ids(ACTIONS, **MINE)), *shown))
        clock.advance(5)
    assert seen == [(0, 404, 404), (1, 404, 404), (1, 200, 200)]


def test_no_record_while_queued(api: Api, simulator: Simulator, behaviour: Behaviour, clock: ManualClock) -> None:
    """The record may not exist before the deployment starts or is cancelled in the queue."""
    behaviour.record_while_queued = False
    for _ in range(3):
        simulator.request_deployment()
    simulator.cancel(110)
    seen = []
    for seconds in (0, 3, 40):
        clock.advance(seconds)
        seen.append(api.ids(DEPLOYMENTS)[:-12])
    assert seen == [[108], [110, 108], [110, 109, 108]]


def test_never_ends(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A deployment may never end, and all others wait."""
    simulator.request_deployment(duration=inf)
    second = simulator.request_deployment()
    clock.advance(1e6)
    assert (api.show(f"{DEPLOYMENTS}/108")["is_deploying"], second.state(clock.now())) == (True, "queued")


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 30), st.floats(0, 30), st.sampled_from(FATES), st.none() | st.integers(108, 116)),
        max_size=9,
    )
)
def test_one_at_a_time(steps: list[tuple[float, float, Fate, int | None]]) -> None:
    """Whatever is asked and cancelled, deployments run in their order and never two at once."""
    clock = ManualClock()
    simulator = Simulator(clock.now)
    for wait, duration, fate, cancelled in steps:
        simulator.request_deployment(duration=duration, fate=fate)
        clock.advance(wait)
        if cancelled is not None:
            with suppress(Problem):
                simulator.cancel(cancelled)
    clock.advance(1000)
    asked = simulator.all_deployments()[12:]
    assert all(deployment.state(clock.now()) == "finished" for deployment in asked)
    ran = [deployment for deployment in asked if deployment.starts_at < inf]
    assert all(deployment.requested_at <= deployment.starts_at <= deployment.ends_at for deployment in ran)
    assert all(before.ends_at <= after.starts_at for before, after in pairwise(ran))
