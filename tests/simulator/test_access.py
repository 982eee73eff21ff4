import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, Behaviour, ManualClock, Simulator

STACK = f"/stacks/{DEFAULT_STACK}"


@pytest.mark.parametrize(
    ("authorization", "method", "status", "word"),
    [
        ("", "GET", 401, "unauthenticated"),
        ("Bearer wrong", "GET", 401, "unauthenticated"),
        ("Basic demo-token", "GET", 401, "unauthenticated"),
        ("Bearer expired-token", "GET", 402, "trial_expired"),
        ("Bearer no-scope-token", "GET", 403, "forbidden"),
        ("Bearer public-token", "POST", 403, "forbidden"),
        ("Bearer public-token", "GET", 200, None),
        ("bearer demo-token", "POST", 200, None),
    ],
)
def test_tokens(session: requests.Session, authorization: str, method: str, status: int, word: str | None) -> None:
    """A token opens what its scopes allow; else the body says why not."""
    answer = session.request(method, f"{STACK}/deployments", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json().get("error")) == (status, word)
    if word:
        assert set(answer.json()) == {"error", "error_description", "details"}


def test_delete_needs_redeploy(session: requests.Session) -> None:
    """Cancelling needs the scope redeploy, and the body names it."""
    answer = session.delete(f"{STACK}/deployments/107", headers={"Authorization": "Bearer public-token"})
    assert answer.status_code == 403
    assert "redeploy" in answer.json()["error_description"]


def test_limit(session: requests.Session, behaviour: Behaviour, clock: ManualClock) -> None:
    """Over the hourly limit everything is throttled, until the next hour."""
    behaviour.rate_limit = 2
    left = [session.get(STACK).headers["X-RateLimit-Remaining"] for _ in range(2)]
    over = session.get(STACK)
    assert left == ["1", "0"]
    assert (over.status_code, over.json()["error"]) == (503, "throttled")
    assert (over.headers["X-RateLimit-Limit"], over.headers["X-RateLimit-Remaining"]) == ("2", "0")
    clock.advance(3600 - clock.now() % 3600)
    assert session.get(STACK).status_code == 200


def test_limit_is_per_user(session: requests.Session, behaviour: Behaviour) -> None:
    """Another user has a budget of their own."""
    behaviour.rate_limit = 1
    session.get(STACK)
    assert session.get(STACK, headers={"Authorization": "Bearer public-token"}).status_code == 200


def test_warning(session: requests.Session, behaviour: Behaviour) -> None:
    """A warning travels in a header of successful answers."""
    behaviour.warning = "Your trial ends soon"
    assert session.get(STACK).headers["X-Cloud66-Warning"] == "Your trial ends soon"
    assert "X-Cloud66-Warning" not in session.get("/stacks/nope").headers


def test_log_of_requests(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """The log of requests tells who asked for what and what came of it, and holds no token."""
    session.get(f"{STACK}/actions", params={"user_reference": "x"})
    session.get("/nope", headers={"Authorization": "Bearer wrong"})
    first, second = simulator.requests
    assert (first.method, first.path, first.query) == ("GET", f"{STACK}/actions", {"user_reference": "x"})
    assert (first.status, first.user) == (200, "ci@example.com")
    assert first.time == pytest.approx(clock.now() - 0.075)
    assert (second.status, second.user) == (401, None)
    assert "demo-token" not in repr(simulator.requests)
