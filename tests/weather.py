"""What a schedule of the fault campaign draws of trouble: how the stand-in behaves, and what goes wrong on the way."""

from math import inf
from typing import Any, get_args

from hypothesis import strategies as st

from cloud66_simulator.behaviour import PAGINATION, CancelledAs, Fate, ListOrder, OutcomeCodes, PostShape

TOKEN = "demo-token"
HOSTILE = f"a {TOKEN} ::error::b ##[error]c"

DELAYS = st.sampled_from([0.0, 0.0, 0.0, 1.0, 4.0, 9.0])
DELAYS_OR_NEVER = st.sampled_from([0.0, 0.0, 0.0, 1.0, 4.0, 9.0, inf])
_LATE: list[dict[str, float | None]] = [
    {"git_hash": 8.0}, {"git_hash": None}, {"is_live": 8.0}, {"is_live": None}, {"started_at": 8.0},
    {"started_at": None}, {"finished_success": 8.0}, {"git_hash": 4.0, "finished_success": 4.0, "is_live": 4.0},
]  # fmt: skip
_GATEWAYS: list[dict[str, Any]] = [
    {"kind": "html", "code": 403}, {"kind": "html", "code": 404}, {"kind": "garbage", "code": 403, "text": ""},
    {"kind": "wrong_json", "code": 404}, {"kind": "html", "code": 401}, {"kind": "html", "code": 200},
    {"kind": "garbage", "text": ""}, {"kind": "wrong_json", "text": "null"}, {"kind": "wrong_json"},
]  # fmt: skip
"""Answers that are not the API's."""
_NOES = [401, 402, 403, 404, 410]
_CALLS = [None, "/deployments$", r"/deployments/\d+$", "/actions", "^/stacks/[^/]+$"]
FATES = ["success"] * 5 + list(get_args(Fate)) * 2


@st.composite
def faults(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one fault: on the POST half of the time, since that is where a second deployment would come from."""
    interruptible = draw(st.none() | st.tuples(st.floats(0, 200), st.floats(1, 120)))
    fault: dict[str, Any] = {}
    if draw(st.booleans()):
        kinds = ["lost_done", "lost_undone", "timeout_done", "timeout_undone", "late", "late_status", "refuse"]
        kinds += ["connect_timeout", "status", "html", "throttle", "slow", "garbage", "wrong_json", "redirect"]
        kinds += ["proxy_cut", "tunnel_refused"]
        fault |= {"method": "POST", "kind": draw(st.sampled_from(kinds)), "count": draw(st.integers(1, 3))}
        fault["skip"] = draw(st.sampled_from([0, 0, 1]))
    else:
        kinds = ["status", "html", "throttle", "redirect", "lost_done", "timeout_undone", "slow", "refuse", "garbage"]
        kinds += ["wrong_json", "truncated", "hide_deployments", "late"]
        fault |= {"method": draw(st.sampled_from(["GET", "GET", "DELETE"])), "kind": draw(st.sampled_from(kinds))}
        fault |= {"path": draw(st.sampled_from(_CALLS)), "count": draw(st.sampled_from([1, 2, 5, 20, None]))}
        fault["skip"] = draw(st.integers(0, 12))
        if fault["count"] is None or fault["kind"].startswith("hide"):
            interruptible = interruptible or (draw(st.floats(0, 200)), draw(st.floats(1, 120)))
    if interruptible and fault["method"] != "POST":
        fault |= {"after": interruptible[0], "until": interruptible[0] + interruptible[1]}
    if fault["kind"] == "status":
        # The final ones are rare: they cut a run short, and most of what can go wrong comes later.
        codes = [400, 401, 403, 404, *[408, 409, 429, 500, 502, 503, 504] * 3]
        fault |= {"code": draw(st.sampled_from(codes)), "retry_after": draw(st.none() | st.integers(0, 90))}
        fault["retry_after_is_date"] = draw(st.booleans())
    if fault["kind"] in {"late", "late_status"}:
        fault["seconds"] = draw(st.floats(0, 45))
    if fault["kind"] == "slow":
        fault["seconds"] = draw(st.floats(0, 60))
    return fault


def quiet_faults(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw one negative answer of the API's own, and pages of a gateway for a moment, once the POST has left."""
    where = st.fixed_dictionaries({"path": st.sampled_from(_CALLS), "skip": st.integers(0, 12)})
    found = []
    if draw(st.booleans()):
        found.append({"method": "GET", "kind": "status", "code": draw(st.sampled_from(_NOES)), **draw(where)})
    pages = draw(st.lists(st.sampled_from(_GATEWAYS), max_size=2))
    return found + [{"method": "GET", **page, **draw(where), "count": draw(st.integers(1, 3))} for page in pages]


def _listing(draw: st.DrawFn) -> dict[str, Any]:
    """Draw how lists come: most often as in the samples."""
    if draw(st.integers(0, 3)):
        return {}
    return {
        "list_order": draw(st.sampled_from(get_args(ListOrder))),
        "per_page": draw(st.sampled_from([30, 30, 30, 5])),
        "pagination_fields": draw(st.sampled_from([PAGINATION, PAGINATION, ("next",), ("pages",), (), None])),
        "refuse_reference_filter": draw(st.sampled_from([None, None, None, 400, 403, 404, 422])),
    }


def behaviours(draw: st.DrawFn) -> dict[str, Any]:
    """Draw how the stand-in behaves."""
    return {
        "post_shape": draw(st.sampled_from(["deployment_id", "deployment_id", *get_args(PostShape)])),
        "outcome_codes": draw(st.sampled_from(get_args(OutcomeCodes))),
        "cancelled_as": draw(st.sampled_from(get_args(CancelledAs))),
        "fate": draw(st.sampled_from(FATES)),
        "duration_seconds": draw(st.sampled_from([0.0, 3.0, 20.0, 60.0, 150.0])),
        "action_record_delay_seconds": draw(DELAYS),
        "deployment_record_delay_seconds": draw(DELAYS),
        "action_finish_lag_seconds": draw(DELAYS),
        "record_while_queued": draw(st.booleans()),
        "ignore_reference_filter": draw(st.booleans()),
        "text": draw(st.sampled_from([None, None, None, HOSTILE])),
        "cancel_takes_seconds": draw(st.sampled_from([0.0, 2.0, 8.0])),
        "live_field": draw(st.sampled_from([True, True, False])),
        "live_lag_seconds": draw(st.sampled_from([0.0, 0.0, 5.0, 60.0])),
        "overtaken_after_seconds": draw(st.sampled_from([None, None, None, 0.0, 2.0])),
        "log_lines_per_second": draw(st.sampled_from([0.0, 0.5])),
        "late_fields": draw(st.sampled_from([{}] * 16 + _LATE)),
        "clock_offset_seconds": draw(st.sampled_from([0.0, 0.0, 3600.0, -3600.0, 86400.0])),
        # A request whose answer is lost, and that is approved after the minute of looking, is a known limit (README).
        "approval_seconds": draw(st.sampled_from([None] * 30 + [45.0])),
    } | _listing(draw)
