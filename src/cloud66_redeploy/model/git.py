"""Which names git takes for a branch, a tag or a commit (the rules of git-check-ref-format(1))."""

import re

_FORBIDDEN = r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//"
_NO_REFS = {
    r"(?s)\$.*|github\.(sha|ref|ref_name|head_ref|base_ref|event\..*)": (
        "is a variable or expression left unfilled. Use ${{ github.sha }}. Inputs know no shell variables."
    ),
    r"0{7,}": (
        "is all zeros, which means that the branch was deleted. Skip such runs with if: ${{ !github.event.deleted }}."
    ),
    r"(?a)refs/pull/.*|pull/\d+/(merge|head)|\d+/merge": (
        "is the ref of a pull request. Use github.head_ref or github.event.pull_request.head.sha."
    ),
    r"refs(/.*[^/])?": "is neither refs/heads/… nor refs/tags/…. Use the plain name of a branch or tag.",
}
"""What is no branch, tag or commit though git takes it for a name: contexts that people paste, and what to use."""


def problem_with(ref: str) -> str | None:
    """Say what git would object to in a ref name, or None where it is a valid one."""
    found = re.search(_FORBIDDEN, ref)
    if found:
        return f"contains {found[0]!r}, which git doesn't allow in a ref name."
    if ref == "@" or ref.startswith(("-", "/")) or ref.endswith(("/", ".")):
        return "can't be '@', start with '-' or '/', or end with '/' or '.' (git's rules for ref names)."
    if re.search(r"(^|/)\.|\.lock(/|$)", ref):
        return "has a part that starts with '.' or ends with '.lock', which git doesn't allow."
    return None


def plain_ref(ref: str) -> str:
    """Return the name of a branch or tag without its namespace, as `github.ref` has it."""
    return re.sub(r"^(refs/(heads|tags)/)+(?=.)", "", ref)


def misfit_of(ref: str) -> str | None:
    """Say why a (plain) ref can't be deployed whatever the repository, and what to use; None where it may be."""
    return next((said for pattern, said in _NO_REFS.items() if re.fullmatch(pattern, ref)), None)


def is_full_hash(ref: str) -> bool:
    """Tell whether a ref is a commit's whole 40-digit hash."""
    return re.fullmatch(r"[0-9a-fA-F]{40}", ref) is not None


def same_commit(commit: str, other: str) -> bool:
    """Tell whether two hashes, either of them possibly abbreviated (7 digits at least), name one commit."""
    shorter, longer = sorted((commit.lower(), other.lower()), key=len)
    # One may be the name of a branch or tag, which is no hash.
    return len(shorter) >= 7 and longer.startswith(shorter) and re.fullmatch("[0-9a-f]+", longer) is not None
