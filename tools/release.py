# ruff: noqa: INP001 - a script, no part of a package
"""
What release.yml does with git and files, with nothing but the standard library. CONTRIBUTING.md tells the whole.

    python3 tools/release.py check v1.2.3           tag, package version and changelog agree
    python3 tools/release.py notes v1.2.3           prints the changelog's section
    python3 tools/release.py commit v1.2.3 IMAGE    makes the release commit; IMAGE is NAME@sha256:DIGEST
    python3 tools/release.py push v1.2.3            pushes it under v1.2.3 and, if no newer v1.x.y is there, v1
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

VERSION = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
IMAGE = re.compile(r"[a-z0-9.:-]+(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")
BOT = "github-actions[bot]"
AUTHOR = ("-c", f"user.name={BOT}", "-c", f"user.email=41898282+{BOT}@users.noreply.github.com")


def git(*arguments: str) -> str:
    """Run git and return what it prints."""
    # S603, S607: the git of the PATH, no shell, and arguments that were checked
    done = subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603, S607
    return done.stdout.strip()


def parts(tag: str) -> tuple[int, ...]:
    """Return the numbers of a version tag."""
    found = VERSION.fullmatch(tag)
    if not found:
        sys.exit(f"{tag} is no version tag (v1.2.3)")
    return tuple(int(number) for number in found.groups())


def notes(tag: str) -> str:
    """Return the changelog's section of a version."""
    heading = rf"^## \[{re.escape(tag[1:])}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |^\[|\Z)"
    found = re.search(heading, Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not (found and found[1].strip()):
        sys.exit(f"CHANGELOG.md has no section `## [{tag[1:]}] - YYYY-MM-DD` with something in it")
    return found[1].strip()


def check(tag: str) -> None:
    """Hold the tag to the package's version and the changelog."""
    parts(tag)
    version = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if version != tag[1:]:
        sys.exit(f"pyproject.toml says {version}, the tag {tag}")
    notes(tag)


def commit(tag: str, image: str) -> None:
    """Commit action.yml with the image in place of the Dockerfile, and without the workflows."""
    if not IMAGE.fullmatch(image):
        sys.exit(f"{image} is no image with its digest")
    action = Path("action.yml")
    text, changed = re.subn(r"(?m)^  image: Dockerfile$", f"  image: docker://{image}", action.read_text("utf-8"))
    if changed != 1:
        sys.exit("action.yml has no line `  image: Dockerfile`, or several: is this tag a release already?")
    action.write_text(text, encoding="utf-8")
    git("rm", "-r", "--quiet", "--ignore-unmatch", ".github/workflows")
    git(*AUTHOR, "commit", "--quiet", "--all", "--message", f"Release {tag}")


def push(tag: str) -> None:
    """Push HEAD, whose parent has to be what the tag means there, under the tag and its major version's."""
    listed = [line.split("\trefs/tags/") for line in git("ls-remote", "--tags", "origin").splitlines()]
    there = {name: number for number, name in listed}
    if there.get(f"{tag}^{{}}", there.get(tag)) != git("rev-parse", "HEAD^"):
        sys.exit(f"{tag} is no longer the commit that this release was made from")
    major, *_ = version = parts(tag)
    newer = [name for name in there if VERSION.fullmatch(name) and parts(name)[0] == major and parts(name) > version]
    names = [tag] if newer else [tag, f"v{major}"]
    # Both or neither, and only if nobody has moved them since they were listed.
    leases = [f"--force-with-lease=refs/tags/{name}:{there.get(name, '')}" for name in names]
    git("push", "--atomic", *leases, "origin", *[f"HEAD:refs/tags/{name}" for name in names])


def main(arguments: list[str]) -> None:
    """Run one command."""
    match arguments:
        case ["check", tag]:
            check(tag)
        case ["notes", tag]:
            print(notes(tag))  # noqa: T201 - this is its output
        case ["commit", tag, image]:
            check(tag)
            commit(tag, image)
        case ["push", tag]:
            push(tag)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
