"""What the step was asked for: read once from INPUT_… by actions-toolkit, checked, and frozen."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from actions_toolkit import core

from cloud66_redeploy.duration import format_duration, parse_duration
from cloud66_redeploy.errors import InputError
from cloud66_redeploy.gitref import is_full_hash, problem_with
from cloud66_redeploy.reference import LONGEST, derive_reference

_HOW_TO_GET_ONE = (
    "Make a personal access token in the Cloud 66 dashboard (Account, Authorized Applications) with the scopes "
    "'public' and 'redeploy', store it as a secret and pass it: api_token: ${{ secrets.CLOUD66_TOKEN }}. "
    "Workflows started from a fork get no secrets."
)
_STACK_HELP = "Give the stack's UID; it stands on the stack's information page in the Cloud 66 dashboard."
_SERVICE = re.compile(r"[A-Za-z0-9][\w.-]*(:\w[\w.-]{0,127})?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_DAY_SECONDS = 24 * 3600
_DEFAULTS = {
    "wait": "true",
    "timeout": "30m",
    "poll_interval": "30s",
    "cancel_on_abort": "true",
    "cancel_on_timeout": "false",
    "api_url": "https://app.cloud66.com/api/3",
}


@dataclass(frozen=True)
class Inputs:
    """The inputs, checked. Empty text where one was not given; durations in seconds."""

    api_token: str = field(repr=False)
    stack_id: str
    git_ref: str
    services: str
    profile: str
    user_reference: str
    wait: bool
    timeout_seconds: int
    queue_timeout_seconds: int
    poll_interval_seconds: int
    cancel_on_abort: bool
    cancel_on_timeout: bool
    expected_commit: str
    api_url: str

    @property
    def options(self) -> dict[str, str]:
        """The redeploy call's options, by the API's names."""
        return _options(self.git_ref, self.services, self.profile) | {"user_reference": self.user_reference}

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Inputs":
        """
        Read and check every input.

        Args:
            environ: the step's environment, for what the reference is derived from.

        Raises:
            InputError: the first input that can't be used.

        """
        token = api_token()
        stack_id = _matching("stack_id", r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", _STACK_HELP)
        git_ref, services, profile = _git_ref(), _services(), _text("profile")
        if git_ref and services:
            raise InputError(
                "services",
                f"was given together with git_ref ({_shown(git_ref)}).",
                "git_ref is for stacks built from git, services for Docker stacks: give one of the two.",
            )
        timeout = _seconds("timeout")
        asked_for = _options(git_ref, services, profile) | {"stack_id": stack_id}
        return cls(
            api_token=token,
            stack_id=stack_id,
            git_ref=git_ref,
            services=services,
            profile=profile,
            user_reference=_text("user_reference") or derive_reference(environ, asked_for),
            wait=_boolean("wait"),
            timeout_seconds=timeout,
            queue_timeout_seconds=_seconds("queue_timeout", default=timeout),
            poll_interval_seconds=_seconds("poll_interval"),
            cancel_on_abort=_boolean("cancel_on_abort"),
            cancel_on_timeout=_boolean("cancel_on_timeout"),
            expected_commit=_expected_commit(git_ref),
            api_url=_api_url(),
        )


def api_token() -> str:
    """
    Read the token. Whoever reads it masks it first (`report.mask`).

    Raises:
        InputError: it is missing or can't be a token. The error never shows it.

    """
    token = core.get_input("api_token")
    if not token:
        raise InputError("api_token", "is empty.", _HOW_TO_GET_ONE)
    if not re.fullmatch(r"[!-~]+", token):
        raise InputError("api_token", "holds spaces, line breaks or characters that no token has.", _HOW_TO_GET_ONE)
    return token


def _options(git_ref: str, services: str, profile: str) -> dict[str, str]:
    options = {"git_ref": git_ref, "services": services, "deployment_profile": profile}
    return {name: value for name, value in options.items() if value}


def _given(name: str) -> str:
    value = core.get_input(name) or _DEFAULTS.get(name, "")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InputError(name, f"was given as {_shown(value)}.", "It has to be valid UTF-8 text.")
    return value


def _shown(value: str) -> str:
    longest = 100
    return repr(value if len(value) <= longest else value[:longest] + "…")


def _text(name: str) -> str:
    value = _given(name)
    if not value.isprintable():
        raise InputError(name, f"was given as {_shown(value)}.", "It has to be one line without control characters.")
    if len(value) > LONGEST:
        raise InputError(name, f"has {len(value)} characters: {_shown(value)}.", f"At most {LONGEST} are allowed.")
    return value


def _matching(name: str, pattern: str, valid: str) -> str:
    value = _given(name)
    if not value:
        raise InputError(name, "is empty.", valid)
    if not re.fullmatch(pattern, value, re.ASCII):
        raise InputError(name, f"was given as {_shown(value)}.", valid)
    return value


def _boolean(name: str) -> bool:
    try:
        return core.get_boolean_input(name) if core.get_input(name) else _DEFAULTS[name] == "true"
    except TypeError:
        raise InputError(name, f"was given as {_shown(core.get_input(name))}.", "Valid are true and false.") from None


def _seconds(name: str, default: int | None = None) -> int:
    value = _given(name)
    if not value and default is not None:
        return default
    try:
        seconds = parse_duration(value)
    except ValueError as error:
        raise InputError(name, f"was given as {_shown(value)}, which", str(error)) from None
    if not 1 <= seconds <= _DAY_SECONDS:
        raise InputError(name, f"was given as {_shown(value)}.", f"Valid are 1s to {format_duration(_DAY_SECONDS)}.")
    return seconds


def _git_ref() -> str:
    value = _given("git_ref")
    problem = problem_with(value) if value else None
    if problem:
        raise InputError("git_ref", f"was given as {_shown(value)}, which", f"{problem} Give a branch, tag or commit.")
    if len(value) > LONGEST:
        raise InputError("git_ref", f"has {len(value)} characters: {_shown(value)}.", f"At most {LONGEST} are allowed.")
    return value


def _services() -> str:
    value = _given("services")
    entries = [entry for entry in (part.strip() for part in re.split(r"[,\r\n]", value)) if entry]
    valid = "Write name or name:image_tag, separated by commas or new lines."
    if value and not entries:
        raise InputError("services", f"was given as {_shown(value)}, which names no service.", valid)
    names: set[str] = set()
    for entry in entries:
        if not _SERVICE.fullmatch(entry):
            raise InputError("services", f"has the entry {_shown(entry)}.", valid)
        name = entry.partition(":")[0]
        if name in names:
            raise InputError("services", f"names {_shown(name)} twice.", "Each service can be deployed once.")
        names.add(name)
    return ",".join(entries)


def _expected_commit(git_ref: str) -> str:
    if not _given("expected_commit"):
        return git_ref.lower() if is_full_hash(git_ref) else ""
    return _matching("expected_commit", r"[0-9a-fA-F]{7,40}", "Give a commit's hash, 7 to 40 hex digits.").lower()


def _api_url() -> str:
    value = _given("api_url")
    shown = f"was given as {_shown(value)}."
    valid = "Give an address like https://app.cloud66.com/api/3, without user, query or fragment."
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("api_url", shown, valid) from None
    extras = parts.username is not None or parts.query or parts.fragment or "?" in value or "#" in value
    if parts.scheme not in {"http", "https"} or extras or not _is_host(host):
        raise InputError("api_url", shown, valid)
    if not re.fullmatch(r"[!-~]+", value) or "\\" in value or "//" in parts.path.rstrip("/"):
        raise InputError("api_url", shown, valid)
    if parts.scheme == "http" and not _stays_near(host):
        raise InputError("api_url", shown, "The token would travel in clear text: use https (http only to this host).")
    return value.rstrip("/")


def _is_host(host: str) -> bool:
    try:
        return "%" not in str(ipaddress.ip_address(host))
    except ValueError:
        return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))


def _stays_near(host: str) -> bool:
    """Tell whether a host is loopback or a name without a dot, as a service container has one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # All digits or 0x…: an IPv4 address in disguise.
        return re.fullmatch(r"[a-z][a-z0-9_-]*", host) is not None
