import pytest

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault, ManualClock, Simulator
from cloud66_simulator.behaviour import Fate
from cloud66_simulator.core.logs import last_log
from simulator.api import STACK, Api

DOCKER = f"/stacks/{DOCKER_STACK}"


def _log(api: Api, stack: str = STACK) -> list[str]:
    """The lines of the newest log."""
    log: str = api.show(stack, show_log="true")["last_log"]
    return log.split("\n") if log else []


def _said(api: Api) -> list[str]:
    """The lines of the newest log without their times."""
    return [line.partition("] ")[2] for line in _log(api)]


@pytest.fixture
def running(simulator: Simulator, behaviour: Behaviour) -> None:
    """A deployment that has just begun and writes two lines a second."""
    behaviour.log_lines_per_second = 2
    simulator.request_deployment(git_ref="topic")


def test_off(api: Api, simulator: Simulator, behaviour: Behaviour, clock: ManualClock) -> None:
    """Unless logs grow, the log is the newest finished deployment's, if there is one, also while another runs."""
    before = _log(api)
    simulator.request_deployment()
    clock.advance(20)
    assert (_log(api), _said(api)[0], _log(api, DOCKER)) == (before, "Starting deployment 107", [])
    behaviour.log_keeps_lines = 2
    assert _said(api) == ["Restarting web processes", "Deployment finished successfully"]
    assert "last_log" not in api.show(STACK)


@pytest.mark.usefixtures("running")
def test_grows(api: Api, clock: ManualClock) -> None:
    """The log of a running deployment begins with its head and grows by numbered lines, each with its time."""
    assert _said(api) == ["Starting deployment 108", "Fetching topic"]
    clock.advance(5)
    lines = _log(api)
    assert (len(lines), _said(api)[2:4]) == (12, ["step 1: Installing packages", "step 2: Compiling assets"])
    assert lines[0].startswith("[2026-01-01T00:00:00Z] ")
    assert lines[-1].startswith("[2026-01-01T00:00:05Z] step 10: ")
    assert _log(api, DOCKER) == []


@pytest.mark.usefixtures("running")
def test_never_takes_back(api: Api, clock: ManualClock) -> None:
    """Each log begins with the one before it, to the end of the deployment and after it."""
    before: list[str] = []
    lengths = set()
    for _ in range(50):
        lines = _log(api)
        assert lines[: len(before)] == before
        before = lines
        lengths.add(len(lines))
        clock.advance(0.9)
    assert (len(lengths), len(before)) == (44, 2 + 80 + 2)


@pytest.mark.parametrize(
    ("fate", "lines", "last"),
    [
        ("success", (6, 84), "Deployment finished successfully"),
        ("failed", (48, 126), "Deployment failed"),
        ("cancelled", (5, 43), "Cancelled by colleague@example.com"),
        ("odd", (48, 126), "Deployment failed"),
    ],
)
def test_ends(simulator: Simulator, clock: ManualClock, fate: Fate, lines: tuple[int, int], last: str) -> None:
    """A finished deployment's log ends with the last lines of its fate; it is longer if it has grown."""
    simulator.request_deployment(fate=fate)
    clock.advance(300)
    simulator.catch_up()
    for rate, count in zip((0, 2), lines, strict=True):
        simulator.behaviour.log_lines_per_second = rate
        log = (last_log(simulator, simulator.stacks[DEFAULT_STACK], STACK) or "").split("\n")
        assert (len(log), log[-1].partition("] ")[2]) == (count, last)


@pytest.mark.usefixtures("running")
def test_cancelled(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A cancelled deployment writes until it is over, and then who it was."""
    clock.advance(10)
    simulator.cancel(108, "anna@example.com")
    clock.advance(60)
    assert _said(api)[-2:] == ["step 24: Running deploy hooks", "Cancelled by anna@example.com"]


@pytest.mark.usefixtures("running")
def test_next(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """The log is the next deployment's as soon as that runs; one that was cancelled while it waited has none."""
    for ref in ("dropped", "next", "dropped, too"):
        made = simulator.request_deployment(git_ref=ref)
        if ref != "next":
            simulator.cancel(made.id)
    refs = []
    for seconds in (30, 11, 60):
        clock.advance(seconds)
        refs.append(_said(api)[1])
    assert refs == ["Fetching topic", "Fetching next", "Fetching next"]


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


def test_given(api: Api, simulator: Simulator, behaviour: Behaviour, clock: ManualClock) -> None:
    """A given log is answered as it is, also while a deployment runs, or its last lines."""
    simulator.stacks[DEFAULT_STACK].spec.last_log = "a\r\n\x1bb\n"
    behaviour.log_lines_per_second = 2
    simulator.request_deployment()
    clock.advance(5)
    assert _log(api) == ["a\r", "\x1bb", ""]
    behaviour.log_keeps_lines = 2
    assert _log(api) == ["\x1bb", ""]


@pytest.mark.usefixtures("running")
def test_faults(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """For a while a stack may have no log, or only its first lines; another stack has it all."""
    simulator.faults += [
        Fault("log_missing", path=DEFAULT_STACK, after=10, until=20),
        Fault("log_shrinks", after=20, until=30),
    ]
    found = []
    for _ in range(4):
        clock.advance(9.5)
        found.append((len(api.show(STACK, show_log="true").get("last_log", "").split("\n")), len(_log(api, DOCKER))))
    assert found == [(21, 0), (1, 0), (3, 0), (78, 0)]
