"""The simulated account: its stacks, their queues, and the clock that it all hangs on."""

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from random import Random

from cloud66_simulator.behaviour import Behaviour, Fate
from cloud66_simulator.faults import Fault, FaultBook, FaultKind, hidden
from cloud66_simulator.history import invented_past
from cloud66_simulator.limits import HourlyLimit
from cloud66_simulator.problems import Problem
from cloud66_simulator.records import (
    COLLEAGUE,
    DEFAULT_STACK,
    Deployment,
    RequestRecord,
    StackSpec,
    Token,
    Via,
    default_stacks,
    default_tokens,
)
from cloud66_simulator.stack_queue import StackQueue

_FULL_HASH = re.compile(r"[0-9a-f]{40}")


class Simulator:
    """
    A Cloud 66 account that deploys nothing. All state follows from what was asked and from `now`.

    Attributes:
        now: returns epoch seconds; the only source of time.
        started: when it was made, in epoch seconds.
        behaviour: its dials, which may be turned at any time.
        faults: what goes wrong; may be changed at any time.
        tokens: token to user and scopes.
        requests: what it was asked, in the order of the answers.
        next_deployment_id, next_action_id: independent counters.
        lock: held while a request is worked on.

    """

    def __init__(
        self,
        now: Callable[[], float],
        seed: int = 0,
        behaviour: Behaviour | None = None,
        *,
        stacks: Sequence[StackSpec] | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        self.now = now
        self.seed = seed
        self.started = now()
        self.behaviour = behaviour if behaviour is not None else Behaviour()
        self.faults: list[Fault] = list(faults)
        self.tokens: dict[str, Token] = default_tokens()
        self.requests: list[RequestRecord] = []
        self.next_deployment_id = 96
        self.next_action_id = 28
        self.lock = threading.RLock()
        self.stacks = {one.uid: StackQueue(one) for one in (default_stacks() if stacks is None else stacks)}
        self.limit = HourlyLimit()
        self._book = FaultBook()
        self._asked: list[Deployment] = []
        self._late: list[tuple[float, Callable[[float], object]]] = []
        self._fates_used = 0
        self._invent_history()

    @property
    def elapsed(self) -> float:
        """Return the seconds since the simulator's start."""
        return self.now() - self.started

    def request_deployment(  # noqa: PLR0913 - all by keyword, each a field of the record
        self,
        stack_uid: str = DEFAULT_STACK,
        *,
        user: str = COLLEAGUE,
        via: Via = "web",
        git_ref: str | None = "main",
        user_reference: str | None = None,
        fate: Fate = "success",
        duration: float | None = None,
        services: str | None = None,
        deployment_profile: str | None = None,
        deploy_type: str = "redeploy",
        record_delays: tuple[float, float] | None = None,
    ) -> Deployment:
        """Ask for a deployment now, as somebody does; `duration` is in seconds, None is the behaviour's."""
        with self.lock:
            self.catch_up()
            deployment = Deployment(
                stack_uid=stack_uid,
                user=user,
                via=via,
                git_ref=git_ref,
                git_hash=self.hash_of(stack_uid, git_ref),
                user_reference=user_reference,
                fate=fate,
                duration=self.behaviour.duration_seconds if duration is None else duration,
                services=services,
                deployment_profile=deployment_profile,
                deploy_type=deploy_type,
                record_delays=record_delays,
            )
            return self.take(deployment)

    def take(self, deployment: Deployment) -> Deployment:
        """Put a deployment into the queue now."""
        self._asked.append(deployment)
        self.admit(deployment, self.now())
        return deployment

    def ask_later(self, deployment: Deployment, seconds: float) -> None:
        """Take a deployment that reaches the queue only `seconds` from now."""
        self._asked.append(deployment)
        self._late.append((self.now() + seconds, lambda at: self.admit(deployment, at)))

    def cancel_later(self, deployment_id: int, user: str, seconds: float) -> None:
        """Ask to cancel a deployment `seconds` from now; should it be over by then, nothing happens."""

        def work(at: float) -> None:
            with suppress(Problem):
                self.cancel(deployment_id, user, at)

        self._late.append((self.now() + seconds, work))

    def admit(self, deployment: Deployment, at: float) -> None:
        """Give a deployment its ids and its place in the queue, at that time in epoch seconds."""
        queue = self.stacks[deployment.stack_uid]
        deployment.id, deployment.action_id = self.next_deployment_id, self.next_action_id
        self.next_deployment_id += 1
        self.next_action_id += 1
        deployment.requested_at = at
        queue.settle(at)
        queue.add(deployment)
        queue.settle(at)

    def cancel(self, deployment_id: int, user: str = COLLEAGUE, at: float | None = None) -> Deployment:
        """
        Ask to cancel a deployment, now or `at` epoch seconds.

        Raises:
            Problem: 404, there is none; 409, it is over.

        """
        with self.lock:
            if at is None:
                self.catch_up()
                at = self.now()
            found = self._found(deployment_id)
            queue = self.stacks[found.stack_uid]
            queue.settle(at)
            if found.state(at) == "finished":
                raise Problem(409, "The deployment is finished and can't be cancelled", details="deployment finished")
            if found.cancel_at is None:
                found.cancel_at, found.cancelled_by = at, user
                found.cancel_takes = self.behaviour.cancel_takes_seconds
                queue.settle(at)
            return found

    def revert(self, deployment_id: int, user: str = COLLEAGUE, at: float | None = None) -> Deployment:
        """
        Revert a success that is over, now or `at` epoch seconds; then the success before it, if any, is live.

        Raises:
            Problem: 404, there is none; 409, it is no success, not over by then, or reverted already.

        """
        with self.lock:
            self.catch_up()
            at = self.now() if at is None else at
            found = self._found(deployment_id)
            if not (found.succeeds and found.ends_at <= at < found.gone_at(self.behaviour.revert_lag_seconds)):
                raise Problem(409, "The deployment is no finished success, or it is reverted already")
            found.reverted_at, found.reverted_by = at, user
            return found

    def catch_up(self) -> None:
        """Do what was to be done later and is due, each at its time, and move the queues on."""
        now = self.now()
        while due := [one for one in self._late if one[0] <= now]:
            first = min(due, key=lambda one: one[0])
            self._late.remove(first)
            first[1](first[0])
        for queue in self.stacks.values():
            queue.settle(now)

    def deployments_of(self, user_reference: str) -> list[Deployment]:
        """Return every deployment asked for with that reference, hidden and late ones too: the truth."""
        with self.lock:
            self.catch_up()
            return [one for one in self._asked if one.user_reference == user_reference]

    def all_deployments(self) -> list[Deployment]:
        """Return every deployment there is or will be, the eldest first: the truth."""
        with self.lock:
            self.catch_up()
            return list(self._asked)

    def next_fault(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request, and count it."""
        return self._book.next(self.faults, method, path, self.elapsed) if self.faults else None

    def hides(self, kind: FaultKind, path: str) -> bool:
        """Tell whether a fault holds that takes something away from the answer to this path."""
        return bool(self.faults) and hidden(self.faults, kind, path, self.elapsed)

    def next_fate(self) -> Fate:
        """Return the fate of the next deployment that comes through the API."""
        used = self._fates_used
        self._fates_used += 1
        return self.behaviour.fates[used] if used < len(self.behaviour.fates) else self.behaviour.fate

    def hash_of(self, stack_uid: str, git_ref: str | None) -> str | None:
        """Return the hash that a ref deploys; a Docker stack has none."""
        spec = self.stacks[stack_uid].spec
        ref = git_ref or spec.git_branch
        if spec.docker:
            return None
        if _FULL_HASH.fullmatch(ref):
            return ref
        return self.head_of(stack_uid, ref)

    def head_of(self, stack_uid: str, branch: str) -> str:
        """Return the hash at the head of a branch (or tag)."""
        return self.behaviour.git_hash or self._derived_hash(stack_uid, branch)

    def _derived_hash(self, stack_uid: str, branch: str) -> str:
        return sha256(f"{self.seed} {stack_uid} {branch}".encode()).hexdigest()[:40]

    def _found(self, deployment_id: int) -> Deployment:
        found = next((one for one in self._asked if one.id and one.id == deployment_id), None)
        if found is None:
            raise Problem(404, f"Deployment {deployment_id} not found")
        return found

    def _invent_history(self) -> None:
        usual, random = self.behaviour.duration_seconds, Random(self.seed)  # noqa: S311 - no secrets
        for queue in self.stacks.values():
            for ago, past in invented_past(queue.spec, usual, self._derived_hash, random):
                self._asked.append(past)
                self.admit(past, self.started - ago)
            queue.settle(self.started)
