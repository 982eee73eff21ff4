"""One HTTP call: what its status means, its time limits and its retries."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from requests import exceptions as broken
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.exceptions import ProxyError as LowProxyError

from cloud66_redeploy import transport as room
from cloud66_redeploy.errors import ApiError, Declined, Denied, NotFound, NotSent, Refusal, Unclear
from cloud66_redeploy.transport import Limits, Session, Transport
from scripted import Clock, Reply, Windows, wire

HOST = HTTPConnection("api.example")
POOL = requests.adapters.PoolManager().connection_from_url("https://api.example")


def failure(reply: Reply, method: str = "GET") -> ApiError:
    """Make one call and return what it raises."""
    with pytest.raises(ApiError) as caught:
        wire(reply).transport.send(method, "/x", {})
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refusal), (401, Denied), (402, Denied), (403, Denied), (404, NotFound), (405, Refusal), (406, Refusal),
        (408, Unclear), (409, Declined), (410, NotFound), (418, Refusal), (422, Refusal), (429, Declined),
        (500, Unclear), (501, Unclear), (502, Unclear), (503, Unclear), (504, Unclear), (520, Unclear), (599, Unclear),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_status_has_its_meaning(status: int, kind: type[ApiError], method: str) -> None:
    """Each status becomes the error that says what may be done next, whether or not the body can be read."""
    for body in (b"", b"<html>no</html>", b'{"error": "word", "error_description": "why", "details": "why"}', b"[1]"):
        error = failure(Reply(status, body), method)
        assert type(error) is kind
        assert (error.status, error.call, error.throttled) == (status, f"{method} /x", False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A redirect is a refusal, and for a POST unclear; the token goes to no other host."""
    moved = Reply(status, b"", {"Location": "https://elsewhere.example/"})
    for method, kind in (("GET", Refusal), ("DELETE", Refusal), ("POST", Unclear)):
        one = wire(moved)
        with pytest.raises(kind, match=r"redirect to https://elsewhere\.example/, which is not followed"):
            one.transport.send(method, "/x", {})
        assert len(one.script.asked) == 1
    assert "nowhere" in failure(Reply(status, b"")).said


@pytest.mark.parametrize("location", ["http://[", "http://[::1", "//[", "/caf\xe9"])
def test_a_broken_redirect_is_no_fault_of_ours(location: str) -> None:
    """A redirect to what is no address is refused like any other."""
    assert type(failure(Reply(302, b"", {"Location": location}))) is Refusal


def test_what_the_server_says_is_kept() -> None:
    """The error quotes the fields of the body that are there, once each."""
    body = {"error": "conflict", "error_description": "busy", "details": "busy"}
    assert str(failure(Reply(409, body))) == "GET /x answered 409: conflict: busy"
    assert failure(Reply(409, {"error": 5, "details": "later"})).said == "later"
    assert failure(Reply(409, b"<html>")).said == "an answer that is not JSON"
    assert str(failure(Reply(500, b""))) == "GET /x answered 500"


@pytest.mark.parametrize("status", [503, 429, 500, 403])
def test_throttled_means_not_done(status: int) -> None:
    """An answer that says throttled was not carried out, whatever its status."""
    error = failure(Reply(status, {"error": "throttled"}), "POST")
    assert isinstance(error, Declined)
    assert error.throttled


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("30", 30, 30), ("0", 0, 0), ("1.5", 1.5, 1.5), ("-5", 0, 0), ("7200", 3600, 3600), ("inf", 3600, 3600),
        ("1e999", 3600, 3600), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 3600, 3600),
    ],
)  # fmt: skip
def test_retry_after_is_read(value: str, low: float, high: float) -> None:
    """Retry-After is read as seconds, never negative and never beyond an hour."""
    found = failure(Reply(429, b"", {"Retry-After": value})).retry_after
    assert found is not None
    assert low <= found <= high


def test_retry_after_may_be_a_date() -> None:
    """A date in Retry-After is read as the seconds until then."""
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    found = failure(Reply(503, b"", {"Retry-After": then})).retry_after
    assert found is not None
    assert 110 < found <= 120


@pytest.mark.parametrize(
    "value", ["", "soon", "nan", "Wed, 99 Foo 2026", "Mon, 01 Jan 2026 00:00:00 +9999999", "Wed, 21 Oct 99999 x"]
)
def test_a_strange_retry_after_says_nothing(value: str) -> None:
    """What is neither seconds nor a date asks for no pause."""
    assert failure(Reply(429, b"", {"Retry-After": value})).retry_after is None
    assert failure(Reply(429)).retry_after is None


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", b'{"response": {"id"', b"NaN", b'{"a": Infinity}', b"[-Infinity]", b"\xff\xfe", b"[" * 200_000,
        b'{"a":' * 200_000, b"1" * 5000, b"{'id': 1}",
    ],
)  # fmt: skip
def test_an_answer_that_is_no_json_is_unclear(body: bytes) -> None:
    """A good status with a body that is no JSON is passing trouble, for a POST too."""
    for method in ("GET", "POST"):
        error = failure(Reply(200, body), method)
        assert type(error) is Unclear
        assert "not JSON" in str(error)


