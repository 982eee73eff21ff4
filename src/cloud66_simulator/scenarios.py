"""Named presets: the account in a state that is worth seeing a workflow in."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from cloud66_simulator.core.faults import Fault
from cloud66_simulator.core.world import Simulator

OUR_REFERENCE = "1-1-c2160039a2ba9b49-0123456789abcdef"
HOSTILE_TEXT = "::error::not an error|`x` [click](https://elsewhere.example)\n::set-output name=outcome::success"

SCENARIOS: dict[str, tuple[Mapping[str, Any], Sequence[Fault]]] = {
    "success": ({"fate": "success"}, ()),
    "failed": ({"fate": "failed"}, ()),
    "cancelled": ({"fate": "cancelled"}, ()),
    "queued": ({}, ()),
    "lost-answer": ({}, [Fault("lost_done", method="POST")]),
    "lost-undone": ({}, [Fault("lost_undone", method="POST")]),
    "storm": ({}, [Fault("status", method="GET", skip=2, code=code) for code in (502, 503, 500, 504)]),
    "throttled": ({}, [Fault("throttle", method="GET", skip=2, count=2, retry_after=3)]),
    "late-records": (
        {"action_record_delay_seconds": 5, "deployment_record_delay_seconds": 10, "post_shape": "async_action_id_null"},
        (),
    ),
    "hostile-text": ({"text": HOSTILE_TEXT}, ()),
    "never-ends": ({"duration_seconds": inf}, ()),
    "busy": ({}, ()),
    "busy-ours": ({}, ()),
    "rollback": ({"fates": ("failed", "success")}, ()),
    "overtaken": ({"overtaken_after_seconds": 2}, ()),
    "reverted": ({"fate": "reverted"}, ()),
    "live-log": ({"log_lines_per_second": 2}, ()),
}
"""The dials of the behaviour, and what goes wrong."""

_OURS = {"user": "ci@example.com", "via": "api", "user_reference": OUR_REFERENCE}
_AHEAD: dict[str, tuple[int, Mapping[str, Any]]] = {"queued": (1, {}), "busy": (15, {}), "busy-ours": (15, _OURS)}
"""What runs already: how many times as long as usual it takes, and its fields."""


def apply_scenario(simulator: Simulator, name: str) -> None:
    """Put a simulator into a scenario; several may be combined."""
    dials, faults = SCENARIOS[name]
    simulator.behaviour.update(dials)
    simulator.faults.extend(faults)
    if name in _AHEAD:
        times, fields = _AHEAD[name]
        simulator.request_deployment(duration=times * simulator.behaviour.duration_seconds, **fields)
