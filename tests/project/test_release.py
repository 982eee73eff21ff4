"""A release, as far as a git remote goes: the lines of release.yml, run in clones, with the remote as the witness."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from releases import ACTION, CHANGELOG, DATE, IMAGE, JOBS, NOTES, OTHER_IMAGE, ROOT, STEPS, Place, git, tool

SECTION = f"## [1.2.3] - 2026-11-24\n\n{NOTES}"


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[Place]:
    """Release once, and keep what was there before the first step, and after each."""
    place = Place(tmp_path_factory.mktemp("release"))
    git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", "remote", at=place.folder)
    (place.folder / "gh.log").touch()
    place.merge("1.2.3")
    kept = [place.copy(tmp_path_factory.mktemp("state"))]
    place.run("1.2.3", after_step=lambda: kept.append(place.copy(tmp_path_factory.mktemp("state"))))
    return [*kept, place]


@pytest.fixture
def place(tmp_path: Path, states: list[Place]) -> Place:
    """Copy the remote as it was before the release."""
    return states[0].copy(tmp_path)


@pytest.fixture
def released(tmp_path: Path, states: list[Place]) -> Place:
    """Copy it as it was afterwards."""
    return states[-1].copy(tmp_path)


def test_what_is_ready(place: Place) -> None:
    """Nothing but a version, the package's, with a dated section that has something in it, on main, is released."""
    clone = place.clone()
    for version, section, said in (
        ("1.2.3", SECTION, ""),
        ("1.2.4", SECTION.replace("1.2.3", "1.2.4"), "pyproject.toml says 1.2.3, not 1.2.4."),
        *((version, "", f'Invalid version "{version}": ') for version in ("1.2", "1.2.3-rc.1", "v1.2.3", "01.2.3")),
        ("1.2.3", f"## [1.2.3]\n\n{NOTES}", "has no section"),
        ("1.2.3", "## [1.2.3] - 2026-11-24\n", "has no section"),
        ("1.2.3", SECTION.replace("1.2.3", "1.2.30"), "has no section"),
    ):
        (clone / "CHANGELOG.md").write_text(CHANGELOG.format(section))
        code, text = tool("check", version, at=clone)
        assert (code, said in text) == (int(said != ""), True)
    (clone / "CHANGELOG.md").write_text(CHANGELOG.format(SECTION))
    git("commit", "--quiet", "--allow-empty", "--message", "A branch's", at=clone)
    assert "not on main" in tool("check", "1.2.3", at=clone)[1]


def test_what_a_release_holds(states: list[Place]) -> None:
    """Both tags mean a child of main's commit, with the image, the action's real name, and no workflow."""
    place = states[-1]
    tags = place.tags()
    assert set(tags) == {"v1.2.3", "v1"}
    assert tags["v1"] == tags["v1.2.3"]
    assert git("rev-parse", "v1^", at=place.remote) == git("rev-parse", "main", at=place.remote)
    assert git("diff", "--name-status", "main", "v1", at=place.remote).splitlines() == [
        "D\t.github/workflows/ci.yml",
        *(f"M\t{name}" for name in ("README.md", "action.yml", "docs/page.md", "examples/deploy.yml")),
    ]
    assert place.show("v1:action.yml") + "\n" == ACTION.replace("Dockerfile", f"docker://{IMAGE}")
    for page in ("README.md", "docs/page.md", "examples/deploy.yml"):
        assert place.show(f"v1:{page}") == "uses: acme/redeploy@v1"
    assert place.releases() == ["v1.2.3"]
    assert (place.folder / "notes.md").read_text() == f"{NOTES}\n"


def test_the_next_releases(released: Place) -> None:
    """A later release takes v1 with it and leaves the version before; the next major version gets a tag of its own."""
    place, first = released, released.tags()["v1.2.3"]
    place.merge("1.2.4")
    place.run("1.2.4", OTHER_IMAGE)
    second = place.tags()
    assert second == {"v1.2.3": first, "v1.2.4": second["v1.2.4"], "v1": second["v1.2.4"]}
    assert OTHER_IMAGE in place.show("v1:action.yml")
    place.merge("2.0.0")
    place.run("2.0.0")
    third = place.tags()
    assert third == second | {"v2.0.0": third["v2.0.0"], "v2": third["v2.0.0"]}
    assert place.show("v2:README.md") == "uses: acme/redeploy@v2"
    assert place.releases() == ["v1.2.3", "v1.2.4", "v2.0.0"]


