import re
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest
import requests

import cloud66_simulator
from cloud66_simulator import ManualClock, Simulator
from cloud66_simulator.scenarios import OUR_REFERENCE, SCENARIOS, apply_scenario
from simulator.api import DEPLOYMENTS, MINE, Api

ROOT = Path(__file__).parent.parent.parent
CALL = """
import json, os, signal, sys, time, urllib.request
environ, opener = os.environ, urllib.request.build_opener(urllib.request.ProxyHandler({}))
def call(method):
    address = f"{environ['INPUT_API_URL']}/stacks/{environ['INPUT_STACK_ID']}/deployments?user_reference=mine"
    headers = {"Authorization": f"Bearer {environ['INPUT_API_TOKEN']}"}
    with opener.open(urllib.request.Request(address, method=method, headers=headers), timeout=5) as answer:
        return json.load(answer)["response"]
"""
ENDS = f"""{CALL}
with open(environ["GITHUB_OUTPUT"], "a") as file:
    file.write(f"deployment_id<<END\\n{{call('POST')['id']}}\\nEND\\nreason<<MARK\\none\\nb=two\\nMARK\\n")
with open(environ["GITHUB_STEP_SUMMARY"], "a") as file:
    file.write("<p>All is <b>well</b>: \u2705</p>\\n")
raise SystemExit(3)
"""
WAITS = f"""{CALL}
def stop(*_):
    os.write(1, f"stopped with {{len(call('GET'))}} deployments".encode())
    os._exit(5)
signal.signal(signal.SIGTERM, stop)
os.write(1, b"ready\\n")
time.sleep(20)
"""


def start(stub: str, page: Path) -> "subprocess.Popen[str]":
    """Start a demo of a stub in place of the action."""
    program = (
        "import pathlib, sys; from cloud66_simulator.demo import demo\n"
        f"command, page = (sys.executable, '-I', '-c', {stub!r}), pathlib.Path({str(page)!r})\n"
        "sys.exit(demo(command=command, duration_seconds=0.1, page=page))"
    )
    return subprocess.Popen([sys.executable, "-u", "-c", program], stdout=subprocess.PIPE, text=True)


def test_demo(tmp_path: Path) -> None:
    """The demo shows what the action left behind, and ends with its exit code; its page needs no other file."""
    page = tmp_path / "new" / "folder" / "summary.html"
    with start(ENDS, page) as running:
        shown, _ = running.communicate(timeout=30)
    assert running.returncode == 3
    assert "  deployment_id           109\n  reason                  one b=two\n" in shown
    assert f"Job summary: {page.as_uri()}\n" in shown
    assert "<" not in shown, "no HTML"
    assert "saw 1 requests and 1 deployment(s) with a reference" in shown
    text = page.read_bytes().decode("utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</style>\n<p>All is <b>well</b>: \u2705</p>\n")
    assert '<meta charset="utf-8">' in text
    assert not any(reference in text for reference in ("src=", "href=", "url(", "@import"))


def test_interrupted(tmp_path: Path) -> None:
    """A demo that is told to stop lets the action end by itself, with the stand-in still there for it."""
    with start(WAITS, tmp_path / "summary.html") as running:
        assert running.stdout is not None
        assert any(line == "ready\n" for line in iter(running.stdout.readline, ""))
        running.terminate()
        rest = running.stdout.read()
    assert ("stopped with 13 deployments" in rest, running.returncode) == (True, 5)


@pytest.mark.parametrize(("target", "needs_tools"), [("demo", False), ("pytest", True)])
def test_the_demo_installs_what_it_runs(tmp_path: Path, target: str, *, needs_tools: bool) -> None:
    """In a fresh clone the demo needs no linter and no test tool, and the tests need both."""
    command = ["make", "--dry-run", "--no-print-directory", target, f"VENV={tmp_path / 'venv'}"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "requirements/runtime.txt -r requirements/toolkit.txt -r requirements/stand-in.txt" in said
    assert ("requirements/dev.txt" in said) is needs_tools


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
