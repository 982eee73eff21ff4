"""Which names git takes for a branch, a tag or a commit (the rules of git-check-ref-format(1))."""

import re

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")
_FULL_HASH = re.compile(r"[0-9a-fA-F]{40}", re.ASCII)


def problem_with(ref: str) -> str | None:
    """Say what git would object to in a ref name, or None where it is a valid one."""
    found = _FORBIDDEN.search(ref)
    if found:
        return f"holds {found.group()!r}, which git doesn't allow in a ref name."
    for part in ("..", "@{", "//"):
        if part in ref:
            return f"holds {part!r}, which git doesn't allow in a ref name."
    if ref == "@" or ref.startswith(("-", "/")) or ref.endswith(("/", ".")):
        return "can't be '@', start with '-' or '/', or end with '/' or '.' (git's rules for ref names)."
    for component in ref.split("/"):
        if component.startswith(".") or component.endswith(".lock"):
            return "has a part that starts with '.' or ends with '.lock', which git doesn't allow."
    return None


def is_full_hash(ref: str) -> bool:
    """Tell whether a ref is a commit's whole 40-digit hash."""
    return _FULL_HASH.fullmatch(ref) is not None


def same_commit(one: str, other: str) -> bool:
    """Tell whether two hashes, either of them possibly abbreviated (7 digits at least), name one commit."""
    shorter, longer = sorted((one.lower(), other.lower()), key=len)
    return len(shorter) >= 7 and longer.startswith(shorter)
