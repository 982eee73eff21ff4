"""The script that the self-test asks the stand-in with, run as the workflow runs it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from cloud66_simulator import Simulator
from cloud66_simulator.server import serve

TOOL = Path(__file__).parents[2] / "tools" / "stand_in.py"


def test_stand_in_is_asked() -> None:
    """The script waits for the stand-in, changes it, and compares what it saw with what was expected."""
    simulator = Simulator(time.time)
    with serve(simulator) as address:

        def run(*arguments: str) -> int:
            env = os.environ | {"STAND_IN": address.removesuffix("/api/3")}
            command = [sys.executable, "-I", str(TOOL), *arguments]
            return subprocess.run(command, env=env, check=False, capture_output=True).returncode

        assert run("post", "behaviour", '{"fate": "failed"}') == run("hostile") == run("ready") == 0
        assert simulator.behaviour.fate == "failed"
        assert re.search("^::set-output", simulator.behaviour.text or "", re.MULTILINE)
        simulator.request_deployment(user_reference="mine")
        assert run("expect", "mine", "--posts", "0", "--deployments", "1") == 0
        assert run("expect", "mine", "--posts", "1", "--deployments", "1") == 1
        assert run("expect", "mine", "--posts", "0", "--deployments", "1", "--cancelled") == 1
        assert run("post", "behaviour", '{"no_such_dial": 1}') == 1
    assert run("ready", "--seconds", "0") == 1
