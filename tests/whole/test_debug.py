"""With GitHub's "Enable debug logging" the log shows each call, odd records, each decision and each pause."""

import json
import re
from math import inf
from typing import Any

import pytest

from cases import CI, Case, MakeStep, stage
from cloud66_redeploy.polling.pauses import Ground
from cloud66_redeploy.report.progress import GROUNDS
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import Sanitizer
from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault
from cloud66_simulator.core import account
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


BROKEN = (
    Fault("status", code=503, text="in maintenance"),
    Fault("lost_done", skip=1),
    Fault("status", code=409, method="POST"),
)
SLOW: dict[str, Any] = {"duration": 300.0, "user_reference": "mine"} | CI
FIVE: dict[str, Any] = {"duration_seconds": 300.0}
UNSEEN: dict[str, Any] = {"post_shape": "async_action_id"}
LATE: dict[str, Any] = {"duration_seconds": inf}
CANCELS = {"timeout": "33s", "cancel_on_timeout": "true"}
AGAIN = (Fault("status", code=500, skip=12, count=6), Fault("throttle", path="/actions"),
         Fault("status", code=429, path=f"{STACK}$", retry_after=4))  # fmt: skip


def pause(ground: Ground) -> str:
    """A line that says when the next look comes, and what that follows from."""
    return rf"Next check in \d+\.\ds: {GROUNDS[ground]}(, after trouble: .*)?"


def beside(**fields: Any) -> Case:
    """What is proved of nothing while somebody else asks for a deployment, too."""
    return Case(dials=UNSEEN, others=((3.0, fields),) * bool(fields), inputs={"git_ref": "main", "timeout": "30s"})


