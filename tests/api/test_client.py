"""The calls of the API: paths, shapes, pages, and what is asked of a reference."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from cloud66_redeploy.api.client import Client, all_stacks
from cloud66_redeploy.errors import AnswerLost, ApiError, Denied, NotAccepted, NotFound, NotTheApi
from scripted import Reply, Wire, wire

BASE = "https://api.example/api/3"
STACK = f"{BASE}/stacks/abc"
RAN = {"id": 1, "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:01:00Z", "finished_success": True}


def client(*replies: Reply, stack_id: str = "abc") -> tuple[Client, Wire]:
    """Make a client that is answered by a script."""
    found = wire(*replies)
    return Client(found.transport, stack_id), found


def wrapped(value: Any, **extra: Any) -> Reply:
    """Answer with the envelope around a value."""
    return Reply(200, {"response": value} | extra)


def action(number: int, reference: Any = None) -> dict[str, Any]:
    """Make an action's record."""
    return {"id": number, "metadata": {"user_reference": reference}}


def page(numbers: range, following: object, reference: str = "theirs") -> Reply:
    """Answer with a page of actions that carry a reference."""
    return wrapped([action(number, reference) for number in numbers], pagination={"next": following})


def urls(net: Wire) -> list[str]:
    """What was asked for, below the stack's path."""
    return [one.url.removeprefix(STACK) for one in net.script.asked]


