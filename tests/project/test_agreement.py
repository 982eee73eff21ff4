"""What is said in several places is said alike: action.yml, README, CHANGELOG, the package and the code."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloud66_redeploy import __version__
from cloud66_redeploy.inputs.fields import FIELDS
from cloud66_redeploy.model.outcome import Outcome, Reason
from harness import OUTPUTS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "cloud66_redeploy"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
README = (ROOT / "README.md").read_text()


def table(heading: str) -> list[list[str]]:
    """Return the cells of the README's table below a heading."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def plain(text: str) -> str:
    """Return a text without its Markdown quotes."""
    return text.replace("`", "").strip()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], tuple[int, str]]:
    """Return what runs tools/docs.py with an action.yml, and returns its status and the README or the error."""
    (tmp_path / "README.md").write_text(README)

    def write(action: str) -> tuple[int, str]:
        (tmp_path / "action.yml").write_text(action)
        command = [sys.executable, str(ROOT / "tools" / "docs.py")]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
        return done.returncode, done.stderr or (tmp_path / "README.md").read_text()

    return write


def test_the_readme_has_the_tables_of_the_action(written: Callable[[str], tuple[int, str]]) -> None:
    """The README's inputs and outputs are what `make docs` writes from action.yml; it writes what action.yml says."""
    action = (ROOT / "action.yml").read_text()
    assert written(action) == (0, README)
    assert written(action.replace("default: 30m", "default: 45m")) == (0, README.replace("| `30m` |", "| `45m` |"))


def test_every_input_has_its_group(written: Callable[[str], tuple[int, str]]) -> None:
    """An input that stands in no group of the README is named, and nothing is written."""
    status, error = written((ROOT / "action.yml").read_text().replace("  dry_run:\n", "  newer:\n"))
    assert (status, "['dry_run', 'newer']" in error) == (1, True)


def test_the_code_sets_the_outputs_of_the_action() -> None:
    """The campaign holds every run to exactly the outputs that action.yml names."""
    assert set(ACTION["outputs"]) == OUTPUTS


def test_readme_explains_every_outcome() -> None:
    """Every outcome has a row that says what it means and what to do, and whether the job passes; and reasons."""
    rows = {plain(name): job for name, job, _, _ in table("Outcomes")}
    assert rows == {str(outcome): "passes" if outcome.is_green else "fails" for outcome in Outcome}
    assert {reason.outcome for reason in Reason} - {None} == set(Outcome)


def test_the_code_reads_the_inputs_of_the_action() -> None:
    """The table of inputs has those of action.yml, with the same defaults, in the same order."""
    meant = [(name, spec.get("default", "")) for name, spec in ACTION["inputs"].items()]
    assert [(field.name, field.default) for field in FIELDS] == meant


def test_package_version_and_changelog_agree() -> None:
    """The version in the package is the project's, and the changelog has a place for what comes next."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_entry_points_are_isolated() -> None:
    """Main and post step start an absolute interpreter that ignores the job's environment and doesn't buffer."""
    for name, path in (("main", "/action/main"), ("cleanup", ACTION["runs"]["post-entrypoint"])):
        assert path == f"/action/{name}"
        assert (ROOT / "docker" / name).read_text().startswith("#!/usr/local/bin/python -Iu\n")
        assert os.access(ROOT / "docker" / name, os.X_OK)
    assert 'ENTRYPOINT ["/action/main"]' in (ROOT / "Dockerfile").read_text()


def test_the_post_step_runs_only_when_something_went_wrong() -> None:
    """A green job doesn't pay for a second container."""
    assert ACTION["runs"]["post-if"] == "cancelled() || failure()"
