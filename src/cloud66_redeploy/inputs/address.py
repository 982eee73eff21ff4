"""The input api_url: what counts as the address of an API that may be given a token."""

import ipaddress
import re
from urllib.parse import urlsplit

from cloud66_redeploy.errors import InputError
from cloud66_redeploy.inputs.parsers import given, shown

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)


def api_url() -> str:
    """
    Read the API's address.

    Raises:
        InputError: it is none, holds more than an address, or would carry the token in clear text.

    """
    value = given("api_url")
    said = f"was given as {shown(value)}."
    valid = "Give an address like https://app.cloud66.com/api/3, without user, query or fragment."
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("api_url", said, valid) from None
    extras = parts.username is not None or parts.query or parts.fragment or "?" in value or "#" in value
    if parts.scheme not in {"http", "https"} or extras or not _is_host(host):
        raise InputError("api_url", said, valid)
    if not re.fullmatch(r"[!-~]+", value) or "\\" in value or "//" in parts.path.rstrip("/"):
        raise InputError("api_url", said, valid)
    if parts.scheme == "http" and not _stays_near(host):
        raise InputError("api_url", said, "The token would travel in clear text: use https (http only to this host).")
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
