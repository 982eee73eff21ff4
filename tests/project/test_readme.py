"""The workflows of the README, of docs/recipes.md and of examples/: each is whole, and asks for what is there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from readme import ROOT, steps, workflows

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf8"))
WORKFLOWS = workflows()
EXAMPLES = {path.name: path.read_text(encoding="utf8") for path in (ROOT / "examples").glob("*.yml")}
TOOLS = Path(sys.executable).parent


def test_there_is_one_for_each_command() -> None:
    """Every command and every ability that an input switches on is shown in a workflow of its own."""
    given = [step.get("with", {}) for block in WORKFLOWS.values() for step in steps(block)]
    assert {one.get("command") for one in given} >= {None, "wait", "cancel", "status"}
    for name in ("rollback", "on_busy", "dry_run", "stack_name", "stack_environment", "services", "profile", "wait"):
        assert any(name in one for one in given), name


@pytest.mark.parametrize(
    "linter",
    [
        ("actionlint", f"-shellcheck={TOOLS / 'shellcheck'}"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    ],
    ids=lambda linter: linter[0],
)
def test_they_are_sound(linter: tuple[str, ...], tmp_path: Path) -> None:
    """Each passes the linter of workflows and the schema, as a file of its own."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    paths = [folder / f"{name.replace(' ', '-')}.yml" for name in WORKFLOWS]
    for path, text in zip(paths, WORKFLOWS.values(), strict=True):
        path.write_text(text, encoding="utf8")
    done = subprocess.run([TOOLS / linter[0], *linter[1:], *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", [*WORKFLOWS.values(), *EXAMPLES.values()], ids=[*WORKFLOWS, *EXAMPLES])
def test_it_asks_for_what_there_is_and_may_do_little(text: str) -> None:
    """Each names inputs and outputs that exist, begins with no permission at all, and ends in time."""
    ours = [step for step in steps(text) if step.get("uses", "").startswith("your-org/cloud66-redeploy@")]
    assert ours
    for step in ours:
        assert set(step["with"]) <= set(ACTION["inputs"])
    ids = {step["id"]: step in ours for step in steps(text) if "id" in step}
    for step_id, output in re.findall(r"steps\.([\w-]+)\.outputs\.(\w+)", text):
        assert output in ACTION["outputs"] or not ids[step_id]
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())
