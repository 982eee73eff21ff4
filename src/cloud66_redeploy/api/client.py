"""
The calls of the Cloud 66 API v3 that this action makes: one method an endpoint.

A record becomes a type of `model`. Source of every path and field: the vendor's API v3 reference.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from cloud66_redeploy.api.pages import N, Page, Place, Read, all_records, newest
from cloud66_redeploy.api.transport import Transport
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import AnswerLost, NotAccepted, PermanentError
from cloud66_redeploy.model.fields import as_id, as_text
from cloud66_redeploy.model.records import Action, Deployment, Phase, Stack
from cloud66_redeploy.model.services import Service

R = TypeVar("R", Deployment, Action)
T = TypeVar("T")

_MOST_STACK_PAGES = 100

_ENOUGH_OTHER_ACTIONS = 30
"""A page in the samples. Where so many are no redeploys, an open redeploy before them would have ended long ago."""

Kept = dict[str, list[Any]]
"""Lists of one stack that have been read in this round of looks, by their path."""


def all_stacks(transport: Transport) -> list[Stack]:
    """
    GET all stacks that the token can see, over all pages.

    Raises:
        ApiError: as the methods of `Client`.

    """
    pages = _pages(transport, "/stacks", {}, lambda record: _stack_of(_told(transport, "Stack", record)))
    return all_records(pages, lambda stack: stack.uid, _MOST_STACK_PAGES)


class Client:
    """
    The API, for one stack. Every method raises `errors.ApiError`; GETs have been tried again before they do.

    Where `kept` is given, a list is read once and then kept there, until its owner clears it.
    """

    def __init__(self, transport: Transport, stack_id: str, kept: Kept | None = None) -> None:
        self._transport = transport
        self._kept = kept
        self._stack = f"/stacks/{quote(stack_id, safe='')}"
        self._stack_id = stack_id
        self._places: dict[tuple[str, ...], Place] = {}

    @property
    def clock(self) -> Clock:
        """The clock of its calls."""
        return self._transport.clock

    def stack(self) -> Stack:
        """GET the stack."""
        return Stack(self._stack_id, self._get(self._stack, {}, self._record_of("Stack")))

    def age_seconds(self, moment: datetime) -> float | None:
        """Tell how long ago that was by the server's clock; None where no answer has told its time."""
        instant = self._transport.heard.instant_of(moment)
        return None if instant is None else self.clock.monotonic() - instant

    def last_log(self) -> str:
        """GET the stack's newest log, or "". Not in the reference: it may be missing, empty or long."""
        return as_text(self._get(self._stack, {"show_log": "true"}, self._record_of("Stack")).get("last_log"))

    def deployments(self) -> list[Deployment]:
        """GET the newest of the stack's deployments, the newest first: about a page, and all that may be open."""
        return self._list("deployments", self._reading(Deployment), lambda seen: any(record.has_run for record in seen))

    def deployment(self, deployment_id: int) -> Deployment:
        """GET one deployment."""
        return self._get_record(Deployment, f"{self._stack}/deployments/{deployment_id}", deployment_id)

    def actions(self) -> list[Action]:
        """GET the newest of the stack's actions, the newest first: about a page, and the redeploys that may be open."""
        return self._list("actions", self._reading(Action), _are_enough)

    def action(self, action_id: int) -> Action:
        """GET one action."""
        return self._get_record(Action, f"{self._stack}/actions/{action_id}", action_id)

    def actions_with(self, reference: str) -> list[Action]:
        """
        GET the actions whose reference is exactly this one, the eldest first.

        The filter is not relied on. Should it be ignored or match loosely, the exact ones are picked out here; should
        it be refused, they are picked out of all actions. A token that is good for none is refused there, too.
        """

        def are_enough(seen: Sequence[Action]) -> bool:
            matching = [action.reference == reference for action in seen]
            # All that a working filter has kept, or, of all actions, as many as it takes to find it.
            return any(matching) and not all(matching)

        try:
            found = self._newest("actions", self._reading(Action), are_enough, user_reference=reference)
        except PermanentError as refusal:
            if refusal.status in {401, 402}:
                raise
            found = self._newest("actions", self._reading(Action), are_enough)
        return sorted((action for action in found if action.reference == reference), key=lambda action: action.id)

    def services(self) -> list[Service]:
        """
        GET the services of a Docker stack, with their containers: the first page, if there are several.

        Source: the vendor's API reference and Go client (`GET /stacks/:id/services`). In the only real data known, the
        fields that tell images and tags were empty.
        """

        def read(body: object) -> list[Service]:
            records = [record for record in _shaped(body, list, "a list") if isinstance(record, Mapping)]
            return [Service.from_json(_told(self._transport, "Service", record)) for record in records]

        return self._get(f"{self._stack}/services", {}, read)

    def redeploy(self, options: Mapping[str, str], attempt: int = 1) -> tuple[int | None, int | None]:
        """
        POST a redeploy, once; return the answer's `id` and `async_action_id`, each None where there is none.

        The options travel in the query, as in the reference. Two shapes of the answer exist: `{id, message, queued}`
        and `{ok, message, async_action_id, queued}`. The id reads as the deployment's, but may be the action's: a hint,
        never a proof. The other one is the action's (the vendor's command-line tool reads that action by it).

        Raises:
            NotSent, NotAccepted: nothing was scheduled.
            AnswerLost: whether something was scheduled is not known.
            PermanentError: nothing was scheduled, and nothing will be.

        """
        path = f"{self._stack}/deployments"
        said = self._transport.once("POST", path, dict(options), self._record_of("Answer to POST"), attempt)
        # Anything else in a good answer's clothes is none: whether it was scheduled has to be looked up.
        tells = as_id(said.get("id")) or said.get("ok") is True or "async_action_id" in said or "queued" in said
        if not tells or said.get("ok") is False or said.get("error"):
            raise AnswerLost(
                f"POST {path}", as_text(said.get("message")) or "an answer that does not say what was done"
            )
        return as_id(said.get("id")), as_id(said.get("async_action_id"))

    def cancel(self, deployment_id: int) -> None:
        """
        DELETE a deployment, which cancels it.

        Raises:
            NotFound: it is not there (yet).
            NotAccepted: 409; a deployment that is over can't be cancelled.

        """
        path = f"{self._stack}/deployments/{deployment_id}"
        said = self._transport.retrying("DELETE", path, {}, _unwrap)
        if isinstance(said, Mapping) and said.get("ok") is False:
            raise NotAccepted(f"DELETE {path}", as_text(said.get("message")) or "ok: false")

    def _get_record(self, kind: type[R], path: str, number: int) -> R:
        def read(body: object) -> R:
            record = self._reading(kind)(_record(body))
            if record.id != number:
                raise ValueError(f"the record of another {kind.__name__.lower()}: {record.id}")
            return record

        return self._get(path, {}, read)

    def _reading(self, kind: type[R]) -> Callable[[Any], R]:
        return lambda record: kind.from_json(_told(self._transport, kind.__name__, record))

    def _record_of(self, kind: str) -> Callable[[object], Mapping[str, Any]]:
        def read(body: object) -> Mapping[str, Any]:
            _told(self._transport, kind, _unwrap(body))
            return _record(body)

        return read

    def _list(self, name: str, read: Callable[[Any], N], is_enough: Callable[[Sequence[N]], bool]) -> list[N]:
        kept, path = {} if self._kept is None else self._kept, f"{self._stack}/{name}"
        if path not in kept:
            kept[path] = self._newest(name, read, is_enough)
        return kept[path]

    def _newest(
        self, name: str, read: Callable[[Any], N], is_enough: Callable[[Sequence[N]], bool], **query: str
    ) -> list[N]:
        pages = _pages(self._transport, f"{self._stack}/{name}", query, read)
        return newest(pages, is_enough, self._places.setdefault((name, *query.values()), Place()))

    def _get(self, path: str, query: dict[str, str], read: Callable[[object], T]) -> T:
        return self._transport.retrying("GET", path, query, read)


