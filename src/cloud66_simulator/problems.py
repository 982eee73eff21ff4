"""The API's errors, as the official client reads them."""

from http import HTTPStatus

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


class Problem(Exception):
    """The API declines; `word` is the machine-readable `error` of the body."""

    def __init__(self, status: int, description: str, word: str | None = None, details: str = "") -> None:
        super().__init__(description)
        self.status = status
        self.word = word or word_for(status)
        self.description = description
        self.details = details


def word_for(status: int) -> str:
    """Return the `error` word that goes with a status."""
    if status in _WORDS:
        return _WORDS[status]
    return "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "error"
