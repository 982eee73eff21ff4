from math import inf
from typing import Any

import pytest

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, ManualClock, Simulator
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
def test_shapes(api: Api, behaviour: Behaviour, shape: str, answered: object, unapproved: object) -> None:
    """A POST answers in the shape that the behaviour says, without ids for what needs an approval."""
    behaviour.update({"post_shape": shape})
    assert api.post(DEPLOYMENTS).json() == {"response": answered}
    behaviour.approval_seconds = inf
    assert api.post(DEPLOYMENTS).json() == {"response": unapproved}


@pytest.mark.parametrize(("seconds", "found"), [(120.0, (13, 13, 108)), (inf, (12, 12, 0))])
def test_approval(
    api: Api, simulator: Simulator, clock: ManualClock, seconds: float, found: tuple[int, int, int]
) -> None:
    """What needs an approval is there when somebody has approved it, or never."""
    simulator.behaviour.approval_seconds = seconds
    api.post(DEPLOYMENTS, params=MINE)
    [mine] = simulator.deployments_of("mine")
    seen = []
    for wait in (0, 119, 2):
        clock.advance(wait)
        seen.append((len(api.show(DEPLOYMENTS)), len(api.show(ACTIONS)), mine.id))
    assert seen == [(12, 12, 0), (12, 12, 0), found]


@pytest.mark.parametrize("way", ["params", "json"])
@pytest.mark.parametrize(
    ("stack", "options"),
    [
        (DEFAULT_STACK, {"git_ref": "v1.2", "deployment_profile": "no migrations"}),
        (DOCKER_STACK, {"services": "web:v2,worker"}),
    ],
)
def test_options(api: Api, simulator: Simulator, way: str, stack: str, options: dict[str, str]) -> None:
    """The options travel in the query or in the body; the deployment is the user's, through the API."""
    arguments: dict[str, Any] = {way: options | MINE}
    api.post(f"/stacks/{stack}/deployments", **arguments)
    [made] = simulator.deployments_of("mine")
    assert {name: getattr(made, name) for name in options} == options
    assert (made.via, made.user) == ("api", "ci@example.com")


@pytest.mark.parametrize(
    ("stack", "body"),
    [
        (DEFAULT_STACK, b'{"services": "web"}'),
        (DOCKER_STACK, b'{"git_ref": "main"}'),
        (DEFAULT_STACK, b'{"git_ref": "no-such-branch"}'),
        (DEFAULT_STACK, b'{"user_reference": "%s"}' % (256 * b"x")),
        (DEFAULT_STACK, b'{"git_ref": 5}'),
        (DEFAULT_STACK, b'["git_ref"]'),
        (DEFAULT_STACK, b"{"),
    ],
)
def test_bad(api: Api, simulator: Simulator, stack: str, body: bytes) -> None:
    """A bad option or body is a 400 and deploys nothing."""
    before = simulator.all_deployments()
    answer = api.post(f"/stacks/{stack}/deployments", data=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert simulator.all_deployments() == before


def test_hash(api: Api, simulator: Simulator, behaviour: Behaviour) -> None:
    """A full hash deploys itself; a branch its head, or the hash that the behaviour says; no ref the stack's branch."""
    head, full = api.show(f"{DEPLOYMENTS}/107")["git_hash"], 40 * "a"

    def deployed(ref: str | None) -> tuple[str | None, bool]:
        number = api.post(DEPLOYMENTS, params={"git_ref": ref}).json()["response"]["id"]
        record = api.show(f"{DEPLOYMENTS}/{number}")
        return record["git_hash"], record["is_head"]

    assert [deployed(ref) for ref in ("main", None, head, full)] == 3 * [(head, True)] + [(full, False)]
    assert deployed("other") == (simulator.head_of(DEFAULT_STACK, "other"), True) != (head, True)
    behaviour.git_hash = 40 * "b"
    assert [deployed(ref)[0] for ref in ("main", full)] == [40 * "b", full]


def test_fates(api: Api, simulator: Simulator, behaviour: Behaviour) -> None:
    """Fates are used up by the API's deployments only; then the fate is for all."""
    behaviour.fates, behaviour.fate = ("failed", "odd"), "cancelled"
    simulator.request_deployment()
    for _ in range(3):
        api.post(DEPLOYMENTS)
    assert [made.fate for made in simulator.all_deployments()[12:]] == ["success", "failed", "odd", "cancelled"]
