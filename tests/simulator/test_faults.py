from email.utils import parsedate_to_datetime

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, DEFAULT_START, FAULT_KINDS, Fault, ManualClock, Simulator

STACK = f"/stacks/{DEFAULT_STACK}"
DEPLOYMENTS = f"{STACK}/deployments"
MINE = {"user_reference": "mine"}


def _add(simulator: Simulator, *faults: Fault) -> None:
    simulator.faults.extend(faults)


@pytest.mark.parametrize(("code", "word"), [(500, "server_error"), (409, "conflict"), (418, "error")])
def test_status(session: requests.Session, simulator: Simulator, code: int, word: str) -> None:
    """A status comes with an error body and, if wanted, a Retry-After; the API does nothing."""
    _add(simulator, Fault("status", code=code, retry_after=7))
    answer = session.post(DEPLOYMENTS, params=MINE)
    assert (answer.status_code, answer.json()["error"], answer.headers["Retry-After"]) == (code, word, "7")
    assert simulator.deployments_of("mine") == []


def test_html(session: requests.Session, simulator: Simulator) -> None:
    """A proxy may answer HTML, with any status."""
    _add(simulator, Fault("html"), Fault("html", code=200, text="Sign in"))
    first, second = session.get(STACK), session.get(STACK)
    assert (first.status_code, first.headers["Content-Type"]) == (502, "text/html")
    assert (second.status_code, "Sign in" in second.text) == (200, True)


def test_throttle(session: requests.Session, simulator: Simulator) -> None:
    """A throttled answer says that nothing is left."""
    _add(simulator, Fault("throttle", retry_after=60))
    answer = session.get(STACK)
    assert (answer.status_code, answer.json()["error"]) == (503, "throttled")
    assert (answer.headers["X-RateLimit-Remaining"], answer.headers["Retry-After"]) == ("0", "60")


