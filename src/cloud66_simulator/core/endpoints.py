"""The endpoints of the API v3, below `/api/3`."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.answers import Answer, Problem, as_json, envelope, paged
from cloud66_simulator.core.faults import FaultKind
from cloud66_simulator.core.logs import last_log
from cloud66_simulator.core.looks import Looks
from cloud66_simulator.core.records import Deployment, StackQueue, Token
from cloud66_simulator.core.services import services_of
from cloud66_simulator.core.world import Simulator

T = TypeVar("T")

_UNKNOWN_REF = "no-such-branch"
_LONGEST_REFERENCE = 255
_OPTIONS = ("git_ref", "services", "deployment_profile", "user_reference")
_OVERTAKING_REF = "hotfix"
_OVERTAKING_IS_SHORTER = 8


@dataclass
class Call:
    """
    One request.

    Attributes:
        path: below `/api/3`.
        token: what its token stands for, or None.
        defer_seconds: how much later a POST or DELETE is worked on, or None: at once.

    """

    simulator: Simulator
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    token: Token | None
    defer_seconds: float | None = None

    @property
    def user(self) -> str:
        """Return the user who asks; for requests that were let in."""
        assert self.token is not None
        return self.token.user

    def stack(self, uid: str) -> StackQueue:
        """Return a stack; Problem 404."""
        queue = self.simulator.stacks.get(uid)
        if queue is None:
            raise Problem(404, "Stack not found or you don't have access to it")
        return queue

    def deployments(self, uid: str) -> list[Deployment]:
        """Return the deployments whose own record can be seen, the eldest first."""
        return self._visible(uid, "hide_deployments", Deployment.appears_at)

    def actions(self, uid: str) -> list[Deployment]:
        """Return the deployments whose action can be seen, the eldest first."""
        return self._visible(uid, "hide_actions", Deployment.action_appears_at)

    def _visible(
        self, uid: str, hiding: FaultKind, appears_at: Callable[[Deployment, Behaviour], float]
    ) -> list[Deployment]:
        queue, now, behaviour = self.stack(uid), self.simulator.now(), self.simulator.behaviour
        if self.simulator.hides(hiding, self.path):
            return []
        return [deployment for deployment in queue.deployments if appears_at(deployment, behaviour) <= now]

    def in_order(self, found: list[T]) -> list[T]:
        """Return a list, given with the eldest first, in the order of the behaviour."""
        return found if self.simulator.behaviour.list_order == "oldest_first" else found[::-1]


def _list_stacks(call: Call) -> Answer:
    """All stacks; `filter_name` and `filter_environment` keep the equal ones."""
    simulator = call.simulator
    found = list(simulator.stacks.values())
    if not simulator.behaviour.ignore_stack_filters:
        for name in ("name", "environment"):
            wanted = call.query.get(f"filter_{name}")
            found = [queue for queue in found if wanted in {None, getattr(queue.spec, name)}]
    return paged(found, Looks(simulator).stack, call.query, simulator.behaviour)


def _show_stack(call: Call, uid: str) -> Answer:
    queue = call.stack(uid)
    log = last_log(call.simulator, queue, call.path) if call.query.get("show_log") == "true" else None
    return envelope(Looks(call.simulator).stack(queue, log))


def _list_deployments(call: Call, uid: str) -> Answer:
    found = call.in_order(call.deployments(uid))
    return paged(found, Looks(call.simulator).deployment, call.query, call.simulator.behaviour)


def _show_deployment(call: Call, uid: str, number: str) -> Answer:
    return envelope(Looks(call.simulator).deployment(_found(call, uid, number)))


def _redeploy(call: Call, uid: str) -> Answer:
    simulator, behaviour, deferred = call.simulator, call.simulator.behaviour, call.defer_seconds
    spec = call.stack(uid).spec
    options = _options(call, docker=spec.docker)
    waits = [seconds for seconds in (deferred, behaviour.approval_seconds) if seconds is not None]
    deployment = simulator.request_deployment(
        uid, user=call.user, via="api", fate=simulator.next_fate(), later=sum(waits) if waits else None, **options
    )
    if behaviour.overtaken_after_seconds is not None:
        simulator.request_deployment(
            uid,
            git_ref=None if spec.docker else _OVERTAKING_REF,
            duration=behaviour.duration_seconds / _OVERTAKING_IS_SHORTER,
            later=(deferred or 0) + behaviour.overtaken_after_seconds,
        )
    return as_json(200, {}) if deferred is not None else envelope(_scheduled(simulator, deployment))


def _cancel(call: Call, uid: str, number: str) -> Answer:
    deployment = _found(call, uid, number)
    if call.defer_seconds is not None:
        call.simulator.do_later(call.defer_seconds, partial(call.simulator.cancel, deployment.id, call.user))
        return as_json(200, {})
    call.simulator.cancel(deployment.id, call.user)
    return envelope({"ok": True, "message": call.simulator.behaviour.say("Deployment cancelled")})


def _list_actions(call: Call, uid: str) -> Answer:
    """Return the stack's actions; `user_reference` keeps those that carry it."""
    behaviour, found = call.simulator.behaviour, call.actions(uid)
    wanted = call.query.get("user_reference")
    if wanted is not None and behaviour.refuse_reference_filter is not None:
        raise Problem(behaviour.refuse_reference_filter, "user_reference can't be asked for")
    if wanted is not None and not behaviour.ignore_reference_filter:
        found = [deployment for deployment in found if deployment.user_reference == wanted]
    return paged(call.in_order(found), Looks(call.simulator).action, call.query, behaviour)


