from typing import Any

import pytest

from cloud66_simulator import DOCKER_STACK, Behaviour, ManualClock, Simulator, SimulatorAdapter, StackSpec
from simulator.api import ACTIONS, DEPLOYMENTS, MINE, STACK, Api

MANY = 65


def test_past(api: Api) -> None:
    """The default stack has a dozen successful deployments, and actions with ids of their own."""
    assert api.ids(DEPLOYMENTS) == list(range(107, 95, -1))
    assert api.ids(ACTIONS) == list(range(39, 27, -1))
    assert (api.live(), [record["is_head"] for record in api.show(DEPLOYMENTS)]) == ([107], [True] + 11 * [False])


@pytest.mark.parametrize(
    ("page", "ids", "previous", "next_page"),
    [("1", [107, 106, 105, 104, 103], None, 2), ("3", [97, 96], 2, None), ("9", [], 8, None)],
)
def test_pages(
    api: Api, behaviour: Behaviour, page: str, ids: list[int], previous: int | None, next_page: int | None
) -> None:
    """A list is cut into pages, which name their neighbours; a page that doesn't exist is empty."""
    behaviour.per_page = 5
    assert api.get(DEPLOYMENTS, params={"page": page}).json()["pagination"] == {
        "previous": previous, "next": next_page, "current": int(page), "per_page": 5, "count": 12, "pages": 3,
    }  # fmt: skip
    assert api.ids(DEPLOYMENTS, page=page) == ids


@pytest.mark.parametrize(("fields", "shown"), [(None, None), ((), {}), (("next", "pages"), {"next": 2, "pages": 3})])
@pytest.mark.parametrize(("path", "eldest"), [(DEPLOYMENTS, 96), (ACTIONS, 28)])
def test_other_lists(api: Api, behaviour: Behaviour, path: str, eldest: int, fields: Any, shown: Any) -> None:
    """A list may begin with the eldest, and its pages may say less of each other, or nothing."""
    behaviour.update({"list_order": "oldest_first", "pagination_fields": fields, "per_page": 5})
    assert api.ids(path) == list(range(eldest, eldest + 5))
    assert api.get(path).json().get("pagination") == shown


def test_filter(api: Api, simulator: Simulator, behaviour: Behaviour) -> None:
    """The filter by reference keeps the exact ones, is ignored, or is refused."""
    simulator.request_deployment(user_reference="mine")
    simulator.request_deployment(user_reference="mine too")
    [found] = api.show(ACTIONS, **MINE)
    assert (found["id"], found["metadata"]) == (40, {"user_reference": "mine"})
    behaviour.ignore_reference_filter = True
    assert len(api.ids(ACTIONS, **MINE)) == 14
    behaviour.refuse_reference_filter = 422
    assert (api.get(ACTIONS, params=MINE).status_code, len(api.ids(ACTIONS))) == (422, 14)


@pytest.mark.parametrize(
    "path",
    ["/stacks/x", f"{DEPLOYMENTS}/1", f"{ACTIONS}/1", "/x", f"{STACK}/", f"/stacks/{DOCKER_STACK}/deployments/107"],
)
def test_unknown(api: Api, path: str) -> None:
    """What isn't there, or below another stack, is a 404 with an error body."""
    answer = api.get(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, list(range(30))),
        ({"filter_name": "App 7"}, [14, 15]),
        ({"filter_name": "App 7", "filter_environment": "production"}, [15]),
        ({"filter_name": "app 7"}, []),
    ],
)
def test_stacks(api: Api, clock: ManualClock, behaviour: Behaviour, filters: dict[str, str], found: list[int]) -> None:
    """The filters keep the equal ones, or are ignored: then all stacks come, in pages, each exactly once."""
    stacks = [
        StackSpec(f"{number:032x}", f"App {number // 2}", ("staging", "production")[number % 2], history=1)
        for number in range(MANY)
    ]
    api.mount("https://", SimulatorAdapter(Simulator(clock.now, behaviour=behaviour, stacks=stacks), clock))

    def uids(**query: str) -> list[int]:
        return [int(stack["uid"], 16) for stack in api.show("/stacks", **query)]

    assert uids(**filters) == found
    behaviour.ignore_stack_filters = True
    assert [uid for page in "123" for uid in uids(page=page, **filters)] == list(range(MANY))
    # Each has a queue and a live deployment of its own.
    paths = [f"/stacks/{number:032x}/deployments" for number in (1, 1, 2)]
    assert [api.post(path).json()["response"]["queued"] for path in paths] == [False, True, False]
    clock.advance(100)
    seen = [[record["is_live"] for record in api.show(path)] for path in paths[1:]]
    assert seen == [[True, False, False], [True, False]]
