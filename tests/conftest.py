"""Fixtures that several test files share, and what counts for the coverage."""

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings

import cloud66_redeploy
from harness import Step, steps

UNMEASURED = {
    *("test_hostile", "test_lists", "test_several", "test_small_worlds", "test_strangers"),
    "test_a_cut_is_a_lost_answer_once_the_request_may_have_left",
    "test_a_deployment_under_way_is_cancelled",
    "test_a_run_that_was_killed_is_cancelled",
    "test_each_end_is_told",
    "test_how_long_it_waits",
    "test_like_git",
    "test_new_lines",
    "test_not_there_yet_is_no_contradiction",
    "test_one_lost_post_is_one_deployment",
    "test_one_odd_answer_changes_nothing",
    "test_one_odd_answer_to_a_cancellation",
    "test_url_refused",
    "test_what_can_be_read_again",
    "test_whose_log_it_is",
}
"""
Files and tests that needn't count, beside all of hostile texts: what they run through is run through elsewhere, and
measuring doubles their time. If lines are missing that one of these reaches, take it out.
"""

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

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
    """Let what is unmeasured not count for the coverage."""
    name = item.name.partition("[")[0]
    SWITCH.turn(on="hostile" not in name and not {item.path.stem, name} & UNMEASURED)


@pytest.fixture
def step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Step]]:
    """Make a step with its own stand-in: `step(behaviour=…)`."""
    yield from steps(tmp_path, lambda: capsys.readouterr().out)
