"""The workflows of the README: each is whole, and asks for nothing that isn't there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from readme import README, ROOT, steps, workflows

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf8"))
WORKFLOWS = workflows()
TOOLS = Path(sys.executable).parent


def test_there_is_one_for_each_command() -> None:
    """Every command and every ability that an input switches on is shown in a workflow of its own."""
    given = [step.get("with", {}) for block in WORKFLOWS.values() for step in steps(block)]
    assert {one.get("command") for one in given} >= {None, "wait", "cancel", "status"}
    for name in ("rollback", "on_busy", "dry_run", "stack_name", "environment", "services", "profile", "wait"):
        assert any(name in one for one in given), name


@pytest.mark.parametrize("name", WORKFLOWS)
def test_it_is_sound(name: str, tmp_path: Path) -> None:
    """Each passes the linter of workflows and the schema, as a file of its own."""
    path = tmp_path / ".github" / "workflows" / "it.yml"
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOWS[name], encoding="utf8")
    lint: list[str | Path] = [TOOLS / "actionlint", f"-shellcheck={TOOLS / 'shellcheck'}", path]
    schema: list[str | Path] = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", path]
    for command in (lint, schema):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_it_gives_inputs_and_takes_outputs_that_exist(name: str) -> None:
    """Nothing is misspelled: neither an input of the action nor an output of a step of it."""
    ours = [step for step in steps(WORKFLOWS[name]) if step.get("uses", "").startswith("your-org/cloud66-redeploy@")]
    assert ours
    for step in ours:
        assert set(step["with"]) <= set(ACTION["inputs"])
    ids = {step["id"] for step in ours}
    for step_id, output in re.findall(r"steps\.([\w-]+)\.outputs\.(\w+)", WORKFLOWS[name]):
        assert step_id in ids
        assert output in ACTION["outputs"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_its_token_may_do_little(name: str) -> None:
    """Each begins with no permission at all, and ends in time."""
    workflow = yaml.safe_load(WORKFLOWS[name])
    assert workflow["permissions"] == {}
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())


def test_links_within_the_page_lead_somewhere() -> None:
    """Each link to a part of the page has its heading."""
    text = README.read_text(encoding="utf8")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-")
        for one in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings
