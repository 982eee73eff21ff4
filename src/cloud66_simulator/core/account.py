"""The account as its API shows it: a request comes in as values, an `Answer` goes out."""

from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

from cloud66_simulator.core.answers import Answer, Problem, declined
from cloud66_simulator.core.endpoints import ENDPOINTS, Call
from cloud66_simulator.core.records import RequestRecord
from cloud66_simulator.core.world import Simulator

BASE_PATH = "/api/3"


class Account:
    """Answers as the API of a simulator's account does, without HTTP."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    def answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        authorization: str = "",
        body: bytes = b"",
    ) -> Answer:
        """Answer one request, given with its whole path; requests of several threads one after the other."""
        simulator, behaviour = self.simulator, self.simulator.behaviour
        with simulator.lock:
            simulator.catch_up()
            if not path.startswith(BASE_PATH):
                return declined(Problem(404, "Not Found"), behaviour)
            scheme, _, secret = authorization.partition(" ")
            token = simulator.tokens.get(secret.strip()) if scheme.lower() == "bearer" else None
            call = Call(simulator, method, path.removeprefix(BASE_PATH), query or {}, body, token)
            fault = simulator.next_fault(method, call.path)
            if fault is not None:
                call.defer_seconds = fault.defer_seconds
            answer = (fault and fault.instead(behaviour)) or _worked_on(call)
            server_time = simulator.now() + behaviour.clock_offset_seconds
            answer.headers["Date"] = formatdate(server_time, usegmt=True)
            if fault is not None:
                answer = fault.spoil(answer, behaviour, server_time)
            answer.headers["Content-Length"] = str(len(answer.body) + answer.disturbance.missing_bytes)
            user = token.user if token else None
            simulator.requests.append(
                RequestRecord(simulator.now(), method, call.path, dict(call.query), answer.logged_status, user)
            )
            return answer


def _worked_on(call: Call) -> Answer:
    """Return what the API answers: first of all to who asks, then to how often, then to what."""
    behaviour = call.simulator.behaviour
    limits: dict[str, str] = {}
    try:
        _let_in(call, limits)
        answer = _endpoint(call)
    except Problem as problem:
        answer = declined(problem, behaviour)
    answer.headers |= limits
    warning = behaviour.text or behaviour.warning
    if limits and warning is not None and answer.status < HTTPStatus.MULTIPLE_CHOICES:
        answer.headers["X-Cloud66-Warning"] = _header_text(warning)
    return answer


def _let_in(call: Call, limits: dict[str, str]) -> None:
    """Check the token, the hourly limit and the scope; note in `limits` what the headers say of the limit."""
    token, limit = call.token, call.simulator.behaviour.rate_limit
    if token is None:
        raise Problem(401, "The access token is missing or invalid")
    if token.expired:
        raise Problem(402, "The trial of this account has expired")
    used = call.simulator.count_call(token.user)
    limits |= {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(max(0, limit - used))}
    if used > limit:
        raise Problem(503, "Rate limit exceeded", "throttled")
    scope = "public" if call.method == "GET" else "redeploy"
    if scope not in token.scopes:
        raise Problem(403, f"The access token lacks the scope {scope}")


def _endpoint(call: Call) -> Answer:
    status = HTTPStatus.NOT_FOUND
    for pattern, methods in ENDPOINTS:
        if match := pattern.fullmatch(call.path.removesuffix(".json")):
            if call.method in methods:
                return methods[call.method](call, *match.groups())
            status = HTTPStatus.METHOD_NOT_ALLOWED
    raise Problem(status, status.phrase)


def _header_text(text: str) -> str:
    """Return a text as a header can carry it: UTF-8 bytes on one line."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line.encode("utf-8", "replace").decode("latin-1")
