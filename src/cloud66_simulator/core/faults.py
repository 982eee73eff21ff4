"""Faults: what can go wrong between a client and the API, which request it hits, and what it makes of the answer."""

import re
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal, get_args

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.answers import Answer, Problem

FaultKind = Literal[
    "status", "html", "throttle", "redirect", "garbage", "wrong_json",
    "lost_done", "lost_undone", "timeout_done", "timeout_undone", "late", "late_status",
    "refuse", "connect_timeout", "proxy_cut", "tunnel_refused",
    "slow", "drip", "truncated",
    "hide_deployments", "hide_actions",
]  # fmt: skip

HIDING: frozenset[FaultKind] = frozenset({"hide_deployments", "hide_actions"})

_CODES = {"html": 502, "late_status": 504, "throttle": 503, "redirect": 302, "garbage": 200, "wrong_json": 200}
NEVER_SENT = frozenset({"refuse", "connect_timeout", "tunnel_refused"})
_UNDONE = NEVER_SENT | {"lost_undone", "timeout_undone"}
_CUTS = _UNDONE | {"lost_done", "late", "timeout_done", "proxy_cut"}
_BODIES = {
    "html": "<html><head><title>Bad gateway</title></head><body>From the proxy</body></html>",
    "garbage": '{"response": {"id"',
    "wrong_json": '["unexpected"]',
    "redirect": "",
}
_DRIP_SECONDS = 0.2
_MISSING_BYTES = 100
_ELSEWHERE = "https://elsewhere.example/login"


@dataclass(frozen=True, eq=False)
class Fault:
    """
    One thing that goes wrong. It hits a request that matches, unless an earlier fault in the list hits it already.

    Kinds that answer instead of the API, which does nothing: `status` (an error body), `html`, `throttle` (503
    throttled), `redirect` (to another host), `garbage` (no JSON; with the text "" no body), `wrong_json` (JSON of
    another shape). Kinds that cut the connection: `lost_done` (after the work), `lost_undone` (without it),
    `timeout_done`, `timeout_undone` (the same, but no answer ever comes), `late` (a POST or DELETE is worked on
    `seconds` later), `late_status` (the same, but it answers `code` at once), `refuse`, `connect_timeout` (never
    sent), `proxy_cut` (after the work, as it shows behind a proxy), `tunnel_refused` (never sent: the proxy opens no
    tunnel). A real server can only cut the last four. Kinds that spoil the API's answer: `slow` (after `seconds`),
    `drip` (a byte every 0.2 s), `truncated` (shorter than its Content-Length). Kinds that hold for the whole time
    window, whatever the method, `skip` and `count`: `hide_deployments`, `hide_actions` (records are missing from
    answers).

    Attributes:
        method: an HTTP method, or None for all.
        path: a regular expression, searched in the path below `/api/3`, or None for all.
        skip: how many matching requests pass unharmed first.
        count: how many are hit then, or None for all.
        after: from when, in seconds since the simulator's start.
        until: up to when (exclusive), in the same seconds, or None.
        seconds: of `slow`, `late` and `late_status`.
        code: the HTTP status, or None for the kind's own (500; html 502, late_status 504, garbage and wrong_json 200).
        retry_after: the value of a Retry-After header, or None.
        retry_after_is_date: whether its seconds are written as a date, by the server's clock.
        text: the words (or for `html`, `garbage` and `wrong_json` the body), or None for the kind's own.

    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    skip: int = 0
    count: int | None = 1
    after: float | None = None
    until: float | None = None
    seconds: float = 0.0
    code: int | None = None
    retry_after: str | int | None = None
    retry_after_is_date: bool = False
    text: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"no such fault: {self.kind}")
        re.compile(self.path or "")

    @property
    def defer_seconds(self) -> float:
        """Return how much later a POST or DELETE is worked on."""
        return self.seconds if self.kind in {"late", "late_status"} else 0.0

    def matches(self, method: str | None, path: str, elapsed: float) -> bool:
        """Tell whether it is about such a request (None: any method), `elapsed` seconds after the simulator's start."""
        return (
            (self.after is None or elapsed >= self.after)
            and (self.until is None or elapsed < self.until)
            and (method is None or self.method in {None, method})
            and (self.path is None or re.search(self.path, path) is not None)
        )

    def hits(self, met: int) -> bool:
        """Tell whether it hits the request that is the `met`-th to match."""
        return met > self.skip and (self.count is None or met <= self.skip + self.count)

    def instead(self, behaviour: Behaviour) -> Answer | None:
        """Return what is answered in place of the API, or None: the API does its work."""
        if self.kind in _UNDONE:
            return Answer(200)
        if self.kind in {"status", "throttle"}:
            return self._error(behaviour)
        if self.kind not in _BODIES:
            return None
        body = _BODIES[self.kind] if self.text is None else self.text
        answer = Answer(self.code or _CODES[self.kind], body.encode("utf-8", "replace"))
        if self.kind in {"html", "redirect"}:
            answer.headers["Content-Type"] = "text/html"
        if self.kind == "redirect":
            answer.headers["Location"] = _ELSEWHERE
        return answer

    def spoil(self, answer: Answer, behaviour: Behaviour, server_time: float) -> Answer:
        """Return what becomes of an answer at `server_time` (epoch seconds by the server's clock)."""
        if self.kind == "late_status":
            answer = self._error(behaviour)
        if self.retry_after_is_date and self.retry_after is not None:
            answer.headers["Retry-After"] = formatdate(server_time + float(self.retry_after), usegmt=True)
        elif self.retry_after is not None:
            answer.headers["Retry-After"] = str(self.retry_after)
        answer.cut = self.kind if self.kind in _CUTS else None
        answer.delay_seconds = self.seconds if self.kind == "slow" else 0.0
        answer.drip_seconds = _DRIP_SECONDS if self.kind == "drip" else 0.0
        answer.missing_bytes = _MISSING_BYTES if self.kind == "truncated" else 0
        return answer

    def _error(self, behaviour: Behaviour) -> Answer:
        status, word = self.code or _CODES.get(self.kind, 500), "throttled" if self.kind == "throttle" else None
        answer = Problem(status, self.text or "Something went wrong", word).answer(behaviour)
        if word:
            answer.headers |= {"X-RateLimit-Limit": str(behaviour.rate_limit), "X-RateLimit-Remaining": "0"}
        return answer


NO_FAULT = Fault("slow")
"""By no time."""