Call = Callable[[Client], Any]
READS: dict[str, tuple[Call, Any, str, Any]] = {
    "the stack": (lambda one: one.stack().text("name"), {"uid": "abc", "name": "Awesome"}, "", "Awesome"),
    "the last log": (Client.last_log, {"last_log": "a\nb"}, "?show_log=true", "a\nb"),
    "no last log": (Client.last_log, {}, "?show_log=true", ""),
    "an empty last log": (Client.last_log, {"last_log": None}, "?show_log=true", ""),
    "an action": (lambda one: one.action(7).id, {"id": 7}, "/actions/7", 7),
    "a deployment": (lambda one: one.deployment(7).id, {"id": 7}, "/deployments/7", 7),
    "deployments": (lambda one: [each.id for each in one.deployments()], [{"id": 2}, RAN], "/deployments", [2, 1]),
    "actions": (
        lambda one: [(each.id, each.reference) for each in one.actions()],
        [action(40, "mine"), action(39)], "/actions", [(40, "mine"), (39, "")],
    ),
    "actions with a reference, the eldest first": (
        lambda one: [each.id for each in one.actions_with("a b/c")],
        [action(41, "a b/c"), action(40, "a b/c")], "/actions?user_reference=a+b%2Fc", [40, 41],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READS)
def test_what_is_read(case: str) -> None:
    """Each read asks for its own path, once; a single record may come without its envelope."""
    read, value, url, meant = READS[case]
    for reply in [wrapped(value, pagination={"next": None}), Reply(200, value)][: 1 + isinstance(value, dict)]:
        one, net = client(reply)
        assert read(one) == meant
        assert urls(net) == [url]


READERS: list[Call] = [READS[case][0] for case in READS if "log" not in case]
LISTS: list[Call] = [Client.deployments, Client.actions, lambda one: one.actions_with("mine")]
ODD_BODIES = [None, 5, '"text"', {"response": None}, {"response": 5}, {"response": "text"}]
ODD_RECORDS: list[Any] = [[None], [{}], [{"id": "x"}], [[]], [{"id": 1}, 5], {}]
ODD_LISTS = [{"response": records} for records in ODD_RECORDS]


@pytest.mark.parametrize(
    ("read", "body"), [*product(READERS, ODD_BODIES), *product(LISTS, ODD_LISTS)], ids=lambda _: ""
)
def test_an_answer_of_another_shape_is_trouble(read: Call, body: Any) -> None:
    """A body of an unknown shape is passing trouble, as one that is no JSON is, and so is a list of no records."""
    one, net = client(Reply(200, body))
    for each in (lambda: read(one), lambda: all_stacks(net.transport)):
        with pytest.raises(AnswerLost, match="another shape"):
            each()


def test_a_stack_id_stays_one_part_of_the_path() -> None:
    """Whatever the stack's id holds, it can't lead to another path."""
    one, net = client(wrapped({}), stack_id="../x?y#z")
    one.stack()
    assert net.script.asked[0].url == f"{BASE}/stacks/..%2Fx%3Fy%23z"


@pytest.mark.parametrize("name", ["deployment", "action"])
def test_the_record_of_another_one_is_not_taken(name: str) -> None:
    """A record with another id than the one asked for is trouble, and asked for again."""
    one, net = client(wrapped({"id": 8}))
    with pytest.raises(NotTheApi, match=f"another {name}.* ?8"):
        getattr(one, name)(7)
    assert len(net.script.asked) == 3


@pytest.mark.parametrize("read", [Client.deployments, Client.actions])
def test_pages_are_read_until_nothing_open_can_follow(read: Call) -> None:
    """Where nothing on a page has had its turn, what runs may stand on the next, but not behind a page of others."""
    first, second = [{"id": 4}, {"id": 3}], [{"id": 2}, RAN | {"action": "deploy"}]
    one, net = client(wrapped(first, pagination={"next": 2}), wrapped(second, pagination={"next": 3}))
    assert [found.id for found in read(one)] == [4, 3, 2, 1]
    assert [url.partition("?")[2] for url in urls(net)] == ["", "page=2"]
    one, net = client(page(range(60, 30, -1), 2))
    assert (len(one.actions()), len(net.script.asked)) == (30, 1)


@pytest.mark.parametrize("near", ["mine-2", "Mine", "mine ", " mine", "min", "", None, 5, ["mine"]])
def test_a_reference_has_to_be_the_very_same(near: Any) -> None:
    """Should the filter be ignored or match loosely, only the exact reference counts."""
    one, _ = client(wrapped([action(41, near), action(40, "mine"), {"id": 39, "metadata": "mine"}]))
    assert [found.id for found in one.actions_with("mine")] == [40]


MIXED = wrapped([action(5, "mine"), action(4)], pagination={"next": 3})
LEADS_BACK = [page(range(number, number - 2, -1), 99) for number in range(80, 50, -2)]
SEARCHES: dict[str, tuple[list[Reply], list[int], list[str]]] = {
    "on the second page": ([page(range(60, 30, -1), 2), MIXED, page(range(1), None)], [5], ["", "page=2"]),
    "on all pages of a filtered list": (
        [page(range(1, 31), 2, "mine"), page(range(31, 41), None, "mine")], [*range(1, 41)], ["", "page=2"],
    ),
    "no end": (LEADS_BACK, [], ["", "page=99"]),
    "next is no number": ([page(range(1, 3), True)], [], [""]),
    "nothing": ([Reply(200, [])], [], [""]),
}  # fmt: skip


@pytest.mark.parametrize("case", SEARCHES)
def test_pages_are_read_until_a_reference_is_found(case: str) -> None:
    """While a page doesn't hold the reference and names another page, that one is read; what is no number ends them."""
    replies, found, pages = SEARCHES[case]
    one, net = client(*replies)
    assert [each.id for each in one.actions_with("mine")] == found
    assert [url.partition("user_reference=mine")[2].lstrip("&") for url in urls(net)] == pages


@pytest.mark.parametrize(("status", "is_tried_without"), [(400, 1), (403, 1), (404, 1), (422, 1), (401, 0), (402, 0)])
def test_a_filter_that_is_refused(status: int, is_tried_without: bool) -> None:
    """Where the filter is refused, the reference is looked for among all actions; where the token is, nowhere."""
    one, net = client(Reply(status, {"error": "no"}), page(range(9, 7, -1), 2), page(range(7, 5, -1), None, "mine"))
    if is_tried_without:
        assert [found.id for found in one.actions_with("mine")] == [6, 7]
    else:
        with pytest.raises(Denied):
            one.actions_with("mine")
    assert [url.partition("?")[2] for url in urls(net)][1:] == ["", "page=2"][: 2 * is_tried_without]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"id": 108, "message": "Deployment scheduled", "queued": True}, (108, None)),
        ({"id": "108", "queued": False}, (108, None)),
        ({"ok": True, "message": "Stack queued", "async_action_id": 40, "queued": True}, (None, 40)),
        ({"ok": True}, (None, None)),
        ({"async_action_id": None}, (None, None)),
        ({"id": True, "queued": 1}, (None, None)),
    ],
)
def test_both_shapes_of_an_answer_are_read(body: dict[str, Any], answer: tuple[int | None, int | None]) -> None:
    """A POST's answer gives hints at most: the id and the action's id, if they are there."""
    for reply in (wrapped(body), Reply(201, body)):
        assert client(reply)[0].redeploy({}) == answer


