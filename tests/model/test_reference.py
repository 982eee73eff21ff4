"""The reference that marks our redeploy."""

import re

from hypothesis import given, settings
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
MINE = derive_reference(JOB, ASKED)

environs = st.dictionaries(st.sampled_from(sorted(JOB)), st.text() | st.just("9" * 1000))
asked_for = st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=4)


@settings(max_examples=50)
@given(environs, asked_for, asked_for)
def test_bounds(environ: dict[str, str], asked: dict[str, str], other: dict[str, str]) -> None:
    """
    In any environment it is of digits and digests, at most 255 characters: nothing that a secret is likely to be.

    The same request has the same one, in whatever order it comes; another one, as of a matrix job, has another.
    """
    reference = derive_reference(environ, asked)
    assert re.fullmatch(r"\d{1,20}-\d{1,20}-[0-9a-f]{16}-[0-9a-f]{16}", reference, re.ASCII)
    assert len(reference) <= LONGEST == 255
    assert reference == derive_reference(dict(reversed(environ.items())), dict(reversed(asked.items())))
    assert (reference == derive_reference(environ, other)) == (asked == other)


def test_readable() -> None:
    """The run and its attempt can be read in it, so that a person finds the run, and the repository has its digest."""
    assert MINE.startswith("9876543210-2-c2160039a2ba9b49-")
    assert derive_reference({}, {}).startswith("0-0-")
    # The state file's name alone counts, since the runner may keep it anywhere.
    assert derive_reference(JOB | {"GITHUB_STATE": "/elsewhere/save_state_1b2c"}, ASKED) == MINE


def test_differs() -> None:
    """Another server, repository, run, attempt, job, step or file of the step makes another reference."""
    others = [JOB | {name: f"{JOB[name]}1"} for name in JOB]
    # Ids of runs that look alike once they are cut and cleaned.
    others += [JOB | {"GITHUB_RUN_ID": run} for run in ("1" * 21, "1" * 22, "", "0", "run", "a1", "1a")]
    references = {MINE, *(derive_reference(environ, ASKED) for environ in others)}
    assert len(references) == len(others) + 1
