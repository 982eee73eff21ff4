"""What has to hold after any schedule of the fault campaign (see campaign.py). The stand-in knows the truth."""

import json
import re
from dataclasses import dataclass
from typing import Any

from cloud66_simulator import Behaviour
from harness import OUTPUTS, Ending, Step
from schedules import OURS, Schedule
from weather import TOKEN

ONE_REQUEST_SECONDS = 30
CANCEL_ON_TIMEOUT_SECONDS = 35
EXIT_AFTER_ABORT_SECONDS = 7
LAST_VISITS_SECONDS = 60
REFERENCE_LAG_SECONDS = 15
LATEST_RECORD_SECONDS = 10
AFTERWARDS_SECONDS = 60
"""How long after the last step it looks what has truly become of everything: a late POST has arrived by then."""

NEVER_HEALTHY = {"flaps", "hangs", "is down", "redirects for ever"}
GREEN = {"success", "scheduled", "skipped", "dry_run", "queued", "deploying"}
RED = {"failed", "cancelled", "timed_out", "unknown", "unhealthy"}
OUTCOMES = {
    "redeploy": RED | {"success", "scheduled", "skipped"},
    "dry run": RED - {"unknown", "unhealthy"} | {"dry_run"},
    "wait": RED | {"success"},
    "cancel": RED - {"unhealthy"} | {"success", "skipped"},
    "status": RED - {"timed_out", "unhealthy"} | {"success", "queued", "deploying", "skipped"},
}
AS_ASKED = {"cancel": {"cancelled", "failed"}, "status": {"cancelled", "failed"}}
"""Outcomes that are green where the command was for just that; a failure only where a deployment's record says so."""


@dataclass
class Told:
    """One step: what it was, how it ended, and what it asked, with the time of each call since the stand-in's start."""

    command: str
    inputs: dict[str, str]
    abort_at: float
    ending: Ending
    calls: list[tuple[float, str, str]]
    log: str

    def ids_of(self, method: str) -> list[int]:
        return [int(path.rpartition("/")[2]) for _, made, path in self.calls if made == method]

    @property
    def posts(self) -> list[float]:
        return [when for when, method, _ in self.calls if method == "POST"]


@dataclass
class Truth:
    """What truly was: our deployment and that of a rollback (lists, so that two would show), and everybody's."""

    mine: list[Any]
    back: list[Any]
    everybody: list[Any]
    started: float

    @classmethod
    def of(cls, step: Step, reference: str) -> "Truth":
        sim = step.simulator
        back = sim.deployments_of(f"{reference}/rollback")
        everybody = [one for one in sim.all_deployments() if one.action != "backup"]
        return cls(sim.deployments_of(reference), back, everybody, sim.started)

    def named(self, number: int) -> Any:
        return next((one for one in self.everybody if one.id == number), None)


def check_any(told: Told) -> None:
    """Assert what holds for every step."""
    ending, outcome = told.ending, told.ending.outcome
    assert set(ending.outputs) == OUTPUTS, f"outputs: {set(ending.outputs) ^ OUTPUTS}"
    assert outcome in OUTCOMES[told.command], f"{told.command} ended as {outcome}"
    as_asked = outcome in AS_ASKED.get(told.command, set())
    if not as_asked:
        assert ending.status == (0 if outcome in GREEN else 1)
    assert len(ending.errors) == ending.status, "one error annotation on a bad outcome, none on a good one"
    everything = "\n".join([told.log.replace(f"::add-mask::{TOKEN}", ""), json.dumps(ending.outputs), ending.summary])
    assert TOKEN not in everything, "the token came out"
    if told.abort_at < ending.seconds:
        over = ending.seconds - told.abort_at
        assert over <= EXIT_AFTER_ABORT_SECONDS, f"exit {over:.1f} s after the abort"
        if told.inputs.get("cancel_on_abort") == told.inputs.get("cancel_on_timeout") == "false":
            assert told.inputs.get("on_busy", "").startswith("cancel") or not told.ids_of("DELETE")
    health = ending.outputs["health"]
    assert bool(told.inputs.get("health_check")) or (health == "" and outcome != "unhealthy")
    assert (outcome == "unhealthy") == (health == "unhealthy"), f"{outcome}, but the application was {health}"
    is_checked = bool(told.inputs.get("health_check")) and told.inputs.get("dry_run") != "true"
    is_live_already = outcome == "skipped" and "is already live" in ending.outputs["reason"]
    if is_checked and (outcome == "success" or is_live_already):
        assert health == "healthy", f"{outcome}, but the application was not checked"
    bound = _bound(told)
    assert ending.seconds <= bound, f"took {ending.seconds:.1f} s, {bound:.0f} s are allowed"


