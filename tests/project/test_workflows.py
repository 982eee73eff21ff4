"""What no linter checks of the workflows and the papers beside them."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LIVE = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))
TEXTS = {path.stem: path.read_text() for path in LIVE + EXAMPLES}
WORKFLOWS: dict[str, Any] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS: dict[str, dict[str, Any]] = {name: workflow["jobs"] for name, workflow in WORKFLOWS.items()}
STEPS = [(name, step) for name in JOBS for job in JOBS[name].values() for step in job.get("steps", [])]
EACH = pytest.mark.parametrize("name", TEXTS)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OURS = re.compile(r"\./(\.github/workflows/[a-z]+\.yml)?|your-org/cloud66-redeploy@v1")


def needed(job: dict[str, Any]) -> set[str]:
    """Return the jobs that a job needs."""
    needs: str | list[str] = job.get("needs", [])
    return {needs} if isinstance(needs, str) else set(needs)


@EACH
def test_nothing_is_granted_to_a_whole_workflow(name: str) -> None:
    """Every workflow starts from no permission at all; beside each one of a job stands the reason."""
    assert WORKFLOWS[name]["permissions"] == {}
    lines = [
        line.strip()
        for line in TEXTS[name].splitlines()
        if re.match(r"\s+(?!permission-)[a-z-]+: (read|write)\b", line)
    ]
    granted = [f"{what}: {level}" for job in JOBS[name].values() for what, level in job.get("permissions", {}).items()]
    assert [line.partition(" # ")[0] for line in lines] == granted
    assert [line for line in lines if len(line.partition(" # ")[2]) <= 10] == []


@EACH
def test_every_use_is_pinned_or_ours(name: str) -> None:
    """Foreign actions are named by commit, everywhere the same, with the version as a comment; the rest is ours."""
    for line in re.findall(r"^\s*(?:- )?uses: (.*)$", TEXTS[name], re.MULTILINE):
        assert PINNED.fullmatch(line) or OURS.fullmatch(line.partition(" # ")[0]), line
    uses = set(re.findall(r"uses: ([\w./-]+@[0-9a-f]{40} .*)", "".join(TEXTS.values())))
    assert len({line.partition("@")[0] for line in uses}) == len(uses)


@EACH
def test_every_job_has_an_end(name: str) -> None:
    """Every job has a time limit, but for those that call a workflow; and all say what becomes of an older run."""
    assert ["timeout-minutes" in job for job in JOBS[name].values()] == [
        "uses" not in job for job in JOBS[name].values()
    ]
    concurrency = WORKFLOWS[name]["concurrency"]
    assert set(concurrency) == {"group", "cancel-in-progress"}
    assert concurrency["cancel-in-progress"] is False or name not in {"deploy", "release"}, "cut off half way"


def test_no_script_holds_an_expression() -> None:
    """What somebody else may have written reaches a script by its environment, never by its text; no token is left."""
    assert {path.stem for path in LIVE} == {"audit", "ci", "release", "selftest"}, "all workflows are there"
    assert {path.stem for path in EXAMPLES} == {"deploy"}, "all examples are there"
    assert [step["run"] for _, step in STEPS if "${{" in step.get("run", "")] == []
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert {step["with"]["persist-credentials"] for step in checkouts} == {False}


def test_each_waits_for_what_has_to_be_sound() -> None:
    """The gate of CI waits for all other jobs, come what may; a release's image for tests, and its tags for that."""
    others = {name: job for name, job in JOBS["ci"].items() if name != "required"}
    assert needed(JOBS["ci"]["required"]) == set(others)
    assert JOBS["ci"]["required"]["if"] == "always()"
    release = JOBS["release"]
    assert (needed(release["image"]), needed(release["publish"])) == ({"check", "test"}, {"check", "image"})
    assert "ci.yml" in release["test"]["uses"]


