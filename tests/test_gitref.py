"""Our rules for ref names against those of git itself."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud66_redeploy.model.git import is_full_hash, problem_with, same_commit

REFS = [
    "main", "v1.2.3", "feature/x", "feature/x/y", "refs/heads/main", "refs/tags/v1", "a" * 40, "HEAD", "x@y", "@x",
    "x@", "a/@", "@/a", "a/@/b", "{", "}", "a{b}", "{@", "x-", "a/-b", "-a", "--x", "-", "a.b", "a./b", "a/.b", ".a",
    ".", "..", "...", "a..b", "a.", "a/b.", "a.lock", "a.lock/b", "a/b.lock", ".lock", "lock", "a.lockx", "a.LOCK",
    "a.lock.lock", "x.lock.", "/", "//", "/a", "a/", "a//b", "a/b//", "@", "@{", "a@{b", "a@{-1}", "@{u}", "a~1",
    "a^", "a^{}", "a:b", "a?", "a*", "*", "a[b", "a]", "a\\b", " ", "a b", " a", "a ", "\t", "a\tb", "a\nb", "a\x01",
    "a\x1f", "a\x7f", "\x7f", "ü", "日本語", "a\u00a0b", "a\u2028b", "\ufeffa", "a\x85b", "🚀", "a'b", 'a"b', "a`b",
    "a$b", "$(a)", "a;b", "a|b", "a&b", "a>b", "a<b", "a!b", "a#b", "a%b", "a+b", "a=b", "a,b", "(a)", "a\udcff",
]  # fmt: skip


def git_takes(ref: str) -> bool:
    """Ask git."""
    command: list[str | bytes] = ["git", "check-ref-format", "--allow-onelevel", os.fsencode(ref)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def check_like_git(ref: str) -> None:
    """Compare both verdicts."""
    ours = problem_with(ref) is None
    assert ours == (git_takes(ref) and not ref.startswith("-")), (ref, problem_with(ref))


@pytest.mark.parametrize("ref", REFS, ids=ascii)
def test_like_git(ref: str) -> None:
    """A ref name is refused if and only if git refuses it, or it looks like an option."""
    check_like_git(ref)


@settings(max_examples=200, deadline=None)
@given(st.text("a.@{/~^:?*[\\ -lock\t\x7fé", min_size=1, max_size=8))
def test_like_git_on_short_strings(ref: str) -> None:
    """The same holds for any short string of the characters that the rules are about."""
    check_like_git(ref)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "b.c", ".lock", "x.lock", "..", ".", "@", "@{", "-", "/", "//", "lock", "ü"]),
        min_size=1,
        max_size=5,
    ).map("".join)
)
def test_like_git_on_strings_of_pieces(ref: str) -> None:
    """The same holds for the pieces that the rules are about, put together."""
    check_like_git(ref)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5))
def test_like_git_on_any_text(ref: str) -> None:
    """The same holds for any text at all."""
    check_like_git(ref)


def test_nul() -> None:
    """The one character that git can't even be asked about is refused."""
    assert problem_with("a\0b") is not None


@pytest.mark.parametrize(
    ("ref", "shown"),
    [("a b", "' '"), ("a..b", "'..'"), ("a@{b", "'@{'"), ("a//b", "'//'"), ("a.lock", "'.lock'"), ("@", "'@'")],
)
def test_problem_names_the_part(ref: str, shown: str) -> None:
    """The problem is a sentence that names what git objects to."""
    problem = problem_with(ref)
    assert problem is not None
    assert shown in problem
    assert problem.endswith(".")


@pytest.mark.parametrize(
    ("ref", "verdict"),
    [
        ("0123456789abcdefABCDEF0123456789abcdef01", True),
        ("a" * 39, False),
        ("a" * 41, False),
        ("g" * 40, False),
        ("\uff11" * 40, False),
        ("a" * 40 + "\n", False),
        ("", False),
    ],
)
def test_full_hash(ref: str, verdict: bool) -> None:
    """A full hash is forty hex digits and nothing else."""
    assert is_full_hash(ref) is verdict


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("abcdef0", "abcdef0123", True),
        ("abcdef0123", "ABCDEF0", True),
        ("a" * 40, "A" * 40, True),
        ("abcdef", "abcdef0123", False),
        ("abcdef1", "abcdef0123", False),
        ("", "abcdef0123", False),
        ("", "", False),
    ],
)
def test_same_commit(one: str, other: str, verdict: bool) -> None:
    """Two hashes name one commit if one begins with the other, which has seven digits at least."""
    assert same_commit(one, other) is verdict
    assert same_commit(other, one) is verdict
