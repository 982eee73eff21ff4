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
    """A log grows by numbered lines, to the end of its deployment, and never takes one back; then comes the next."""
    simulator.behaviour.log_lines_per_second = 2
    asked = [simulator.request_deployment(git_ref=ref) for ref in ("topic", "dropped", "next")]
    simulator.cancel(asked[1].id)
    before = said(api)
    assert before == ["Starting deployment 108", "Fetching topic"]
    for _ in range(44):
        clock.sleep(0.85)
        lines = said(api)
        assert lines[: len(before)] == before
        before = lines
    assert before[11].startswith("step 10: ")
    clock.sleep(10)
    assert said(api)[1] == "Fetching next", "what was cancelled while it waited has none"


def test_given(api: Api, clock: ManualClock) -> None:
    """A given log is answered as it is, also while a deployment runs."""
    simulator = Simulator(clock.now, stacks=[StackSpec(last_log="a\r\n\x1bb\n")])
    api.mount("https://", SimulatorAdapter(simulator, clock.sleep))
    simulator.request_deployment()
    assert api.show(STACK, show_log="true")["last_log"] == "a\r\n\x1bb\n"
