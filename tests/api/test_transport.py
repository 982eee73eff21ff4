"""One HTTP call: its limits, what it carries and hands on, and its retries."""

import logging
import socket
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from urllib3.exceptions import ProtocolError

from cloud66_redeploy.api import transport as room
from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Profile, Transport
from cloud66_redeploy.clock import CallTimeout
from cloud66_redeploy.errors import (
    Aborted,
    AnswerLost,
    ApiError,
    Denied,
    NotAccepted,
    NotFound,
    NotSent,
    NotTheApi,
    PermanentError,
)
from scripted import Clock, Reply, same, wire

RESET = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")))
GOOD = Reply(200, {"ok": 1})
PAGE = Reply(403, b"<title>Blocked</title>")
BUSY = Reply(503, {"error": "throttled"})


def an_object(body: object) -> object:
    """Read an object."""
    if not isinstance(body, dict):
        raise ValueError("not an object")  # noqa: TRY004
    return body


@pytest.mark.parametrize(
    ("status", "method", "location"),
    [
        (301, "GET", "https://elsewhere.example/"), (302, "POST", "http://["), (303, "DELETE", "http://[::1"),
        (307, "POST", "//["), (308, "GET", "/caf\xe9"), (307, "POST", "https://elsewhere.example/"),
    ],
)  # fmt: skip
def test_no_redirect_is_followed(status: int, method: str, location: str) -> None:
    """A redirect, also to what is no address, is somebody else's answer; the token goes to no other host."""
    one = wire(Reply(status, b"", {"Location": location}))
    with pytest.raises(NotTheApi) as caught:
        one.transport.once(method, "/x", {}, same)
    assert caught.value.said == f"a redirect to {location}, which is not followed"
    assert len(one.script.asked) == 1


@pytest.mark.parametrize(("body", "value"), [(b"", None), (b" \n", None), (b"null", None), (b'{"a": [1]}', {"a": [1]})])
def test_a_good_answer_is_handed_on(body: bytes, value: object) -> None:
    """The JSON of a good answer is handed on; an empty body is nothing."""
    assert wire(Reply(200 if body else 204, body)).transport.once("DELETE", "/x", {}, same) == value


BROKEN: list[tuple[Reply, type[BaseException], str]] = [
    (Reply(200, b"{}", {"Content-Length": "500"}), AnswerLost, "IncompleteRead"),
    (Reply(error=RESET), AnswerLost, "reset by peer"),
    # A fault of ours is no trouble.
    (Reply(error=KeyError("ours")), KeyError, "ours"),
    (Reply(error=CallTimeout()), AnswerLost, "no whole answer within 30s"),
    (Reply(error=Aborted()), Aborted, "cancelled"),
]


@pytest.mark.parametrize(("reply", "kind", "said"), BROKEN)
def test_a_whole_call_over_its_limit_is_unclear(reply: Reply, kind: type[BaseException], said: str) -> None:
    """A call that broke or that its limit ends is unclear, unless an abort ends it, or it was not the network."""
    with pytest.raises(kind, match=said) as caught:
        wire(reply).transport.once("GET", "/x", {}, same)
    assert type(caught.value) is kind


def test_a_huge_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the bound is given up as trouble."""
    monkeypatch.setattr(room, "_LARGEST_BODY", 1000)
    assert wire(Reply(200, b" " * 1000)).transport.once("GET", "/x", {}, same) is None
    with pytest.raises(AnswerLost, match="more than 64 MiB"):
        wire(Reply(200, b" " * 1001)).transport.once("GET", "/x", {}, same)


@pytest.mark.parametrize(
    ("now", "limit"), [(0.0, 30.0), (100.0, 30.0), (110.0, 20.0), (129.5, 0.5), (130.0, 0.0), (131.0, 0.0)]
)
def test_limits_shrink_after_the_deadline(now: float, limit: float) -> None:
    """No call outlasts the deadline by more than one call's whole limit; after that nothing is sent any more."""
    one = wire(deadline=100.0)
    one.clock.now = now
    if limit:
        one.transport.once("POST", "/x", {}, same)
        assert [asked.timeout for asked in one.script.asked] == [(min(10.0, limit), min(20.0, limit))]
    else:
        with pytest.raises(NotSent, match="no time left"):
            one.transport.once("POST", "/x", {}, same)
        assert one.script.asked == []
    assert one.clock.limits == [limit][: len(one.script.asked)]


