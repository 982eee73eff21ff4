"""A real server and a real proxy on loopback, which cut the connection at a chosen place."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

CERTIFICATE = Path(__file__).parent / "loopback.pem"

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"response": [1, 2]}'
PLACES = ("accept", "connect", "handshake", "request", "before the answer", "answer", "")
"""Where a connection can be cut, in the order of its life: "connect" and "handshake" are a tunnel's alone."""

Handler = Callable[[socket.socket], None]


@contextmanager
def listening(handle: Handler) -> Iterator[int]:
    """Serve a port, each connection in a thread; every handler has ended when this ends."""

    class Serving(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.settimeout(5)
                handle(self.request)

    class Server(ThreadingTCPServer):
        request_queue_size = 50

    with Server(("127.0.0.1", 0), Serving) as server:
        main = threading.Thread(target=server.serve_forever, args=(0.01,))
        main.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            main.join()


def says(answer: bytes) -> Handler:
    """Answer every request, whatever it is, with these bytes."""

    def handle(connection: socket.socket) -> None:
        # A greeting of TLS has no head to be read.
        connection.recv(65536)
        connection.sendall(answer)
        # Bytes left unread would make the end a reset, which may overtake the answer.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return handle


def read_head(connection: socket.socket) -> bytes:
    """Read up to the empty line, or to where nothing more comes."""
    data = b""
    while b"\r\n\r\n" not in data and (more := connection.recv(65536)):
        data += more
    return data


class Far:
    """
    The server behind the proxy.

    Attributes:
        posts: how many POSTs it has seen whole, and so may have carried out.

    """

    def __init__(self, place: str, *, tls: bool) -> None:
        self.place = place
        self.tls = tls
        self.posts = 0
        self.cut: Callable[[], None] = lambda: None

    def handle(self, connection: socket.socket) -> None:
        """Answer one request, or have the connection cut at the place."""
        with ExitStack() as stack:
            if self.tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(CERTIFICATE)
                connection = stack.enter_context(context.wrap_socket(connection, server_side=True))
            if self.place == "request":
                connection.recv(4)
                self.cut()
                return
            self.posts += read_head(connection).startswith(b"POST ")
            if self.place == "before the answer":
                self.cut()
                return
            connection.sendall(OK[:-8] if self.place == "answer" else OK)
            if self.place == "answer":
                self.cut()


class Proxy:
    """A proxy that leads everything to one port, by a tunnel or in plain."""

    def __init__(self, place: str, far: int) -> None:
        self.place = place
        self.far = far
        self.near: socket.socket | None = None

    def cut(self) -> None:
        """Cut off the client that came this way, if any; a server that is asked directly hangs up itself."""
        if self.near is not None:
            with suppress(OSError):
                self.near.shutdown(socket.SHUT_RDWR)

    def handle(self, near: socket.socket) -> None:
        """Lead one connection to the server, or cut it."""
        self.near = near
        if self.place == "accept":
            return
        head = read_head(near)
        if self.place == "connect":
            return
        with socket.create_connection(("127.0.0.1", self.far)) as far:
            if head.startswith(b"CONNECT "):
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                if self.place == "handshake":
                    near.recv(1)
                    return
            else:
                far.sendall(head)
            back = threading.Thread(target=_pump, args=(far, near))
            back.start()
            _pump(near, far)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def cutting(place: str, *, tls: bool) -> Iterator[tuple[Far, int, int]]:
    """Serve a server and a proxy in front of it; yield the server, its port and the proxy's."""
    far = Far(place, tls=tls)
    with listening(far.handle) as port:
        proxy = Proxy(place, port)
        far.cut = proxy.cut
        with listening(proxy.handle) as proxy_port:
            yield far, port, proxy_port
