"""How lines of inputs become deployments; those that don't go together are in bad_commands.py."""

import pytest

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.targets import MOST_TARGETS, Target, targets_of

LINES: list[tuple[list[str], list[str], list[int], list[Target]]] = [
    (["s"], ["a"], [], [Target("s", "a")]),
    (["s"], [], [1], [Target("s", "", 1)]),
    (["s"], ["a"], [1], [Target("s", "a", 1)]),
    (["s"], [], [], [Target("s")]),
    ([], ["a", "b"], [], [Target("", "a"), Target("", "b")]),
    (["s"], ["a", "b"], [], [Target("s", "a"), Target("s", "b")]),
    (["s", "t"], ["a"], [], [Target("s", "a"), Target("t", "a")]),
    (["s", "t"], ["a", "b"], [], [Target("s", "a"), Target("t", "b")]),
    (["s"], ["a"], [1, 2], [Target("s", "a", 1), Target("s", "a", 2)]),
    (["s", "t"], [], [1, 1], [Target("s", "", 1), Target("t", "", 1)]),
    (["s", "s"], ["a", "b"], [2, 1], [Target("s", "a", 2), Target("s", "b", 1)]),
]


@pytest.mark.parametrize(("stacks", "references", "numbers", "targets"), LINES)
def test_targets(stacks: list[str], references: list[str], numbers: list[int], targets: list[Target]) -> None:
    """A single line is for all, several are for one each, and what is not given is not meant."""
    assert list(targets_of(stacks, references, numbers)) == targets


def test_fifty_are_allowed() -> None:
    """So many deployments can be waited for in one step."""
    assert len(targets_of(["s"], [str(one) for one in range(MOST_TARGETS)], [])) == MOST_TARGETS == 50


TOO_MANY = [str(one) for one in range(1, MOST_TARGETS + 2)]


@pytest.mark.parametrize(
    ("stacks", "references", "numbers", "name"),
    [
        (["s"], TOO_MANY, [], "user_reference"),
        (["s"], [], TOO_MANY, "deployment_id"),
        (["s"], ["a"], TOO_MANY, "deployment_id"),
        (TOO_MANY, ["a"], [], "stack_id"),
    ],
)
def test_of_too_many_the_input_is_named(
    stacks: list[str], references: list[str], numbers: list[str], name: str
) -> None:
    """The error names the input that has so many lines."""
    with pytest.raises(InputError, match=f"Input {name}: has 51 lines. At most 50 deployments are allowed."):
        targets_of(stacks, references, [int(one) for one in numbers])
