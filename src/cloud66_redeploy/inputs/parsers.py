"""How single inputs are read: from INPUT_… by actions-toolkit, checked; every error names its input."""

import re
from collections.abc import Iterable, Mapping

from actions_toolkit import core

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.model.duration import format_duration, parse_duration
from cloud66_redeploy.model.git import is_full_hash, misfit_of, plain_ref, problem_with
from cloud66_redeploy.model.reference import LONGEST

_HOW_TO_GET_ONE = (
    "Make a personal access token in the Cloud 66 dashboard (Account, Authorized Applications) with the scopes "
    "'public' and 'redeploy', store it as a secret and pass it: api_token: ${{ secrets.CLOUD66_TOKEN }}."
)
_DEPENDABOT = (
    "Runs that Dependabot starts get only its own secrets: "
    "store the token under Settings, Secrets and variables, Dependabot, too."
)
_NOT_PASSED = (
    "Workflows started from a fork get no secrets. "
    "An environment's secret is there only with environment: in the job. "
    "A reusable workflow gets no secrets unless its caller says secrets: inherit."
)
_STACK = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
STACK_HELP = "Give the stack's UID; it stands on the stack's information page in the Cloud 66 dashboard."
_SERVICE = re.compile(r"([A-Za-z0-9][\w.-]*)(:[^:]+)?", re.ASCII)
_IMAGE_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_SERVICES = (
    "Write name or name:tag, separated by commas or new lines. The tag is an image tag or a git reference. "
    "Cloud 66 takes no digest and no full image name."
)
_DAY_SECONDS = 24 * 3600
_DEFAULTS = {
    "command": "redeploy",
    "on_busy": "queue",
    "rollback": "false",
    "dry_run": "false",
    "log": "on_failure",
    "wait": "true",
    "timeout": "30m",
    "poll_interval": "30s",
    "cancel_on_abort": "true",
    "cancel_on_timeout": "false",
    "api_url": "https://app.cloud66.com/api/3",
}


