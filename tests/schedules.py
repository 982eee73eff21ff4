"""What the fault campaign draws: random schedules of trouble (see campaign.py)."""

import hashlib
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, get_args

from hypothesis import strategies as st

from cloud66_simulator import DEFAULT_STACK, Behaviour
from cloud66_simulator.behaviour import Fate
from weather import DELAYS, DELAYS_OR_NEVER, FATES, TOKEN, behaviours, faults, quiet_faults
from website import ADDRESS, KINDS

NEVER = 1e9
BACKUP: dict[str, Any] = {
    "via": "api", "action": "backup", "record_delays": (inf, 0.0), "cancel_at": 0.0, "cancel_takes": inf
}  # fmt: skip
"""An action that goes on for ever, in nobody's way, and has no deployment."""
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
    site: str = "serves"
    """What the application does (see website.py)."""
    left_open: str = ""
    """What else is open when the step begins: a backup of just before, or the action of a redeploy of hours ago."""
    is_quiet: bool = False
    """Nobody else deploys, and nothing goes wrong but a single negative answer and some pages of a gateway."""

    def __str__(self) -> str:
        """Say in one line what is unusual about it."""
        usual = asdict(Behaviour())
        behaviour = {name: value for name, value in self.behaviour.items() if value != usual[name]}
        inputs = {name: value for name, value in self.inputs.items() if value and name != "api_token"}
        parts: dict[str, Any] = {"behaviour": behaviour, "faults": self.faults, "others": self.others, "inputs": inputs}
        parts |= {
            "site": self.site if self.inputs.get("health_check") else "",
            "id_gap": self.id_gap,
            "later": self.later,
            "head_start": self.head_start,
            "left_open": self.left_open,
        }
        parts["abort_at"] = self.abort_at if self.abort_at < NEVER else None
        return "Schedule: " + ", ".join(f"{name} {value}" for name, value in parts.items() if value)

    @property
    def kind(self) -> str:
        """Which ability it is about."""
        return self.later.command if self.later else "dry run" if self.inputs["dry_run"] == "true" else "redeploy"


_COMMITS = [hashlib.sha256(f"0 {DEFAULT_STACK} {ref}".encode()).hexdigest()[:12] for ref in ("main", "v1")]
"""What the stand-in deploys for these refs."""

_LONG = ["40s", "3m", "3m", "10m"]