def seconds_of(timeout: str) -> float:
    """Read a duration as a schedule writes it, in seconds."""
    return float(timeout.rstrip("sm")) * (60 if timeout.endswith("m") else 1)


def _bound(told: Told) -> float:
    seconds = seconds_of(told.inputs.get("timeout") or "30m")
    seconds += ONE_REQUEST_SECONDS + 0.5  # the latency of a call that starts just in time
    if told.inputs.get("cancel_on_timeout") == "true":
        seconds += CANCEL_ON_TIMEOUT_SECONDS
    if told.inputs.get("health_check"):
        seconds += seconds_of(told.inputs["health_check_timeout"]) + LAST_VISITS_SECONDS
    return seconds * 2 + REFERENCE_LAG_SECONDS if told.inputs.get("rollback") == "true" else seconds


def check_redeploy(schedule: Schedule, told: Told, truth: Truth, over_at: float) -> None:
    """Assert what holds for a redeploy; `over_at` is when it ended, in epoch seconds."""
    outputs, outcome, inputs = told.ending.outputs, told.ending.outcome, told.inputs
    mine, back = truth.mine, truth.back
    assert len(mine) <= 1, f"{len(mine)} deployments carry our reference"
    if "is already live" in outputs["reason"]:
        _check_live(schedule, told, truth)
        return
    assert outputs["health"] != "healthy" or schedule.site not in NEVER_HEALTHY, "found healthy, but it never was"
    if outcome == "success":
        check_success(mine, inputs["expected_commit"], over_at)
    if outcome == "scheduled":
        assert mine, "scheduled, but nothing was"
    if "No deployment was started" in re.split(r"Not rolled back|The rollback to|Rolled back", outputs["reason"])[0]:
        assert not mine, "said that nothing was scheduled"
    ids = {one.id for one in mine}
    assert told.ending.ever("deployment_id") <= {"", *map(str, ids)}, "somebody else's deployment was taken for ours"
    if inputs["on_busy"] in {"fail", "skip"}:
        assert not (told.posts and _ran_all_the_while(schedule, told, truth)), "asked, though another was seen to run"
    if outcome in {"dry_run", "skipped"} or inputs["dry_run"] == "true":
        assert not told.posts, "asked, though it was not to"
        assert not told.ids_of("DELETE"), "cancelled, though it was not to"
    if outcome == "skipped":
        assert inputs["on_busy"] == "skip"
        assert _was_busy(schedule, truth, over_at), "skipped, though nobody deployed"
    _check_deletes(schedule, told, truth)
    _check_rollback(schedule, told, truth)
    if back:
        posted = told.posts[-1] + truth.started
        assert posted >= mine[0].ends_at, "rolled back what still ran"
        assert not _came_after(schedule, truth, posted), "rolled back over a deployment that came after ours"


def _check_live(schedule: Schedule, told: Told, truth: Truth) -> None:
    assert schedule.inputs["if_live"] == "skip"
    assert not told.posts, "asked, though the commit was live"
    if told.ending.outcome != "dry_run":
        live = truth.named(int(told.ending.outputs["deployment_id"]))
        assert live.succeeds, f"called live, but it {live.final_fate}"
        assert live.git_hash.startswith(told.inputs["expected_commit"]), "called live, but it is of another commit"
        began = truth.started + schedule.head_start
        shown = [one for one in truth.everybody if one.requested_at <= began - LATEST_RECORD_SECONDS]
        later = [one.id for one in shown if one.final_fate == "success" and live.ends_at < one.ends_at <= began]
        assert not later or schedule.behaviour["text"], f"called live, but {later} came after it"


def _ran_all_the_while(schedule: Schedule, told: Told, truth: Truth) -> bool:
    """Tell whether somebody's deployment could be seen to run from the step's beginning until its request."""
    if any(fault["kind"] == "hide_deployments" for fault in schedule.faults):
        return False
    began, posted = truth.started + schedule.head_start, truth.started + min(told.posts)
    others = [one for one in truth.everybody if one not in (*truth.mine, *truth.back)]
    return any(one.starts_at <= began - LATEST_RECORD_SECONDS and one.ends_at > posted for one in others)


