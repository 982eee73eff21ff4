"""What it means that a call brought no answer: every class that can be raised, and what is said of it."""

import json
import queue
import socket
import ssl
from email.errors import MessageDefect
from http import client as web
from itertools import product

import pytest
import requests
import urllib3
from requests import exceptions as broken
from urllib3 import exceptions as low
from urllib3.util.ssl_match_hostname import CertificateError

from cloud66_redeploy.api.connecting import Adapter, ConnectFailed, Route
from cloud66_redeploy.api.failures import failure_of
from cloud66_redeploy.errors import AnswerLost, ApiError, NotSent, NotTheApi, Obstructed, Unusable

ROUTE = Route("https://api.example/api/3")
POOL = urllib3.HTTPSConnectionPool("api.example")

# Why a class means what it means: while a connection is made, and anywhere else.
TABLE: list[tuple[str, type[ApiError], type[ApiError], list[type[Exception]]]] = [
    ("the peer was shown nothing", Obstructed, Obstructed, [ssl.SSLCertVerificationError]),
    ("the same, but its text may be anybody's", Obstructed, AnswerLost, [CertificateError]),
    ("raised only while connecting, and a wrong name stays wrong", Obstructed, Obstructed, [low.NameResolutionError]),
    ("a name, but the library would have wrapped it", Obstructed, AnswerLost, [socket.gaierror]),
    ("raised only while connecting: refused, unreachable, not there in time", NotSent, NotSent, [
        low.NewConnectionError, low.ConnectTimeoutError, broken.ConnectTimeout,
    ]),
    ("raised only before connecting: no address there can be", Unusable, Unusable, [
        broken.InvalidURL, broken.InvalidProxyURL, broken.InvalidSchema, broken.MissingSchema, low.LocationValueError,
        low.LocationParseError, low.URLSchemeUnknown, low.ProxySchemeUnknown, low.ProxySchemeUnsupported,
        web.InvalidURL,
    ]),
    ("a bundle that can't be loaded; elsewhere anything of TLS", Unusable, AnswerLost, [low.SSLError]),
    ("a value that there can't be; elsewhere a reader that stumbled over the answer", Unusable, AnswerLost, [
        ValueError, UnicodeError, OverflowError, TypeError, broken.InvalidHeader, broken.JSONDecodeError,
        json.JSONDecodeError, low.ResponseNotChunked,
    ]),
    ("no greeting of TLS; elsewhere a record that can't be read", Obstructed, AnswerLost, [
        ssl.SSLError, ssl.SSLWantReadError, ssl.SSLWantWriteError,
    ]),
    ("cut in the handshake; elsewhere while the answer came", NotSent, AnswerLost, [
        ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError,
    ]),
    ("a proxy that speaks no HTTP; elsewhere a server that doesn't", Obstructed, NotTheApi, [
        web.BadStatusLine, web.UnknownProtocol, web.LineTooLong,
    ]),
    ("a proxy's answer that breaks off; elsewhere the server's", Obstructed, AnswerLost, [
        web.HTTPException, web.NotConnected, web.UnknownTransferEncoding, web.UnimplementedFileMode,
        web.IncompleteRead, web.ImproperConnectionState, web.CannotSendRequest, web.CannotSendHeader,
        web.ResponseNotReady, low.IncompleteRead, low.InvalidChunkLength,
    ]),
    ("the socket broke before the connection stood; elsewhere nobody knows what had arrived", NotSent, AnswerLost, [
        OSError, ConnectionError, ConnectionResetError, ConnectionAbortedError, ConnectionRefusedError,
        BrokenPipeError, TimeoutError, InterruptedError, BlockingIOError, PermissionError, FileNotFoundError,
        socket.herror, web.RemoteDisconnected,
        # Of requests' own, which it makes only of what has come past our connections.
        broken.RequestException, broken.HTTPError, broken.ConnectionError, broken.ProxyError, broken.SSLError,
        broken.Timeout, broken.ReadTimeout, broken.TooManyRedirects, broken.ChunkedEncodingError,
        broken.ContentDecodingError, broken.InvalidJSONError, broken.URLRequired, broken.RetryError,
        broken.UnrewindableBodyError,
    ]),
    ("never raised while connecting: so nothing is known", AnswerLost, AnswerLost, [
        low.HTTPError, low.PoolError, low.RequestError, low.ProxyError, low.DecodeError, low.ProtocolError,
        low.MaxRetryError, low.HostChangedError, low.TimeoutStateError, low.TimeoutError, low.ReadTimeoutError,
        low.EmptyPoolError, low.FullPoolError, low.ClosedPoolError, low.ResponseError, low.InvalidHeader,
        low.BodyNotHttplibCompatible, low.HeaderParsingError, low.UnrewindableBodyError, KeyError, RuntimeError,
    ]),
]  # fmt: skip
CLASSES = [one for *_, classes in TABLE for one in classes]
OURS = {MessageDefect, broken.StreamConsumedError, getattr(socket, "_GiveupOnSendfile", OSError)}
"""Raised by nothing here: a note of the header's parser, a response read twice, and the library's own signal."""