@pytest.mark.parametrize(("body", "value"), [(b"", None), (b" \n", None), (b"null", None), (b'{"a": [1]}', {"a": [1]})])
def test_a_good_answer_is_handed_on(body: bytes, value: object) -> None:
    """The JSON of a good answer is handed on; an empty body is nothing."""
    assert wire(Reply(200 if body else 204, body)).transport.send("DELETE", "/x", {}) == value


def test_a_huge_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the bound is given up as trouble."""
    monkeypatch.setattr(room, "_LARGEST_BODY", 1000)
    assert wire(Reply(200, b" " * 1000)).transport.send("GET", "/x", {}) is None
    assert type(failure(Reply(200, b" " * 1001))) is Unclear


def given_up(reason: Exception) -> MaxRetryError:
    """Wrap a reason as urllib3 hands it to requests."""
    return MaxRetryError(POOL, "/x", reason)


RESET = ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
NETWORK = [
    (NotSent, broken.ConnectionError(given_up(NewConnectionError(HOST, "[Errno 111] Connection refused")))),
    (NotSent, broken.ConnectionError(given_up(NameResolutionError("api.example", HOST, socket.gaierror(-2, "no"))))),
    (NotSent, broken.ConnectTimeout(given_up(ConnectTimeoutError(HOST, "timed out")))),
    (NotSent, broken.ProxyError(given_up(LowProxyError("Unable to connect to proxy", OSError("Tunnel failed: 502"))))),
    (Unclear, broken.ConnectionError(RESET)),
    (Unclear, broken.ConnectionError(given_up(RESET))),
    (Unclear, broken.ReadTimeout(ReadTimeoutError(POOL, "/x", "Read timed out."))),
    (Unclear, broken.SSLError(given_up(OSError("[SSL: WRONG_VERSION_NUMBER] wrong version number")))),
    (Unclear, broken.ChunkedEncodingError(ProtocolError("IncompleteRead(3 bytes read, 5 more expected)"))),
    (Unclear, broken.ContentDecodingError("bad gzip")),
    (Unclear, broken.InvalidURL("what is this")),
    (Unclear, broken.RequestException()),
    (Unclear, OSError("odd")),
    (Refusal, broken.SSLError(given_up(OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")))),
    (Refusal, OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere")),
]


@pytest.mark.parametrize(("kind", "error"), NETWORK, ids=[f"{one.__name__}-{two!r:.60}" for one, two in NETWORK])
def test_a_broken_exchange_has_its_meaning(kind: type[ApiError], error: Exception) -> None:
    """Only what surely never left is called not sent; a bad certificate is final; all else is unclear."""
    for method in ("GET", "POST"):
        found = failure(Reply(error=error), method)
        assert type(found) is kind
        assert found.status is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NETWORK[0][1], "[Errno 111] Connection refused"),
        (NETWORK[4][1], "Connection reset by peer"),
        (NETWORK[6][1], "Read timed out."),
        (broken.ConnectionError(), "ConnectionError"),
    ],
)
def test_network_trouble_is_said_in_few_words(error: Exception, words: str) -> None:
    """Of the errors wrapped into each other only the innermost is quoted."""
    assert failure(Reply(error=error)).said == words


def real(port: int, **options: float) -> Transport:
    """Make a transport to a port of this machine."""
    limits = Limits(**options)
    session = Session()
    session.trust_env = False
    return Transport(session, f"http://127.0.0.1:{port}", "secret-token", Clock(), Windows(), 100.0, limits)


def test_a_closed_port_is_not_sent() -> None:
    """A connection that is really refused was not sent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent, match="refused"):
            real(free.getsockname()[1]).send("POST", "/x", {})


def test_a_silent_server_is_unclear() -> None:
    """A server that takes the request and says nothing leaves open whether it was done."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        with pytest.raises(Unclear, match="timed out"):
            real(server.getsockname()[1], read=0.02).send("POST", "/x", {})


def test_a_truncated_answer_is_unclear() -> None:
    """An answer shorter than it promised is trouble."""
    short = Reply(200, b"{}", {"Content-Length": "500"})
    assert type(failure(short)) is Unclear
