import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
import requests

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, Behaviour, Fault, Simulator
from cloud66_simulator.server import serve
from simulator.api import DEPLOYMENTS, STACK

HEADERS = {"Authorization": "Bearer demo-token"}
BEHAVIOUR = Behaviour(duration_seconds=0.3)


@pytest.fixture
def live() -> Simulator:
    """An account with short deployments."""
    return Simulator(time.time, behaviour=replace(BEHAVIOUR))


@pytest.fixture
def address(live: Simulator) -> Iterator[str]:
    """The base address of a server."""
    with serve(live) as base:
        yield base


def get(address: str, path: str = STACK, timeout: float = 5) -> requests.Response:
    """Ask the API for something."""
    return requests.get(f"{address}{path}", headers=HEADERS, timeout=timeout)


def ask(address: str, path: str, body: object = None) -> tuple[int, Any]:
    """Ask behind the scenes."""
    answer = requests.post(f"{address.removesuffix('/api/3')}/_stand_in/{path}", json=body, timeout=5)
    return answer.status_code, answer.json()


def test_answers(address: str) -> None:
    """A real request gets the same answers, and time runs as it does."""
    posted = requests.post(f"{address}{DEPLOYMENTS}?git_ref=v%202", headers=HEADERS, timeout=5)
    assert posted.json()["response"]["id"] == 108
    time.sleep(0.3)
    shown = get(address, f"{DEPLOYMENTS}/108").json()["response"]
    assert (shown["git_ref"], shown["outcome"]["code"], get(address, "/nope").status_code) == ("v 2", 1, 404)


@pytest.mark.parametrize(
    ("kind", "done", "error", "words"),
    [
        ("lost_done", 1, requests.ConnectionError, "Remote end closed connection without response"),
        ("timeout_done", 1, requests.ReadTimeout, "Read timed out"),
        ("truncated", 1, requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
    ],
)
def test_cut(live: Simulator, address: str, *, kind: Any, done: int, error: type[Exception], words: str) -> None:
    """A cut closes the socket without an answer, or leaves the client to its read time-out; the next is answered."""
    live.faults.append(Fault(kind))
    with pytest.raises(error, match=words):
        requests.post(f"{address}{DEPLOYMENTS}?user_reference=mine", json={}, headers=HEADERS, timeout=0.3)
    assert (len(live.deployments_of("mine")), get(address).status_code) == (done, 200)


def test_slow(live: Simulator, address: str) -> None:
    """A slow answer takes real seconds; a dripping body comes byte by byte."""
    live.faults += [Fault("slow", seconds=0.3), Fault("drip")]
    began = time.monotonic()
    assert get(address).status_code == 200
    assert 0.3 <= time.monotonic() - began < 2
    with requests.get(f"{address}/nope", headers=HEADERS, timeout=5, stream=True) as answer:
        pieces = answer.iter_content(1)
        began = time.monotonic()
        assert next(pieces) + next(pieces) == b'{"'
        assert time.monotonic() - began > 0.15


def test_closing(live: Simulator) -> None:
    """The server closes at once, though an answer is still to come."""
    live.faults.append(Fault("slow", seconds=60))
    began = time.monotonic()
    with serve(live) as address, pytest.raises(requests.ReadTimeout):
        get(address, timeout=0.1)
    assert time.monotonic() - began < 5


def test_control(live: Simulator, address: str) -> None:
    """Behind the scenes faults, behaviour and other people's doings can be had over HTTP."""
    assert ask(address, "faults", {"kind": "html"}) == (200, {"faults": 1})
    assert get(address).status_code == 502
    assert ask(address, "behaviour", {"duration_seconds": 1e6})[1]["duration_seconds"] == 1e6
    made = ask(address, "deployments", {"user_reference": "mine"})[1]
    shown = (made["id"], made["state"], made["user"], made["cancelled"], made["cancel_at"])
    assert shown == (108, "running", "colleague@example.com", False, None)
    assert ask(address, "deployments")[1]["starts_at"] == made["ends_at"]
    assert ask(address, "cancel/108")[1]["cancelled"]
    assert ask(address, "revert/107", {"user": "anna@example.com"})[1]["reverted_by"] == "anna@example.com"
    assert [one["cancelled"] for one in ask(address, "state")[1]["deployments"]] == 12 * [False] + [True, False]
    assert ask(address, f"app/{DEFAULT_STACK}")[1]["commit"] == live.all_deployments()[10].git_hash
    assert ask(address, f"app/{DOCKER_STACK}")[1] == {"commit": None}
    assert [(record["path"], record["status"]) for record in ask(address, "requests")[1]] == [(STACK, 502)]
    assert [ask(address, path)[0] for path in ("cancel/999", "revert/107")] == [404, 409]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("nope", None),
        ("faults", {"kind": "x"}),
        ("faults", {"kind": "html", "path": "("}),
        ("faults", ["x"]),
        ("behaviour", {"x": 1}),
        ("behaviour", {"post_shape": "x"}),
        ("deployments", {"stack_uid": "x"}),
    ],
)
def test_control_mistakes(live: Simulator, address: str, path: str, body: object) -> None:
    """A mistake behind the scenes is a 400 with the reason, and changes nothing."""
    status, said = ask(address, path, body)
    assert (status, said["error"], live.faults, live.behaviour) == (400, "bad_request", [], BEHAVIOUR)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_program(number: signal.Signals) -> None:
    """The program says where it listens, serves its scenarios, and ends on a signal."""
    command = [
        sys.executable,
        "-m",
        "cloud66_simulator",
        "--scenario",
        "queued",
        "success",
        "--speed",
        "50",
        "--seed",
        "7",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        try:
            line = program.stdout.readline().strip()
            assert line.startswith("listening on http://127.0.0.1:")
            address = line.removeprefix("listening on ")
            assert get(address).json()["response"]["is_busy"]
            time.sleep(0.9)  # of a queue that takes 40 seconds
            assert not get(address).json()["response"]["is_busy"]
            [newest, *_] = get(address, DEPLOYMENTS).json()["response"]
            assert newest["git_hash"] == sha256(f"7 {DEFAULT_STACK} main".encode()).hexdigest()[:40]
        finally:
            program.send_signal(number)
        assert (program.wait(10), program.stderr.read()) == (0, "")


def test_program_mistakes() -> None:
    """It serves loopback only, unless everything is asked for; wrong options are refused with exit code 2."""
    command = [sys.executable, "-m", "cloud66_simulator", "--host", "192.0.2.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, "error:" in done.stderr) == (2, True)
