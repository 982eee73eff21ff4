"""The calls of the API: paths, shapes, pages, and what is asked of a reference."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud66_redeploy.api.client import Client, all_stacks
from cloud66_redeploy.errors import ApiError, Declined, Denied, NotFound, NotTheApi, Unclear
from scripted import Reply, Wire, wire

BASE = "https://api.example/api/3"


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


def test_the_stack_is_read() -> None:
    """The stack is asked for by its UID, and its record kept."""
    one, net = client(wrapped({"uid": "abc", "name": "Awesome"}))
    stack = one.stack()
    assert (stack.uid, stack.text("name")) == ("abc", "Awesome")
    assert [asked.url for asked in net.script.asked] == [f"{BASE}/stacks/abc"]


def test_a_stack_id_stays_one_part_of_the_path() -> None:
    """Whatever the stack's id holds, it can't lead to another path."""
    one, net = client(wrapped({}), stack_id="../x?y#z")
    one.stack()
    assert net.script.asked[0].url == f"{BASE}/stacks/..%2Fx%3Fy%23z"


@pytest.mark.parametrize(("record", "log"), [({"last_log": "a\nb"}, "a\nb"), ({}, ""), ({"last_log": None}, "")])
def test_the_last_log_may_be_missing(record: dict[str, Any], log: str) -> None:
    """The stack's last log is a text, or empty."""
    one, net = client(wrapped(record))
    assert one.last_log() == log
    assert net.script.asked[0].url == f"{BASE}/stacks/abc?show_log=true"


def test_deployments_are_read() -> None:
    """Where the newest come first and one of the page has run, one call brings all that matters."""
    ran = {"id": 1, "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:01:00Z"}
    one, net = client(wrapped([{"id": 2}, ran], pagination={"next": 2}))
    assert [found.id for found in one.deployments()] == [2, 1]
    assert [asked.url for asked in net.script.asked] == [f"{BASE}/stacks/abc/deployments"]


@pytest.mark.parametrize("read", [Client.deployments, Client.actions])
def test_a_page_of_what_is_open_is_not_enough(read: Callable[[Client], list[Any]]) -> None:
    """Where nothing on a page has had its turn, what runs may stand on the next."""
    told = {"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:01:00Z", "action": "deploy"}
    ran = {"id": 1, "finished_success": True, **told}
    one, net = client(
        wrapped([{"id": 4}, {"id": 3}], pagination={"next": 2}), wrapped([{"id": 2}, ran], pagination={"next": 3})
    )
    assert [found.id for found in read(one)] == [4, 3, 2, 1]
    assert [asked.url.partition("?")[2] for asked in net.script.asked] == ["", "page=2"]


def test_a_page_of_other_actions_is_enough() -> None:
    """Further pages are not read for the sake of actions that are no redeploys."""
    one, net = client(page(range(60, 30, -1), 2))
    assert len(one.actions()) == 30
    assert len(net.script.asked) == 1


@pytest.mark.parametrize("body", [{"response": {"id": 7}}, {"id": 7}])
def test_one_action_is_read_with_or_without_envelope(body: Any) -> None:
    """An action is asked for by its id; the record of another one is not taken."""
    one, net = client(Reply(200, body))
    assert one.action(7).id == 7
    assert net.script.asked[0].url == f"{BASE}/stacks/abc/actions/7"
    with pytest.raises(Unclear, match="another action: 7"):
        one.action(8)


@pytest.mark.parametrize(("status", "is_tried_without"), [(400, 1), (403, 1), (404, 1), (422, 1), (401, 0), (402, 0)])
def test_a_filter_that_is_refused(status: int, is_tried_without: bool) -> None:
    """Where the filter is refused, the reference is looked for among all actions; where the token is, nowhere."""
    one, net = client(Reply(status, {"error": "no"}), page(range(9, 7, -1), 2), page(range(7, 5, -1), None, "mine"))
    if is_tried_without:
        assert [found.id for found in one.actions_with("mine")] == [6, 7]
    else:
        with pytest.raises(Denied):
            one.actions_with("mine")
    assert [asked.url.partition("?")[2] for asked in net.script.asked][1:] == ["", "page=2"][: 2 * is_tried_without]


@pytest.mark.parametrize("body", [{"response": {"id": 7}}, {"id": 7}])
def test_one_deployment_is_read_with_or_without_envelope(body: Any) -> None:
    """A single record may come without its envelope."""
    one, net = client(Reply(200, body))
    assert one.deployment(7).id == 7
    assert net.script.asked[0].url == f"{BASE}/stacks/abc/deployments/7"


def test_another_deployment_is_not_taken() -> None:
    """A record with another id than the one asked for is tried again like other trouble."""
    one, _ = client(wrapped({"id": 8}), wrapped({"id": 7}))
    assert one.deployment(7).id == 7
    one, net = client(wrapped({"id": 8}))
    with pytest.raises(NotTheApi, match="another deployment: 8"):
        one.deployment(7)
    assert len(net.script.asked) == 3


