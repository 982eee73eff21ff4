"""The calls of the API: paths, shapes, pages, and what is asked of a reference."""

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import pytest

from cloud66_redeploy.api.client import Client, all_stacks
from cloud66_redeploy.api.transport import BEST_EFFORT
from cloud66_redeploy.errors import AnswerLost, ApiError, Denied, NotAccepted, NotFound, NotTheApi
from scripted import Reply, Wire, wire

BASE = "https://api.example/api/3"
RAN = {"id": 1, "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:01:00Z", "finished_success": True}
Call = Callable[[Client], Any]


class No(NamedTuple):
    """The kind of an error, and words of it."""

    kind: type[ApiError]
    said: str


Row = tuple[Call, list[Reply], Any, list[str]]
"""A call, its answers, what it returns (or a `No`), and all that it asks for, below the stack's path."""


def wrapped(value: Any, **extra: Any) -> Reply:
    """Answer with the envelope around a value."""
    return Reply(200, {"response": value} | extra)


def action(number: int, reference: Any = None) -> dict[str, Any]:
    """Make an action's record."""
    return {"id": number, "metadata": {"user_reference": reference}}


def page(numbers: range, following: object, reference: str = "theirs") -> Reply:
    """Answer with a page of actions that carry a reference."""
    return wrapped([action(number, reference) for number in numbers], pagination={"next": following})


def asked(net: Wire) -> list[str]:
    """Name what was asked for, a GET by its path alone."""
    return [
        f"{one.method} {one.url.removeprefix(f'{BASE}/stacks/abc')}".removeprefix("GET ") for one in net.script.asked
    ]


def ids(records: list[Any]) -> list[int]:
    """Name records."""
    return [one.id for one in records]


def with_mine(one: Client) -> list[int]:
    """Look for a reference."""
    return ids(one.actions_with("mine"))


def posted(one: Client) -> object:
    """Ask for a redeploy."""
    return one.redeploy({"git_ref": "main", "user_reference": "a b"})


NEAR = [
    action(38 - number, near) for number, near in enumerate(["mine-2", "Mine", "mine ", "min", "", None, 5, ["mine"]])
]
MIXED = wrapped([action(5, "mine"), action(4)], pagination={"next": 3})
LEADS_BACK = [page(range(number, number - 2, -1), 99) for number in range(80, 50, -2)]
OPEN, OLDER = wrapped([{"id": 4}, {"id": 3}], pagination={"next": 2}), wrapped([{"id": 2}, RAN | {"action": "deploy"}])
FILTER = "/actions?user_reference=mine"
POST = "POST /deployments?git_ref=main&user_reference=a+b"
DELETE = "DELETE /deployments/108"
SHAPE, NOT_SAID = No(NotTheApi, "another shape"), No(AnswerLost, "does not say what was done")

