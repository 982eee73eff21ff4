"""One HTTP call on real sockets, and what it hands on."""

import socket
from datetime import UTC, datetime

import pytest

from cloud66_redeploy.api import transport as room
from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Profile, Transport
from cloud66_redeploy.errors import ApiError, NotSent, NotTheApi, Unclear
from scripted import Clock, Reply, Windows, wire


def failure(reply: Reply, method: str = "GET") -> ApiError:
    """Make one call and return what it raises."""
    with pytest.raises(ApiError) as caught:
        wire(reply).transport.send(method, "/x", {})
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["https://elsewhere.example/", "http://[", "http://[::1", "//[", "/caf\xe9"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_no_redirect_is_followed(status: int, location: str, method: str) -> None:
    """A redirect, also to what is no address, is somebody else's answer; the token goes to no other host."""
    one = wire(Reply(status, b"", {"Location": location}))
    with pytest.raises(NotTheApi) as caught:
        one.transport.send(method, "/x", {})
    assert caught.value.said == f"a redirect to {location}, which is not followed"
    assert len(one.script.asked) == 1


@pytest.mark.parametrize(("body", "value"), [(b"", None), (b" \n", None), (b"null", None), (b'{"a": [1]}', {"a": [1]})])
def test_a_good_answer_is_handed_on(body: bytes, value: object) -> None:
    """The JSON of a good answer is handed on; an empty body is nothing."""
    assert wire(Reply(200 if body else 204, body)).transport.send("DELETE", "/x", {}) == value


def test_only_the_api_tells_its_clock() -> None:
    """The Date of a page that somebody else sends says nothing of the server's clock."""
    one = wire(
        Reply(200, {}, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}),
        Reply(403, b"<html>", {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    )
    one.transport.send("GET", "/x", {})
    with pytest.raises(NotTheApi):
        one.transport.send("GET", "/x", {})
    assert one.transport.heard.server_time.instant_of(datetime(2026, 1, 1, 0, 1, tzinfo=UTC)) == 60.0


def test_a_huge_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the bound is given up as trouble."""
    monkeypatch.setattr(room, "_LARGEST_BODY", 1000)
    assert wire(Reply(200, b" " * 1000)).transport.send("GET", "/x", {}) is None
    assert type(failure(Reply(200, b" " * 1001))) is Unclear


def real(port: int, **options: float) -> Transport:
    """Make a transport to a port of this machine."""
    profile = Profile(**options)  # type: ignore[arg-type]
    session = Session()
    session.trust_env = False
    return Transport(session, f"http://127.0.0.1:{port}", "secret-token", Clock(), Windows(), 100.0, profile)


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
