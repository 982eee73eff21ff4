"""The shapes of the API's answers: envelope, page, error."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Response, request

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.problems import Problem

T = TypeVar("T")

_JSON = "application/json; charset=utf-8"


def answer(status: int, body: object) -> Response:
    """Return JSON as it is."""
    return Response(json.dumps(body), status, content_type=_JSON)


def raw(status: int, body: str, content_type: str = _JSON) -> Response:
    """Return a body that need not be JSON."""
    return Response(body.encode("utf-8", "replace"), status, content_type=content_type)


def envelope(look: dict[str, Any]) -> Response:
    """Return one record."""
    return answer(200, {"response": look})


def in_order(found: list[T], behaviour: Behaviour) -> list[T]:
    """Return a list, given with the eldest first, in the order of the behaviour."""
    return found if behaviour.list_order == "oldest_first" else found[::-1]


def paged(found: Sequence[T], look: Callable[[T], dict[str, Any]], behaviour: Behaviour) -> Response:
    """Return the page of a list that the request asks for."""
    per_page, fields = behaviour.per_page, behaviour.pagination_fields
    asked = request.args.get("page", "1")
    current = max(1, int(asked)) if asked.isdecimal() else 1
    pages = max(1, -(-len(found) // per_page))
    shown = [look(one) for one in found[(current - 1) * per_page : current * per_page]]
    pagination = {
        "previous": current - 1 if current > 1 else None,
        "next": current + 1 if current < pages else None,
        "current": current,
        "per_page": per_page,
        "count": len(found),
        "pages": pages,
    }
    page: dict[str, Any] = {"response": shown, "count": len(shown)}
    if fields is not None:
        page["pagination"] = {name: value for name, value in pagination.items() if name in fields}
    return answer(200, page)


def declined(problem: Problem, behaviour: Behaviour) -> Response:
    """Return an error body."""
    return answer(
        problem.status,
        {
            "error": problem.word,
            "error_description": behaviour.say(problem.description),
            "details": behaviour.say(problem.details or problem.description),
        },
    )
