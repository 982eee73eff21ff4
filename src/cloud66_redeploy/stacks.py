"""Find a stack by its name: exactly, over all pages, and only where no other one can be meant."""

from cloud66_redeploy.client import all_stacks
from cloud66_redeploy.deployment import Stack
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.transport import Transport
from cloud66_redeploy.values import shown

_MOST_SHOWN = 20


def find_stack(transport: Transport, name: str, environment: str) -> Stack:
    """
    Find the one stack of a name (and an environment, unless that is "").

    Raises:
        InputError: there is none, or there are several; it lists them.
        ApiError: as `client.all_stacks`.

    """
    stacks = all_stacks(transport)
    named = [one for one in stacks if one.text("name") == name]
    found = [one for one in named if environment in {"", one.text("environment")}]
    if len(found) == 1:
        return found[0]
    given = f"is {shown(name)}{f' with environment {shown(environment)}' if environment else ''}, which"
    if found:
        raise InputError(
            "stack_name",
            f"{given} {len(found)} stacks are called.",
            f"Give environment, or stack_id: {_listed(found)}.",
        )
    if named:
        raise InputError("environment", f"is {shown(environment)}, where {shown(name)} has none.", f"{_there(named)}")
    raise InputError("stack_name", f"{given} no stack is called that this token can see.", _there(stacks))


def _there(stacks: list[Stack]) -> str:
    return f"There are: {_listed(stacks)}." if stacks else "This token can see no stack at all."


def _listed(stacks: list[Stack]) -> str:
    """List names, environments and UIDs, in the order of their names."""
    lines = sorted(f"{one.text('name')} ({one.text('environment')}), UID {one.uid}" for one in stacks)
    more = len(lines) - _MOST_SHOWN
    return "; ".join(lines[:_MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")
