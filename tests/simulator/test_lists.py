from typing import Any

import pytest

from cloud66_simulator import ManualClock, Simulator, SimulatorAdapter, StackSpec
from cloud66_simulator.behaviour import PAGINATION
from simulator.api import ACTIONS, DEPLOYMENTS, MINE, Api


def test_past(api: Api) -> None:
    """The default stack has a dozen successful deployments, and actions with ids of their own."""
    assert api.ids(DEPLOYMENTS) == list(range(107, 95, -1))
    assert api.ids(ACTIONS) == list(range(39, 27, -1))
    assert (api.live(), [record["is_head"] for record in api.show(DEPLOYMENTS)]) == ([107], [True] + 11 * [False])


@pytest.mark.parametrize(
    ("fields", "page", "eldest", "shown"),
    [
        (PAGINATION, "1", 96, (None, 2, 1, 5, 12, 3)),
        (PAGINATION, "3", 106, (2, None, 3, 5, 12, 3)),
        (PAGINATION, "9", None, (8, None, 9, 5, 12, 3)),
        (("next", "pages"), "1", 96, (2, 3)),
        ((), "1", 96, ()),
        (None, "1", 96, None),
    ],
)
def test_pages(api: Api, simulator: Simulator, fields: Any, page: str, eldest: int | None, shown: Any) -> None:
    """A list may begin with the eldest; its pages name their neighbours, say less, or nothing; the last is short."""
    simulator.behaviour.update({"list_order": "oldest_first", "pagination_fields": fields, "per_page": 5})
    for path, back in ((DEPLOYMENTS, 0), (ACTIONS, 68)):
        ids = [] if eldest is None else [number - back for number in range(eldest, min(eldest + 5, 108))]
        answer = api.get(path, params={"page": page}).json()
        assert ([record["id"] for record in answer["response"]], answer["count"]) == (ids, len(ids))
        assert answer.get("pagination") == (None if fields is None else dict(zip(fields, shown, strict=True)))


def test_filter(api: Api, simulator: Simulator) -> None:
    """The filter by reference keeps the exact ones, is ignored, or is refused."""
    simulator.request_deployment(user_reference="mine")
    simulator.request_deployment(user_reference="mine too")
    [found] = api.show(ACTIONS, **MINE)
    assert (found["id"], found["metadata"]) == (40, {"user_reference": "mine"})
    simulator.behaviour.ignore_reference_filter = True
    assert len(api.ids(ACTIONS, **MINE)) == 14
    simulator.behaviour.refuse_reference_filter = 422
    assert (api.get(ACTIONS, params=MINE).status_code, len(api.ids(ACTIONS))) == (422, 14)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["0", "1", "2", "3"]),
        ({"filter_name": "App 1"}, ["2", "3"]),
        ({"filter_name": "App 1", "filter_environment": "production"}, ["3"]),
        ({"filter_name": "App"}, []),
    ],
)
def test_stacks(api: Api, clock: ManualClock, filters: dict[str, str], found: list[str]) -> None:
    """The filters keep the equal ones, or are ignored; each stack has a queue and a live deployment of its own."""
    stacks = [
        StackSpec(str(number), f"App {number // 2}", ("staging", "production")[number % 2], history=1)
        for number in range(4)
    ]
    simulator = Simulator(clock.now, stacks=stacks)
    api.mount("https://", SimulatorAdapter(simulator, clock.sleep))
    assert [stack["uid"] for stack in api.show("/stacks", **filters)] == found
    simulator.behaviour.ignore_stack_filters = True
    assert [stack["uid"] for stack in api.show("/stacks", **filters)] == ["0", "1", "2", "3"]
    queued = [api.post(f"/stacks/{uid}/deployments").json()["response"]["queued"] for uid in "112"]
    clock.sleep(100)
    seen = [[record["is_live"] for record in api.show(f"/stacks/{uid}/deployments")] for uid in "12"]
    assert (queued, seen) == ([False, True, False], [[True, False, False], [True, False]])
