from math import inf
from typing import Any

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, ManualClock, Simulator

DEPLOYMENTS = f"/stacks/{DEFAULT_STACK}/deployments"


@pytest.mark.parametrize(
    ("shape", "answered"),
    [
        ("deployment_id", {"id": 108, "message": "Deployment scheduled", "queued": False}),
        ("action_id_as_id", {"id": 40, "message": "Deployment scheduled", "queued": False}),
        (
            "async_action_id",
            {"ok": True, "message": "Stack queued for redeployment", "async_action_id": 40, "queued": False},
        ),
        (
            "async_action_id_null",
            {"ok": True, "message": "Stack queued for redeployment", "async_action_id": None, "queued": False},
        ),
    ],
)
def test_shapes(session: requests.Session, behaviour: Behaviour, shape: str, answered: dict[str, Any]) -> None:
    """A POST answers in the shape that the behaviour says."""
    behaviour.update({"post_shape": shape})
    assert session.post(DEPLOYMENTS).json() == {"response": answered}


@pytest.mark.parametrize(("shape", "key"), [("deployment_id", "id"), ("async_action_id", "async_action_id")])
@pytest.mark.parametrize("seconds", [120.0, inf])
def test_approval(
    session: requests.Session, simulator: Simulator, clock: ManualClock, shape: str, key: str, seconds: float
) -> None:
    """What needs an approval is answered ok, without ids, and is there when somebody has approved it, or never."""
    simulator.behaviour.update({"post_shape": shape, "approval_seconds": seconds})
    assert session.post(DEPLOYMENTS, params={"user_reference": "mine"}).json()["response"][key] is None
    [mine] = simulator.deployments_of("mine")
    found = []
    for wait in (0, 119, 2):
        clock.advance(wait)
        lists = [session.get(path).json()["count"] for path in (DEPLOYMENTS, f"/stacks/{DEFAULT_STACK}/actions")]
        found.append((mine.id, *lists))
    late = (0, 12, 12) if seconds == inf else (108, 13, 13)
    assert found == [(0, 12, 12), (0, 12, 12), late]


@pytest.mark.parametrize("way", ["params", "json"])
def test_options(session: requests.Session, simulator: Simulator, way: str) -> None:
    """The options travel in the query or in the body."""
    options = {"git_ref": "v1.2", "deployment_profile": "no migrations", "user_reference": "mine"}
    arguments: dict[str, Any] = {way: options}
    session.post(DEPLOYMENTS, **arguments)
    [made] = simulator.deployments_of("mine")
    assert (made.git_ref, made.deployment_profile, made.via, made.user) == (
        "v1.2", "no migrations", "api", "ci@example.com",
    )  # fmt: skip


def test_docker(session: requests.Session, simulator: Simulator) -> None:
    """A Docker stack takes services."""
    options = {"services": "web:v2,worker", "user_reference": "mine"}
    assert session.post(f"/stacks/{DOCKER_STACK}/deployments", params=options).status_code == 200
    assert [one.services for one in simulator.deployments_of("mine")] == ["web:v2,worker"]


@pytest.mark.parametrize(
    ("stack", "options"),
    [
        (DEFAULT_STACK, {"services": "web"}),
        (DOCKER_STACK, {"git_ref": "main"}),
        (DEFAULT_STACK, {"git_ref": "no-such-branch"}),
        (DEFAULT_STACK, {"user_reference": 256 * "x"}),
        (DEFAULT_STACK, {"git_ref": 5}),
        (DEFAULT_STACK, ["git_ref"]),
    ],
)
def test_bad(session: requests.Session, simulator: Simulator, stack: str, options: Any) -> None:
    """A bad option is a 400 and deploys nothing."""
    before = simulator.all_deployments()
    answer = session.post(f"/stacks/{stack}/deployments", json=options)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert simulator.all_deployments() == before


def test_bad_body(session: requests.Session) -> None:
    """A body that is no JSON is a 400."""
    assert session.post(DEPLOYMENTS, data=b"{").status_code == 400


def test_hash(session: requests.Session, behaviour: Behaviour) -> None:
    """A full hash deploys itself; a branch deploys its head, or the hash that the behaviour says."""
    full = 40 * "a"

    def deployed(ref: str) -> str:
        number = session.post(DEPLOYMENTS, params={"git_ref": ref}).json()["response"]["id"]
        return str(session.get(f"{DEPLOYMENTS}/{number}").json()["response"]["git_hash"])

    head = session.get(f"{DEPLOYMENTS}/107").json()["response"]["git_hash"]
    assert deployed(full) == full
    assert deployed("main") == head
    assert deployed("other") != head
    behaviour.git_hash = 40 * "b"
    assert deployed("main") == 40 * "b"
    assert deployed(full) == full


def test_default_branch(session: requests.Session) -> None:
    """Without a ref the stack's branch is deployed."""
    number = session.post(DEPLOYMENTS).json()["response"]["id"]
    assert session.get(f"{DEPLOYMENTS}/{number}").json()["response"]["git_ref"] == "main"


def test_head(session: requests.Session) -> None:
    """The head of a branch is a head, whether it was named or not; another hash is not."""
    head = session.get(f"{DEPLOYMENTS}/107").json()["response"]["git_hash"]
    seen = []
    for ref in ("main", "other", head, 40 * "a"):
        number = session.post(DEPLOYMENTS, params={"git_ref": ref}).json()["response"]["id"]
        seen.append(session.get(f"{DEPLOYMENTS}/{number}").json()["response"]["is_head"])
    assert seen == [True, True, True, False]


def test_fates(session: requests.Session, simulator: Simulator, behaviour: Behaviour) -> None:
    """Fates are used up by the API's deployments only; then the fate is for all."""
    behaviour.fates, behaviour.fate = ("failed", "odd"), "cancelled"
    simulator.request_deployment()
    for number in range(3):
        session.post(DEPLOYMENTS, params={"user_reference": str(number)})
    assert [simulator.deployments_of(str(number))[0].fate for number in range(3)] == ["failed", "odd", "cancelled"]
