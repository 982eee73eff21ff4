"""The pages that people read: short enough, in plain words, and each link leads somewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from readme import README, ROOT

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*ROOT.glob("*.md"), *DOCS, ROOT / "tests" / "README.md", ROOT / "src" / "cloud66_simulator" / "README.md"]


def anchors(page: Path) -> set[str]:
    """Return what GitHub makes of the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


ODD_WORDS = (
    r"[0-9}] (%|s\b)|\b(ours|theirs|whoever|somebody|anew|mend|shall|likewise|besides|strikes|is to be|for ever|"
    r"as far as is known|in the moment|looked (at|for)|one a line|was taken|not taken|asked for|in place of)\b"
)
ODD = re.compile(f";|{ODD_WORDS}", re.IGNORECASE)
"""Words that need a second reading, and what has two ideas in one sentence."""


def test_each_link_leads_somewhere() -> None:
    """Each relative link has its file, and each anchor its heading."""
    for page in PAGES:
        for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf8")):
            target = page.parent / path if path else page
            assert target.exists(), path
            assert not anchor or anchor in anchors(target), f"{page}: {path}#{anchor}"


def test_the_readme_is_short_and_begins_with_a_workflow() -> None:
    """The README has at most 320 lines, with a workflow within the first 20."""
    lines = README.read_text(encoding="utf8").splitlines()
    assert len(lines) <= 320
    assert "```yaml" in lines[:20]


@pytest.mark.parametrize("page", [README, *DOCS, ROOT / "action.yml"], ids=lambda page: page.name)
def test_a_page_speaks_plainly(page: Path) -> None:
    """Each thing and each person has a name, each sentence says one thing, and none needs a semicolon."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(encoding="utf8"), flags=re.MULTILINE | re.DOTALL)
    assert [found[0] for found in ODD.finditer(text)] == []


def sentences(path: Path) -> Iterator[str]:
    """Return the texts in a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in loose)
    yield from (node.value for node in texts if isinstance(node.value, str) and " " in node.value.strip())


def test_the_action_speaks_plainly() -> None:
    """The same holds for every sentence of the action: each row of the wording, each line of the log, each error."""
    texts = [text for path in (ROOT / "src" / "cloud66_redeploy").rglob("*.py") for text in sentences(path)]
    assert [(found[0], text) for text in texts for found in ODD.finditer(text)] == []


def test_the_source_speaks_plainly() -> None:
    """Docstrings and comments of the action have the same plain words, and may have a semicolon."""
    for path in (ROOT / "src" / "cloud66_redeploy").rglob("*.py"):
        text = re.sub(r"\s+(# )?", " ", path.read_text(encoding="utf8"))
        assert [found[0] for found in re.finditer(ODD_WORDS, text, re.IGNORECASE)] == [], path
