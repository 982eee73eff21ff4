import pytest
import requests

from cloud66_simulator import Behaviour, ManualClock, Simulator, StackSpec

MANY = 65


@pytest.fixture
def simulator(clock: ManualClock, behaviour: Behaviour) -> Simulator:
    """An account with many stacks; each name is there twice, once in either environment."""
    stacks = [
        StackSpec(f"{number:032x}", f"App {number // 2}", ("staging", "production")[number % 2], history=1)
        for number in range(MANY)
    ]
    return Simulator(clock.now, behaviour=behaviour, stacks=stacks)


def _uids(session: requests.Session, **params: str) -> list[int]:
    return [int(one["uid"], 16) for one in session.get("/stacks", params=params).json()["response"]]


def test_pages(session: requests.Session) -> None:
    """Many stacks come in pages, in their order, each exactly once."""
    first = session.get("/stacks").json()
    assert (first["count"], first["pagination"]) == (
        30,
        {"previous": None, "next": 2, "current": 1, "per_page": 30, "count": MANY, "pages": 3},
    )
    assert [one for page in "123" for one in _uids(session, page=page)] == list(range(MANY))
    assert session.get("/stacks", params={"page": "3"}).json()["pagination"]["next"] is None


@pytest.mark.parametrize(
    ("token", "status"), [("public-token", 200), ("no-scope-token", 403), ("expired-token", 402), ("wrong", 401)]
)
def test_scope(session: requests.Session, token: str, status: int) -> None:
    """The list of stacks needs the scope public and no other."""
    answer = session.get("/stacks", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"filter_name": "App 7"}, [14, 15]),
        ({"filter_name": "App 7", "filter_environment": "production"}, [15]),
        ({"filter_name": "app 7"}, []),
        ({"filter_environment": "nowhere"}, []),
    ],
)
def test_filters(session: requests.Session, behaviour: Behaviour, filters: dict[str, str], found: list[int]) -> None:
    """The filters keep the equal ones, or are ignored: then all stacks come, in pages."""
    assert _uids(session, **filters) == found
    behaviour.ignore_stack_filters = True
    assert _uids(session, **filters) == list(range(30))
    assert _uids(session, **filters, page="3") == list(range(60, MANY))


def test_queues(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """Each of many stacks has a queue, a past and a live deployment of its own."""
    one, other = f"{1:032x}", f"{2:032x}"
    for uid in (one, one, other):
        session.post(f"/stacks/{uid}/deployments", params={"user_reference": uid})
    states = [made.state(clock.now()) for uid in (one, other) for made in simulator.deployments_of(uid)]
    assert states == ["running", "queued", "running"]
    clock.advance(100)
    seen = {uid: session.get(f"/stacks/{uid}/deployments").json()["response"] for uid in (one, other)}
    assert [len(found) for found in seen.values()] == [3, 2]
    assert [record["is_live"] for found in seen.values() for record in found] == [True, False, False, True, False]
