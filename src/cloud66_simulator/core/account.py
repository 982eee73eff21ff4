"""The account as its API shows it: a request comes in as values, an `Answer` goes out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from typing import Any, TypeVar

from cloud66_simulator.core.answers import Answer, Problem, as_json
from cloud66_simulator.core.faults import NEVER_SENT
from cloud66_simulator.core.looks import Looks
from cloud66_simulator.core.records import TOKENS, Deployment, RequestRecord, Token
from cloud66_simulator.core.world import Simulator

T = TypeVar("T")

BASE_PATH = "/api/3"
_NOBODY = Token("", ())
_LONGEST_REFERENCE = 255
_OPTIONS = ("git_ref", "services", "deployment_profile", "user_reference")
_OVERTAKING_IS_SHORTER = 8


def answer(simulator: Simulator, method: str, path: str, query: Mapping[str, str], authorization: str) -> Answer:
    """Answer one request to an account, given with its whole path; requests of several threads one after the other."""
    behaviour = simulator.behaviour
    with simulator.lock:
        simulator.catch_up()
        if not path.startswith(BASE_PATH):
            return Problem(404, "Not Found").answer(behaviour)
        scheme, _, secret = authorization.partition(" ")
        token = TOKENS.get(secret if scheme == "Bearer" else "", _NOBODY)
        below = path.removeprefix(BASE_PATH)
        fault = simulator.next_fault(method, below)
        call = _Call(simulator, method, below, query, token, fault.defer_seconds)
        answered = fault.instead(behaviour) or call.answer()
        server_time = simulator.now() + behaviour.clock_offset_seconds
        answered.headers["Date"] = formatdate(server_time, usegmt=True)
        answered = fault.spoil(answered, behaviour, server_time)
        answered.headers["Content-Length"] = str(len(answered.body) + answered.missing_bytes)
        status = answered.status if answered.cut is None else "never sent" if answered.cut in NEVER_SENT else "cut"
        seen = RequestRecord(simulator.now(), method, below, dict(query), status, token.user or None)
        simulator.requests.append(seen)
        return answered


@dataclass
class _Call:
    """
    One request, and what the API answers to it; who asks for what isn't there gets a `Problem`.

    Attributes:
        path: below `/api/3`.
        defer_seconds: how much later a POST or DELETE is worked on.
        limits: what the headers say of the hourly limit.

    """

    simulator: Simulator
    method: str
    path: str
    query: Mapping[str, str]
    token: Token
    defer_seconds: float
    limits: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Answer:
        """Answer first of all to who asks, then to how often, then to what."""
        behaviour = self.simulator.behaviour
        try:
            self._let_in()
            answer = self._endpoint()
        except Problem as problem:
            answer = problem.answer(behaviour)
        warning = behaviour.text or behaviour.warning
        if warning is not None and answer.status == 200:
            # UTF-8 on one line, as far as a header can carry it.
            line = "".join(character if character.isprintable() else " " for character in warning)
            answer.headers["X-Cloud66-Warning"] = line.encode("utf-8", "replace").decode("latin-1")
        answer.headers |= self.limits
        return answer

    def _let_in(self) -> None:
        token, limit = self.token, self.simulator.behaviour.rate_limit
        if token is _NOBODY:
            raise Problem(401, "The access token is missing or invalid")
        used = self.simulator.count_call(token.user)
        self.limits = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(max(0, limit - used))}
        if used > limit:
            raise Problem(503, "Rate limit exceeded", "throttled")
        scope = "public" if self.method == "GET" else "redeploy"
        if scope not in token.scopes:
            raise Problem(403, f"The access token lacks the scope {scope}")

    def _endpoint(self) -> Answer:
        for pattern, endpoint in _ENDPOINTS.items():
            if match := re.fullmatch(pattern, f"{self.method} {self.path}"):
                return endpoint(self, *match.groups())
        raise Problem(404, "Not Found")

    def _looks(self, uid: str) -> Looks:
        if uid not in self.simulator.stacks:
            raise Problem(404, "Stack not found or you don't have access to it")
        return Looks(self.simulator, self.simulator.stacks[uid])

    def _seen(self, looks: Looks, *, by_action: bool) -> list[Deployment]:
        """Return the deployments of a stack whose own record, or whose action, can be seen."""
        now, behaviour = self.simulator.now(), self.simulator.behaviour
        if self.simulator.hides("hide_actions" if by_action else "hide_deployments", self.path):
            return []
        found = [one for one in looks.queue.deployments if one.appears_at(behaviour, by_action=by_action) <= now]
        return found if behaviour.list_order == "oldest_first" else found[::-1]

    def _one(self, looks: Looks, number: str, *, by_action: bool) -> Deployment:
        for deployment in self._seen(looks, by_action=by_action):
            if int(number) == (deployment.action_id if by_action else deployment.id):
                return deployment
        raise Problem(404, f"{'Action' if by_action else 'Deployment'} {number} not found")

    def _page(self, found: Sequence[T], look: Callable[[T], dict[str, Any]]) -> Answer:
        """Return the page of a list that the query asks for."""
        asked, per_page = self.query.get("page", "1"), self.simulator.behaviour.per_page
        current = max(1, int(asked)) if asked.isdecimal() else 1
        pages = max(1, -(-len(found) // per_page))
        shown = [look(record) for record in found[(current - 1) * per_page : current * per_page]]
        pagination = {
            "previous": current - 1 if current > 1 else None,
            "next": current + 1 if current < pages else None,
            "current": current,
            "per_page": per_page,
            "count": len(found),
            "pages": pages,
        }
        page: dict[str, Any] = {"response": shown, "count": len(shown)}
        fields = self.simulator.behaviour.pagination_fields
        if fields is not None:
            page["pagination"] = {name: pagination[name] for name in fields}
        return as_json(page)

    def list_stacks(self) -> Answer:
        """Answer with all stacks; `filter_name` and `filter_environment` keep the equal ones."""
        found = list(self.simulator.stacks.values())
        if not self.simulator.behaviour.ignore_stack_filters:
            for name in ("name", "environment"):
                wanted = self.query.get(f"filter_{name}")
                found = [queue for queue in found if wanted in {None, getattr(queue.spec, name)}]
        return self._page(found, lambda queue: Looks(self.simulator, queue).stack())

    def show_stack(self, uid: str) -> Answer:
        """Answer with a stack; `show_log` adds the newest log."""
        looks = self._looks(uid)
        log = {"last_log": looks.log()} if self.query.get("show_log") == "true" else {}
        return as_json({"response": looks.stack() | log})

    def list_services(self, uid: str) -> Answer:
        """Answer with the services that were deployed by name."""
        return self._page(self._looks(uid).services(), dict)

    def show_records(self, uid: str, kind: str, number: str | None) -> Answer:
        """Answer with the deployments or actions of a stack, or one of them; `user_reference` keeps those of it."""
        looks, behaviour, by_action = self._looks(uid), self.simulator.behaviour, kind == "actions"
        look = looks.action if by_action else looks.deployment
        if number is not None:
            return as_json({"response": look(self._one(looks, number, by_action=by_action))})
        found = self._seen(looks, by_action=by_action)
        wanted = self.query.get("user_reference") if by_action else None
        if wanted is not None and behaviour.refuse_reference_filter is not None:
            raise Problem(behaviour.refuse_reference_filter, "user_reference can't be asked for")
        if wanted is not None and not behaviour.ignore_reference_filter:
            found = [deployment for deployment in found if deployment.user_reference == wanted]
        return self._page(found, look)

    def redeploy(self, uid: str) -> Answer:
        """Schedule a deployment, once it is approved, and another that overtakes it, if the behaviour says so."""
        simulator, behaviour, looks = self.simulator, self.simulator.behaviour, self._looks(uid)
        options = {name: self.query.get(name) or None for name in _OPTIONS}
        docker = looks.queue.spec.docker
        foreign = "git_ref" if docker else "services"
        if options[foreign]:
            raise Problem(400, f"{foreign} is {'not' if docker else 'only'} available for Docker stacks")
        if len(options["user_reference"] or "") > _LONGEST_REFERENCE:
            raise Problem(400, f"user_reference is longer than {_LONGEST_REFERENCE} characters")
        later = self.defer_seconds + (behaviour.approval_seconds or 0.0)
        deployment = simulator.request_deployment(
            uid, user=self.token.user, via="api", fate=simulator.next_fate(), later=later, **options
        )
        if behaviour.overtaken_after_seconds is not None:
            simulator.request_deployment(
                uid,
                git_ref=None if docker else "hotfix",
                duration=behaviour.duration_seconds / _OVERTAKING_IS_SHORTER,
                later=self.defer_seconds + behaviour.overtaken_after_seconds,
            )
        return as_json({"response": looks.scheduled(deployment)})

    def cancel(self, uid: str, number: str) -> Answer:
        """Cancel a deployment."""
        found = self._one(self._looks(uid), number, by_action=False)
        self.simulator.do_later(self.defer_seconds, partial(self.simulator.cancel, found.id, self.token.user))
        return as_json({"response": {"ok": True, "message": self.simulator.behaviour.say("Deployment cancelled")}})


_ENDPOINTS: dict[str, Callable[..., Answer]] = {
    r"GET /stacks": _Call.list_stacks,
    r"GET /stacks/([^/]+)": _Call.show_stack,
    r"GET /stacks/([^/]+)/services": _Call.list_services,
    r"GET /stacks/([^/]+)/(deployments|actions)(?:/(\d+))?": _Call.show_records,
    r"POST /stacks/([^/]+)/deployments": _Call.redeploy,
    r"DELETE /stacks/([^/]+)/deployments/(\d+)": _Call.cancel,
}
