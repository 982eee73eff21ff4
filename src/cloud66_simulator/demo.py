"""The demo: the action, as a workflow would start it, against the simulator. `python -m cloud66_simulator.demo`."""

import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.records import DEFAULT_STACK
from cloud66_simulator.core.world import Simulator
from cloud66_simulator.scenarios import SCENARIOS, apply_scenario
from cloud66_simulator.server import serve

ACTION = (sys.executable, "-I", "-u", "-m", "cloud66_redeploy")
PAGE = Path("build", "summary.html")
_WIDEST = 100
_RUNNER_FILES = ("GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
# The summary is HTML throughout.
_FRAME = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Job summary</title>
<style>
  :root { color-scheme: light dark }
  body { font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  table { border-collapse: collapse; margin: 1rem 0 }
  th, td { border: 1px solid #8886; padding: .3rem .8rem; text-align: left }
  pre { overflow: auto; padding: 1rem; background: #8882 }
</style>
"""


def demo(
    scenarios: Sequence[str] = ("queued",),
    command: Sequence[str] = ACTION,
    duration_seconds: float = 4.0,
    page: Path = PAGE,
) -> int:
    """Run the action to its end, show what it left behind, write its summary as a page, and return its exit code."""
    simulator = Simulator(time.time, behaviour=Behaviour(duration_seconds=duration_seconds))
    for name in scenarios:
        apply_scenario(simulator, name)
    with TemporaryDirectory() as folder, serve(simulator) as address:
        files = {name: Path(folder, name.lower()) for name in _RUNNER_FILES}
        for path in files.values():
            path.touch()
        _say(f"The simulator listens on {address} (scenario: {', '.join(scenarios)}). The action's log:\n")
        code = _run(command, _environment(address, folder, files), folder)
        _say(f"\nExit code: {code}\n\nOutputs:\n")
        for name, value in parse_outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8")).items():
            _say(f"  {name:<22}  {' '.join(value.split())[:_WIDEST]}")
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(_FRAME + files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"), encoding="utf-8")
        _say(f"\nJob summary: {page.resolve().as_uri()}\n")
    ours = [deployment for deployment in simulator.all_deployments() if deployment.user_reference]
    _say(f"The simulator saw {len(simulator.requests)} requests and {len(ours)} deployment(s) with a reference:")
    for made in ours:
        _say(f"  {made.id}  {made.user_reference}  {made.state(simulator.now())}, {made.final_fate}")
    return code


def _run(command: Sequence[str], environment: Mapping[str, str], folder: str) -> int:
    """Run a command to its own end and return its exit code, whatever signal comes from now on."""
    with subprocess.Popen(command, env=environment, cwd=folder) as action:  # noqa: S603
        # A terminal's Ctrl-C reaches the action too. It then cancels its deployment, and needs the simulator for that.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: action.terminate())
        return action.wait()


def parse_outputs(text: str) -> dict[str, str]:
    """Return the outputs in a GITHUB_OUTPUT file, each a name, a delimiter, and the lines up to that."""
    outputs = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        outputs[name] = "\n".join(iter(lines.__next__, delimiter))
    return outputs


def main(arguments: Sequence[str]) -> int:
    """Run the demo and return its exit code."""
    parser = ArgumentParser(prog="python -m cloud66_simulator.demo", description="The action against the simulator.")
    parser.add_argument("--scenario", nargs="+", default=["queued"], choices=list(SCENARIOS), metavar="NAME")
    return demo(parser.parse_args(arguments).scenario)


def _environment(address: str, folder: str, files: Mapping[str, Path]) -> dict[str, str]:
    """Return what a runner would set, and as little as possible of this process's own environment."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        **{name: str(path) for name, path in files.items()},
        "HOME": folder,
        "INPUT_API_TOKEN": "demo-token",
        "INPUT_STACK_ID": DEFAULT_STACK,
        "INPUT_GIT_REF": "main",
        "INPUT_API_URL": address,
        "INPUT_POLL_INTERVAL": "1s",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION": "redeploy",
        "GITHUB_JOB": "deploy",
        "GITHUB_REPOSITORY": "acme/awesome",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "4242",
        "GITHUB_SERVER_URL": "https://github.com",
    }


def _say(text: str) -> None:
    """Print at once: the action writes to the same terminal."""
    print(text, flush=True)  # noqa: T201 - a demo prints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
