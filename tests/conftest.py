"""Fixtures that several test files share, and what counts for the coverage."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from coverage import Coverage

from harness import Step, steps

UNMEASURED = {"test_hostile", "test_lists", "test_small_worlds"}
"""Matrices: what their rows run through is run through elsewhere, too, and measuring doubles or triples their time."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    """Let the rows of matrices not count for the coverage."""
    measuring = Coverage.current() if item.path.stem in UNMEASURED else None
    if measuring is None:
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


@pytest.fixture
def step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Step]]:
    """Make a step with its own stand-in: `step(behaviour=…)`."""
    yield from steps(tmp_path, lambda: capsys.readouterr().out)