def test_actions_are_read() -> None:
    """The first page of actions is read."""
    one, net = client(wrapped([action(40, "mine"), action(39)]))
    assert [(found.id, found.reference) for found in one.actions()] == [(40, "mine"), (39, "")]
    assert net.script.asked[0].url == f"{BASE}/stacks/abc/actions"


def test_a_reference_is_looked_up_by_the_filter() -> None:
    """Actions with a reference are asked for by it, and come back the eldest first."""
    one, net = client(wrapped([action(41, "a b/c"), action(40, "a b/c")], pagination={"next": None}))
    assert [found.id for found in one.actions_with("a b/c")] == [40, 41]
    assert [asked.url for asked in net.script.asked] == [f"{BASE}/stacks/abc/actions?user_reference=a+b%2Fc"]


@pytest.mark.parametrize("near", ["mine-2", "Mine", "mine ", " mine", "min", "", None, 5, ["mine"]])
def test_a_reference_has_to_be_the_very_same(near: Any) -> None:
    """Should the filter be ignored or match loosely, only the exact reference counts."""
    one, _ = client(wrapped([action(41, near), action(40, "mine"), {"id": 39, "metadata": "mine"}]))
    assert [found.id for found in one.actions_with("mine")] == [40]


def test_further_pages_are_read_until_it_is_found() -> None:
    """While a page doesn't hold the reference and names another page, that one is read."""
    mixed = Reply(
        200, {"response": [{"id": 5, "metadata": {"user_reference": "mine"}}, {"id": 4}], "pagination": {"next": 3}}
    )
    one, net = client(page(range(60, 30, -1), 2), mixed, page(range(1), None))
    assert [action.id for action in one.actions_with("mine")] == [5]
    assert [asked.url.partition("&")[2] for asked in net.script.asked] == ["", "page=2"]


def test_all_pages_of_a_filtered_list_are_read() -> None:
    """A reference that served many requests fills pages, and ours may be on any of them: the order is not promised."""
    one, net = client(page(range(1, 31), 2, "mine"), page(range(31, 41), None, "mine"))
    assert [action.id for action in one.actions_with("mine")] == list(range(1, 41))
    assert len(net.script.asked) == 2


def test_pages_have_an_end() -> None:
    """A list that never ends, or leads back, is not read for ever."""
    one, net = client(*(page(range(number, number - 2, -1), 99) for number in range(80, 50, -2)))
    assert one.actions_with("mine") == []
    assert len(net.script.asked) == 2


@pytest.mark.parametrize("following", [None, 0, -1, "x", True, {}, []])
def test_a_strange_next_page_is_none(following: object) -> None:
    """What is no page number ends the pages."""
    one, net = client(page(range(1, 3), following))
    assert one.actions_with("mine") == []
    assert len(net.script.asked) == 1


def test_a_list_without_pagination_is_whole() -> None:
    """A list that says nothing of pages, or has no envelope, is all there is."""
    bodies: list[Any] = [{"response": []}, {"response": [], "pagination": "none"}, []]
    for body in bodies:
        one, net = client(Reply(200, body))
        assert one.actions_with("mine") == []
        assert len(net.script.asked) == 1


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"id": 108, "message": "Deployment scheduled", "queued": True}, (108, None)),
        ({"id": "108", "queued": False}, (108, None)),
        ({"ok": True, "message": "Stack queued", "async_action_id": 40, "queued": True}, (None, 40)),
        ({"ok": True, "async_action_id": None}, (None, None)),
        ({"id": None, "queued": "yes"}, (None, None)),
        ({"id": True, "queued": 1}, (None, None)),
        ({"message": "Scheduled", "queued": False}, (None, None)),
    ],
)
def test_both_shapes_of_an_answer_are_read(body: dict[str, Any], answer: tuple[int | None, int | None]) -> None:
    """A POST's answer gives hints at most: the id and the action's id, if they are there."""
    for reply in (wrapped(body), Reply(201, body)):
        one, _ = client(reply)
        assert one.redeploy({}) == answer


def test_a_redeploy_is_sent_once_with_its_options_in_the_query() -> None:
    """A POST carries the options in its query, and is never sent again by itself."""
    one, net = client(Reply(500))
    with pytest.raises(Unclear):
        one.redeploy({"git_ref": "main", "user_reference": "a b"})
    [asked] = net.script.asked
    assert (asked.method, asked.url) == ("POST", f"{BASE}/stacks/abc/deployments?git_ref=main&user_reference=a+b")
    for status in (409, 429, 503):
        one, net = client(Reply(status, {"error": "throttled"}))
        with pytest.raises(Declined):
            one.redeploy({})
        assert len(net.script.asked) == 1


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"done"', b"5", b"<html>", b'{"response": null}', b'{"response": []}']
)
def test_a_post_answered_in_another_shape_is_unclear(body: bytes) -> None:
    """A good status with a body of another shape doesn't tell whether something was scheduled."""
    one, _ = client(Reply(200, body))
    with pytest.raises(Unclear):
        one.redeploy({})


