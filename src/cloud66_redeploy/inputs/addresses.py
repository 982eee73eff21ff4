"""How the addresses of the API and of the application are read, and which of its statuses are good."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from cloud66_redeploy.inputs.parsers import given, invalid, without_secrets
from cloud66_redeploy.model.health import REDIRECTS

_ADDRESS_HELP = "use an address such as https://app.cloud66.com/api/3, without user, query or fragment."
_HEALTH_CHECK_HELP = (
    "use an address such as https://example.com/health, without user or fragment, or true for the stack's own."
)
_STATUSES_HELP = "use HTTP statuses and ranges, for example 200,204,300-399."
_CLEAR_TEXT = "use https. Only loopback and names without a dot may use http, which sends tokens in clear text."


def api_url(name: str, default: str) -> str:
    """Read the address of an API that may be given a token: it is not sent in clear text to another machine."""
    value = given(name, default)
    parts = _address(name, value, _ADDRESS_HELP)
    if parts.query or "?" in value or "//" in parts.path.rstrip("/"):
        raise invalid(name, _ADDRESS_HELP, value)
    if parts.scheme == "http" and not _stays_near(parts.hostname or ""):
        raise invalid(name, _CLEAR_TEXT, value)
    return value.rstrip("/")


def health_check(name: str, default: str) -> str:
    """Read the address that tells whether the application serves, or "true" for the stack's own; "" for no check."""
    value = given(name, default)
    if value.lower() in {"", "true", "false"}:
        return value.lower().removeprefix("false")
    _address(name, value, _HEALTH_CHECK_HELP)
    return value


def statuses(name: str, default: str) -> tuple[tuple[int, int], ...]:
    """Read a list of HTTP statuses and ranges of them, as pairs of the lowest and the highest."""
    value = given(name, default)
    found: list[tuple[int, int]] = []
    for part in value.split(","):
        match = re.fullmatch(r"\s*([1-5][0-9]{2})\s*(?:-\s*([1-5][0-9]{2})\s*)?", part, re.ASCII)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if low > high:
            raise invalid(name, _STATUSES_HELP, value)
        found.append((low, high))
    if all(low == high and low in REDIRECTS for low, high in found):
        raise invalid(name, "use the status of the page that redirects lead to. They are followed.", value)
    return tuple(found)


def _address(name: str, value: str, valid: str) -> SplitResult:
    """Read an address of the web, without a login or a fragment. The error never shows a login."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = SplitResult("", "", "", "", ""), "", None
    if "@" in parts.netloc or re.search(r"//[^/]*@", value):
        raise invalid(name, f"it contains a user or a password. {valid[:1].upper()}{valid[1:]}")
    is_odd = not re.fullmatch(r"[!-~]+", value) or "\\" in value or "#" in value or port == 0
    if parts.scheme not in {"http", "https"} or is_odd or not _is_host(host):
        raise invalid(name, valid, without_secrets(value))
    return parts


def _is_host(host: str) -> bool:
    try:
        return "%" not in str(ipaddress.ip_address(host))
    except ValueError:
        label = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
        return len(host) <= 253 and re.fullmatch(rf"{label}(\.{label})*\.?", host) is not None


def _stays_near(host: str) -> bool:
    """Tell whether a host is loopback or a name without a dot, as a service container has one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # All digits or 0x…: an IPv4 address in disguise.
        return re.fullmatch(r"[a-z][a-z0-9_-]*", host) is not None
