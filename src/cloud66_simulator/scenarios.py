"""Named presets: the account in a state that is worth seeing a workflow in."""

from collections.abc import Callable
from math import inf

from cloud66_simulator.faults import Fault
from cloud66_simulator.world import Simulator

OUR_REFERENCE = "1-1-c2160039a2ba9b49-0123456789abcdef"
_LONGER = 15
HOSTILE_TEXT = "::error::not an error|`x` [click](https://elsewhere.example)\n::set-output name=outcome::success"


def apply_scenario(simulator: Simulator, name: str) -> None:
    """
    Put a simulator into a scenario; several may be combined.

    Raises:
        ValueError: there is no such scenario.

    """
    if name not in SCENARIOS:
        raise ValueError(f"no such scenario: {name} (there are {', '.join(SCENARIOS)})")
    SCENARIOS[name](simulator)


def _success(simulator: Simulator) -> None:
    simulator.behaviour.fate = "success"


def _failed(simulator: Simulator) -> None:
    simulator.behaviour.fate = "failed"


def _cancelled(simulator: Simulator) -> None:
    simulator.behaviour.fate = "cancelled"


def _queued(simulator: Simulator) -> None:
    simulator.request_deployment()


def _lost_answer(simulator: Simulator) -> None:
    simulator.faults.append(Fault("lost_done", method="POST"))


def _lost_undone(simulator: Simulator) -> None:
    simulator.faults.append(Fault("lost_undone", method="POST"))


def _storm(simulator: Simulator) -> None:
    for code in (502, 503, 500, 504):
        simulator.faults.append(Fault("status", method="GET", skip=2, code=code))


def _throttled(simulator: Simulator) -> None:
    simulator.faults.append(Fault("throttle", method="GET", skip=2, count=2, retry_after=3))


def _late_records(simulator: Simulator) -> None:
    simulator.behaviour.action_record_delay_seconds = 5
    simulator.behaviour.deployment_record_delay_seconds = 10
    simulator.behaviour.post_shape = "async_action_id_null"


def _hostile_text(simulator: Simulator) -> None:
    simulator.behaviour.text = HOSTILE_TEXT


def _never_ends(simulator: Simulator) -> None:
    simulator.behaviour.duration_seconds = inf


def _busy(simulator: Simulator) -> None:
    simulator.request_deployment(duration=_LONGER * simulator.behaviour.duration_seconds)


def _busy_ours(simulator: Simulator) -> None:
    simulator.request_deployment(
        user="ci@example.com",
        via="api",
        user_reference=OUR_REFERENCE,
        duration=_LONGER * simulator.behaviour.duration_seconds,
    )


def _rollback(simulator: Simulator) -> None:
    simulator.behaviour.fates = ("failed", "success")


def _overtaken(simulator: Simulator) -> None:
    simulator.behaviour.overtaken_after_seconds = 2


def _reverted(simulator: Simulator) -> None:
    simulator.behaviour.fate = "reverted"


def _live_log(simulator: Simulator) -> None:
    simulator.behaviour.log_lines_per_second = 2


SCENARIOS: dict[str, Callable[[Simulator], None]] = {
    "success": _success,
    "failed": _failed,
    "cancelled": _cancelled,
    "queued": _queued,
    "lost-answer": _lost_answer,
    "lost-undone": _lost_undone,
    "storm": _storm,
    "throttled": _throttled,
    "late-records": _late_records,
    "hostile-text": _hostile_text,
    "never-ends": _never_ends,
    "busy": _busy,
    "busy-ours": _busy_ours,
    "rollback": _rollback,
    "overtaken": _overtaken,
    "reverted": _reverted,
    "live-log": _live_log,
}
