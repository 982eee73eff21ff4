import pytest

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, ManualClock, Simulator, SimulatorAdapter, StackSpec
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
    clock.sleep(15)
    assert (said(api)[0], said(api, DOCKER_STACK), "last_log" in api.show(STACK)) == ("Starting deployment 107", [], 0)
    clock.sleep(60)
    assert (len(said(api)), said(api)[-1]) == (lines, last)
    simulator.behaviour.log_lines_per_second = 2
    assert len(said(api)) == lines + 80 / (2 if fate == "cancelled" else 1)


def test_grows(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A log grows by numbered lines, each with its time; what is cancelled while it waits has none."""
    simulator.behaviour.log_lines_per_second = 2
    asked = [simulator.request_deployment(git_ref=ref) for ref in ("topic", "dropped", "next")]
    simulator.cancel(asked[1].id)
    assert said(api) == ["Starting deployment 108", "Fetching topic"]
    clock.sleep(5)
    lines = api.show(STACK, show_log="true")["last_log"].split("\n")
    assert (len(lines), lines[11][:32]) == (12, "[2026-01-01T00:00:05Z] step 10: ")
    clock.sleep(40)
    assert said(api)[1] == "Fetching next"


def test_given(api: Api, clock: ManualClock) -> None:
    """A given log is answered as it is, also while a deployment runs."""
    simulator = Simulator(clock.now, stacks=[StackSpec(last_log="a\r\n\x1bb\n")])
    api.mount("https://", SimulatorAdapter(simulator, clock.sleep))
    simulator.request_deployment()
    assert api.show(STACK, show_log="true")["last_log"] == "a\r\n\x1bb\n"
