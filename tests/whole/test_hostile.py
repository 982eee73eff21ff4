"""Whole runs against a Cloud 66 whose every text is hostile: log, outputs and summary stay ours."""

import json
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from cases import Case, MakeStep
from cloud66_simulator import Behaviour, Fault, StackSpec
from cloud66_simulator.core.records import DOCKER_STACK
from harness import Ending, Step
from hostile import MARK, TEXTS, TOKEN, check_log, check_outputs, check_summary, commands, debug_lines, without_debug

DEBUG = {"RUNNER_DEBUG": "1"}
ENDLESS = {"duration_seconds": inf}
MINUTE = {"timeout": "1m"}
WAYS = {
    "success": Case(),
    "failed": Case("failed", dials={"fate": "failed"}),
    "failed, outcome codes as text": Case("failed", dials={"fate": "failed", "outcome_codes": "string"}),
    "cancelled by others": Case("cancelled", dials={"fate": "cancelled", "outcome_codes": "string"}),
    "cancelled by others, without a word": Case("failed", dials={"fate": "cancelled", "cancelled_as": "null"}),
    "odd": Case("failed", dials={"fate": "odd"}),
    "reverted": Case("failed", dials={"fate": "reverted"}),
    "action failed": Case("failed", dials={"fate": "action_failed"}),
    "not waited for": Case("scheduled", inputs={"wait": "false"}),
    "another commit": Case("failed", inputs={"expected_commit": "abcdef0"}),
    "timed out": Case("timed_out", dials=ENDLESS, inputs=MINUTE),
    "timed out and cancelled": Case("timed_out", dials=ENDLESS, inputs=MINUTE | {"cancel_on_timeout": "true"}),
    "workflow cancelled": Case("cancelled", abort_at=4),
    "answer lost": Case("success", (Fault("lost_done", method="POST"),)),
    "no id in the answer": Case("success", dials={"post_shape": "async_action_id_null"}),
    "refused at the stack": Case("failed", (Fault("status", code=403),)),
    "refused at the request": Case("failed", (Fault("status", code=400, method="POST"),)),
    "refused midway": Case("unknown", (Fault("status", code=401, skip=7, count=None),)),
    "never answered": Case("unknown", (Fault("status", code=503, method="POST", count=None),)),
    "never taken": Case("timed_out", (Fault("status", code=409, method="POST", count=None),)),
    "throttled": Case("success", (Fault("throttle", skip=6, count=3),)),
    "HTML midway": Case("success", (Fault("html", skip=6, count=4),)),
    "HTML to the end": Case("timed_out", (Fault("html", skip=6, count=None),), inputs=MINUTE),
    "no JSON midway": Case("success", (Fault("garbage", skip=6, count=4),)),
    "a text for JSON": Case("success", (Fault("wrong_json", skip=6, count=4),)),
}


def run(
    make: MakeStep, way: Case, text: str, environ: dict[str, str] | None = None, history: int = 1
) -> tuple[Step, Ending]:
    """Let a run end in this way while every text that it is answered is this one."""
    dials: dict[str, Any] = {"text": text, "git_hash": text, "duration_seconds": 5} | way.dials
    texts = {"wrong_json": json.dumps(text)}
    faults = [replace(fault, text=texts.get(fault.kind, text)) for fault in way.faults]
    made = make(behaviour=Behaviour(**dials), faults=faults, stacks=[StackSpec(history=history)])
    return made, made.run(abort_at=way.abort_at, environ=environ, **way.inputs)


def check(made: Step, ending: Ending, outcome: str) -> str:
    """Check that everything which people and programs see is ours and true; return the summary's text."""
    assert ending.outcome == outcome
    assert ending.status == (0 if outcome in {"success", "scheduled"} else 1)
    check_log(ending.log, TOKEN, f"Cloud 66 redeploy: {outcome}" if ending.status else None)
    outputs = check_outputs(made.files["output"], TOKEN)
    assert outputs["outcome"] == outcome
    assert ending.reference.startswith("4711-1-c2160039a2ba9b49-")
    assert outputs["user_reference"] in {ending.reference, "" if made.mine(ending) == [] else ending.reference}
    assert set(ending.state) <= {"run", "ended"}
    assert TOKEN not in made.files["state"].read_text(encoding="utf8")
    for name in ("app_url", "commit_url"):
        assert outputs[name] == "" or outputs[name].startswith(("http://", "https://"))
    if outputs["deployment"]:
        assert str(json.loads(outputs["deployment"])["id"]) == outputs["deployment_id"]
    return check_summary(ending.summary, TOKEN)


