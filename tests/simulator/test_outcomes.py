from typing import Any

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, Behaviour, ManualClock, Simulator
from cloud66_simulator.behaviour import Fate

STACK = f"/stacks/{DEFAULT_STACK}"


def _records(session: requests.Session) -> tuple[dict[str, Any], dict[str, Any]]:
    """The records of the newest deployment and the newest action."""
    deployment = session.get(f"{STACK}/deployments").json()["response"][0]
    return deployment, session.get(f"{STACK}/actions").json()["response"][0]


@pytest.mark.parametrize(
    ("style", "fate", "outcome"),
    [
        ("number", "success", (1, "success")),
        ("number", "failed", (2, "failed")),
        ("number", "cancelled", (3, "cancelled")),
        ("string", "success", ("success", "Successful")),
        ("string", "failed", ("failed", "Failed")),
        ("string", "cancelled", ("cancelled", "Cancelled")),
        ("string", "odd", ("superseded", "Superseded")),
    ],
)
def test_styles(
    session: requests.Session,
    simulator: Simulator,
    clock: ManualClock,
    *,
    style: str,
    fate: Fate,
    outcome: tuple[Any, str],
) -> None:
    """An outcome is written in the style that the behaviour says, first pending, then final."""
    simulator.behaviour.update({"outcome_codes": style})
    simulator.request_deployment(fate=fate)
    running, _ = _records(session)
    pending = (0, "pending") if style == "number" else ("pending", "Pending")
    assert (tuple(running["outcome"].values()), running["finished_at"]) == (pending, None)
    clock.advance(60)
    finished, _ = _records(session)
    assert tuple(finished["outcome"].values()) == outcome
    assert finished["finished_at"] is not None


@pytest.mark.parametrize(
    ("look", "outcome"),
    [
        ("cancelled", {"code": 3, "meaning": "cancelled"}),
        ("failed", {"code": 2, "meaning": "failed"}),
        ("null", None),
        ("null_code", {"code": None, "meaning": None}),
    ],
)
def test_cancelled(
    session: requests.Session, simulator: Simulator, clock: ManualClock, look: str, outcome: object
) -> None:
    """A cancelled deployment may look in several ways; it ends midway and its action failed."""
    simulator.behaviour.update({"cancelled_as": look})
    simulator.request_deployment(fate="cancelled")
    clock.advance(21)
    deployment, action = _records(session)
    assert deployment["outcome"] == outcome
    assert (action["finished_success"], action["finished_message"]) == (False, "Deployment cancelled")


@pytest.mark.parametrize(
    ("fate", "succeeded"),
    [
        ("success", True),
        ("failed", False),
        ("odd", False),
        ("reverted", True),
        ("action_failed", False),
        ("action_null", None),
    ],
)
def test_actions(
    session: requests.Session, simulator: Simulator, clock: ManualClock, fate: Fate, succeeded: bool | None
) -> None:
    """An action tells how it ended, which need not be what its deployment says."""
    simulator.request_deployment(fate=fate)
    _, running = _records(session)
    assert (running["finished_at"], running["finished_success"], running["finished_message"]) == (None, None, None)
    clock.advance(60)
    deployment, action = _records(session)
    assert action["finished_success"] is succeeded
    assert action["finished_at"] == deployment["finished_at"]
    assert (deployment["outcome"]["code"] == 1) == (fate not in {"failed", "odd"})


def test_reverted(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A deployment may be reverted as it ends: its outcome stays, and the one before is live again."""
    simulator.request_deployment(fate="reverted")
    clock.advance(45)
    after, _ = _records(session)
    assert (after["reverted"], after["is_live"], after["outcome"]["code"]) == (True, False, 1)
    assert after["reverted_at"] == after["finished_at"]
    assert session.get(f"{STACK}/deployments/107").json()["response"]["is_live"]


def test_action_lag(session: requests.Session, simulator: Simulator, clock: ManualClock, behaviour: Behaviour) -> None:
    """An action may finish after its deployment."""
    behaviour.action_finish_lag_seconds = 30
    simulator.request_deployment()
    clock.advance(50)
    deployment, action = _records(session)
    assert deployment["finished_at"] is not None
    assert action["finished_at"] is None
    clock.advance(30)
    assert _records(session)[1]["finished_success"] is True
