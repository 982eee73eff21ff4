"""With GitHub's "Enable debug logging" the log shows each call, odd records, each decision and each pause."""

import re
from typing import Any

import pytest

from cases import MakeStep
from cloud66_redeploy.model.shapes import oddities, shape_of
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault
from harness import Ending, Step

DEBUG = {"RUNNER_DEBUG": "1"}
STACK = f"/stacks/{DEFAULT_STACK}"


def debugged(made: Step, **inputs: Any) -> tuple[Ending, list[str]]:
    """Run with debug logging on; return how it ended, and what was said for that alone."""
    ending = made.run(environ=DEBUG, **inputs)
    return ending, re.findall(r"^::debug::(.*)$", ending.log, re.MULTILINE)


def test_nothing_without_it(step: MakeStep) -> None:
    """Without it, nothing of this is said; with it, nothing else changes."""
    quiet, loud = step().run(git_ref="main"), debugged(step(), git_ref="main")[0]
    assert "::debug::" not in quiet.log
    assert re.sub(r"::debug::.*\n", "", loud.log) == quiet.log
    assert (loud.outputs, loud.summary) == (quiet.outputs, quiet.summary)


def test_each_call(step: MakeStep) -> None:
    """A line for each request: method, path, status, milliseconds, attempt and the calls that are left."""
    made = step()
    _, lines = debugged(made)
    calls = [line for line in lines if re.match("(GET|POST|DELETE) ", line)]
    assert len(calls) == len(made.simulator.requests)
    assert calls[0] == f"GET {STACK}: 200, 50 ms, attempt 1, 2999 calls left"
    assert [line for line in calls if line.startswith(f"POST {STACK}/deployments: 200, ")]
    assert not any("git_hash" in line for line in calls), "the bodies of good answers"


def test_what_went_wrong(step: MakeStep) -> None:
    """A refusal's body is shown, a call that broke is, too, and tries are counted."""
    faults = [
        Fault("status", code=503, text="in maintenance"),
        Fault("lost_done", skip=1),
        Fault("status", code=409, method="POST"),
    ]
    _, lines = debugged(step(faults=faults))
    said = "\n".join(lines)
    assert re.search(rf"GET {STACK}: 503, \d+ ms, attempt 1\n", said)
    assert re.search(rf"GET {STACK}: body \{{.*in maintenance", said)
    assert re.search(rf"GET {STACK}: 200, \d+ ms, attempt 2", said)
    assert re.search(
        rf"GET {STACK}/deployments: Remote end closed connection without response, \d+ ms, attempt 1", said
    )
    assert re.search(rf"POST {STACK}/deployments: 409, ", said)


def test_each_decision(step: MakeStep) -> None:
    """What is taken for the deployment, by what, and when the next look comes is said whenever it is new."""
    made = step(behaviour=Behaviour(post_shape="async_action_id", deployment_record_delay_seconds=5.0))
    ending, lines = debugged(made)
    seen = [line for line in lines if line.startswith("Seen: ")]
    number = ending.outputs["deployment_id"]
    assert seen[0] == "Seen: action 40, no deployment; they say never seen and running"
    assert any(f"deployment {number}, inferred" in line for line in seen)
    assert f"deployment {number}, proved" in seen[-1]
    assert seen[-1].endswith("; they say success and success, so SUCCEEDED")
    assert len(seen) == len(set(seen))
    pauses = [line for line in lines if line.startswith("Next look in ")]
    by_past = r"Next look in \d+\.\d s \(usually 40 s, 0 ahead, stretched 1\.0 times\)"
    assert any(re.fullmatch(by_past, line) for line in pauses)


def test_pauses_after_trouble_and_in_a_cancellation(step: MakeStep) -> None:
    """A pause after trouble names the trouble; that of a cancellation needs no reason."""
    made = step(behaviour=Behaviour(duration_seconds=300.0, cancel_takes_seconds=9.0))
    made.simulator.faults.append(Fault("status", code=500, skip=7, count=6))
    _, lines = debugged(made, timeout="1m", cancel_on_timeout="true")
    said = "\n".join(lines)
    assert re.search(r"Next look in .* after trouble: GET .* answered 500", said)
    assert re.search(r"^Next look in \d+\.\d s$", said, re.MULTILINE)


