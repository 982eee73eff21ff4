"""
Rows of scenario tables: one run of the whole step against one kind of trouble, and what has to come of it.

After every row the invariants of the campaign hold, too: one deployment at most, green only for its success, nobody
else's id or cancellation, an end in time, no token anywhere.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault
from harness import Ending, Step
from invariants import Told, Truth, check_any, check_redeploy
from schedules import NEVER, Schedule

MakeStep = Callable[..., Step]

OURS = "1-1-c2160039a2ba9b49-0123456789abcdef"
"""A reference that an earlier run of this repository derived."""

CI: dict[str, Any] = {"user": "ci@example.com", "via": "api"}
ANN: dict[str, Any] = {"user": "ann@example.com", "via": "web"}
MINE: dict[str, Any] = CI | {"user_reference": OURS}
SHAPES: list[Any] = ["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"]

_USUAL = dict.fromkeys(("on_busy", "dry_run", "rollback", "expected_commit", "cancel_on_timeout"), "")


@dataclass(frozen=True)
class Case:
    """
    What a run meets, and what has to come of it.

    Attributes:
        faults, dials, inputs, abort_at: the trouble, the stand-in's dials, the step's inputs, and when it is cancelled.
        others: what else is asked for: after how many seconds, and the fields.
        head_start: how many seconds pass before the step begins.
        ours: how many deployments truly carry its reference (later than any late POST), unless it may be shared.
        posts, deletes: how many such requests were sent; None: it doesn't matter.
        says, hides: words that the reason has, and doesn't have.
        advises, logs: words of the error annotation, and of the log.
        seconds: how long the run takes, at least and at most.

    """

    outcome: str = "success"
    faults: tuple[Fault, ...] = ()
    dials: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    abort_at: float = NEVER
    others: tuple[tuple[float, dict[str, Any]], ...] = ()
    head_start: float = 0.0
    ours: int | None = 1
    posts: int | None = 1
    deletes: int | None = 0
    says: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    advises: str = ""
    logs: tuple[str, ...] = ()
    seconds: tuple[float, float] = (0.0, inf)


@dataclass(frozen=True)
class Played:
    """What came of a case: the step, its end, and in truth ours and those of others."""

    made: Step
    ending: Ending
    mine: list[Any]
    theirs: list[Any]

    @property
    def backs(self) -> list[Any]:
        """The rollbacks that there truly are."""
        return self.made.simulator.deployments_of(f"{self.ending.reference}/rollback")

    def times(self, method: str) -> list[float]:
        """When requests of a method were made, in seconds after the stand-in's start."""
        sim = self.made.simulator
        return [one.time - sim.started for one in sim.requests if one.method == method]


def stage(step: MakeStep, case: Case) -> tuple[Step, list[Any]]:
    """Make the step of a case, at its beginning, and the list that those of others are put into as they are asked."""
    clock, theirs = EventClock(), list[Any]()
    made = step(clock=clock, behaviour=Behaviour(**case.dials), faults=case.faults)

    def ask(fields: dict[str, Any]) -> None:
        theirs.append(made.simulator.request_deployment(**fields))

    for at, fields in case.others:
        if at:
            clock.plan(at, lambda fields=fields: ask(fields))  # type: ignore[misc]
        else:
            ask(fields)
    clock.sleep(case.head_start)
    return made, theirs


def play(step: MakeStep, case: Case, made: Step | None = None, theirs: list[Any] | None = None) -> Played:
    """Run a case (on a step that was staged before, if given), and assert all that its row says."""
    if made is None:
        made, theirs = stage(step, case)
    ending = made.run(abort_at=case.abort_at, **case.inputs)
    over_at = made.clock.now()
    made.clock.sleep(120)
    requests = [(one.time - made.simulator.started, one.method, one.path) for one in made.simulator.requests]
    told = Told(_command(case), _USUAL | case.inputs, case.abort_at, ending, requests, ending.log)
    truth = Truth.of(made, ending.reference)
    check_any(told)
    if case.ours is not None:
        faults = [asdict(fault) for fault in case.faults]
        behaviour = asdict(made.simulator.behaviour)
        check_redeploy(
            Schedule(behaviour, faults, [], None, told.inputs, case.abort_at, None, case.head_start),
            told,
            truth,
            over_at,
        )
        assert len(truth.mine) == case.ours
    _check(case, made, ending)
    return Played(made, ending, truth.mine, theirs or [])


def _command(case: Case) -> str:
    return "dry run" if case.inputs.get("dry_run") == "true" else case.inputs.get("command", "redeploy")


def _check(case: Case, made: Step, ending: Ending) -> None:
    reason = ending.outputs["reason"]
    assert ending.outcome == case.outcome, reason
    for method, number in (("POST", case.posts), ("DELETE", case.deletes)):
        assert number in {None, len(made.calls(method))}, f"{method} was sent {len(made.calls(method))} times"
    for words in case.says:
        assert words in reason, f"{words!r} is not in {reason!r}"
    for words in case.hides:
        assert words not in reason, f"{words!r} is in {reason!r}"
    assert not case.advises or case.advises in ending.errors[0], ending.errors
    for words in case.logs:
        assert words in ending.log, f"{words!r} is not in the log"
    assert case.seconds[0] <= ending.seconds <= case.seconds[1], f"it took {ending.seconds:.1f} s"


FETCH: dict[str, Any] = {"git_ref": "v1", "rollback": "true"}


def broken(*then: str, first: str = "failed", **case: Any) -> Case:
    """Make a case whose deployment fails after 20 s; `then` is how what comes after it through the API ends."""
    dials = {"duration_seconds": 20, "fates": (first, *then)} | case.pop("dials", {})
    return Case(dials=dials, inputs=FETCH | case.pop("inputs", {}), **({"outcome": "failed", "deletes": None} | case))


def event(made: Step, at: float, happen: Callable[[], object]) -> None:
    """Let something happen that many seconds after the start."""
    assert isinstance(made.clock, EventClock)
    made.clock.plan(at, happen)
