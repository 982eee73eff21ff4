"""What the fault campaign draws: random schedules of trouble (see campaign.py)."""

import hashlib
from dataclasses import dataclass
from typing import Any, get_args

from hypothesis import strategies as st

from cloud66_simulator import DEFAULT_STACK
from cloud66_simulator.behaviour import CancelledAs, Fate, OutcomeCodes, PostShape

TOKEN = "demo-token"
NEVER = 1e9
OURS = "1-1-c2160039a2ba9b49-0123456789abcdef"
"""A reference that an earlier run of this repository derived."""

_STRANGE = [
    None,
    "1-1-636d98db9a84698b-0123456789abcdef",
    "1-1-c2160039a2ba9b49-by-hand",
    "1-1-b4886a1c48c8911a-0123456789abcdef",
]


@dataclass
class Other:
    """Somebody else's deployment: when, and what."""

    at: float
    asked: dict[str, Any]
    cancel_after: float | None


@dataclass
class Later:
    """A second step, for what the first one has asked for: its inputs, how it names that, and when."""

    command: str
    named: str
    inputs: dict[str, str]
    pause: float
    abort_at: float


@dataclass
class Schedule:
    """One campaign case."""

    behaviour: dict[str, Any]
    faults: list[dict[str, Any]]
    others: list[Other]
    id_gap: int | None
    inputs: dict[str, str]
    abort_at: float
    later: Later | None
    head_start: float = 0.0
    """How long the others have been at it when the step begins."""

    @property
    def kind(self) -> str:
        """Which ability it is about."""
        return self.later.command if self.later else "dry run" if self.inputs["dry_run"] == "true" else "redeploy"


_COMMITS = [hashlib.sha256(f"0 {DEFAULT_STACK} {ref}".encode()).hexdigest()[:12] for ref in ("main", "v1")]
"""What the stand-in deploys for these refs."""

_DELAYS = st.sampled_from([0.0, 0.0, 0.0, 1.0, 4.0, 9.0])
_CALLS = [None, "/deployments$", r"/deployments/\d+$", "/actions", "^/stacks/[^/]+$"]
_LONG = ["40s", "3m", "3m", "10m"]
_FATES = ["success"] * 5 + list(get_args(Fate)) * 2


