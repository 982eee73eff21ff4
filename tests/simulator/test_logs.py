import pytest

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Fault, ManualClock, Simulator, SimulatorAdapter, StackSpec
from cloud66_simulator.behaviour import Fate
from simulator.api import STACK, Api


def said(api: Api, stack: str = DEFAULT_STACK) -> list[str]:
    """The lines of the newest log without their times."""
    log: str = api.show(f"/stacks/{stack}", show_log="true").get("last_log", "")
    return [line.partition("] ")[2] for line in log.split("\n")] if log else []


@pytest.mark.parametrize(
    ("fate", "lines", "last"),
    [
        ("success", 4, "Deployment finished successfully"),
        ("failed", 46, "Deployment failed"),
        ("cancelled", 3, "Cancelled by colleague@example.com"),
        ("odd", 46, "Deployment failed"),
    ],
)
def test_finished(api: Api, simulator: Simulator, clock: ManualClock, fate: Fate, lines: int, last: str) -> None:
    """Unless logs grow, the log is the newest finished deployment's, and ends with the last lines of its fate."""
    simulator.request_deployment(fate=fate)
    clock.advance(15)
    assert (said(api)[0], said(api, DOCKER_STACK), "last_log" in api.show(STACK)) == ("Starting deployment 107", [], 0)
    clock.advance(60)
    assert (len(said(api)), said(api)[-1]) == (lines, last)
    simulator.behaviour.log_lines_per_second = 2
    assert len(said(api)) == lines + 80 / (2 if fate == "cancelled" else 1)


def test_grows(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A log grows by numbered lines, to the end of its deployment, and never takes one back; then comes the next."""
    simulator.behaviour.log_lines_per_second = 2
    for ref in ("topic", "dropped", "next"):
        made = simulator.request_deployment(git_ref=ref)
        if ref == "dropped":
            simulator.cancel(made.id)
    assert said(api) == ["Starting deployment 108", "Fetching topic"]
    before: list[str] = []
    for _ in range(44):
        lines = api.show(STACK, show_log="true")["last_log"].split("\n")
        assert lines[: len(before)] == before
        before = lines
        clock.advance(0.85)
    assert before[11].startswith("[2026-01-01T00:00:05Z] step 10: ")
    clock.advance(10)
    assert said(api)[1] == "Fetching next", "what was cancelled while it waited has none"
    clock.advance(10)
    simulator.cancel(110, "anna@example.com")
    clock.advance(60)
    assert said(api)[-1] == "Cancelled by anna@example.com"


@pytest.mark.parametrize("keeps", [0, 1, 3, 1000])
def test_keeps(api: Api, simulator: Simulator, clock: ManualClock, keeps: int) -> None:
    """Only the last lines may be kept: the beginning rolls off."""
    simulator.behaviour.log_lines_per_second = 2
    simulator.request_deployment()
    clock.advance(5)
    # Of both answers in one moment.
    whole = said(api)
    clock.advance(-0.05)
    simulator.behaviour.log_keeps_lines = keeps
    assert said(api) == whole[max(0, len(whole) - keeps) :]


def test_given(api: Api, clock: ManualClock) -> None:
    """A given log is answered as it is, also while a deployment runs, or its last lines."""
    simulator = Simulator(clock.now, stacks=[StackSpec(last_log="a\r\n\x1bb\n")])
    api.mount("https://", SimulatorAdapter(simulator, clock))
    simulator.request_deployment()
    assert api.show(STACK, show_log="true")["last_log"] == "a\r\n\x1bb\n"
    simulator.behaviour.log_keeps_lines = 2
    assert api.show(STACK, show_log="true")["last_log"] == "\x1bb\n"


def test_faults(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """For a while a stack may have no log, or only its first lines."""
    simulator.behaviour.log_lines_per_second = 2
    simulator.request_deployment()
    simulator.faults += [Fault("log_missing", path=DEFAULT_STACK, after=10, until=20), Fault("log_shrinks", after=20)]
    found = []
    for _ in range(3):
        clock.advance(9.5)
        found.append(len(said(api)))
    assert found == [21, 0, 3]
