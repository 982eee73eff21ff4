"""The options of a redeploy: from the query or the JSON body, and what is wrong with them."""

from typing import NamedTuple

from flask import Request

from cloud66_simulator.problems import Problem

_LONGEST_REFERENCE = 255
UNKNOWN_REF = "no-such-branch"


class Options(NamedTuple):
    """What a POST asks for; what was not given (or is empty) is None."""

    git_ref: str | None = None
    services: str | None = None
    deployment_profile: str | None = None
    user_reference: str | None = None


def options_of(request: Request, *, docker: bool) -> Options:
    """
    Return the options of a POST.

    Raises:
        Problem: 400, with the reason.

    """
    given = dict(request.args.items()) | _body_of(request)
    options = Options(*(_text_of(name, given.get(name)) for name in Options._fields))
    if len(options.user_reference or "") > _LONGEST_REFERENCE:
        raise Problem(400, f"user_reference is longer than {_LONGEST_REFERENCE} characters")
    if docker and options.git_ref:
        raise Problem(400, "git_ref is not available for Docker stacks")
    if not docker and options.services:
        raise Problem(400, "services is only available for Docker stacks")
    if options.git_ref == UNKNOWN_REF:
        raise Problem(400, f"git_ref {UNKNOWN_REF} does not exist")
    return options


def _text_of(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Problem(400, f"{name} must be a string")
    return value or None


def _body_of(request: Request) -> dict[str, object]:
    if not request.get_data(cache=True):
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise Problem(400, "The body is not a JSON object")
    return body
