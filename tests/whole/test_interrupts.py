"""Signals: kept until they may interrupt, raised once, and the alarm that bounds a call."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import requests

from cloud66_redeploy.api.connecting import Adapter, Session
from cloud66_redeploy.clock import CallTimeout, SystemClock
from cloud66_redeploy.errors import Aborted
from cloud66_simulator import DEFAULT_STACK, Simulator
from cloud66_simulator.server import serve

MOMENT = 0.01
AGAIN = 0.1
LONG = 5.0
INT, TERM, ALARM = signal.SIGINT, signal.SIGTERM, signal.SIGALRM


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SystemClock]:
    """Install the handlers, and put back those that were there; the alarm comes again sooner than in a run."""
    monkeypatch.setattr("cloud66_redeploy.clock.ALARM_AGAIN_SECONDS", AGAIN)
    before = {one: signal.getsignal(one) for one in (INT, TERM, ALARM)}
    found = SystemClock()
    found.install()
    yield found
    signal.setitimer(signal.ITIMER_REAL, 0)
    for one, handler in before.items():
        signal.signal(one, handler)


def wakes_nothing() -> None:
    """Let a signal come in the moment before a call blocks: it is noted, but another thread is what it interrupts."""

    def send() -> None:
        time.sleep(MOMENT)
        signal.pthread_kill(threading.get_ident(), INT)

    threading.Thread(target=send).start()


class Destroyed:
    """Lets a signal come, or a time limit pass, in its destructor, where Python loses every exception."""

    def __init__(self, *signals: signal.Signals) -> None:
        self.signals = signals

    def __del__(self) -> None:
        """Take longer than the limit."""
        call(*self.signals, sleeps=2 * MOMENT)()


Comes = signal.Signals | Callable[[], object]


def call(*what: Comes, sleeps: float = 0.0) -> Callable[[], str]:
    """Return a call during which signals come, and which takes some seconds after them."""

    def made() -> str:
        for one in what:
            if isinstance(one, signal.Signals):
                signal.raise_signal(one)
            else:
                one()
        time.sleep(sleeps)
        return "answer"

    return made


# What comes during a call, how long it goes on, its limit and its grace; how it ends; what the next call does.
CALLS: dict[str, tuple[tuple[Comes, ...], float, float, float, Any, Any]] = {
    **{f"{one.name} with the limit {limit}": ((one,), 0.0, limit, 0.0, Aborted, "answer")
       for one, limit in product((INT, TERM), (0.0, LONG))},
    "within its limit": ((), 0.0, LONG, 0.0, "answer", "answer"),
    "over its limit": ((), LONG, MOMENT, 0.0, CallTimeout, "answer"),
    "a call with grace may end": ((INT,), 0.0, LONG, LONG, "answer", Aborted),
    "grace ends": ((INT,), LONG, 0.0, MOMENT, Aborted, "answer"),
    "grace ends before the limit": ((INT,), LONG, LONG, MOMENT, Aborted, "answer"),
    "the limit ends before the grace": ((INT,), LONG, MOMENT, LONG, Aborted, "answer"),
    "a second signal ends the grace": ((INT, TERM), LONG, LONG, LONG, Aborted, "answer"),
    "a signal just before it blocks": ((wakes_nothing,), LONG, 0.0, 0.0, Aborted, "answer"),
    "a signal just before it blocks, with a limit": ((wakes_nothing,), LONG, LONG, 0.0, Aborted, "answer"),
    "a signal just before it blocks, with grace": ((wakes_nothing,), LONG, LONG, MOMENT, Aborted, "answer"),
    "a signal in a destructor": ((lambda: Destroyed(INT),), LONG, 0.0, 0.0, Aborted, "answer"),
    "the limit passes in a destructor": ((Destroyed,), LONG, MOMENT, 0.0, CallTimeout, "answer"),
    "a limit of many alarms": ((), 3 * AGAIN, LONG, 0.0, "answer", "answer"),
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
def test_a_call(clock: SystemClock, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal or a limit ends a call at once, but for its grace; no alarm is left, and no signal is raised twice."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _lost: None)
    signals, sleeps, limit, grace, ends, then = CALLS[case]
    if not signals and not limit:
        signal.setitimer(signal.ITIMER_REAL, MOMENT)
    start = time.monotonic()
    assert ending(clock, call(*signals, sleeps=sleeps), limit, grace) == ends
    assert time.monotonic() - start < 1
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    signal.raise_signal(ALARM)
    assert ending(clock, call()) == then


# The call, its limit and its grace; how it ends; what the next call does.
TIDIED = {
    "a signal": (call(INT), 0.0, 0.0, Aborted, "answer"),
    "a second signal": (call(INT, TERM), LONG, LONG, Aborted, "answer"),
    "a signal, with a grace for others": (call(INT, sleeps=LONG), LONG, MOMENT, Aborted, "answer"),
    "a limit": (call(sleeps=LONG), MOMENT, 0.0, CallTimeout, Aborted),
}


@pytest.mark.parametrize("case", TIDIED)
def test_what_a_call_tidies_up_is_left_alone(clock: SystemClock, case: str) -> None:
    """While an exception is on its way out of a call, no further signal raises another one."""
    made, limit, grace, ends, then = TIDIED[case]
    tidied = []

    def tidying() -> None:
        try:
            made()
        finally:
            tidied.append(call(TERM, INT, TERM)())

    assert ending(clock, tidying, limit, grace) == ends
    assert tidied == ["answer"]
    assert ending(clock, call()) == then


def test_a_lock_that_an_exception_leaves_taken_stops_nothing(clock: SystemClock) -> None:
    """Further calls, and the end of the session, wait for no lock of the pool of connections."""
    with serve(Simulator(time.time)) as url, Session() as session:
        address = f"{url}/stacks/{DEFAULT_STACK}"
        request = requests.Request("GET", address).prepare()
        adapter = session.get_adapter(address)
        assert isinstance(adapter, Adapter)
        waiting = adapter.get_connection_with_tls_context(request, verify=True).pool
        assert waiting is not None
        with waiting.mutex:
            assert ending(clock, lambda: session.get(address).status_code, limit=1.0) == 401
            assert ending(clock, session.close, limit=1.0) is None


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
