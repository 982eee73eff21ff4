"""What it means that a call brought no answer: every class that can be raised, and real sockets at every place."""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from email.errors import MessageDefect
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from requests import exceptions as broken
from urllib3 import exceptions as low
from urllib3.util.ssl_match_hostname import CertificateError

from cloud66_redeploy.api.connecting import Adapter, ConnectFailed, Session
from cloud66_redeploy.api.failures import failure_of
from cloud66_redeploy.api.route import Route
from cloud66_redeploy.api.transport import Profile, Transport
from cloud66_redeploy.errors import ApiError, Blame, NotSent, NotTheApi, Obstructed, Unclear, Unusable
from cloud66_redeploy.polling.ends import unready
from cloud66_redeploy.report.phrases import advice_of, sentence_of
from odd_network import CERTIFICATE, PLACES, Handler, cutting, listening, says
from scripted import Clock, Windows

ROUTE = Route("https://api.example/api/3")
POOL = urllib3.HTTPSConnectionPool("api.example")

# Why a class means what it means: while a connection is made, and anywhere else.
TABLE: list[tuple[str, type[ApiError], type[ApiError], list[type[Exception]]]] = [
    ("the peer was shown nothing", Obstructed, Obstructed, [ssl.SSLCertVerificationError]),
    ("the same, but its text may be anybody's", Obstructed, Unclear, [CertificateError]),
    ("raised only while connecting, and a wrong name stays wrong", Obstructed, Obstructed, [low.NameResolutionError]),
    ("a name, but the library would have wrapped it", Obstructed, Unclear, [socket.gaierror]),
    (
        "raised only while connecting: refused, unreachable, not there in time",
        NotSent, NotSent, [low.NewConnectionError, low.ConnectTimeoutError, broken.ConnectTimeout],
    ),
    (
        "raised only before connecting: no address there can be",
        Unusable, Unusable, [
            broken.InvalidURL, broken.InvalidProxyURL, broken.InvalidSchema, broken.MissingSchema,
            low.LocationValueError, low.LocationParseError, low.URLSchemeUnknown, low.ProxySchemeUnknown,
            low.ProxySchemeUnsupported, http.client.InvalidURL,
        ],
    ),
    ("a bundle that can't be loaded; elsewhere anything of TLS", Unusable, Unclear, [low.SSLError]),
    (
        "a value that there can't be; elsewhere a reader that stumbled over the answer",
        Unusable, Unclear, [
            ValueError, UnicodeError, OverflowError, TypeError, broken.InvalidHeader, broken.JSONDecodeError,
            json.JSONDecodeError, low.ResponseNotChunked,
        ],
    ),
    (
        "no greeting of TLS; elsewhere a record that can't be read",
        Obstructed, Unclear, [ssl.SSLError, ssl.SSLWantReadError, ssl.SSLWantWriteError],
    ),
    (
        "cut in the handshake; elsewhere while the answer came",
        NotSent, Unclear, [ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError],
    ),
    (
        "a proxy that speaks no HTTP; elsewhere a server that doesn't",
        Obstructed, NotTheApi, [http.client.BadStatusLine, http.client.UnknownProtocol, http.client.LineTooLong],
    ),
    (
        "a proxy's answer that breaks off; elsewhere the server's",
        Obstructed, Unclear, [
            http.client.HTTPException, http.client.NotConnected, http.client.UnknownTransferEncoding,
            http.client.UnimplementedFileMode, http.client.IncompleteRead, http.client.ImproperConnectionState,
            http.client.CannotSendRequest, http.client.CannotSendHeader, http.client.ResponseNotReady,
            low.IncompleteRead, low.InvalidChunkLength,
        ],
    ),
    (
        "the socket broke before the connection stood; elsewhere nobody knows what had arrived",
        NotSent, Unclear, [
            OSError, ConnectionError, ConnectionResetError, ConnectionAbortedError, ConnectionRefusedError,
            BrokenPipeError, TimeoutError, InterruptedError, BlockingIOError, PermissionError, FileNotFoundError,
            socket.herror, http.client.RemoteDisconnected,
            # Of requests' own, which it makes only of what has come past our connections.
            broken.RequestException, broken.HTTPError, broken.ConnectionError, broken.ProxyError, broken.SSLError,
            broken.Timeout, broken.ReadTimeout, broken.TooManyRedirects, broken.ChunkedEncodingError,
            broken.ContentDecodingError, broken.InvalidJSONError, broken.URLRequired, broken.RetryError,
            broken.UnrewindableBodyError,
        ],
    ),
    (
        "never raised while connecting: so nothing is known",
        Unclear, Unclear, [
            low.HTTPError, low.PoolError, low.RequestError, low.ProxyError, low.DecodeError, low.ProtocolError,
            low.MaxRetryError, low.HostChangedError, low.TimeoutStateError, low.TimeoutError, low.ReadTimeoutError,
            low.EmptyPoolError, low.FullPoolError, low.ClosedPoolError, low.ResponseError, low.InvalidHeader,
            low.BodyNotHttplibCompatible, low.HeaderParsingError, low.UnrewindableBodyError, KeyError, RuntimeError,
        ],
    ),
]  # fmt: skip
ROWS = [(before, after, one) for _, before, after, classes in TABLE for one in classes]
OURS = {MessageDefect, broken.StreamConsumedError, getattr(socket, "_GiveupOnSendfile", OSError)}
"""Raised by nothing here: a note of the header's parser, a response read twice, and the library's own signal."""


