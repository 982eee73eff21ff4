"""The door for requests in process: an adapter that calls the account directly, on a clock that a test moves."""

from collections.abc import Callable
from http.client import IncompleteRead, RemoteDisconnected, responses
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from requests import PreparedRequest, RequestException, Response
from requests import exceptions as broken
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3 import exceptions as low
from urllib3.connection import HTTPConnection

from cloud66_simulator.core import account
from cloud66_simulator.core.answers import Answer
from cloud66_simulator.core.world import Simulator

_LATENCY_SECONDS = 0.05
_POOL, _CONNECTION = HTTPConnectionPool("stand-in"), HTTPConnection("stand-in")
_TIMEOUTS = ("timeout_undone", "timeout_done")
_HUNG_UP = RemoteDisconnected("Remote end closed connection without response")


class SimulatorAdapter(HTTPAdapter):
    """
    Answers a session's requests, which need a timeout, from a simulator's account; waits happen by `sleep`.

    Half of the latency of 0.05 s passes before the account works on the request, half after it.
    """

    def __init__(self, simulator: Simulator, sleep: Callable[[float], None]) -> None:
        super().__init__()
        self._simulator = simulator
        self._sleep = sleep

    def send(self, request: PreparedRequest, *_: Any, timeout: Any = None, **_options: Any) -> Response:  # noqa: ANN401
        """Send one request; the clock moves by the latency and by whatever a fault makes it take."""
        self._sleep(_LATENCY_SECONDS / 2)
        parts = urlsplit(str(request.url))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        authorization = request.headers.get("Authorization", "")
        answer = account.answer(self._simulator, str(request.method), unquote(parts.path), query, str(authorization))
        connect_timeout, read_timeout = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        cut, seconds = answer.cut, answer.delay_seconds
        if cut in _TIMEOUTS or seconds > read_timeout:
            cut, seconds = _TIMEOUTS[0], read_timeout
        elif cut == "connect_timeout":
            seconds = connect_timeout
        self._sleep(seconds)
        if cut is not None:
            raise _error(cut, request, seconds)
        self._sleep(_LATENCY_SECONDS / 2)
        raw: Any = _Raw(answer, self._sleep)
        return self.build_response(request, raw)


class _Raw(BytesIO):
    """An answer as the library's own would be: with a body that may take its time or end too early."""

    def __init__(self, answer: Answer, sleep: Callable[[float], None]) -> None:
        super().__init__(answer.body)
        self.status = answer.status
        self.headers = answer.headers
        self.reason = responses.get(answer.status)
        self._sleep = sleep
        self._answer = answer

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and let the time pass that it takes."""
        piece = super().read(size)
        if self._answer.drip_seconds:
            self._sleep(len(piece) * self._answer.drip_seconds)
        if not piece and self._answer.missing_bytes:
            early = IncompleteRead(self._answer.body, self._answer.missing_bytes)
            raise broken.ChunkedEncodingError(low.ProtocolError(f"Connection broken: {early!r}", early))
        return piece


def _error(cut: str, request: PreparedRequest, seconds: float) -> RequestException:
    """Return what requests raises for a fault, after so many seconds."""
    path = request.path_url
    if cut in _TIMEOUTS:
        words = f"Read timed out. (read timeout={seconds})"
        return broken.ReadTimeout(low.ReadTimeoutError(_POOL, path, words), request=request)
    refused = "Failed to establish a new connection: [Errno 111] Connection refused"
    timed_out = f"Connection timed out. (connect timeout={seconds})"
    no_tunnel = OSError("Tunnel connection failed: 403 Forbidden")
    unconnected: dict[str, tuple[type[RequestException], Exception]] = {
        "refuse": (broken.ConnectionError, low.NewConnectionError(_CONNECTION, refused)),
        "connect_timeout": (broken.ConnectTimeout, low.ConnectTimeoutError(_CONNECTION, timed_out)),
        # The library says the same of both, though only the second surely never left.
        "proxy_cut": (broken.ProxyError, low.ProxyError("Unable to connect to proxy", _HUNG_UP)),
        "tunnel_refused": (broken.ProxyError, low.ProxyError("Unable to connect to proxy", no_tunnel)),
    }
    if cut in unconnected:
        kind, reason = unconnected[cut]
        return kind(low.MaxRetryError(_POOL, path, reason), request=request)
    return broken.ConnectionError(low.ProtocolError("Connection aborted.", _HUNG_UP), request=request)