LINES: dict[str | Ground, tuple[Any, ...]] = {
    "calls": (
        Case(), f"GET {STACK}: 200, 50ms, attempt 1, 2999 calls left", f"POST {STACK}/deployments: 200, .*"),
    "calls that went wrong": (
        Case(faults=BROKEN), rf"GET {STACK}: 503, \d+ms, attempt 1.*", rf"GET {STACK}: body \{{.*in maintenance.*",
        rf"GET {STACK}: 200, \d+ms, attempt 2, .*",
        rf"GET {STACK}/deployments: Remote end closed connection without response, \d+ms, attempt 1.*",
        rf"POST {STACK}/deployments: 409, \d+ms, attempt 1.*", rf"POST {STACK}/deployments: 200, \d+ms, attempt 2, .*"),
    "decisions": (
        Case(dials=UNSEEN | {"deployment_record_delay_seconds": 5.0}),
        "Seen: stack action 40, no deployment. They say never seen and running", "Seen: .* deployment 108, inferred.*",
        "Seen: .* deployment 108, proved.* They say success and success, so SUCCEEDED"),
    "actions that can't be read": (
        Case(faults=(Fault("status", path="/actions", code=403, count=None),)),
        "Seen: stack actions not readable, deployment 108, proved.*"),
    "wait: false": (Case(dials=FIVE, inputs={"wait": "false"}), "Seen: .*deployment 108.*, so SCHEDULED"),
    "status": (
        Case(others=((0.0, SLOW),), head_start=20.0, inputs={"command": "status"}), "Seen: .*108.*, so DEPLOYING"),
    "cancel": (
        Case(others=((0.0, SLOW),), head_start=20.0, inputs={"command": "cancel"}), "Seen: .*108.*, so CANCELLED"),
    "a timeout": (
        Case(dials=FIVE, inputs={"timeout": "20s", "cancel_on_timeout": "true"}), "Seen: .*108.*, so FOLLOWED"),
    "several": (
        Case(others=tuple((0.0, {"duration": 5, "user_reference": one} | CI) for one in ("one", "two")),
             inputs={"command": "wait", "user_reference": "one\ntwo"}), ".*one: Seen: .*", ".*two: Seen: .*"),
    "one candidate": (beside(), r"Candidates: 108 \(fits\), redeploys to pair off: 1, deployments: 1"),
    "one by hand": (
        beside(via="web"), r"Candidates: 109 \(not through the API\), 108 \(fits\), redeploys to pair off: 1, .*"),
    "one of another user": (
        beside(via="api", user="ann@example.com"), r".* 109 \(of another person\), 108 \(fits\), redeploys .*"),
    "one of another ref": (
        beside(**CI, git_ref="next"), r".* 109 \(of another ref\), 108 \(fits\), redeploys to pair off: 2, .*"),
    "a twin": (
        beside(**CI, git_ref="main"), r".* 109 \(fits\), 108 \(fits\), redeploys to pair off: 2, deployments: 2"),
    # Where no action has shown there is nothing to pair off with.
    "no action": (Case(dials=UNSEEN | {"action_record_delay_seconds": 20.0}), r"Candidates: 108 \(fits\)"),
    Ground.PAST: (Case(), pause(Ground.PAST)),
    Ground.SHARE: (Case(dials={"deployment_record_delay_seconds": 9.0}), pause(Ground.SHARE)),
    Ground.AHEAD: (Case(others=((0.0, {"duration": 30.0}),)), pause(Ground.AHEAD)),
    Ground.QUEUE: (
        Case(others=((0.0, {"duration": 30.0}), (0.0, {"duration": 10.0}))), pause(Ground.QUEUE)),
    Ground.SETTLING: (
        Case(dials={"duration_seconds": 200.0, "fate": "cancelled", "cancelled_as": "null"}), pause(Ground.SETTLING)),
    Ground.DOUBT: (Case(faults=(Fault("status", code=403, skip=8),)), pause(Ground.DOUBT)),
    Ground.ASKED: (
        Case(faults=(Fault("status", code=429, skip=8, count=9, retry_after=21),)), pause(Ground.ASKED)),
    Ground.DEADLINE: (Case(dials=LATE, inputs={"timeout": "33s"}), pause(Ground.DEADLINE)),
    Ground.HURRY: (Case(dials=LATE | {"cancel_takes_seconds": 9.0}, inputs=CANCELS), pause(Ground.HURRY)),
    "pauses that the quota makes longer": (
        Case(dials=FIVE | {"rate_limit": 60}, inputs={"poll_interval": "5s"}),
        r".*, up to [2-8]\.\d times as long so that the hour's calls last"),
    "pauses after trouble": (
        Case(faults=AGAIN), "Next check in .* after trouble: GET .* answered 500.*",
        rf"GET {STACK}/deployments/108: again in \d+\.\ds", rf"GET {STACK}: again in 4\.0s \(Retry-After\)",
        rf"GET {STACK}/actions: again in 60\.0s \(the hour's calls are used up\)"),
    "visits, without the query": (
        Case(inputs={"health_check": "https://awesome.example.com/x?key=s3cret"}),
        r"Visit after .*: https://awesome\.example\.com/x answered 200"),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES, ids=str)
def test_what_is_said(step: MakeStep, name: str | Ground) -> None:
    """Each call, decision and pause is said, with its reason; a decision only when it is new."""
    case, *patterns = LINES[name]
    made, _ = stage(step, case)
    _, lines = debugged(made, **case.inputs)
    for pattern in patterns:
        assert any(re.fullmatch(pattern, line) for line in lines), pattern
    calls = [line for line in lines if re.match("(GET|POST|DELETE) .*, attempt", line)]
    assert len(calls) == len(made.simulator.requests)
    assert not any("git_hash" in line for line in calls), "the bodies of good answers"
    decisions = [line for line in lines if "Seen: " in line or line.startswith("Candidates: ")]
    assert len(decisions) == len(set(decisions))


def test_every_pause_has_its_reason() -> None:
    """There is a row for every reason that a pause can have."""
    assert set(Ground) <= set(LINES)


def test_what_is_proved_has_no_candidates(step: MakeStep) -> None:
    """Once it is proved, nothing is said of candidates."""
    _, lines = debugged(step())
    assert not any(line.startswith("Candidates: ") for line in lines)


