"""The workflows of both pages, as they stand there, under act. Only the default of `api_url` differs."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

import pytest

from cloud66_simulator import StackSpec
from cloud66_simulator.scenarios import OUR_REFERENCE, apply_scenario
from e2e.act import Ran, action_with, make_repository, run_workflow
from e2e.stand_in import StandIn, StandIns
from readme import workflows

pytestmark = pytest.mark.needs("act")

STACKS = [
    StackSpec(),
    StackSpec(uid="0d5be3a0f3fb4c35a5b0a7c7d8f9e1a2", name="Shop"),
    StackSpec(uid="7c1f0e5d4b3a4c2d9e8f7a6b5c4d3e2f", name="Awesome App", environment="staging"),
    StackSpec(uid="b1f5c2d3e4a5968778695a4b3c2d1e0f", name="Boxed App", framework="docker", docker=True),
]
NOT_UNDER_ACT = {
    "Deploy from our own network": "a proxy and a certificate authority of somebody's network",
    "Rehearse the deployment": "a service container and the action's own repository (selftest.yml does the same)",
}


def nothing(_cloud: StandIn) -> None:
    """Leave the stand-in as it is."""


@dataclass(frozen=True)
class Setting:
    """How a workflow is started, and what its stand-in is like."""

    event: str = "push"
    options: tuple[str, ...] = ()
    before: Callable[[StandIn], object] = nothing
    behaviour: Mapping[str, object] = field(default_factory=lambda: {"duration_seconds": 1.0})
    leaves_out: str = ""
    """A job that needs more than the stand-in."""


def _somebody_deploys(cloud: StandIn) -> None:
    cloud.simulator.request_deployment(duration=inf)


def _an_earlier_run_deploys(cloud: StandIn) -> None:
    cloud.simulator.request_deployment(duration=inf, via="api", user="ci@example.com", user_reference=OUR_REFERENCE)


def _an_application_serves(cloud: StandIn) -> None:
    """Let the stack name a page of the stand-in as its application's."""
    queue = cloud.simulator.stacks[STACKS[0].uid]
    queue.spec = replace(
        queue.spec, application_address=f"http://127.0.0.1:{cloud.port}/_stand_in/app/{queue.spec.uid}"
    )


SETTINGS = {
    "Deploy": Setting(),
    "Deploy by hand": Setting(
        "workflow_dispatch", ("--input", "environment=staging", "--input", "git_ref=v2", "--input", "profile=a b")
    ),
    "Deploy everywhere": Setting(),
    "Deploy while testing": Setting(),
    "Deploy or go back": Setting(before=lambda cloud: apply_scenario(cloud.simulator, "rollback")),
    # It builds an image and pushes it to a registry.
    "Build and deploy": Setting(leaves_out="build"),
    "Deploy and check": Setting(before=_an_application_serves),
    "Deploy the newest": Setting(before=_an_earlier_run_deploys),
    "Check the deployment": Setting("pull_request", before=_somebody_deploys),
    "Deploy several stacks": Setting("workflow_dispatch"),
    "Stop the deployment": Setting(
        "workflow_dispatch", before=_somebody_deploys, behaviour={"cancel_takes_seconds": 0.5}
    ),
    "How is the deployment": Setting("workflow_dispatch", before=_somebody_deploys),
    "Deploy and tell": Setting(),
}


@dataclass(frozen=True)
class Done:
    """A workflow that has run."""

    status: int
    jobs: dict[str, Ran]
    cloud: StandIn

    def outputs(self, step: str) -> dict[str, str]:
        """What the step of that id put out, over all jobs."""
        events = [one for job in self.jobs.values() for one in job.events if one.get("stepID") == [step]]
        return {one["name"]: one["arg"] for one in events if one.get("command") == "set-output"}


def run(image: str, folder: Path, cloud: StandIn, name: str) -> Done:
    """Run one workflow out of the pages."""
    setting = SETTINGS[name]
    setting.before(cloud)
    repository, action = folder / "act" / "repository", folder / "action"
    for path in (repository / ".github/workflows", action):
        path.mkdir(parents=True)
    text = action_with(image)
    pointed = text.replace("default: https://app.cloud66.com/api/3", f"default: {cloud.url}")
    assert pointed != text
    (action / "action.yml").write_text(pointed, encoding="utf8")
    (repository / ".github/workflows/readme.yml").write_text(_text_of(name, setting), encoding="utf8")
    make_repository(repository)
    where = ("--local-repository", f"your-org/cloud66-redeploy@v1={action}")
    return Done(*run_workflow(repository, "readme", {}, setting.event, *where, *setting.options), cloud)


def _text_of(name: str, setting: Setting) -> str:
    text, left_out = workflows()[name], setting.leaves_out
    if left_out:
        text = re.sub(rf"^  {left_out}:\n(    .*\n|\n)+", "", text, flags=re.MULTILINE)
        text = text.replace(f"    needs: {left_out}\n", "")
    return text


@pytest.fixture(scope="module")
def done(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Done]]:
    """Run them all, some side by side."""
    stand_ins = StandIns()
    clouds = {
        name: stand_ins.start(stacks=STACKS, **setting.behaviour)  # type: ignore[arg-type]
        for name, setting in SETTINGS.items()
    }
    folders = {name: tmp_path_factory.mktemp("readme") for name in SETTINGS}
    try:
        with ThreadPoolExecutor(3) as pool:
            found = pool.map(lambda name: run(image, folders[name], clouds[name], name), SETTINGS)
            yield dict(zip(SETTINGS, found, strict=True))
    finally:
        stand_ins.close()


