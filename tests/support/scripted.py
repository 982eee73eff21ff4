"""Small fakes for the rooms: a clock that is moved, and a network that answers from a script."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, TypeVar

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from cloud66_redeploy.api.answers import CallListener
from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.errors import TransientError

T = TypeVar("T")


@dataclass
class Clock:
    """A clock that only moves when somebody sleeps; it keeps the pauses, and the limits of all calls."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    graces: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.pauses.append(seconds)
        self.now += seconds

    def interruptible(self, call: Callable[[], T], *, limit_seconds: float, grace_seconds: float) -> T:
        self.limits.append(limit_seconds)
        self.graces.append(grace_seconds)
        return call()


@dataclass
class Reply:
    """One answer of the network: a status and a body, or what is raised in their place."""

    status: int = 200
    body: bytes | str | Any = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    error: BaseException | None = None
    takes: float = 0.0


@dataclass
class Asked:
    """One request that the network saw."""

    method: str
    url: str
    headers: dict[str, str]
    timeout: Any


class Script(BaseAdapter):
    """Answers one request after the other; the last reply again and again."""

    def __init__(self, clock: Clock, *replies: Reply) -> None:
        super().__init__()
        self.clock = clock
        self.replies = list(replies)
        self.asked: list[Asked] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **options: Any) -> requests.Response:
        self.asked.append(Asked(str(request.method), str(request.url), dict(request.headers), options["timeout"]))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        self.clock.now += reply.takes
        if reply.error is not None:
            raise reply.error
        body = reply.body if isinstance(reply.body, bytes | str) else json.dumps(reply.body)
        raw = HTTPResponse(
            body=BytesIO(body.encode() if isinstance(body, str) else body),
            headers=HTTPHeaderDict(reply.headers),
            status=reply.status,
            preload_content=False,
        )
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Do nothing: there is no connection."""


class Ears(CallListener):
    """Keeps warnings, and trouble that is tried again."""

    def __init__(self, warnings: list[str], troubles: list[str]) -> None:
        self._warnings, self._troubles = warnings, troubles

    def warned(self, text: str) -> None:
        self._warnings.append(text)

    def troubled(self, trouble: TransientError, pause_seconds: float) -> None:
        assert pause_seconds > 0
        self._troubles.append(str(trouble))


@dataclass
class Wire:
    """A transport on a scripted network, and all that can be seen of it."""

    transport: Transport
    script: Script
    clock: Clock
    warnings: list[str]
    troubles: list[str]


def same(body: object) -> object:
    """Hand the JSON of a body on as it is."""
    return body


def wire(*replies: Reply, deadline: float = 1000.0, **options: Any) -> Wire:
    """Make a transport that is answered by a script."""
    clock = Clock()
    script = Script(clock, *(replies or (Reply(),)))
    session = Session()
    session.mount("https://", script)
    warnings: list[str] = []
    troubles: list[str] = []
    ears = Ears(warnings, troubles)
    transport = Transport(session, "https://api.example/api/3", "secret-token", clock, deadline, ears)
    return Wire(transport.but(**options), script, clock, warnings, troubles)