def test_a_run_that_broke_off(states: list[Place], tmp_path: Path) -> None:
    """A run that broke off between any two steps is finished by a second one; what was tagged keeps its image."""
    left = {(len(state.tags()), len(state.releases())): state for state in states}
    assert set(left) == {(0, 0), (2, 0), (2, 1)}, "nothing, both tags, the release: all else is the runner's alone"
    for number, state in enumerate([*left.values(), states[-1]]):
        (tmp_path / str(number)).mkdir()
        place = state.copy(tmp_path / str(number))
        if number == len(left):
            # Both are pushed at once; but v1 may be deleted.
            git("tag", "--delete", "v1", at=place.remote)
        before = state.tags()
        place.run("1.2.3", OTHER_IMAGE)
        after = place.tags()
        assert set(after) == {"v1.2.3", "v1"}
        assert after["v1"] == after["v1.2.3"]
        assert before in ({}, after)
        assert (IMAGE if before else OTHER_IMAGE) in place.show("v1:action.yml")
        assert place.releases() == ["v1.2.3"]


def test_each_break_was_tried(states: list[Place]) -> None:
    """The steps that are run here are those of the workflow that matter, in its order."""
    verbs = [word for _, script in STEPS for word in script.split() if word in {"check", "image", "commit", "push"}]
    assert verbs == ["check", "image", "commit", "push"]
    assert "gh release create" in STEPS[-1][1]
    assert len(states) == len(STEPS) + 2


def test_a_failed_job_that_is_run_again(place: Place) -> None:
    """The same source and image make the same commit, whoever makes it and whenever."""
    made = set()
    for who in ("one", "another"):
        clone = place.clone()
        git("config", "user.name", who, at=clone)
        assert tool("commit", "1.2.3", IMAGE, "acme/redeploy", at=clone) == (0, "")
        made.add(git("rev-parse", "HEAD", at=clone))
    [commit] = made
    assert git("show", "--no-patch", "--format=%aI %cI", commit, at=clone).split() == [DATE, DATE]


def test_a_version_never_moves(released: Place) -> None:
    """A version that was released from another commit, or tagged by hand, is refused, and no tag moves."""
    place, before = released, released.tags()
    place.merge("1.2.3")
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        place.run("1.2.3", OTHER_IMAGE)
    assert "Release the next version." in stopped.value.stderr
    clone = place.clone()
    tool("commit", "1.2.3", OTHER_IMAGE, "acme/redeploy", at=clone)
    assert "A version never moves" in tool("push", "1.2.3", at=clone)[1]
    assert place.tags() == before
    git("checkout", "--quiet", "main", at=clone)
    git("commit", "--quiet", "--allow-empty", "--message", "No release", at=clone)
    for by_hand in ("origin/main", "HEAD"):
        git("tag", "--force", "v1.2.3", by_hand, at=clone)
        assert "Release the next version." in tool("image", "1.2.3", at=clone)[1]


@pytest.mark.parametrize("name", ["v1.2.3", "v1"])
@pytest.mark.parametrize("is_pushing", [False, True])
def test_two_at_once(place: Place, name: str, *, is_pushing: bool) -> None:
    """If somebody makes one of the tags after they were listed, or during the push, theirs stays and none is made."""
    clone = place.clone()
    tool("commit", "1.2.3", IMAGE, "acme/redeploy", at=clone)
    meddle = f"git --git-dir={place.remote} tag {name} main"
    program, script = clone / ".git/hooks/pre-push", f"#!/bin/sh\n{meddle}\n"
    if not is_pushing:
        git_itself = shutil.which("git")
        program = place.folder / "bin/git"
        script = f'#!/bin/sh\n[ "$1" != push ] || {git_itself} {meddle[4:]}\nexec {git_itself} "$@"\n'
    program.parent.mkdir(exist_ok=True)
    program.write_text(script)
    program.chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError):
        tool("push", "1.2.3", at=clone, path=f"{program.parent}:{os.environ['PATH']}")
    assert place.tags() == {name: git("rev-parse", "main", at=place.remote)}


