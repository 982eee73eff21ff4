"""A certificate authority, a proxy and a name server of the tests' own. All of them on loopback."""

import socket
import socketserver
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from odd_network import Proxy, listening


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


@contextmanager
def proxy(port: int) -> Iterator[tuple[str, list[str]]]:
    """Serve a proxy that leads everything to one port; yield its address and what it is asked, the first lines."""
    asked: list[str] = []

    def handle(near: socket.socket) -> None:
        asked.append(near.recv(65536, socket.MSG_PEEK).partition(b"\r\n")[0].decode())
        Proxy("", port).handle(near)

    with listening(handle) as number:
        yield f"http://127.0.0.1:{number}", asked


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
    with NameServer(address, name) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