def _trouble(draw: st.DrawFn, weather: str, behaviour: dict[str, Any]) -> tuple[list[Other], list[dict[str, Any]]]:
    """Draw who else deploys, and what goes wrong."""
    if weather == "quiet":
        behaviour["overtaken_after_seconds"] = None
        return [], quiet_faults(draw)
    if weather == "crowded":
        # Ours can only be inferred, among others that look like it and whose records are late.
        behaviour["post_shape"] = draw(st.sampled_from(["async_action_id", "async_action_id_null", "action_id_as_id"]))
        behaviour["deployment_record_delay_seconds"] = draw(DELAYS)
        return draw(st.lists(_others(alike=True), min_size=1, max_size=3)), []
    # Every other one is calm: what there is to be seen only late needs somebody to get there.
    most = 1 if weather == "calm" else 4
    return draw(st.lists(_others(), max_size=most)), draw(st.lists(faults(), max_size=most))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Draw a case: a plain redeploy, about every second time; else one with a newer ability, or a second step."""
    behaviour = behaviours(draw)
    weather = draw(st.sampled_from(["calm", "calm", "rough", "rough", "quiet", "crowded"]))
    others, trouble = _trouble(draw, weather, behaviour)
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
        **dict.fromkeys(("on_busy", "rollback", "dry_run", "log", "if_live"), ""),
    }
    abort_at = draw(st.floats(0, 120)) if draw(st.integers(0, 3)) == 3 else NEVER
    plan = draw(st.sampled_from(["plain"] * 3 + ["busy", "rollback"] * 2 + ["wait", "cancel", "status"]))
    later = None
    head_start = _let_them_wait(draw, behaviour, others) if weather == "crowded" and plan != "busy" else 0.0
    if plan == "busy":
        head_start = draw(st.sampled_from([0.0, 20.0, 20.0]))
        others.append(_make_busy(draw, inputs))
    elif plan == "rollback":
        _make_roll_back(draw, inputs, behaviour)
    elif plan != "plain":
        inputs["wait"] = "false"
        later = draw(_laters(plan, inputs))
        if later.named == "none":
            # Which one is meant then shows only beside one that waits.
            others.append(Other(draw(st.sampled_from([0.0, 1.0])), {"via": "web", "duration": 100.0}, None))
        abort_at = NEVER
    site = _check_health(draw, inputs)
    # Deployments and actions are numbered independently: the numbers may meet.
    id_gap = draw(st.sampled_from([None, None, 0, 1, 2]))
    is_quiet = weather == "quiet" and not others and behaviour["overtaken_after_seconds"] is None
    # Where every ref reads the same, none is the one asked for.
    is_quiet = is_quiet and behaviour["text"] is None and site == "serves"
    left_open = draw(st.sampled_from(["", "", "backup", "redeploy"]))
    return Schedule(behaviour, trouble, others, id_gap, inputs, abort_at, later, head_start, site, left_open, is_quiet)


def _let_them_wait(draw: st.DrawFn, behaviour: dict[str, Any], others: list[Other]) -> float:
    """Let the others, every second time, wait since minutes as ours comes, with their records still to come."""
    if draw(st.booleans()):
        return 0.0
    behaviour["record_while_queued"] = False
    for other in others:
        # Where an action never shows, nothing tells theirs from ours until ours shows (see docs/limits.md).
        other.asked["record_delays"] = (other.asked["record_delays"][0], 0.0)
    others.insert(0, Other(0.0, {"user": "ci@example.com", "via": "api", "duration": 205.0}, None))
    return 200.0


def _make_busy(draw: st.DrawFn, inputs: dict[str, str]) -> Other:
    """Let the step find the stack deploying: say what it does then, and draw whose deployment that is."""
    inputs["on_busy"] = draw(st.sampled_from(["queue", "fail", "skip", *["cancel"] * 3, "cancel_any"]))
    inputs["if_live"] = draw(st.sampled_from(["", "", "skip"]))
    inputs["dry_run"] = draw(st.sampled_from(["", "", "", "true"]))
    inputs["log"] = draw(st.sampled_from(["", "live"]))
    whose = st.sampled_from([OURS, OURS, *_STRANGE])
    asked = {"user": "ci@example.com", "via": "api", "duration": draw(st.sampled_from([15.0, 60.0, 300.0, 300.0]))}
    asked |= {"user_reference": draw(whose), "record_delays": draw(st.none() | st.tuples(DELAYS, DELAYS))}
    return Other(0.0, asked, None)


def _make_roll_back(draw: st.DrawFn, inputs: dict[str, str], behaviour: dict[str, Any]) -> None:
    """Let it roll back what fails; what would keep it from going back at once is rarer here."""
    inputs |= {"rollback": "true", "wait": "true", "log": draw(st.sampled_from(["", "live", "never"]))}
    inputs |= {"git_ref": draw(st.sampled_from(["v1", "v1", "main"])), "timeout": draw(st.sampled_from(_LONG))}
    behaviour |= {"live_field": draw(st.sampled_from([True] * 4 + [False]))}
    behaviour |= {"text": draw(st.sampled_from([None] * 4 + [behaviour["text"]]))}
    behaviour["overtaken_after_seconds"] = draw(st.sampled_from([None] * 6 + [0.0, 2.0, 30.0]))
    first = draw(st.sampled_from(["failed"] * 7 + list(get_args(Fate))))
    behaviour["fates"] = (first, draw(st.sampled_from(FATES)))
    inputs["expected_commit"] = draw(st.sampled_from(["", "", *_COMMITS]))


def _check_health(draw: st.DrawFn, inputs: dict[str, str]) -> str:
    """Let the application be checked, every third time; draw what it does."""
    if inputs["wait"] == "false":
        # Nothing would check the commit either, so it is refused.
        inputs["expected_commit"] *= inputs["if_live"] == "skip"
        return "serves"
    if draw(st.integers(0, 2)) < 2:
        return "serves"
    inputs["health_check"] = draw(st.sampled_from(["true", f"{ADDRESS}/health?key=s3cret"]))
    inputs["health_check_timeout"] = draw(st.sampled_from(["10s", "2m"]))
    inputs["health_check_contains"] = draw(st.sampled_from(["", "Version"]))
    return draw(st.sampled_from(sorted(KINDS)))


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
def _others(draw: st.DrawFn, *, alike: bool = False) -> Other:
    asked: dict[str, Any] = {
        "user": draw(st.sampled_from(["ci@example.com", "ann@example.com"])),
        "via": draw(st.sampled_from(["api", "api", "web", "hook"])),
        "git_ref": draw(st.sampled_from(["main", "v1"])),
        "fate": draw(st.sampled_from(get_args(Fate))),
        "duration": draw(st.sampled_from([1.0, 15.0, 60.0])),
        "record_delays": draw(st.none() | st.tuples(DELAYS, DELAYS)),
    }
    if asked["via"] == "api":
        asked["user_reference"] = draw(st.sampled_from([OURS, *_STRANGE]))
    # The POST leaves about 0.25 s after the start, so many of these come in the same second.
    moments = st.sampled_from([0.0, 0.15, 0.2, 0.24, 0.26, 0.3, 0.5, 1.0]) | st.floats(0, 120)
    if alike:
        asked |= {"user": "ci@example.com", "via": "api", "user_reference": OURS}
        asked["record_delays"] = (draw(DELAYS), draw(DELAYS_OR_NEVER))
    return Other(draw(moments), asked, draw(st.none() | st.floats(0.5, 30)))
