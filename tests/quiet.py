"""What has to hold after a quiet schedule of the fault campaign: nothing odd but single answers, and nobody else."""

from invariants import Told, Truth, seconds_of
from schedules import Schedule

_CLOCK_STEP_SECONDS = 0.001
"""The stand-in's clock counts from 1970, so a run that a cancellation has ended may seem a bit shorter than that."""

TO_TELL_SECONDS = 100
"""From the end of ours until a quiet run has surely told of it: three looks, each of whose answers may be odd."""

RIGHT = {
    "success": {"success"},
    "cancelled": {"cancelled", "failed"},
    "reverted": {"success", "failed"},
    "action_null": {"unknown"},
}
"""The outcomes that are right for a fate; of every other one, `failed`."""


def check_quiet(schedule: Schedule, told: Told, truth: Truth) -> None:
    """Assert that single negative answers and pages of a gateway don't keep a run from telling what became of ours."""
    inputs, behaviour, mine = told.inputs, schedule.behaviour, truth.mine
    began = truth.started + schedule.head_start
    was_aborted = told.abort_at <= told.ending.seconds + _CLOCK_STEP_SECONDS
    is_waited_for = inputs["wait"] == "true" and not was_aborted and told.posts
    if not (schedule.is_quiet and is_waited_for and mine):
        return
    assert not told.ids_of("DELETE") or inputs["cancel_on_timeout"] == "true", "ours was cancelled"
    if mine[0].ends_at + TO_TELL_SECONDS > began + seconds_of(inputs["timeout"]):
        return
    may_lack_commit = inputs["expected_commit"] and behaviour["late_fields"].get("git_hash", 0.0) is None
    right = RIGHT.get(mine[0].final_fate, {"failed"})
    if mine[0].succeeds and not mine[0].git_hash.startswith(inputs["expected_commit"]):
        right = right - {"success"} | {"failed"}
    queue_seconds = seconds_of(inputs["queue_timeout"] or inputs["timeout"])
    if (behaviour["approval_seconds"] or 0.0) > queue_seconds:
        # Its queue_timeout had passed before it was approved.
        right = right | {"timed_out"}
    outcome = told.ending.outcome
    assert outcome in right | ({"unknown"} if may_lack_commit else set()), f"{outcome}, but it {mine[0].final_fate}"
    assert outcome != "success" or told.ending.outputs["deployment_id"] == str(mine[0].id), "ours was not identified"