@pytest.mark.parametrize("result", ["success", "failure", "cancelled", "skipped"])
def test_the_gate_opens_for_success_alone(result: str) -> None:
    """The gate's script, run as it stands, fails when one job failed, was cancelled or was skipped."""
    # It is Python between the lines of a shell's here-document.
    code = JOBS["ci"]["required"]["steps"][0]["run"].split("<<'END'\n")[1].split("\nEND")[0]
    needs = json.dumps({"one": {"result": "success"}, "two": {"result": result}})
    done = subprocess.run([sys.executable, "-c", code], env={"NEEDS": needs}, check=False, capture_output=True)
    assert (done.returncode == 0) is (result == "success")


@pytest.mark.parametrize("path", LIVE, ids=lambda path: path.stem)
def test_this_repository_deploys_nothing(path: Path) -> None:
    """No workflow of this repository opens an environment of somebody's stacks: those that deploy are examples."""
    environments = {job.get("environment") for job in JOBS[path.stem].values()}
    assert environments <= {None, "release"}


def test_secrets_are_asked_for_where_they_are_used() -> None:
    """A stack's token is the example's, a key to release is the release's, each in a job with an environment."""
    found = {name: set(re.findall(r"secrets\.(\w+)", text)) for name, text in TEXTS.items()}
    assert {key: names for key, names in found.items() if names} == {
        "deploy": {"CLOUD66_TOKEN"},
        "release": {"RELEASE_APP_KEY"},
    }
    holders = [job for name in ("deploy", "release") for job in JOBS[name].values() if "secrets." in json.dumps(job)]
    assert ["environment" in job for job in holders] == [True, True]


def test_what_is_pinned_is_watched() -> None:
    """Actions, packages, the base image (the Dockerfile's) and what draws the summaries are watched where they are."""
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    assert {(one["package-ecosystem"], one["directory"]) for one in config["updates"]} == {
        *(("github-actions", "/"), ("pip", "/requirements"), ("docker", "/.github/base")),
        ("npm", "/tests/e2e/summary"),
    }
    [watched] = re.findall(r"^FROM (\S+)$", (ROOT / ".github" / "base" / "Dockerfile").read_text(), re.MULTILINE)
    [default] = re.findall(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert watched.partition("@")[0] == default.partition("@")[0]


def test_every_pinned_package_is_checked_by_its_hash() -> None:
    """Every requirement that anything installs has a version and a hash, and names no index."""
    for path in (ROOT / "requirements").glob("*.txt"):
        entries = re.findall(r"^[^#\s].*(?:\n\s+--hash.*)*", path.read_text(), re.MULTILINE)
        assert entries
        for entry in entries:
            assert re.match(r"[\w.-]+==\S+ ", entry), entry
            assert "--hash=sha256:" in entry


def test_one_package_has_one_version() -> None:
    """The requirements that share .venv agree: what the demo runs is what the tests test."""
    pins = {
        name: dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))
        for name in ("runtime", "toolkit", "stand-in", "dev", "lock")
    }
    everything = {package: version for pinned in pins.values() for package, version in pinned.items()}
    assert {name: pinned for name, pinned in pins.items() if not pinned.items() <= everything.items()} == {}
    assert everything["flask"]


def test_a_bug_report_has_what_its_reader_needs() -> None:
    """The form asks for version, workflow and debug log, says how to get that log, and has room for the reference."""
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml").read_text())
    fields = {field["id"]: field for field in form["body"] if "id" in field}
    needed = {name for name, field in fields.items() if field.get("validations", {}).get("required")}
    assert needed >= {"version", "workflow", "log"}
    assert "Enable debug logging" in fields["log"]["attributes"]["description"]
    assert "user_reference" in fields["reference"]["attributes"]["description"]


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md"])
def test_papers_name_only_what_exists(paper: str) -> None:
    """Each test and `make` target that a paper points to is where it says."""
    text = (ROOT / paper).read_text()
    named = re.findall(r"`((?:\w+/)*test_\w+\.py)::(\w+)`", text)
    assert named or paper != "SECURITY.md"
    tests = {
        file: {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for file in {file for file, _ in named}
        for tree in [ast.parse((ROOT / "tests" / file).read_text())]
    }
    assert [(file, function) for file, function in named if function not in tests[file]] == []
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", text, re.MULTILINE)) <= targets
