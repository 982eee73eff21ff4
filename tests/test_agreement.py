"""What is said in several places is said alike: action.yml, README, CHANGELOG, the package and the code."""

import ast
import os
import re
import tomllib
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from cloud66_redeploy import __version__
from cloud66_redeploy.deployment import Outcome
from cloud66_redeploy.inputs import Inputs
from cloud66_redeploy.reference import is_derived
from cloud66_simulator.scenarios import OUR_REFERENCE
from harness import GITHUB, OUTPUTS

ROOT = Path(__file__).parent.parent
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


def test_readme_and_action_describe_the_same_inputs() -> None:
    """Each input has the same default and the same description in README and action.yml, in the same order."""
    said = [(plain(name), plain(default), plain(text)) for name, default, text in table("Inputs")]
    meant = [
        (name, "(required)" if spec["required"] else plain(spec["default"]), plain(spec["description"]))
        for name, spec in ACTION["inputs"].items()
    ]
    assert said == meant


def test_readme_and_action_describe_the_same_outputs() -> None:
    """Each output has the same description in README and action.yml, in the same order."""
    said = [(plain(name), plain(text)) for name, text in table("Outputs")]
    assert said == [(name, plain(spec["description"])) for name, spec in ACTION["outputs"].items()]


def test_the_code_sets_the_outputs_of_the_action() -> None:
    """The campaign holds every run to exactly the outputs that action.yml names."""
    assert set(ACTION["outputs"]) == OUTPUTS


def test_readme_explains_every_outcome() -> None:
    """Every outcome has a row that says what it means and what to do, and whether the job is green."""
    rows = {plain(name): job for name, job, _, _ in table("Outcomes")}
    assert rows == {str(outcome): "green" if outcome.is_green else "red" for outcome in Outcome}


def test_the_defaults_of_the_action_are_those_of_the_code() -> None:
    """A run with the defaults of action.yml in its environment is the same as one without them."""
    required = {"INPUT_API_TOKEN": "t0ken", "INPUT_STACK_ID": "5999b763474b0eafa5fafb64bff0ba80"}
    defaults = {f"INPUT_{name.upper()}": spec.get("default", "") for name, spec in ACTION["inputs"].items()}
    with mock.patch.dict(os.environ, required, clear=True):
        bare = Inputs.load({})
    with mock.patch.dict(os.environ, defaults | required, clear=True):
        assert Inputs.load({}) == bare


def test_every_input_is_a_field_of_the_code() -> None:
    """Inputs and the code's fields correspond one to one (durations carry their unit in the code)."""
    fields = {re.sub(r"_seconds$", "", name) for name in Inputs.__dataclass_fields__}
    assert fields == set(ACTION["inputs"])


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


# Who may import whom: each row may import what stands above it, never beside or below.
LAYERS = [
    {"__init__", "errors", "duration", "gitref", "text", "fields", "forecast", "quota", "commands", "server_time"},
    {"wording", "route", "connecting"},
    {"deployment", "interrupts", "schedule", "reference", "targets", "pages"},
    {"history", "values"},
    {"verdict", "tracking", "clock", "address", "answers", "failures"},
    {"inputs", "pairing", "memory", "transport", "advice", "outputs", "report", "pace", "turns", "doubt"},
    {"client", "reasons", "busy"},
    {"identity", "stock", "charts", "meanings", "narrator", "duplicates", "stacks", "live_log", "verdict_words"},
    {"observer", "summary"},
    {"settling"},
    {"trigger", "waiter", "canceller"},
    {"handle"},
    {"rollback"},
    {"context"},
    {"asking", "first_look", "ending"},
    {"going_back"},
    {"redeploy", "following"},
    {"run", "left_over"},
    {"__main__", "cleanup"},
]


def imports(path: Path) -> set[str]:
    """Return what a module imports, anywhere in it: our own modules by their bare names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "cloud66_redeploy":
            found |= {alias.name for alias in node.names if (PACKAGE / f"{alias.name}.py").exists()}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.removeprefix("cloud66_redeploy."))
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_imports_point_one_way(path: Path) -> None:
    """A module imports only modules of the layers above its own, and every module has a layer."""
    level = next(number for number, names in enumerate(LAYERS) if path.stem in names)
    ours = {name for name in imports(path) if (PACKAGE / f"{name}.py").exists()}
    assert ours <= set().union(*LAYERS[:level])


def test_only_one_module_makes_http_calls() -> None:
    """The transport and what stands below it alone know the HTTP library."""
    library = re.compile(r"(requests|urllib3)\b")
    knowing = {path.stem for path in PACKAGE.glob("*.py") if any(library.match(name) for name in imports(path))}
    assert knowing == {"transport", "connecting", "failures"}


def test_stand_in_and_action_share_no_code() -> None:
    """The stand-in imports nothing of the action, nor the other way round: both could share one wrong idea."""
    for path in (ROOT / "src" / "cloud66_simulator").glob("*.py"):
        assert not re.search(r"^\s*(from|import) cloud66_redeploy", path.read_text(), re.MULTILINE), path
    for path in PACKAGE.glob("*.py"):
        assert "cloud66_simulator" not in path.read_text(), path


def test_the_stand_in_knows_what_our_references_look_like() -> None:
    """The stand-in's deployment of an earlier run carries a reference that the action takes for its repository's."""
    assert is_derived(OUR_REFERENCE, GITHUB)


def test_files_and_functions_stay_small() -> None:
    """No file of the package is over 250 lines, no function over 40 (its docstring apart)."""
    for path in [*PACKAGE.glob("*.py"), *(ROOT / "src" / "cloud66_simulator").glob("*.py")]:
        text = path.read_text()
        assert text.count("\n") <= 250, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                words = (ast.get_docstring(node) or "").count("\n") + 1
                assert (node.end_lineno or 0) - node.lineno - words < 40, node.name
