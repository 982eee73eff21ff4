"""An answer, and the shape that the API gives to an error."""

import json
from dataclasses import dataclass, field

from cloud66_simulator.behaviour import Behaviour

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
