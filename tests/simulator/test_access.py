"""Who may ask for what, how often, and what is kept of it."""

import pytest

from cloud66_simulator import DOCKER_STACK, ManualClock, Simulator
from simulator.api import ACTIONS, DEPLOYMENTS, STACK, Api

BOXED = f"/stacks/{DOCKER_STACK}/deployments"


@pytest.mark.parametrize(
    ("token", "asked", "status", "word"),
    [
        ("", "GET /nope", 401, "unauthenticated"),
        ("Bearer wrong", f"GET {STACK}", 401, "unauthenticated"),
        ("Basic demo-token", f"GET {STACK}", 401, "unauthenticated"),
        ("Bearer no-scope-token", f"GET {STACK}", 403, "forbidden"),
        ("Bearer public-token", f"POST {DEPLOYMENTS}", 403, "forbidden"),
        ("Bearer public-token", "DELETE /nope", 403, "forbidden"),
        ("Bearer demo-token", "GET /stacks/x", 404, "not_found"),
        ("Bearer demo-token", f"GET {STACK}/", 404, "not_found"),
        ("Bearer demo-token", f"GET {DEPLOYMENTS}/1", 404, "not_found"),
        ("Bearer demo-token", f"GET {ACTIONS}/1", 404, "not_found"),
        ("Bearer demo-token", f"GET {BOXED}/107", 404, "not_found"),
        ("Bearer demo-token", f"DELETE {DEPLOYMENTS}/999", 404, "not_found"),
        ("Bearer demo-token", f"DELETE {DEPLOYMENTS}/107", 409, "conflict"),
        ("Bearer demo-token", f"POST {DEPLOYMENTS}?services=web", 400, "bad_request"),
        ("Bearer demo-token", f"POST {BOXED}?git_ref=main", 400, "bad_request"),
        ("Bearer demo-token", f"POST {DEPLOYMENTS}?user_reference={256 * 'x'}", 400, "bad_request"),
    ],
)
def test_declined(api: Api, simulator: Simulator, token: str, asked: str, status: int, word: str) -> None:
    """The token is looked at first, then what is asked for; the body says why not, and nothing is deployed."""
    before = simulator.all_deployments()
    method, path = asked.split()
    answer = api.request(method, path, headers={"Authorization": token})
    assert (answer.status_code, answer.json()["error"]) == (status, word)
    assert set(answer.json()) == {"error", "error_description", "details"}
    assert simulator.all_deployments() == before


def test_limit(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """Over the hourly limit everything is throttled, until the next hour; another user has a limit of their own."""
    simulator.behaviour.rate_limit = 2
    answers = [api.get(path) for path in (STACK, "/nope", STACK)]
    seen = [(answer.status_code, answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert seen == [(200, "1"), (404, "0"), (503, "0")]
    assert (answers[-1].json()["error"], answers[-1].headers["X-RateLimit-Limit"]) == ("throttled", "2")
    assert api.get(STACK, headers={"Authorization": "Bearer public-token"}).status_code == 200
    clock.sleep(3600 - clock.now() % 3600)
    assert api.get(STACK).status_code == 200


def test_log_of_requests(api: Api, simulator: Simulator) -> None:
    """The log of requests tells who asked for what, when, and what came of it; it holds no token, and nothing else."""
    api.get(ACTIONS, params={"user_reference": "x y", "page": ""})
    api.get("/nope", headers={"Authorization": "Bearer wrong"})
    api.base = "https://app.cloud66.com/api/2"
    assert api.get("/stacks").status_code == 404
    first, second = simulator.requests
    assert (first.method, first.path, first.query) == ("GET", ACTIONS, {"user_reference": "x y", "page": ""})
    assert (first.status, first.user, second.status, second.user) == (200, "ci@example.com", 401, None)
    assert second.time - simulator.started == pytest.approx(0.075, abs=1e-3)
    assert "demo-token" not in repr(simulator.requests)
