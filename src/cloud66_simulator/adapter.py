"""The door for requests in process: an adapter that calls the account directly, on a clock that a test moves."""

from collections.abc import Mapping
from http.client import RemoteDisconnected, responses
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from requests import ConnectionError as RequestsConnectionError
from requests import ConnectTimeout, PreparedRequest, ReadTimeout, RequestException, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import ProxyError as RequestsProxyError
from urllib3 import HTTPConnectionPool, HTTPResponse
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
from cloud66_simulator.core.account import Account
from cloud66_simulator.core.answers import Answer, Cut
from cloud66_simulator.core.world import Simulator

_SYSTEM_CONNECT_TIMEOUT_SECONDS = 130.0
"""After about this long an operating system gives up connecting by itself."""
_HUNG_UP = RemoteDisconnected("Remote end closed connection without response")
_NO_TUNNEL = OSError("Tunnel connection failed: 403 Forbidden")


class SimulatorAdapter(BaseAdapter):
    """
    Answers a session's requests from a simulator's account; waits happen on the clock.

    Half of the latency passes before the account works on the request, half after it.
    """

    def __init__(self, simulator: Simulator, clock: Sleeper, latency_seconds: float = 0.05) -> None:
        super().__init__()
        self._account = Account(simulator)
        self._clock = clock
        self._builder = HTTPAdapter()
        self.latency_seconds = latency_seconds

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,  # noqa: ANN401 - None, seconds, or a pair of these
        verify: bool | str = True,
        cert: Any = None,  # noqa: ANN401
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request; the clock moves by the latency and by whatever a fault makes it take."""
        del stream, verify, cert, proxies
        self._clock.sleep(self.latency_seconds / 2)
        parts = urlsplit(str(request.url))
        body = request.body or b""
        answer = self._account.answer(
            str(request.method),
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            str(request.headers.get("Authorization", "")),
            body.encode() if isinstance(body, str) else bytes(body),
        )
        connect_timeout, read_timeout = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        self._carry_out(answer, request, connect_timeout, read_timeout)
        self._clock.sleep(self.latency_seconds / 2)
        raw = HTTPResponse(
            body=_Body(answer, self._clock),
            headers=answer.headers,
            status=answer.status,
            reason=responses.get(answer.status),
            preload_content=False,
            decode_content=False,
            request_method=request.method,
            request_url=request.url,
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _carry_out(
        self, answer: Answer, request: PreparedRequest, connect_timeout: float | None, read_timeout: float | None
    ) -> None:
        """Let the answer come late, or raise what requests raises when none comes."""
        cut, delay = answer.disturbance.cut, answer.disturbance.delay_seconds
        if cut == "timeout" or (read_timeout is not None and delay > read_timeout):
            if read_timeout is None:
                raise AssertionError("this request has no read timeout and would wait for ever")
            self._clock.sleep(read_timeout)
            words = f"Read timed out. (read timeout={read_timeout})"
            raise ReadTimeout(ReadTimeoutError(_pool(request), request.path_url, words), request=request)
        if cut == "connect_timeout":
            delay = _SYSTEM_CONNECT_TIMEOUT_SECONDS if connect_timeout is None else connect_timeout
        self._clock.sleep(delay)
        if cut is not None:
            raise _error(cut, request, delay)


class _Body(BytesIO):
    """The body of an answer, whose every byte may take its time."""

    def __init__(self, answer: Answer, clock: Sleeper) -> None:
        super().__init__(answer.body)
        self._clock = clock
        self._seconds = answer.disturbance.drip_seconds

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and let the time pass that it takes."""
        piece = super().read(size)
        self._clock.sleep(len(piece) * self._seconds)
        return piece


def _pool(request: PreparedRequest) -> HTTPConnectionPool:
    parts = urlsplit(str(request.url))
    return HTTPConnectionPool(parts.hostname or "", parts.port)


def _error(cut: Cut, request: PreparedRequest, seconds: float) -> RequestException:
    """Return what requests raises for a cut, after so many seconds."""
    if cut == "cut":
        return RequestsConnectionError(ProtocolError("Connection aborted.", _HUNG_UP), request=request)
    pool = _pool(request)
    connection = HTTPConnection(pool.host, pool.port)
    kind: type[RequestException]
    reason: Exception
    if cut == "refuse":
        kind, words = RequestsConnectionError, "Failed to establish a new connection: [Errno 111] Connection refused"
        reason = NewConnectionError(connection, words)
    elif cut == "connect_timeout":
        kind, words = ConnectTimeout, f"Connection timed out. (connect timeout={seconds})"
        reason = ConnectTimeoutError(connection, words)
    else:
        # The library says the same of both, though only the second surely never left.
        kind, cause = RequestsProxyError, _HUNG_UP if cut == "proxy_cut" else _NO_TUNNEL
        reason = ProxyError("Unable to connect to proxy", cause)
    return kind(MaxRetryError(pool, request.path_url, reason), request=request)
