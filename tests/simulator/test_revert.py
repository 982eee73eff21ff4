import pytest

from cloud66_simulator import DOCKER_STACK, Behaviour, ManualClock, Problem, Simulator
from cloud66_simulator.behaviour import Fate
from simulator.api import ACTIONS, DEPLOYMENTS, Api

ANNA = "anna@example.com"


@pytest.mark.parametrize("fate", ["success", "failed", "cancelled", "odd", "reverted"])
def test_exactly_one_is_live(api: Api, simulator: Simulator, clock: ManualClock, fate: Fate) -> None:
    """Exactly one deployment is live at any time."""
    simulator.request_deployment(fate=fate)
    for seconds in range(10):
        assert len(api.live()) == 1
        clock.advance(seconds)


def test_revert(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A colleague reverts a success: its record says by whom and when, and the one before is live again."""
    made = simulator.request_deployment(user_reference="mine")
    clock.advance(60)
    before = api.show(f"{DEPLOYMENTS}/108")
    assert (before["reverted"], before["reverted_by"], before["reverted_at"], api.live()) == (None, None, None, [108])
    assert simulator.revert(108, ANNA) is made
    after = api.show(f"{DEPLOYMENTS}/108")
    changed = {"reverted": True, "reverted_by": ANNA, "reverted_at": "2026-01-01T00:01:00Z", "is_live": False}
    assert (after, api.live(), made.final_fate) == (before | changed, [107], "reverted")
    simulator.revert(106)
    assert (api.live(), api.show(f"{DEPLOYMENTS}/106")["reverted_by"]) == ([107], "colleague@example.com")
    simulator.revert(107)
    assert api.live() == [105]


def test_before_it_shows_as_live(api: Api, simulator: Simulator, behaviour: Behaviour, clock: ManualClock) -> None:
    """What is reverted before it shows as live never does; the only success leaves none."""
    behaviour.live_lag_seconds = 20
    for made in (simulator.request_deployment(), simulator.request_deployment(DOCKER_STACK)):
        simulator.revert(made.id, at=made.ends_at + 10)
    clock.advance(100)
    [record] = api.show(f"/stacks/{DOCKER_STACK}/deployments")
    assert (api.live(), record["reverted"], record["is_live"]) == ([107], True, False)


def test_arranged(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A revert may be arranged for a time to come: of what is cancelled it doesn't happen, nor before the end."""
    first, second = simulator.request_deployment(), simulator.request_deployment()
    simulator.revert(first.id, at=first.ends_at)
    simulator.revert(second.id, at=second.ends_at)
    clock.advance(30)
    simulator.behaviour.cancel_takes_seconds = 50
    simulator.cancel(first.id)
    clock.advance(60)
    assert (first.final_fate, second.state(clock.now())) == ("cancelled", "running")
    assert api.show(f"{DEPLOYMENTS}/109")["reverted"] is None
    clock.advance(40)
    second_record = api.show(f"{DEPLOYMENTS}/109")
    assert api.show(f"{DEPLOYMENTS}/108")["reverted"] is None
    assert second_record["reverted_at"] == second_record["finished_at"] == "2026-01-01T00:02:00Z"


@pytest.mark.parametrize("fate", ["action_failed", "action_null"])
def test_leaves_the_action(api: Api, simulator: Simulator, clock: ManualClock, fate: Fate) -> None:
    """A revert changes nothing about how the action ended."""
    made = simulator.request_deployment(fate=fate)
    clock.advance(60)
    before = api.show(f"{ACTIONS}/40")
    simulator.revert(made.id)
    assert (api.show(f"{ACTIONS}/40"), made.final_fate) == (before, fate)


@pytest.mark.parametrize("fate", ["failed", "cancelled", "odd", "reverted"])
def test_no_revert(simulator: Simulator, clock: ManualClock, fate: Fate) -> None:
    """Neither what runs nor a failure nor what is reverted can be reverted: 409; nor what isn't there: 404."""
    made = simulator.request_deployment(fate=fate)
    statuses = []
    for number in (made.id, made.id, 107, 107, 999):
        try:
            statuses.append(simulator.revert(number).id)
        except Problem as problem:
            statuses.append(problem.status)
        clock.advance(60)
    assert statuses == [409, 409, 107, 409, 404]


def test_rollback(api: Api, behaviour: Behaviour, clock: ManualClock) -> None:
    """A deployment fails, the hash that is live is deployed again, and that is live by the new deployment."""
    behaviour.fates, behaviour.git_hash = ("failed", "success"), 40 * "b"
    api.post(DEPLOYMENTS)
    clock.advance(60)
    assert (api.show(f"{DEPLOYMENTS}/108")["outcome"]["code"], api.live()) == (2, [107])
    live = api.show(f"{DEPLOYMENTS}/107")["git_hash"]
    api.post(DEPLOYMENTS, params={"git_ref": live})
    assert api.live() == [107]
    clock.advance(60)
    back = api.show(f"{DEPLOYMENTS}/109")
    assert (back["git_ref"], back["git_hash"], api.live()) == (live, live, [109])
