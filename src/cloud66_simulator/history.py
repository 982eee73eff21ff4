"""The past that a stack has at the simulator's start."""

from collections.abc import Callable, Iterator
from math import inf
from random import Random

from cloud66_simulator.records import Deployment, StackSpec

_GAP_SECONDS = 6 * 3600.0
_DURATION_SECONDS = 40.0


def invented_past(
    spec: StackSpec, usual_seconds: float, derived_hash: Callable[[str, str], str], random: Random
) -> Iterator[tuple[float, Deployment]]:
    """Return a stack's successes and how many seconds before the start each was asked for, the eldest first."""
    usual = usual_seconds if 0 < usual_seconds < inf else _DURATION_SECONDS
    for left in range(spec.history, 0, -1):
        branch = spec.git_branch if left == 1 else f"{spec.git_branch}~{left - 1}"
        past = Deployment(
            stack_uid=spec.uid,
            user="ci@example.com",
            via="api",
            git_ref=spec.git_branch,
            git_hash=None if spec.docker else derived_hash(spec.uid, branch),
            user_reference=None,
            fate="success",
            duration=usual * random.uniform(0.85, 1.15),
        )
        yield left * _GAP_SECONDS, past