def test_a_netrc_of_the_job_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A call carries the token, even where the job's own .netrc has a password for the host, and shows it nowhere.

    It says what it accepts and who asks, and has its options in the query; only a POST gets grace.
    """
    (tmp_path / ".netrc").write_text("machine api.example login them password theirs\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    assert requests.utils.get_netrc_auth("https://api.example/") == ("them", "theirs")
    one = wire()
    assert one.transport.session.trust_env
    for method in ("GET", "DELETE", "POST"):
        one.transport.once(method, "/x", {"deployment_profile": "night & day"}, same)
    # When the workflow is cancelled, a POST on its way gets a moment for its answer.
    assert one.clock.graces == [0.0, 0.0, 1.5]
    asked = one.script.asked[-1]
    assert asked.url == "https://api.example/api/3/x?deployment_profile=night+%26+day"
    assert (asked.headers["Authorization"], asked.headers["Accept"]) == ("Bearer secret-token", "application/json")
    assert asked.headers["User-Agent"].startswith("cloud66-redeploy-action/")
    assert "secret-token" not in f"{one.transport!r}"


def test_what_headers_tell_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's warning is passed on, of answers good and bad; the clock is the API's, not a stranger's page's."""
    one = wire(
        Reply(headers={"X-Cloud66-Warning": "old", "Date": "Thu, 01 Jan 2026 00:00:00"}, takes=20),
        Reply(403, b"<html>", {"X-Cloud66-Warning": "bad", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"}),
        Reply(headers={"Date": "soon"}),
    )
    assert one.transport.heard.instant_of(datetime.now(UTC)) is None
    with monkeypatch.context() as elsewhere:
        # A date without a zone is in UTC, wherever the runner stands.
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        for kind in (None, NotTheApi, None):
            with pytest.raises(kind) if kind else nullcontext():
                one.transport.once("GET", "/x", {}, same)
    time.tzset()
    assert one.warnings == ["old", "bad"]
    assert one.transport.heard.instant_of(datetime(2026, 1, 1, 0, 1, tzinfo=UTC)) == 80.0


def asks(seconds: str) -> Reply:
    """Ask for a pause."""
    return Reply(429, headers={"Retry-After": seconds})


STEADY, PATIENT, ONCE = 3, None, 1
REFUSED: list[tuple[int, type[ApiError]]] = [
    (400, PermanentError), (401, Denied), (402, Denied), (403, Denied), (404, NotFound), (409, NotAccepted),
    (422, PermanentError),
]  # fmt: skip
RETRIES: dict[str, tuple[int | None, list[Reply], type[ApiError] | None, range | Sequence[float]]] = {
    "trouble passes": (STEADY, [Reply(500), Reply(error=RESET), GOOD], None, [1, 2]),
    "three tries are enough": (STEADY, [Reply(502, b"<html>")], AnswerLost, [1, 2]),
    **{f"{status} is final": (STEADY, [Reply(status, {"error": "no"})], kind, []) for status, kind in REFUSED},
    "a short pause is kept": (STEADY, [asks("10"), GOOD], None, [10]),
    "a longer one is left to the caller": (STEADY, [asks("16")], NotAccepted, []),
    "so is the hour's end": (STEADY, [BUSY], NotAccepted, []),
    "who is patient keeps it": (PATIENT, [BUSY, GOOD], None, [60]),
    "no pause beyond the deadline": (STEADY, [Reply(500, takes=199.5)], AnswerLost, []),
    "until the deadline": (PATIENT, [Reply(500)], AnswerLost, range(12, 20)),
    "a page seldom passes": (PATIENT, [PAGE], NotTheApi, [1, 2, 4, 8]),
    "another shape, too": (PATIENT, [Reply(200, b"")], NotTheApi, [1, 2, 4, 8]),
    "four pages are no verdict": (PATIENT, [PAGE] * 4 + [GOOD], None, [1, 2, 4, 8]),
    "five after other trouble are": (PATIENT, [Reply(500)] * 5 + [PAGE], NotTheApi, [1, 2, 4, 8] + [15] * 5),
    "only a row counts": (PATIENT, [PAGE, Reply(500)] * 4 + [PAGE], NotTheApi, [1, 2, 4, 8] + [15] * 8),
    "a page at a steady look": (STEADY, [PAGE], NotTheApi, [1, 2]),
    "one try": (ONCE, [PAGE], NotTheApi, []),
}


@pytest.mark.parametrize("case", RETRIES)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_trouble_is_tried_again(case: str, method: str, caplog: pytest.LogCaptureFixture) -> None:
    """Trouble is met with growing pauses on the clock, or those asked for, until patience or the deadline ends it."""
    tries, replies, kind, pauses = RETRIES[case]
    one = wire(*replies, profile=Profile(tries=tries), deadline=200.0)
    with caplog.at_level(logging.INFO):
        if kind is None:
            assert one.transport.retrying(method, "/x", {}, an_object) == {"ok": 1}
        else:
            with pytest.raises(kind) as caught:
                one.transport.retrying(method, "/x", {}, an_object)
            assert type(caught.value) is kind
    if isinstance(pauses, range):
        assert len(one.clock.pauses) in pauses
        assert 150 < one.clock.now < 200
    else:
        # What was asked for is kept to the second; our own pauses are jittered.
        assert one.clock.pauses == [pause if pause in {10, 60} else pytest.approx(pause, rel=0.1) for pause in pauses]
    assert max(one.clock.pauses, default=0) <= (60 if BUSY in replies else 16.5)
    assert len(one.script.asked) == len(one.troubles) + 1 == len(one.clock.pauses) + 1
    assert caplog.records == []


@pytest.mark.parametrize("listens", [True, False])
def test_real_sockets_tell_what_was_sent(listens: bool) -> None:
    """A port that is closed was sent nothing; a server that takes the request in silence leaves open what it did."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen(1)
        session = Session()
        session.trust_env = False
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        one = Transport(session, address, "secret-token", Clock(), 100.0).but(profile=Profile(read=0.02))
        with session, pytest.raises(ApiError, match="timed out" if listens else "refused") as caught:
            one.once("POST", "/x", {}, same)
    assert type(caught.value) is (AnswerLost if listens else NotSent)