def bare(kind: type[Exception]) -> Exception:
    """Make an exception of a class, whatever its constructor asks for."""
    error = kind.__new__(kind)
    partial = 0 if issubclass(kind, low.HTTPError) else b""
    vars(error).update(verify_message="", partial=partial, expected=8, length=b"", response=None, doc="", pos=0, msg="")
    return error


@pytest.mark.parametrize(
    ("before", "after", "kind"), ROWS, ids=[f"{one.__module__}.{one.__name__}" for *_, one in ROWS]
)
def test_every_class_has_its_meaning(before: type[ApiError], after: type[ApiError], kind: type[Exception]) -> None:
    """A class means that nothing was sent only while connecting, or where it is raised nowhere else."""
    assert type(failure_of("POST /x", ConnectFailed(bare(kind), at_proxy=False), ROUTE)) is before
    wrapped = broken.ConnectionError(low.MaxRetryError(POOL, "/x", low.ProxyError("Unable to connect", bare(kind))))
    for error in (bare(kind), wrapped):
        assert type(failure_of("POST /x", error, ROUTE)) is after


def test_no_class_is_left_out() -> None:
    """The table knows every class of the libraries that make a call."""
    there = {
        one
        for module in (broken, low, http.client, ssl, socket)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Exception) and not issubclass(one, Warning)
    }
    assert there - OURS <= {one for *_, one in ROWS}
    assert len({one for *_, one in ROWS}) == len(ROWS)


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Set a variable; none of the runner's own names a proxy or a bundle."""
    for name in os.environ:
        if name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    return monkeypatch.setenv


def transport(address: str, **options: Any) -> Transport:
    """Make a transport with a real session and a clock that is moved."""
    profile = Profile(connect=2.0, read=2.0, total=5.0, **options)
    return Transport(Session(), address, "secret-token", Clock(), Windows(), 100.0, profile)


REFUSED = {"accept": NotSent, "connect": NotSent, "handshake": NotSent}
CUTS = [
    *[(place, True, True, REFUSED.get(place, Unclear)) for place in PLACES],
    *[(place, True, False, Unclear) for place in PLACES[3:]],
    # In plain the connection to the proxy stands at once, and the request leaves: what the proxy did is not known.
    *[(place, False, via, Unclear) for place in ("accept", *PLACES[3:]) for via in (True, False)],
]