def _came_after(schedule: Schedule, truth: Truth, posted: float) -> list[int]:
    """Return the deployments of others that ran after ours and could be seen long before the rollback was asked for."""
    if any(fault["kind"] == "hide_deployments" for fault in schedule.faults):
        return []
    others = [one for one in truth.everybody if one not in (*truth.mine, *truth.back) and not one.cancelled]
    return [one.id for one in others if truth.mine[0].ends_at <= one.starts_at < posted - LATEST_RECORD_SECONDS]


def check_success(mine: list[Any], expected: str, over_at: float) -> None:
    """Assert that what was called a success truly is one of that deployment."""
    assert mine, "green without a deployment"
    assert mine[0].final_fate in {"success", "reverted"}, f"green, but it {mine[0].final_fate}"
    assert mine[0].ends_at <= over_at, "green before it was over"
    assert (mine[0].git_hash or "").startswith(expected), "green, but another commit was deployed"


def _was_busy(schedule: Schedule, truth: Truth, at: float) -> bool:
    lag = schedule.behaviour["action_finish_lag_seconds"]
    # The look is over within the timeout, but may have been long before the end.
    others = [one for one in truth.everybody if one not in truth.mine]
    return any(one.requested_at <= at and one.ends_at + lag >= truth.started for one in others)


def _check_deletes(schedule: Schedule, told: Told, truth: Truth) -> None:
    ours = {one.id for one in (*truth.mine, *truth.back)}
    first_post = min(told.posts, default=float("inf"))
    for when, method, path in told.calls:
        if method != "DELETE":
            continue
        number = int(path.rpartition("/")[2])
        if number in ours:
            continue
        if told.posts and stood_alone(schedule, truth, number, when + truth.started):
            continue
        assert when < first_post, "somebody else's deployment was cancelled after ours was asked for"
        on_busy, theirs = told.inputs["on_busy"], truth.named(number)
        assert on_busy in {"cancel", "cancel_any"}, "somebody else's deployment was cancelled"
        assert on_busy == "cancel_any" or theirs.user_reference == OURS, "a stranger's deployment was cancelled"


def stood_alone(schedule: Schedule, truth: Truth, number: int, when: float) -> bool:
    """
    Tell whether, by words that don't say who asked, it had long been the only one that could be ours.

    docs/limits.md names this. Ours may show at the very instant of the DELETE: that makes room for it in the queue.
    """
    if schedule.behaviour["text"] is None:
        return False
    behaviour, theirs = Behaviour(**schedule.behaviour), truth.named(number)
    shows = [one.appears_at(behaviour) for one in (theirs, *truth.mine)]
    return shows[0] <= when - REFERENCE_LAG_SECONDS and all(when <= shown for shown in shows[1:])


def _check_rollback(schedule: Schedule, told: Told, truth: Truth) -> None:
    outputs, [*mine], [*back] = told.ending.outputs, truth.mine, truth.back
    assert len(back) <= 1, f"{len(back)} rollbacks"
    if told.inputs["rollback"] != "true":
        assert not back, "rolled back, though nobody asked for it"
        assert outputs["rollback_outcome"] == ""
    assert told.ending.ever("rollback_deployment_id") <= {"", *(str(one.id) for one in back)}
    if outputs["rollback_outcome"] == "success":
        assert back[0].final_fate in {"success", "reverted"}, "the rollback did not succeed"
        assert back[0].git_hash == outputs["rollback_commit"]
    else:
        assert outputs["rollback_commit"] == ""
    if not back:
        assert outputs["rollback_outcome"] != "success"
        return
    assert told.ending.outcome in {"failed", "unhealthy"}, f"rolled back, though the outcome is {told.ending.outcome}"
    ours = mine[0]
    other_commit = not ours.git_hash.startswith(told.inputs["expected_commit"])
    # A cancelled one that is shown as failed can be told from one that failed by its action's words alone.
    failed = ours.final_fate in {"failed", "odd"} or (ours.final_fate == "cancelled" and schedule.behaviour["text"])
    unhealthy = ours.succeeds and told.ending.outcome == "unhealthy"
    assert failed or unhealthy or (ours.succeeds and other_commit), f"rolled back one that {ours.final_fate}"
    assert back[0].git_hash != ours.git_hash, "rolled back to the same commit"
    before = [one for one in truth.everybody if one.id and one is not ours and one.ends_at <= ours.starts_at]
    good = [one for one in before if one.succeeds and one.gone_at > ours.starts_at]
    assert back[0].git_hash == max(good, key=lambda one: one.ends_at).git_hash, "rolled back to another commit"
