from typing import Any

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, ManualClock, Problem, Simulator
from cloud66_simulator.behaviour import Fate

DEPLOYMENTS = f"/stacks/{DEFAULT_STACK}/deployments"


def _live(session: requests.Session) -> list[int]:
    """The ids of all deployments that are said to be live."""
    return [one["id"] for one in session.get(DEPLOYMENTS).json()["response"] if one["is_live"]]


def _record(session: requests.Session, number: int) -> dict[str, Any]:
    record: dict[str, Any] = session.get(f"{DEPLOYMENTS}/{number}").json()["response"]
    return record


@pytest.mark.parametrize(
    ("fate", "live"),
    [
        ("success", [108]),
        ("action_failed", [108]),
        ("failed", [107]),
        ("cancelled", [107]),
        ("odd", [107]),
        ("reverted", [107]),
    ],
)
def test_exactly_one(
    session: requests.Session, simulator: Simulator, clock: ManualClock, fate: Fate, live: list[int]
) -> None:
    """Exactly one deployment is live, at any time: the newest success that is not reverted."""
    simulator.request_deployment(fate=fate)
    seen = []
    for _ in range(10):
        seen.append(_live(session))
        clock.advance(5)
    assert seen == 8 * [[107]] + 2 * [live]


def test_lag(session: requests.Session, simulator: Simulator, behaviour: Behaviour, clock: ManualClock) -> None:
    """A success may show as live only some time after its end; until then the one before does."""
    behaviour.live_lag_seconds = 20
    simulator.request_deployment()
    clock.advance(55)
    assert (_record(session, 108)["outcome"]["code"], _live(session)) == (1, [107])
    clock.advance(5)
    assert _live(session) == [108]


def test_lag_and_revert(
    session: requests.Session, simulator: Simulator, behaviour: Behaviour, clock: ManualClock
) -> None:
    """What is reverted before it shows as live never does."""
    behaviour.live_lag_seconds = 20
    simulator.request_deployment()
    clock.advance(50)
    simulator.revert(108)
    clock.advance(50)
    assert _live(session) == [107]


def test_no_field(session: requests.Session, behaviour: Behaviour) -> None:
    """Records may lack the field, and nothing but that."""
    before = _record(session, 107)
    behaviour.live_field = False
    assert _record(session, 107) == {name: value for name, value in before.items() if name != "is_live"}
    assert all("is_live" not in one for one in session.get(DEPLOYMENTS).json()["response"])


