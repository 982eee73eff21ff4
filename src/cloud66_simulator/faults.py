"""Faults: what can go wrong between a client and the API, and which request it hits."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal[
    "status",
    "html",
    "throttle",
    "redirect",
    "lost_done",
    "lost_undone",
    "timeout_done",
    "timeout_undone",
    "late",
    "late_status",
    "proxy_cut",
    "tunnel_refused",
    "slow",
    "drip",
    "refuse",
    "connect_timeout",
    "garbage",
    "wrong_json",
    "truncated",
    "hide_deployments",
    "hide_actions",
    "log_missing",
    "log_shrinks",
]

FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
HIDING: frozenset[FaultKind] = frozenset({"hide_deployments", "hide_actions", "log_missing", "log_shrinks"})

_DEFAULT_CODES = {"html": 502, "late_status": 504, "throttle": 503, "redirect": 302, "garbage": 200, "wrong_json": 200}


@dataclass(frozen=True, eq=False)
class Fault:
    """
    One thing that goes wrong. It hits a request that matches, unless one earlier in the list hits it already.

    Kinds that answer instead of the API, which does nothing: `status` (an error body), `html`, `throttle` (503
    throttled), `redirect` (to another host), `garbage` (no JSON; with the text "" no body), `wrong_json` (JSON of
    another shape). Kinds that cut the connection: `lost_done` (after the work), `lost_undone` (without it),
    `timeout_done`, `timeout_undone` (likewise, but no answer ever comes), `late` (a POST or DELETE is worked on
    `seconds` later), `late_status` (the same, but it answers `code` at once), `refuse`, `connect_timeout` (never
    sent; a real server can only cut), `proxy_cut` (after the work, as it shows behind a proxy), `tunnel_refused`
    (never sent: the proxy opens no tunnel; a real server can only cut these two, too). Kinds that spoil the API's
    answer: `slow` (after `seconds`), `drip` (a byte every 0.2 s), `truncated` (shorter than its Content-Length).
    Kinds that hold for the whole time window, whatever the method, `skip` and `count`: `hide_deployments`,
    `hide_actions` (records are missing from answers), `log_missing` (a stack has no `last_log`), `log_shrinks`
    (only the log's first three lines are answered).

    Attributes:
        method: an HTTP method, or None for all.
        path: a regular expression, searched in the path below `/api/3`, or None for all.
        skip: how many matching requests pass unharmed first.
        count: how many are hit then, or None for all.
        after: from when, in seconds since the simulator's start, or None.
        until: up to when (exclusive), likewise.
        seconds: of `slow`, `late` and `late_status`. `slow` is transport: never scaled by a fast clock.
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
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"no such fault: {self.kind}")
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"the path is no regular expression: {error}") from error

    @property
    def status(self) -> int:
        """Return the HTTP status to answer."""
        return self.code or _DEFAULT_CODES.get(self.kind, 500)

    def in_window(self, elapsed: float) -> bool:
        """Tell whether it may happen, `elapsed` seconds after the simulator's start."""
        return (self.after is None or elapsed >= self.after) and (self.until is None or elapsed < self.until)

    def matches(self, method: str, path: str, elapsed: float) -> bool:
        """Tell whether it is about such a request, `elapsed` seconds after the simulator's start."""
        return (
            self.in_window(elapsed)
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or re.search(self.path, path) is not None)
        )


class FaultBook:
    """Counts the requests that each fault has met."""

    def __init__(self) -> None:
        self._met: dict[Fault, int] = {}

    def next(self, faults: Iterable[Fault], method: str, path: str, elapsed: float) -> Fault | None:
        """Return the first of the faults that hits this request, `elapsed` seconds after the start."""
        for fault in faults:
            if fault.kind in HIDING or not fault.matches(method, path, elapsed):
                continue
            met = self._met[fault] = self._met.get(fault, 0) + 1
            if met > fault.skip and (fault.count is None or met <= fault.skip + fault.count):
                return fault
        return None


def hidden(faults: Iterable[Fault], kind: FaultKind, path: str, elapsed: float) -> bool:
    """Tell whether a fault of that kind, one of `HIDING`, holds for the answer to this path now."""
    return any(
        one.kind == kind and one.in_window(elapsed) and (one.path is None or re.search(one.path, path) is not None)
        for one in faults
    )
