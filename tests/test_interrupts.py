"""Signals: kept until they may interrupt, raised once, and the alarm that bounds a call."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from cloud66_redeploy.clock import Interrupts, Overdue, SystemClock
from cloud66_redeploy.errors import Aborted

MOMENT = 0.01
LONG = 5.0


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Install the handlers, and put back those that were there."""
    taken = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = {one: signal.getsignal(one) for one in taken}
    found = Interrupts()
    found.install()
    yield found
    signal.setitimer(signal.ITIMER_REAL, 0)
    for one, handler in before.items():
        signal.signal(one, handler)


def raising(one: signal.Signals, result: str = "answer") -> Callable[[], str]:
    """Return a call during which a signal comes."""

    def call() -> str:
        signal.raise_signal(one)
        return result

    return call


@pytest.mark.parametrize("one", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_a_call(interrupts: Interrupts, one: signal.Signals) -> None:
    """Either signal ends a call that is under way."""
    with pytest.raises(Aborted) as caught:
        interrupts.window(raising(one))
    assert 0 <= caught.value.seconds_ago < 1


def test_a_signal_elsewhere_is_kept(interrupts: Interrupts) -> None:
    """Between two calls a signal raises nothing; the next call is not made any more."""
    signal.raise_signal(signal.SIGINT)
    calls: list[int] = []
    with pytest.raises(Aborted):
        interrupts.window(lambda: calls.append(1))
    assert calls == []


def test_after_a_call_nothing_is_left(interrupts: Interrupts) -> None:
    """A call that ended hands on its result, and its limit strikes nobody later."""
    assert interrupts.window(lambda: "answer", limit_seconds=MOMENT) == "answer"
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    signal.raise_signal(signal.SIGALRM)


def test_it_is_raised_once(interrupts: Interrupts) -> None:
    """Once raised, further signals don't disturb what the run does about it."""
    with pytest.raises(Aborted):
        interrupts.window(raising(signal.SIGINT))
    assert interrupts.window(raising(signal.SIGTERM, "cancelled")) == "cancelled"
    signal.raise_signal(signal.SIGINT)
    assert interrupts.window(lambda: "reported") == "reported"


def test_an_abort_tells_when_its_signal_came(interrupts: Interrupts) -> None:
    """What was kept is raised with the time since its signal, and so is what had its grace."""
    signal.raise_signal(signal.SIGINT)
    time.sleep(2 * MOMENT)
    with pytest.raises(Aborted) as caught:
        interrupts.window(lambda: None)
    assert 2 * MOMENT <= caught.value.seconds_ago < 1


def test_a_call_with_grace_may_end(interrupts: Interrupts) -> None:
    """A call with grace goes on after the signal, and what it brings is kept; the next call is not made."""
    assert interrupts.window(raising(signal.SIGINT), limit_seconds=LONG, grace_seconds=LONG) == "answer"
    with pytest.raises(Aborted):
        interrupts.window(lambda: "next")


@pytest.mark.parametrize("limit", [0.0, LONG])
def test_grace_ends(interrupts: Interrupts, limit: float) -> None:
    """When its grace is used up, the call is interrupted long before its limit."""

    def call() -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(LONG)

    start = time.monotonic()
    with pytest.raises(Aborted):
        interrupts.window(call, limit_seconds=limit, grace_seconds=MOMENT)
    assert time.monotonic() - start < 1


def test_grace_does_not_lengthen_the_limit(interrupts: Interrupts) -> None:
    """A call whose limit ends before its grace gets no more time than its limit."""

    def call() -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(LONG)

    start = time.monotonic()
    with pytest.raises(Aborted):
        interrupts.window(call, limit_seconds=MOMENT, grace_seconds=LONG)
    assert time.monotonic() - start < 1


def test_a_second_signal_ends_the_grace(interrupts: Interrupts) -> None:
    """The second signal ends a call at once, whatever grace it has left."""

    def call() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("it went on")

    with pytest.raises(Aborted):
        interrupts.window(call, limit_seconds=LONG, grace_seconds=LONG)


def test_a_call_over_its_limit_is_ended(interrupts: Interrupts) -> None:
    """A call that takes longer than its limit is ended, which is not an abort."""
    with pytest.raises(Overdue):
        interrupts.window(lambda: time.sleep(LONG), limit_seconds=MOMENT)
    assert interrupts.window(lambda: "next", limit_seconds=LONG) == "next"


def test_limits_hold_after_an_abort(interrupts: Interrupts) -> None:
    """Calls made to cancel a deployment are bounded as well: their limit is no second abort."""
    with pytest.raises(Aborted):
        interrupts.window(raising(signal.SIGINT))
    with pytest.raises(Overdue):
        interrupts.window(lambda: time.sleep(LONG), limit_seconds=MOMENT)


def test_a_failing_call_closes_its_window(interrupts: Interrupts) -> None:
    """A call that fails passes its error on, and a signal after it is kept for the next."""

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        interrupts.window(fail, limit_seconds=LONG)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(Aborted):
        interrupts.window(lambda: None)


def test_a_leftover_alarm_does_not_strike_a_call_without_a_limit(interrupts: Interrupts) -> None:
    """A call without a limit clears whatever alarm an interrupted call may have left behind."""
    signal.setitimer(signal.ITIMER_REAL, MOMENT)
    interrupts.window(lambda: time.sleep(3 * MOMENT))


def test_the_clock_tells_monotonic_time(interrupts: Interrupts) -> None:
    """The machine's clock is its monotonic one, and a sleep lasts as long as it says."""
    clock = SystemClock(interrupts)
    start = time.monotonic()
    assert clock.monotonic() >= start
    clock.sleep(MOMENT)
    assert time.monotonic() - start >= MOMENT


def test_a_signal_ends_a_sleep(interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sleep ends as soon as the workflow is cancelled."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Aborted):
        SystemClock(interrupts).sleep(LONG)


def test_an_alarm_during_a_call_without_a_limit_is_nobodys(interrupts: Interrupts) -> None:
    """A late alarm of an earlier call that reaches a sleep raises nothing."""
    assert interrupts.window(raising(signal.SIGALRM)) == "answer"