@pytest.mark.parametrize(
    ("other", "is_moved"), [("v1.2.10", False), ("v1.10.0", False), ("v1.2.2", True), ("v2.0.0", True), ("", True)]
)
def test_the_major_version_moves_only_forwards(place: Place, other: str, *, is_moved: bool) -> None:
    """A release leaves v1 where a newer 1.x.y is. A v1 that is a tag object is moved like any other."""
    git("tag", "--annotate", "--message", "v1", "v1", "main", at=place.remote)
    if other:
        git("tag", other, "main", at=place.remote)
    before, clone = place.tags(), place.clone()
    tool("commit", "1.2.3", IMAGE, "acme/redeploy", at=clone)
    tool("push", "1.2.3", at=clone)
    after = place.tags()
    assert after == before | {"v1.2.3": after["v1.2.3"], "v1": after["v1.2.3"] if is_moved else before["v1"]}
    assert after["v1.2.3"] != before["v1"]


def test_only_a_digest_gets_in(place: Place) -> None:
    """Nothing but a name with a whole digest gets into action.yml, and only once."""
    clone = place.clone()
    for image in ("ghcr.io/owner/action:v1", IMAGE[:-1], f"{IMAGE}\n  args: [x]", "sha256:" + "1a" * 32):
        assert "Invalid image" in tool("commit", "1.2.3", image, "acme/redeploy", at=clone)[1]
    assert (clone / "action.yml").read_text() == ACTION
    tool("commit", "1.2.3", IMAGE, "acme/redeploy", at=clone)
    assert "already?" in tool("commit", "1.2.3", IMAGE, "acme/redeploy", at=clone)[1]


def test_the_name_is_put_into_the_real_pages(place: Place) -> None:
    """In a release of this repository, README, docs and examples name it everywhere, with the right major version."""
    clone = place.clone()
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.yml")]
    for page in pages:
        shutil.copy(page, clone / page.relative_to(ROOT))
    git("add", ".", at=clone)
    assert tool("commit", "3.0.0", IMAGE, "acme/redeploy", at=clone) == (0, "")
    before = "".join(page.read_text() for page in pages)
    after = "".join((clone / page.relative_to(ROOT)).read_text() for page in pages)
    assert "your-org" not in after
    assert "acme/redeploy@v1" not in after
    assert after.count("acme/redeploy@v3") == before.count("your-org/cloud66-redeploy@v1") > 10
    assert "repository: acme/redeploy\n          ref: v3\n" in after
    yaml.safe_load((clone / "examples" / "deploy.yml").read_text())


@pytest.mark.parametrize(
    ("image", "tagged", "cancelled", "is_published"),
    [
        ("success", "", False, True),
        ("skipped", IMAGE, False, True),
        ("skipped", "", False, False),
        ("failure", "", False, False),
        ("success", "", True, False),
    ],
)
def test_when_it_is_published(image: str, tagged: str, *, cancelled: bool, is_published: bool) -> None:
    """Tags are made for an image that was just built or tagged before, and for nothing else."""
    condition = JOBS["publish"]["if"].removeprefix("${{ ").removesuffix(" }}")
    values = {
        "!cancelled()": f"(not {cancelled})",
        "needs.image.result": repr(image),
        "needs.check.outputs.image": repr(tagged),
        "&&": "and",
        "||": "or",
    }
    for name, value in values.items():
        condition = condition.replace(name, value)
    assert eval(condition) is is_published


def test_usage(tmp_path: Path) -> None:
    """Without a command the script says how it is used."""
    assert "check 1.2.3" in tool(at=tmp_path)[1]
