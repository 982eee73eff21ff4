"""An application as visitors meet it, in process: what it answers depends on when, and how often, it is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import RawIOBase
from typing import Any
from urllib.parse import urlsplit

from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, ReadTimeout, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

ADDRESS = "https://awesome.example.com"
"""What the stand-in's stack names."""

HOSTS = ("awesome.example.com", "plain.example.com", "other.example.com")
"""The addresses of applications; everything else is the API."""

HANGS = 1e9


@dataclass(frozen=True)
class Page:
    """One answer: it comes after so many seconds; the body is followed by so many bytes of nothing."""

    status: int = 200
    body: bytes = b"<h1>Version 11e1d512</h1>"
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    filler: int = 0


REFUSED = RequestsConnectionError("Connection refused")
"""Answered in place of a page."""

Answer = Callable[[float, str], Page | Exception]
"""What comes so many seconds after the first visit, by the address that is visited."""


def always(page: Page | Exception) -> Answer:
    """Answer the same, whenever it is asked."""
    return lambda _seconds, _address: page


def late(seconds: float) -> Answer:
    """Begin to serve that long after the first visit."""
    return lambda since, _address: Page() if since >= seconds else Page(502)


def flapping(seconds: float) -> Answer:
    """Serve and fail in turns, each that long."""
    return lambda since, _address: Page() if since // seconds % 2 else Page(503)


KINDS: dict[str, Answer] = {
    "serves": always(Page()),
    "late": late(45.0),
    "flaps": flapping(3.0),
    "hangs": always(Page(seconds=HANGS)),
    "sends 100 MB": always(Page(filler=100_000_000)),
    "redirects for ever": lambda _since, address: Page(302, headers={"Location": f"{address}/on"}),
    "is down": always(REFUSED),
}


class _Body(RawIOBase):
    def __init__(self, page: Page, site: "Website") -> None:
        self._left = page.filler
        self._body = page.body
        self._site = site

    def read(self, size: int = -1, /) -> bytes:
        if not self._body:
            size = min(size if size >= 0 else 65536, self._left)
            self._left -= size
            piece = b"\0" * size
        else:
            piece, self._body = self._body, b""
        self._site.sent += len(piece)
        return piece


class Website(BaseAdapter):
    """Answers whatever doesn't go to the API, and keeps what it was asked."""

    def __init__(self, answer: Answer = KINDS["serves"]) -> None:
        super().__init__()
        self.answer = answer
        self.requests: list[PreparedRequest] = []
        self.times: list[float] = []
        self.sent = 0
        self.clock: Any = None
        self._builder = HTTPAdapter()

    def send(
        self, request: PreparedRequest, stream: bool = False, timeout: Any = None, *_args: Any, **_options: Any
    ) -> Response:
        """Answer one visit."""
        assert stream, "the body would be read whole"
        now = self.clock.monotonic()
        self.requests.append(request)
        self.times.append(now)
        found = self.answer(now - self.times[0], str(request.url))
        self.clock.sleep(0.05)
        if isinstance(found, Exception):
            raise found
        if found.seconds > timeout[1]:
            self.clock.sleep(timeout[1])
            raise ReadTimeout("Read timed out.")
        self.clock.sleep(found.seconds)
        raw = HTTPResponse(
            body=_Body(found, self),
            headers=dict(found.headers),
            status=found.status,
            preload_content=False,
            request_method=request.method,
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    @property
    def hosts(self) -> set[str]:
        """The schemes and hosts that were asked."""
        return {"{0.scheme}://{0.netloc}".format(urlsplit(str(one.url))) for one in self.requests}
