"""The door for real sockets: a server on the loopback interface, which carries out the disturbances for real."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from cloud66_simulator.control import CONTROL_PATH, add_control
from cloud66_simulator.core.account import BASE_PATH, Account
from cloud66_simulator.core.world import Simulator

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - only when it is asked for in full, as a service container needs
_GLANCE_SECONDS = 0.05
_LONGEST_SILENCE_SECONDS = 300.0


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
    closing = threading.Event()
    server = _Server(host, port, create_app(simulator, closing), _QuietHandler, ssl_context=ssl_context)
    thread = threading.Thread(target=server.serve_forever, args=(_GLANCE_SECONDS,), name="stand-in")
    thread.start()
    try:
        shown = "127.0.0.1" if host == _EVERYWHERE else f"[{host}]" if ":" in host else host
        yield f"{'https' if ssl_context else 'http'}://{shown}:{server.port}{BASE_PATH}"
    finally:
        closing.set()
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


def create_app(simulator: Simulator, closing: threading.Event | None = None) -> Flask:
    """
    Return the application of a simulator, for werkzeug's server: it cuts connections by their sockets.

    Its waits are real seconds, whatever the simulator's clock; setting `closing` ends them and cuts their connections.
    """
    app = Flask("cloud66_simulator", static_folder=None)
    # What ends a connection has to reach the server, and a mistake of the stand-in's own the log.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.before_request(_Door(Account(simulator), closing or threading.Event()).answer)
    add_control(app, simulator)
    return app


class _Door:
    """Hands requests to the account, and its answers to sockets."""

    def __init__(self, account: Account, closing: threading.Event) -> None:
        self._account = account
        self._closing = closing

    def answer(self) -> Response | None:
        """Answer the current request, or cut it off; None: it is not for the API."""
        if request.path.startswith(CONTROL_PATH):
            return None
        # All of the body is read: bytes left unread would look like a client that hangs up, and make a cut a reset.
        body, authorization = request.get_data(), request.headers.get("Authorization", "")
        answer = self._account.answer(request.method, request.path, request.args.to_dict(), authorization, body)
        disturbance, connection = answer.disturbance, request.environ["werkzeug.socket"]
        if disturbance.cut is not None:
            self._cut(connection, silently=disturbance.cut in {"timeout", "connect_timeout"})
        self._wait(connection, disturbance.delay_seconds)
        drip = disturbance.drip_seconds
        shown = self._dripping(connection, answer.body, drip) if drip else [answer.body]
        return Response(shown, answer.status, answer.headers)

    def _cut(self, connection: socket.socket, *, silently: bool) -> None:
        """Close the connection without an answer; silently: once the client has given up."""
        waited = 0.0
        while silently and waited < _LONGEST_SILENCE_SECONDS and not self._closing.is_set():
            if select.select([connection], [], [], _GLANCE_SECONDS)[0]:
                break
            waited += _GLANCE_SECONDS
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("cut by a fault")

    def _wait(self, connection: socket.socket, seconds: float) -> None:
        if seconds > 0 and self._closing.wait(seconds):
            self._cut(connection, silently=False)

    def _dripping(self, connection: socket.socket, body: bytes, seconds: float) -> Iterator[bytes]:
        for number in range(len(body)):
            self._wait(connection, seconds)
            yield body[number : number + 1]


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
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _QuietHandler(WSGIRequestHandler):
    """Prints nothing: the simulator keeps its own log of requests."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the library's name
        del type, message, args
