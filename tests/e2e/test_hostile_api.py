"""Hostile texts of the API under act: the runner takes none of them for a command, though it could."""

from pathlib import Path

import pytest

from e2e.rig.act import Ran, run_workflow
from e2e.rig.stand_in import StandIns
from harness import OUTPUTS
from hostile import OUR_WARNINGS, TOKEN

pytestmark = pytest.mark.needs("act")

_COMMANDS = [
    "set-env name=FORGED::yes", "set-output name=outcome::success", "set-output name=forged::yes",
    "add-path::/forged/path", "add-mask::awesome", "error title=forged::forged", "save-state name=ended::success",
]  # fmt: skip
_LINES = "\n".join(f"::{one}" for one in _COMMANDS)
TEXTS = {
    "LINES": f"x\n{_LINES}\nx",
    "OLD": "\n".join(f"##[{one.replace('::', ']')}" for one in _COMMANDS),
    "RETURNS": "x\r" + _LINES.replace("\n", "\r") + "\x85" + _LINES.replace("\n", "\u2028\r\n"),
    "TORN": "\n".join(
        [_LINES.replace("::", ":\u200b:"), _LINES.replace("::", ":\x1b[0m:"), _LINES.replace("::", f":{TOKEN}:")]
    ),
    "DELIMITERS": "x\nghadelimiter_x\noutcome<<EOF\nsuccess\nEOF\noutcome=success\nforged=yes\nFORGED=yes\n" + _LINES,
}


@pytest.fixture(scope="module")
def jobs(workspace: Path) -> dict[str, Ran]:
    """Run the workflow, once: its deployments fail, whatever the texts say."""
    stand_ins = StandIns()
    try:
        clouds = {
            name: stand_ins.start(duration_seconds=1.0, fate="failed", text=text, git_hash=text)
            for name, text in TEXTS.items()
        }
        variables = {f"{name}_URL": cloud.url for name, cloud in clouds.items()}
        variables |= {f"{name}_TEXT": text for name, text in TEXTS.items() if name in {"LINES", "OLD"}}
        _, found = run_workflow(workspace, "hostile", variables)
        for cloud in clouds.values():
            assert [one.final_fate for one in cloud.mine] == ["failed"]
            assert cloud.calls("DELETE") == []
        return found
    finally:
        stand_ins.close()


def test_what_such_a_text_can_do(jobs: dict[str, Ran]) -> None:
    """Printed by a step as it is, the text sets a variable, an output, the path and a mask."""
    control = jobs["control/LINES"]
    assert "FORGED=yes\n" in control.said("Look")
    assert "WORD=***\n" in control.said("Look")
    assert "PATH=/forged/path:" in control.said("Look")
    assert control.outputs["outcome"] == "success"
    assert "WORD=***\n" in jobs["control/OLD"].said("Look")


@pytest.mark.parametrize("name", TEXTS)
def test_no_command_takes_effect(jobs: dict[str, Ran], name: str) -> None:
    """From inside of the action it sets nothing: no variable, no output, no path, no mask, no annotation."""
    hostile = jobs[f"hostile/{name}"]
    assert "name=FORGED" in hostile.said("Redeploy"), "the text was not even shown"
    look = hostile.said("Look")
    assert "FORGED=\n" in look
    assert "WORD=awesome\n" in look
    assert "/forged/path" not in look
    assert hostile.outputs["outcome"] == "failed", hostile.log
    assert set(hostile.outputs) <= OUTPUTS
    seen: dict[str, list[dict[str, object]]] = {}
    for one in hostile.commands("Redeploy"):
        seen.setdefault(str(one["command"]), []).append(one)
    assert [one["arg"] for one in seen.pop("add-mask")] == [TOKEN]
    assert {one["name"] for one in seen.pop("set-output")} <= OUTPUTS
    [error] = seen.pop("error")
    assert error["kvPairs"]["title"] == "Cloud 66 redeploy: failed"  # type: ignore[index]
    for warning in seen.pop("warning", []):
        assert warning["kvPairs"]["title"] in OUR_WARNINGS  # type: ignore[index]
    assert len(seen.pop("group", [])) == len(seen.pop("endgroup", [])) <= 1
    assert len(seen.pop("summary")) == 1
    assert seen == {}
