"""The user_reference that marks our redeploy, so that it can be found again. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePath

LONGEST = 255
"""Cloud 66 keeps at most this many characters."""

_REPOSITORY_SIZE = 100
_PARTS = (
    ("GITHUB_REPOSITORY", "local", _REPOSITORY_SIZE),
    ("GITHUB_JOB", "job", 40),
    ("GITHUB_ACTION", "step", 40),
)


def derive_reference(environ: Mapping[str, str], asked_for: Mapping[str, str]) -> str:
    """
    Derive a reference that people can read and search for, and that no other request shares.

    Readable: repository, run, attempt, job and step. The digest tells apart what those don't: matrix jobs and calls of
    one reusable workflow share a job's name, so it covers what is asked for, and the name of a file that the runner
    makes anew for each step (two matrix jobs may ask for the very same thing).

    Args:
        environ: the step's environment (GITHUB_…).
        asked_for: the stack and the options of the request.

    """
    repository, job, step = (_plain(environ.get(name) or missing)[:size] for name, missing, size in _PARTS)
    run, attempt = (
        _plain(environ.get("GITHUB_RUN_ID") or "0")[:20],
        _plain(environ.get("GITHUB_RUN_ATTEMPT") or "0")[:6],
    )
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB")
    identity = [environ.get(name, "") for name in (*names, "GITHUB_ACTION")]
    identity.append(PurePath(environ.get("GITHUB_STATE", "")).name)
    digest = hashlib.sha256(json.dumps([identity, sorted(asked_for.items())]).encode()).hexdigest()[:12]
    return f"github/{repository}/run-{run}-{attempt}/{job}/{step}/{digest}"


def plain_repository(name: str) -> str:
    """Return a repository's name as it stands in references."""
    return _plain(name)[:_REPOSITORY_SIZE]


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._/-]", "-", text)