def test_a_post_that_is_not_ok_is_unclear() -> None:
    """A good status doesn't tell whether something was scheduled unless the answer says so."""
    for body, said in (
        ({"ok": False, "message": "no room"}, "no room"),
        ({"ok": False}, "does not say what was done"),
        ({"error": "stack_locked", "id": 5}, "does not say what was done"),
        ({}, "does not say what was done"),
    ):
        one, _ = client(wrapped(body))
        with pytest.raises(Unclear, match=said):
            one.redeploy({})


def test_a_cancellation_is_sent() -> None:
    """A DELETE that is answered well, whatever its body, has been taken."""
    for reply in (wrapped({"ok": True, "message": "Deployment cancelled"}), Reply(204, b""), Reply(200, [])):
        one, net = client(reply)
        one.cancel(108)
        [asked] = net.script.asked
        assert (asked.method, asked.url) == ("DELETE", f"{BASE}/stacks/abc/deployments/108")


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (wrapped({"ok": False, "message": "too late"}), Declined, "too late"),
        (wrapped({"ok": False}), Declined, "ok: false"),
        (Reply(409, {"error": "conflict"}), Declined, "409"),
        (Reply(404, {"error": "not_found"}), NotFound, "404"),
        (Reply(200, b"<html>"), NotTheApi, "not JSON"),
    ],
)
def test_a_cancellation_may_not_be_taken(reply: Reply, kind: type[ApiError], said: str) -> None:
    """A DELETE that was not taken says why."""
    one, _ = client(reply)
    with pytest.raises(kind, match=said):
        one.cancel(108)


READS: list[Callable[[Client], object]] = [
    Client.stack,
    Client.last_log,
    Client.deployments,
    Client.actions,
    lambda one: one.deployment(7),
    lambda one: one.actions_with("mine"),
]
STRANGE: list[Any] = [None, 5, '"text"', True, {"response": None}, {"response": 5}, {"response": "text"}]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("body", STRANGE)
def test_an_answer_of_another_shape_is_trouble(read: Callable[[Client], object], body: Any) -> None:
    """A body of an unknown shape is passing trouble, as one that is no JSON is."""
    one, _ = client(Reply(200, body))
    with pytest.raises(Unclear, match="another shape"):
        read(one)


@pytest.mark.parametrize("records", [[None], [{}], [{"id": "x"}], [[]], [{"id": 1}, 5], {}])
def test_a_list_of_no_records_is_trouble(records: Any) -> None:
    """A list with something that is no record is passing trouble."""
    one, _ = client(wrapped(records))
    for read in (one.deployments, one.actions, lambda: one.actions_with("mine")):
        with pytest.raises(Unclear, match="another shape"):
            read()


def test_all_stacks_are_read_over_all_pages() -> None:
    """Pages are asked for one after the other, until there is no next one."""
    net = wire(
        wrapped([{"uid": "a", "name": "A"}], pagination={"next": 2}),
        wrapped([], pagination={"next": 3}),
        wrapped([{"uid": "c"}, {"uid": "d"}], pagination={"next": None}),
    )
    assert [one.uid for one in all_stacks(net.transport)] == ["a", "c", "d"]
    assert [asked.url for asked in net.script.asked] == [
        f"{BASE}/stacks",
        f"{BASE}/stacks?page=2",
        f"{BASE}/stacks?page=3",
    ]


@pytest.mark.parametrize("body", [{}, {"response": {}}, {"response": "x"}, {"response": [5]}, {"response": [[]]}])
def test_a_list_of_stacks_of_another_shape_is_trouble(body: object) -> None:
    """What is no list of stacks is no empty one."""
    with pytest.raises(Unclear, match="GET /stacks failed: an answer of another shape"):
        all_stacks(wire(Reply(200, body)).transport)


def test_lists_are_kept_until_they_are_cleared() -> None:
    """Clients of one stack that share what they keep read each list once, until whoever gave it clears it."""
    net, kept = wire(wrapped([{"id": 7}], pagination={"next": None})), dict[str, list[Any]]()
    one, other = Client(net.transport, "abc", kept), Client(net.transport, "abc", kept)
    assert [[each.id for each in found] for found in (one.deployments(), other.deployments())] == [[7], [7]]
    assert [each.id for each in other.actions()] == [7]
    assert len(net.script.asked) == 2
    kept.clear()
    other.deployments()
    one.deployments()
    assert len(net.script.asked) == 3


def test_lists_of_other_stacks_are_not_mixed_up() -> None:
    """What is kept of one stack is not taken for another's."""
    net, kept = (
        wire(*(wrapped([{"id": number}], pagination={"next": None}) for number in (7, 8))),
        dict[str, list[Any]](),
    )
    found = [Client(net.transport, uid, kept).deployments()[0].id for uid in ("abc", "def")]
    assert found == [7, 8]
