"""The scripts of the workflows, run as the workflows run them: release.py against a remote, stand_in.py for real."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud66_simulator import Simulator
from cloud66_simulator.clock import ScaledClock
from cloud66_simulator.server import serve

TOOLS = Path(__file__).parent.parent / "tools"
IMAGE = f"ghcr.io/owner/action@sha256:{'1a' * 32}"
ACTION = "runs:\n  using: docker\n  image: Dockerfile\n  post-entrypoint: /action/cleanup\n"
CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-24\n\n### Added\n\n- This.\n\n## [1.2.2] - 2026-11-01\n"
)

Run = Callable[..., subprocess.CompletedProcess[str]]


def git(*arguments: str, at: Path) -> str:
    """Run git with a name and an address, away from the machine's configuration."""
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid", "-c", "init.defaultBranch=main")
    away = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=at, env=os.environ | away, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """Return a bare repository to push to."""
    git("init", "--quiet", "--bare", "remote", at=tmp_path)
    return tmp_path / "remote"


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Path:
    """Return a clone with a tag v1.2.3, pushed, whose action.yml builds from the Dockerfile."""
    git("clone", "--quiet", str(remote), "clone", at=tmp_path)
    clone = tmp_path / "clone"
    (clone / "action.yml").write_text(ACTION)
    (clone / "CHANGELOG.md").write_text(CHANGELOG)
    (clone / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (clone / ".github" / "workflows").mkdir(parents=True)
    (clone / ".github" / "workflows" / "ci.yml").write_text("name: CI\n")
    git("add", ".", at=clone)
    git("commit", "--quiet", "--message", "All of it", at=clone)
    git("tag", "v1.2.3", at=clone)
    git("push", "--quiet", "origin", "HEAD:refs/heads/main", "v1.2.3", at=clone)
    return clone


@pytest.fixture
def release(clone: Path) -> Run:
    """Return what runs release.py in the clone."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(TOOLS / "release.py"), *arguments]
        return subprocess.run(command, cwd=clone, check=False, capture_output=True, text=True)

    return run


def tags(remote: Path) -> dict[str, str]:
    """Return the tags of the remote, with the commits that they mean."""
    lines = git("for-each-ref", "--format=%(refname:short) %(objectname) %(*objectname)", "refs/tags", at=remote)
    return {words[0]: words[-1] for words in map(str.split, lines.splitlines())}


def test_release_agrees(release: Run) -> None:
    """A tag with the package's version and a dated section of the changelog is accepted, and its notes printed."""
    assert release("check", "v1.2.3").returncode == 0
    assert release("notes", "v1.2.3").stdout == "### Added\n\n- This.\n"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("v1.2.4", "pyproject.toml says 1.2.3"),
        ("v1.2", "no version tag"),
        ("v1.2.3-rc.1", "no version tag"),
        ("1.2.3", "no version tag"),
        ("v01.2.3", "no version tag"),
    ],
)
def test_release_disagrees(release: Run, tag: str, said: str) -> None:
    """A tag that is no version, or another than the package's, stops the release."""
    done = release("check", tag)
    assert done.returncode
    assert said in done.stderr


@pytest.mark.parametrize(
    "section", ["## [1.2.3]\n\n- This.", "## [1.2.3] - 2026-11-24\n", "## [1.2.30] - 2026-11-24\n\n- This."]
)
def test_release_without_notes(release: Run, clone: Path, section: str) -> None:
    """A version without a dated section in the changelog, or with an empty one, stops the release."""
    (clone / "CHANGELOG.md").write_text(f"# Changelog\n\n{section}\n\n## [1.2.2] - 2026-11-01\n\n- That.\n")
    assert "no section" in release("check", "v1.2.3").stderr


def test_release_commit_names_the_image(release: Run, clone: Path, remote: Path) -> None:
    """Both tags get a commit on top of the tagged one that changes the image's line and drops the workflows."""
    source = git("rev-parse", "HEAD", at=clone)
    assert release("commit", "v1.2.3", IMAGE).returncode == 0
    assert release("push", "v1.2.3").returncode == 0
    made = tags(remote)
    assert set(made) == {"v1.2.3", "v1"}
    assert made["v1"] == made["v1.2.3"] != source
    assert git("rev-parse", "v1^", at=remote) == source == git("rev-parse", "main", at=remote)
    assert git("show", "v1:action.yml", at=remote) + "\n" == ACTION.replace("Dockerfile", f"docker://{IMAGE}")
    assert git("diff", "--name-status", source, "v1", at=remote) == "D\t.github/workflows/ci.yml\nM\taction.yml"