@pytest.mark.parametrize(("place", "tls", "proxied", "kind"), CUTS)
def test_a_cut_is_a_lost_answer_once_the_request_may_have_left(
    place: str, tls: bool, proxied: bool, kind: type[ApiError], env: Callable[[str, str], None]
) -> None:
    """Behind a proxy and without one, a POST counts as not sent only where the server can't have seen it."""
    env("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with cutting(place, tls=tls) as (far, port, proxy_port):
        if proxied:
            env("HTTPS_PROXY" if tls else "HTTP_PROXY", f"http://127.0.0.1:{proxy_port}")
        one = transport(f"http{'s' if tls else ''}://127.0.0.1:{port}")
        with one.session:
            if place and (proxied or place != "accept"):
                with pytest.raises(kind) as caught:
                    one.send("POST", "/x", {})
                assert type(caught.value) is kind
            else:
                assert one.send("POST", "/x", {}) == {"response": [1, 2]}
    carried_out = place in {"before the answer", "answer", ""} or (place == "accept" and not proxied)
    assert far.posts == carried_out
    assert not (far.posts and kind is NotSent)


LOGIN = "alice:s3cret%21@"
NO_ADDRESS = [
    "socks5://127.0.0.1:1080", f"socks5h://{LOGIN}h:1", f"SOCKS4://{LOGIN}h", "ftp://127.0.0.1:1", f"bogus://{LOGIN}h:1",
    f"http://{LOGIN}127.0.0.1:99999", f"http://{LOGIN}127.0.0.1:abc", "http://", f"http://{LOGIN}", "://x",
    f"http://{LOGIN}[::1", "http://alice:s3cret/x@127.0.0.1:1", "http://alice:s3cret@pro xy:3128",
    "http://alice:s3cret%E2%82%AC@127.0.0.1:1", f"http://{LOGIN}a..b:1", f"http://{LOGIN}{'x' * 70}.example:1",
    f"{LOGIN}127.0.0.1:1", "https://",
]  # fmt: skip


def check(error: ApiError, kind: type[ApiError], blame: Blame, where: str) -> None:
    """Check what an error is, whom it blames, that the ending names that, and that no login shows."""
    result = unready(error)
    shown = f"{error} {sentence_of(result)} {advice_of(result)}"
    assert (type(error), error.clue.blame) == (kind, blame), shown
    assert result.outcome == ("timed_out" if blame is Blame.NETWORK else "failed")
    assert where in shown
    assert where in advice_of(result) or blame is Blame.NETWORK
    assert not any(secret in shown for secret in ("s3cret", "alice"))


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "Https_Proxy", "ALL_PROXY", "all_proxy"])
def test_the_variable_is_named_as_it_is_spelt(name: str, env: Callable[[str, str], None]) -> None:
    """The ending names the variable that counts, and not another one that holds a proxy."""
    env("HTTP_PROXY", "http://127.0.0.1:1")
    env(name, "socks5://127.0.0.1:1080")
    with pytest.raises(Unusable) as caught:
        transport("https://api.example/api/3").send("GET", "/x", {})
    check(caught.value, Unusable, Blame.PROXY, name)


