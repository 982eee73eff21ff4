# ruff: noqa: INP001 - a script, no part of a package
"""
Write the README's tables of inputs and outputs from action.yml, between their markers.

    make docs
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

README = Path("README.md")

GROUPS = {
    "Which stack": ("api_token", "stack_id", "stack_name", "stack_environment"),
    "What to deploy": ("command", "git_ref", "services", "profile"),
    "Waiting": ("wait", "timeout", "queue_timeout", "poll_interval", "log"),
    "Safety": (
        *("on_busy", "if_live", "dry_run", "cancel_on_abort", "cancel_on_timeout"),
        *("expected_commit", "health_check", "health_check_timeout", "health_check_status", "health_check_contains"),
        "rollback",
    ),
    "Advanced": ("user_reference", "deployment_id", "api_url"),
}
"""The inputs as the README groups them. Each input of action.yml stands in one of the groups."""

Specs = Mapping[str, Mapping[str, str]]


def inputs_table(inputs: Specs) -> str:
    """Return the table of inputs, with a row above each group."""
    grouped = [name for names in GROUPS.values() for name in names]
    if sorted(grouped) != sorted(inputs):
        sys.exit(f"GROUPS and action.yml differ in {sorted(set(grouped) ^ set(inputs)) or 'an input given twice'}")
    rows = ["| input | default | description |", "| --- | --- | --- |"]
    for group, names in GROUPS.items():
        rows.append(f"| **{group}** | | |")
        rows += [f"| `{name}` |{_default(inputs[name])}| {_cell(inputs[name])} |" for name in names]
    return "\n".join(rows)


def outputs_table(outputs: Specs) -> str:
    """Return the table of outputs."""
    rows = [f"| `{name}` | {_cell(spec)} |" for name, spec in outputs.items()]
    return "\n".join(["| output | description |", "| --- | --- |", *rows])


def main() -> None:
    """Put both tables into the README."""
    action = yaml.safe_load(Path("action.yml").read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    for name, table in (("inputs", inputs_table(action["inputs"])), ("outputs", outputs_table(action["outputs"]))):
        begin, end = f"<!-- {name}: written by `make docs` from action.yml -->", f"<!-- end of {name} -->"
        new = f"{begin}\n{table}\n\n{end}".replace("\\", r"\\")
        text, changed = re.subn(f"{re.escape(begin)}.*?{re.escape(end)}", new, text, flags=re.DOTALL)
        if changed != 1:
            sys.exit(f"README.md needs the markers of the {name} once: {begin} and {end}")
    README.write_text(text, encoding="utf-8")


def _default(spec: Mapping[str, str]) -> str:
    if spec["required"]:
        return " (required) "
    return f" `{spec['default']}` " if spec["default"] else " "


def _cell(spec: Mapping[str, str]) -> str:
    return spec["description"].replace("|", r"\|")


if __name__ == "__main__":
    main()
