import re
from math import inf
from pathlib import Path

import pytest
import requests

import cloud66_simulator
from cloud66_simulator import ManualClock, Simulator
from cloud66_simulator.scenarios import OUR_REFERENCE, SCENARIOS, apply_scenario
from simulator.api import DEPLOYMENTS, MINE, Api

HERE = Path(cloud66_simulator.__file__).parent


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(api: Api, simulator: Simulator, clock: ManualClock, name: str) -> None:
    """In every scenario a client that looks its reference up before sending it again deploys exactly once."""
    apply_scenario(simulator, name)
    ahead = {"queued": (40, None), "busy": (600, None), "busy-ours": (600, OUR_REFERENCE)}
    running = [(made.duration, made.user_reference) for made in simulator.all_deployments()[12:]]
    assert running == ([ahead[name]] if name in ahead else [])
    for _ in range(5):
        try:
            api.post(DEPLOYMENTS, params=MINE)
        except requests.ConnectionError:
            clock.sleep(30)
        if simulator.deployments_of("mine"):
            break
    for _ in range(30):
        clock.sleep(10)
        api.get(DEPLOYMENTS)
    [truth] = simulator.deployments_of("mine")
    fates = {"failed": "failed", "cancelled": "cancelled", "rollback": "failed", "reverted": "reverted"}
    assert truth.final_fate == fates.get(name, "success")
    assert (truth.ends_at == inf) == (name == "never-ends")
    troubles: dict[str, set[int | str]] = {
        "lost-answer": {"cut"},
        "lost-undone": {"cut"},
        "storm": {500, 502, 503, 504},
        "throttled": {503},
    }
    assert {one.status for one in simulator.requests} == {200} | troubles.get(name, set())


def test_names() -> None:
    """The readme names every scenario, in this order."""
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert f"Scenarios: `{' '.join(SCENARIOS)}`." in readme


def test_core_knows_no_http() -> None:
    """The account answers without any HTTP library; only its two doors have one."""
    library = re.compile(r"^\s*(from|import) (flask|werkzeug|requests|urllib3)\b", re.MULTILINE)
    files = {path: library.search(path.read_text()) for path in HERE.rglob("*.py")}
    assert {path.name for path, found in files.items() if found} == {"adapter.py", "server.py"}
