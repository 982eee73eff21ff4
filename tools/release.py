# ruff: noqa: INP001 - a script, no part of a package
"""
What release.yml does with git and files, with nothing but the standard library. CONTRIBUTING.md tells the whole.

    python3 tools/release.py check 1.2.3                      version, changelog and branch are ready for a release
    python3 tools/release.py image 1.2.3                      prints image=, and NAME@DIGEST if v1.2.3 was tagged
    python3 tools/release.py commit 1.2.3 IMAGE OWNER/NAME    makes the release commit, always the same one
    python3 tools/release.py push 1.2.3                       pushes it as v1.2.3 and, if no newer 1.x.y exists, as v1
    python3 tools/release.py notes 1.2.3                      prints the section of the changelog
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

PLACEHOLDER = "your-org/cloud66-redeploy"
"""The action's name in README.md, docs and examples. It is replaced in `named`, and nowhere else."""

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
DIGEST = r"[a-z0-9.:-]+(?:/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}"
BUILT = re.compile(r"^  image: Dockerfile$", re.MULTILINE)
RELEASED = re.compile(rf"^  image: docker://({DIGEST})$", re.MULTILINE)
# With its version, and without the comment that tells a reader to replace it.
NAMED = re.compile(rf"{PLACEHOLDER}(?:(@|\n +ref: )v\d+\b)?(?: +#.*)?")
BOT = "github-actions[bot]"
AUTHOR = ("-c", f"user.name={BOT}", "-c", f"user.email=41898282+{BOT}@users.noreply.github.com")


def git(*arguments: str, **environment: str) -> str:
    """Run git and return what it prints."""
    command = ["git", *arguments]
    # S603: no shell, and arguments that were checked
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | environment)  # noqa: S603
    return done.stdout.strip()


def parts(version: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    found = VERSION.fullmatch(version)
    if not found:
        sys.exit(f'Invalid version "{version}": use three numbers, for example 1.2.3.')
    return tuple(int(number) for number in found.groups())


def notes(version: str) -> str:
    """Return the changelog's section of a version."""
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |^\[|\Z)"
    found = re.search(heading, Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not (found and found[1].strip()):
        sys.exit(f"CHANGELOG.md has no section `## [{version}] - YYYY-MM-DD` with something in it.")
    return found[1].strip()


def check(version: str) -> None:
    """Hold a version to the package's and to the changelog, and the commit to main."""
    parts(version)
    ours = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if ours != version:
        sys.exit(f"pyproject.toml says {ours}, not {version}. Merge the new version to main first.")
    notes(version)
    if git("rev-list", "--max-count=1", "HEAD", "^refs/remotes/origin/main"):
        sys.exit("This commit is not on main. Run the workflow on main.")


def image(version: str) -> str:
    """Return the image of a release that was tagged already, or nothing. Its tag has to be made from this commit."""
    tag = f"refs/tags/v{version}"
    if not git("for-each-ref", tag):
        return ""
    if git("rev-list", "--parents", "--max-count=1", tag).split()[1:] == [git("rev-parse", "HEAD")]:
        found = RELEASED.search(git("show", f"{tag}:action.yml"))
        if found:
            return found[1]
    sys.exit(f"v{version} exists and was not released from this commit. Release the next version.")


def named(text: str, repository: str, major: int) -> str:
    """Replace the placeholder by the action's real name and major version."""
    return NAMED.sub(lambda found: repository + (f"{found[1]}v{major}" if found[1] else ""), text)


def commit(version: str, built: str, repository: str) -> None:
    """
    Commit action.yml with the image, the pages with the action's name, and no workflow.

    The same source and image make the same commit: its dates are those of its parent. So a second run can go on.
    """
    major, *_ = parts(version)
    if not re.fullmatch(DIGEST, built):
        sys.exit(f'Invalid image "{built}": it needs a name and a whole digest.')
    action = Path("action.yml")
    text, changed = BUILT.subn(f"  image: docker://{built}", action.read_text(encoding="utf-8"))
    if changed != 1:
        sys.exit("action.yml needs exactly one line `  image: Dockerfile`. Is this a release commit already?")
    action.write_text(text, encoding="utf-8")
    for name in git("ls-files", "README.md", "docs/*.md", "examples/*.yml").splitlines():
        page = Path(name)
        page.write_text(named(page.read_text(encoding="utf-8"), repository, major), encoding="utf-8")
    git("rm", "-r", "--quiet", "--ignore-unmatch", ".github/workflows")
    date = git("show", "--no-patch", "--format=%cI", "HEAD")
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    git(*AUTHOR, "commit", "--quiet", "--all", "--message", f"Release v{version}", **dates)


def push(version: str) -> None:
    """Push HEAD as the version's tag, which never moves, and as its major version's tag, which moves only forwards."""
    major, *_ = numbers = parts(version)
    tag, head = f"v{version}", git("rev-parse", "HEAD")
    listed = [line.split("\trefs/tags/") for line in git("ls-remote", "--tags", "origin").splitlines()]
    there = {name: number for number, name in listed}
    if there.get(tag, head) != head:
        sys.exit(f"{tag} exists and means another commit. A version never moves: release the next one.")
    others = [parts(name[1:]) for name in there if name[:1] == "v" and VERSION.fullmatch(name[1:])]
    is_newest = all(other <= numbers for other in others if other[0] == major)
    names = [tag, f"v{major}"] if is_newest else [tag]
    # Both or neither, and only if nobody has made or moved them since they were listed.
    leases = [f"--force-with-lease=refs/tags/{name}:{there.get(name, '')}" for name in names]
    git("push", "--atomic", *leases, "origin", *[f"HEAD:refs/tags/{name}" for name in names])


def main(arguments: list[str]) -> None:
    """Run one command."""
    match arguments:
        case ["check", version]:
            check(version)
        case ["image", version]:
            print(f"image={image(version)}")  # noqa: T201 - this is its output
        case ["commit", version, built, repository]:
            commit(version, built, repository)
        case ["push", version]:
            push(version)
        case ["notes", version]:
            print(notes(version))  # noqa: T201 - this is its output
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