# A single record may come without its envelope.
ROWS: dict[str, Row] = {
    "the stack": (lambda one: one.stack().text("name"), [wrapped({"name": "Awesome"})], "Awesome", [""]),
    "the last log": (Client.last_log, [Reply(200, {"last_log": "a\nb"})], "a\nb", ["?show_log=true"]),
    "no last log": (Client.last_log, [wrapped({"last_log": None})], "", ["?show_log=true"]),
    "an action": (lambda one: one.action(7).id, [Reply(200, {"id": 7})], 7, ["/actions/7"]),
    "a deployment": (lambda one: one.deployment(7).id, [wrapped({"id": 7})], 7, ["/deployments/7"]),
    # The record of another one is not taken.
    "another action": (lambda one: one.action(7), [wrapped({"id": 8})], No(NotTheApi, "action: 8"), ["/actions/7"] * 3),
    "another deployment": (
        lambda one: one.deployment(7), [wrapped({"id": 8})], No(NotTheApi, "deployment: 8"), ["/deployments/7"] * 3),
    # Where nothing on a page has had its turn, what runs may stand on the next, but not behind a page of other actions.
    "open deployments": (
        lambda one: ids(one.deployments()), [OPEN, OLDER], [4, 3, 2, 1], ["/deployments", "/deployments?page=2"]),
    "open actions": (lambda one: ids(one.actions()), [OPEN, OLDER], [4, 3, 2, 1], ["/actions", "/actions?page=2"]),
    "other actions": (lambda one: len(one.actions()), [page(range(60, 30, -1), 2)], 30, ["/actions"]),
    # Should the filter be ignored or match loosely, only the exact reference counts; the eldest comes first.
    "near references": (with_mine, [wrapped([action(41, "mine"), *NEAR, action(8, "mine")])], [8, 41], [FILTER]),
    "odd characters": (lambda one: one.actions_with("a b/c"), [wrapped([])], [], ["/actions?user_reference=a+b%2Fc"]),
    "on the second page": (
        with_mine, [page(range(60, 30, -1), 2), MIXED, page(range(1), None)], [5], [FILTER, f"{FILTER}&page=2"]),
    "on all pages of a filtered list": (
        with_mine, [page(range(1, 31), 2, "mine"), page(range(31, 41), None, "mine")], [*range(1, 41)],
        [FILTER, f"{FILTER}&page=2"]),
    "pages without an end": (with_mine, LEADS_BACK, [], [FILTER, f"{FILTER}&page=99"]),
    "a next page that is no number": (with_mine, [page(range(1, 3), True)], [], [FILTER]),
    # Where the filter is refused, the reference is looked for among all actions; where the token is, nowhere.
    **{f"a filter that is refused with {status}": (
        with_mine, [Reply(status, {"error": "no"}), page(range(9, 7, -1), 2), page(range(7, 5, -1), None, "mine")],
        [6, 7], [FILTER, "/actions", "/actions?page=2"]) for status in (400, 403, 404, 422)},
    **{f"a token that is refused with {status}": (
        with_mine, [Reply(status, {"error": "no"})], No(Denied, "no"), [FILTER]) for status in (401, 402)},
    # A POST's answer gives hints at most: the id and the action's id, if they are there.
    **{f"POST: {body}": (posted, [reply], hints, [POST]) for body, hints in [
        ('{"id": 108, "message": "Deployment scheduled", "queued": true}', (108, None)),
        ('{"id": "108", "queued": false}', (108, None)),
        ('{"ok": true, "message": "Stack queued", "async_action_id": 40, "queued": true}', (None, 40)),
        ('{"ok": true}', (None, None)), ('{"async_action_id": null}', (None, None)),
        ('{"id": true, "queued": 1}', (None, None)),
    ] for reply in (Reply(201, body), Reply(200, f'{{"response": {body}}}'))},
    "POST: a field like the envelope's": (posted, [wrapped({"id": 5, "response": "ok"})], (5, None), [POST]),
    # It is never sent again by itself, and counts as unclear unless it says.
    "POST: 500": (posted, [Reply(500)], No(AnswerLost, "500"), [POST]),
    "POST: no room": (posted, [wrapped({"ok": False, "message": "no room"})], No(AnswerLost, "no room"), [POST]),
    **{f"POST: throttled with {status}": (
        posted, [Reply(status, {"error": "throttled"})], No(NotAccepted, f"{status}"), [POST])
       for status in (409, 429, 503)},
    **{f"POST: {body!r}": (posted, [Reply(200, body)], no, [POST]) for body, no in [
        (b"", SHAPE), (b"<html>", No(NotTheApi, "not JSON")), (b"null", SHAPE), (b"[]", SHAPE), (b'"done"', SHAPE),
        (b'{"response": []}', SHAPE), (b'{"ok": false}', NOT_SAID), (b'{"error": "stack_locked", "id": 5}', NOT_SAID),
        (b'{"ok": false, "async_action_id": 5}', NOT_SAID), (b"{}", NOT_SAID),
    ]},
    # A DELETE that is answered well, whatever its body, has been taken; one that was not taken says why.
    **{f"DELETE: {status} {body}": (lambda one: one.cancel(108), [Reply(status, body)], meant, [DELETE] * calls)
       for status, body, meant, calls in [
        (200, {"response": {"ok": True}}, None, 1), (204, b"", None, 1), (200, [], None, 1),
        (200, {"response": {"ok": False, "message": "too late"}}, No(NotAccepted, "too late"), 1),
        (200, {"ok": False}, No(NotAccepted, "ok: false"), 1),
        (409, {"error": "conflict"}, No(NotAccepted, "409"), 1), (404, {"error": "not_found"}, No(NotFound, "404"), 1),
        (200, b"<html>", No(NotTheApi, "not JSON"), 3),
    ]},
}  # fmt: skip
READERS: list[Call] = [Client.stack, lambda one: one.action(7), lambda one: one.deployment(7)]
LISTS: list[Call] = [Client.deployments, Client.actions, with_mine, lambda one: all_stacks(one._transport)]
ODD_BODIES = [None, 5, '"text"', {"response": None}, {"response": 5}, {"response": "text"}]
ODD_RECORDS: list[Any] = [[None], [{}], [{"id": "x"}], [[]], [{"id": 1}, 5], {}]


