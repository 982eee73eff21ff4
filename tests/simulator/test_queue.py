from contextlib import suppress
from itertools import pairwise
from math import inf

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from cloud66_simulator import DEFAULT_STACK, DEFAULT_START, DOCKER_STACK, Behaviour, ManualClock, Problem, Simulator
from cloud66_simulator.behaviour import FATES, Fate

DEPLOYMENTS = f"/stacks/{DEFAULT_STACK}/deployments"


def test_waits(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A deployment waits for the one before it and starts right after it."""
    first = simulator.request_deployment()
    answer = session.post(DEPLOYMENTS).json()["response"]
    assert answer == {"id": 109, "message": "Deployment scheduled", "queued": True}
    record = session.get(f"{DEPLOYMENTS}/109").json()["response"]
    assert (record["started_at"], record["is_deploying"]) == (None, False)
    clock.advance(41)
    record = session.get(f"{DEPLOYMENTS}/109").json()["response"]
    assert record["is_deploying"]
    assert record["started_at"] == session.get(f"{DEPLOYMENTS}/{first.id}").json()["response"]["finished_at"]


def test_stacks_are_independent(simulator: Simulator, clock: ManualClock) -> None:
    """Each stack has a queue of its own."""
    simulator.request_deployment()
    assert simulator.request_deployment(DOCKER_STACK).state(clock.now()) == "running"


def test_cancel_running(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A running deployment that is cancelled is over shortly after; then the queue moves on."""
    first, second = simulator.request_deployment(), simulator.request_deployment()
    clock.advance(10)
    answer = session.delete(f"{DEPLOYMENTS}/{first.id}")
    assert answer.json() == {"response": {"ok": True, "message": "Deployment cancelled"}}
    assert first.state(clock.now()) == "running"
    clock.advance(2)
    assert session.get(f"{DEPLOYMENTS}/{first.id}").json()["response"]["outcome"]["meaning"] == "cancelled"
    assert second.starts_at == first.ends_at == pytest.approx(DEFAULT_START + 12.025)
    assert (first.cancelled, first.cancelled_by, second.cancelled) == (True, "ci@example.com", False)


def test_cancel_queued(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A waiting deployment that is cancelled never starts, and the next one doesn't wait for it."""
    first, second, third = (simulator.request_deployment() for _ in range(3))
    session.delete(f"{DEPLOYMENTS}/{second.id}")
    clock.advance(5)
    record = session.get(f"{DEPLOYMENTS}/{second.id}").json()["response"]
    assert (record["started_at"], record["outcome"]["code"]) == (None, 3)
    assert record["finished_at"] is not None
    assert first.state(clock.now()) == "running"
    assert (second.starts_at, third.starts_at) == (inf, first.ends_at)


def test_cancel_twice(session: requests.Session, simulator: Simulator, behaviour: Behaviour) -> None:
    """Cancelling again while it is being cancelled changes nothing."""
    behaviour.cancel_takes_seconds = 30
    made = simulator.request_deployment()
    simulator.cancel(made.id)
    ends_at = made.ends_at
    assert session.delete(f"{DEPLOYMENTS}/{made.id}").status_code == 200
    assert made.ends_at == ends_at


def test_cancel_finished(session: requests.Session) -> None:
    """What is over can't be cancelled: 409."""
    answer = session.delete(f"{DEPLOYMENTS}/107")
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")


def test_cancel_unknown(session: requests.Session, simulator: Simulator) -> None:
    """What isn't there can't be cancelled: 404."""
    assert session.delete(f"{DEPLOYMENTS}/999").status_code == 404
    with pytest.raises(Problem, match="999"):
        simulator.cancel(999)


def test_late_records(session: requests.Session, behaviour: Behaviour, clock: ManualClock) -> None:
    """Records may appear late, the action's and the deployment's each at its time."""
    behaviour.action_record_delay_seconds, behaviour.deployment_record_delay_seconds = 5, 10
    session.post(DEPLOYMENTS, params={"user_reference": "mine"})

    def seen() -> tuple[int, int]:
        found = session.get(f"/stacks/{DEFAULT_STACK}/actions", params={"user_reference": "mine"}).json()["count"]
        return found, session.get(f"{DEPLOYMENTS}/108").status_code

    assert seen() == (0, 404)
    clock.advance(5)
    assert seen() == (1, 404)
    assert session.delete(f"{DEPLOYMENTS}/108").status_code == 404
    clock.advance(5)
    assert seen() == (1, 200)


def test_no_record_while_queued(
    session: requests.Session, simulator: Simulator, behaviour: Behaviour, clock: ManualClock
) -> None:
    """The record may not exist before the deployment starts or is cancelled in the queue."""
    behaviour.record_while_queued = False
    simulator.request_deployment()
    waiting, dropped = simulator.request_deployment(), simulator.request_deployment()
    assert session.get(f"{DEPLOYMENTS}/{waiting.id}").status_code == 404
    simulator.cancel(dropped.id)
    clock.advance(3)
    assert session.get(f"{DEPLOYMENTS}/{dropped.id}").status_code == 200
    clock.advance(40)
    assert session.get(f"{DEPLOYMENTS}/{waiting.id}").status_code == 200


def test_never_ends(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A deployment may never end, and all others wait."""
    simulator.request_deployment(duration=inf)
    second = simulator.request_deployment()
    clock.advance(1e6)
    assert session.get(f"{DEPLOYMENTS}/108").json()["response"]["is_deploying"]
    assert second.state(clock.now()) == "queued"


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
    assert all(one.state(clock.now()) == "finished" for one in asked)
    ran = [one for one in asked if one.starts_at < inf]
    assert all(one.requested_at <= one.starts_at <= one.ends_at for one in ran)
    assert all(before.ends_at <= after.starts_at for before, after in pairwise(ran))
