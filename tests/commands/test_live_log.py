"""The stack's log as it grows: what is new in it, and that it never touches the wait or the outcome."""

import re
from typing import Any

import pytest

from cloud66_simulator import Behaviour, Fault, StackSpec
from elsewhere import MakeStep, asked, rows
from harness import Ending, Step
from hostile import TEXTS, check_plain, commands

ALL = list(range(1, 61))
"""The numbers of the lines that the log of one deployment has."""


def logging(step: MakeStep, *faults: Fault, **dials: Any) -> Step:
    """Make a step whose stack writes a line a second while it is deploying."""
    return step(behaviour=Behaviour(**{"log_lines_per_second": 1.0, "duration_seconds": 60.0} | dials), faults=faults)


def of_the_log(kind: Any = "status", **fields: Any) -> Fault:
    """Let something go wrong with each call for the log, but for the one before the deployment."""
    return Fault(kind, method="GET", path="^/stacks/[^/]+$", **{"skip": 1, "count": None} | fields)


def shown(ending: Ending) -> list[str]:
    """Return the lines of the stack's log that were shown, in their order."""
    return [line for line in ending.log.splitlines() if line.startswith("| ")]


def numbers(ending: Ending) -> list[int]:
    """Return the numbers of the log's lines that were shown."""
    return [int(one) for one in re.findall(r"^\| \[.*\] step (\d+): ", ending.log, re.MULTILINE)]


def log_calls(made: Step) -> list[int]:
    """Return which of the calls were for the log."""
    return [number for number, one in enumerate(made.simulator.requests) if "show_log" in one.query]


def test_each_line_is_shown_once_as_it_comes(step: MakeStep) -> None:
    """All lines of our log are shown, each once, in order, and while the deployment goes on."""
    ending = logging(step, duration_seconds=100.0).run(log="live")
    assert (ending.outcome, numbers(ending)) == ("success", list(range(1, 101)))
    lines, log = shown(ending), ending.log.splitlines()
    assert ("Starting deployment 108" in lines[0], "Deployment finished successfully" in lines[-1]) == (True, True)
    assert log.index(lines[0]) < max(number for number, line in enumerate(log) if line.startswith("["))


def test_one_call_a_look(step: MakeStep) -> None:
    """It costs one call a look, one before and one at the end, and changes nothing else but by its own time."""
    quiet, live = logging(step), logging(step)
    before, after = quiet.run(log="never"), live.run(log="live")
    looks = len(live.simulator.requests) - len(log_calls(live))
    assert 3 < len(log_calls(live)) <= looks
    assert abs(looks - len(quiet.simulator.requests)) <= 3
    assert (after.outcome, after.seconds <= before.seconds + 2.5) == (before.outcome, True)


@rows("mode, fate, calls, tells", {
    "never": ("never", "failed", False, False),
    "a success": ("on_failure", "success", False, False),
    "a failure": ("on_failure", "failed", True, True),
    "a failure, live": ("live", "failed", True, True),
})  # fmt: skip
def test_when_the_last_lines_are_shown(step: MakeStep, mode: str, fate: str, *, calls: bool, tells: bool) -> None:
    """On a failure the last lines are shown together, whether or not they were shown as they came, unless `never`."""
    made = logging(step, fate=fate)
    ending = made.run(log=mode)
    group = ending.log.partition("::group::Last lines of the stack log")[2]
    assert (ending.outcome, bool(log_calls(made)), "rake aborted!" in group) == (fate, calls, tells)


AHEAD, BEHIND = {"duration": 600}, {"duration": 600, "later": 5}
OURS, MAYBE = (
    "Last lines of the stack log",
    "Last lines of the latest stack log, which may belong to another deployment",
)
GONE_ON = "The latest stack log belongs to another deployment, so it isn't shown."
INFERRED, LATE = {"post_shape": "async_action_id"}, {"deployment_record_delay_seconds": 300}
SHORT = {"timeout": "30s"}


