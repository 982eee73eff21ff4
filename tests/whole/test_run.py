"""The whole step from left to right: others who deploy, duplicates, faults of ours, and what is always there."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from cases import CI, SHAPES, Case, MakeStep, play
from cloud66_redeploy.api.client import Client
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.model.reference import derive_reference
from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault
from harness import GITHUB, run_of
from invariants import Told, check_any

BY_ACTION, BY_NOTHING = SHAPES[2:]
DERIVED = derive_reference(GITHUB | {"GITHUB_STATE": "state"}, {"stack_id": DEFAULT_STACK})
HELD = "Next: .*Deployment Approval"
FAILS = {"fate": "failed", "duration_seconds": 20}
NO_ACTION, NO_DEPLOYMENT = {"action_record_delay_seconds": 1e6}, {"deployment_record_delay_seconds": 1e6}
LATE_70, LATE_100 = (Fault("late", method="POST", seconds=seconds) for seconds in (70, 100))
UNDONE = Fault("status", method="DELETE", code=500, count=None)
# The stack is read once more for its log.
NO_LOG = Fault("timeout_undone", method="GET", path="^/stacks/[^/]+$", skip=1, count=None)
SLOW_LOG = Fault("slow", method="GET", path="^/stacks/[^/]+$", skip=1, seconds=7)


@dataclass(frozen=True)
class Row(Case):
    """A case, what one annotation says (a pattern; "!" before it: what none says), and whether ours is identified."""

    warned: str = ""
    is_known: bool = True


CASES: dict[str, Row] = {
    "the server's warning": Row(dials={"warning": "This plan ends soon"}, warned="This plan ends soon"),
    "every second answer is lost": Row(faults=tuple(Fault("lost_done", skip=skip) for skip in range(0, 200, 2))),
    "the log cannot be read": Row("failed", (NO_LOG,), FAILS, logs=("Couldn't read the stack log",)),
    "an abort while the log is read": Row("failed", (SLOW_LOG,), FAILS, abort_at=26),
    "a later run with the same reference": Row(
        inputs={"user_reference": "prod"}, ours=None,
        others=((0, {"duration": 60}), (10, CI | {"user_reference": "prod"})),
    ),
    # A lost POST that is worked on after the second one: the younger deployment goes.
    **{
        f"a POST carried out twice, {name}": Row(
            dials={"duration_seconds": 90}, faults=faults, ours=None, posts=2, deletes=deletes, warned=warned
        )
        for name, faults, deletes, warned in (
            ("70 s late", (LATE_70,), 1, "The younger one, 109, was cancelled"),
            ("100 s late", (LATE_100,), 1, "The younger one, 109, was cancelled"),
            ("and no DELETE works", (LATE_70, UNDONE), None, "Cancel the younger one, 109, by hand"),
        )
    },
    "two that cannot be told from others": Row(
        dials={"post_shape": BY_ACTION, "duration_seconds": 90}, faults=(LATE_100,), ours=None, posts=2,
        others=((95, CI), (96, CI)), is_known=False, warned="their deployments can't be identified",
    ),
    # Where Cloud 66 refuses the request, or takes it and nothing shows for minutes, something may hold it.
    **{
        f"refused with {code}": Row(
            outcome, (Fault("status", method="POST", code=code, count=None),), inputs={"timeout": "2m"}, ours=0,
            posts=None, warned=f"{HELD} or Application Protection",
        )
        for code, outcome in ((403, "failed"), (409, "timed_out"), (422, "failed"))
    },
    **{
        f"{shape}: {name} within {limit}": Row(
            "timed_out", dials={"duration_seconds": 1e6, "post_shape": shape} | dials, inputs={limit: "5m"}, warned=said
        )
        for shape, limit, name, dials, said in (
            (SHAPES[0], "timeout", "no record", NO_ACTION | NO_DEPLOYMENT, HELD),
            (BY_NOTHING, "queue_timeout", "no record", NO_ACTION | NO_DEPLOYMENT, HELD),
            (BY_NOTHING, "timeout", "no deployment", NO_DEPLOYMENT, HELD),
            (BY_NOTHING, "timeout", "no end", {}, f"!{HELD}"),
        )
    },
    # A derived reference that somebody else has, too, is the runner's doing; a given one is the workflow's.
    **{
        f"a shared reference, given as {given!r}": Row(
            dials={"post_shape": BY_ACTION}, inputs={"user_reference": given}, ours=None,
            others=((1.0, CI | {"user_reference": given or DERIVED}),), is_known=False, warned=warned,
        )
        for given, warned in (
            ("", "This runner gives its runs no unique ID. Set user_reference"),
            ("prod", "Leave user_reference empty, or give each run its own."),
        )
    },
    # Whoever deploys before, at or after ours is never taken for ours, nor their failure for our failure.
    "five others before it": Row(
        dials={"post_shape": BY_NOTHING}, others=((0, {"duration": 30, "fate": "failed"}),) * 5,
        logs=("queued behind deployment 108 and 4 more",),
    ),
    **{
        f"{via} deploys at {at}, {shape}": Row(
            dials={"post_shape": shape}, others=((at, {"via": via, "user": "ann@example.com", "fate": "failed"}),)
        )
        for at, via, shape in ((0.15, "web", SHAPES[1]), (0.23, "api", BY_NOTHING), (1.0, "api", BY_ACTION))
    },
    # The same user, the same ref and moment: our action alone decides, and what is not known is said.
    **{
        f"{theirs} beside our {ours}": Row(
            ours, dials={"post_shape": BY_NOTHING, "fate": ours}, is_known=False,
            others=((0.23, CI | {"fate": theirs, "duration": 30.0}),),
        )
        for ours, theirs in (("success", "failed"), ("failed", "success"))
    },
}  # fmt: skip


@pytest.mark.parametrize("row", CASES.values(), ids=CASES)
def test_a_run(step: MakeStep, row: Row) -> None:
    """Whatever is odd about it, a run ends by what became of its own deployment, once, and says what was odd."""
    played = play(step, row)
    ending = played.ending
    warned = [one for one in [*ending.warnings, *ending.errors] if re.search(row.warned.lstrip("!") or "^$", one)]
    assert len(warned) == (not row.warned.startswith("!") and row.warned != "")
    mine, number = sorted(str(one.id) for one in played.mine), ending.outputs["deployment_id"]
    assert number in {"", *mine[:1]}
    cancelled = [str(one.id) for one in played.made.simulator.all_deployments() if one.cancelled]
    assert cancelled == (mine[1:] if row.deletes else [])
    if ending.outcome == "success":
        assert ("Deployment not identified" in ending.log) is (number == "")
        assert number or not row.is_known


def test_services_go_to_a_docker_stack(step: MakeStep) -> None:
    """Services are asked for with their tags, in whichever way they are written."""
    case = Case(inputs={"stack_id": DOCKER_STACK, "services": "web:v2,\nworker"})
    assert play(step, case).mine[0].services == "web:v2,worker"


def test_a_success_from_left_to_right(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A success sets all outputs, writes a summary, asks little; its reference is put out and kept before the POST."""
    seen: list[str] = []
    made = step()
    redeploy = Client.redeploy

    def watched(self: Client, *options: Any) -> Any:
        seen.extend(made.files[name].read_text() for name in ("output", "state"))
        return redeploy(self, *options)

    monkeypatch.setattr(Client, "redeploy", watched)
    ending, mine = run_of(made, git_ref="main", profile="night shift")
    assert (mine.git_ref, mine.deployment_profile) == ("main", "night shift")
    assert (ending.outcome, ending.outputs["is_live"], ending.outputs["git_ref"]) == ("success", "true", "main")
    assert (ending.outputs["stack_name"], ending.outputs["stack_environment"]) == ("Awesome App", "production")
    assert json.loads(ending.outputs["deployment"])["id"] == mine.id
    assert ("Deployed" in ending.summary, "deploy_profile" in ending.log) == (True, False)
    assert len(made.simulator.requests) < 30
    assert [ending.outputs["user_reference"] in text for text in seen] == [True, True]


