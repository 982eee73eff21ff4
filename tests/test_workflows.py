"""What no linter checks of the workflows and the papers beside them."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EACH = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OURS = re.compile(r"\./(\.github/workflows/[a-z]+\.yml)?")


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs of a workflow."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return found


def scripts(path: Path) -> Iterator[str]:
    """Return every script of a workflow."""
    for job in jobs(path).values():
        yield from (step["run"] for step in job.get("steps", []) if "run" in step)


def needed(job: dict[str, Any]) -> set[str]:
    """Return the jobs that a job needs."""
    needs: str | list[str] = job.get("needs", [])
    return {needs} if isinstance(needs, str) else set(needs)


def test_all_workflows_are_there() -> None:
    """The checks below have the workflows that the project is built, tried and released by before them."""
    assert {path.stem for path in PATHS} == {"audit", "ci", "deploy", "release", "selftest"}


@EACH
def test_nothing_is_granted_to_a_whole_workflow(path: Path) -> None:
    """Every workflow starts from no permission at all."""
    assert yaml.safe_load(path.read_text())["permissions"] == {}


@EACH
def test_every_grant_says_what_for(path: Path) -> None:
    """Beside each permission of a job stands the reason, and the comments are about all that is granted."""
    said = [line.strip() for line in path.read_text().splitlines() if re.match(r"\s+[a-z-]+: (read|write)\b", line)]
    granted = [f"{name}: {level}" for job in jobs(path).values() for name, level in job.get("permissions", {}).items()]
    assert [line.partition(" # ")[0] for line in said] == granted
    for line in said:
        assert len(line.partition(" # ")[2]) > 10, line


@EACH
def test_every_use_is_pinned_or_ours(path: Path) -> None:
    """Foreign actions are named by commit, with the version as a comment; the rest is this repository's."""
    for line in re.findall(r"^\s*(?:- )?uses: (.*)$", path.read_text(), re.MULTILINE):
        assert PINNED.fullmatch(line) or OURS.fullmatch(line.partition(" # ")[0]), line


def test_one_action_has_one_commit() -> None:
    """The same action is at the same commit everywhere."""
    uses = set(re.findall(r"uses: ([\w./-]+@.*)", "".join(path.read_text() for path in PATHS)))
    assert len({line.partition("@")[0] for line in uses}) == len(uses)


@EACH
def test_every_job_has_an_end(path: Path) -> None:
    """Every job has a time limit, but for those that call a workflow, whose jobs have their own."""
    for name, job in jobs(path).items():
        assert ("timeout-minutes" in job) != ("uses" in job), name


@EACH
def test_no_checkout_leaves_the_token_behind(path: Path) -> None:
    """No checkout writes the token into the repository's configuration."""
    for job in jobs(path).values():
        for step in job.get("steps", []):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@EACH
def test_no_script_holds_an_expression(path: Path) -> None:
    """What somebody else may have written reaches a script by its environment, never by its text."""
    for script in scripts(path):
        assert "${{" not in script


@EACH
def test_every_concurrency_is_deliberate(path: Path) -> None:
    """Every workflow says what happens to a run while another one of its kind is going on."""
    assert {"group", "cancel-in-progress"} == set(yaml.safe_load(path.read_text())["concurrency"])


@pytest.mark.parametrize("name", ["deploy", "release"])
def test_nothing_is_cut_off_half_way(name: str) -> None:
    """A newer run cancels neither a deployment nor a release."""
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    assert yaml.safe_load(path.read_text())["concurrency"]["cancel-in-progress"] is False


def test_the_gate_needs_every_job() -> None:
    """The one required check waits for all other jobs of CI, and runs even if one of them didn't."""
    [ci] = [jobs(path) for path in PATHS if path.stem == "ci"]
    gate = ci.pop("required")
    assert needed(gate) == set(ci)
    assert gate["if"] == "always()"


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_the_gate_opens_for_success_alone(result: str) -> None:
    """The gate's script, run as it stands, fails when one job failed, was cancelled or was skipped."""
    # It is Python between the lines of a shell's here-document.
    [ci] = [path for path in PATHS if path.stem == "ci"]
    code = jobs(ci)["required"]["steps"][0]["run"].split("<<'END'\n")[1].split("\nEND")[0]
    assert _exit_code(code, ["success", "success"]) == 0
    assert _exit_code(code, ["success", result]) != 0


def _exit_code(code: str, results: list[str]) -> int:
    needs = json.dumps({f"job{number}": {"result": result} for number, result in enumerate(results)})
    return subprocess.run(
        [sys.executable, "-c", code], env={"NEEDS": needs}, check=False, capture_output=True
    ).returncode


def test_the_release_waits_for_tests_and_checks() -> None:
    """No image is pushed before the tests and the checks of the tag, and no tag moved before the image is there."""
    [release] = [jobs(path) for path in PATHS if path.stem == "release"]
    assert needed(release["image"]) == {"check", "test"}
    assert needed(release["publish"]) == {"image"}
    assert "ci.yml" in release["test"]["uses"]


def test_secrets_are_asked_for_where_they_are_used() -> None:
    """The one secret is the example's, in a job with an environment, and no other workflow knows a secret."""
    for path in PATHS:
        names = set(re.findall(r"secrets\.(\w+)", path.read_text()))
        assert names == ({"CLOUD66_TOKEN"} if path.stem == "deploy" else set())
    [deploy] = [jobs(path) for path in PATHS if path.stem == "deploy"]
    assert all("environment" in job for job in deploy.values())


def test_both_dockerfiles_name_one_base() -> None:
    """The base image that Dependabot watches is the one that the Dockerfile takes by default."""
    [watched] = re.findall(r"^FROM (\S+)$", (ROOT / ".github" / "base" / "Dockerfile").read_text(), re.MULTILINE)
    [default] = re.findall(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert watched.partition("@")[0] == default.partition("@")[0]


def test_dependabot_watches_what_is_pinned() -> None:
    """Actions, Python packages, the base image and what draws the summaries are all watched, where they are."""
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    watched = {(one["package-ecosystem"], one["directory"]) for one in config["updates"]}
    assert watched == {
        *(("github-actions", "/"), ("pip", "/requirements"), ("docker", "/.github/base")),
        ("npm", "/tests/e2e/summary"),
    }


def test_every_pinned_package_is_checked_by_its_hash() -> None:
    """Every requirement that anything installs has a version and a hash, and names no index."""
    for path in (ROOT / "requirements").glob("*.txt"):
        entries = re.findall(r"^[^#\s].*(?:\n\s+--hash.*)*", path.read_text(), re.MULTILINE)
        assert entries
        for entry in entries:
            assert re.match(r"[\w.-]+==\S+ ", entry), entry
            assert "--hash=sha256:" in entry


@pytest.mark.parametrize("paper", ["SECURITY.md", "tests/README.md"])
def test_papers_name_only_tests_that_exist(paper: str) -> None:
    """Each test that a paper points to is in the file where the paper says it is."""
    named = re.findall(r"`((?:\w+/)*test_\w+\.py)::(\w+)`", (ROOT / paper).read_text())
    assert named or paper != "SECURITY.md"
    for file, function in named:
        tree = ast.parse((ROOT / "tests" / file).read_text())
        assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (file, function)


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md"])
def test_papers_name_only_commands_that_exist(paper: str) -> None:
    """Each `make` target and each file in a link is there."""
    text = (ROOT / paper).read_text()
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", text, re.MULTILINE)) <= targets
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert ((ROOT / paper).parent / link).exists(), link
