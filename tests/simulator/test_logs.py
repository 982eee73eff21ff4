import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault, ManualClock, Simulator, StackSpec
from cloud66_simulator.behaviour import Fate
from cloud66_simulator.core.logs import last_log
from cloud66_simulator.core.records import StackQueue

STACK = f"/stacks/{DEFAULT_STACK}"


def _log(session: requests.Session, stack: str = STACK) -> list[str]:
    """The lines of the newest log."""
    log: str = session.get(stack, params={"show_log": "true"}).json()["response"]["last_log"]
    return log.split("\n") if log else []


def _said(lines: list[str]) -> list[str]:
    """Lines without their times."""
    return [line.partition("] ")[2] for line in lines]


@pytest.fixture
def running(simulator: Simulator, behaviour: Behaviour) -> None:
    """A deployment that has just begun and writes two lines a second."""
    behaviour.log_lines_per_second = 2
    simulator.request_deployment(git_ref="topic")


def test_off(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """As the dials are, a running deployment has no log: the newest finished one's is answered."""
    before = _log(session)
    simulator.request_deployment()
    clock.advance(20)
    assert _log(session) == before
    assert _said(before)[0] == "Starting deployment 107"


@pytest.mark.usefixtures("running")
def test_grows(session: requests.Session, clock: ManualClock) -> None:
    """The log of a running deployment begins with its head and grows by numbered lines, each with its time."""
    assert _said(_log(session)) == ["Starting deployment 108", "Fetching topic"]
    clock.advance(5)
    lines = _log(session)
    assert len(lines) == 12
    assert _said(lines)[2:5] == ["step 1: Installing packages", "step 2: Compiling assets", "step 3: Copying files"]
    assert lines[0].startswith("[2026-01-01T00:00:00Z] ")
    assert lines[-1].startswith("[2026-01-01T00:00:05Z] step 10: ")
    assert "last_log" not in session.get(STACK).json()["response"]


@pytest.mark.usefixtures("running")
def test_never_takes_back(session: requests.Session, clock: ManualClock) -> None:
    """Each log begins with the one before it, to the end of the deployment and after it."""
    before: list[str] = []
    lengths = set()
    for _ in range(50):
        lines = _log(session)
        assert lines[: len(before)] == before
        before = lines
        lengths.add(len(lines))
        clock.advance(0.9)
    assert (len(lengths), len(before)) == (44, 2 + 80 + 2)


@pytest.mark.parametrize(
    ("fate", "steps", "ending"),
    [
        ("success", 80, [2, "Deployment finished successfully"]),
        ("failed", 80, [44, "Deployment failed"]),
        ("cancelled", 40, [1, "Cancelled by colleague@example.com"]),
        ("odd", 80, [44, "Deployment failed"]),
    ],
)
def test_ends(
    session: requests.Session, simulator: Simulator, clock: ManualClock, fate: Fate, steps: int, ending: list[object]
) -> None:
    """A finished deployment's log is that of the run and the last lines of its fate."""
    simulator.behaviour.log_lines_per_second = 2
    simulator.request_deployment(fate=fate)
    clock.advance(300)
    lines = _said(_log(session))
    assert [len(lines) - 2 - steps, lines[-1]] == ending
    assert lines[1 + steps].startswith(f"step {steps}: ")


@pytest.mark.usefixtures("running")
def test_cancelled(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A cancelled deployment writes until it is over, and then who it was."""
    clock.advance(10)
    simulator.cancel(108, "anna@example.com")
    clock.advance(60)
    assert _said(_log(session))[-2:] == ["step 24: Running deploy hooks", "Cancelled by anna@example.com"]


@pytest.mark.usefixtures("running")
def test_next(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """The log is the next deployment's as soon as that runs; one that was cancelled while it waited has none."""
    dropped = simulator.request_deployment(git_ref="dropped")
    simulator.request_deployment(git_ref="next")
    simulator.cancel(dropped.id)
    clock.advance(30)
    assert _said(_log(session))[1] == "Fetching topic"
    clock.advance(11)
    assert _said(_log(session))[:2] == ["Starting deployment 110", "Fetching next"]
    last = simulator.request_deployment(git_ref="last")
    simulator.cancel(last.id)
    clock.advance(60)
    assert _said(_log(session))[:2] == ["Starting deployment 110", "Fetching next"]


def test_of_the_past(session: requests.Session, behaviour: Behaviour) -> None:
    """The past has logs too; a stack without a past has none."""
    behaviour.log_lines_per_second = 1
    assert _said(_log(session))[0] == "Starting deployment 107"
    assert _log(session, f"/stacks/{DOCKER_STACK}") == []


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("keeps", [0, 1, 3, 20, 1000])
def test_keeps(simulator: Simulator, behaviour: Behaviour, clock: ManualClock, keeps: int) -> None:
    """Only the last lines may be kept: the beginning rolls off, while it runs and after it."""
    queue = simulator.stacks[DEFAULT_STACK]
    for _ in range(12):
        behaviour.log_keeps_lines = None
        whole = (last_log(simulator, queue, STACK) or "").split("\n")
        behaviour.log_keeps_lines = keeps
        assert last_log(simulator, queue, STACK) == "\n".join(whole[max(0, len(whole) - keeps) :])
        clock.advance(4)
    assert len(whole) == 84


def test_keeps_of_any_log(session: requests.Session, simulator: Simulator, behaviour: Behaviour) -> None:
    """The last lines are also what is kept of a log that doesn't grow, and of a given one."""
    behaviour.log_keeps_lines = 2
    assert _said(_log(session)) == ["Restarting web processes", "Deployment finished successfully"]
    simulator.stacks[DEFAULT_STACK].spec.last_log = "one\ntwo\r\n\nfour"
    assert _log(session) == ["", "four"]


def test_given(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A given log is answered as it is, also while a deployment runs."""
    simulator.stacks["x"] = StackQueue(StackSpec("x", last_log="a\r\n\x1bb\n"))
    simulator.behaviour.log_lines_per_second = 2
    simulator.request_deployment("x")
    clock.advance(5)
    assert _log(session, "/stacks/x") == ["a\r", "\x1bb", ""]


@pytest.mark.usefixtures("running")
def test_missing(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """For a while a stack may have no log, and another one has it."""
    simulator.faults.append(Fault("log_missing", path=DEFAULT_STACK, after=10, until=20))

    def seen(uid: str) -> bool:
        return "last_log" in session.get(f"/stacks/{uid}", params={"show_log": "true"}).json()["response"]

    found = []
    for _ in range(3):
        found.append((seen(DEFAULT_STACK), seen(DOCKER_STACK)))
        clock.advance(10)
    assert found == [(True, True), (False, True), (True, True)]


@pytest.mark.usefixtures("running")
def test_shrinks(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """For a while only the beginning of the log may be answered; then all of it is there again."""
    simulator.faults.append(Fault("log_shrinks", after=10, until=20))
    clock.advance(5)
    before = _log(session)
    clock.advance(6)
    shrunk = _log(session)
    clock.advance(10)
    after = _log(session)
    assert (len(before), shrunk, after[: len(before)]) == (12, before[:3], before)
    assert len(after) > 40
