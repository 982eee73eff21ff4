"""An answer, and the shapes that the API gives it: page, error."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cloud66_simulator.behaviour import Behaviour

T = TypeVar("T")
_JSON = "application/json; charset=utf-8"
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


@dataclass
class Answer:
    """
    What is answered to one request, and what happens to it below HTTP, which its deliverer carries out.

    Attributes:
        cut: the kind of fault that keeps the answer from the client, or None: it comes.
        delay_seconds: the wait before the answer.
        drip_seconds: the wait before each byte of the body.
        missing_bytes: how many bytes more the Content-Length promises than come.

    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": _JSON})
    cut: str | None = None
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0
    missing_bytes: int = 0


class Problem(Exception):
    """The API declines; `word` is the machine-readable `error` of the body, by default that of the status."""

    def __init__(self, status: int, description: str, word: str | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.word = word or _WORDS.get(status) or ("server_error" if status >= 500 else "error")

    def answer(self, behaviour: Behaviour) -> Answer:
        """Return the error that the API answers."""
        said = behaviour.say(str(self))
        return as_json({"error": self.word, "error_description": said, "details": said}, self.status)


def as_json(body: object, status: int = 200) -> Answer:
    """Return JSON."""
    return Answer(status, json.dumps(body).encode())


def paged(found: Sequence[T], look: Callable[[T], dict[str, Any]], asked: str, behaviour: Behaviour) -> Answer:
    """Return the page of a list that is asked for by its number."""
    per_page, shown_fields = behaviour.per_page, behaviour.pagination_fields
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
    return as_json(page)