# Every way to end with one of the most capable texts, and every text with one way, in which most texts are shown.
_CAPABLE = ["commands on lines", "old commands", "the token torn", "HTML", "Markdown", "lone surrogates"]
_CASES = [(way, _CAPABLE[number % 6]) for number, way in enumerate(WAYS)]
_CASES += [("failed", text) for text in TEXTS if ("failed", text) not in _CASES]


@pytest.mark.parametrize(("way", "text"), _CASES, ids=[" - ".join(case) for case in _CASES])
def test_hostile_text(step: MakeStep, way: str, text: str) -> None:
    """However a run ends, no text from outside forges a command, an output or a tag, or shows the token."""
    made, ending = run(step, WAYS[way], f"{TEXTS[text]}{MARK}")
    check(made, ending, WAYS[way].outcome)
    assert MARK in ending.log


@pytest.mark.parametrize("way", WAYS)
def test_a_hostile_text_that_is_cut(step: MakeStep, way: str) -> None:
    """Wherever a text full of tokens is cut, nothing to speak of is shown of the one that it tears."""
    made, ending = run(step, WAYS[way], f"{MARK}{'.' * (list(WAYS).index(way) % 10)}{TOKEN * 600}")
    check(made, ending, WAYS[way].outcome)


@pytest.mark.parametrize("way", WAYS)
def test_hostile_text_in_a_debug_log(step: MakeStep, way: str) -> None:
    """With debug logging, too: what is said more are lines of that kind alone, and they show no token."""
    text = _CAPABLE[(list(WAYS).index(way) + 2) % len(_CAPABLE)]
    made, ending = run(step, WAYS[way], f"{TEXTS[text]}{MARK}", DEBUG)
    more = debug_lines(ending.log)
    assert len(more) >= len(made.simulator.requests)
    check(made, replace(ending, log=without_debug(ending.log)), WAYS[way].outcome)


@pytest.mark.parametrize("text", _CAPABLE[:3])
def test_hostile_name_in_the_queue(step: MakeStep, text: str) -> None:
    """Neither the name of whose deployment runs before ours nor a header's warning, one annotation, forges anything."""
    made = step(behaviour=Behaviour(text=f"{TEXTS[text]}{MARK}", warning="", git_hash="0" * 40, duration_seconds=5))
    made.simulator.request_deployment(duration=40)
    ending = made.run()
    check(made, ending, ending.outcome)
    assert "queued behind deployment 108 (started by " in ending.log
    assert [MARK in warning for warning in ending.warnings if "title=Cloud 66," in warning] == [True]


@pytest.mark.parametrize("text", _CAPABLE[:3])
def test_hostile_names_of_fields(step: MakeStep, text: str) -> None:
    """The name of a field and an unknown word forge nothing in a debug log."""
    said = f"{TEXTS[text]}{MARK}"
    record = {"id": 1, said: {said: said}, "triggered_via": {"code": 1, "meaning": said}}
    fault = Fault("wrong_json", path="/deployments", text=json.dumps({"response": [record]}))
    made = step(behaviour=Behaviour(git_hash="0" * 40, duration_seconds=5), faults=[fault])
    ending = made.run(environ=DEBUG)
    [shown] = [line for line in debug_lines(ending.log) if line.startswith("Deployment with ")]
    assert "triggered_via" in shown
    check(made, replace(ending, log=without_debug(ending.log)), "success")


@pytest.mark.parametrize("text", _CAPABLE[:3])
def test_hostile_services(step: MakeStep, text: str) -> None:
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
def test_a_megabyte(step: MakeStep, way: str, unit: str) -> None:
    """A megabyte in every text floods neither log nor outputs nor summary."""
    text = unit * (1_000_000 // len(unit))
    made, ending = run(step, WAYS[way], text, history=0)
    check(made, ending, WAYS[way].outcome)
    assert max(map(len, ending.log.split("\n"))) < 10_000
    assert len(ending.log) < 100_000


@pytest.mark.parametrize("name", _CAPABLE)
def test_post_step(step: MakeStep, name: str) -> None:
    """The post step, too, says what it did without letting a text from outside in, with debug logging or without."""
    text, environ = f"{TEXTS[name]}{MARK}", DEBUG if name in _CAPABLE[::2] else {}
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