def test_revert(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """Somebody reverts a success: its record says by whom and when, and the one before is live again."""
    made = simulator.request_deployment(user_reference="mine")
    clock.advance(60)
    before = _record(session, 108)
    assert (before["reverted"], before["reverted_by"], before["reverted_at"], _live(session)) == (
        None, None, None, [108],
    )  # fmt: skip
    assert simulator.revert(108, "anna@example.com") is made
    after = _record(session, 108)
    assert (after["reverted"], after["reverted_by"], after["outcome"]["code"]) == (True, "anna@example.com", 1)
    assert after["reverted_at"] == "2026-01-01T00:01:00Z"
    assert (_live(session), made.final_fate) == ([107], "reverted")
    simulator.revert(107)
    assert (_live(session), _record(session, 107)["reverted_by"]) == ([106], "colleague@example.com")


def test_revert_an_older_one(session: requests.Session, simulator: Simulator) -> None:
    """Reverting one that isn't live changes nothing about the one that is, until that is reverted too."""
    simulator.revert(106)
    assert _live(session) == [107]
    simulator.revert(107)
    assert _live(session) == [105]


def test_revert_at(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A revert may be arranged for a time to come, from the end of the deployment on."""
    made = simulator.request_deployment()
    with pytest.raises(Problem) as early:
        simulator.revert(made.id, at=clock.now() + 39)
    simulator.revert(made.id, at=clock.now() + 50)
    clock.advance(45)
    assert (early.value.status, _record(session, 108)["reverted"], _live(session)) == (409, None, [108])
    clock.advance(5)
    assert (_record(session, 108)["reverted"], _live(session)) == (True, [107])


def test_revert_arranged_in_vain(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """What is cancelled after all is not reverted; what ends later than planned is reverted at its end."""
    first, second = simulator.request_deployment(), simulator.request_deployment()
    simulator.revert(first.id, at=first.ends_at)
    simulator.revert(second.id, at=second.ends_at)
    clock.advance(30)
    simulator.behaviour.cancel_takes_seconds = 50
    simulator.cancel(first.id)
    clock.advance(60)
    assert (first.final_fate, second.state(clock.now()), _record(session, 109)["reverted"]) == (
        "cancelled", "running", None,
    )  # fmt: skip
    clock.advance(40)
    assert _record(session, 108)["reverted"] is None
    assert _record(session, 109)["reverted_at"] == _record(session, 109)["finished_at"] == "2026-01-01T00:02:00Z"


@pytest.mark.parametrize("fate", ["action_failed", "action_null"])
def test_revert_leaves_the_action(
    simulator: Simulator, session: requests.Session, clock: ManualClock, fate: Fate
) -> None:
    """A revert changes nothing about how the action ended."""
    made = simulator.request_deployment(fate=fate)
    clock.advance(60)
    path = f"/stacks/{DEFAULT_STACK}/actions/{made.action_id}"
    before = session.get(path).json()
    simulator.revert(made.id)
    assert (session.get(path).json(), made.final_fate) == (before, fate)


@pytest.mark.parametrize("fate", ["failed", "cancelled", "odd", "reverted"])
def test_no_revert(simulator: Simulator, clock: ManualClock, fate: Fate) -> None:
    """Neither what is under way nor a failure nor what is reverted can be reverted: 409; nor what isn't there: 404."""
    made = simulator.request_deployment(fate=fate)
    statuses = []
    for number in (made.id, made.id, 107, 107, 999):
        try:
            statuses.append(simulator.revert(number).id)
        except Problem as problem:
            statuses.append(problem.status)
        clock.advance(60)
    assert statuses == [409, 409, 107, 409, 404]


def test_nothing_before(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """With the only success reverted none is live."""
    made = simulator.request_deployment(DOCKER_STACK)
    clock.advance(60)
    simulator.revert(made.id)
    [record] = session.get(f"/stacks/{DOCKER_STACK}/deployments").json()["response"]
    assert (record["reverted"], record["is_live"]) == (True, False)


def test_revert_as_a_deployment(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A revert may also be a deployment of its own, of an older hash; it is live afterwards."""
    old = _record(session, 106)["git_hash"]
    simulator.request_deployment(deploy_type="revert", git_ref=old)
    clock.advance(60)
    record = _record(session, 108)
    assert record["deploy_type"] == {"code": 4, "meaning": "revert"}
    assert (record["git_hash"], record["is_live"], record["is_head"], _live(session)) == (old, True, False, [108])


def test_rollback(session: requests.Session, behaviour: Behaviour, clock: ManualClock) -> None:
    """Ours fails, the hash that is live is deployed again, that succeeds, and it is live by the new deployment."""
    behaviour.fates, behaviour.git_hash = ("failed", "success"), 40 * "b"
    session.post(DEPLOYMENTS, params={"git_ref": "main", "user_reference": "mine"})
    clock.advance(60)
    failed, live = _record(session, 108), _record(session, 107)
    assert (failed["outcome"]["code"], failed["is_live"], live["is_live"]) == (2, False, True)
    assert failed["git_hash"] != live["git_hash"]
    session.post(DEPLOYMENTS, params={"git_ref": live["git_hash"], "user_reference": "back"})
    assert _live(session) == [107]
    clock.advance(60)
    back = _record(session, 109)
    assert (back["outcome"]["code"], back["git_ref"], back["git_hash"]) == (1, live["git_hash"], live["git_hash"])
    assert _live(session) == [109]
