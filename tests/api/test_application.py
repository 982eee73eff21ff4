"""A visit to the application over real sockets: certificates, proxies, logins that lie about, and what breaks."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT
from subprocess import PIPE, Popen
from threading import Event
from time import monotonic, sleep

import pytest

from cloud66_redeploy.api.application import Application
from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.model.health import GoodAnswer, Problem, Visit
from odd_network import CERTIFICATE, Handler, Proxy, cutting, listening, says
from scripted import Clock

SetEnv = Callable[[str, str], None]
GOOD = GoodAnswer(((200, 399),))
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=latin-1\r\nContent-Length: 4\r\n\r\ncaf\xe9"
NO_HTTP = [b"\x15\x03\x01\x00\x02\x02\x28", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 99999 ?\r\n\r\n", b"\0" * 100]
# Where a line of the page stands for a status or a piece's length.
QUOTING = [
    head + b"password=s3cret\r\n\r\n" for head in (b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
]


def visit(address: str, good: GoodAnswer = GOOD) -> Visit:
    """Make one visit."""
    with Session() as session:
        return Application(session, Clock()).visit_all([address], good)[address]


def keeping(heads: list[bytes], *answers: bytes) -> Handler:
    """Keep what every request begins with, and answer the first ones so, and all others with the page."""

    def handle(connection: socket.socket) -> None:
        while head := connection.recv(65536):
            heads.append(head)
            connection.sendall([*answers, PAGE][min(len(heads), len(answers) + 1) - 1])

    return handle


def test_certificates_are_verified(env: SetEnv) -> None:
    """A server that nobody vouches for is not trusted; with the bundle that does, it is."""
    with cutting("", tls=True) as (_far, port, _proxy):
        found = visit(f"https://127.0.0.1:{port}/")
        assert (found.status, found.problem, "certificate" in found.said) == (None, Problem.UNTRUSTED, True)
        env("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        assert visit(f"https://127.0.0.1:{port}/").status == 200


@pytest.mark.parametrize(
    ("handle", "said"),
    [
        (lambda connection: connection.recv(4), ""),
        *((says(answer), "") for answer in [b"", *NO_HTTP]),
        *((says(answer), "an answer that is not HTTP") for answer in QUOTING),
    ],
)
def test_what_breaks_or_is_no_http(env: SetEnv, handle: Handler, said: str) -> None:
    """Wherever it breaks, and whatever else than HTTP comes, there is no answer, and nothing of a page is quoted."""
    del env
    with listening(handle) as port:
        found = visit(f"http://127.0.0.1:{port}/", GoodAnswer(((200, 200),), "hello"))
    assert (found.status, found.problem, "s3cret" in found.said) == (None, Problem.NO_ANSWER, False)
    assert found.said == said if said else found.said


def test_odd_bytes(env: SetEnv) -> None:
    """A redirect whose address holds odd bytes is followed as browsers do, and a text is found in its charset."""
    del env
    heads: list[bytes] = []
    with listening(keeping(heads, b"HTTP/1.1 302 Found\r\nLocation: /caf\xc3\xa9 x?\xff=1%20\r\n\r\n")) as port:
        assert visit(f"http://127.0.0.1:{port}/", GoodAnswer(((200, 200),), "café")).problem is None
    assert heads[1].startswith(b"GET /caf%C3%A9%20x?%FF=1%20 HTTP/1.1\r\n")


def test_the_proxy_and_no_login(env: SetEnv, tmp_path: Path) -> None:
    """The proxy of the environment is used, but for what NO_PROXY names; a ~/.netrc of the job's is not."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    env("HOME", str(tmp_path))
    heads: list[bytes] = []
    with listening(keeping(heads)) as port, listening(Proxy("", port).handle) as proxy:
        env("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        assert visit(f"http://127.0.0.1:{port}/").status == 200
        env("NO_PROXY", "127.0.0.1")
        assert visit(f"http://127.0.0.1:{port}/").status == 200
    assert [head.split(b" ")[1] for head in heads] == [f"http://127.0.0.1:{port}/".encode(), b"/"]
    assert not any(b"authorization" in head.lower() or b"cookie" in head.lower() for head in heads)


def test_a_redirect_that_leads_nowhere(env: SetEnv) -> None:
    """What doesn't answer is what the redirect leads to; the proxy that it takes doesn't get its password shown."""
    with listening(says(b"HTTP/1.1 407 No alice:s3cret\r\n\r\n")) as proxy:
        env("HTTPS_PROXY", f"http://alice:s3cret@127.0.0.1:{proxy}")
        with listening(says(b"HTTP/1.1 302 Found\r\nLocation: https://far.example.com/a?b\r\n\r\n")) as port:
            found = visit(f"http://127.0.0.1:{port}/")
    assert (found.address, found.problem) == ("https://far.example.com/a?b", Problem.NO_ANSWER)
    assert "HTTPS_PROXY" in found.said
    assert "s3cret" not in found.said


@pytest.mark.parametrize("no_proxy", ["", "localhost,.corp"])
@pytest.mark.parametrize("host", [*(f"example.com:{port}" for port in ("99999", "x", "-1", "0", "1:2")), "[::1"])
def test_a_redirect_to_no_address(env: SetEnv, host: str, no_proxy: str) -> None:
    """A redirect to an address that there can't be is named as such, whatever is set for proxies."""
    env("NO_PROXY", no_proxy)
    with listening(says(f"HTTP/1.1 302 Found\r\nLocation: http://{host}/\r\n\r\n".encode())) as port:
        found = visit(f"http://127.0.0.1:{port}/")
    assert found == Visit(f"http://127.0.0.1:{port}/", 302, Problem.BAD_REDIRECT)


@pytest.mark.parametrize("place", [0, 1])
def test_a_fault_while_visiting(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """In whichever thread this action goes wrong, the run learns of it, as it is no answer of the application's."""
    addresses = [f"http://127.0.0.1:1/{number}" for number in range(2)]

    def fault(_self: object, way: list[str], _good: GoodAnswer) -> Visit:
        if way[0] == addresses[place]:
            raise KeyError("oops")
        return Visit(way[0], 200)

    monkeypatch.setattr(Application, "_visit", fault)
    with Session() as session, pytest.raises(KeyError, match="oops"):
        Application(session, Clock()).visit_all(addresses, GOOD)


_VISITS = """
import signal
import sys
import threading
from cloud66_redeploy.api import application
from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.clock import SystemClock
from cloud66_redeploy.errors import Aborted
from cloud66_redeploy.model.health import GoodAnswer
application.VISIT_SECONDS = float(sys.argv[1])
clock = SystemClock()
clock.install()
ask = application.Application._visit
def watched(*given):
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    is_main = threading.current_thread() is threading.main_thread()
    assert (signal.SIGINT in blocked) is (signal.SIGALRM in blocked) is (not is_main)
    return ask(*given)
application.Application._visit = watched
try:
    visitor = application.Application(Session(), clock)
    found = visitor.visit_all(sys.argv[2:], GoodAnswer(((200, 399),)))
    print(sorted(visit.said or str(visit.status) for visit in found.values()))
except Aborted:
    print("aborted")
"""


@pytest.mark.parametrize("is_signalled", [False, True])
def test_visits_that_trickle(env: SetEnv, is_signalled: bool) -> None:
    """
    A process with visits that trickle in ends with its limit, and at once when the workflow is cancelled.

    However many never answer, the visits together take no longer than one.
    """
    del env
    comes = Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        comes.set()
        while True:
            connection.sendall(b"x")
            sleep(0.05)

    with listening(trickle) as port, listening(says(PAGE)) as alive:
        addresses = [*(f"http://127.0.0.1:{port}/{number}" for number in range(20)), f"http://127.0.0.1:{alive}/"]
        command = [sys.executable, "-I", "-c", _VISITS, "30" if is_signalled else "1", *addresses]
        with Popen(command, stdout=PIPE, text=True) as process:
            assert process.stdout is not None
            assert comes.wait(20)
            began = monotonic()
            if is_signalled:
                process.send_signal(SIGINT)
            said = process.stdout.read()
            process.wait(10)
    late = ["200", *["no whole answer within 1s"] * 20]
    assert (said.strip(), process.returncode) == ("aborted" if is_signalled else str(late), 0)
    assert monotonic() - began < 5


def test_each_visit_is_a_new_one(env: SetEnv) -> None:
    """No cache may answer, and no connection is kept: a process that is on its way out still serves its old ones."""
    del env
    heads: list[bytes] = []
    connections: list[int] = []

    def handle(connection: socket.socket) -> None:
        connections.append(connection.fileno())
        keeping(heads)(connection)

    with listening(handle) as port, Session() as session:
        application, address = Application(session, Clock()), f"http://127.0.0.1:{port}/"
        for _ in range(2):
            assert application.visit_all([address], GoodAnswer(GOOD.statuses, "caf"))[address].problem is None
    assert len(heads) == len(connections) == 2
    assert {b"Cache-Control: no-cache", b"Connection: close"} <= set(heads[0].split(b"\r\n"))
