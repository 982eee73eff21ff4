"""Serving for real: carries out on the socket what the application's private headers say."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from cloud66_simulator.spoiling import CUT, DELAY, DRIP, PRIVATE, TRUNCATE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LONGEST_SILENCE_SECONDS = 300.0
_GLANCE_SECONDS = 0.05


class Transport:
    """
    A WSGI application around another one. Its waits are real seconds, whatever the simulator's clock.

    Attributes:
        closing: set it to end all waits, cutting their connections.

    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self.closing = threading.Event()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request, or cut it off."""
        connection: socket.socket = environ["werkzeug.socket"]
        # Read now: bytes left unread would look like a client that hangs up, and would turn a cut into a reset.
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        answered: list[Any] = []

        def collect(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401
            del exc_info
            answered[:] = [status, headers]

        body = b"".join(self._app(environ, collect))
        status, headers = answered
        private = {name.lower(): value for name, value in headers if name.lower() in PRIVATE}
        if (how := private.get(CUT.lower())) is not None:
            self._cut(connection, silently=how in {"timeout", "connect_timeout"})
        self._wait(connection, float(private.get(DELAY.lower(), "0")))
        start_response(status, _honest(headers, int(private.get(TRUNCATE.lower(), "0"))))
        if DRIP.lower() in private:
            return self._drip(connection, body, float(private[DRIP.lower()]))
        return [body]

    def _cut(self, connection: socket.socket, *, silently: bool) -> None:
        """Close the connection without an answer; silently: once the client has given up."""
        if silently:
            waited = 0.0
            while waited < _LONGEST_SILENCE_SECONDS and not self.closing.is_set():
                if select.select([connection], [], [], _GLANCE_SECONDS)[0]:
                    break
                waited += _GLANCE_SECONDS
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("cut by a fault")

    def _wait(self, connection: socket.socket, seconds: float) -> None:
        if seconds > 0 and self.closing.wait(seconds):
            self._cut(connection, silently=False)

    def _drip(self, connection: socket.socket, body: bytes, seconds: float) -> Iterator[bytes]:
        for number in range(len(body)):
            self._wait(connection, seconds)
            yield body[number : number + 1]


def _honest(headers: list[tuple[str, str]], extra: int) -> list[tuple[str, str]]:
    """Return the headers without the private ones, promising so many bytes too many."""
    return [
        (name, str(int(value) + extra) if name.lower() == "content-length" else value)
        for name, value in headers
        if name.lower() not in PRIVATE
    ]
