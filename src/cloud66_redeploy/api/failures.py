"""
What it means that a call brought no answer: the table of what the HTTP library raises.

Only what surely never left is `NotSent`, and what can't work is `Unusable`: the connection did not stand
(`ConnectFailed`), or the class is raised before there is one. Whatever is not in the table is a lost answer.
"""

import re
import socket
import ssl
from http.client import BadStatusLine, HTTPException, InvalidURL, LineTooLong, RemoteDisconnected, UnknownProtocol
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from requests import exceptions as broken
from urllib3 import exceptions as low
from urllib3.util.ssl_match_hostname import CertificateError

from cloud66_redeploy.api.connecting import REFUSED_TUNNEL, ConnectFailed, Route
from cloud66_redeploy.errors import AnswerLost, ApiError, Blame, Clue, NotSent, NotTheApi, Obstructed, Unusable

_Classes = tuple[type[Exception], ...]

_INVALID: _Classes = (broken.InvalidURL, broken.InvalidSchema, broken.MissingSchema, InvalidURL)


class _Row(NamedTuple):
    """What one kind of exception means; `text` is how its words have to begin, a regular expression."""

    classes: _Classes
    kind: type[ApiError]
    blame: Blame = Blame.NETWORK
    text: str = ""


_NO_CONNECTION = (
    # The peer has shown its certificate, and was told nothing.
    _Row((ssl.SSLCertVerificationError, CertificateError), Obstructed, Blame.CERTIFICATE),
    # The handshake was cut off.
    _Row((ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError), NotSent),
    # The greeting was answered with something else than TLS, or the two can't agree.
    _Row((ssl.SSLError,), Obstructed, Blame.TLS),
    # The library says so of a bundle that it can't load, requests of one that isn't there.
    _Row((low.SSLError,), Unusable, Blame.BUNDLE),
    _Row((OSError,), Unusable, Blame.BUNDLE, "Could not find a suitable TLS CA certificate bundle"),
    # Resolvers start late; a wrong name stays wrong.
    _Row((low.NameResolutionError, socket.gaierror), Obstructed, Blame.NAME),
    # Refused, unreachable, or not there in time.
    _Row((low.NewConnectionError, low.ConnectTimeoutError, broken.ConnectTimeout), NotSent),
    # An address, a port, a scheme or a header that there can't be; the library trips over some with a TypeError.
    _Row((*_INVALID, ValueError, OverflowError, TypeError), Unusable, Blame.ADDRESS),
    # The proxy doesn't open a tunnel, for a moment or for good.
    _Row((OSError,), NotSent, Blame.NETWORK, f"{REFUSED_TUNNEL}(408|429|500|502|503|504|5[1-9].)"),
    _Row((OSError,), Obstructed, Blame.PROXY_ANSWER, REFUSED_TUNNEL),
    # The proxy hung up, or it speaks something else than HTTP.
    _Row((RemoteDisconnected,), NotSent),
    _Row((HTTPException,), Obstructed, Blame.PROXY_ANSWER),
    # A socket that broke.
    _Row((OSError,), NotSent),
)
"""What breaks while a connection is made, the first row that fits: nothing of the request has left."""

_BEFORE_ANY: _Classes = (
    ssl.SSLCertVerificationError,
    low.NewConnectionError,
    low.ConnectTimeoutError,
    broken.ConnectTimeout,
    low.LocationValueError,
    low.ProxySchemeUnsupported,
    *_INVALID,
)
"""What is raised only before a connection stands, so that it means the same wherever it comes from."""

_NO_HTTP: _Classes = (BadStatusLine, UnknownProtocol, LineTooLong)
_OF_PROXY = {Blame.NAME: Blame.PROXY_NAME, Blame.TLS: Blame.PROXY_TLS, Blame.ADDRESS: Blame.PROXY}

_SAID = {
    Blame.ADDRESS: "the address in {where} can't be used",
    Blame.NAME: "the name {host} does not resolve ({text})",
    Blame.TLS: "the server does not answer with TLS ({text})",
    Blame.CERTIFICATE: "{peer}'s certificate could not be verified ({text})",
    Blame.BUNDLE: "the server's certificate could not be verified: {where} names {bundle}",
    Blame.PROXY: "the proxy in {where} can't be used: it is no address of http:// or https://",
    Blame.PROXY_NAME: "the name of the proxy in {where} does not resolve",
    Blame.PROXY_TLS: "the proxy in {where} does not answer with TLS ({text})",
    Blame.PROXY_ANSWER: "the proxy in {where} does not let the call through: {text}",
}
"""Without `{text}` where the exception's own words may hold a part of the proxy's address, and with it the password."""


BREAKS = (ConnectFailed, OSError, ValueError, HTTPException, low.HTTPError)
"""All that a call can break with. The last three: the reader of HTTP trips over some kinds of nonsense with them."""


def failure_of(call: str, error: Exception, route: Route) -> ApiError:
    """Say what it means that a call brought no answer."""
    if isinstance(error, ConnectFailed):
        return _not_connected(call, error.cause, route, at_proxy=error.at_proxy)
    cause = innermost(error)
    if isinstance(cause, _BEFORE_ANY):
        return _not_connected(call, cause, route, at_proxy=False)
    said = route.hide(_words_of(cause))
    if isinstance(cause, _NO_HTTP) and not isinstance(cause, RemoteDisconnected):
        return NotTheApi(call, f"an answer that is not HTTP ({said})", clue=Clue(Blame.STRANGER, route.address))
    return AnswerLost(call, said)


def _not_connected(call: str, cause: Exception, route: Route, *, at_proxy: bool) -> ApiError:
    fitting = (row for row in _NO_CONNECTION if isinstance(cause, row.classes) and re.match(row.text, str(cause)))
    row = next(fitting, _Row((), AnswerLost))
    kind, blame = row.kind, _OF_PROXY.get(row.blame, row.blame) if at_proxy else row.blame
    if blame is Blame.CERTIFICATE and Path(route.bundle or __file__).is_dir():
        # The library looks for the names of hashes there, and trusts nobody where it finds none.
        kind, blame = Unusable, Blame.BUNDLE
    text = route.hide(_words_of(cause))
    where = route.proxy_variable if at_proxy else route.given_by
    if blame is Blame.BUNDLE:
        where = route.bundle_variable
    peer = f"the proxy in {where}" if at_proxy else "the server"
    said = f"{peer}: {text}" if at_proxy else text
    if blame in _SAID:
        host = urlsplit(route.address).hostname
        said = _SAID[blame].format(where=where, text=text, host=host, peer=peer, bundle=route.fault_of_bundle())
    return kind(call, said, clue=Clue(blame, where))


def innermost(error: Exception) -> Exception:
    """Return what broke, out of what the libraries wrap around it."""
    # The libraries wrap what broke up to four times.
    parts = (getattr(error, "reason", None), *reversed(error.args))
    inner = next((part for part in parts if isinstance(part, Exception)), None)
    return error if inner is None else innermost(inner)


def _words_of(error: Exception) -> str:
    """Return an exception's own words, without the address that the library puts in front of them."""
    if isinstance(error, low.NewConnectionError | low.ConnectTimeoutError) and error.__cause__ is not None:
        return str(error.__cause__)
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    last = error.args[-1] if error.args else ""
    text = last if isinstance(last, str) else str(error)
    # "HTTPConnection(host='…', port=443): Failed to establish …"
    text = text.rpartition("): ")[2].removeprefix(REFUSED_TUNNEL)
    return " ".join(text.split()) or type(error).__name__
