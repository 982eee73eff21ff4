"""The reference that marks our redeploy."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.reference import LONGEST, derive_reference

JOB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/awesome",
    "GITHUB_RUN_ID": "9876543210",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_JOB": "deploy-production",
    "GITHUB_ACTION": "__run_3",
    "GITHUB_STATE": "/github/file_commands/save_state_1b2c",
}
ASKED = {"stack_id": "5999b763", "git_ref": "main"}

environs = st.dictionaries(st.sampled_from(sorted(JOB)), st.text() | st.text(min_size=100))
asked_for = st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=4)


@given(environs, asked_for)
def test_bounds(environ: dict[str, str], asked: dict[str, str]) -> None:
    """In any environment it is of digits and digests, at most 255 characters: nothing that a secret is likely to be."""
    reference = derive_reference(environ, asked)
    assert len(reference) <= LONGEST == 255
    assert re.fullmatch(r"\d+-\d+-[0-9a-f]{16}-[0-9a-f]{16}", reference, re.ASCII)


def test_bounds_at_their_longest() -> None:
    """It has at most 255 characters where every part of the environment is as long as can be."""
    longest = dict.fromkeys(JOB, "9" * 1000)
    assert len(derive_reference(longest, ASKED)) <= 255


@given(environs, asked_for)
def test_same_environment(environ: dict[str, str], asked: dict[str, str]) -> None:
    """The same environment and request give the same reference, in whatever order they come."""
    again = derive_reference(dict(reversed(environ.items())), dict(reversed(asked.items())))
    assert derive_reference(environ, asked) == again


def test_readable() -> None:
    """The run and its attempt can be read in it, so that a person finds the run, and the repository has its digest."""
    assert derive_reference(JOB, ASKED).startswith("9876543210-2-c2160039a2ba9b49-")
    assert derive_reference({}, {}).startswith("0-0-")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_SERVER_URL", "https://github.example"),
        ("GITHUB_REPOSITORY", "acme/other"),
        ("GITHUB_RUN_ID", "9876543211"),
        ("GITHUB_RUN_ATTEMPT", "3"),
        ("GITHUB_JOB", "deploy-staging"),
        ("GITHUB_ACTION", "__run_4"),
        ("GITHUB_STATE", "/github/file_commands/save_state_9f8e"),
    ],
)
def test_differs_by(name: str, value: str) -> None:
    """Another server, repository, run, attempt, job, step or file of the step makes another reference."""
    assert derive_reference(JOB | {name: value}, ASKED) != derive_reference(JOB, ASKED)


@given(asked_for, asked_for)
def test_differs_by_what_is_asked_for(one: dict[str, str], other: dict[str, str]) -> None:
    """What is asked for, as the options of a matrix job, makes another reference."""
    assert (derive_reference(JOB, one) == derive_reference(JOB, other)) == (one == other)


def test_differs_where_ids_are_cut_or_cleaned() -> None:
    """Ids of runs that look alike once they are cut and cleaned have different references."""
    ids = ["1" * 21, "1" * 22, "", "0", "run", "a1", "1a"]
    assert len({derive_reference(JOB | {"GITHUB_RUN_ID": one}, ASKED) for one in ids}) == len(ids)


def test_folder_of_the_state_file_does_not_count() -> None:
    """The file's name alone counts, since the runner may keep it anywhere."""
    moved = JOB | {"GITHUB_STATE": "/elsewhere/save_state_1b2c"}
    assert derive_reference(moved, ASKED) == derive_reference(JOB, ASKED)