def _told(transport: Transport, kind: str, record: T) -> T:
    """Tell the listener of a record, before it is read, and return it."""
    if transport.listener.is_debug:
        transport.listener.read(kind, record)
    return record


def _unwrap(body: object) -> object:
    """Take the `response` out of its envelope; one sample shows a record without one."""
    return body["response"] if isinstance(body, Mapping) and "response" in body else body


def _record(body: object) -> Mapping[str, Any]:
    return _shaped(body, dict, "an object")


def _shaped(body: object, shape: type[T], name: str) -> T:
    value = _unwrap(body)
    if not isinstance(value, shape):
        raise ValueError(f"not {name}")  # noqa: TRY004 - a wrong answer, not a wrong call
    return value


def _pages(transport: Transport, path: str, query: dict[str, str], read: Callable[[Any], T]) -> Read[T]:
    """Make what reads a list page by page; the first one is read without its number."""

    def read_page(number: int) -> Page[T]:
        def read_body(body: object) -> Page[T]:
            return Page.of(number, list(map(read, _shaped(body, list, "a list"))), body)

        return transport.retrying("GET", path, query | ({"page": str(number)} if number > 1 else {}), read_body)

    return read_page


def _are_enough(actions: Sequence[Action]) -> bool:
    """Tell whether no redeploy that is still open can stand further down: one that succeeded had its turn after it."""
    done = any(action.is_redeploy and action.phase is Phase.SUCCESS for action in actions)
    return done or sum(not action.is_redeploy for action in actions) >= _ENOUGH_OTHER_ACTIONS


def _stack_of(record: object) -> Stack:
    uid = as_text(record.get("uid")) if isinstance(record, Mapping) else ""
    if not isinstance(record, Mapping) or not uid:
        raise ValueError("a stack without a uid")
    return Stack(uid, record)