def test_all_of_them_are_run() -> None:
    """Every workflow of the pages is run here, or it is said why not."""
    assert set(SETTINGS) | set(NOT_UNDER_ACT) == set(workflows())


def green(found: Done) -> Done:
    """Assert that a workflow is green."""
    assert found.status == 0, "\n".join(job.log for job in found.jobs.values())
    return found


def test_deploy(done: dict[str, Done]) -> None:
    """On a push, the pushed commit is deployed, once."""
    found = green(done["Deploy"])
    [mine] = found.cloud.mine
    outputs = found.outputs("redeploy")
    assert (outputs["outcome"], outputs["git_hash"]) == ("success", mine.git_hash)
    assert mine.git_ref == mine.git_hash
    assert len(found.cloud.calls("POST")) == 1


def test_by_hand(done: dict[str, Done]) -> None:
    """The choices reach the stack of that name in that environment."""
    [mine] = green(done["Deploy by hand"]).cloud.mine
    assert (mine.stack_uid, mine.git_ref, mine.deployment_profile) == (STACKS[2].uid, "v2", "a b")


def test_everywhere(done: dict[str, Done]) -> None:
    """Each stack of the matrix is deployed by a job of its own, with a reference of its own."""
    found = green(done["Deploy everywhere"])
    assert {one.stack_uid for one in found.cloud.mine} == {STACKS[0].uid, STACKS[1].uid}
    assert len({one.user_reference for one in found.cloud.mine}) == len(found.jobs) == 2


def test_while_testing(done: dict[str, Done]) -> None:
    """The later job waits for the very deployment that the earlier one has asked for."""
    found = green(done["Deploy while testing"])
    [mine] = found.cloud.mine
    assert found.outputs("redeploy")["outcome"] == "scheduled"
    outputs = found.outputs("wait")
    assert (outputs["outcome"], outputs["deployment_id"]) == ("success", str(mine.id))


def test_go_back(done: dict[str, Done]) -> None:
    """After a failure the commit that was live is deployed again, and the job is red."""
    found = done["Deploy or go back"]
    failed, back = found.cloud.mine
    outputs = found.outputs("redeploy")
    assert (found.status, found.jobs["deploy"].result) == (1, "failure")
    assert (outputs["outcome"], outputs["deployment_id"]) == ("failed", str(failed.id))
    assert (outputs["rollback_outcome"], outputs["rollback_deployment_id"]) == ("success", str(back.id))
    assert back.git_hash == outputs["rollback_commit"] != failed.git_hash
    assert f"Commit {back.git_hash} is live again" in found.jobs["deploy"].log


def test_serves(done: dict[str, Done]) -> None:
    """The stack's own address is found healthy, in clear text, since nothing there speaks TLS."""
    found = green(done["Deploy and check"])
    outputs = found.outputs("redeploy")
    assert (outputs["outcome"], outputs["health"], outputs["rollback_outcome"]) == ("success", "healthy", "")
    assert len(found.cloud.calls("POST")) == 1


def test_build(done: dict[str, Done]) -> None:
    """The tag of the pushed commit is deployed, and what the service runs by then is shown."""
    found = green(done["Build and deploy"])
    [mine] = found.cloud.mine
    outputs = found.outputs("redeploy")
    assert (outputs["outcome"], outputs["services"]) == ("success", mine.services)
    assert f"Service web runs acme/{mine.services}" in found.jobs["deploy"].log


def test_the_newest(done: dict[str, Done]) -> None:
    """The deployment of an earlier run of this repository makes way."""
    theirs, mine = green(done["Deploy the newest"]).cloud.mine
    assert (theirs.cancelled, mine.cancelled) == (True, False)


def test_check(done: dict[str, Done]) -> None:
    """A dry run asks for nothing, and says whose deployment keeps the stack busy."""
    found = green(done["Check the deployment"])
    outputs = found.outputs("redeploy")
    assert (outputs["outcome"], found.cloud.calls("POST"), found.cloud.calls("DELETE")) == ("dry_run", [], [])
    assert "triggered by colleague@example.com" in outputs["reason"]


def test_several_stacks(done: dict[str, Done]) -> None:
    """One step waits for the deployments of two stacks."""
    found = green(done["Deploy several stacks"])
    results = json.loads(found.outputs("all")["results"])
    assert {one["deployment_id"] for one in results} == {str(one.id) for one in found.cloud.mine}
    assert [(one["stack_name"], one["outcome"]) for one in results] == [("Awesome App", "success"), ("Shop", "success")]


def test_stop(done: dict[str, Done]) -> None:
    """What runs is cancelled, and that is green."""
    found = green(done["Stop the deployment"])
    [theirs] = [one for one in found.cloud.simulator.all_deployments() if one.cancelled]
    outputs = found.outputs("cancel")
    assert (outputs["outcome"], outputs["deployment_id"]) == ("cancelled", str(theirs.id))


def test_how_is_it(done: dict[str, Done]) -> None:
    """One look says that somebody is deploying, and changes nothing."""
    found = green(done["How is the deployment"])
    assert found.outputs("status")["outcome"] == "deploying"
    assert "Run the migration later" in found.jobs["check"].log
    assert {one.method for one in found.cloud.calls()} == {"GET"}


def test_tell(done: dict[str, Done]) -> None:
    """After a success, the step for a timeout is left out."""
    found = green(done["Deploy and tell"])
    assert "still running" not in found.jobs["deploy"].log
