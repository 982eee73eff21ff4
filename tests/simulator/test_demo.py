import subprocess
import sys
from pathlib import Path

import pytest

from cloud66_simulator.demo import demo, parse_outputs

ROOT = Path(__file__).parent.parent.parent
STUB = """
import json, os, urllib.request
environ = os.environ
address = f"{environ['INPUT_API_URL']}/stacks/{environ['INPUT_STACK_ID']}/deployments?user_reference=mine"
headers = {"Authorization": f"Bearer {environ['INPUT_API_TOKEN']}"}
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(urllib.request.Request(address, method="POST", headers=headers), timeout=5) as answer:
    number = json.load(answer)["response"]["id"]
with open(environ["GITHUB_OUTPUT"], "a") as file:
    file.write(f"deployment_id<<END\\n{number}\\nEND\\n")
with open(environ["GITHUB_STEP_SUMMARY"], "a") as file:
    file.write("<p>All is <b>well</b>: \u2705</p>\\n")
raise SystemExit(3)
"""


def test_demo(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The demo shows what the action left behind, says where its summary lies, and ends with its exit code."""
    page = tmp_path / "new" / "folder" / "summary.html"
    code = demo(command=(sys.executable, "-I", "-c", STUB), duration_seconds=0.1, page=page)
    shown = capfd.readouterr().out
    assert code == 3
    assert "deployment_id  109" in shown
    assert f"Job summary: {page.as_uri()}\n" in shown
    assert "<" not in shown, "no HTML"
    assert "saw 1 requests and 1 deployment(s) with a reference" in shown


def test_page(tmp_path: Path) -> None:
    """The page holds the summary as the action wrote it, in UTF-8, and needs no other file to be shown."""
    page = tmp_path / "summary.html"
    demo(command=(sys.executable, "-I", "-c", STUB), duration_seconds=0.1, page=page)
    text = page.read_bytes().decode("utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</style>\n<p>All is <b>well</b>: \u2705</p>\n")
    assert '<meta charset="utf-8">' in text
    assert not any(reference in text for reference in ("src=", "href=", "url(", "@import"))


@pytest.mark.parametrize(("target", "needs_tools"), [("demo", False), ("pytest", True)])
def test_the_demo_installs_what_it_runs(tmp_path: Path, target: str, *, needs_tools: bool) -> None:
    """In a fresh clone the demo needs no linter and no test tool, and the tests need both."""
    command = ["make", "--dry-run", "--no-print-directory", target, f"VENV={tmp_path / 'venv'}"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "requirements/runtime.txt -r requirements/toolkit.txt -r requirements/stand-in.txt" in said
    assert ("requirements/dev.txt" in said) is needs_tools


def test_interrupted(tmp_path: Path) -> None:
    """A demo that is told to stop lets the action end by itself, with the stand-in still there for it."""
    stub = (
        "import os, signal, sys, time, urllib.request as r\n"
        "def stop(*_):\n"
        "    headers = {'Authorization': 'Bearer demo-token'}\n"
        "    call = r.Request(os.environ['INPUT_API_URL'] + '/stacks', headers=headers)\n"
        "    status = r.build_opener(r.ProxyHandler({})).open(call, timeout=5).status\n"
        "    os.write(1, f'stopped {status}'.encode())\n"
        "    os._exit(5)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "os.write(1, b'ready\\n')\n"
        "time.sleep(20)\n"
    )
    program = (
        "import sys; from cloud66_simulator.demo import demo\n"
        f"sys.exit(demo(command=(sys.executable, '-I', '-c', {stub!r}), duration_seconds=0.1))"
    )
    command = [sys.executable, "-u", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stdout is not None
        assert any(line == "ready\n" for line in iter(running.stdout.readline, ""))
        running.terminate()
        rest = running.stdout.read()
    assert ("stopped 200" in rest, running.returncode) == (True, 5)


def test_outputs() -> None:
    """A value of an output may have several lines, and look like another output."""
    text = "a<<MARK\none\nb=two\nMARK\nd<<END\n\nEND\n"
    assert parse_outputs(text) == {"a": "one\nb=two", "d": ""}
