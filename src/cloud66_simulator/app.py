"""The web application: one Flask application for the process, and a WSGI callable for each simulator."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from cloud66_simulator import api, control
from cloud66_simulator.access import demand_account, demand_scope, token_of
from cloud66_simulator.answers import declined
from cloud66_simulator.problems import Problem
from cloud66_simulator.records import RequestRecord
from cloud66_simulator.spoiling import instead, logged_status, spoiled
from cloud66_simulator.world import Simulator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BASE_PATH = "/api/3"
_SIMULATOR = "stand_in.simulator"
_PATH = "stand_in.path"
_SUFFIX = ".json"


class StandIn:
    """The API of one simulator as a WSGI application; cheap to make, as all share one Flask application."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._flask = _flask_app()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; requests of several threads are worked on one after the other."""
        path = environ["PATH_INFO"]
        environ[_SIMULATOR], environ[_PATH] = self.simulator, path
        if path.endswith(_SUFFIX):
            environ["PATH_INFO"] = path[: -len(_SUFFIX)]
        with self.simulator.lock:
            return self._flask.wsgi_app(environ, start_response)


def create_app(simulator: Simulator) -> StandIn:
    """Return the WSGI application of a simulator, without the transport-level faults."""
    return StandIn(simulator)


@cache
def _flask_app() -> Flask:
    app = Flask("cloud66_simulator", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.register_blueprint(api.blueprint)
    app.register_blueprint(control.blueprint)
    app.before_request(_arrive)
    app.after_request(_leave)
    app.register_error_handler(Problem, _decline)
    app.register_error_handler(HTTPException, _not_an_endpoint)
    return app


def _arrive() -> Response | None:
    """Let a request in: faults first, as a proxy in front would, then the account, the rate, the scope."""
    simulator: Simulator = request.environ[_SIMULATOR]
    path: str = request.environ[_PATH]
    g.simulator, g.path, g.remaining = simulator, None, None
    simulator.catch_up()
    if not path.startswith(BASE_PATH):
        return None
    g.path = path.removeprefix(BASE_PATH)
    g.token = token_of(simulator, request)
    g.fault = fault = simulator.next_fault(request.method, g.path)
    g.defer_seconds = fault.seconds if fault is not None and fault.kind in {"late", "late_status"} else None
    if fault is not None and (response := instead(fault, simulator)) is not None:
        return response
    token = demand_account(g.token)
    limit = simulator.behaviour.rate_limit
    used = simulator.limit.use(token.user, simulator.now())
    g.remaining = max(0, limit - used)
    if used > limit:
        raise Problem(503, "Rate limit exceeded", "throttled")
    demand_scope(token, request.method)
    return None


def _leave(response: Response) -> Response:
    """Add the headers that every answer carries, spoil it where a fault says so, and log the request."""
    if g.path is None:
        return response
    simulator: Simulator = g.simulator
    response.date = datetime.fromtimestamp(simulator.now() + simulator.behaviour.clock_offset_seconds, UTC)
    if g.remaining is not None:
        response.headers["X-RateLimit-Limit"] = str(simulator.behaviour.rate_limit)
        response.headers["X-RateLimit-Remaining"] = str(g.remaining)
        warning = simulator.behaviour.text or simulator.behaviour.warning
        if warning is not None and response.status_code < 300:
            response.headers["X-Cloud66-Warning"] = _header_text(warning)
    if g.fault is not None:
        response = spoiled(g.fault, response, simulator)
    simulator.requests.append(
        RequestRecord(
            time=simulator.now(),
            method=request.method,
            path=g.path,
            query=dict(request.args.items()),
            status=logged_status(g.fault, response),
            user=g.token.user if g.token else None,
        )
    )
    return response


def _header_text(text: str) -> str:
    """Return a text as a header can carry it: UTF-8 bytes on one line."""
    line = "".join(one if one.isprintable() else " " for one in text)
    return line.encode("utf-8", "replace").decode("latin-1")


def _decline(problem: Problem) -> Response:
    return declined(problem, g.simulator.behaviour)


def _not_an_endpoint(error: HTTPException) -> Response:
    status = error.code or 404
    return declined(Problem(status, error.name), g.simulator.behaviour)
