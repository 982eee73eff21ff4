"""
Connections that tell whether they ever stood, and the way that they take: proxy and certificate bundle.

The HTTP library gives what breaks before and after a request has left the same names. So whatever breaks while a
connection is made is raised as `ConnectFailed` here, past the library's own wrapping: nothing of the request has left.
That holds up to the end of the TLS handshake, and for a proxy's tunnel, too.
"""

import os
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from queue import Empty, Full, LifoQueue
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import requests
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from cloud66_redeploy import __version__

REFUSED_TUNNEL = "Tunnel connection failed: "
"""How the standard library begins its error where a proxy answers CONNECT with anything but 200."""


class ConnectFailed(Exception):
    """
    A connection did not come to stand, so nothing of the request has left.

    Attributes:
        cause: what kept it.
        at_proxy: it was the proxy, or the way to it.

    """

    def __init__(self, cause: Exception, *, at_proxy: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.at_proxy = at_proxy


class _Connection(HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            # While connecting, only a proxy speaks HTTP.
            speaks = isinstance(error, HTTPException) or str(error).startswith(REFUSED_TUNNEL)
            at_proxy = self.proxy is not None and (speaks or not self.has_connected_to_proxy)
            raise ConnectFailed(error, at_proxy=at_proxy) from error


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Idle(LifoQueue[Any]):
    """
    The idle connections of a pool, without the lock of the library's queue.

    A cancellation or a time limit can interrupt a call anywhere, even just after it took that lock. The lock would
    stay taken, and the next call or the end of the session would wait for it forever.
    """

    def get(self, *_: Any, **__: Any) -> Any:
        """Take the connection that was used last; raise Empty if there is none."""
        try:
            return self.queue.pop()
        except IndexError:
            raise Empty from None

    def put(self, item: Any, *_: Any, **__: Any) -> None:
        """Keep a connection; raise Full if there are enough."""
        if len(self.queue) >= self.maxsize:
            raise Full
        self.queue.append(item)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection
    QueueCls = _Idle


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
    QueueCls = _Idle


_POOLS = {"http": _Pool, "https": _TlsPool}


class Adapter(HTTPAdapter):
    """The library's way to the network, on connections that tell."""

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        """Make what makes the pools."""
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """Make what makes the pools behind a proxy."""
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        """Find the pool for a request; what fails here is the proxy's address."""
        try:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        except Exception as error:
            at_proxy = bool(select_proxy(str(request.url), proxies))
            raise ConnectFailed(error, at_proxy=at_proxy) from error
        assert isinstance(pool, HTTPConnectionPool)
        return pool

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:
        """Tell a pool which certificates to trust; what fails here is the path of the bundle."""
        try:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        except Exception as error:
            raise ConnectFailed(error, at_proxy=False) from error


class Session(requests.Session):
    """
    A session that names this action, reads no body by itself, keeps no cookie and follows no redirect.

    It doesn't even look where a redirect leads: the library would trip over a broken one.
    What breaks before a connection stands comes out of it as `ConnectFailed`.
    """

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, Adapter())
        self.headers["User-Agent"] = f"cloud66-redeploy-action/{__version__}"
        self.stream = True
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none."""


class Route(NamedTuple):
    """
    How calls get to a server: the API, or the application.

    Attributes:
        address: the address that is asked, as an input gives it.
        proxy: the proxy's address, which may hold a user and a password, or "".
        bundle: the path of the certificate bundle, or "" for the one that ships with the action.
        given_by: which input gives the address, in words.
        token: the token that goes along, or "".

    """

    address: str
    proxy: str = ""
    bundle: str = ""
    given_by: str = "the input api_url"
    token: str = ""

    @property
    def proxy_variable(self) -> str:
        """The variable that names the proxy, spelt as it stands in the environment."""
        scheme = urlsplit(self.address).scheme
        return _variable([f"{scheme}_proxy", "all_proxy"], self.proxy)

    @property
    def bundle_variable(self) -> str:
        """The variable that names the certificate bundle: of those that requests reads, the one that counts."""
        return _variable(["requests_ca_bundle", "curl_ca_bundle"], self.bundle)

    @property
    def passes_in_clear(self) -> bool:
        """Whether a proxy could answer in the API's place: without TLS it reads what goes through it."""
        return bool(self.proxy) and self.address.startswith("http:")

    def fault_of_bundle(self) -> str:
        """Name the certificate bundle and say what is wrong with it."""
        path = Path(self.bundle)
        if path.is_dir():
            return f"{path}, which is a directory"
        return f"{path}, which {'holds no certificate that can be read' if path.exists() else 'is not there'}"

    def hide(self, text: str) -> str:
        """Take the token, and the proxy's user and password in every way they may be written, out of a text."""
        login = re.sub("^[a-z][a-z0-9+.-]*://", "", self.proxy, flags=re.IGNORECASE).rpartition("@")[0]
        written = {login, *login.split(":", 1)}
        encoded = b64encode(unquote(login).encode(errors="replace")).decode()
        for form in sorted({self.token, *written, *map(unquote, written), encoded} - {""}, key=len, reverse=True):
            text = text.replace(form, "***")
        return text


def route_to(session: requests.Session, address: str, given_by: str, token: str = "") -> Route:
    """Find out by which way a session gets to an address."""
    settings = session.merge_environment_settings(address, {}, None, None, None)
    proxy, bundle = select_proxy(address, settings["proxies"]), settings["verify"]
    return Route(address, proxy or "", bundle if isinstance(bundle, str) else "", given_by, token)


def beginning_of(response: requests.Response, most_bytes: int) -> bytes:
    """Read the body of an answer, but no more of it than that."""
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) >= most_bytes:
            break
    return bytes(body[:most_bytes])


def _variable(names: Iterable[str], value: str) -> str:
    """Find the variable of one of these names, in any case, that has a value; the first name where none has."""
    first, *_ = names = list(names)
    variables = (key for name in names for key, held in os.environ.items() if key.lower() == name and held == value)
    return next(variables, first.upper())