NOT_SAID = "does not say what was done"
UNSAID: list[dict[str, Any]] = [{"ok": False}, {"error": "stack_locked", "id": 5}, {}]
POSTS: list[tuple[Reply, type[ApiError], str]] = [
    (Reply(500), AnswerLost, "500"),
    *((Reply(status, {"error": "throttled"}), NotAccepted, f"{status}") for status in (409, 429, 503)),
    (Reply(200, b""), NotTheApi, "another shape"),
    (Reply(200, b"<html>"), NotTheApi, "not JSON"),
    *((Reply(200, body), NotTheApi, "another shape") for body in (b"null", b"[]", b'"done"', b'{"response": []}')),
    (wrapped({"ok": False, "message": "no room"}), AnswerLost, "no room"),
    *((wrapped(body), AnswerLost, NOT_SAID) for body in UNSAID),
]


@pytest.mark.parametrize(("reply", "kind", "said"), POSTS)
def test_a_redeploy_is_sent_once(reply: Reply, kind: type[ApiError], said: str) -> None:
    """A POST carries its options in its query, is never sent again by itself, and counts as unclear unless it says."""
    one, net = client(reply)
    with pytest.raises(kind, match=said) as caught:
        one.redeploy({"git_ref": "main", "user_reference": "a b"})
    assert type(caught.value) is kind
    assert [each.method for each in net.script.asked] == ["POST"]
    assert urls(net) == ["/deployments?git_ref=main&user_reference=a+b"]


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        *((taken, None, "") for taken in (wrapped({"ok": True}), Reply(204, b""), Reply(200, []))),
        (wrapped({"ok": False, "message": "too late"}), NotAccepted, "too late"),
        (wrapped({"ok": False}), NotAccepted, "ok: false"),
        (Reply(409, {"error": "conflict"}), NotAccepted, "409"),
        (Reply(404, {"error": "not_found"}), NotFound, "404"),
        (Reply(200, b"<html>"), NotTheApi, "not JSON"),
    ],
)
def test_a_cancellation_may_be_taken_or_not(reply: Reply, kind: type[ApiError] | None, said: str) -> None:
    """A DELETE that is answered well, whatever its body, has been taken; one that was not taken says why."""
    one, net = client(reply)
    if kind is None:
        one.cancel(108)
        assert len(net.script.asked) == 1
    else:
        with pytest.raises(kind, match=said):
            one.cancel(108)
    assert {(each.method, each.url) for each in net.script.asked} == {("DELETE", f"{STACK}/deployments/108")}


def test_all_stacks_are_read_over_all_pages() -> None:
    """Pages are asked for one after the other, until there is no next one."""
    pages = [([{"uid": "a", "name": "A"}], 2), ([], 3), ([{"uid": "c"}, {"uid": "d"}], None)]
    net = wire(*(wrapped(stacks, pagination={"next": following}) for stacks, following in pages))
    assert [one.uid for one in all_stacks(net.transport)] == ["a", "c", "d"]
    assert [one.url.removeprefix(f"{BASE}/stacks") for one in net.script.asked] == ["", "?page=2", "?page=3"]


def test_lists_are_kept_until_they_are_cleared() -> None:
    """Clients that share what they keep read each list of each stack once, until whoever gave it clears it."""
    net = wire(*(wrapped([{"id": number}], pagination={"next": None}) for number in (7, 8, 9, 10)))
    kept: dict[str, list[Any]] = {}
    one, same, other = (Client(net.transport, uid, kept) for uid in ("abc", "abc", "def"))
    reads: list[Callable[[], list[Any]]] = [one.deployments, same.deployments, other.deployments, same.actions]
    assert [[each.id for each in read()] for read in reads] == [[7], [7], [8], [9]]
    kept.clear()
    assert [each.id for each in [*same.deployments(), *one.deployments()]] == [10, 10]
    assert len(net.script.asked) == 4
