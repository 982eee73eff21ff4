"""The scripts of the workflows, run as the workflows run them: release.py against a remote, stand_in.py for real."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud66_simulator import Simulator
from cloud66_simulator.clock import ScaledClock
from cloud66_simulator.server import serve

TOOLS = Path(__file__).parent.parent / "tools"
IMAGE = f"ghcr.io/owner/action@sha256:{'1a' * 32}"
ACTION = "runs:\n  using: docker\n  image: Dockerfile\n  post-entrypoint: /action/cleanup\n"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n{}\n\n## [1.2.2] - 2026-11-01\n\n- That.\n"
NOTES = "### Added\n\n- This."
FILES = {
    "action.yml": ACTION,
    "CHANGELOG.md": CHANGELOG.format(f"## [1.2.3] - 2026-11-24\n\n{NOTES}"),
    "pyproject.toml": '[project]\nversion = "1.2.3"\n',
    ".github/workflows/ci.yml": "name: CI\n",
}


def tool(name: str, *arguments: str, at: Path = TOOLS, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts."""
    command = [sys.executable, "-I", str(TOOLS / name), *arguments]
    return subprocess.run(command, cwd=at, env=os.environ | env, check=False, capture_output=True, text=True)


def git(*arguments: str, at: Path) -> str:
    """Run git with a name and an address, away from the machine's configuration."""
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid", "-c", "init.defaultBranch=main")
    away = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=at, env=os.environ | away, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass
class Place:
    """A clone with a tag v1.2.3 that builds from the Dockerfile, and the remote that both were pushed to."""

    clone: Path
    remote: Path

    def release(self, *arguments: str) -> tuple[int, str]:
        done = tool("release.py", *arguments, at=self.clone)
        return done.returncode, done.stdout + done.stderr

    def tags(self) -> dict[str, str]:
        """Return the tags of the remote, with the commits that they mean."""
        shown = "--format=%(refname:short) %(objectname) %(*objectname)"
        lines = git("for-each-ref", shown, "refs/tags", at=self.remote).splitlines()
        return {words[0]: words[-1] for words in map(str.split, lines)}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make clone and remote once."""
    folder = tmp_path_factory.mktemp("release")
    git("init", "--quiet", "--bare", "remote", at=folder)
    git("clone", "--quiet", "remote", "clone", at=folder)
    clone = folder / "clone"
    for name, text in FILES.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)
    git("remote", "set-url", "origin", "../remote", at=clone)
    git("add", ".", at=clone)
    git("commit", "--quiet", "--message", "All of it", at=clone)
    git("tag", "v1.2.3", at=clone)
    git("push", "--quiet", "origin", "HEAD:refs/heads/main", "v1.2.3", at=clone)
    return folder


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    """Copy them."""
    shutil.copytree(template, tmp_path / "copy")
    return Place(tmp_path / "copy" / "clone", tmp_path / "copy" / "remote")


@pytest.mark.parametrize(
    ("tag", "section", "said"),
    [
        ("v1.2.3", f"## [1.2.3] - 2026-11-24\n\n{NOTES}", ""),
        ("v1.2.4", f"## [1.2.4] - 2026-11-24\n\n{NOTES}", "pyproject.toml says 1.2.3"),
        *((tag, "", "no version tag") for tag in ("v1.2", "v1.2.3-rc.1", "1.2.3", "v01.2.3")),
        ("v1.2.3", f"## [1.2.3]\n\n{NOTES}", "no section"),
        ("v1.2.3", "## [1.2.3] - 2026-11-24\n", "no section"),
        ("v1.2.3", f"## [1.2.30] - 2026-11-24\n\n{NOTES}", "no section"),
    ],
)
def test_release_agrees(tmp_path: Path, tag: str, section: str, said: str) -> None:
    """Nothing but a version tag, the package's version and a dated section with something in it are released."""
    (tmp_path / "pyproject.toml").write_text(FILES["pyproject.toml"])
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG.format(section))
    done = tool("release.py", "check", tag, at=tmp_path)
    assert (done.returncode != 0, said in done.stderr) == (said != "", True)
    if not said:
        assert tool("release.py", "notes", tag, at=tmp_path).stdout == f"{NOTES}\n"


