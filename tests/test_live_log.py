"""The stack's log as it grows: what is new in it, and that it never touches the wait or the outcome."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault, StackSpec
from elsewhere import asked
from harness import Ending, Step
from hostile import TEXTS, check_plain, commands

MakeStep = Callable[..., Step]
LOG: dict[str, Any] = {"log_lines_per_second": 1.0, "duration_seconds": 60.0}
LOG_PATH = "^/stacks/[^/]+$"


def shown(ending: Ending) -> list[str]:
    """Return the lines of the stack's log that were shown, in their order."""
    return [line for line in ending.log.splitlines() if line.startswith("| ")]


def steps_of(ending: Ending) -> list[int]:
    """Return the numbers of the log's lines that were shown."""
    return [int(one) for one in re.findall(r"^\| \[.*\] step (\d+): ", ending.log, re.MULTILINE)]


def log_calls(made: Step) -> list[float]:
    """Return when the log was asked for, in seconds from the start."""
    return [one.time - made.simulator.started for one in made.simulator.requests if "show_log" in one.query]


def looks(made: Step) -> int:
    """Count the calls other than for the log."""
    return len(made.simulator.requests) - len(log_calls(made))


def test_each_line_is_shown_once_as_it_comes(step: MakeStep) -> None:
    """All lines of the log are shown, each once, in order, and while the deployment goes on."""
    made = step(behaviour=Behaviour(**LOG | {"duration_seconds": 200.0}))
    ending = made.run(log="live")
    assert ending.outcome == "success"
    assert steps_of(ending) == list(range(1, 201))
    lines = shown(ending)
    assert "Starting deployment 108" in lines[0]
    assert "Deployment finished successfully" in lines[-1]
    log = ending.log.splitlines()
    progress = [number for number, line in enumerate(log) if line.startswith("[")]
    assert any(log.index(line) < progress[-1] for line in lines)


def test_the_log_before_is_not_ours(step: MakeStep) -> None:
    """What the stack's log holds from the deployment before is not shown."""
    made = step(behaviour=Behaviour(**LOG))
    ending = made.run(log="live")
    assert "Starting deployment 107" not in ending.log


@pytest.mark.parametrize(("mode", "fate"), [("never", "success"), ("never", "failed"), ("on_failure", "success")])
def test_no_call_where_it_was_not_asked_for(step: MakeStep, mode: str, fate: Any) -> None:
    """With `never`, and on a success with `on_failure`, the log is not asked for."""
    made = step(behaviour=Behaviour(**LOG, fate=fate))
    ending = made.run(log=mode)
    assert (ending.outcome, log_calls(made), shown(ending)) == (fate, [], [])


@pytest.mark.parametrize("mode", ["on_failure", "live"])
def test_a_failure_shows_the_last_lines(step: MakeStep, mode: str) -> None:
    """On a failure the last lines are shown together, whether or not they were shown as they came."""
    made = step(behaviour=Behaviour(**LOG, fate="failed"))
    ending = made.run(log=mode)
    group = ending.log.partition("::group::Last lines of the stack's log")[2]
    assert (ending.outcome, "rake aborted!" in group) == ("failed", True)


AHEAD, BEHIND = -60.0, 5.0
OURS, MAYBE = "Last lines of the stack's log", "Last lines of the stack's newest log, which may be another deployment's"
GONE_ON = "The stack's newest log is another deployment's, so it is not shown."


@pytest.mark.parametrize(
    ("behaviour", "other_at", "inputs", "outcome", "title"),
    [
        ({}, AHEAD, {"queue_timeout": "30s"}, "timed_out", ""),
        ({}, AHEAD, {"timeout": "30s"}, "timed_out", ""),
        ({}, AHEAD, {"timeout": "30s", "cancel_on_timeout": "true"}, "timed_out", ""),
        ({"post_shape": "async_action_id"}, AHEAD, {"queue_timeout": "30s"}, "timed_out", ""),
        ({"deployment_record_delay_seconds": 300}, AHEAD, {"timeout": "30s"}, "timed_out", ""),
        ({"deployment_record_delay_seconds": 300}, None, {"timeout": "30s"}, "timed_out", ""),
        ({}, None, {"timeout": "30s"}, "timed_out", OURS),
        ({"fate": "failed"}, None, {}, "failed", OURS),
        ({"fate": "failed"}, BEHIND, {}, "failed", GONE_ON),
        ({"fate": "failed", "post_shape": "async_action_id"}, None, {}, "failed", OURS),
        ({"fate": "failed", "deployment_record_delay_seconds": 300}, None, {}, "failed", MAYBE),
        ({"post_shape": "async_action_id"}, None, {"timeout": "30s"}, "timed_out", MAYBE),
    ],
)
def test_whose_log_it_is(
    step: MakeStep, behaviour: Any, other_at: float | None, inputs: Any, outcome: str, title: str
) -> None:
    """A log is shown as ours only where it is; none is read while ours waits, and a doubtful one says so."""
    clock = EventClock()
    made = step(clock=clock, behaviour=Behaviour(**LOG | behaviour))
    if other_at is AHEAD:
        made.simulator.request_deployment(duration=600)
        made.clock.advance(-AHEAD)
    if other_at is BEHIND:
        clock.plan(BEHIND, partial(made.simulator.request_deployment, duration=600))
    ending = made.run(**inputs)
    told = [one for one in (OURS, MAYBE, GONE_ON) if f"{one}\n" in ending.log]
    assert (ending.outcome, told, bool(log_calls(made))) == (outcome, [title] * bool(title), title in {OURS, MAYBE})
    assert (f"<summary>{title}</summary>" in ending.summary) == (title in {OURS, MAYBE})


