import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Fault, ScaledClock, Simulator
from cloud66_simulator.server import serve
from simulator.api import DEPLOYMENTS, STACK

HEADERS = {"Authorization": "Bearer demo-token"}


@pytest.fixture
def live() -> Simulator:
    """An account whose time runs a hundred times as fast."""
    return Simulator(ScaledClock(speed=100).now)


@pytest.fixture
def address(live: Simulator) -> Iterator[str]:
    """The base address of a server."""
    with serve(live) as base:
        yield base


def _get(address: str, path: str = STACK, timeout: float = 5) -> requests.Response:
    return requests.get(f"{address}{path}", headers=HEADERS, timeout=timeout)


def _control(address: str, path: str) -> str:
    return f"{address.removesuffix('/api/3')}/_stand_in/{path}"


def test_answers(address: str) -> None:
    """A real request gets the same answers, and time runs at the clock's speed."""
    posted = requests.post(f"{address}{DEPLOYMENTS}", json={"git_ref": "main"}, headers=HEADERS, timeout=5)
    assert posted.json()["response"]["id"] == 108
    time.sleep(0.45)
    assert _get(address, f"{DEPLOYMENTS}/108").json()["response"]["outcome"]["code"] == 1


@pytest.mark.parametrize(("kind", "done"), [("lost_done", 1), ("lost_undone", 0), ("refuse", 0)])
def test_cut(live: Simulator, address: str, kind: str, done: int) -> None:
    """A cut closes the socket without an answer."""
    live.faults.append(Fault(kind))  # type: ignore[arg-type]
    body = {"user_reference": "mine"}
    with pytest.raises(requests.ConnectionError, match="Remote end closed connection without response"):
        requests.post(f"{address}{DEPLOYMENTS}", json=body, headers=HEADERS, timeout=5)
    assert len(live.deployments_of("mine")) == done


def test_silence(live: Simulator, address: str) -> None:
    """An answer that never comes runs into the client's read time-out."""
    live.faults.append(Fault("timeout_done"))
    with pytest.raises(requests.ReadTimeout):
        _get(address, timeout=0.2)
    assert _get(address).status_code == 200


def test_slow(live: Simulator, address: str) -> None:
    """A slow answer takes real seconds, also on a fast clock, and holds up nobody else."""
    live.faults.append(Fault("slow", seconds=0.3))
    began = time.monotonic()
    assert _get(address).status_code == 200
    assert 0.3 <= time.monotonic() - began < 2


def test_html_and_truncated(live: Simulator, address: str) -> None:
    """HTML is HTML; a truncated body is shorter than promised."""
    live.faults += [Fault("html"), Fault("truncated")]
    assert _get(address).headers["Content-Type"] == "text/html"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _get(address)


def test_drip(live: Simulator, address: str) -> None:
    """A dripping body comes byte by byte, and a client may hang up on it."""
    live.faults.append(Fault("drip"))
    with requests.get(f"{address}/nope", headers=HEADERS, timeout=5, stream=True) as answer:
        pieces = answer.iter_content(1)
        began = time.monotonic()
        assert next(pieces) + next(pieces) == b'{"'
        assert time.monotonic() - began > 0.15


def test_closing_ends_silence(live: Simulator) -> None:
    """Closing the server cuts whoever still waits."""
    live.faults.append(Fault("slow", seconds=60))
    session = requests.Session()
    with serve(live) as address, pytest.raises(requests.ReadTimeout):
        session.get(f"{address}{STACK}", headers=HEADERS, timeout=0.1)
    session.close()
    assert live.requests[-1].status == 200


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "::", ""])
def test_hosts(live: Simulator, host: str) -> None:
    """It serves loopback only, unless everything is asked for in full."""
    with pytest.raises(ValueError, match="loopback"), serve(live, host):
        pass


def test_control(live: Simulator, address: str) -> None:
    """Behind the scenes faults, behaviour and other people's doings can be had over HTTP."""

    def ask(path: str, body: object = None) -> Any:
        method = "GET" if path in {"requests", "state"} else "POST"
        return requests.request(method, _control(address, path), json=body, timeout=5).json()

    assert ask("faults", {"kind": "html"}) == {"faults": 1}
    assert _get(address).status_code == 502
    assert ask("behaviour", {"duration_seconds": 1e6})["duration_seconds"] == 1e6
    made = ask("deployments", {"user_reference": "mine"})
    assert (made["id"], made["state"], made["user"], made["cancel_at"]) == (
        108,
        "running",
        "colleague@example.com",
        None,
    )
    assert ask("deployments", {"duration": 1e6})["starts_at"] == made["ends_at"]
    assert ask("cancel/108")["final_fate"] == "cancelled"
    reverted = ask("revert/107", {"user": "anna@example.com"})
    assert (reverted["reverted"], reverted["reverted_by"], ask("revert/107")["error"]) == (
        True, "anna@example.com", "conflict",
    )  # fmt: skip
    state = ask("state")
    assert (len(state["deployments"]), state["live"]) == (14, {DEFAULT_STACK: 106, DOCKER_STACK: None})
    assert [(record["path"], record["status"]) for record in ask("requests")] == [(STACK, 502)]
    assert len(live.requests) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("cancel/999", None),
        ("revert/107", {"x": 1}),
        ("revert/107", {"at": "now"}),
        ("faults", {"kind": "x"}),
        ("faults", {"kind": "html", "path": "("}),
        ("faults", {"x": 1}),
        ("faults", []),
        ("behaviour", {"x": 1}),
        ("behaviour", {"post_shape": "x"}),
        ("deployments", {"stack_uid": "x"}),
    ],
)
def test_control_mistakes(address: str, path: str, body: object) -> None:
    """A mistake behind the scenes is a 400 (or what the API would say) with the reason."""
    answer = requests.post(_control(address, path), json=body, timeout=5)
    expected = (404, "not_found") if body is None else (400, "bad_request")
    assert (answer.status_code, answer.json()["error"]) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_program(number: signal.Signals) -> None:
    """The program says where it listens, serves its scenarios, and ends on a signal."""
    command = [sys.executable, "-m", "cloud66_simulator", "--scenario", "queued", "failed", "--speed", "50"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            line = program.stdout.readline().strip()
            assert line.startswith("listening on http://127.0.0.1:")
            assert _get(line.removeprefix("listening on ")).json()["response"]["is_busy"]
        finally:
            program.send_signal(number)
    assert program.returncode == 0


@pytest.mark.parametrize("options", [["--host", "192.0.2.1"], ["--speed", "0"], ["--scenario", "nope"]])
def test_program_mistakes(options: list[str]) -> None:
    """Wrong options are refused with exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "cloud66_simulator", *options], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "error:" in done.stderr) == (2, True)