def test_visits(step: MakeStep) -> None:
    """Each visit to the application is said, without the query."""
    _, lines = debugged(step(), health_check="https://awesome.example.com/x?key=s3cret")
    visits = [line for line in lines if line.startswith("Visit after")]
    assert [line.partition(": ")[2] for line in visits] == ["https://awesome.example.com/x answered 200"] * 3


def test_several_are_told_apart(step: MakeStep) -> None:
    """Where there are several, each decision is of one of them."""
    made = step()
    for reference in ("one", "two"):
        made.simulator.request_deployment(user_reference=reference, via="api", user="ci@example.com", duration=5)
    _, lines = debugged(made, command="wait", user_reference="one\ntwo")
    seen = [line for line in lines if "Seen: " in line]
    assert any("one: Seen:" in line for line in seen)
    assert any("two: Seen:" in line for line in seen)


FAMILIAR: dict[str, Any] = {
    "id": 1,
    "outcome": {"code": 1, "meaning": "success"},
    "triggered_via": {"code": 1, "meaning": "api"},
}
RECORDS: list[tuple[str, object, list[str]]] = [
    ("Deployment", FAMILIAR, []),
    ("Deployment", FAMILIAR | {"outcome": {"code": "success", "meaning": "Successful"}}, []),
    ("Deployment", FAMILIAR | {"outcome": None, "triggered_via": None}, []),
    ("Deployment", FAMILIAR | {"colour": "red"}, ["colour"]),
    ("Deployment", FAMILIAR | {"outcome": {"code": 7, "meaning": "Superseded"}}, ["outcome 'superseded'"]),
    ("Deployment", FAMILIAR | {"outcome": "success"}, []),
    ("Deployment", FAMILIAR | {"triggered_via": "ci"}, ["triggered_via 'ci'"]),
    ("Action", {"id": 1, "resource_type": "Stack", "action": "deploy"}, []),
    ("Action", {"id": 1, "action": "scale"}, ["action 'scale'"]),
    ("Stack", {"uid": "x", "region": "eu"}, ["region"]),
    ("Action", None, ["null"]),
    ("Action", [1], ["list"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "record", "odd"), RECORDS)
def test_what_is_odd(kind: str, record: object, odd: list[str]) -> None:
    """A field that no reference names, or a word that none has, is odd."""
    assert oddities(kind, record) == odd


def test_a_shape() -> None:
    """A shape has names and types, no values, and an end."""
    value = {"a": "secret", "b": [1, 2], "c": {"d": None, "e": [{"f": 1.5}]}, "g": True, "h": []}
    assert shape_of(value) == "{a: str, b: [int], c: {d: null, e: [{f: float}]}, g: bool, h: []}"
    deep: Any = 1
    for _ in range(100):
        deep = {"x": deep}
    assert shape_of(deep) == "{x: {x: {x: {x: object}}}}"
    assert len(shape_of({str(number): 1 for number in range(1000)})) < 1000


def test_odd_records_are_shown_once(step: MakeStep) -> None:
    """A record with an unknown word is shown by its shape, once, without its values."""
    made = step(behaviour=Behaviour(fate="odd"))
    _, lines = debugged(made)
    [shown] = [line for line in lines if line.startswith("Deployment with outcome 'superseded': {id: int, ")]
    assert "git_hash: str" in shown
    assert "11e1d512" not in shown


def test_the_request_id_of_the_server(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request's id that the server gave is shown, where there is one."""
    made = step()
    from cloud66_simulator.core import account  # noqa: PLC0415

    real = account.Account.answer

    def answer(self: Any, *args: Any) -> Any:
        found = real(self, *args)
        found.headers["X-Request-Id"] = "4f0c::error::x"
        return found

    monkeypatch.setattr(account.Account, "answer", answer)
    _, lines = debugged(made)
    assert any(line.endswith(", X-Request-Id 4f0c::error::x") for line in lines)


def test_the_post_step(step: MakeStep) -> None:
    """The post step says the same of its calls."""
    made = step(behaviour=Behaviour(duration_seconds=300.0))
    ending = made.run(abort_at=8.0)
    state = {name: value for name, value in ending.state.items() if name == "run"}
    import harness  # noqa: PLC0415

    harness.GITHUB["RUNNER_DEBUG"] = "1"
    try:
        log = made.clean_up(state).log
    finally:
        del harness.GITHUB["RUNNER_DEBUG"]
    assert f"::debug::GET {STACK}/deployments" in log
