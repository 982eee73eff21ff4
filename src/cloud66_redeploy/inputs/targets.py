"""Which deployments a step is about that did not ask for them itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud66_redeploy.errors import InputError

MOST_TARGETS = 50
"""So many at once still go round with the hour's calls."""

_EACH = "one for each, in the same order, or a single one for all"


@dataclass(frozen=True)
class Target:
    """
    One deployment, as somebody names it.

    Attributes:
        stack_id: the stack's UID, or "" where the stack is given by its name.
        reference: its user_reference, or "".
        deployment_id: its id, or None. With neither, what the stack is doing now is meant.

    """

    stack_id: str
    reference: str = ""
    deployment_id: int | None = None


def targets_of(stack_ids: Sequence[str], references: Sequence[str], numbers: Sequence[int]) -> tuple[Target, ...]:
    """
    Put the lines of three inputs together.

    Raises:
        InputError: they don't go together, name one deployment twice, or are too many.

    """
    count = max(len(stack_ids), len(references), len(numbers), 1)
    for name, lines in (("stack_id", stack_ids), ("user_reference", references)):
        if len(lines) not in {0, 1, count}:
            raise InputError(name, f"has {len(lines)} lines, where there are {count} deployments.", f"Give {_EACH}.")
    if len(numbers) not in {0, count}:
        # No single one for all: an id is one deployment's alone. An empty output leaves a line out.
        raise InputError(
            "deployment_id", f"has {len(numbers)} lines, where there are {count} deployments.", "Give one for each."
        )
    if count > MOST_TARGETS:
        given = {"user_reference": references, "deployment_id": numbers, "stack_id": stack_ids}
        name = next(one for one, lines in given.items() if len(lines) == count)
        raise InputError(name, f"has {count} lines.", f"At most {MOST_TARGETS} deployments are allowed.")
    found = tuple(
        Target(_of(stack_ids, number, ""), _of(references, number, ""), numbers[number] if numbers else None)
        for number in range(count)
    )
    for number, one in enumerate(found):
        if one in found[:number]:
            raise InputError(
                "deployment_id" if one.deployment_id else "user_reference",
                f"names one deployment twice: {one.deployment_id or one.reference!r}.",
                "Each can be waited for once.",
            )
    return found


def _of(lines: Sequence[str], number: int, nothing: str) -> str:
    return lines[number if len(lines) > 1 else 0] if lines else nothing
