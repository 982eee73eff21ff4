"""How single inputs are read: from INPUT_… by actions-toolkit, checked; every error names its input."""

import re
from enum import StrEnum
from typing import TypeVar

from actions_toolkit import core

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.model.duration import format_duration, parse_duration
from cloud66_redeploy.model.git import misfit_of, plain_ref, problem_with
from cloud66_redeploy.model.reference import LONGEST
from cloud66_redeploy.timing import LONGEST_INPUT_SECONDS

Choice = TypeVar("Choice", bound=StrEnum)

HOW_TO_GET_ONE = (
    "Create a personal access token with the scopes public and redeploy at "
    "https://app.cloud66.com/oauth/authorized_applications, save it as a secret, and pass it: "
    "api_token: ${{ secrets.CLOUD66_TOKEN }}."
)
STACK = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
STACK_HELP = "use the stack's UID. In the Cloud 66 dashboard, it is under Settings & Information, Information."
DEPLOYMENT = r"[1-9][0-9]{0,17}"
DEPLOYMENT_HELP = "use a deployment's ID, a number above 0."
_SERVICES_HELP = (
    "use name or name:tag, separated by commas or new lines. The tag is an image tag or a git reference. "
    "Cloud 66 accepts no digest and no full image name."
)


def raw(name: str) -> str:
    """Return an input as it was given, unchecked, without the space around it."""
    return core.get_input(name)


def given(name: str, default: str = "") -> str:
    """Read an input as text, or its default. Raises InputError where it is not valid UTF-8."""
    value = raw(name) or default
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise invalid(name, "use valid UTF-8 text.", value)
    return value


def shown(value: str) -> str:
    """Show what was given in quotes, cut if it is long."""
    return f'"{repr(value if len(value) <= 100 else value[:100] + "…")[1:-1]}"'


def without_secrets(value: str) -> str:
    """Leave out of an address, well-formed or not, what may be secret: a login and the query."""
    return re.sub("//.*@", "//***@", value.partition("?")[0], flags=re.DOTALL) if "//" in value else value


def invalid(name: str, said: str, value: str | None = None) -> InputError:
    """Make the error that shows what was given, and says what is wrong with it or what to use instead."""
    return InputError(name, f"Invalid {name}{'' if value is None else f' {shown(value)}'}: {said}")


def token(name: str, _default: str) -> str:
    """Read a token. The error never shows it. It has been masked by then (`Reporter.mask`)."""
    value = raw(name)
    if not re.fullmatch(r"[!-~]+", value):
        said = "it contains spaces, line breaks or characters that no token has."
        raise invalid(name, f"{said} {HOW_TO_GET_ONE}")
    return value


def choice(words: type[Choice], name: str, default: str) -> Choice:
    """Read one of a few words."""
    value = given(name, default)
    if value not in list(words):
        raise invalid(name, f"use one of {', '.join(words)}.", value)
    return words(value)


def boolean(name: str, default: str) -> bool:
    """Read true or false, in YAML's spellings."""
    value = raw(name) or default
    if value not in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        raise invalid(name, "use true or false.", value)
    return value.lower() == "true"


def seconds(name: str, default: str) -> int:
    """Read a duration with a unit, as seconds; 0 (which can't be given) where there is none."""
    value = given(name, default)
    try:
        duration = parse_duration(value) if value else None
    except ValueError as error:
        raise invalid(name, str(error), value) from None
    if duration is not None and not 1 <= duration <= LONGEST_INPUT_SECONDS:
        raise invalid(name, f"use 1s to {format_duration(LONGEST_INPUT_SECONDS)}.", value)
    return duration or 0


def text(name: str, default: str) -> str:
    """Read any one line."""
    return _one_line(name, given(name, default))


def texts(name: str, default: str) -> str:
    """Read any lines; blank ones are left out."""
    return "\n".join(_one_line(name, line) for line in _parts(r"[\r\n]", given(name, default)))


def lines_like(pattern: str, valid: str, name: str, default: str) -> str:
    """Read lines of a form, if any; blank ones are left out."""
    lines = _parts(r"[\r\n]", given(name, default))
    for line in lines:
        if not re.fullmatch(pattern, line, re.ASCII):
            raise invalid(name, valid, line)
    return "\n".join(lines)


def git_ref(name: str, default: str) -> str:
    """Read a branch, tag or commit; refs/heads/ and refs/tags/ are left out."""
    value = given(name, default)
    ref = plain_ref(value)
    problem = _problem_with(ref) if ref else None
    if problem:
        raise invalid(name, f"it {problem}", value)
    return _one_line(name, ref)


def commit(name: str, default: str) -> str:
    """Read the hash of a commit, possibly abbreviated, in small letters; there may be none."""
    value = given(name, default)
    if value and not re.fullmatch(r"[0-9a-fA-F]{7,40}", value):
        raise invalid(name, "use a commit's hash, 7 to 40 hex digits.", value)
    problem = misfit_of(value)
    if problem:
        raise invalid(name, f"it {problem}", value)
    return value.lower()


def services(name: str, default: str) -> str:
    """Read a list of services, each with or without an image tag or git reference."""
    value = given(name, default)
    entries = _parts(r"[,\r\n]", value)
    if value and not entries:
        raise invalid(name, _SERVICES_HELP, value)
    found: dict[str, str] = {}
    for entry in entries:
        service, tag = _service(name, entry)
        if service in found:
            raise invalid(name, f"{shown(service)} is listed twice. List each service once.")
        found[service] = f"{service}:{tag}" if tag else service
    return ",".join(found.values())


def _problem_with(ref: str) -> str | None:
    broken = problem_with(ref)
    return misfit_of(ref) or (f"{broken} Use a branch, tag or commit." if broken else None)


def _service(name: str, entry: str) -> tuple[str, str]:
    parts = re.fullmatch(r"([A-Za-z0-9][\w.-]*)(:[^:]+)?", entry, re.ASCII)
    if parts is None:
        raise InputError(name, f"Invalid {name} entry {shown(entry)}: {_SERVICES_HELP}")
    tag = plain_ref((parts[2] or "").removeprefix(":"))
    is_image_tag = re.fullmatch(r"\w[\w.-]{0,127}", tag, re.ASCII)
    problem = (misfit_of if is_image_tag else _problem_with)(tag)
    if tag and problem:
        raise InputError(name, f"Invalid {name} entry {shown(entry)}: its tag {problem}")
    return parts[1], _one_line(name, tag)


def _parts(breaks: str, value: str) -> list[str]:
    return [part for part in map(str.strip, re.split(breaks, value)) if part]


def _one_line(name: str, value: str) -> str:
    if not value.isprintable():
        raise invalid(name, "use one line without control or invisible characters.", value)
    return _not_long(name, value)


def _not_long(name: str, value: str) -> str:
    if len(value) > LONGEST:
        raise invalid(name, f"it has {len(value)} characters. Use at most {LONGEST}.", value)
    return value
