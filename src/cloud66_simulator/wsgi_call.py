"""Calls a WSGI application with a request of requests."""

from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests import PreparedRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIApplication


def call(app: "WSGIApplication", request: PreparedRequest) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call the application and return its status line, headers and body."""
    answered: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401
        del exc_info
        answered[:] = [status, headers]
        return None

    pieces: Iterable[bytes] = app(_environ(request), start_response)
    body = b"".join(pieces)
    closing = getattr(pieces, "close", None)
    if closing is not None:
        closing()
    return answered[0], answered[1], body


def _environ(request: PreparedRequest) -> dict[str, Any]:
    """Return the WSGI environment of a request; built by hand because this is most of the time it takes."""
    parts = urlsplit(str(request.url))
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    assert isinstance(body, bytes)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value if isinstance(value, str) else value.decode("latin-1")
    return environ