def bare(kind: type[Exception]) -> Exception:
    """Make an exception of a class, whatever its constructor asks for."""
    error = kind.__new__(kind)
    partial = 0 if issubclass(kind, low.HTTPError) else b""
    vars(error).update(verify_message="", partial=partial, expected=8, length=b"", response=None, doc="", pos=0, msg="")
    return error


@pytest.mark.parametrize(("before", "after", "classes"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_every_class_has_its_meaning(
    before: type[ApiError], after: type[ApiError], classes: list[type[Exception]]
) -> None:
    """A class means that nothing was sent only while connecting, or where it is raised nowhere else."""
    for kind in classes:
        assert type(failure_of("POST /x", ConnectFailed(bare(kind), at_proxy=False), ROUTE)) is before, kind
        wrapped = broken.ConnectionError(low.MaxRetryError(POOL, "/x", low.ProxyError("Unable to connect", bare(kind))))
        for error in (bare(kind), wrapped):
            assert type(failure_of("POST /x", error, ROUTE)) is after, kind


def test_no_class_is_left_out() -> None:
    """The table knows every class of the libraries that make a call."""
    there = {
        one
        for module in (broken, low, web, ssl, socket)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Exception) and not issubclass(one, Warning)
    }
    assert there - OURS <= {*CLASSES}
    assert len({*CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (low.NewConnectionError(urllib3.connection.HTTPConnection("h"), "Failed: [Errno 1] no"), "[Errno 1] no"),
        (low.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")), "reset by peer"),
        (web.IncompleteRead(b"12", 8), "IncompleteRead(2 bytes read, 8 more expected)"),
        (broken.ConnectionError(), "ConnectionError"),
        (web.BadStatusLine("two\r\nlines"), "an answer that is not HTTP (two lines)"),
    ],
)
def test_trouble_is_said_in_few_words(error: Exception, words: str) -> None:
    """Of the errors wrapped into each other only the innermost is quoted, as one line."""
    assert words in failure_of("GET /x", requests.ConnectionError(error), ROUTE).said


FORMS = [
    "alice",
    "s3cret!",
    "s3cret%21",
    "alice:s3cret%21",
    "Basic YWxpY2U6czNjcmV0IQ==",
    "http://alice:s3cret!@proxy:1",
]


@pytest.mark.parametrize("scheme", ["http://", "HTTPS://", ""])
def test_a_login_is_hidden_however_it_is_written(scheme: str) -> None:
    """User and password of a proxy are taken out of what others say; where there is no login nothing is."""
    for text in FORMS:
        hidden = Route("https://x", f"{scheme}alice:s3cret%21@proxy:1").hide(f"said {text}.")
        assert (hidden[:5], hidden[-1]) == ("said ", ".")
        assert not any(part in hidden for part in ("alice", "s3cret", "YWxp"))
        assert Route("https://x", f"{scheme}proxy:1").hide(f"said {text}.") == f"said {text}."


def test_every_connection_tells() -> None:
    """Direct connections and those of a proxy tell whether they stood, and wait in a queue without a lock."""
    adapter = Adapter()
    for scheme, proxies in product(("http", "https"), ({}, {"all": "http://proxy:1"})):
        request = requests.Request("GET", f"{scheme}://api.example").prepare()
        pool = adapter.get_connection_with_tls_context(request, verify=True, proxies=proxies)
        assert pool.ConnectionCls.__module__ == "cloud66_redeploy.api.connecting"
        assert issubclass(pool.ConnectionCls, urllib3.connection.HTTPSConnection) is (scheme == "https")
        assert pool.pool is not None
        assert type(pool.pool).__module__ == "cloud66_redeploy.api.connecting"
        with pytest.raises(queue.Full):
            pool.pool.put(None, block=False)
