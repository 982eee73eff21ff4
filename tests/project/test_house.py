"""The house stands as CONTRIBUTING.md draws it: who may import whom, and how large a thing may be."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path

from cloud66_redeploy.model.reference import is_derived
from cloud66_simulator.scenarios import OUR_REFERENCE
from harness import GITHUB

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "cloud66_redeploy"
STAND_IN = ROOT / "src" / "cloud66_simulator"
TESTS = ROOT / "tests"
FILES = sorted(PACKAGE.rglob("*.py"))

FLOORS = [
    {"__main__", "cleanup"},
    {"start"},
    {"run"},
    {"ending"},
    {"commands"},
    {"report"},
    {"polling"},
    {"tracking"},
    {"api", "inputs"},
    {"clock"},
    {"model"},
    {"errors"},
    {"timing"},
    {"__init__"},
]
"""A room imports from those below it, and from its own folder; those of one floor don't know each other."""


def name_of(path: Path) -> str:
    """Return a module's name inside the package, as `api.client`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Return all nodes of a module."""
    return list(ast.walk(ast.parse(path.read_text())))


def imports(path: Path) -> Iterator[str]:
    """Name what a module imports, anywhere in it: our own modules as `name_of` does, others as they are."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            ours = node.module == "cloud66_redeploy" or node.module.startswith("cloud66_redeploy.")
            inside = node.module.removeprefix("cloud66_redeploy").removeprefix(".")
            for alias in node.names:
                whole = f"{inside}.{alias.name}".removeprefix(".")
                is_module = ours and (PACKAGE / f"{whole.replace('.', '/')}.py").exists()
                yield whole if is_module else (inside or "__init__") if ours else node.module


def knowing(*libraries: str) -> set[str]:
    """Return the modules that import one of these."""
    return {name_of(path) for path in FILES if any(name.partition(".")[0] in libraries for name in imports(path))}


def test_imports_point_down() -> None:
    """A module imports only what stands below its room, or in it, and leads nowhere back to itself."""
    names = {name_of(path) for path in FILES}
    arrows = {name_of(path): set(imports(path)) & names for path in FILES}
    floors = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    for module, found in arrows.items():
        for other in found:
            [ours, theirs] = [name.partition(".")[0] for name in (module, other)]
            assert ours == theirs or floors[theirs] > floors[ours], f"{module} imports {other}"
    while leaves := [name for name, found in arrows.items() if not found]:
        arrows = {name: found - {*leaves} for name, found in arrows.items() if name not in leaves}
    assert not arrows


def test_only_the_edges_know_the_libraries() -> None:
    """The transport and what stands below it alone know the HTTP library; three places know the runner's toolkit."""
    assert knowing("requests", "urllib3") == {"api.transport", "api.application", "api.connecting", "api.failures"}
    assert knowing("actions_toolkit") == {"inputs.parsers", "report.reporter", "cleanup"}


def test_stand_in_and_action_share_no_code() -> None:
    """The stand-in imports nothing of the action, nor the other way round: both could share one wrong idea."""
    for path in STAND_IN.rglob("*.py"):
        assert not re.search(r"^\s*(from|import) cloud66_redeploy", path.read_text(), re.MULTILINE), path
    for path in FILES:
        assert "cloud66_simulator" not in path.read_text(), path


def test_the_stand_in_knows_what_our_references_look_like() -> None:
    """The stand-in's deployment of an earlier run carries a reference that the action takes for its repository's."""
    assert is_derived(OUR_REFERENCE, GITHUB)


def test_files_and_functions_stay_small() -> None:
    """No file is over 250 lines, no function over 40 (its docstring apart)."""
    for path in [*FILES, *STAND_IN.rglob("*.py"), *TESTS.rglob("[a-z]*.py")]:
        assert path.read_text().count("\n") <= 250, path
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef):
                words = (ast.get_docstring(node) or "").count("\n") + 1
                assert (node.end_lineno or 0) - node.lineno - words < 40, node.name


