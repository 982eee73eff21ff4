"""The workflows that stand in the README and in docs/recipes.md, by their names."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
RECIPES = ROOT / "docs" / "recipes.md"


def workflows() -> dict[str, str]:
    """Return the YAML of each, as it stands there."""
    text = "".join(page.read_text(encoding="utf8") for page in (README, RECIPES))
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = {str(yaml.safe_load(block)["name"]): block for block in blocks}
    assert len(found) == len(blocks), "two workflows of one name"
    return found


def steps(block: str) -> list[dict[str, Any]]:
    """Return all steps of a workflow."""
    return [step for job in yaml.safe_load(block)["jobs"].values() for step in job["steps"]]
