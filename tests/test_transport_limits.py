"""One HTTP call: its time limits, what it carries, and its retries."""

import json
import logging
from pathlib import Path

import pytest
import requests
from urllib3.exceptions import (
    ProtocolError,
)

from cloud66_redeploy.api.connecting import BearerToken
from cloud66_redeploy.api.transport import Profile
from cloud66_redeploy.clock import Overdue
from cloud66_redeploy.errors import Aborted, ApiError, Declined, NotSent, NotTheApi, Trouble, Unclear
from scripted import Reply, wire

RESET = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")))


def an_object(body: object) -> object:
    """Read an object."""
    if not isinstance(body, dict):
        raise ValueError("not an object")  # noqa: TRY004
    return body


def as_it_is(body: object) -> object:
    """Read a body as it is."""
    return body


def test_a_whole_call_over_its_limit_is_unclear() -> None:
    """A call that its window ends is unclear; one that an abort ends stays aborted."""
    with pytest.raises(Unclear, match="no whole answer within 30 s"):
        wire(Reply(error=Overdue())).transport.send("GET", "/x", {})
    with pytest.raises(Aborted):
        wire(Reply(error=Aborted())).transport.send("GET", "/x", {})


def test_a_fault_of_ours_is_no_trouble() -> None:
    """An error that is not the network's is not taken for passing trouble."""
    with pytest.raises(KeyError):
        wire(Reply(error=KeyError("ours"))).transport.send("GET", "/x", {})


@pytest.mark.parametrize(
    ("now", "limit"), [(0.0, 30.0), (95.0, 30.0), (100.0, 30.0), (110.0, 20.0), (125.0, 5.0), (129.5, 0.5)]
)
def test_limits_shrink_after_the_deadline(now: float, limit: float) -> None:
    """No call outlasts the deadline by more than one call's whole limit."""
    one = wire(deadline=100.0)
    one.clock.now = now
    one.transport.send("GET", "/x", {})
    assert one.windows.limits == [limit]
    assert one.script.asked[0].timeout == (min(10.0, limit), min(20.0, limit))


@pytest.mark.parametrize("now", [130.0, 131.0])
def test_after_the_last_limit_nothing_is_sent(now: float) -> None:
    """Once a call's whole limit has passed after the deadline, nothing is sent any more."""
    one = wire(deadline=100.0)
    one.clock.now = now
    with pytest.raises(NotSent, match="no time left"):
        one.transport.send("POST", "/x", {})
    assert one.script.asked == []


def test_only_a_post_has_grace() -> None:
    """When the workflow is cancelled, a POST on its way gets a moment for its answer; other calls don't."""
    one = wire()
    for method in ("GET", "POST", "DELETE"):
        one.transport.send(method, "/x", {})
    assert one.windows.graces == [0.0, 1.5, 0.0]


def test_a_call_is_signed_and_named() -> None:
    """Every call carries the token, what it accepts, who asks, and the options in its query."""
    one = wire()
    one.transport.send("POST", "/x", {"deployment_profile": "night & day"})
    [asked] = one.script.asked
    assert asked.url == "https://api.example/api/3/x?deployment_profile=night+%26+day"
    assert asked.headers["Authorization"] == "Bearer secret-token"
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["User-Agent"].startswith("cloud66-redeploy-action/")
    assert "secret-token" not in repr(one.transport)
    assert "secret-token" not in repr(BearerToken("secret-token"))


def test_a_netrc_of_the_job_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is sent even where the job's own .netrc has a password for the host."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine api.example login them password theirs\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    assert requests.utils.get_netrc_auth("https://api.example/") == ("them", "theirs")
    one = wire()
    assert one.transport.session.trust_env
    one.transport.send("GET", "/x", {})
    assert one.script.asked[0].headers["Authorization"] == "Bearer secret-token"


def test_warnings_of_the_server_are_passed_on() -> None:
    """The text of X-Cloud66-Warning is told, of good answers and bad."""
    one = wire(Reply(headers={"X-Cloud66-Warning": "old"}), Reply(500, headers={"X-Cloud66-Warning": "bad"}), Reply())
    one.transport.send("GET", "/x", {})
    with pytest.raises(Unclear):
        one.transport.send("GET", "/x", {})
    one.transport.send("GET", "/x", {})
    assert one.warnings == ["old", "bad"]


