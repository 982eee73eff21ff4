"""Named presets: the account in a state that is worth seeing a workflow in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from cloud66_simulator.core.faults import Fault
from cloud66_simulator.core.world import Simulator

OUR_REFERENCE = "1-1-c2160039a2ba9b49-0123456789abcdef"
HOSTILE_TEXT = "::error::not an error|`x` [click](https://elsewhere.example)\n::set-output name=outcome::success"
_LONGER = 15


@dataclass(frozen=True)
class Scenario:
    """
    One preset.

    Attributes:
        dials: of the behaviour.
        ahead: the fields of a deployment that runs already, or None: nothing runs.
        ahead_takes: how many times as long as usual that takes.

    """

    dials: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    ahead: Mapping[str, Any] | None = None
    ahead_takes: float = 1


SCENARIOS = {
    "success": Scenario({"fate": "success"}),
    "failed": Scenario({"fate": "failed"}),
    "cancelled": Scenario({"fate": "cancelled"}),
    "queued": Scenario(ahead={}),
    "lost-answer": Scenario(faults=[Fault("lost_done", method="POST")]),
    "lost-undone": Scenario(faults=[Fault("lost_undone", method="POST")]),
    "storm": Scenario(faults=[Fault("status", method="GET", skip=2, code=code) for code in (502, 503, 500, 504)]),
    "throttled": Scenario(faults=[Fault("throttle", method="GET", skip=2, count=2, retry_after=3)]),
    "late-records": Scenario(
        {
            "action_record_delay_seconds": 5,
            "deployment_record_delay_seconds": 10,
            "post_shape": "async_action_id_null",
        }
    ),
    "hostile-text": Scenario({"text": HOSTILE_TEXT}),
    "never-ends": Scenario({"duration_seconds": inf}),
    "busy": Scenario(ahead={}, ahead_takes=_LONGER),
    "busy-ours": Scenario(
        ahead={"user": "ci@example.com", "via": "api", "user_reference": OUR_REFERENCE}, ahead_takes=_LONGER
    ),
    "rollback": Scenario({"fates": ("failed", "success")}),
    "overtaken": Scenario({"overtaken_after_seconds": 2}),
    "reverted": Scenario({"fate": "reverted"}),
    "live-log": Scenario({"log_lines_per_second": 2}),
}


def apply_scenario(simulator: Simulator, name: str) -> None:
    """
    Put a simulator into a scenario; several may be combined.

    Raises:
        ValueError: there is no such scenario.

    """
    if name not in SCENARIOS:
        raise ValueError(f"no such scenario: {name} (there are {', '.join(SCENARIOS)})")
    scenario = SCENARIOS[name]
    simulator.behaviour.update(scenario.dials)
    simulator.faults.extend(scenario.faults)
    if scenario.ahead is not None:
        duration = scenario.ahead_takes * simulator.behaviour.duration_seconds
        simulator.request_deployment(duration=duration, **scenario.ahead)
