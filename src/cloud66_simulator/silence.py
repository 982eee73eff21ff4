"""What requests raises when no answer comes; the waiting happens on the clock."""

from http.client import RemoteDisconnected
from typing import NoReturn
from urllib.parse import urlsplit

from requests import ConnectionError as RequestsConnectionError
from requests import ConnectTimeout, PreparedRequest, ReadTimeout
from requests.exceptions import ProxyError as RequestsProxyError
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
)

from cloud66_simulator.clock import Sleeper

_SYSTEM_CONNECT_TIMEOUT_SECONDS = 130.0
"""After about this long an operating system gives up connecting by itself."""


_OF_PROXIES = {
    "proxy_cut": ("Unable to connect to proxy", RemoteDisconnected("Remote end closed connection without response")),
    "tunnel_refused": ("Unable to connect to proxy", OSError("Tunnel connection failed: 403 Forbidden")),
}
"""The library says the same of both, though only the second surely never left."""


class Silence:
    """Raises what requests raises when no answer comes."""

    def __init__(self, request: PreparedRequest, clock: Sleeper) -> None:
        self._request = request
        self._clock = clock

    def no_answer(self, how: str | None, connect_timeout: float | None, read_timeout: float | None) -> None:
        """Raise if the connection is cut, refused or silent; the timeouts are in seconds."""
        if how == "cut":
            broken = ProtocolError(
                "Connection aborted.",
                RemoteDisconnected("Remote end closed connection without response"),
            )
            raise RequestsConnectionError(broken, request=self._request)
        if how == "timeout":
            self._read_timeout(read_timeout)
        if how == "refuse":
            refused = NewConnectionError(
                self._connection(), "Failed to establish a new connection: [Errno 111] Connection refused"
            )
            raise RequestsConnectionError(self._given_up(refused), request=self._request)
        if how in _OF_PROXIES:
            words, reason = _OF_PROXIES[how]
            raise RequestsProxyError(self._given_up(ProxyError(words, reason)), request=self._request)
        if how == "connect_timeout":
            seconds = _SYSTEM_CONNECT_TIMEOUT_SECONDS if connect_timeout is None else connect_timeout
            self._clock.sleep(seconds)
            late = ConnectTimeoutError(self._connection(), f"Connection timed out. (connect timeout={seconds})")
            raise ConnectTimeout(self._given_up(late), request=self._request)

    def delay(self, seconds: float, read_timeout: float | None) -> None:
        """Wait, or raise if that is longer than the client waits; both in seconds."""
        if read_timeout is not None and seconds > read_timeout:
            self._read_timeout(read_timeout)
        self._clock.sleep(seconds)

    def _read_timeout(self, seconds: float | None) -> NoReturn:
        if seconds is None:
            raise AssertionError("this request has no read timeout and would wait for ever")
        self._clock.sleep(seconds)
        late = ReadTimeoutError(self._pool(), self._url(), f"Read timed out. (read timeout={seconds})")
        raise ReadTimeout(late, request=self._request)

    def _given_up(self, reason: Exception) -> MaxRetryError:
        return MaxRetryError(self._pool(), self._url(), reason)

    def _url(self) -> str:
        return self._request.path_url

    def _pool(self) -> HTTPConnectionPool:
        parts = urlsplit(str(self._request.url))
        return HTTPConnectionPool(parts.hostname or "", parts.port)

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(str(self._request.url))
        return HTTPConnection(parts.hostname or "", parts.port)
