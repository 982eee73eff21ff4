"""The workflows that stand in the README, by their names."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def workflows() -> dict[str, str]:
    """Return the YAML of each, as it stands there."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", README.read_text(encoding="utf8"), re.MULTILINE | re.DOTALL)
    found = {str(yaml.safe_load(block)["name"]): block for block in blocks}
    assert len(found) == len(blocks), "two workflows of one name"
    return found


def steps(block: str) -> list[dict[str, Any]]:
    """Return all steps of a workflow."""
    return [step for job in yaml.safe_load(block)["jobs"].values() for step in job["steps"]]
