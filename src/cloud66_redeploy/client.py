"""
The calls of the Cloud 66 API v3 that this action makes: one method an endpoint.

A record becomes a type of `deployment`. Source of every path and field: the vendor's API v3 reference.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from cloud66_redeploy.deployment import Action, Deployment, Stack
from cloud66_redeploy.errors import Declined, Unclear
from cloud66_redeploy.fields import as_id, as_text
from cloud66_redeploy.transport import Transport, reading

T = TypeVar("T")

_MOST_PAGES = 5
"""How far a look-up by reference goes. With the filter there is one page; without it ours is among the newest."""


_MOST_STACK_PAGES = 100

Kept = dict[str, list[Any]]
"""Lists of one stack that have been read in this round of looks, by their path."""


def all_stacks(transport: Transport) -> list[Stack]:
    """
    GET all stacks that the token can see, over all pages.

    Raises:
        ApiError: as the methods of `Client`.

    """
    found: list[Stack] = []
    page: int | None = 1
    while page is not None:
        query = {"page": str(page)} if page > 1 else {}
        stacks, following = transport.retrying("GET", "/stacks", query, _page_of(_stack_of))
        found += stacks
        # Pages that lead back, or on and on, would never end.
        page = following if following is not None and page < following <= _MOST_STACK_PAGES else None
    return found


class Client:
    """
    The API, for one stack. Every method raises `errors.ApiError`; GETs have been tried again before they do.

    Where `kept` is given, a list is read once and then kept there, until whoever gave it clears it.
    """

    def __init__(self, transport: Transport, stack_id: str, kept: Kept | None = None) -> None:
        self._transport = transport
        self._kept = kept
        self._stack = f"/stacks/{quote(stack_id, safe='')}"
        self._stack_id = stack_id

    def stack(self) -> Stack:
        """GET the stack."""
        return Stack(self._stack_id, self._get(self._stack, {}, _record))

    def last_log(self) -> str:
        """GET the stack's newest log, or "". Not in the reference: it may be missing, empty or long."""
        return as_text(self._get(self._stack, {"show_log": "true"}, _record).get("last_log"))

    def deployments(self) -> list[Deployment]:
        """GET the first page of the stack's deployments."""
        return self._list(f"{self._stack}/deployments", Deployment.from_json)

    def deployment(self, deployment_id: int) -> Deployment:
        """GET one deployment."""

        def read(body: object) -> Deployment:
            found = Deployment.from_json(_record(body))
            if found.id != deployment_id:
                raise ValueError(f"the record of another deployment: {found.id}")
            return found

        return self._get(f"{self._stack}/deployments/{deployment_id}", {}, read)

    def actions(self) -> list[Action]:
        """GET the first page of the stack's actions."""
        return self._list(f"{self._stack}/actions", Action.from_json)

    def actions_with(self, reference: str) -> list[Action]:
        """
        GET the actions whose reference is exactly this one, the eldest first.

        The filter is not relied on: should it be ignored or match loosely, the exact ones are picked out here.
        """
        found: list[Action] = []
        page: int | None = 1
        for _ in range(_MOST_PAGES):
            query = {"user_reference": reference, **({"page": str(page)} if page != 1 else {})}
            actions, page = self._get(f"{self._stack}/actions", query, _page_of(Action.from_json))
            matching = [one for one in actions if one.reference == reference]
            found += matching
            unfiltered = len(matching) < len(actions)
            if page is None or (found and unfiltered):
                break
        return sorted(found, key=lambda one: one.id)

    def redeploy(self, options: Mapping[str, str]) -> int | None:
        """
        POST a redeploy, once, and return the id in the answer. The options travel in the query, as in the reference.

        Two shapes of the answer exist: `{id, message, queued}` and `{ok, message, async_action_id, queued}`. The id
        reads as the deployment's, but may be the action's: a hint, never a proof. None where there is none.

        Raises:
            NotSent, Declined: nothing was scheduled.
            Unclear: whether something was scheduled is not known.
            Refusal: nothing was scheduled, and nothing will be.

        """
        path = f"{self._stack}/deployments"
        said = reading(f"POST {path}", _record, self._transport.send("POST", path, dict(options)))
        # Anything else in a good answer's clothes is none: whether it was scheduled has to be looked up.
        known = as_id(said.get("id")) or said.get("ok") is True or "async_action_id" in said or "queued" in said
        if not known or said.get("ok") is False or said.get("error"):
            raise Unclear(f"POST {path}", as_text(said.get("message")) or "an answer that does not say what was done")
        return as_id(said.get("id"))

    def cancel(self, deployment_id: int) -> None:
        """
        DELETE a deployment, which cancels it.

        Raises:
            NotFound: it is not there (yet).
            Declined: 409; a deployment that is over can't be cancelled.

        """
        path = f"{self._stack}/deployments/{deployment_id}"
        said = self._transport.retrying("DELETE", path, {}, _unwrap)
        if isinstance(said, Mapping) and said.get("ok") is False:
            raise Declined(f"DELETE {path}", as_text(said.get("message")) or "ok: false")

    def _list(self, path: str, read: Callable[[Any], T]) -> list[T]:
        kept = {} if self._kept is None else self._kept
        if path not in kept:
            kept[path] = self._get(path, {}, _list_of(read))
        return kept[path]

    def _get(self, path: str, query: dict[str, str], read: Callable[[object], T]) -> T:
        return self._transport.retrying("GET", path, query, read)


def _unwrap(body: object) -> object:
    """Take the `response` out of its envelope; one sample shows a record without one."""
    return body["response"] if isinstance(body, Mapping) and "response" in body else body


def _record(body: object) -> Mapping[str, Any]:
    value = _unwrap(body)
    if not isinstance(value, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - a wrong answer, not a wrong call
    return value


def _list_of(read: Callable[[Any], T]) -> Callable[[object], list[T]]:
    def read_list(body: object) -> list[T]:
        value = _unwrap(body)
        if not isinstance(value, list):
            raise ValueError("not a list")  # noqa: TRY004 - a wrong answer, not a wrong call
        return [read(one) for one in value]

    return read_list


def _page_of(read: Callable[[Any], T]) -> Callable[[object], tuple[list[T], int | None]]:
    """Read a list and the number of the page after it."""
    return lambda body: (_list_of(read)(body), _next_page(body))


def _stack_of(record: object) -> Stack:
    uid = as_text(record.get("uid")) if isinstance(record, Mapping) else ""
    if not isinstance(record, Mapping) or not uid:
        raise ValueError("a stack without a uid")
    return Stack(uid, record)


def _next_page(body: object) -> int | None:
    pagination = body.get("pagination") if isinstance(body, Mapping) else None
    return as_id(pagination.get("next")) if isinstance(pagination, Mapping) else None
