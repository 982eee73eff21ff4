"""Deployments that somebody else has asked for: what the commands wait, cancel and status are given."""

import json
from typing import Any

from cloud66_simulator import DEFAULT_STACK, StackSpec
from harness import OUTPUTS, Ending, Step

ABORT_SECONDS = 7.0
"""How long after an abort a step may take to end."""

CI: dict[str, Any] = {"user": "ci@example.com", "via": "api"}


def asked(made: Step, reference: str = "mine", ago: float = 5.0, **fields: Any) -> Any:
    """Let an earlier job ask for a deployment, some seconds before the step begins; return what it truly is."""
    found = made.simulator.request_deployment(user_reference=reference or None, **(CI | fields))
    made.clock.advance(ago)
    return found


def cancelled(made: Step) -> list[str]:
    """Name the deployments that were sent a DELETE, by id."""
    return sorted({path.rpartition("/")[2] for path in made.calls("DELETE")})


def fate(made: Step, deployment: Any) -> str:
    """Let what is under way take its course, and say how a deployment truly ended."""
    made.clock.advance(60)
    return str(deployment.final_fate)


def check(made: Step, ending: Ending, *, as_asked: bool = False) -> None:
    """Assert what holds for every ending of a command that asks for no deployment itself."""
    assert set(ending.outputs) == OUTPUTS
    green = ending.outcome in {"success", "skipped", "queued", "deploying"}
    assert ending.status == (0 if green or as_asked else 1)
    assert len(ending.errors) == ending.status
    assert made.calls("POST") == []
    told = ending.log.replace("::add-mask::demo-token", "") + json.dumps(ending.outputs) + ending.summary
    assert "demo-token" not in told + json.dumps(ending.state)


def stacks(*names: str) -> list[StackSpec]:
    """Make stacks, the first of which is the one that a step is for unless it says otherwise; it alone has a past."""
    uids = [DEFAULT_STACK, *(f"{number:032x}" for number in range(1, len(names)))]
    return [
        StackSpec(uid, name, history=12 if uid == DEFAULT_STACK else 0) for uid, name in zip(uids, names, strict=True)
    ]