def test_trouble_is_tried_again() -> None:
    """A GET or DELETE in trouble is made three times, with pauses on the clock that grow."""
    for method in ("GET", "DELETE"):
        one = wire(Reply(500), Reply(error=RESET), Reply(200, {"ok": 1}))
        assert one.transport.retrying(method, "/x", {}, as_it_is) == {"ok": 1}
        first, second = one.clock.pauses
        assert 0.9 <= first <= 1.1
        assert 1.8 <= second <= 2.2
        assert len(one.troubles) == 2


def test_three_tries_are_enough() -> None:
    """After the third try the trouble is passed on."""
    one = wire(Reply(502, b"<html>"))
    with pytest.raises(Unclear, match="502"):
        one.transport.retrying("GET", "/x", {}, as_it_is)
    assert len(one.script.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422])
def test_a_final_no_is_not_asked_again(status: int) -> None:
    """A refusal, and a conflict, are passed on at once."""
    one = wire(Reply(status, {"error": "no"}))
    with pytest.raises(ApiError):
        one.transport.retrying("DELETE", "/x", {}, as_it_is)
    assert len(one.script.asked) == 1
    assert one.clock.pauses == []


def test_a_pause_asked_for_is_kept() -> None:
    """A short Retry-After lengthens the pause; a long one is left to the caller."""
    one = wire(Reply(429, headers={"Retry-After": "10"}), Reply())
    one.transport.retrying("GET", "/x", {}, as_it_is)
    assert one.clock.pauses == [10.0]
    for reply in (Reply(429, headers={"Retry-After": "16"}), Reply(503, {"error": "throttled"})):
        one = wire(reply)
        with pytest.raises(Declined):
            one.transport.retrying("GET", "/x", {}, as_it_is)
        assert one.clock.pauses == []


def test_without_a_number_of_tries_the_deadline_ends_it() -> None:
    """A patient transport tries on, with pauses of at most 15 s or as asked, but never beyond the deadline."""
    one = wire(Reply(500), profile=Profile(tries=None), deadline=100.0)
    with pytest.raises(Trouble):
        one.transport.retrying("GET", "/x", {}, as_it_is)
    assert one.clock.now < 100
    assert max(one.clock.pauses) <= 16.5
    assert len(one.clock.pauses) > 6
    one = wire(Reply(503, {"error": "throttled"}), Reply(), profile=Profile(tries=None), deadline=100.0)
    one.transport.retrying("GET", "/x", {}, as_it_is)
    assert one.clock.pauses == [60.0]


PAGE = Reply(403, b"<title>Blocked</title>")


@pytest.mark.parametrize(
    ("tries", "replies", "asked"),
    [
        (None, [PAGE], 5),
        (None, [Reply(200, b"")], 5),
        (None, [Reply(500)] * 9 + [PAGE], 14),
        (None, [PAGE, Reply(500)] * 9 + [PAGE], 23),
        (3, [PAGE], 3),
        (1, [PAGE], 1),
    ],
)
def test_what_seldom_passes_gets_a_few_tries(tries: int | None, replies: list[Reply], asked: int) -> None:
    """An answer that isn't the API's is asked for five times in a row by whoever is patient, within 20 s."""
    one = wire(*replies, profile=Profile(tries=tries))
    with pytest.raises(NotTheApi):
        one.transport.retrying("GET", "/x", {}, an_object)
    assert len(one.script.asked) == asked
    assert sum(one.clock.pauses[-4:]) < 20 or len(replies) > 1


def test_what_seldom_passes_may_pass() -> None:
    """Four pages of somebody else's are no verdict."""
    one = wire(*[PAGE] * 4, Reply(200, {"a": 1}), profile=Profile(tries=None))
    assert one.transport.retrying("GET", "/x", {}, as_it_is) == {"a": 1}


def test_no_retry_comes_after_the_deadline() -> None:
    """Where the pause would end after the deadline, the trouble is passed on at once."""
    one = wire(Reply(500, takes=99.5), deadline=100.0)
    with pytest.raises(Unclear):
        one.transport.retrying("GET", "/x", {}, as_it_is)
    assert one.clock.pauses == []


def test_nothing_is_logged_by_the_libraries(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the retries nor the calls write log lines of their own."""
    with caplog.at_level(logging.INFO), pytest.raises(Unclear):
        wire(Reply(500)).transport.retrying("GET", "/x", {}, as_it_is)
    assert caplog.records == []
    assert "secret-token" not in json.dumps(caplog.text)