@pytest.mark.parametrize("proxy", NO_ADDRESS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_cannot_be_used_is_refused_at_once(
    proxy: str, method: str, env: Callable[[str, str], None]
) -> None:
    """A proxy's address that can't work is a refusal, for a POST too, without a second try."""
    env("HTTPS_PROXY", proxy)
    one = transport("https://api.example/api/3", tries=None)
    with pytest.raises(Unusable) as caught:
        one.retrying(method, "/x", {}, str)
    check(caught.value, Unusable, Blame.PROXY, "HTTPS_PROXY")
    assert one.clock.monotonic() == 0


def page(status: int) -> Handler:
    """Answer with a page that repeats the login."""
    text = b"<title>No entry, alice (s3cret!)</title>"
    return says(b"HTTP/1.1 %d No, alice\r\nContent-Length: %d\r\n\r\n%b" % (status, len(text), text))


SSH = says(b"SSH-2.0-OpenSSH_9.2\r\n")
ALERT = says(b"\x15\x03\x01\x00\x02\x02\x46")
FEW = 20.0
LONG = 85.0
PROXIES = [
    *[(page(status), "http", Obstructed, Blame.PROXY_ANSWER) for status in (302, 400, 401, 403, 404, 405, 407, 501)],
    *[(page(status), "http", NotSent, Blame.NETWORK) for status in (408, 429, 500, 502, 503, 504)],
    (SSH, "http", Obstructed, Blame.PROXY_ANSWER),
    (ALERT, "http", Obstructed, Blame.PROXY_ANSWER),
    (page(400), "https", Obstructed, Blame.PROXY_TLS),
    (ALERT, "https", Obstructed, Blame.PROXY_TLS),
]


@pytest.mark.parametrize(("handler", "scheme", "kind", "blame"), PROXIES)
def test_a_proxy_that_opens_no_tunnel(
    handler: Handler, scheme: str, kind: type[ApiError], blame: Blame, env: Callable[[str, str], None]
) -> None:
    """What a proxy says for good ends the run within seconds; what passes is waited for; nothing was sent."""
    with listening(handler) as port:
        env("https_proxy", f"{scheme}://{LOGIN}127.0.0.1:{port}")
        one = transport("https://127.0.0.1:1/api/3", tries=None)
        with pytest.raises(kind) as caught:
            one.retrying("GET", "/x", {}, str)
    check(caught.value, kind, blame, "https_proxy")
    now = one.clock.monotonic()
    assert 10 < now < FEW if kind is Obstructed else now > LONG


@pytest.mark.parametrize(
    ("handler", "scheme", "kind", "blame", "where"),
    [
        (page(400), "https", Obstructed, Blame.TLS, "api_url"),
        (SSH, "https", Obstructed, Blame.TLS, "api_url"),
        (ALERT, "https", Obstructed, Blame.TLS, "api_url"),
        (SSH, "http", NotTheApi, Blame.STRANGER, "api_url"),
        (ALERT, "http", NotTheApi, Blame.STRANGER, "api_url"),
    ],
)
def test_a_server_that_speaks_something_else(
    handler: Handler, scheme: str, kind: type[ApiError], blame: Blame, where: str, env: Callable[[str, str], None]
) -> None:
    """A server without TLS, or without HTTP, ends the run within seconds."""
    del env
    with listening(handler) as port:
        one = transport(f"{scheme}://127.0.0.1:{port}/api/3", tries=None)
        with pytest.raises(kind) as caught:
            one.retrying("GET", "/x", {}, str)
    assert (type(caught.value), caught.value.clue.blame) == (kind, blame)
    assert unready(caught.value).outcome == "failed"
    assert where in advice_of(unready(caught.value))
    assert one.clock.monotonic() < FEW


@pytest.mark.parametrize(
    ("status", "blame", "where"),
    [(407, Blame.PROXY_ANSWER, "HTTP_PROXY"), (403, Blame.STRANGER, "api_url"), (502, Blame.NETWORK, "proxy")],
)
def test_a_proxy_may_answer_in_plain(status: int, blame: Blame, where: str, env: Callable[[str, str], None]) -> None:
    """A page of a proxy that reads the calls is named as such, and whether it passed a POST on is not known."""
    with listening(page(status)) as port:
        env("HTTP_PROXY", f"http://{LOGIN}127.0.0.1:{port}")
        with pytest.raises(Unclear) as caught:
            transport("http://cloud66/api/3").send("POST", "/x", {})
    check(caught.value, Unclear if status == 502 else NotTheApi, blame, where)
    assert "***" in str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "address", "blame", "where"),
    [
        ("", "https://nowhere.invalid/api/3", Blame.NAME, "api_url"),
        (f"http://{LOGIN}nowhere.invalid:3128", "https://api.example/api/3", Blame.PROXY_NAME, "ALL_PROXY"),
    ],
)
def test_a_name_that_does_not_resolve_gets_a_few_tries(
    proxy: str, address: str, blame: Blame, where: str, env: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resolvers start late: a name, the server's or the proxy's, may resolve at the fifth try, and else is named."""
    asked: list[str] = []

    def resolve(host: str, *_args: object, **_options: object) -> None:
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    env("ALL_PROXY", proxy)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    one = transport(address, tries=None)
    with pytest.raises(Obstructed) as caught:
        one.retrying("GET", "/x", {}, str)
    check(caught.value, Obstructed, blame, where)
    assert asked == ["nowhere.invalid"] * 5
    assert one.clock.monotonic() < FEW


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """Serve TLS with a certificate that nobody trusts by himself."""
    with cutting("", tls=True) as (_, port, _):
        yield port


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        ("ca.pem", "which is not there"),
        ("", "which is a directory"),
        ("empty", "holds no certificate"),
        ("text", "holds no certificate"),
        ("key", "holds no certificate"),
    ],
)
def test_a_bundle_that_cannot_be_used_is_refused_at_once(
    name: str, bundle: str, words: str, server: int, env: Callable[[str, str], None], tmp_path: Path
) -> None:
    """A bundle that isn't there or holds no certificate is named, and that the container has to see it."""
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "key").write_text(CERTIFICATE.read_text().partition("-----END CERTIFICATE-----")[2])
    env(name, str(tmp_path / bundle))
    one = transport(f"https://127.0.0.1:{server}/api/3", tries=None)
    with pytest.raises(Unusable, match=words) as caught:
        one.retrying("GET", "/x", {}, str)
    check(caught.value, Unusable, Blame.BUNDLE, name)
    assert str(tmp_path / bundle) in str(caught.value)
    assert "/github/workspace/" in advice_of(unready(caught.value))
    assert one.clock.monotonic() == 0


