"""Fixtures that several test files share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Step, steps


@pytest.fixture
def step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Step]]:
    """Make a step with its own stand-in: `step(behaviour=…)`."""
    yield from steps(tmp_path, lambda: capsys.readouterr().out)
