"""Whole runs against a Cloud 66 whose every text is hostile: log, outputs and summary stay ours."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import pytest

from cloud66_simulator import Behaviour, Fault, StackSpec
from cloud66_simulator.core.records import DOCKER_STACK
from harness import Ending, Step
from hostile import MARK, TEXTS, TOKEN, check_log, check_outputs, check_summary, commands, debug_lines, without_debug

NEVER = 1e9
DEBUG = {"RUNNER_DEBUG": "1"}


@dataclass
class Ends:
    """One way for a run to end: what it takes, and the outcome that is true."""

    outcome: str
    behaviour: dict[str, Any] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    abort_at: float = NEVER


WAYS = {
    "success": Ends("success"),
    "failed": Ends("failed", {"fate": "failed"}),
    "failed, outcome codes as text": Ends("failed", {"fate": "failed", "outcome_codes": "string"}),
    "cancelled by others": Ends("cancelled", {"fate": "cancelled", "outcome_codes": "string"}),
    "cancelled by others, without a word": Ends("failed", {"fate": "cancelled", "cancelled_as": "null"}),
    "odd": Ends("failed", {"fate": "odd"}),
    "reverted": Ends("failed", {"fate": "reverted"}),
    "action failed": Ends("failed", {"fate": "action_failed"}),
    "not waited for": Ends("scheduled", inputs={"wait": "false"}),
    "another commit": Ends("failed", inputs={"expected_commit": "abcdef0"}),
    "timed out": Ends("timed_out", {"duration_seconds": inf}, inputs={"timeout": "1m"}),
    "timed out and cancelled": Ends(
        "timed_out", {"duration_seconds": inf}, inputs={"timeout": "1m", "cancel_on_timeout": "true"}
    ),
    "workflow cancelled": Ends("cancelled", abort_at=4),
    "answer lost": Ends("success", faults=[{"kind": "lost_done", "method": "POST"}]),
    "no id in the answer": Ends("success", {"post_shape": "async_action_id_null"}),
    "refused at the stack": Ends("failed", faults=[{"kind": "status", "code": 403}]),
    "refused at the request": Ends("failed", faults=[{"kind": "status", "code": 400, "method": "POST"}]),
    "refused midway": Ends("unknown", faults=[{"kind": "status", "code": 401, "skip": 7, "count": None}]),
    "never answered": Ends("unknown", faults=[{"kind": "status", "code": 503, "method": "POST", "count": None}]),
    "never taken": Ends("timed_out", faults=[{"kind": "status", "code": 409, "method": "POST", "count": None}]),
    "throttled": Ends("success", faults=[{"kind": "throttle", "skip": 6, "count": 3}]),
    "HTML midway": Ends("success", faults=[{"kind": "html", "skip": 6, "count": 4}]),
    "HTML to the end": Ends("timed_out", faults=[{"kind": "html", "skip": 6, "count": None}], inputs={"timeout": "1m"}),
    "no JSON midway": Ends("success", faults=[{"kind": "garbage", "skip": 6, "count": 4}]),
    "a text for JSON": Ends("success", faults=[{"kind": "wrong_json", "skip": 6, "count": 4}]),
}


def run(
    make: Callable[..., Step], way: Ends, text: str, environ: dict[str, str] | None = None, **simulator: Any
) -> tuple[Step, Ending]:
    """Let a run end in this way while every text that it is answered is this one."""
    dials: dict[str, Any] = {"text": text, "git_hash": text, "duration_seconds": 5} | way.behaviour
    made = make(behaviour=Behaviour(**dials), **simulator)
    for fault in way.faults:
        body = json.dumps(text) if fault["kind"] == "wrong_json" else text
        made.simulator.faults.append(Fault(text=body, **fault))
    ending = made.run(abort_at=way.abort_at, environ=environ, **way.inputs)
    return made, ending


def check(made: Step, ending: Ending, outcome: str) -> str:
    """Check that everything which people and programs see is ours and true; return the summary's text."""
    assert ending.outcome == outcome
    assert ending.status == (0 if outcome in {"success", "scheduled"} else 1)
    check_log(ending.log, TOKEN, f"Cloud 66 redeploy: {outcome}" if ending.status else None)
    outputs = check_outputs(made.files["output"], TOKEN)
    assert outputs["outcome"] == outcome
    assert outputs["user_reference"].startswith("4711-1-c2160039a2ba9b49-")
    assert set(ending.state) <= {"run", "ended"}
    assert TOKEN not in made.files["state"].read_text(encoding="utf8")
    for name in ("app_url", "commit_url"):
        assert outputs[name] == "" or outputs[name].startswith(("http://", "https://"))
    if outputs["deployment"]:
        assert str(json.loads(outputs["deployment"])["id"]) == outputs["deployment_id"]
    return check_summary(ending.summary, TOKEN)


# Every way to end with the most capable texts, and every text with one way, in which most texts are shown.
_CAPABLE = ["commands on lines", "old commands", "the token torn", "HTML", "Markdown", "lone surrogates"]
_CASES = [(way, _CAPABLE[(number + more) % 6]) for number, way in enumerate(WAYS) for more in (0, 2)]
_CASES += [(way, text) for way in ("failed", "refused at the stack") for text in TEXTS if (way, text) not in _CASES]