def test_a_live_log_that_may_be_another_ones_says_so(step: MakeStep) -> None:
    """Where ours is only inferred while it runs, a line says that the log may be another deployment's."""
    titles = []
    for shape in ("async_action_id", "deployment_id"):
        ending = step(behaviour=Behaviour(**LOG, post_shape=shape)).run(log="live")
        titles.append(ending.log.count("The stack's newest log, which may be another deployment's:\n"))
        assert steps_of(ending) == list(range(1, 61))
    assert titles == [1, 0]


def test_one_call_a_look(step: MakeStep) -> None:
    """It costs one call a look, one before and one at the end, and changes nothing else but by its own time."""
    quiet, live = step(behaviour=Behaviour(**LOG)), step(behaviour=Behaviour(**LOG))
    before, after = quiet.run(log="never"), live.run(log="live")
    assert (log_calls(quiet), after.outcome) == ([], before.outcome)
    assert 3 < len(log_calls(live)) <= looks(live)
    assert abs(looks(live) - looks(quiet)) <= 3
    assert after.seconds <= before.seconds + 2.5


def test_nothing_is_shown_while_queued(step: MakeStep) -> None:
    """As long as ours waits, the log is that of the one ahead, and none of it is shown."""
    made = step(behaviour=Behaviour(**LOG))
    made.simulator.request_deployment(duration=100)
    ending = made.run(log="live")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", "109")
    assert "Starting deployment 108" not in ending.log
    assert steps_of(ending) == list(range(1, 61))


@pytest.mark.parametrize("fate", ["success", "failed"])
def test_the_log_of_one_behind_is_not_shown_as_ours(step: MakeStep, fate: Any) -> None:
    """Where another one begins as ours ends, its log is not taken for the end of ours."""
    made = step(behaviour=Behaviour(**LOG))
    first = asked(made, duration=60, fate=fate)
    behind = made.simulator.request_deployment(duration=100)
    ending = made.run(command="wait", deployment_id=str(first.id), log="live")
    assert (ending.outcome, bool(steps_of(ending))) == (fate, True)
    assert f"Starting deployment {behind.id}" not in ending.log.partition("::group::")[0]


def test_a_wait_for_what_runs_shows_all_of_it(step: MakeStep) -> None:
    """A later job that waits shows the log from its beginning, as far as it is there."""
    made = step(behaviour=Behaviour(**LOG))
    asked(made, ago=30)
    ending = made.run(command="wait", user_reference="mine", log="live")
    assert (ending.outcome, steps_of(ending)) == ("success", list(range(1, 61)))


def test_what_is_over_has_no_live_log(step: MakeStep) -> None:
    """For a deployment that had ended before, no call is made for a log that is no longer its own."""
    made = step(behaviour=Behaviour(**LOG))
    asked(made, ago=100)
    ending = made.run(command="wait", user_reference="mine", log="live")
    assert (ending.outcome, log_calls(made), shown(ending)) == ("success", [], [])


@pytest.mark.parametrize("keeps", [3, 10, 40])
@pytest.mark.parametrize("rate", [1.0, 7.0])
def test_a_log_whose_beginning_rolls_off(step: MakeStep, keeps: int, rate: float) -> None:
    """Where only the last lines of a log are kept, none is shown twice."""
    made = step(behaviour=Behaviour(**LOG | {"log_lines_per_second": rate}, log_keeps_lines=keeps))
    ending = made.run(log="live")
    numbers = steps_of(ending)
    assert ending.outcome == "success"
    assert numbers == sorted(set(numbers))
    assert numbers


@pytest.mark.parametrize("kind", ["log_shrinks", "log_missing"])
def test_a_log_that_shrinks_or_goes(step: MakeStep, kind: Any) -> None:
    """A log that is shorter or missing for a while is shown on where it left off, no line twice."""
    made = step(behaviour=Behaviour(**LOG))
    made.simulator.faults.append(Fault(kind, after=20, until=40))
    ending = made.run(log="live", poll_interval="3s")
    assert (ending.outcome, steps_of(ending)) == ("success", list(range(1, 61)))


