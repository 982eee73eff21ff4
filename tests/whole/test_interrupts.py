"""Signals: kept until they may interrupt, raised once, and the alarm that bounds a call."""

import signal
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from cloud66_redeploy.clock import CallTimeout, SystemClock
from cloud66_redeploy.errors import Aborted

MOMENT = 0.01
LONG = 5.0
INT, TERM, ALARM = signal.SIGINT, signal.SIGTERM, signal.SIGALRM


@pytest.fixture
def clock() -> Iterator[SystemClock]:
    """Install the handlers, and put back those that were there."""
    before = {one: signal.getsignal(one) for one in (INT, TERM, ALARM)}
    found = SystemClock()
    found.install()
    yield found
    signal.setitimer(signal.ITIMER_REAL, 0)
    for one, handler in before.items():
        signal.signal(one, handler)


def call(*signals: signal.Signals, sleeps: float = 0.0) -> Callable[[], str]:
    """Return a call during which signals come, and which takes some seconds after them."""

    def made() -> str:
        for one in signals:
            signal.raise_signal(one)
        time.sleep(sleeps)
        return "answer"

    return made


# What comes during a call, how long it goes on, its limit and its grace; how it ends; what the next call does.
CALLS: dict[str, tuple[tuple[signal.Signals, ...], float, float, float, Any, Any]] = {
    **{f"{one.name} with the limit {limit}": ((one,), 0.0, limit, 0.0, Aborted, "answer")
       for one, limit in product((INT, TERM), (0.0, LONG))},
    "within its limit": ((), 0.0, LONG, 0.0, "answer", "answer"),
    "over its limit": ((), LONG, MOMENT, 0.0, CallTimeout, "answer"),
    "a call with grace may end": ((INT,), 0.0, LONG, LONG, "answer", Aborted),
    "grace ends": ((INT,), LONG, 0.0, MOMENT, Aborted, "answer"),
    "grace ends before the limit": ((INT,), LONG, LONG, MOMENT, Aborted, "answer"),
    "the limit ends before the grace": ((INT,), LONG, MOMENT, LONG, Aborted, "answer"),
    "a second signal ends the grace": ((INT, TERM), LONG, LONG, LONG, Aborted, "answer"),
    "a late alarm": ((ALARM,), 0.0, 0.0, 0.0, "answer", "answer"),
    "an alarm that an interrupted call has left": ((), 3 * MOMENT, 0.0, 0.0, "answer", "answer"),
}  # fmt: skip


def ending(clock: SystemClock, made: Callable[[], object], limit: float = 0.0, grace: float = 0.0) -> object:
    """Make a call, and return its result or the kind of its exception."""
    try:
        return clock.interruptible(made, limit_seconds=limit, grace_seconds=grace)
    except (Aborted, CallTimeout) as error:
        return type(error)


@pytest.mark.parametrize("case", CALLS)
def test_a_call(clock: SystemClock, case: str) -> None:
    """A signal or a limit ends a call at once, but for its grace; no alarm is left, and no signal is raised twice."""
    signals, sleeps, limit, grace, ends, then = CALLS[case]
    if not signals and not limit:
        signal.setitimer(signal.ITIMER_REAL, MOMENT)
    start = time.monotonic()
    assert ending(clock, call(*signals, sleeps=sleeps), limit, grace) == ends
    assert time.monotonic() - start < 1
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    signal.raise_signal(ALARM)
    assert ending(clock, call()) == then


def test_it_is_raised_once(clock: SystemClock) -> None:
    """Once raised, further signals don't disturb what the run does about it, whose calls are bounded all the same."""
    assert ending(clock, call(INT)) == Aborted
    assert ending(clock, call(TERM)) == "answer"
    signal.raise_signal(INT)
    assert ending(clock, call()) == "answer"
    assert ending(clock, call(sleeps=LONG), MOMENT) == CallTimeout


def test_a_signal_elsewhere_is_kept(clock: SystemClock) -> None:
    """Between two calls, even after a failed one, a signal raises nothing; the next call isn't made, and hears when."""
    assert clock.interruptible(call(), limit_seconds=LONG) == "answer"
    with pytest.raises(ValueError, match="broken"):
        clock.interruptible(lambda: int("broken"), limit_seconds=LONG)
    signal.raise_signal(INT)
    time.sleep(2 * MOMENT)
    calls: list[int] = []
    with pytest.raises(Aborted) as caught:
        clock.interruptible(lambda: calls.append(1))
    assert 2 * MOMENT <= caught.value.seconds_ago < 1
    assert calls == []


def test_the_clock(clock: SystemClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock is its monotonic one; a sleep lasts as long as it says, but ends with the workflow."""
    start = time.monotonic()
    assert start <= clock.monotonic() <= start + 1
    clock.sleep(MOMENT)
    assert time.monotonic() - start >= MOMENT
    monkeypatch.setattr(time, "sleep", lambda _seconds: signal.raise_signal(TERM))
    with pytest.raises(Aborted):
        clock.sleep(LONG)
