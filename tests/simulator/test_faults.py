from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import pytest
import requests

from cloud66_simulator import Fault, ManualClock, Simulator
from simulator.api import ACTIONS, DEPLOYMENTS, MINE, STACK, Api

THROTTLED = {"Retry-After": "60", "X-RateLimit-Limit": "3000", "X-RateLimit-Remaining": "0"}
HTML, JSON = {"Content-Type": "text/html"}, {"Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("fault", "status", "body", "headers"),
    [
        (Fault("status"), 500, b'"error": "server_error"', JSON),
        (Fault("status", code=409, retry_after=7), 409, b'"error": "conflict"', {"Retry-After": "7"}),
        (Fault("status", code=418, text="a teapot"), 418, b'"a teapot"', JSON),
        (Fault("throttle", retry_after=60), 503, b'"error": "throttled"', THROTTLED),
        (Fault("html"), 502, b"From the proxy", HTML),
        (Fault("html", code=200, text="Sign in"), 200, b"Sign in", HTML),
        (Fault("redirect"), 302, b"", {"Location": "https://elsewhere.example/login"}),
        (Fault("garbage"), 200, b'{"response": {"id"', JSON),
        (Fault("garbage", code=404, text=""), 404, b"", JSON),
        (Fault("wrong_json", code=410, text='{"fault": "x"}'), 410, b'{"fault": "x"}', JSON),
    ],
)
def test_instead(
    api: Api, simulator: Simulator, *, fault: Fault, status: int, body: bytes, headers: dict[str, str]
) -> None:
    """A gateway or the API says no, once, and nothing is done."""
    simulator.faults.append(fault)
    answer = api.post(DEPLOYMENTS, params=MINE, allow_redirects=False)
    assert (answer.status_code, bool(answer.content)) == (status, bool(body))
    assert body in answer.content
    assert {name: answer.headers[name] for name in headers} == headers
    assert (simulator.requests[-1].status, simulator.deployments_of("mine")) == (status, [])
    assert api.get(STACK).status_code == 200


CUTS: dict[str, tuple[type[Exception], str, int, str, float]] = {
    "lost_done": (requests.ConnectionError, "Connection aborted", 1, "cut", 0),
    "lost_undone": (requests.ConnectionError, "Connection aborted", 0, "cut", 0),
    "late": (requests.ConnectionError, "Connection aborted", 1, "cut", 0),
    "timeout_done": (requests.ReadTimeout, "read timeout=20", 1, "cut", 20),
    "timeout_undone": (requests.ReadTimeout, "read timeout=20", 0, "cut", 20),
    "refuse": (requests.ConnectionError, "NewConnectionError.*Connection refused", 0, "never sent", 0),
    "connect_timeout": (requests.ConnectTimeout, "connect timeout=5", 0, "never sent", 5),
    "proxy_cut": (requests.exceptions.ProxyError, "to proxy.*closed connection", 1, "cut", 0),
    "tunnel_refused": (requests.exceptions.ProxyError, "to proxy.*Tunnel connection failed", 0, "never sent", 0),
}
"""What requests raises for a fault, how many deployments come of it, what is known of the request, and when."""


@pytest.mark.parametrize("kind", CUTS)
def test_cuts(api: Api, simulator: Simulator, clock: ManualClock, kind: Any) -> None:
    """Without an answer requests raises the error that it raises for real, after as long; the work is done or not."""
    error, words, done, status, seconds = CUTS[kind]
    simulator.faults.append(Fault(kind))
    with pytest.raises(error, match=words) as caught:
        api.post(DEPLOYMENTS, params=MINE, timeout=(5, 20))
    assert type(caught.value) is error
    assert clock.now() - simulator.started == pytest.approx(0.025 + seconds, abs=1e-3)
    assert (simulator.requests[-1].status, len(simulator.deployments_of("mine"))) == (status, done)


