"""
Connections that tell whether they ever stood.

The HTTP library gives what breaks before and after a request has left the same names. So whatever breaks while a
connection is made is raised as `ConnectFailed` here, past the library's own wrapping: nothing of the request has left.
That holds up to the end of the TLS handshake, and for a proxy's tunnel, too.
"""

from collections.abc import Mapping
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from cloud66_redeploy import __version__
from cloud66_redeploy.api.route import Route

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


class Adapter(HTTPAdapter):
    """The library's way to the network, on connections that tell."""

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
        # It makes its connections later, when a request is sent.
        pool.ConnectionCls = _TlsConnection if pool.scheme == "https" else _Connection
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


def route_to(session: requests.Session, address: str, given_by: str) -> Route:
    """Find out by which way a session gets to an address."""
    settings = session.merge_environment_settings(address, {}, None, None, None)
    proxy, bundle = select_proxy(address, settings["proxies"]), settings["verify"]
    return Route(address, proxy or "", bundle if isinstance(bundle, str) else "", given_by)


def beginning_of(response: requests.Response, most_bytes: int) -> bytes:
    """Read the body of an answer, but no more of it than that."""
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) >= most_bytes:
            break
    return bytes(body[:most_bytes])