def test_redirect(session: requests.Session, simulator: Simulator) -> None:
    """A redirect leads to another host."""
    _add(simulator, Fault("redirect"))
    answer = session.get(STACK, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example/login")


@pytest.mark.parametrize(("kind", "done"), [("lost_done", 1), ("lost_undone", 0)])
def test_lost(session: requests.Session, simulator: Simulator, kind: str, done: int) -> None:
    """A lost answer looks the same whether the work was done or not."""
    _add(simulator, Fault(kind))  # type: ignore[arg-type]
    with pytest.raises(requests.ConnectionError, match="Connection aborted"):
        session.post(DEPLOYMENTS, params=MINE)
    assert len(simulator.deployments_of("mine")) == done
    assert simulator.requests[-1].status == "cut"


@pytest.mark.parametrize(("kind", "done"), [("timeout_done", 1), ("timeout_undone", 0)])
def test_timeout(session: requests.Session, simulator: Simulator, clock: ManualClock, kind: str, done: int) -> None:
    """An answer that never comes makes the client wait for its read time-out."""
    _add(simulator, Fault(kind))  # type: ignore[arg-type]
    with pytest.raises(requests.ReadTimeout):
        session.post(DEPLOYMENTS, params=MINE, timeout=(5, 20))
    assert clock.now() == pytest.approx(DEFAULT_START + 20.025)
    assert len(simulator.deployments_of("mine")) == done


@pytest.mark.parametrize("kind", ["late", "late_status"])
def test_late(session: requests.Session, simulator: Simulator, clock: ManualClock, kind: str) -> None:
    """A late POST is not there, then it is, as if it had been asked for then; the truth knows it at once."""
    _add(simulator, Fault(kind, method="POST", seconds=30))  # type: ignore[arg-type]
    if kind == "late":
        with pytest.raises(requests.ConnectionError):
            session.post(DEPLOYMENTS, params=MINE)
    else:
        assert session.post(DEPLOYMENTS, params=MINE).status_code == 504
    [truth] = simulator.deployments_of("mine")
    assert (truth.id, truth.state(clock.now())) == (0, "unprocessed")
    somebody = simulator.request_deployment()
    assert session.get(f"{STACK}/actions", params=MINE).json()["count"] == 0
    clock.advance(100)
    [action] = session.get(f"{STACK}/actions", params=MINE).json()["response"]
    assert (somebody.id, truth.id, action["id"]) == (108, 109, 41)
    assert truth.requested_at == pytest.approx(DEFAULT_START + 30.025)
    assert truth.starts_at == somebody.ends_at


def test_late_in_order(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """Of two late POSTs the one that is due first is first."""
    _add(simulator, Fault("late_status", seconds=40), Fault("late_status", seconds=10))
    session.post(DEPLOYMENTS, params={"user_reference": "a"})
    session.post(DEPLOYMENTS, params={"user_reference": "b"})
    clock.advance(45)
    assert [simulator.deployments_of(one)[0].id for one in "ab"] == [109, 108]


def test_late_cancel(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A late DELETE cancels later, or nothing if it is over by then."""
    made = simulator.request_deployment()
    _add(simulator, Fault("late_status", method="DELETE", count=None, seconds=30))
    assert session.delete(f"{DEPLOYMENTS}/{made.id}").status_code == 504
    clock.advance(20)
    session.delete(f"{DEPLOYMENTS}/{made.id}")
    assert not made.cancelled
    clock.advance(100)
    simulator.catch_up()
    assert made.ends_at == pytest.approx(DEFAULT_START + 32.025)
    assert simulator.all_deployments()[-1].cancelled


def test_slow(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A slow answer takes its time, unless the client's read time-out is shorter."""
    _add(simulator, Fault("slow", count=2, seconds=8))
    assert session.get(STACK, timeout=10).status_code == 200
    assert clock.now() == pytest.approx(DEFAULT_START + 8.05)
    with pytest.raises(requests.ReadTimeout, match="read timeout=7"):
        session.get(STACK, timeout=(30, 7))
    assert clock.now() == pytest.approx(DEFAULT_START + 15.075)


def test_drip(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A dripping body takes 0.2 s a byte, as it is read."""
    _add(simulator, Fault("drip"))
    answer = session.get("/nope", stream=True)
    assert clock.now() == pytest.approx(DEFAULT_START + 0.05)
    first = next(answer.iter_content(10))
    assert len(first) == 10
    assert clock.now() == pytest.approx(DEFAULT_START + 2.05)


def test_refuse(session: requests.Session, simulator: Simulator) -> None:
    """A refused connection is an error whose reason is a new connection's."""
    _add(simulator, Fault("refuse"))
    with pytest.raises(requests.ConnectionError, match="Connection refused") as caught:
        session.post(DEPLOYMENTS, params=MINE)
    assert type(caught.value.args[0].reason).__name__ == "NewConnectionError"
    assert (simulator.requests[-1].status, simulator.deployments_of("mine")) == ("never sent", [])


def test_connect_timeout(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A connection that can't be made takes the connect time-out."""
    _add(simulator, Fault("connect_timeout"))
    with pytest.raises(requests.ConnectTimeout):
        session.get(STACK, timeout=(5, 20))
    assert clock.now() == pytest.approx(DEFAULT_START + 5.025)


def test_garbage(session: requests.Session, simulator: Simulator) -> None:
    """Garbage is no JSON."""
    _add(simulator, Fault("garbage"), Fault("garbage", text=""))
    for _ in range(2):
        with pytest.raises(requests.JSONDecodeError):
            session.get(STACK).json()


def test_wrong_json(session: requests.Session, simulator: Simulator) -> None:
    """Wrong JSON is of another shape."""
    _add(simulator, Fault("wrong_json"), Fault("wrong_json", text="null"))
    assert session.get(STACK).json() == ["unexpected"]
    assert session.get(STACK).json() is None


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Fault("html", code=403, text="Blocked"), 403, b"Blocked"),
        (Fault("garbage", code=404, text=""), 404, b""),
        (Fault("wrong_json", code=403), 403, b'["unexpected"]'),
        (Fault("wrong_json", code=410, text='{"fault": "x"}'), 410, b'{"fault": "x"}'),
        (Fault("status", code=410), 410, b'"error"'),
    ],
)
def test_single_no(session: requests.Session, simulator: Simulator, fault: Fault, status: int, body: bytes) -> None:
    """A gateway or the API says no, once."""
    _add(simulator, fault)
    answer = session.get(STACK)
    assert answer.status_code == status
    assert body in answer.content
    assert bool(body) == bool(answer.content)
    assert session.get(STACK).status_code == 200


@pytest.mark.parametrize(
    ("kind", "done", "status", "words"),
    [("proxy_cut", 1, "cut", "closed connection"), ("tunnel_refused", 0, "never sent", "Tunnel connection failed")],
)
def test_proxy(session: requests.Session, simulator: Simulator, kind: str, done: int, status: str, words: str) -> None:
    """Behind a proxy the library says the same of a request that was done and of one that never left."""
    _add(simulator, Fault(kind))  # type: ignore[arg-type]
    with pytest.raises(requests.exceptions.ProxyError, match="Unable to connect to proxy") as caught:
        session.post(DEPLOYMENTS, params=MINE)
    assert words in str(caught.value.args[0].reason.original_error)
    assert (simulator.requests[-1].status, len(simulator.deployments_of("mine"))) == (status, done)


@pytest.mark.parametrize("offset", [0.0, 3600.0, -86400.0])
def test_retry_after_as_a_date(session: requests.Session, simulator: Simulator, offset: float) -> None:
    """A Retry-After may be a date, by the server's clock, as Date is."""
    simulator.behaviour.clock_offset_seconds = offset
    _add(simulator, Fault("status", code=429, retry_after=2, retry_after_is_date=True))
    headers = session.get(STACK).headers
    until, now = parsedate_to_datetime(headers["Retry-After"]), parsedate_to_datetime(headers["Date"])
    assert (until - now).total_seconds() == 2
    assert now.timestamp() == DEFAULT_START + offset


def test_truncated(session: requests.Session, simulator: Simulator) -> None:
    """A truncated body breaks while it is read, streamed or not."""
    _add(simulator, Fault("truncated", count=2))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        session.get(STACK)
    with session.get(STACK, stream=True) as answer, pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(answer.iter_content(64))


def test_hidden(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """Hidden records are missing during the window, from lists and by themselves."""
    _add(simulator, Fault("hide_deployments", after=10, until=20), Fault("hide_actions", after=20, until=30))

    def seen() -> list[int]:
        return [session.get(f"{STACK}/{path}").status_code for path in ("deployments/107", "actions/39")] + [
            session.get(f"{STACK}/{path}").json()["count"] for path in ("deployments", "actions")
        ]

    assert seen() == [200, 200, 12, 12]
    clock.advance(10)
    assert seen() == [404, 200, 0, 12]
    clock.advance(10)
    assert seen() == [200, 404, 12, 0]
    clock.advance(10)
    assert seen() == [200, 200, 12, 12]


def test_selection(session: requests.Session, simulator: Simulator) -> None:
    """A fault hits requests of its method and path, after skipping some, so many times."""
    _add(simulator, Fault("status", method="get", path=r"/actions$", skip=1, count=2))
    assert [session.get(f"{STACK}/actions").status_code for _ in range(4)] == [200, 500, 500, 200]
    _add(simulator, Fault("status", path=r"/actions$", count=None))
    assert [session.get(f"{STACK}/actions").status_code for _ in range(3)] == [500, 500, 500]
    assert session.get(STACK).status_code == 200


def test_window(session: requests.Session, simulator: Simulator, clock: ManualClock) -> None:
    """A fault may have a time window, from the simulator's start."""
    _add(simulator, Fault("status", after=10, until=20, count=None))
    assert session.get(STACK).status_code == 200
    clock.advance(10)
    assert session.get(STACK).status_code == 500
    clock.advance(10)
    assert session.get(STACK).status_code == 200


def test_no_timeout(session: requests.Session, simulator: Simulator) -> None:
    """A request without a read time-out that gets no answer is a mistake of the client, and said so."""
    _add(simulator, Fault("timeout_done"))
    with pytest.raises(AssertionError, match="for ever"):
        session.get(STACK, timeout=(5, None))


def test_unknown_kind() -> None:
    """There is no other kind of fault."""
    with pytest.raises(ValueError, match="no such fault"):
        Fault("earthquake")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_private(session: requests.Session, simulator: Simulator, kind: str) -> None:
    """No private header reaches the client."""
    _add(simulator, Fault(kind))  # type: ignore[arg-type]
    try:
        answer = session.get(STACK, allow_redirects=False, stream=True)
    except requests.RequestException:
        assert simulator.requests[-1].status in {"cut", "never sent"}
    else:
        assert not [name for name in answer.headers if name.lower().startswith("x-stand-in")]