def _list_services(call: Call, uid: str) -> Answer:
    found = services_of(call.stack(uid), call.simulator.behaviour, call.simulator.now())
    return paged(found, dict, call.query, call.simulator.behaviour)


def _show_action(call: Call, uid: str, number: str) -> Answer:
    """One action, with or without the envelope."""
    for deployment in call.actions(uid):
        if deployment.action_id == int(number):
            look = Looks(call.simulator).action(deployment)
            return envelope(look) if call.simulator.behaviour.action_envelope else as_json(200, look)
    raise Problem(404, f"Action {number} not found")


def _found(call: Call, uid: str, number: str) -> Deployment:
    """Return a deployment that can be seen."""
    for deployment in call.deployments(uid):
        if deployment.id == int(number):
            return deployment
    raise Problem(404, f"Deployment {number} not found")


def _options(call: Call, *, docker: bool) -> dict[str, str | None]:
    """Return the options of a POST, from the query or the JSON body; what was not given (or is empty) is None."""
    try:
        body = json.loads(call.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "The body is not a JSON object")
    given = {**call.query, **body}
    options = {name: given.get(name) or None for name in _OPTIONS}
    for name, value in options.items():
        if value is not None and not isinstance(value, str):
            raise Problem(400, f"{name} must be a string")
    if len(options["user_reference"] or "") > _LONGEST_REFERENCE:
        raise Problem(400, f"user_reference is longer than {_LONGEST_REFERENCE} characters")
    if docker and options["git_ref"]:
        raise Problem(400, "git_ref is not available for Docker stacks")
    if not docker and options["services"]:
        raise Problem(400, "services is only available for Docker stacks")
    if options["git_ref"] == _UNKNOWN_REF:
        raise Problem(400, f"git_ref {_UNKNOWN_REF} does not exist")
    return options


def _scheduled(simulator: Simulator, deployment: Deployment) -> dict[str, Any]:
    """Return what POST answers, in the shape that the behaviour says; what waits for an approval has no ids."""
    say, shape = simulator.behaviour.say, simulator.behaviour.post_shape
    queued = deployment.state(simulator.now()) == "queued"
    if shape in {"deployment_id", "action_id_as_id"}:
        number = deployment.id if shape == "deployment_id" else deployment.action_id
        return {"id": number or None, "message": say("Deployment scheduled"), "queued": queued}
    return {
        "ok": True,
        "message": say("Stack queued for redeployment"),
        "async_action_id": deployment.action_id or None if shape == "async_action_id" else None,
        "queued": queued,
    }


ENDPOINTS: list[tuple[re.Pattern[str], dict[str, Callable[..., Answer]]]] = [
    (re.compile(r"/stacks"), {"GET": _list_stacks}),
    (re.compile(r"/stacks/([^/]+)"), {"GET": _show_stack}),
    (re.compile(r"/stacks/([^/]+)/deployments"), {"GET": _list_deployments, "POST": _redeploy}),
    (re.compile(r"/stacks/([^/]+)/deployments/(\d+)"), {"GET": _show_deployment, "DELETE": _cancel}),
    (re.compile(r"/stacks/([^/]+)/services"), {"GET": _list_services}),
    (re.compile(r"/stacks/([^/]+)/actions"), {"GET": _list_actions}),
    (re.compile(r"/stacks/([^/]+)/actions/(\d+)"), {"GET": _show_action}),
]
