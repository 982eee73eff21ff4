"""The runner's files, and a reporter that writes to them."""

import os
from pathlib import Path

import pytest

from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import Cleaner

FILES = {"output": "GITHUB_OUTPUT", "state": "GITHUB_STATE", "summary": "GITHUB_STEP_SUMMARY"}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The runner's files, named in the environment."""
    found = {name: tmp_path / name for name in FILES}
    for name, path in found.items():
        path.touch()
        monkeypatch.setenv(FILES[name], str(path))
    return found


@pytest.fixture
def reporter(files: dict[str, Path]) -> Reporter:
    """A reporter with the runner's files."""
    assert files
    return Reporter(os.environ, Cleaner())