@pytest.mark.parametrize("name", ROWS)
def test_a_call(name: str) -> None:
    """Each call asks for its own path, no more often than it has to, and makes of the answers what the row says."""
    call, replies, meant, paths = ROWS[name]
    net = wire(*replies)
    if isinstance(meant, No):
        with pytest.raises(meant.kind, match=meant.said) as caught:
            call(Client(net.transport, "abc"))
        assert type(caught.value) is meant.kind
    else:
        assert call(Client(net.transport, "abc")) == meant
    assert asked(net) == paths


def test_an_answer_of_another_shape_is_trouble() -> None:
    """A body of an unknown shape is passing trouble, as one that is no JSON is, and so is a list of no records."""
    lists = [{"response": records} for records in ODD_RECORDS]
    for read, body in [*product([*READERS, *LISTS], ODD_BODIES), *product(LISTS, lists)]:
        with pytest.raises(AnswerLost, match="another shape"):
            read(Client(wire(Reply(200, body), profile=BEST_EFFORT).transport, "abc"))


def test_a_stack_id_stays_one_part_of_the_path() -> None:
    """Whatever the stack's id holds, it can't lead to another path."""
    net = wire(wrapped({}))
    Client(net.transport, "../x?y#z").stack()
    assert asked(net) == [f"{BASE}/stacks/..%2Fx%3Fy%23z"]


def test_all_stacks_are_read_over_all_pages() -> None:
    """Pages are asked for one after the other, until there is no next one."""
    pages = [([{"uid": "a", "name": "A"}], 2), ([], 3), ([{"uid": "c"}, {"uid": "d"}], None)]
    net = wire(*(wrapped(stacks, pagination={"next": following}) for stacks, following in pages))
    assert [one.uid for one in all_stacks(net.transport)] == ["a", "c", "d"]
    assert asked(net) == [f"{BASE}/stacks{query}" for query in ("", "?page=2", "?page=3")]


def test_lists_are_kept_until_they_are_cleared() -> None:
    """Clients that share what they keep read each list of each stack once, until whoever gave it clears it."""
    net = wire(*(wrapped([{"id": number}], pagination={"next": None}) for number in (7, 8, 9, 10)))
    kept: dict[str, list[Any]] = {}
    one, same, other = (Client(net.transport, uid, kept) for uid in ("abc", "abc", "def"))
    reads: list[Callable[[], list[Any]]] = [one.deployments, same.deployments, other.deployments, same.actions]
    assert [ids(read()) for read in reads] == [[7], [7], [8], [9]]
    kept.clear()
    assert ids([*same.deployments(), *one.deployments()]) == [10, 10]
