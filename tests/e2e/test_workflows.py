"""Real workflows under act: every outcome, and what later steps and jobs see of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path

import pytest

from cloud66_simulator import Fault
from e2e.rig.act import SECRETS, Ran, run_workflow
from e2e.rig.stand_in import StandIn, StandIns
from harness import OUTPUTS

pytestmark = pytest.mark.needs("act")

HEADINGS = {"success": "<h3>✅ Deployed", "failed": "<h3>❌", "timed_out": "<h3>⏱️ Timed out"}
"""How a summary begins; of the other outcomes, it holds the word."""


@dataclass(frozen=True)
class Case:
    """A job and its stand-in."""

    ran: Ran
    cloud: StandIn


class Outcomes:
    """The workflow of outcomes, once it has run."""

    def __init__(self, workspace: Path, stand_ins: StandIns) -> None:
        start = stand_ins.start
        self.clouds = {
            "success": start(duration_seconds=1.0),
            "failed": start(duration_seconds=1.0, fate="failed"),
            "cancelled": start(duration_seconds=inf, cancel_takes_seconds=0.5),
            "timed_out": start(duration_seconds=inf, cancel_takes_seconds=0.5),
            "not_waited_for": start(duration_seconds=inf),
            "bad_token": start(),
            # The POST is worked on three seconds after its 504; around it, every other look meets trouble.
            "storm": start(
                duration_seconds=1.0,
                faults=[
                    Fault("late_status", method="POST", seconds=3.0, code=504),
                    *(Fault("status", method="GET", skip=skip, code=500 + skip % 4) for skip in range(0, 12, 2)),
                ],
            ),
            "red": start(duration_seconds=1.0, fate="failed"),
        }
        cancelled = self.clouds["cancelled"]
        stand_ins.after_post(cancelled, 1.0, lambda: cancelled.simulator.cancel(cancelled.mine[0].id))
        variables = {name.upper(): cloud.url for name, cloud in self.clouds.items()}
        self.status, self.jobs = run_workflow(workspace, "outcomes", variables)

    def case(self, name: str, outcome: str) -> Case:
        """Return a job after checking what holds for all of them: the outcome, its colour, and all outputs set."""
        job = self.jobs[name] if name in self.jobs else self.jobs[f"forgiven/{name.upper()}"]
        case = Case(job, self.clouds[name])
        step = case.ran.shown["redeploy"]
        green = outcome in {"success", "scheduled"}
        assert case.ran.outputs["outcome"] == outcome, case.ran.log
        assert step["outcome"] == ("success" if green else "failure")
        assert step["conclusion"] == ("failure" if name == "red" else "success")
        # act drops outputs that are empty; none may be there that isn't documented.
        assert set(case.ran.outputs) <= OUTPUTS
        assert HEADINGS.get(outcome, outcome) in case.ran.summary
        return case


@pytest.fixture(scope="module")
def outcomes(workspace: Path) -> Iterator[Outcomes]:
    """Run the workflow of outcomes, once."""
    stand_ins = StandIns()
    try:
        yield Outcomes(workspace, stand_ins)
    finally:
        stand_ins.close()


def test_success(outcomes: Outcomes) -> None:
    """A deployment that succeeds makes a green step whose outputs a later step uses, and a summary."""
    case = outcomes.case("success", "success")
    [mine] = case.cloud.mine
    assert len(case.cloud.calls("POST")) == 1
    assert case.cloud.calls("DELETE") == []
    assert case.ran.said("Use") == f"success {mine.git_hash} at https://awesome.example.com\n"
    outputs = case.ran.outputs
    assert set(outputs) == OUTPUTS
    assert (outputs["deployment_id"], outputs["action_id"]) == (str(mine.id), str(mine.action_id))
    assert outputs["user_reference"] == mine.user_reference
    assert json.loads(outputs["deployment"])["id"] == mine.id
    assert "Deployed Awesome App (production)" in case.ran.summary
    assert case.ran.result == "success"
    assert case.ran.stages("Redeploy") == ["Main"], "the post step ran after a success"


def test_address_for_the_environment(outcomes: Outcomes) -> None:
    """The expression that a workflow gives as `environment.url` comes to the application's address."""
    assert outcomes.jobs["address"].said("Address") == "https://awesome.example.com\n"


def test_failed(outcomes: Outcomes) -> None:
    """A deployment that fails makes a red step with one error annotation and the stack's last log lines."""
    case = outcomes.case("failed", "failed")
    assert len(case.cloud.calls("POST")) == 1
    assert case.cloud.calls("DELETE") == []
    [error] = [one for one in case.ran.commands("Redeploy") if one["command"] == "error"]
    assert error["kvPairs"]["title"] == "Cloud 66 redeploy: failed"
    assert any(one.query.get("show_log") == "true" for one in case.cloud.calls("GET"))
    assert "Stack log: last" in case.ran.summary


def test_cancelled_by_somebody_else(outcomes: Outcomes) -> None:
    """A deployment that somebody cancels in Cloud 66 ends as cancelled, and the action itself cancels nothing."""
    case = outcomes.case("cancelled", "cancelled")
    [mine] = case.cloud.mine
    assert mine.cancelled_by == "colleague@example.com"
    assert case.cloud.calls("DELETE") == []


def test_timed_out(outcomes: Outcomes) -> None:
    """When the timeout passes and cancel_on_timeout is true, the deployment is cancelled."""
    case = outcomes.case("timed_out", "timed_out")
    [mine] = case.cloud.mine
    assert mine.cancelled_by == "ci@example.com"
    assert [one.path.rpartition("/")[2] for one in case.cloud.calls("DELETE")] == [str(mine.id)]


def test_not_waited_for(outcomes: Outcomes) -> None:
    """With `wait: false` the step is green as soon as the redeploy is scheduled."""
    case = outcomes.case("not_waited_for", "scheduled")
    [mine] = case.cloud.mine
    assert mine.state(case.cloud.simulator.now()) == "running"
    assert case.ran.outputs["user_reference"] == mine.user_reference
    assert len(case.cloud.calls("POST")) == 1


def test_bad_token(outcomes: Outcomes) -> None:
    """A token that is refused makes a red step before anything is asked for, and is shown nowhere."""
    case = outcomes.case("bad_token", "failed")
    assert {one.status for one in case.cloud.calls()} == {401}
    assert case.cloud.calls("POST") == []
    assert "api_token" in case.ran.summary
    token = SECRETS["REVOKED_TOKEN"]
    assert all(token not in str(one["msg"]) for one in case.ran.events)
    assert token not in case.ran.summary


def test_storm(outcomes: Outcomes) -> None:
    """A storm of 5xx answers, the POST's among them, ends with one deployment and the truth about it."""
    case = outcomes.case("storm", "success")
    assert [one.status for one in case.cloud.calls("POST")] == [504]
    assert len(case.cloud.mine) == 1
    assert len([one for one in case.cloud.calls("GET") if isinstance(one.status, int) and one.status >= 500]) >= 4


def test_only_what_is_not_forgiven_is_red(outcomes: Outcomes) -> None:
    """A step that may fail doesn't fail its job, and no post step runs for it; the one that may not fails both."""
    assert outcomes.status == 1
    red = outcomes.case("red", "failed").ran
    for job in outcomes.jobs.values():
        assert job.result == ("failure" if job is red else "success")
        assert ("Post" in job.stages("Redeploy")) is (job is red)
    assert red.stages("Never") == []
    assert red.said("Redeploy", "Post") == "Nothing to clean up.\n"
    assert outcomes.clouds["red"].calls("DELETE") == []