@rows("dials, other, inputs, outcome, title", {
    "it waits, until queue_timeout": ({}, AHEAD, {"queue_timeout": "30s"}, "timed_out", ""),
    "it waits, and is cancelled": ({}, AHEAD, SHORT | {"cancel_on_timeout": "true"}, "timed_out", ""),
    "it waits, and is only inferred": (INFERRED, AHEAD, {"queue_timeout": "30s"}, "timed_out", ""),
    "it has no record": (LATE, None, SHORT, "timed_out", ""),
    "it runs, until the timeout": ({}, None, SHORT, "timed_out", OURS),
    "it failed, and the next one runs": ({"fate": "failed"}, BEHIND, {}, "failed", GONE_ON),
    "it was inferred, and failed": (INFERRED | {"fate": "failed"}, None, {}, "failed", OURS),
    "it failed without a record": (LATE | {"fate": "failed"}, None, {}, "failed", MAYBE),
    "it runs, and is only inferred": (INFERRED, None, SHORT, "timed_out", MAYBE),
})  # fmt: skip
def test_whose_log_it_is(step: MakeStep, dials: Any, other: Any, inputs: Any, outcome: str, title: str) -> None:
    """A log is shown as ours only where it is; none is read while ours waits, and a doubtful one says so."""
    made = logging(step, **dials)
    if other:
        made.simulator.request_deployment(**other)
    if other is AHEAD:
        made.clock.sleep(60)
    ending = made.run(**inputs)
    told = [one for one in (OURS, MAYBE, GONE_ON) if f"{one}\n" in ending.log]
    assert (ending.outcome, told, bool(log_calls(made))) == (outcome, [title] * bool(title), title in {OURS, MAYBE})
    shown = title.removeprefix("Last lines of the ").capitalize()
    assert (f"<summary><b>{shown}: last " in ending.summary) == (title in {OURS, MAYBE})


@pytest.mark.parametrize(("shape", "times"), [("async_action_id", 1), ("deployment_id", 0)])
def test_a_live_log_that_may_be_another_ones_says_so(step: MakeStep, shape: Any, times: int) -> None:
    """Where ours is only inferred while it runs, a line says that the log may be another deployment's."""
    ending = logging(step, post_shape=shape).run(log="live")
    assert ending.log.count("The latest stack log, which may belong to another deployment:\n") == times
    assert numbers(ending) == ALL


def test_what_the_log_holds_before_is_not_shown(step: MakeStep) -> None:
    """What stands in the log before ours is asked for is another deployment's."""
    assert shown(step(stacks=[StackSpec(last_log="old\nlines")]).run(log="live")) == []


def test_nothing_is_shown_while_queued(step: MakeStep) -> None:
    """As long as ours waits, the log is that of the one ahead, and none of it is shown, nor of the one before."""
    made = logging(step)
    made.simulator.request_deployment(duration=100)
    ending = made.run(log="live")
    assert (ending.outcome, ending.outputs["deployment_id"], numbers(ending)) == ("success", "109", ALL)
    assert re.findall(r"Starting deployment (\d+)", ending.log) == ["109"]


@rows("ago, lines", {"one that runs": (30, ALL), "one that is over": (100, [])})
def test_a_later_job_shows_all_of_what_runs(step: MakeStep, ago: float, lines: list[int]) -> None:
    """A later job shows the log from its beginning; of one that had ended, no log is read that may be another's."""
    made = logging(step)
    asked(made, ago=ago)
    ending = made.run(command="wait", user_reference="mine", log="live")
    assert (ending.outcome, numbers(ending), bool(log_calls(made))) == ("success", lines, bool(lines))


def test_a_log_that_can_never_be_read(step: MakeStep) -> None:
    """After five failures in a row it is given up, which is said once; the wait goes on and ends as it would."""
    made = logging(step, of_the_log(code=403))
    made.simulator.request_deployment(duration=60)
    ending = made.run(log="live", poll_interval="5s")
    assert (ending.outcome, len(log_calls(made)), ending.seconds <= 130) == ("success", 5, True)
    assert ending.log.count("can't be read any more") == 1


@rows("calls, lines", {"from the beginning": (1501, []), "later": (1490, ALL[:3])})
def test_it_leaves_the_hours_calls_alone(step: MakeStep, calls: int, lines: list[int]) -> None:
    """Where half of the hour's calls are used up, the log pauses, and says so once; the rest is as without it."""
    made = logging(step)
    for _ in range(calls):
        made.simulator.count_call("ci@example.com")
    ending = made.run(log="live")
    assert (ending.outcome, numbers(ending)[:3], len(numbers(ending)) < 60) == ("success", lines, True)
    assert ending.log.count("The stack log pauses: fewer than half of this hour's API calls are left.") == 1


def test_the_timeout_holds(step: MakeStep) -> None:
    """A log that never comes in keeps the step beyond its timeout by no more than a call of its own."""
    ending = logging(step, of_the_log("slow", seconds=9), duration_seconds=600.0).run(log="live", timeout="1m")
    assert (ending.outcome, 60 <= ending.seconds <= 60 + 10.2) == ("timed_out", True)


@rows("text", {name: text for number, (name, text) in enumerate(TEXTS.items()) if number % 9 == 2})
def test_hostile_lines_do_nothing(step: MakeStep, text: str) -> None:
    """Whatever the log says is text behind a prefix: no command, no token, nothing that moves the cursor."""
    made = step(stacks=[StackSpec(last_log=text)], behaviour=Behaviour(duration_seconds=20))
    asked(made)
    ending = made.run(command="wait", user_reference="mine", log="live")
    log = ending.log.replace("::add-mask::demo-token\n", "")
    assert (ending.outcome, commands(log)) == ("success", [])
    check_plain(log)
    assert "demo-token" not in log
