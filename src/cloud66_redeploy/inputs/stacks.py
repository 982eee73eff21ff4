"""Which stack a name means: exactly that one, and only where no other one can be meant. Pure."""

from collections.abc import Sequence

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.parsers import shown
from cloud66_redeploy.model.records import Stack

_MOST_SHOWN = 20


def stack_named(name: str, environment: str, stacks: Sequence[Stack]) -> Stack:
    """
    Return the one stack of a name (and an environment, unless that is "") among all that the token can see.

    Raises:
        InputError: there is none, or there are several; it lists them.

    """
    named = [stack for stack in stacks if stack.text("name") == name]
    found = [stack for stack in named if environment in {"", stack.text("environment")}]
    if len(found) == 1:
        return found[0]
    if found:
        named_so = f"{len(found)} stacks are named {shown(name)}{f' in {shown(environment)}' if environment else ''}."
        how = "" if environment else "stack_environment, or "
        raise InputError("stack_name", f"{named_so} Give {how}stack_id. Available: {_listed(found)}.")
    if named:
        said = f"No stack named {shown(name)} has the environment {shown(environment)}."
        raise InputError("stack_environment", f"{said} {_available(named)}")
    raise InputError("stack_name", f"No stack named {shown(name)} is visible to this token. {_available(stacks)}")


def _available(stacks: Sequence[Stack]) -> str:
    return f"Available: {_listed(stacks)}." if stacks else "No stack at all is visible to it."


def _listed(stacks: Sequence[Stack]) -> str:
    lines = sorted(
        f"{_cut(stack.text('name'))} ({_cut(stack.text('environment'))}, UID {stack.uid})" for stack in stacks
    )
    more = len(lines) - _MOST_SHOWN
    return ", ".join(lines[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _cut(text: str) -> str:
    longest = 30
    return text if len(text) <= longest else f"{text[:longest]}…"