def phrases_in(path: Path) -> Iterator[str]:
    """Return the texts of three words in a row; not docstrings, nor what an assertion or an exception says."""
    nodes = nodes_of(path)
    docstrings = [node for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    checks = [node for node in nodes if isinstance(node, ast.Assert | ast.Raise)]
    silent = {inner for node in (*docstrings, *checks) for inner in ast.walk(node)}
    for node in nodes:
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "so" for part in parts)
        if node not in silent and re.search(r"[a-z']+ [a-z']+ [a-z']+", text, re.IGNORECASE):
            yield text


def test_words_live_in_one_room() -> None:
    """Only `report` has sentences for people, beside the rooms that tell what an input or a server said."""
    for path in FILES:
        if name_of(path).partition(".")[0] not in {"report", "inputs", "model", "errors", "api"}:
            assert [*phrases_in(path)] == [], path


def test_rooms_stay_small() -> None:
    """No folder holds more than ten files, its __init__ among them."""
    for root in (PACKAGE, STAND_IN, TESTS):
        for folder in {path.parent for path in root.rglob("*.py")}:
            assert len([*folder.glob("*.py")]) <= 10, folder


def fields_of(node: ast.ClassDef) -> set[str]:
    """Name what a class declares, and what its methods store in themselves."""
    stored = [one for one in ast.walk(node) if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)]
    own = {one.attr for one in stored if ast.unparse(one.value) == "self"}
    return own | {ast.unparse(one.target) for one in node.body if isinstance(one, ast.AnnAssign)}


def test_classes_stay_small() -> None:
    """No class has more than ten fields, those of its bases among them, but for the table of inputs."""
    classes = {node.name: node for path in FILES for node in nodes_of(path) if isinstance(node, ast.ClassDef)}
    for name, node in classes.items():
        bases = [classes[ast.unparse(base)] for base in node.bases if ast.unparse(base) in classes]
        fields = {field.removeprefix("self.") for one in (node, *bases) for field in fields_of(one)}
        assert len(fields) <= 10 or {name, *(base.name for base in bases)} & {"Table"}, (name, fields)


def test_a_field_has_one_writer() -> None:
    """What is no method of an object's own stores in it from one module only."""
    writers: dict[str, set[str]] = {}
    for path in FILES:
        for node in nodes_of(path):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and ast.unparse(node.value) != "self"
            ):
                writers.setdefault(node.attr, set()).add(name_of(path))
    assert {name: found for name, found in writers.items() if len(found) > 1} == {}


def constants_of(path: Path) -> Iterator[tuple[str, ast.stmt | None]]:
    """Name each constant of a module, with the statement that comes after it."""
    body = ast.parse(path.read_text()).body
    for node, following in zip_longest(body, body[1:]):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from ((target.id, following) for target in targets if isinstance(target, ast.Name))


def test_all_times_are_in_one_table_with_their_reasons() -> None:
    """Each constant of the table of times has a docstring, and no other module has a constant that is a time."""
    for name, following in constants_of(PACKAGE / "timing.py"):
        text = following.value if isinstance(following, ast.Expr) else None
        assert isinstance(text, ast.Constant), name
    elsewhere = [name for path in FILES if path.name != "timing.py" for name, _ in constants_of(path)]
    assert [name for name in elsewhere if name.endswith("_SECONDS")] == []


def test_two_imports_wait() -> None:
    """Two imports stand inside a function: the rest of the package, and what only trouble needs."""
    found = set()
    for path in FILES:
        functions = [node for node in nodes_of(path) if isinstance(node, ast.FunctionDef)]
        inner = [node for one in functions for node in ast.walk(one) if isinstance(node, ast.Import | ast.ImportFrom)]
        found |= {(name_of(path), getattr(node, "module", None) or node.names[0].name) for node in inner}
    assert sorted(found) == [("api.transport", "backoff"), ("start", "cloud66_redeploy.run")]


def test_few_exceptions_from_the_linter() -> None:
    """At most ten lines of the package are excepted from a rule of the linter."""
    assert sum(path.read_text().count("noqa") for path in FILES) <= 10


def test_the_start_needs_few_rooms() -> None:
    """Before the first request nothing is imported of the rooms that come after it; they would take its time."""
    script = "import sys, cloud66_redeploy.start; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found = {name.split(".")[1] for name in done.stdout.split() if name.startswith("cloud66_redeploy.")}
    assert found == {"start", "report", "api", "inputs", "clock", "model", "errors", "timing"}
