import pytest

from cloud66_simulator import Behaviour, ManualClock, Simulator
from simulator.api import ACTIONS, DEPLOYMENTS, STACK, Api

READER = {"Authorization": "Bearer public-token"}


@pytest.mark.parametrize(
    ("authorization", "method", "path", "status", "word"),
    [
        ("", "GET", "/nope", 401, "unauthenticated"),
        ("Bearer wrong", "GET", STACK, 401, "unauthenticated"),
        ("Basic demo-token", "GET", STACK, 401, "unauthenticated"),
        ("Bearer expired-token", "GET", "/nope", 402, "trial_expired"),
        ("Bearer no-scope-token", "GET", STACK, 403, "forbidden"),
        ("Bearer public-token", "POST", DEPLOYMENTS, 403, "forbidden"),
        ("Bearer public-token", "DELETE", "/nope", 403, "forbidden"),
    ],
)
def test_refused(api: Api, authorization: str, method: str, path: str, status: int, word: str) -> None:
    """A token that doesn't open the scope is refused, whatever it asks for, and the body says why."""
    answer = api.request(method, path, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["error"]) == (status, word)
    assert set(answer.json()) == {"error", "error_description", "details"}


def test_limit(api: Api, behaviour: Behaviour, clock: ManualClock) -> None:
    """Over the hourly limit everything is throttled, until the next hour; another user has a limit of their own."""
    behaviour.rate_limit = 2
    answers = [api.get(path) for path in (STACK, "/nope", STACK)]
    seen = [(answer.status_code, answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert seen == [(200, "1"), (404, "0"), (503, "0")]
    assert (answers[-1].json()["error"], answers[-1].headers["X-RateLimit-Limit"]) == ("throttled", "2")
    assert api.get(STACK, headers=READER).status_code == 200
    clock.advance(3600 - clock.now() % 3600)
    assert api.get(STACK).status_code == 200


def test_log_of_requests(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """The log of requests tells who asked for what and what came of it; it holds no token, and nothing else."""
    api.get(ACTIONS, params={"user_reference": "x y", "page": ""})
    api.get("/nope", headers={"Authorization": "Bearer wrong"})
    api.base = "https://app.cloud66.com/api/2"
    assert api.get("/stacks").status_code == 404
    first, second = simulator.requests
    assert (first.method, first.path, first.query) == ("GET", ACTIONS, {"user_reference": "x y", "page": ""})
    assert (first.status, first.user, second.status, second.user) == (200, "ci@example.com", 401, None)
    assert first.time == pytest.approx(clock.now() - 0.125)
    assert "demo-token" not in repr(simulator.requests)