def test_late(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """Late POSTs are not there, then they are, as if they had been asked for then; the truth knows them at once."""
    simulator.faults += [Fault("late_status", seconds=40), Fault("late", seconds=10)]
    assert api.post(DEPLOYMENTS, params={"user_reference": "a"}).status_code == 504
    with pytest.raises(requests.ConnectionError):
        api.post(DEPLOYMENTS, params=MINE)
    [mine] = simulator.deployments_of("mine")
    assert (mine.id, mine.state(clock.now()), api.ids(ACTIONS, **MINE)) == (0, "unprocessed", [])
    somebody = simulator.request_deployment()
    clock.sleep(100)
    assert (api.ids(ACTIONS), somebody.id, mine.id) == ([42, 41, 40, *range(39, 27, -1)], 108, 109)
    assert mine.requested_at - simulator.started == pytest.approx(10.075, abs=1e-3)
    assert mine.starts_at == somebody.ends_at


def test_late_cancel(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A late DELETE cancels later, or nothing if the deployment is over by then."""
    made = simulator.request_deployment()
    simulator.faults.append(Fault("late_status", method="DELETE", count=None, seconds=30))
    for seconds in (20, 100):
        assert api.delete(f"{DEPLOYMENTS}/{made.id}").status_code == 504
        assert not made.cancelled
        clock.sleep(seconds)
    assert simulator.all_deployments()[-1].cancelled
    assert made.ends_at - simulator.started == pytest.approx(32.025, abs=1e-3)


def test_slow(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A slow answer takes its time, up to the client's read time-out; a dripping body 0.2 s a byte."""
    simulator.faults += [Fault("slow", count=2, seconds=8), Fault("drip")]
    took = [clock.now()]
    assert api.get(STACK, timeout=10).status_code == 200
    took.append(clock.now())
    with pytest.raises(requests.ReadTimeout, match="read timeout=7"):
        api.get(STACK, timeout=(30, 7))
    took.append(clock.now())
    assert len(next(api.get("/nope", stream=True).iter_content(10))) == 10
    took.append(clock.now())
    assert [after - before for before, after in pairwise(took)] == pytest.approx([8.05, 7.025, 2.05], abs=1e-3)


@pytest.mark.parametrize("stream", [False, True])
def test_truncated(api: Api, simulator: Simulator, stream: bool) -> None:
    """A truncated body breaks while it is read, streamed or not."""
    simulator.faults.append(Fault("truncated"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        list(api.get(STACK, stream=stream).iter_content(64))


@pytest.mark.parametrize("offset", [0.0, 3600.0, -86400.0])
def test_retry_after_as_a_date(api: Api, simulator: Simulator, offset: float) -> None:
    """A Retry-After may be a date, by the server's clock, as Date is."""
    simulator.behaviour.clock_offset_seconds = offset
    simulator.faults.append(Fault("status", code=429, retry_after=2, retry_after_is_date=True))
    headers = api.get(STACK).headers
    until, now = parsedate_to_datetime(headers["Retry-After"]), parsedate_to_datetime(headers["Date"])
    assert ((until - now).total_seconds(), now.timestamp() - simulator.started) == (2, offset)


def test_hidden(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """Hidden records are missing during the window, from lists and by themselves, and no others."""
    simulator.faults += [Fault("hide_deployments", after=10, until=20), Fault("hide_actions", after=20, until=30)]
    seen = []
    for _ in range(4):
        shown = [api.get(path).status_code for path in (f"{DEPLOYMENTS}/107", f"{ACTIONS}/39")]
        seen.append((*shown, len(api.show(DEPLOYMENTS)), len(api.show(ACTIONS))))
        clock.sleep(10)
    assert seen == [(200, 200, 12, 12), (404, 200, 0, 12), (200, 404, 12, 0), (200, 200, 12, 12)]


def test_selection(api: Api, simulator: Simulator, clock: ManualClock) -> None:
    """A fault hits requests of its method and path, after skipping some, so many times, in its time window."""
    simulator.faults += [
        Fault("status", method="GET", path=r"/actions$", skip=1, count=2),
        Fault("status", method="POST", count=None),
        Fault("status", code=418, after=10, until=20, count=None),
    ]
    assert [api.get(ACTIONS).status_code for _ in range(4)] == [200, 500, 500, 200]
    statuses = []
    for _ in range(3):
        statuses.append(api.get(STACK).status_code)
        clock.sleep(10)
    assert statuses == [200, 418, 200]
