"""
What a fault makes of an answer.

What happens below HTTP (a cut, a wait) is told to whoever serves the answer by private headers, which
they strip.
"""

from flask import Response
from werkzeug.http import http_date

from cloud66_simulator.answers import declined, raw
from cloud66_simulator.faults import Fault
from cloud66_simulator.problems import Problem, word_for
from cloud66_simulator.records import LoggedStatus
from cloud66_simulator.world import Simulator

CUT = "X-Stand-In-Cut"
"""`cut`, `timeout`, `refuse`, `connect_timeout`, `proxy_cut` or `tunnel_refused`: no answer reaches the client."""
DELAY = "X-Stand-In-Delay"
"""Seconds to wait before the answer."""
DRIP = "X-Stand-In-Drip"
"""Seconds to wait before each byte of the body."""
TRUNCATE = "X-Stand-In-Truncate"
"""How many bytes more the Content-Length promises than come."""
PRIVATE = frozenset(one.lower() for one in (CUT, DELAY, DRIP, TRUNCATE))

_CUTS = {
    "lost_done": "cut",
    "lost_undone": "cut",
    "late": "cut",
    "timeout_done": "timeout",
    "timeout_undone": "timeout",
    "refuse": "refuse",
    "connect_timeout": "connect_timeout",
    "proxy_cut": "proxy_cut",
    "tunnel_refused": "tunnel_refused",
}
_NEVER_SENT = frozenset({"refuse", "connect_timeout", "tunnel_refused"})
_UNDONE = _NEVER_SENT | {"lost_undone", "timeout_undone"}
_BODIES = {"garbage": '{"response": {"id"', "wrong_json": '["unexpected"]'}
_DRIP_SECONDS = 0.2
_ELSEWHERE = "https://elsewhere.example/login"


def instead(fault: Fault, simulator: Simulator) -> Response | None:
    """Return what is answered in place of the API, or None where the API is to do its work."""
    if fault.kind in _UNDONE:
        return raw(200, "")
    if fault.kind in {"status", "throttle"}:
        return _error(fault, simulator)
    if fault.kind == "html":
        title = fault.text or f"{fault.status} from the proxy"
        return raw(fault.status, f"<html><head><title>{title}</title></head><body>{title}</body></html>", "text/html")
    if fault.kind == "redirect":
        response = raw(fault.status, "", "text/html")
        response.headers["Location"] = _ELSEWHERE
        return response
    if fault.kind in _BODIES:
        return raw(fault.status, _BODIES[fault.kind] if fault.text is None else fault.text)
    return None


def spoiled(fault: Fault, response: Response, simulator: Simulator) -> Response:
    """Return what becomes of an answer."""
    if fault.kind == "late_status":
        response = _error(fault, simulator)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = _retry_after(fault, simulator)
    if fault.kind in _CUTS:
        response.headers[CUT] = _CUTS[fault.kind]
    elif fault.kind == "slow":
        response.headers[DELAY] = str(fault.seconds)
    elif fault.kind == "drip":
        response.headers[DRIP] = str(_DRIP_SECONDS)
    elif fault.kind == "truncated":
        response.headers[TRUNCATE] = "100"
    return response


def logged_status(fault: Fault | None, response: Response) -> LoggedStatus:
    """Return what the log of requests says about an answer."""
    if fault is None or fault.kind not in _CUTS:
        return response.status_code
    return "never sent" if fault.kind in _NEVER_SENT else "cut"


def _retry_after(fault: Fault, simulator: Simulator) -> str:
    if not fault.retry_after_is_date:
        return str(fault.retry_after)
    return http_date(simulator.now() + simulator.behaviour.clock_offset_seconds + float(fault.retry_after or 0))


def _error(fault: Fault, simulator: Simulator) -> Response:
    word = "throttled" if fault.kind == "throttle" else word_for(fault.status)
    text = fault.text or ("Rate limit exceeded" if fault.kind == "throttle" else "Something went wrong")
    response = declined(Problem(fault.status, text, word), simulator.behaviour)
    if fault.kind == "throttle":
        response.headers["X-RateLimit-Limit"] = str(simulator.behaviour.rate_limit)
        response.headers["X-RateLimit-Remaining"] = "0"
    return response
