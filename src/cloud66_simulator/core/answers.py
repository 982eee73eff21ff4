"""An answer, and the shapes that the API gives it: envelope, page, error."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.records import LoggedStatus

T = TypeVar("T")
Cut = Literal["cut", "timeout", "refuse", "connect_timeout", "proxy_cut", "tunnel_refused"]

_JSON = "application/json; charset=utf-8"
_NEVER_SENT = frozenset({"refuse", "connect_timeout", "tunnel_refused"})
_WORDS = {
    400: "bad_request",
    401: "unauthenticated",
    402: "trial_expired",
    403: "forbidden",
    404: "not_found",
    408: "time_out",
    409: "conflict",
    429: "too_many_requests",
    503: "unavailable",
}


class Disturbance(NamedTuple):
    """
    What happens to an answer below HTTP. Whoever delivers the answer carries it out.

    Attributes:
        cut: how it comes that no answer reaches the client, or None: the answer does.
        delay_seconds: the wait before the answer.
        drip_seconds: the wait before each byte of the body.
        missing_bytes: how many bytes more the Content-Length promises than come.

    """

    cut: Cut | None = None
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0
    missing_bytes: int = 0


UNDISTURBED = Disturbance()


@dataclass
class Answer:
    """What is answered to one request."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": _JSON})
    disturbance: Disturbance = UNDISTURBED

    @property
    def logged_status(self) -> LoggedStatus:
        """Return what the log of requests says about it."""
        if self.disturbance.cut is None:
            return self.status
        return "never sent" if self.disturbance.cut in _NEVER_SENT else "cut"


class Problem(Exception):
    """The API declines; `word` is the machine-readable `error` of the body, by default that of the status."""

    def __init__(self, status: int, description: str, word: str | None = None, details: str = "") -> None:
        super().__init__(description)
        self.status = status
        self.word = word or _WORDS.get(status) or ("server_error" if status >= 500 else "error")
        self.description = description
        self.details = details or description


def as_json(status: int, body: object) -> Answer:
    """Return JSON as it is."""
    return Answer(status, json.dumps(body).encode())


def envelope(look: dict[str, Any]) -> Answer:
    """Return one record."""
    return as_json(200, {"response": look})


def paged(
    found: Sequence[T], look: Callable[[T], dict[str, Any]], query: Mapping[str, str], behaviour: Behaviour
) -> Answer:
    """Return the page of a list that the query asks for."""
    per_page, shown_fields = behaviour.per_page, behaviour.pagination_fields
    asked = query.get("page", "1")
    current = max(1, int(asked)) if asked.isdecimal() else 1
    pages = max(1, -(-len(found) // per_page))
    shown = [look(record) for record in found[(current - 1) * per_page : current * per_page]]
    pagination = {
        "previous": current - 1 if current > 1 else None,
        "next": current + 1 if current < pages else None,
        "current": current,
        "per_page": per_page,
        "count": len(found),
        "pages": pages,
    }
    page: dict[str, Any] = {"response": shown, "count": len(shown)}
    if shown_fields is not None:
        page["pagination"] = {name: value for name, value in pagination.items() if name in shown_fields}
    return as_json(200, page)


def declined(problem: Problem, behaviour: Behaviour) -> Answer:
    """Return an error body."""
    texts = {"error_description": problem.description, "details": problem.details}
    return as_json(
        problem.status, {"error": problem.word} | {name: behaviour.say(text) for name, text in texts.items()}
    )
