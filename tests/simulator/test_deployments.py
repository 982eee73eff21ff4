"""What becomes of deployments: they are asked for, wait, run, are cancelled and reverted."""

from contextlib import suppress
from itertools import pairwise
from math import inf
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_simulator import DEFAULT_STACK, DEFAULT_START, DOCKER_STACK, Behaviour, ManualClock, Problem, Simulator
from cloud66_simulator.behaviour import Fate
from simulator.api import ACTIONS, DEPLOYMENTS, MINE, Api

SCHEDULED = {"message": "Deployment scheduled", "queued": False}
QUEUED = {"ok": True, "message": "Stack queued for redeployment", "queued": False}


@pytest.mark.parametrize(
    ("shape", "answered", "unapproved"),
    [
        ("deployment_id", SCHEDULED | {"id": 108}, SCHEDULED | {"id": None}),
        ("action_id_as_id", SCHEDULED | {"id": 40}, SCHEDULED | {"id": None}),
        ("async_action_id", QUEUED | {"async_action_id": 40}, QUEUED | {"async_action_id": None}),
        ("async_action_id_null", QUEUED | {"async_action_id": None}, QUEUED | {"async_action_id": None}),
    ],
)
def test_shapes(api: Api, behaviour: Behaviour, shape: str, answered: object, unapproved: object) -> None:
    """A POST answers in the shape that the behaviour says, without ids for what needs an approval."""
    behaviour.update({"post_shape": shape})
    assert api.post(DEPLOYMENTS).json() == {"response": answered}
    behaviour.approval_seconds = inf
    assert api.post(DEPLOYMENTS).json() == {"response": unapproved}


@pytest.mark.parametrize(("seconds", "found"), [(120.0, (13, 13, 108)), (inf, (12, 12, 0))])
def test_approval(api: Api, simulator: Simulator, clock: ManualClock, seconds: float, found: object) -> None:
    """What needs an approval is there when somebody has approved it, or never."""
    simulator.behaviour.approval_seconds = seconds
    api.post(DEPLOYMENTS, params=MINE)
    [mine] = simulator.deployments_of("mine")
    seen = []
    for wait in (119, 2):
        clock.advance(wait)
        seen.append((len(api.show(DEPLOYMENTS)), len(api.show(ACTIONS)), mine.id))
    assert seen == [(12, 12, 0), found]


@pytest.mark.parametrize(
    ("stack", "options"),
    [
        (DEFAULT_STACK, {"services": "web"}),
        (DOCKER_STACK, {"git_ref": "main"}),
        (DEFAULT_STACK, {"user_reference": 256 * "x"}),
    ],
)
def test_bad(api: Api, simulator: Simulator, stack: str, options: dict[str, str]) -> None:
    """A bad option is a 400 and deploys nothing."""
    before = simulator.all_deployments()
    answer = api.post(f"/stacks/{stack}/deployments", params=options)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert simulator.all_deployments() == before


def test_hash(api: Api, behaviour: Behaviour) -> None:
    """A full hash deploys itself; a branch its head, or the hash that the behaviour says; no ref the stack's branch."""
    head, full = api.show(f"{DEPLOYMENTS}/107")["git_hash"], 40 * "a"

    def deployed(ref: str | None) -> tuple[str | None, bool]:
        number = api.post(DEPLOYMENTS, params={"git_ref": ref}).json()["response"]["id"]
        record = api.show(f"{DEPLOYMENTS}/{number}")
        return record["git_hash"], record["is_head"]

    assert [deployed(ref) for ref in ("main", None, head, full)] == 3 * [(head, True)] + [(full, False)]
    assert deployed("other")[0] not in {head, full}
    behaviour.git_hash = 40 * "b"
    assert [deployed(ref)[0] for ref in ("main", full)] == [40 * "b", full]


def test_cancel_running(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A running deployment that is cancelled is over shortly after, however often; then the queue moves on."""
    first, second = simulator.request_deployment(), simulator.request_deployment()
    clock.advance(10)
    answers = [api.delete(f"{DEPLOYMENTS}/{first.id}").json() for _ in range(2)]
    assert answers == 2 * [{"response": {"ok": True, "message": "Deployment cancelled"}}]
    assert first.state(clock.now()) == "running"
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


@pytest.mark.parametrize("fate", get_args(Fate))
def test_exactly_one_is_live(api: Api, simulator: Simulator, clock: ManualClock, fate: Fate) -> None:
    """Exactly one deployment is live at any time."""
    simulator.request_deployment(fate=fate)
    for seconds in range(10):
        assert len(api.live()) == 1
        clock.advance(seconds)


def test_revert(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A colleague reverts a success: its record says by whom and when, and the one before is live again."""
    made = simulator.request_deployment()
    clock.advance(60)
    before, action = api.show(f"{DEPLOYMENTS}/108"), api.show(f"{ACTIONS}/40")
    assert (before["reverted"], before["reverted_by"], before["reverted_at"], api.live()) == (None, None, None, [108])
    assert simulator.revert(108, "anna@example.com") is made
    changed = {"reverted_by": "anna@example.com", "reverted_at": "2026-01-01T00:01:00Z", "is_live": False}
    assert api.show(f"{DEPLOYMENTS}/108") == before | changed | {"reverted": True}
    assert (api.show(f"{ACTIONS}/40"), api.live(), made.final_fate) == (action, [107], "reverted")
    simulator.revert(106)
    simulator.revert(107)
    assert (api.live(), api.show(f"{DEPLOYMENTS}/106")["reverted_by"]) == ([105], "colleague@example.com")


@pytest.mark.parametrize("fate", ["success", "failed", "cancelled", "reverted"])
def test_neither_cancelled_nor_reverted(api: Api, simulator: Simulator, clock: ManualClock, fate: Fate) -> None:
    """What is over can't be cancelled, what is no finished success not be reverted: 409; nor what isn't there: 404."""
    made = simulator.request_deployment(fate=fate)

    def status(work: Any, number: int) -> int:
        try:
            return int(bool(work(number)))
        except Problem as problem:
            return problem.status

    seen = [status(simulator.revert, made.id)]
    clock.advance(60)
    seen += [status(simulator.cancel, made.id), status(simulator.revert, made.id), status(simulator.revert, made.id)]
    assert seen == [409, 409, 1 if fate == "success" else 409, 409]
    assert [status(work, 999) for work in (simulator.cancel, simulator.revert)] == [404, 404]
    assert [api.delete(f"{DEPLOYMENTS}/{number}").status_code for number in (107, 999)] == [409, 404]


@given(
    steps=st.lists(
        st.tuples(
            st.floats(0, 30), st.floats(0, 30), st.sampled_from(get_args(Fate)), st.none() | st.integers(108, 116)
        ),
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