def test_release_commit_names_the_image(place: Place) -> None:
    """Both tags get a commit on top of the tagged one with the image and without workflows, and only once."""
    source = git("rev-parse", "HEAD", at=place.clone)
    assert place.release("commit", "v1.2.3", IMAGE)[0] == 0
    assert place.release("push", "v1.2.3")[0] == 0
    made, remote = place.tags(), place.remote
    assert set(made) == {"v1.2.3", "v1"}
    assert made["v1"] == made["v1.2.3"] != source
    assert git("rev-parse", "v1^", "main", at=remote).split() == [source, source]
    assert git("show", "v1:action.yml", at=remote) + "\n" == ACTION.replace("Dockerfile", f"docker://{IMAGE}")
    assert git("diff", "--name-status", source, "v1", at=remote) == "D\t.github/workflows/ci.yml\nM\taction.yml"
    assert "several" in place.release("commit", "v1.2.3", IMAGE)[1]
    git("reset", "--quiet", "--hard", source, at=place.clone)
    place.release("commit", "v1.2.3", IMAGE.replace("1a", "2b"))
    assert "no longer" in place.release("push", "v1.2.3")[1]
    assert place.tags() == made


@pytest.mark.parametrize(
    ("other", "is_moved"), [("v1.2.10", False), ("v1.10.0", False), ("v1.2.2", True), ("v2.0.0", True), ("", True)]
)
def test_release_moves_the_major_version_only_forwards(place: Place, other: str, is_moved: bool) -> None:
    """A release leaves vX where a newer version of that major is; a tag that is an object is moved like any other."""
    if other:
        git("push", "--quiet", "origin", f"HEAD:refs/tags/{other}", "HEAD:refs/tags/v1", at=place.clone)
    else:
        git("tag", "--annotate", "--force", "--message", "v1.2.3", "v1.2.3", at=place.clone)
        git("push", "--quiet", "--force", "origin", "v1.2.3", at=place.clone)
    before = place.tags()
    place.release("commit", "v1.2.3", IMAGE)
    assert place.release("push", "v1.2.3")[0] == 0
    after = place.tags()
    assert after["v1.2.3"] == git("rev-parse", "HEAD", at=place.clone) != before["v1.2.3"]
    assert (after["v1"] == after["v1.2.3"]) is is_moved
    assert after.get(other) == before.get(other)


@pytest.mark.parametrize(
    "image", ["ghcr.io/owner/action:v1", IMAGE[:-1], f"{IMAGE}\n  args: [x]", "sha256:" + "1a" * 32]
)
def test_release_wants_a_digest(place: Place, image: str) -> None:
    """Nothing but a name with a whole digest gets into action.yml."""
    assert "no image" in place.release("commit", "v1.2.3", image)[1]
    assert (place.clone / "action.yml").read_text() == ACTION


def test_stand_in_is_asked() -> None:
    """The script waits for the stand-in, changes it, and compares what it saw with what was expected."""
    simulator = Simulator(ScaledClock().now)
    with serve(simulator) as address:

        def run(*arguments: str) -> int:
            return tool("stand_in.py", *arguments, STAND_IN=address.removesuffix("/api/3")).returncode

        assert run("post", "behaviour", '{"fate": "failed"}') == run("hostile") == run("ready") == 0
        assert simulator.behaviour.fate == "failed"
        assert re.search("^::set-output", simulator.behaviour.text or "", re.MULTILINE)
        simulator.request_deployment(user_reference="mine")
        assert run("expect", "mine", "--posts", "0", "--deployments", "1") == 0
        assert run("expect", "mine", "--posts", "1", "--deployments", "1") == 1
        assert run("expect", "mine", "--posts", "0", "--deployments", "1", "--cancelled") == 1
        assert run("post", "behaviour", '{"no_such_dial": 1}') == 1
    assert run("ready", "--seconds", "0") == 1
    assert "check v1.2.3" in tool("release.py").stderr, "without a command it says how it is used"
