"""
The user_reference that marks our redeploy, so that it can be found again. Pure.

GitHub drops a job output that holds the value of any secret, and a secret may be a plain word: the owner's name, or the
job's. So a derived reference holds digits and digests alone.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePath

LONGEST = 255
"""Cloud 66 keeps at most this many characters."""


def derive_reference(environ: Mapping[str, str], asked_for: Mapping[str, str]) -> str:
    """
    Derive a reference that leads people to the run, and that no other request shares.

    It is the run's id, its attempt, a digest of the repository and one of the rest. The rest tells apart what the run
    doesn't: matrix jobs and calls of one reusable workflow share a job's name, so it covers the inputs, and the name of
    a file that the runner makes for each step (two matrix jobs may have the very same inputs).
    """
    names = ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB", "GITHUB_ACTION")
    identity = [environ.get(name, "") for name in names]
    run, attempt = (re.sub(r"[^0-9]", "", number)[:20] or "0" for number in identity[:2])
    identity.append(PurePath(environ.get("GITHUB_STATE", "")).name)
    return f"{run}-{attempt}-{_repository(environ)}-{_digest([identity, sorted(asked_for.items())])}"


def is_derived(reference: str, environ: Mapping[str, str]) -> bool:
    """Tell whether a reference is one that is derived in the same repository, or that of a rollback of such a one."""
    shape = rf"\d+-\d+-{_repository(environ)}-[0-9a-f]{{16}}(/rollback)?"
    return bool(environ.get("GITHUB_REPOSITORY")) and re.fullmatch(shape, reference, re.ASCII) is not None


def _repository(environ: Mapping[str, str]) -> str:
    return _digest([environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def rollback_reference(reference: str) -> str:
    """Derive the reference of a rollback from that of the deployment that failed, so that there is one for each."""
    if len(reference) + len("/rollback") <= LONGEST:
        return f"{reference}/rollback"
    digest = hashlib.sha256(reference.encode()).hexdigest()[:12]
    return f"{reference[: LONGEST - 22]}/{digest}/rollback"
