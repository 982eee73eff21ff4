"""The door for real sockets: the API, whose faults are carried out for real, and what lies beside it."""

import json
import logging
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from math import isfinite
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import make_server

from cloud66_simulator.core import account
from cloud66_simulator.core.answers import Answer, Problem, as_json
from cloud66_simulator.core.faults import Fault
from cloud66_simulator.core.records import Deployment
from cloud66_simulator.core.world import Simulator

HOSTS = ("127.0.0.1", "0.0.0.0")  # noqa: S104 - the second only when asked for, as a service container needs
_CONTROL_PATH = "/_stand_in"
_GLANCE_SECONDS = 0.05
_LONGEST_SILENCE_SECONDS = 300.0


@contextmanager
def serve(
    simulator: Simulator, host: str = HOSTS[0], port: int = 0, ssl_context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """
    Serve a simulator from a thread and yield the API's base address; port 0 is any free one.

    Its waits are real seconds, whatever the simulator's clock; closing it doesn't wait for those that still last.
    """
    # The simulator keeps its own log of requests.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(host, port, _application(simulator), threaded=True, ssl_context=ssl_context)
    if isinstance(server.socket, ssl.SSLSocket):
        # The handshake belongs in the connection's own thread: here an idle client would hold up all others.
        server.socket.do_handshake_on_connect = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(_GLANCE_SECONDS,), name="stand-in")
    thread.start()
    try:
        yield f"{'https' if ssl_context else 'http'}://{HOSTS[0]}:{server.port}{account.BASE_PATH}"
    finally:
        server.shutdown()
        thread.join()


def _application(simulator: Simulator) -> Flask:
    """Return the application of a simulator, for werkzeug's server: it cuts connections by their sockets."""
    app = Flask("cloud66_simulator", static_folder=None)
    # What ends a connection has to reach the server, and a mistake of the stand-in's own the log.
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.before_request
    def answer() -> Response:
        # All of the body is read: bytes left unread would look like a client that hangs up, and make a cut a reset.
        body, path = request.get_data(), request.path
        if path.startswith(_CONTROL_PATH):
            return _delivered(_controlled(simulator, path.split("/")[2:], body))
        given = request.headers.get("Authorization", "")
        return _delivered(account.answer(simulator, request.method, path, request.args.to_dict(), given))

    return app


def _delivered(answer: Answer) -> Response:
    """Return an answer as it is to be sent, or cut the connection instead."""
    connection = request.environ["werkzeug.socket"]
    if answer.cut is not None:
        if "timeout" in answer.cut:
            # Until the client has given up.
            select.select([connection], [], [], _LONGEST_SILENCE_SECONDS)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("cut by a fault")
    time.sleep(answer.delay_seconds)
    return Response(_pieces(answer), answer.status, answer.headers)


def _pieces(answer: Answer) -> Iterator[bytes]:
    size = 1 if answer.drip_seconds else max(1, len(answer.body))
    for start in range(0, len(answer.body), size):
        time.sleep(answer.drip_seconds)
        yield answer.body[start : start + size]


def _controlled(simulator: Simulator, path: Sequence[str], body: bytes) -> Answer:
    with simulator.lock:
        try:
            return as_json(_behind_the_scenes(simulator, path, **json.loads(body or b"{}")))
        except Problem as problem:
            return problem.answer(simulator.behaviour)
        except (KeyError, TypeError, ValueError, re.error) as error:
            return Problem(400, f"{type(error).__name__}: {error}").answer(simulator.behaviour)


def _behind_the_scenes(simulator: Simulator, path: Sequence[str], **given: Any) -> object:  # noqa: ANN401
    """Show the truth, or change what happens; what is given are the arguments of the Python call of that name."""
    match path:
        case ["requests"]:
            return [asdict(record) for record in simulator.requests]
        case ["state"]:
            return {"deployments": [_truth(one, simulator.now()) for one in simulator.all_deployments()]}
        case ["app", uid]:
            # The page of the stack's application.
            live = simulator.stacks[uid].live(simulator.now(), simulator.behaviour)
            return {"commit": live.git_hash if live else None}
        case ["faults"]:
            simulator.faults.append(Fault(**given))
            return {"faults": len(simulator.faults)}
        case ["behaviour"]:
            simulator.behaviour.update(given)
            return asdict(simulator.behaviour)
        case ["deployments" | "cancel" | "revert" as name, *number]:
            work: Any = simulator.request_deployment if name == "deployments" else getattr(simulator, name)
            return _truth(work(*map(int, number), **given), simulator.now())
    raise ValueError(f"no such path: {'/'.join(path)}")


def _truth(deployment: Deployment, now: float) -> dict[str, Any]:
    """Return everything about a deployment; JSON knows no infinity, so never is null."""
    values = asdict(deployment) | {"state": deployment.state(now), "cancelled": deployment.cancelled}
    return {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in values.items()}