@pytest.mark.parametrize(("way", "text"), _CASES, ids=[" - ".join(case) for case in _CASES])
def test_hostile_text(step: Callable[..., Step], way: str, text: str) -> None:
    """However a run ends, no text from outside forges a command, an output or a tag, or shows the token."""
    made, ending = run(step, WAYS[way], f"{TEXTS[text]}{MARK}", stacks=[StackSpec(history=1)])
    check(made, ending, WAYS[way].outcome)
    assert MARK in ending.log


@pytest.mark.parametrize("way", WAYS)
def test_hostile_text_in_a_debug_log(step: Callable[..., Step], way: str) -> None:
    """With debug logging, too: what is said more are lines of that kind alone, and they show no token."""
    text = _CAPABLE[list(WAYS).index(way) % len(_CAPABLE)]
    made, ending = run(step, WAYS[way], f"{TEXTS[text]}{MARK}", DEBUG, stacks=[StackSpec(history=1)])
    more = debug_lines(ending.log)
    assert len(more) >= len(made.simulator.requests)
    check(made, replace(ending, log=without_debug(ending.log)), WAYS[way].outcome)


@pytest.mark.parametrize("text", _CAPABLE)
def test_hostile_name_in_the_queue(step: Callable[..., Step], text: str) -> None:
    """Neither the name of whose deployment runs before ours nor a header's warning, one annotation, forges anything."""
    made = step(behaviour=Behaviour(text=f"{TEXTS[text]}{MARK}", warning="", git_hash="0" * 40, duration_seconds=5))
    made.simulator.request_deployment(duration=40)
    ending = made.run()
    check(made, ending, ending.outcome)
    assert "queued behind deployment 108 (started by " in ending.log
    assert [MARK in warning for warning in ending.warnings if "title=Cloud 66," in warning] == [True]


@pytest.mark.parametrize("text", _CAPABLE)
def test_hostile_names_of_fields(step: Callable[..., Step], text: str) -> None:
    """The name of a field and an unknown word forge nothing in a debug log."""
    said = f"{TEXTS[text]}{MARK}"
    record = {"id": 1, said: {said: said}, "triggered_via": {"code": 1, "meaning": said}}
    fault = Fault("wrong_json", path="/deployments", text=json.dumps({"response": [record]}))
    made = step(behaviour=Behaviour(git_hash="0" * 40, duration_seconds=5), faults=[fault])
    ending = made.run(environ=DEBUG)
    [shown] = [line for line in debug_lines(ending.log) if line.startswith("Deployment with ")]
    assert "triggered_via" in shown
    check(made, replace(ending, log=without_debug(ending.log)), "success")


@pytest.mark.parametrize("text", _CAPABLE)
def test_hostile_services(step: Callable[..., Step], text: str) -> None:
    """What the services of a Docker stack say that they run, and the warning about it, forge nothing."""
    made = step(behaviour=Behaviour(text=f"{TEXTS[text]}{MARK}", git_hash="0" * 40, duration_seconds=5))
    ending = made.run(stack_id=DOCKER_STACK, services="web:v2")
    check(made, ending, "success")
    assert MARK in ending.log.partition("Service web runs ")[2].partition("\n")[0]
    assert [MARK in warning for warning in ending.warnings if "title=Services" in warning] == [True]


@pytest.mark.parametrize(
    ("way", "unit"),
    [("failed", f"::error::{TOKEN}\n<\u200b&|"), ("refused at the stack", "##[error]é")],
    ids=["failed", "refused"],
)
def test_a_megabyte(step: Callable[..., Step], way: str, unit: str) -> None:
    """A megabyte in every text floods neither log nor outputs nor summary."""
    text = unit * (1_000_000 // len(unit))
    made, ending = run(step, WAYS[way], text, stacks=[StackSpec(history=0)])
    check(made, ending, WAYS[way].outcome)
    assert max(map(len, ending.log.split("\n"))) < 10_000
    assert len(ending.log) < 100_000


@pytest.mark.parametrize("environ", [{}, DEBUG], ids=["", "debug"])
@pytest.mark.parametrize("name", _CAPABLE)
def test_post_step(step: Callable[..., Step], name: str, environ: dict[str, str]) -> None:
    """The post step, too, says what it did without letting a text from outside in, with debug logging or without."""
    text = f"{TEXTS[name]}{MARK}"
    made = step(behaviour=Behaviour(text=text, duration_seconds=inf))
    made.simulator.faults.append(Fault("status", method="DELETE", text=text, count=None))
    ending = made.run(abort_at=10)
    cleaned = made.clean_up({name: value for name, value in ending.state.items() if name == "run"}, environ)
    assert bool(debug_lines(cleaned.log)) == bool(environ)
    for line in without_debug(cleaned.log).splitlines():
        ours = (f"::add-mask::{TOKEN}", "::warning title=Not cancelled", "::warning title=Cloud 66,")
        assert line.startswith(ours) or not commands(line)
    assert TOKEN not in cleaned.log.replace(f"::add-mask::{TOKEN}", "")
    assert MARK in cleaned.log