@st.composite
def faults(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one fault: on the POST half of the time, since that is where a second deployment would come from."""
    window = draw(st.none() | st.tuples(st.floats(0, 200), st.floats(1, 120)))
    fault: dict[str, Any] = {}
    if draw(st.booleans()):
        kinds = ["lost_done", "lost_undone", "timeout_done", "timeout_undone", "late", "late_status", "refuse"]
        kinds += ["connect_timeout", "status", "html", "throttle", "slow", "garbage", "wrong_json", "redirect"]
        fault |= {"method": "POST", "kind": draw(st.sampled_from(kinds)), "count": draw(st.integers(1, 3))}
        fault["skip"] = draw(st.sampled_from([0, 0, 1]))
    else:
        kinds = ["status", "html", "throttle", "redirect", "lost_done", "timeout_undone", "slow", "refuse", "garbage"]
        kinds += ["wrong_json", "truncated", "hide_deployments", "late"]
        fault |= {"method": draw(st.sampled_from(["GET", "GET", "DELETE"])), "kind": draw(st.sampled_from(kinds))}
        fault |= {"path": draw(st.sampled_from(_CALLS)), "count": draw(st.sampled_from([1, 2, 5, 20, None]))}
        fault["skip"] = draw(st.integers(0, 12))
        if fault["count"] is None or fault["kind"].startswith("hide"):
            window = window or (draw(st.floats(0, 200)), draw(st.floats(1, 120)))
    if window and fault["method"] != "POST":
        fault |= {"after": window[0], "until": window[0] + window[1]}
    if fault["kind"] == "status":
        # The final ones are rare: they cut a run short, and most of what can go wrong comes later.
        codes = [400, 401, 403, 404, *[408, 409, 429, 500, 502, 503, 504] * 3]
        fault |= {"code": draw(st.sampled_from(codes)), "retry_after": draw(st.none() | st.integers(0, 90))}
    if fault["kind"] in {"late", "late_status"}:
        fault["seconds"] = draw(st.floats(0, 45))
    if fault["kind"] == "slow":
        fault["seconds"] = draw(st.floats(0, 60))
    return fault


def _behaviour(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "post_shape": draw(st.sampled_from(["deployment_id", "deployment_id", *get_args(PostShape)])),
        "outcome_codes": draw(st.sampled_from(get_args(OutcomeCodes))),
        "cancelled_as": draw(st.sampled_from(get_args(CancelledAs))),
        "fate": draw(st.sampled_from(_FATES)),
        "duration_seconds": draw(st.sampled_from([0.0, 3.0, 20.0, 60.0, 150.0])),
        "action_record_delay_seconds": draw(_DELAYS),
        "deployment_record_delay_seconds": draw(_DELAYS),
        "action_finish_lag_seconds": draw(_DELAYS),
        "record_while_queued": draw(st.booleans()),
        "ignore_reference_filter": draw(st.booleans()),
        "text": draw(st.sampled_from([None, None, None, f"a {TOKEN} ::error::b ##[error]c"])),
        "cancel_takes_seconds": draw(st.sampled_from([0.0, 2.0, 8.0])),
        "live_field": draw(st.sampled_from([True, True, False])),
        "live_lag_seconds": draw(st.sampled_from([0.0, 0.0, 5.0, 60.0])),
        "overtaken_after_seconds": draw(st.sampled_from([None, None, None, 0.0, 2.0])),
        "log_lines_per_second": draw(st.sampled_from([0.0, 0.5])),
    }


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Draw a case: a plain redeploy, about every second time; else one with a newer ability, or a second step."""
    behaviour = _behaviour(draw)
    # Every other one is calm: what there is to be seen only late needs somebody to get there.
    calm = draw(st.booleans())
    others = draw(st.lists(_others(), max_size=1 if calm else 4))
    trouble = draw(st.lists(faults(), max_size=1 if calm else 4))
    inputs = {
        "api_token": TOKEN,
        "git_ref": draw(st.sampled_from(["", "main", "v1"])),
        "expected_commit": draw(st.sampled_from([""] * 6 + _COMMITS)),
        "timeout": draw(st.sampled_from(["40s", "40s", "3m", "10m"])),
        "queue_timeout": draw(st.sampled_from(["", "", "30s"])),
        "poll_interval": draw(st.sampled_from(["30s", "5s"])),
        "wait": draw(st.sampled_from(["true"] * 3 + ["false"])),
        "cancel_on_timeout": draw(st.sampled_from(["true", "false"])),
        "cancel_on_abort": draw(st.sampled_from(["true", "true", "false"])),
        "on_busy": "",
        "rollback": "",
        "dry_run": "",
        "log": "",
    }
    abort_at = draw(st.floats(0, 120)) if draw(st.integers(0, 3)) == 3 else NEVER
    plan = draw(st.sampled_from(["plain"] * 3 + ["busy", "rollback"] * 2 + ["wait", "cancel", "status"]))
    later, head_start = None, 0.0
    if plan == "busy":
        head_start = draw(st.sampled_from([0.0, 20.0, 20.0]))
        inputs["on_busy"] = draw(st.sampled_from(["queue", "fail", "skip", *["cancel"] * 3, "cancel: any"]))
        inputs["dry_run"] = draw(st.sampled_from(["", "", "", "true"]))
        inputs["log"] = draw(st.sampled_from(["", "live"]))
        whose = st.sampled_from([OURS, OURS, *_STRANGE])
        asked = {"user": "ci@example.com", "via": "api", "duration": draw(st.sampled_from([15.0, 60.0, 300.0, 300.0]))}
        asked |= {"user_reference": draw(whose), "record_delays": draw(st.none() | st.tuples(_DELAYS, _DELAYS))}
        others.append(Other(0.0, asked, None))
    elif plan == "rollback":
        inputs |= {"rollback": "true", "wait": "true", "log": draw(st.sampled_from(["", "live", "never"]))}
        # What would keep it from going back at once is rarer here.
        inputs |= {"git_ref": draw(st.sampled_from(["v1", "v1", "main"])), "timeout": draw(st.sampled_from(_LONG))}
        behaviour |= {"live_field": draw(st.sampled_from([True] * 4 + [False]))}
        behaviour |= {"text": draw(st.sampled_from([None] * 4 + [behaviour["text"]]))}
        behaviour["overtaken_after_seconds"] = draw(st.sampled_from([None] * 6 + [0.0, 2.0, 30.0]))
        first = draw(st.sampled_from(["failed"] * 7 + list(get_args(Fate))))
        behaviour["fates"] = (first, draw(st.sampled_from(_FATES)))
        inputs["expected_commit"] = draw(st.sampled_from(["", "", *_COMMITS]))
    elif plan != "plain":
        inputs["wait"] = "false"
        later = draw(_laters(plan, inputs))
        if later.named == "none":
            # Which one is meant then shows only beside one that waits.
            others.append(Other(draw(st.sampled_from([0.0, 1.0])), {"via": "web", "duration": 100.0}, None))
        abort_at = NEVER
    # Deployments and actions are numbered independently: the numbers may meet.
    id_gap = draw(st.sampled_from([None, None, 0, 1, 2]))
    return Schedule(behaviour, trouble, others, id_gap, inputs, abort_at, later, head_start)


@st.composite
def _laters(draw: st.DrawFn, command: str, first: dict[str, str]) -> Later:
    names = ["reference", "reference", "id", "both"] + (["none"] if command != "wait" else [])
    inputs = {"api_token": TOKEN, "command": command}
    if command != "status":
        inputs["timeout"] = first["timeout"]
    if command == "wait":
        same = ("expected_commit", "queue_timeout", "poll_interval", "cancel_on_timeout", "cancel_on_abort")
        inputs |= {name: first[name] for name in same}
        inputs["log"] = draw(st.sampled_from(["", "live", "never"]))
    abort_at = draw(st.floats(0, 120)) if draw(st.integers(0, 3)) == 3 else NEVER
    # What is named by its reference alone can only be inferred, and not before the records of all have shown.
    pauses = [20.0, 70.0] if command == "cancel" else [0.0, 1.0, 10.0, 70.0]
    return Later(command, draw(st.sampled_from(names)), inputs, draw(st.sampled_from(pauses)), abort_at)


@st.composite
def _others(draw: st.DrawFn) -> Other:
    asked = {
        "user": draw(st.sampled_from(["ci@example.com", "ann@example.com"])),
        "via": draw(st.sampled_from(["api", "api", "web", "hook"])),
        "git_ref": draw(st.sampled_from(["main", "v1"])),
        "fate": draw(st.sampled_from(get_args(Fate))),
        "duration": draw(st.sampled_from([1.0, 15.0, 60.0])),
        "record_delays": draw(st.none() | st.tuples(_DELAYS, _DELAYS)),
    }
    if asked["via"] == "api":
        asked["user_reference"] = draw(st.sampled_from([OURS, *_STRANGE]))
    # The POST leaves about 0.25 s after the start, so many of these come in the same second.
    moments = st.sampled_from([0.0, 0.15, 0.2, 0.24, 0.26, 0.3, 0.5, 1.0]) | st.floats(0, 120)
    return Other(draw(moments), asked, draw(st.none() | st.floats(0.5, 30)))