@pytest.mark.parametrize("proxied", [False, True])
def test_a_certificate_that_nobody_trusts(proxied: bool, server: int, env: Callable[[str, str], None]) -> None:
    """A certificate that can't be verified, the server's or the proxy's, gets a few tries, and is named."""
    if proxied:
        env("HTTPS_PROXY", f"https://127.0.0.1:{server}")
    one = transport(f"https://127.0.0.1:{server}/api/3", tries=None)
    with pytest.raises(Obstructed, match="certificate could not be verified") as caught:
        one.retrying("GET", "/x", {}, str)
    check(caught.value, Obstructed, Blame.CERTIFICATE, "HTTPS_PROXY" if proxied else "api_url")
    assert one.clock.monotonic() < FEW


@pytest.mark.parametrize(
    "text",
    ["alice", "s3cret!", "s3cret%21", "alice:s3cret%21", "Basic YWxpY2U6czNjcmV0IQ==", "http://alice:s3cret!@proxy:1"],
)
@pytest.mark.parametrize("scheme", ["http://", "HTTPS://", ""])
def test_a_login_is_hidden_however_it_is_written(text: str, scheme: str) -> None:
    """User and password of a proxy are taken out of what others say."""
    hidden = Route("https://x", f"{scheme}{LOGIN}proxy:1").hide(f"said {text}.")
    assert hidden.startswith("said ")
    assert hidden.endswith(".")
    assert not any(part in hidden for part in ("alice", "s3cret", "YWxp"))


def test_nothing_is_hidden_where_there_is_no_login() -> None:
    """A proxy without a user hides nothing."""
    assert Route("https://x", "http://proxy:1").hide("said http://proxy:1") == "said http://proxy:1"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            low.NewConnectionError(urllib3.connection.HTTPConnection("h"), "Failed to establish: [Errno 1] no"),
            "[Errno 1] no",
        ),
        (low.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")), "reset by peer"),
        (http.client.IncompleteRead(b"12", 8), "IncompleteRead(2 bytes read, 8 more expected)"),
        (broken.ConnectionError(), "ConnectionError"),
        (http.client.BadStatusLine("two\r\nlines"), "an answer that is not HTTP (two lines)"),
    ],
)
def test_trouble_is_said_in_few_words(error: Exception, words: str) -> None:
    """Of the errors wrapped into each other only the innermost is quoted, as one line."""
    assert words in failure_of("GET /x", requests.ConnectionError(error), ROUTE).said


def test_other_pools_stay_as_they_are() -> None:
    """Direct connections and those of a proxy tell whether they stood."""
    adapter = Adapter()
    for manager in (adapter.poolmanager, adapter.proxy_manager_for("http://proxy:1")):
        for scheme in ("http", "https"):
            pool = manager.connection_from_url(f"{scheme}://api.example")
            assert pool.ConnectionCls.__module__ == "cloud66_redeploy.api.connecting"