@pytest.mark.parametrize("kind", ["log_shrinks", "log_missing"])
def test_a_log_that_never_comes_right(step: MakeStep, kind: Any) -> None:
    """A log that stays short or missing changes nothing about the outcome."""
    made = step(behaviour=Behaviour(**LOG))
    made.simulator.faults.append(Fault(kind))
    assert made.run(log="live").outcome == "success"


TROUBLES = ["status", "html", "garbage", "wrong_json", "lost_undone", "timeout_undone", "throttle", "refuse"]


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("queued", [False, True])
def test_a_log_that_can_never_be_read(step: MakeStep, kind: Any, queued: bool) -> None:
    """After five failures in a row it is given up, which is said once; the wait goes on and ends as it would."""
    made = step(behaviour=Behaviour(**LOG | {"duration_seconds": 200.0}))
    if queued:
        made.simulator.request_deployment(duration=100)
    made.simulator.faults.append(Fault(kind, method="GET", path=LOG_PATH, skip=1, count=None))
    ending = made.run(log="live", poll_interval="5s")
    assert (ending.outcome, len(log_calls(made))) == ("success", 5)
    assert ending.log.count("can't be read, so it is not shown any more") == 1
    assert ending.seconds <= (300 if queued else 200) + 5 * 10 + 10


def test_a_log_that_fails_now_and_then(step: MakeStep) -> None:
    """Failures that are not in a row don't count, and no line is lost."""
    made = step(behaviour=Behaviour(**LOG))
    for skip in range(1, 60, 3):
        made.simulator.faults.append(Fault("status", method="GET", path=LOG_PATH, skip=skip, count=2))
    ending = made.run(log="live", poll_interval="2s")
    assert (ending.outcome, "can't be read" in ending.log) == ("success", False)
    numbers = steps_of(ending)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 50


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_log_that_is_refused(step: MakeStep, code: int) -> None:
    """A refusal of the log alone is none of the deployment."""
    made = step(behaviour=Behaviour(**LOG))
    made.simulator.faults.append(Fault("status", method="GET", path=LOG_PATH, code=code, skip=1, count=None))
    assert made.run(log="live", poll_interval="3s").outcome == "success"


@pytest.mark.parametrize("kind", ["timeout_undone", "slow"])
def test_the_timeout_holds(step: MakeStep, kind: Any) -> None:
    """A log that never comes in keeps the step beyond its timeout by no more than a call of its own."""
    made = step(behaviour=Behaviour(**LOG | {"duration_seconds": 600.0}))
    made.simulator.faults.append(Fault(kind, method="GET", path=LOG_PATH, skip=1, seconds=9, count=None))
    ending = made.run(log="live", timeout="1m")
    assert (ending.outcome, 60 <= ending.seconds <= 60 + 10.2) == ("timed_out", True)


def test_the_last_calls_of_the_hour_are_not_spent_on_it(step: MakeStep) -> None:
    """Where the hour's calls run low, no call is made for the log, and the wait goes on."""
    made = step(behaviour=Behaviour(**LOG, rate_limit=40))
    ending = made.run(log="live", timeout="10m", poll_interval="2s")
    assert ending.outcome == "success"
    places = [number for number, one in enumerate(made.simulator.requests) if "show_log" in one.query]
    assert len(made.simulator.requests) > 25
    assert max(places) <= 20


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_lines_do_nothing(step: MakeStep, text: str) -> None:
    """Whatever the log says is text behind a prefix: no command, no token, nothing that moves the cursor."""
    made = step(stacks=[StackSpec(last_log=text)], behaviour=Behaviour(duration_seconds=20))
    asked(made)
    ending = made.run(command="wait", user_reference="mine", log="live")
    log = ending.log.replace("::add-mask::demo-token\n", "")
    assert (ending.outcome, commands(log)) == ("success", [])
    check_plain(log)
    assert "demo-token" not in log


def lines(count: int) -> Sequence[str]:
    """Make a log of so many lines."""
    return [f"line {number}" for number in range(1, count + 1)]


def test_a_look_shows_two_hundred_lines_at_most(step: MakeStep) -> None:
    """Of a chatty log the last lines are shown, and how many were left out is said."""
    made = step(stacks=[StackSpec(last_log="\n".join(lines(5000)))], behaviour=Behaviour(duration_seconds=20))
    asked(made)
    found = shown(made.run(command="wait", user_reference="mine", log="live"))
    assert found[0] == "| … 1800 more lines"
    assert (found[1], found[-1], len(found)) == ("| line 4801", "| line 5000", 201)