def test_release_of_an_annotated_tag(release: Run, clone: Path, remote: Path) -> None:
    """A tag that is an object of its own is moved like any other."""
    git("tag", "--annotate", "--force", "--message", "v1.2.3", "v1.2.3", at=clone)
    git("push", "--quiet", "--force", "origin", "v1.2.3", at=clone)
    release("commit", "v1.2.3", IMAGE)
    assert release("push", "v1.2.3").returncode == 0
    assert tags(remote) == dict.fromkeys(["v1", "v1.2.3"], git("rev-parse", "HEAD", at=clone))


@pytest.mark.parametrize(
    ("other", "moved"), [("v1.2.10", False), ("v1.10.0", False), ("v1.2.2", True), ("v2.0.0", True)]
)
def test_release_moves_the_major_version_only_forwards(
    release: Run, clone: Path, remote: Path, *, other: str, moved: bool
) -> None:
    """A release of an older line leaves vX where a newer version of that major is."""
    git("push", "--quiet", "origin", f"HEAD:refs/tags/{other}", "HEAD:refs/tags/v1", at=clone)
    before = tags(remote)
    release("commit", "v1.2.3", IMAGE)
    assert release("push", "v1.2.3").returncode == 0
    after = tags(remote)
    assert after["v1.2.3"] != before["v1.2.3"]
    assert (after["v1"] == after["v1.2.3"]) is moved
    assert after[other] == before[other]


def test_release_is_made_once(release: Run, clone: Path, remote: Path) -> None:
    """A second run from the same tagged commit pushes nothing, and a release commit can't be released again."""
    source = git("rev-parse", "HEAD", at=clone)
    release("commit", "v1.2.3", IMAGE)
    release("push", "v1.2.3")
    before = tags(remote)
    assert "several" in release("commit", "v1.2.3", IMAGE).stderr
    git("reset", "--quiet", "--hard", source, at=clone)
    release("commit", "v1.2.3", IMAGE.replace("1a", "2b"))
    assert "no longer" in release("push", "v1.2.3").stderr
    assert tags(remote) == before


@pytest.mark.parametrize(
    "image", ["ghcr.io/owner/action:v1", IMAGE[:-1], f"{IMAGE}\n  args: [x]", "sha256:" + "1a" * 32]
)
def test_release_wants_a_digest(release: Run, clone: Path, image: str) -> None:
    """Nothing but a name with a whole digest gets into action.yml."""
    assert "no image" in release("commit", "v1.2.3", image).stderr
    assert (clone / "action.yml").read_text() == ACTION


def test_release_says_how_it_is_used(release: Run) -> None:
    """Without a command it prints its commands and fails."""
    done = release()
    assert done.returncode
    assert "check v1.2.3" in done.stderr


def test_stand_in_is_asked() -> None:
    """The script waits for the stand-in, changes it, and compares what it saw with what was expected."""
    simulator = Simulator(ScaledClock().now)
    with serve(simulator) as address:
        environ = os.environ | {"STAND_IN": address.removesuffix("/api/3")}

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, str(TOOLS / "stand_in.py"), *arguments]
            return subprocess.run(command, env=environ, check=False, capture_output=True, text=True)

        assert run("ready").returncode == 0
        assert run("post", "behaviour", '{"fate": "failed"}').returncode == 0
        assert run("hostile").returncode == 0
        assert simulator.behaviour.fate == "failed"
        assert re.search("^::set-output", simulator.behaviour.text or "", re.MULTILINE)
        simulator.request_deployment(user_reference="mine")
        assert run("expect", "mine", "--posts", "0", "--deployments", "1").returncode == 0
        assert run("expect", "mine", "--posts", "1", "--deployments", "1").returncode == 1
        assert run("expect", "mine", "--posts", "0", "--deployments", "1", "--cancelled").returncode == 1
        assert run("post", "behaviour", '{"no_such_dial": 1}').returncode == 1
    assert run("ready", "--seconds", "0").returncode == 1
