"""Who listens for debugging is told of each call, without the login of a proxy; who doesn't costs nothing."""

from typing import Any

import pytest

from cloud66_redeploy.api.answers import Answer, Call, CallListener
from cloud66_redeploy.api.client import Client, all_stacks
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.errors import ApiError
from scripted import Reply, same, wire

LOGIN = "alice:s3cret%21"


class Told(CallListener):
    """Keeps what it is told."""

    def __init__(self, *, is_debug: bool = True) -> None:
        self.is_debug = is_debug
        self.calls: list[Call] = []
        self.records: list[tuple[str, Any]] = []
        self.warnings: list[str] = []

    def warned(self, text: str) -> None:
        self.warnings.append(text)

    def called(self, call: Call) -> None:
        self.calls.append(call)

    def read(self, kind: str, record: object) -> None:
        self.records.append((kind, record))


def told(*replies: Reply, is_debug: bool = True, deadline: float = 1000.0) -> tuple[Transport, Told]:
    """Make a transport that is answered by a script, and what listens to it."""
    ears = Told(is_debug=is_debug)
    return wire(*replies, deadline=deadline).transport.but(listener=ears), ears


QUOTA = {"X-RateLimit-Limit": "3000", "X-RateLimit-Remaining": "17"}
CALLS: list[tuple[Reply, Call]] = [
    (Reply(takes=1.5), Call("GET /x", 1, 1.5, "200", None)),
    (Reply(headers=QUOTA | {"X-Request-Id": "a1"}), Call("GET /x", 1, 0.0, "200", 17, "X-Request-Id a1")),
    (Reply(headers={"cf-ray": "b2"}), Call("GET /x", 1, 0.0, "200", None, "CF-Ray b2")),
    (Reply(302, b"gone", {"Location": "/y"}), Call("GET /x", 1, 0.0, "302", None)),
    (Reply(404, {"error": "not_found"}), Call("GET /x", 1, 0.0, "404", None, "", '{"error": "not_found"}')),
    (Reply(error=OSError("reset")), Call("GET /x", 1, 0.0, "reset", None)),
    (Reply(200, b"no JSON"), Call("GET /x", 1, 0.0, "200", None)),
]


@pytest.mark.parametrize(("reply", "call"), CALLS)
def test_each_call_is_told(reply: Reply, call: Call) -> None:
    """Method and path without the query, the time, what came, the calls left, the server's id, a refusal's body."""
    transport, ears = told(reply)
    if call.came == "200" and reply.body != b"no JSON":
        transport.once("GET", "/x", {"token": "t"}, same)
    else:
        with pytest.raises(ApiError):
            transport.once("GET", "/x", {"token": "t"}, same)
    assert ears.calls == [call]


def test_a_call_without_time_is_told() -> None:
    """A call that was not made because the time was up is told, too."""
    transport, ears = told(deadline=-30.0)
    with pytest.raises(ApiError):
        transport.once("GET", "/x", {}, same)
    assert ears.calls == [Call("GET /x", 1, 0.0, "there was no time left for it", None)]


def test_the_login_of_a_proxy_is_in_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """However a proxy repeats its login in an answer, neither body nor request's id nor warning shows it."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@proxy.example:3128")
    headers = {"X-Request-Id": f"of {LOGIN}", "X-Cloud66-Warning": f"{LOGIN} secret-token"}
    transport, ears = told(Reply(502, f"no entry for {LOGIN}, s3cret!".encode(), headers))
    with pytest.raises(ApiError):
        transport.once("GET", "/x", {}, same)
    [call] = ears.calls
    assert (call.body, call.request_id) == ("no entry for ***, ***", "X-Request-Id of ***")
    assert ears.warnings == ["*** ***"]


def test_who_does_not_listen_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without debugging neither calls nor records are told, and nothing of them is worked out."""
    monkeypatch.delattr(Answer, "request_id")
    monkeypatch.delattr(Answer, "refusal")
    transport, ears = told(Reply(500), Reply(200, {"id": 1}), is_debug=False)
    with pytest.raises(ApiError):
        transport.once("GET", "/x", {}, same)
    Client(transport, "s").deployment(1)
    assert (ears.calls, ears.records) == ([], [])


RECORD: dict[str, Any] = {"id": 1, "uid": "s", "name": "web", "queued": True}
CLIENTS: dict[str, tuple[Any, object, list[str]]] = {
    "a stack": (lambda client, _: client.stack(), RECORD, ["Stack"]),
    "all stacks": (lambda _, transport: all_stacks(transport), [RECORD, RECORD | {"uid": "t"}], ["Stack"] * 2),
    "a log": (lambda client, _: client.last_log(), RECORD, ["Stack"]),
    "deployments": (lambda client, _: client.deployments(), [RECORD], ["Deployment"]),
    "an action": (lambda client, _: client.action(1), RECORD, ["Action"]),
    "actions with a reference": (lambda client, _: client.actions_with("x"), [RECORD], ["Action"]),
    "services": (lambda client, _: client.services(), [RECORD, None], ["Service"]),
    "a redeploy": (lambda client, _: client.redeploy({}), RECORD, ["Answer to POST"]),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_each_record_is_told(name: str) -> None:
    """Whatever is read out of the answers is told as a record of its kind, without the envelope."""
    call, answered, kinds = CLIENTS[name]
    transport, ears = told(Reply(200, {"response": answered}), Reply(200, {"response": []}))
    call(Client(transport, "s"), transport)
    assert [kind for kind, _ in ears.records] == kinds
    assert all(record["name"] == "web" for _, record in ears.records)
