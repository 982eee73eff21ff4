"""Workflows under act, a real workflow runner that works without GitHub, and what it says of them."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.rig.engine import ROOT, docker

WORKFLOWS = Path(__file__).parents[1] / "workflows"
SECRETS = {"CLOUD66_TOKEN": "demo-token", "REVOKED_TOKEN": "revoked-token"}


def act_command() -> str | None:
    """Where act is, or None."""
    return shutil.which(os.environ.get("E2E_ACT") or "act")


@dataclass(frozen=True)
class Ran:
    """What one job of a workflow did, from act's log (`--json`)."""

    events: list[dict[str, Any]]

    @property
    def result(self) -> str:
        return next(str(one["jobResult"]) for one in self.events if "jobResult" in one)

    def said(self, step: str, stage: str = "Main") -> str:
        """What a step printed, without workflow commands."""
        return "".join(
            str(one["msg"])
            for one in self.events
            if one.get("raw_output") and one.get("stage") == stage and one.get("step") == step
        )

    @property
    def log(self) -> str:
        """Everything, as a person would read it."""
        return "\n".join(str(one["msg"]).rstrip() for one in self.events)

    def commands(self, step: str) -> list[dict[str, Any]]:
        """What act took for a workflow command, or read from a command file."""
        return [one for one in self.events if "command" in one and one.get("step") == step]

    @property
    def shown(self) -> dict[str, Any]:
        """The `steps` context, as the step "Show" printed it."""
        found: dict[str, Any] = json.loads(self.said("Show"))
        return found

    @property
    def outputs(self) -> dict[str, str]:
        found: dict[str, str] = self.shown["redeploy"]["outputs"]
        return found

    @property
    def summary(self) -> str:
        return "".join(str(one["content"]) for one in self.events if one.get("command") == "summary")

    def stages(self, step: str) -> list[str]:
        """In which stages a step ran to its end."""
        return [str(one["stage"]) for one in self.events if one.get("step") == step and "stepResult" in one]


def workspace_for(image: str, folder: Path) -> None:
    """Make a repository that holds the action (with its image built already) and the workflows."""
    (folder / ".github/workflows").mkdir(parents=True)
    for path in WORKFLOWS.glob("*.yml"):
        shutil.copy(path, folder / ".github/workflows")
    (folder / "action.yml").write_text(action_with(image), encoding="utf8")
    make_repository(folder)


def action_with(image: str) -> str:
    """Return action.yml, with an image that has been built already."""
    text = (ROOT / "action.yml").read_text(encoding="utf8")
    built = text.replace("image: Dockerfile\n", f"image: docker://{image}\n")
    assert built != text
    return built


def make_repository(folder: Path) -> None:
    """Make a git repository of a folder, where there is git."""
    if git := shutil.which("git"):
        # act asks git for the commit, and complains a thousand times where there is none.
        config = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.com"]
        for words in (
            ["init", "--quiet"],
            ["remote", "add", "origin", "https://github.com/acme/awesome"],
            ["add", "."],
            [*config, "commit", "--quiet", "--no-verify", "--message", "The action"],
        ):
            subprocess.run([git, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def run_workflow(
    workspace: Path, name: str, variables: Mapping[str, str], trigger: str = "workflow_dispatch", *options: str
) -> tuple[int, dict[str, Ran]]:
    """Run one workflow file; return act's exit status and its jobs by id (`id/value` for a job of a matrix)."""
    own = workspace.parent / "act"
    (own / "config/act").mkdir(parents=True, exist_ok=True)
    # An rc file, even an empty one, keeps act from asking for a default image.
    (own / "config/act/actrc").touch()
    runner = os.environ.get("E2E_RUNNER_IMAGE", "python:3.13-slim")
    command = [act_command() or "act", trigger, *options, "--json", "--workflows", f".github/workflows/{name}.yml"]
    command += ["--platform", f"ubuntu-latest={runner}", "--pull=false", "--rm", "--concurrent-jobs", "4"]
    command += ["--container-daemon-socket", "-", "--no-cache-server"]
    for secret, value in SECRETS.items():
        command += ["--secret", f"{secret}={value}"]
    for variable, value in variables.items():
        command += ["--var", f"{variable}={value}"]
    try:
        done = subprocess.run(
            command,
            cwd=workspace,
            env={**os.environ, "XDG_CONFIG_HOME": str(own / "config"), "XDG_CACHE_HOME": str(own / "cache")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=240,
            check=False,
        )
    except subprocess.TimeoutExpired:
        if left := docker("ps", "--all", "--quiet", "--filter", f"name=act-E2E-{name}-").split():
            docker("rm", "--force", *left)
        raise
    jobs: dict[str, Ran] = {}
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if "jobID" in event:
            key = "/".join([event["jobID"], *map(str, (event.get("matrix") or {}).values())])
            jobs.setdefault(key, Ran([])).events.append(event)
    assert jobs, done.stdout + done.stderr
    return done.returncode, jobs
