"""In process: a requests adapter that calls the application directly, on a clock that a test moves."""

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from cloud66_simulator.clock import Sleeper
from cloud66_simulator.silence import Silence
from cloud66_simulator.spoiling import CUT, DELAY, DRIP, PRIVATE, TRUNCATE
from cloud66_simulator.wsgi_call import call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class SimulatorAdapter(BaseAdapter):
    """
    Sends a session's requests into a WSGI application; waits happen on the clock.

    Half of the latency passes before the application works on the request, half after it.
    """

    def __init__(self, app: "WSGIApplication", clock: Sleeper, latency_seconds: float = 0.05) -> None:
        super().__init__()
        self._app = app
        self._clock = clock
        self._builder = HTTPAdapter()
        self.latency_seconds = latency_seconds

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,  # noqa: ANN401 - a float, a pair, or urllib3's own
        verify: bool | str = True,
        cert: Any = None,  # noqa: ANN401
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request; the clock moves by the latency and by whatever a fault makes it take."""
        del stream, verify, cert, proxies
        connect_timeout, read_timeout = _timeouts(timeout)
        self._clock.sleep(self.latency_seconds / 2)
        status, headers, body = call(self._app, request)
        trouble = Silence(request, self._clock)
        private = {name.lower(): value for name, value in headers if name.lower() in PRIVATE} if _told(headers) else {}
        if private:
            headers = [(name, value) for name, value in headers if name.lower() not in PRIVATE]
            trouble.no_answer(private.get(CUT.lower()), connect_timeout, read_timeout)
            trouble.delay(float(private.get(DELAY.lower(), "0")), read_timeout)
        self._clock.sleep(self.latency_seconds / 2)
        sink = _DrippingBody(body, self._clock, float(private[DRIP.lower()])) if DRIP.lower() in private else None
        return self._response(request, status, _lengthened(headers, private), sink or BytesIO(body))

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _response(
        self, request: PreparedRequest, status: str, headers: list[tuple[str, str]], body: BytesIO
    ) -> Response:
        code, _, reason = status.partition(" ")
        raw = HTTPResponse(
            body=body,
            headers=HTTPHeaderDict(headers),
            status=int(code),
            reason=reason,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
            request_url=request.url,
        )
        return self._builder.build_response(request, raw)


class _DrippingBody(BytesIO):
    """A body whose every byte takes its time."""

    def __init__(self, body: bytes, clock: Sleeper, seconds: float) -> None:
        super().__init__(body)
        self._clock = clock
        self._seconds = seconds

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and let the time pass that it takes."""
        piece = super().read(size)
        self._clock.sleep(len(piece) * self._seconds)
        return piece


def _timeouts(timeout: Any) -> tuple[float | None, float | None]:  # noqa: ANN401
    """Return the connect and the read timeout in seconds; None is for ever."""
    if timeout is None or isinstance(timeout, int | float):
        return timeout, timeout
    if isinstance(timeout, tuple):
        return timeout[0], timeout[1]
    return timeout.connect_timeout, timeout.read_timeout


def _told(headers: list[tuple[str, str]]) -> bool:
    return any(name.startswith("X-Stand-In-") for name, _ in headers)


def _lengthened(headers: list[tuple[str, str]], private: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers with a Content-Length that promises too much, if a fault says so."""
    extra = int(private.get(TRUNCATE.lower(), "0"))
    if not extra:
        return headers
    return [(name, str(int(value) + extra) if name == "Content-Length" else value) for name, value in headers]