def api_token(environ: Mapping[str, str]) -> str:
    """
    Read the token. Whoever reads it masks it first (`report.mask`).

    Args:
        environ: the step's environment, which tells why it may be empty (GITHUB_…).

    Raises:
        InputError: it is missing or can't be a token. The error never shows it.

    """
    token = core.get_input("api_token")
    if not token:
        actors = [environ.get(name) for name in ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR")]
        why = _DEPENDABOT if "dependabot[bot]" in actors else _NOT_PASSED
        raise InputError("api_token", "is empty.", f"{why} {_HOW_TO_GET_ONE}")
    if not re.fullmatch(r"[!-~]+", token):
        raise InputError("api_token", "holds spaces, line breaks or characters that no token has.", _HOW_TO_GET_ONE)
    return token


def given(name: str) -> str:
    """Read an input as text, or its default. Raises InputError where it is not valid UTF-8."""
    value = core.get_input(name) or _DEFAULTS.get(name, "")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InputError(name, f"was given as {shown(value)}.", "It has to be valid UTF-8 text.")
    return value


def is_default(name: str) -> bool:
    """Tell whether an input was not given, or given as its default: the runner passes the defaults on."""
    return core.get_input(name).lower() in {"", _DEFAULTS.get(name, "")}


def shown(value: str) -> str:
    """Show what was given, cut if it is long."""
    longest = 100
    return repr(value if len(value) <= longest else value[:longest] + "…")


def choice(name: str, choices: Iterable[str]) -> str:
    """Read an input that is one of a few words."""
    value = given(name)
    if value not in choices:
        raise InputError(name, f"was given as {shown(value)}.", f"Valid are {', '.join(choices)}.")
    return value


def text(name: str) -> str:
    """Read an input that is any one line."""
    return _one_line(name, given(name))


def texts(name: str) -> list[str]:
    """Read an input that is any text a line."""
    return [_one_line(name, line) for line in _lines(name)]


def numbers(name: str) -> list[int]:
    """Read an input that is an id a line."""
    found = _lines(name)
    for line in found:
        if not re.fullmatch("[1-9][0-9]{0,17}", line, re.ASCII):
            raise InputError(name, f"was given as {shown(line)}.", "Give a deployment's id: a number above 0.")
    return [int(line) for line in found]


def stack_ids() -> list[str]:
    """Read the UIDs of stacks, one a line; there may be none."""
    found = _lines("stack_id")
    for line in found:
        if not re.fullmatch(_STACK, line, re.ASCII):
            raise InputError("stack_id", f"was given as {shown(line)}.", STACK_HELP)
    return found


def matching(name: str, pattern: str, valid: str) -> str:
    """Read an input of a form."""
    value = given(name)
    if not re.fullmatch(pattern, value, re.ASCII):
        raise InputError(name, f"was given as {shown(value)}.", valid)
    return value


def boolean(name: str) -> bool:
    """Read true or false."""
    try:
        return core.get_boolean_input(name) if core.get_input(name) else _DEFAULTS[name] == "true"
    except TypeError:
        raise InputError(name, f"was given as {shown(core.get_input(name))}.", "Valid are true and false.") from None


def seconds(name: str, default: int | None = None) -> int:
    """Read a duration with a unit, as seconds."""
    value = given(name)
    if not value and default is not None:
        return default
    try:
        found = parse_duration(value)
    except ValueError as error:
        raise InputError(name, f"was given as {shown(value)}, which", str(error)) from None
    if not 1 <= found <= _DAY_SECONDS:
        raise InputError(name, f"was given as {shown(value)}.", f"Valid are 1s to {format_duration(_DAY_SECONDS)}.")
    return found


def git_ref() -> str:
    """Read a branch, tag or commit; refs/heads/ and refs/tags/ are left out."""
    value = given("git_ref")
    ref = plain_ref(value)
    problem = _problem_with(ref) if ref else None
    if problem:
        raise InputError("git_ref", f"was given as {shown(value)}, which", problem)
    return _not_long("git_ref", ref)


def services() -> str:
    """Read a list of services, each with or without an image tag or git reference."""
    value = given("services")
    entries = [entry for entry in (part.strip() for part in re.split(r"[,\r\n]", value)) if entry]
    if value and not entries:
        raise InputError("services", f"was given as {shown(value)}, which names no service.", _SERVICES)
    found: dict[str, str] = {}
    for entry in entries:
        name, tag = _service(entry)
        if name in found:
            raise InputError("services", f"names {shown(name)} twice.", "Each service can be deployed once.")
        found[name] = f"{name}:{tag}" if tag else name
    return ",".join(found.values())


def expected_commit(ref: str) -> str:
    """Read the commit to be expected; a ref that is a full hash is one."""
    if not given("expected_commit"):
        return ref.lower() if is_full_hash(ref) else ""
    commit = matching("expected_commit", r"[0-9a-fA-F]{7,40}", "Give a commit's hash, 7 to 40 hex digits.").lower()
    problem = misfit_of(commit)
    if problem:
        raise InputError("expected_commit", f"was given as {shown(commit)}, which", problem)
    return commit


def _problem_with(ref: str) -> str | None:
    """Say why a ref can't be deployed, and what to give, or None where it may be."""
    broken = problem_with(ref)
    return misfit_of(ref) or (f"{broken} Give a branch, tag or commit." if broken else None)


def _service(entry: str) -> tuple[str, str]:
    """Return a service's name and its tag or reference, or ""."""
    parts = _SERVICE.fullmatch(entry)
    if parts is None:
        raise InputError("services", f"has the entry {shown(entry)}.", _SERVICES)
    tag = plain_ref((parts[2] or "").removeprefix(":"))
    is_plain = not tag or (_IMAGE_TAG.fullmatch(tag) and not misfit_of(tag))
    problem = None if is_plain else _problem_with(tag)
    if problem:
        raise InputError("services", f"has the entry {shown(entry)}, whose tag {problem}", _SERVICES)
    return parts[1], _not_long("services", tag)


def _lines(name: str) -> list[str]:
    return [line for line in (part.strip() for part in re.split(r"[\r\n]", given(name))) if line]


def _one_line(name: str, value: str) -> str:
    if not value.isprintable():
        raise InputError(name, f"was given as {shown(value)}.", "It has to be one line without control characters.")
    return _not_long(name, value)


def _not_long(name: str, value: str) -> str:
    if len(value) > LONGEST:
        raise InputError(name, f"has {len(value)} characters: {shown(value)}.", f"At most {LONGEST} are allowed.")
    return value
