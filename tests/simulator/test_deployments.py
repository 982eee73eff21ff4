"""What becomes of deployments: they are asked for, wait, run, are cancelled and reverted."""

from math import inf

import pytest

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Fault, ManualClock, Problem, Simulator
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
def test_shapes(api: Api, simulator: Simulator, shape: str, answered: object, unapproved: object) -> None:
    """A POST answers in the shape that the behaviour says, without ids for what needs an approval."""
    simulator.behaviour.update({"post_shape": shape})
    assert api.post(DEPLOYMENTS).json() == {"response": answered}
    simulator.behaviour.approval_seconds = inf
    assert api.post(DEPLOYMENTS).json() == {"response": unapproved}


@pytest.mark.parametrize(("seconds", "found"), [(120.0, (13, 13, 108)), (inf, (12, 12, 0))])
def test_approval(api: Api, simulator: Simulator, clock: ManualClock, seconds: float, found: object) -> None:
    """What needs an approval is there when somebody has approved it, or never."""
    simulator.behaviour.approval_seconds = seconds
    api.post(DEPLOYMENTS, params=MINE)
    [mine] = simulator.deployments_of("mine")
    seen = []
    for wait in (119, 2):
        clock.sleep(wait)
        seen.append((len(api.show(DEPLOYMENTS)), len(api.show(ACTIONS)), mine.id))
    assert seen == [(12, 12, 0), found]


def test_hash(api: Api, simulator: Simulator) -> None:
    """A full hash deploys itself; a branch its head, or the hash that the behaviour says; no ref the stack's branch."""
    head, full = api.show(f"{DEPLOYMENTS}/107")["git_hash"], 40 * "a"

    def deployed(ref: str | None) -> tuple[str | None, bool]:
        number = api.post(DEPLOYMENTS, params={"git_ref": ref}).json()["response"]["id"]
        record = api.show(f"{DEPLOYMENTS}/{number}")
        return record["git_hash"], record["is_head"]

    assert [deployed(ref) for ref in ("main", None, head, full)] == 3 * [(head, True)] + [(full, False)]
    assert deployed("other")[0] not in {head, full}
    simulator.behaviour.git_hash = 40 * "b"
    assert [deployed(ref)[0] for ref in ("main", full)] == [40 * "b", full]


def test_cancelled(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """What runs is over shortly after its cancellation, however often; what waits never starts; the queue moves on."""
    first, second, third = (simulator.request_deployment() for _ in range(3))
    clock.sleep(10)
    answers = [api.delete(f"{DEPLOYMENTS}/{number}").json() for number in (first.id, first.id, second.id)]
    assert answers == 3 * [{"response": {"ok": True, "message": "Deployment cancelled"}}]
    assert (first.state(clock.now()), second.state(clock.now())) == ("running", "queued")
    clock.sleep(5)
    record = api.show(f"{DEPLOYMENTS}/{second.id}")
    assert (record["started_at"], record["outcome"]["code"], record["finished_at"] is None) == (None, 3, False)
    assert api.show(f"{DEPLOYMENTS}/{first.id}")["outcome"]["meaning"] == "cancelled"
    assert first.ends_at - simulator.started == pytest.approx(12.025, abs=1e-3)
    assert (second.starts_at, third.starts_at) == (inf, first.ends_at)
    assert (first.cancelled, first.cancelled_by, third.cancelled) == (True, "ci@example.com", False)


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
        clock.sleep(5)
    assert seen == [(0, 404, 404), (1, 404, 404), (1, 200, 200)]


def test_no_record_while_queued(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """The record may not exist before the deployment starts or is cancelled in the queue."""
    simulator.behaviour.record_while_queued = False
    for _ in range(3):
        simulator.request_deployment()
    simulator.cancel(110)
    seen = []
    for seconds in (0, 3, 40):
        clock.sleep(seconds)
        seen.append(api.ids(DEPLOYMENTS)[:-12])
    assert seen == [[108], [110, 108], [110, 109, 108]]


def test_revert(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A colleague reverts a success: its record says by whom and when, and the one before is live again."""
    made = simulator.request_deployment()
    clock.sleep(60)
    before, action = api.show(f"{DEPLOYMENTS}/108"), api.show(f"{ACTIONS}/40")
    assert (before["reverted"], before["reverted_by"], before["reverted_at"], api.live()) == (None, None, None, [108])
    assert simulator.revert(108, "anna@example.com") is made
    changed = {"reverted_by": "anna@example.com", "reverted_at": "2026-01-01T00:01:00Z", "is_live": False}
    assert api.show(f"{DEPLOYMENTS}/108") == before | changed | {"reverted": True}
    assert (api.show(f"{ACTIONS}/40"), api.live(), made.final_fate) == (action, [107], "reverted")
    simulator.revert(106)
    simulator.revert(107)
    assert (api.live(), api.show(f"{DEPLOYMENTS}/106")["reverted_by"]) == ([105], "colleague@example.com")


def test_neither_cancelled_nor_reverted(simulator: Simulator, clock: ManualClock) -> None:
    """What is over can't be cancelled, what is no finished success not be reverted: 409; nor what isn't there: 404."""
    made = [simulator.request_deployment(fate=fate).id for fate in ("failed", "cancelled", "reverted", "success")]
    clock.sleep(130)
    for work, over in ((simulator.cancel, made[:3]), (simulator.revert, made)):
        for number in (*over, 999):
            with pytest.raises(Problem) as caught:
                work(number)
            assert caught.value.status == (404 if number == 999 else 409)


@pytest.mark.parametrize(("stack", "ref", "late"), [(DOCKER_STACK, None, 0), (DEFAULT_STACK, "hotfix", 30)])
def test_overtaken(api: Api, simulator: Simulator, clock: ManualClock, stack: str, ref: str | None, late: int) -> None:
    """Right behind a POST, also a late one, comes a colleague's short deployment of another ref, and is live soon."""
    simulator.behaviour.overtaken_after_seconds = 2
    simulator.faults.append(Fault("late_status", method="POST", seconds=late))
    path = f"/stacks/{stack}/deployments"
    api.post(path, params=MINE)
    seen = []
    for seconds in (late + 1, 2, 38, 5):
        clock.sleep(seconds)
        seen.append([record["id"] for record in api.show(path) if record["id"] > 107 and record["is_live"]])
    assert seen == [[], [], [108], [109]]
    mine, overtaking = simulator.all_deployments()[-2:]
    assert (overtaking.git_ref, overtaking.user, overtaking.starts_at) == (ref, "colleague@example.com", mine.ends_at)
    assert overtaking.requested_at - mine.requested_at == 2
