"""A certificate authority, a proxy and a name server of the tests' own. All of them on loopback."""

import select
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path


class Authority:
    """A private certificate authority, made with the openssl command."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        self._make(self.certificate, self._key, "/CN=A private authority", "basicConstraints=critical,CA:TRUE",
                   "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip

    def context_for(self, name: str) -> ssl.SSLContext:
        """Return a server's side of TLS with a certificate for a name, `DNS:…` or `IP:…`."""
        stem = name.replace(":", "-")
        certificate, key = self._folder / f"{stem}.pem", self._folder / f"{stem}.key"
        self._make(certificate, key, f"/CN={stem}", f"subjectAltName={name}", "basicConstraints=critical,CA:FALSE",
                   signer=["-CA", str(self.certificate), "-CAkey", str(self._key)])  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    @staticmethod
    def _make(certificate: Path, key: Path, subject: str, *extensions: str, signer: list[str] | None = None) -> None:
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-days", "2", "-subj", subject, "-out", str(certificate), "-keyout", str(key), *(signer or [])]
        for one in extensions:
            command += ["-addext", one]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class Proxy(socketserver.ThreadingTCPServer):
    """
    A proxy that knows CONNECT and nothing else.

    Attributes:
        routes: for each `host:port` that may be asked for, the port on loopback where it leads.
        asked: what it was asked for, the first line of each request.

    """

    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, routes: Mapping[str, int]) -> None:
        self.routes = routes
        self.asked: list[str] = []
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), _Tunnel)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        first = self.rfile.readline().decode()
        self.server.asked.append(first.strip())
        while self.rfile.readline().strip():
            pass
        method, target, *_ = [*first.split(), "", ""]
        if method != "CONNECT" or target not in self.server.routes:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with closing(socket.create_connection(("127.0.0.1", self.server.routes[target]))) as far:
            self._pump(far)

    def _pump(self, far: socket.socket) -> None:
        others = {self.connection: far, far: self.connection}
        while not self.server.closing.is_set():
            for ready in select.select(list(others), [], [], 0.05)[0]:
                data = ready.recv(65536)
                if not data:
                    return
                others[ready].sendall(data)


@contextmanager
def proxy(routes: Mapping[str, int]) -> Iterator[Proxy]:
    """Serve a proxy."""
    with Proxy(routes) as server, _serving(server):
        yield server
        server.closing.set()


class NameServer(socketserver.UDPServer):
    """
    A name server that leads one name to 127.0.0.1 and knows no other.

    Attributes:
        asked: the names it was asked for.

    """

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        self.asked: list[str] = []
        super().__init__((address, 53), _Answer)


class _Answer(socketserver.BaseRequestHandler):
    server: NameServer

    def handle(self) -> None:
        query, reply_to = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, question = ".".join(labels), query[12 : at + 5]
        self.server.asked.append(name)
        known = name == self.server.name
        is_address = question[-4:] == b"\0\1\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if known and is_address else b""
        flags = 0x8180 if known else 0x8183
        reply = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if answer else 0, 0, 0) + question + answer
        reply_to.sendto(reply, self.client_address)


@contextmanager
def name_server(address: str, name: str) -> Iterator[NameServer]:
    """Serve names; OSError where this user may not."""
    with NameServer(address, name) as server, _serving(server):
        yield server


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
