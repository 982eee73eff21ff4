"""Find a stack by its name: exactly, over all pages, and only where no other one can be meant."""

from cloud66_redeploy.api.client import all_stacks
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.parsers import shown
from cloud66_redeploy.model.records import Stack

_MOST_SHOWN = 20


def find_stack(transport: Transport, name: str, environment: str) -> Stack:
    """
    Find the one stack of a name (and an environment, unless that is "").

    Raises:
        InputError: there is none, or there are several; it lists them.
        ApiError: as `client.all_stacks`.

    """
    # While pages are read, stacks that come or go move others from one page to the next: a UID may come twice.
    stacks = list({stack.uid: stack for stack in all_stacks(transport)}.values())
    named = [stack for stack in stacks if stack.text("name") == name]
    found = [stack for stack in named if environment in {"", stack.text("environment")}]
    if len(found) == 1:
        return found[0]
    if found:
        said = f"is {shown(name)}, but {len(found)} stacks have that name{' and environment' if environment else ''}."
        raise InputError(
            "stack_name", said, f"Give {'' if environment else 'stack_environment, or '}stack_id: {_listed(found)}."
        )
    if named:
        said = f"is {shown(environment)}, but no stack named {shown(name)} has that environment."
        raise InputError("stack_environment", said, _there(named))
    raise InputError("stack_name", f"is {shown(name)}, but this token can see no stack of that name.", _there(stacks))


def _there(stacks: list[Stack]) -> str:
    return f"There are: {_listed(stacks)}." if stacks else "This token can see no stack at all."


def _listed(stacks: list[Stack]) -> str:
    lines = sorted(
        f"{_cut(stack.text('name'))} ({_cut(stack.text('environment'))}), UID {stack.uid}" for stack in stacks
    )
    more = len(lines) - _MOST_SHOWN
    return "; ".join(lines[:_MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _cut(text: str) -> str:
    longest = 30
    return text if len(text) <= longest else f"{text[:longest]}…"
