"""What the tests of a release run it with: a remote, clones of it, and the lines of release.yml."""

import contextlib
import io
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "release.py"
MAIN: Callable[[list[str]], None] = runpy.run_path(str(TOOL))["main"]
IMAGE = f"ghcr.io/acme/redeploy@sha256:{'1a' * 32}"
OTHER_IMAGE = IMAGE.replace("1a", "2b")
ACTION = "runs:\n  using: docker\n  image: Dockerfile\n  post-entrypoint: /action/cleanup\n"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n{}\n\n## [1.2.2] - 2026-11-01\n\n- That.\n"
DATE = "2026-11-24T10:00:00+00:00"
"""When all commits of main were made."""
NOTES = "### Added\n\n- This."
JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
STEPS = [
    (job, step["run"])
    for job in ("check", "publish")
    for step in JOBS[job]["steps"]
    if re.search(r"tools/release\.py|\bgh ", step.get("run", ""))
]
"""All that is done with git and releases, by its job. It leaves out the image, which needs GitHub to be built."""

GH = """#!/bin/sh
echo "$*" >> "$GH_LOG"
[ "$1 $2" != "release view" ] || grep -q "^release create $3 " "$GH_LOG"
"""
PAGE = "uses: your-org/cloud66-redeploy@v1{}\n"


def files(version: str) -> dict[str, str]:
    """Return what a repository holds that is ready to release a version."""
    return {
        "action.yml": ACTION,
        "CHANGELOG.md": CHANGELOG.format(f"## [{version}] - 2026-11-24\n\n{NOTES}"),
        "pyproject.toml": f'[project]\nversion = "{version}"\n',
        "README.md": PAGE.format(" # replace your-org with your own"),
        "docs/page.md": PAGE.format(""),
        "examples/deploy.yml": PAGE.format(""),
        "tests/of_this.md": PAGE.format(""),
        ".github/workflows/ci.yml": "name: CI\n",
        "tools/release.py": TOOL.read_text(),
    }


def git(*arguments: str, at: Path) -> str:
    """Run git with a name and an address, away from the machine's configuration."""
    command = ["git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid", *arguments]
    env = away(GIT_AUTHOR_DATE=DATE, GIT_COMMITTER_DATE=DATE)
    done = subprocess.run(command, cwd=at, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def away(**more: str) -> dict[str, str]:
    """Return an environment without the machine's configuration of git."""
    return os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull} | more


@dataclass
class Place:
    """A remote whose main can release 1.2.3, and clones of it."""

    folder: Path
    clones: int = 0

    @property
    def remote(self) -> Path:
        return self.folder / "remote"

    def copy(self, folder: Path) -> "Place":
        """Copy what is kept of a run: the remote, and the releases that were made on GitHub."""
        shutil.copytree(self.remote, folder / "remote")
        shutil.copy(self.folder / "gh.log", folder)
        return Place(folder)

    def clone(self, *options: str) -> Path:
        """Check main out afresh, with all tags."""
        self.clones += 1
        git("clone", "--quiet", *options, self.remote.as_uri(), f"clone-{self.clones}", at=self.folder)
        return self.folder / f"clone-{self.clones}"

    def merge(self, version: str) -> str:
        """Bring a version to main, and return its commit."""
        clone = self.clone()
        for name, text in files(version).items():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_text(text)
        git("add", ".", at=clone)
        git("commit", "--quiet", "--allow-empty", "--message", f"All of {version}", at=clone)
        git("push", "--quiet", "origin", "HEAD:refs/heads/main", at=clone)
        return git("rev-parse", "HEAD", at=clone)

    def tags(self) -> dict[str, str]:
        """Return the tags of the remote, with the commits that they mean."""
        shown = "--format=%(refname:short) %(objectname) %(*objectname)"
        lines = git("for-each-ref", shown, "refs/tags", at=self.remote).splitlines()
        return {words[0]: words[-1] for words in map(str.split, lines)}

    def show(self, what: str) -> str:
        return git("show", what, at=self.remote)

    def run(self, version: str, built: str = IMAGE, after_step: Callable[[], object] = lambda: None) -> None:
        """Run the workflow on main; `built` is what the image job would build."""
        (self.folder / "bin").mkdir(exist_ok=True)
        (self.folder / "bin" / "gh").write_text(GH)
        (self.folder / "bin" / "gh").chmod(0o755)
        outputs = self.folder / "outputs"
        outputs.write_text("")
        jobs = {"check": self.clone(), "publish": self.clone("--depth=1", "--no-tags")}
        for job, script in STEPS:
            env = away(
                PATH=f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
                VERSION=version,
                IMAGE=outputs.read_text().strip().removeprefix("image=") or built,
                GITHUB_OUTPUT=str(outputs),
                GITHUB_REPOSITORY="acme/redeploy",
                GH_LOG=str(self.folder / "gh.log"),
                RUNNER_TEMP=str(self.folder),
            )
            command = ["bash", "-e", "-o", "pipefail", "-c", script]
            subprocess.run(command, cwd=jobs[job], env=env, check=True, capture_output=True, text=True)
            after_step()

    def releases(self) -> list[str]:
        """Return the releases that were made on GitHub."""
        lines = (self.folder / "gh.log").read_text().splitlines()
        return [line.split()[2] for line in lines if line.startswith("release create ")]


def tool(*arguments: str, at: Path, path: str = os.environ["PATH"]) -> tuple[int, str]:
    """Run the script in a folder, and return its exit code and what it says."""
    said = io.StringIO()
    with contextlib.chdir(at), mock.patch.dict(os.environ, away(PATH=path)), contextlib.redirect_stdout(said):
        try:
            MAIN([*arguments])
        except SystemExit as stopped:
            return 1, str(stopped.code)
    return 0, said.getvalue()
