"""A real server on the loopback interface."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from cloud66_simulator.app import BASE_PATH, create_app
from cloud66_simulator.transport import Transport
from cloud66_simulator.world import Simulator

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - only when it is asked for in full, as a service container needs
_GLANCE_SECONDS = 0.05


@contextmanager
def serve(
    simulator: Simulator,
    host: str = "127.0.0.1",
    port: int = 0,
    ssl_context: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """
    Serve a simulator from a thread and yield the API's base address; port 0 is any free one.

    Raises:
        ValueError: the host is neither a loopback address nor 0.0.0.0.

    """
    check_host(host)
    transport = Transport(create_app(simulator))
    server = _Server(host, port, transport, _QuietHandler, ssl_context=ssl_context)
    thread = threading.Thread(target=server.serve_forever, args=(_GLANCE_SECONDS,), name="stand-in")
    thread.start()
    try:
        shown = "127.0.0.1" if host == _EVERYWHERE else f"[{host}]" if ":" in host else host
        yield f"{'https' if ssl_context else 'http'}://{shown}:{server.port}{BASE_PATH}"
    finally:
        transport.closing.set()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()


def check_host(host: str) -> None:
    """
    Refuse to serve to the network by accident.

    Raises:
        ValueError: the host is neither a loopback address nor 0.0.0.0.

    """
    with suppress(ValueError):
        if host in {"localhost", _EVERYWHERE} or ip_address(host).is_loopback:
            return
    raise ValueError(f"{host} is not a loopback address (0.0.0.0 must be asked for in full)")


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that closing it leaves no thread and no socket behind."""

    daemon_threads = False

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(*args, **options)
        if isinstance(self.socket, ssl.SSLSocket):
            # The handshake belongs in the connection's own thread: here an idle client would hold up all others.
            self.socket.do_handshake_on_connect = False  # type: ignore[attr-defined]
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Note the connection before its thread starts, so that none slips through `hang_up`."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Forget the connection when it is done."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.discard(request)

    def hang_up(self) -> None:
        """Cut all connections."""
        with self._guard:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _QuietHandler(WSGIRequestHandler):
    """Prints nothing: the simulator keeps its own log of requests."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the library's name
        del type, message, args
