"""The summaries as people see them: GitHub's Markdown and style, a real browser, light and dark, wide and narrow."""

import json
import shutil
import subprocess
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest

from campaign import EventClock
from cloud66_redeploy.model.outcome import Outcome
from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault
from cloud66_simulator.scenarios import HOSTILE_TEXT, apply_scenario
from e2e.rig.engine import ROOT
from harness import Step
from website import KINDS, Page

pytestmark = pytest.mark.needs("browser")

HERE = Path(__file__).parent / "summary"
PICTURES = ROOT / "build" / "summaries"
TAGS = {"h3", "p", "b", "br", "a", "code", "pre", "table", "tbody", "tr", "th", "td", "details", "summary"}
"""All of them are let through by GitHub's sanitiser, and nothing of them can run."""

MakeStep = Callable[..., Step]


COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHECK: dict[str, Any] = {"health_check": "true", "health_check_timeout": "30s"}
HTML = "<script>ran = 1</script><img src=x onerror='ran = 1'>"


def told(made: Step, *, abort_at: float = inf, **inputs: Any) -> str:
    """Run a step once more, and return the summary of that run alone."""
    made.files["summary"].write_text("")
    return made.run(abort_at=abort_at, **inputs).summary


def usual(make: MakeStep, **behaviour: Any) -> Step:
    """Make a step whose stack takes five minutes."""
    return make(clock=EventClock(), behaviour=Behaviour(**{"duration_seconds": 300.0, **behaviour}))


def each_outcome(make: MakeStep) -> dict[str, str]:
    """Return a summary of each outcome, by the real step."""
    found = {}
    made = usual(make)
    made.simulator.request_deployment(duration=95)
    found["success"] = told(made, git_ref="main")
    made = usual(make, fate="failed")
    made.simulator.request_deployment(duration=20)
    found["failed"] = told(made)
    found["timed_out"] = told(usual(make), timeout="2m")
    found["cancelled"] = told(usual(make), abort_at=100)
    found["scheduled"] = told(usual(make), wait="false")
    found["dry_run"] = told(usual(make), dry_run="true")
    made = usual(make)
    made.simulator.faults.append(Fault("status", method="GET", code=401, after=60, count=None))
    found["unknown"] = told(made)
    made = usual(make)
    made.simulator.request_deployment()
    found["skipped"] = told(made, on_busy="skip")
    found["deploying"] = told(made, command="status")
    number = made.simulator.request_deployment().id
    found["queued"] = told(made, command="status", deployment_id=str(number))
    made = usual(make)
    made.website.answer = KINDS["is down"]
    found["unhealthy"] = told(made, **CHECK)
    assert set(found) == set(Outcome), "every outcome is shown"
    return found


def more(make: MakeStep) -> dict[str, str]:
    """Return more summaries that are worth seeing."""
    found = {"healthy": told(usual(make), **CHECK)}
    made = usual(make)
    made.simulator.request_deployment(git_ref=COMMIT, duration=5)
    made.clock.sleep(60)
    found["already_live"] = told(made, git_ref=COMMIT, if_live="skip")
    found["services"] = told(usual(make), stack_id=DOCKER_STACK, services="web:v2,worker")
    made = usual(make)
    made.simulator.request_deployment()
    found["busy"] = told(made, on_busy="fail")
    found["refused"] = told(usual(make), api_token="public-token")
    made = usual(make)
    apply_scenario(made.simulator, "rollback")
    made.simulator.behaviour.fates = ()
    made.website.answer = lambda since, _address: Page(200 if since > 250 else 500)
    found["unhealthy_rollback"] = told(made, rollback="true", git_ref="v2", **CHECK)
    found["bad_input"] = told(usual(make), timeout="30")
    made = usual(make)
    apply_scenario(made.simulator, "rollback")
    found["rollback"] = told(made, rollback="true", git_ref="v2")
    made = usual(make, fates=("success", "failed"))
    told(made, wait="false", user_reference="a")
    told(made, wait="false", user_reference="b", stack_id=DOCKER_STACK)
    stacks = f"{DEFAULT_STACK}\n{DOCKER_STACK}\n{DOCKER_STACK}"
    found["several"] = told(made, command="wait", stack_id=stacks, user_reference="a\nb\nc")
    found["hostile"] = told(usual(make, fate="failed", text=f"{HOSTILE_TEXT}{HTML}"))
    return found


def drawn(texts: Path) -> dict[str, dict[str, Any]]:
    """Draw them all, and return what is there."""
    chromium = shutil.which("chromium") or "chromium"
    command = ["node", "render.mjs", str(texts), str(PICTURES), chromium]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def test_summaries(step: MakeStep, tmp_path: Path, measure: Callable[[str], None]) -> None:
    """Every outcome is drawn in both themes, on a desk and on a phone, with our own elements alone; nothing runs."""
    if not (HERE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True, capture_output=True, timeout=240)
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    found = each_outcome(step) | more(step)
    texts = tmp_path / "summaries.json"
    texts.write_text(json.dumps(found), encoding="utf8")
    shown = drawn(texts)
    assert len(shown) == 4 * len(found)
    for name, page in shown.items():
        assert set(page["tags"]) <= TAGS, name
        assert set(page["attributes"]) <= {"align", "href", "open"}, name
        assert all(link.startswith("https://") for link in page["links"]), name
        # On a phone a table scrolls in a box of its own, as all of GitHub's do; the page never does.
        assert set(page["wide"]) <= ({"table"} if name.endswith("-390") else set()), name
        assert page["ran"] is None, name
        assert (PICTURES / f"{name}.png").stat().st_size > 5000
    longest = max(len(one.encode()) for one in found.values())
    measure(f"summaries: {len(shown)} pictures in build/summaries; the longest text has {longest} bytes")
