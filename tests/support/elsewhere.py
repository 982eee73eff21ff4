"""Deployments that somebody else has asked for, and tables of what a command makes of them: a row for each case."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import pytest

from cloud66_simulator import DEFAULT_STACK, Behaviour, Fault, StackSpec
from harness import OUTPUTS, Ending, Step

MakeStep = Callable[..., Step]
ABORT_SECONDS = 7.0
"""How long after an abort a step may take to end."""

LONG = 1000.0
CI: dict[str, Any] = {"user": "ci@example.com", "via": "api"}
ANN: dict[str, Any] = {"user": "ann@example.com", "via": "web"}
REF, ID = {"user_reference": "mine"}, {"deployment_id": "108"}
BOTH = REF | ID
OTHER = f"{1:032x}"
"""The UID of a second stack."""


def rows(names: str, table: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Let a test run once for each row of a table, under the words that the row is called by."""
    return pytest.mark.parametrize(names, table.values(), ids=table.keys())


@dataclass(frozen=True)
class Case:
    """
    A row: what is going on when a command begins, what goes wrong, what it is given; and how it has to end.

    Attributes:
        mine: how the deployment that is meant was asked for, or None where nobody has.
        ahead, behind: those of others, asked for right before it and right after it.
        ago: how many seconds after all that the command begins.
        number: the deployment_id that is put out in the end.
        deletes: the ids of those that a cancellation was asked for.
        outputs: some other outputs.
        says: what the reason says.
        log: what the log says, with its annotations.
        seconds: how long the command takes, from and to.

    """

    outcome: str
    inputs: Mapping[str, str] = field(default_factory=lambda: REF)
    _: KW_ONLY
    mine: Mapping[str, Any] | None = field(default_factory=dict)
    ahead: Sequence[Mapping[str, Any]] = ()
    behind: Sequence[Mapping[str, Any]] = ()
    ago: float = 5.0
    dials: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    number: str = "108"
    deletes: Sequence[str] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    says: Sequence[str] = ()
    log: Sequence[str] = ()
    seconds: tuple[float, float] = (0, 1800)


def play(step: MakeStep, command: str, case: Case, **also: Any) -> tuple[Step, Ending]:
    """Play a row, and assert that it ends as it has to."""
    made = step(behaviour=Behaviour(**case.dials))
    for one in case.ahead:
        made.simulator.request_deployment(**one)
    if case.mine is not None:
        asked(made, ago=0, **case.mine)
    for one in case.behind:
        made.simulator.request_deployment(**one)
    made.clock.sleep(case.ago)
    made.simulator.faults.extend(case.faults)
    ending = made.run(command=command, **dict[str, Any](case.inputs), **also)
    check(made, ending, as_asked=command != "wait" and case.outcome in {"cancelled", "failed"})
    found = (ending.outcome, ending.outputs["deployment_id"], cancelled(made), ending.outputs["stack_id"])
    assert found == (case.outcome, case.number, [*case.deletes], DEFAULT_STACK), ending.outputs["reason"]
    assert case.outputs.items() <= ending.outputs.items()
    assert all(one in ending.outputs["reason"] for one in case.says), ending.outputs["reason"]
    assert all(one in ending.log for one in case.log), ending.log
    assert case.seconds[0] <= ending.seconds <= case.seconds[1]
    return made, ending


def asked(made: Step, reference: str = "mine", ago: float = 5.0, **fields: Any) -> Any:
    """Let an earlier job ask for a deployment, some seconds before the step begins; return what it truly is."""
    found = made.simulator.request_deployment(user_reference=reference or None, **(CI | fields))
    made.clock.sleep(ago)
    return found


def cancelled(made: Step) -> list[str]:
    """Name the deployments that were sent a DELETE, by id."""
    return sorted({path.rpartition("/")[2] for path in made.calls("DELETE")})


def fate(made: Step, deployment: Any) -> str:
    """Let what is under way take its course, and say how a deployment truly ended."""
    made.clock.sleep(60)
    return str(deployment.final_fate)


def check(made: Step, ending: Ending, *, as_asked: bool = False) -> None:
    """Assert what holds for every ending of a command that asks for no deployment itself."""
    assert set(ending.outputs) == OUTPUTS
    green = ending.outcome in {"success", "skipped", "queued", "deploying"}
    assert ending.status == (0 if green or as_asked else 1)
    assert len(ending.errors) == ending.status
    assert made.calls("POST") == []
    assert ending.outputs["deployment_id"] or not ending.outputs["git_hash"]
    told = ending.log.replace("::add-mask::demo-token", "") + json.dumps(ending.outputs) + ending.summary
    assert "demo-token" not in told + json.dumps(ending.state)


def killed(made: Step, at: float = 20, *, cancel: bool = True, **inputs: Any) -> dict[str, str]:
    """Run a step, kill it before it can do anything about the abort, and return the state that it leaves."""
    ending = made.run(abort_at=at, **inputs, cancel_on_abort="false")
    assert made.calls("DELETE") == []
    return {"run": json.dumps([one | {"cancel_on_abort": cancel} for one in json.loads(ending.state["run"])])}


def stacks(*names: str) -> list[StackSpec]:
    """Make stacks, the first of which is the one that a step is for unless it says otherwise; it alone has a past."""
    uids = [DEFAULT_STACK, *(f"{number:032x}" for number in range(1, len(names)))]
    return [
        StackSpec(uid, name, history=12 if uid == DEFAULT_STACK else 0) for uid, name in zip(uids, names, strict=True)
    ]
