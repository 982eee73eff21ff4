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
from e2e.rig.act import Ran, action_with, make_repository, run_workflow
from e2e.rig.stand_in import StandIn, StandIns
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
    """How a workflow is started, what its stand-in is like, and what comes of it."""

    outcomes: Mapping[str, str]
    """Of the steps that use the action, by their ids."""
    event: str = "push"
    options: tuple[str, ...] = ()
    before: Callable[[StandIn], object] = nothing
    behaviour: Mapping[str, object] = field(default_factory=lambda: {"duration_seconds": 1.0})
    leaves_out: str = ""
    """A job that needs more than the stand-in."""
    posts: int = 1
    says: str = ""


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


DEPLOYED = {"redeploy": "success"}
SETTINGS = {
    "Deploy": Setting(DEPLOYED),
    "Deploy by hand": Setting(
        DEPLOYED,
        "workflow_dispatch",
        ("--input", "environment=staging", "--input", "git_ref=v2", "--input", "profile=a b"),
    ),
    # Each stack of the matrix is deployed by a job of its own.
    "Deploy everywhere": Setting(DEPLOYED, posts=2),
    "Deploy while testing": Setting({"redeploy": "scheduled", "wait": "success"}),
    "Deploy or go back": Setting(
        {"redeploy": "failed"}, before=lambda cloud: apply_scenario(cloud.simulator, "rollback"), posts=2
    ),
    # It builds an image and pushes it to a registry.
    "Build and deploy": Setting(DEPLOYED, leaves_out="build", says="Service web runs acme/web:"),
    "Deploy and check": Setting(DEPLOYED, before=_an_application_serves, says="healthy after"),
    "Deploy the newest": Setting(DEPLOYED, before=_an_earlier_run_deploys),
    "Check the deployment": Setting(
        {"redeploy": "dry_run"}, "pull_request", before=_somebody_deploys, posts=0, says="started by colleague@"
    ),
    "Deploy several stacks": Setting({"all": "success"}, "workflow_dispatch", posts=2),
    "Stop the deployment": Setting(
        {"cancel": "cancelled"},
        "workflow_dispatch",
        before=_somebody_deploys,
        behaviour={"cancel_takes_seconds": 0.5},
        posts=0,
    ),
    "How is the deployment": Setting(
        {"status": "deploying"}, "workflow_dispatch", before=_somebody_deploys, posts=0, says="Run the migration later"
    ),
    "Deploy and tell": Setting(DEPLOYED),
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


@pytest.mark.parametrize("name", SETTINGS)
def test_what_comes_of_it(done: dict[str, Done], name: str) -> None:
    """Each does what its recipe says, with the deployments that this takes, and is red after a failure alone."""
    setting, found = SETTINGS[name], done[name]
    log = "\n".join(job.log for job in found.jobs.values())
    assert {step: found.outputs(step)["outcome"] for step in setting.outcomes} == setting.outcomes, log
    assert found.status == ("failed" in setting.outcomes.values())
    assert len(found.cloud.calls("POST")) == setting.posts
    assert {one.status for one in found.cloud.calls("POST")} <= {200}
    assert len({one.user_reference for one in found.cloud.mine} - {OUR_REFERENCE}) == setting.posts
    assert setting.says in log
    assert "still be running" not in log, "a step for a timeout"
    by_us = [one for one in found.cloud.simulator.all_deployments() if one.cancelled]
    assert len(by_us) == (name in {"Deploy the newest", "Stop the deployment"})


def test_what_is_asked_for(done: dict[str, Done]) -> None:
    """The pushed commit is deployed; by hand, the choices reach the stack of that name in that environment."""
    [pushed], [by_hand] = done["Deploy"].cloud.mine, done["Deploy by hand"].cloud.mine
    assert pushed.git_ref == pushed.git_hash == done["Deploy"].outputs("redeploy")["git_hash"]
    assert (by_hand.stack_uid, by_hand.git_ref, by_hand.deployment_profile) == (STACKS[2].uid, "v2", "a b")


def test_which_one_is_meant(done: dict[str, Done]) -> None:
    """A later job waits for the very deployments that were asked for, in one stack or in two."""
    [mine] = done["Deploy while testing"].cloud.mine
    assert done["Deploy while testing"].outputs("wait")["deployment_id"] == str(mine.id)
    several = done["Deploy several stacks"]
    results = json.loads(several.outputs("all")["results"])
    assert {one["deployment_id"] for one in results} == {str(one.id) for one in several.cloud.mine}
    assert [one["stack_name"] for one in results] == ["Awesome App", "Shop"]


def test_go_back(done: dict[str, Done]) -> None:
    """After a failure the commit that was live is deployed again, and a later step can say so."""
    found = done["Deploy or go back"]
    failed, back = found.cloud.mine
    outputs = found.outputs("redeploy")
    assert outputs["deployment_id"] == str(failed.id)
    assert (outputs["rollback_outcome"], outputs["rollback_deployment_id"]) == ("success", str(back.id))
    assert back.git_hash == outputs["rollback_commit"] != failed.git_hash
    assert f"Commit {back.git_hash} is live again" in found.jobs["deploy"].log
