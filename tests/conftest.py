"""Fixtures that several test files share, and what counts for the coverage."""

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from coverage import Coverage

import cloud66_redeploy
from harness import Step, steps

UNMEASURED = {"test_hostile", "test_lists", "test_small_worlds"}
"""Matrices: what their rows run through is run through elsewhere, too, and measuring doubles or triples their time."""

MEASURING = Coverage.current()


class Switch:
    """Turns the measuring on and off, which takes a millisecond, where that changes anything."""

    is_on = MEASURING is not None

    def turn(self, *, on: bool) -> None:
        if MEASURING is not None and on is not self.is_on:
            self.is_on = on
            (MEASURING.start if on else MEASURING.stop)()


SWITCH = Switch()
# What runs when a module is imported is measured here; the collection of the tests, and who hands them out, are not.
for module in pkgutil.walk_packages(cloud66_redeploy.__path__, "cloud66_redeploy."):
    import_module(module.name)
SWITCH.turn(on=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Let the rows of matrices not count for the coverage."""
    SWITCH.turn(on=item.path.stem not in UNMEASURED)


@pytest.fixture
def step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Step]]:
    """Make a step with its own stand-in: `step(behaviour=…)`."""
    yield from steps(tmp_path, lambda: capsys.readouterr().out)