def test_pauses_while_a_lost_answer_is_looked_up(step: MakeStep) -> None:
    """While the reference of a lost request is looked up, each pause is said, too."""
    _, lines = debugged(step(faults=[Fault("lost_undone", method="POST")]))
    posts = [number for number, line in enumerate(lines) if line.startswith("POST ")]
    assert any(re.fullmatch(pause(Ground.SHARE), line) for line in lines[posts[0] : posts[1]])


def test_odd_records_are_shown_once(step: MakeStep) -> None:
    """A record with an unknown word is shown by its shape, once, without its values."""
    made = step(behaviour=Behaviour(fate="odd"))
    _, lines = debugged(made)
    [shown] = [line for line in lines if line.startswith("Deployment with outcome 'superseded': {id: number, ")]
    assert "git_hash: string" in shown
    assert "11e1d512" not in shown


def test_many_odd_records(step: MakeStep) -> None:
    """However many odd records there are, a run shows few of them, and says that there are more."""
    records = [{"id": number, f"field{number}": 1} for number in range(1, 500)]
    fault = Fault("wrong_json", path="/deployments", skip=2, count=1, text=json.dumps({"response": records}))
    _, lines = debugged(step(faults=[fault]))
    shown = [line for line in lines if re.match(r"Deployment with |More odd", line)]
    assert len(shown) == 21
    assert shown[-1] == "More odd records follow, which are not shown."


def test_a_shape_is_shown_once_by_all_calls(step: MakeStep) -> None:
    """Patient calls and usual ones show a shape once between them."""
    made = step()
    made.simulator.faults += [
        Fault("wrong_json", path=f"{STACK}$", skip=skip, text='{"response": {"name": "x", "region": "eu"}}')
        for skip in (0, 1)
    ]
    _, lines = debugged(made, health_check="https://awesome.example.com", log="live")
    assert [line for line in lines if line.startswith("Stack with ")] == [
        "Stack with region: {name: string, region: string}"
    ]


def test_a_page_without_end(step: MakeStep) -> None:
    """However large a refusal is, a line of the log says its beginning, and no part of the token."""
    faults = [
        Fault("garbage", code=500, text=text) for text in ("demo-token" * 200_000, f"{' ' * 19_900}demo-token" * 99)
    ]
    ending, lines = debugged(step(faults=faults))
    assert max(map(len, ending.log.splitlines())) < 4000
    assert sum(line.endswith("…") for line in lines) == len(faults)
    assert "demo" not in "".join(lines)


def test_without_it_no_text_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    """A text that isn't asked for is not worked out."""

    def never() -> str:
        raise AssertionError

    Reporter({}, Sanitizer()).debug(never)
    Reporter({"RUNNER_DEBUG": "0"}, Sanitizer()).debug(never)
    Reporter(DEBUG, Sanitizer()).debug(lambda: "::error::x\n##[error]y")
    assert capsys.readouterr().out == "::debug::::error::x ## [error]y\n"


def test_the_request_id_of_the_server(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request's id that the server gave is shown, where there is one."""
    real = account.answer

    def answer(*args: Any) -> Any:
        found = real(*args)
        found.headers["X-Request-Id"] = "4f0c::error::x"
        return found

    monkeypatch.setattr(account, "answer", answer)
    _, lines = debugged(step())
    assert any(line.endswith(", X-Request-Id 4f0c::error::x") for line in lines)


def test_the_post_step(step: MakeStep) -> None:
    """The post step says the same of its calls."""
    made = step(behaviour=Behaviour(duration_seconds=300.0))
    ending = made.run(abort_at=8.0)
    state = {name: value for name, value in ending.state.items() if name == "run"}
    log = made.clean_up(state, DEBUG).log
    assert f"::debug::GET {STACK}/deployments" in log
    assert re.search(r"^::debug::Seen: stack action 40, deployment 108, proved.*, so CANCELLED_\w+$", log, re.MULTILINE)