@pytest.mark.parametrize(
    ("name", "path", "fate"),
    [
        ("GITHUB_OUTPUT", "/dev/full", "success"),
        ("GITHUB_STATE", "/dev/full", "failed"),
        ("GITHUB_STEP_SUMMARY", "/dev/full", "failed"),
        *(("GITHUB_OUTPUT", path, "success") for path in ("/dev", "/dev/missing", "/dev/null/below")),
    ],
)
def test_a_file_of_the_runner_that_can_not_be_written(
    step: MakeStep, capsys: pytest.CaptureFixture[str], fate: Any, name: str, path: str
) -> None:
    """A file that is full, a folder or not there is warned about once, and changes nothing else."""
    made = step(behaviour=Behaviour(fate=fate)).next_step(lambda: "".join(capsys.readouterr()))
    ending = made.run(environ={name: path})
    is_red = fate == "failed"
    assert (ending.status, len(ending.errors), f"{fate}: Deployment" in ending.log) == (is_red, is_red, True)
    [warning] = ending.warnings
    assert path in warning or "No space left" in warning
    assert "could not write" not in ending.log
    assert len(made.calls("POST")) == 1


PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "deployments": ("failed", {}),
    "redeploy": ("unknown", {}),
    "deployment": ("unknown", {}),
    "retrying": ("failed", {"stack_id": "", "stack_name": "Awesome App"}),
    "cancel": ("unknown", {"abort_at": 20}),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_fault_of_ours_is_told(step: MakeStep, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A fault in this action, wherever it is, sets every output, says what to do, and ends red."""
    monkeypatch.setattr(Transport if name == "retrying" else Client, name, lambda *_, **__: 1 // 0)
    outcome, inputs = PLACES[name]
    made = step()
    ending = made.run(**inputs)
    check_any(Told("redeploy", {}, inputs.get("abort_at", 1e9), ending, [], ending.log))
    assert (ending.outcome, ending.status) == (outcome, 1)
    assert "Internal error in this action" in ending.outputs["reason"]
    assert "| Traceback" in ending.log
    assert ("No deployment was started" in ending.outputs["reason"]) is (outcome == "failed")
    assert ("ended" in ending.state) is (name != "cancel")


def test_a_stack_without_names(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that says nothing of itself is called by its UID."""
    stack = Client.stack
    monkeypatch.setattr(Client, "stack", lambda self: type(stack(self))("abc", {}))
    assert "Stack abc (environment not known), UID abc" in step().run().log
