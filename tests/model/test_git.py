"""Our rules for ref names against those of git itself, and what a commit's hash is."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud66_redeploy.model.git import is_full_hash, problem_with, same_commit

REFS = [
    "feature/x/y", "refs/heads/main", "a" * 40, "@x", "x@", "a/@", "@/a", "{", "a{b}", "{@", "x-", "a/-b", "-a", "--x",
    "-", "a.b", "a./b", "a/.b", ".a", ".", "..", "...", "a..b", "a.", "a/b.", "a.lock", "a.lock/b", "a/b.lock", ".lock",
    "a.lockx", "a.LOCK", "x.lock.", "/", "//", "/a", "a/", "a//b", "@", "@{", "a@{b", "a~1", "a^{}", "a:b", "a?",
    "*", "a[b", "a]", "a\\b", " ", "a b", "a ", "a\tb", "a\nb", "a\x01", "a\x1f", "a\x7f", "ü", "a\u00a0b", "a\u2028b",
    "\ufeffa", "a\x85b", "🚀", "a'b", "$(a)", "a;b|c&d>e<f", "a!b#c%d+e=f,g", "a\udcff",
]  # fmt: skip
PIECES = ["a", "b.c", ".lock", "x.lock", "..", ".", "@", "@{", "-", "/", "//", "lock", "ü"]


def check_like_git(ref: str) -> None:
    """Compare git's verdict with ours."""
    command: list[str | bytes] = ["git", "check-ref-format", "--allow-onelevel", os.fsencode(ref)]
    git_takes = subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert (problem_with(ref) is None) == (git_takes and not ref.startswith("-")), (ref, problem_with(ref))


def test_like_git() -> None:
    """A ref name is refused if and only if git refuses it, or it looks like an option."""
    for ref in REFS:
        check_like_git(ref)


@settings(max_examples=50)
@given(
    st.text("a.@{/~^:?*[\\ -lock\t\x7fé", min_size=1, max_size=8)
    | st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5)
)
def test_like_git_on_any_text(ref: str) -> None:
    """The same holds for any text, and for the characters and pieces that the rules are about, put together."""
    check_like_git(ref)


def test_the_character_that_git_cannot_be_asked_about() -> None:
    """A zero byte is refused, too, and named."""
    assert problem_with("a\0b") == "contains '\\x00', which git doesn't allow in a ref name."


def test_full_hash() -> None:
    """A full hash is forty hex digits and nothing else."""
    assert is_full_hash("0123456789abcdefABCDEF0123456789abcdef01")
    assert not any(map(is_full_hash, ["a" * 39, "a" * 41, "g" * 40, "\uff11" * 40, "a" * 40 + "\n", ""]))


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("abcdef0", "abcdef0123", True), ("a" * 40, "A" * 40, True), ("abcdef", "abcdef0123", False),
        ("abcdef1", "abcdef0123", False), ("", "", False), ("release", "release-2", False),
        ("release", "release", False), ("abcdef0", "abcdef0-hotfix", False),
    ],
)  # fmt: skip
def test_same_commit(one: str, other: str, verdict: bool) -> None:
    """Two hashes name one commit if one begins with the other, which has seven digits at least."""
    assert same_commit(one, other) is same_commit(other, one) is verdict
