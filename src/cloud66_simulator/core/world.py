"""The simulated account: its stacks, their queues, and the clock that everything depends on."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from math import inf
from operator import itemgetter
from random import Random
from typing import Any

from cloud66_simulator.behaviour import Behaviour, Fate
from cloud66_simulator.core.answers import Problem
from cloud66_simulator.core.faults import HIDING, NO_FAULT, Fault, FaultKind
from cloud66_simulator.core.records import (
    COLLEAGUE,
    DEFAULT_STACK,
    STACKS,
    Deployment,
    RequestRecord,
    StackQueue,
    StackSpec,
)

_FULL_HASH = re.compile(r"[0-9a-f]{40}")
_HOUR_SECONDS = 3600.0
_PAST_GAP_SECONDS = 6 * 3600.0


class Simulator:
    """
    A Cloud 66 account that deploys nothing. All state follows from the requests and from `now`.

    Attributes:
        now: returns epoch seconds; the only source of time.
        started: when it was made, in epoch seconds.
        behaviour: its dials, which may be turned at any time.
        faults: what goes wrong; may be changed at any time.
        requests: what it was asked, in the order of the answers.
        next_deployment_id, next_action_id: independent counters.
        lock: held while a request is worked on.

    """

    def __init__(
        self,
        now: Callable[[], float],
        behaviour: Behaviour | None = None,
        *,
        stacks: Sequence[StackSpec] | None = None,
        faults: Iterable[Fault] = (),
        seed: int = 0,
    ) -> None:
        self.now = now
        self.seed = seed
        self.started = now()
        self.behaviour = behaviour or Behaviour()
        self.faults: list[Fault] = list(faults)
        self.requests: list[RequestRecord] = []
        self.next_deployment_id = 96
        self.next_action_id = 28
        self.lock = threading.RLock()
        self.stacks = {spec.uid: StackQueue(spec) for spec in (STACKS if stacks is None else stacks)}
        self._asked: list[Deployment] = []
        self._late: list[tuple[float, Callable[[float], object]]] = []
        self._faults_met: Counter[Fault] = Counter()
        self._calls: Counter[tuple[str, int]] = Counter()
        self._fates_used = 0
        self._invent_history()

    def request_deployment(
        self,
        stack_uid: str = DEFAULT_STACK,
        *,
        later: float = 0.0,
        **fields: Any,  # noqa: ANN401
    ) -> Deployment:
        """
        Ask for a deployment, as a colleague does, now or to reach the queue `later` seconds from now.

        The fields are those of `Deployment`; without a duration it takes as long as the behaviour says.
        """
        with self.lock:
            self.catch_up()
            git_hash = self.hash_of(stack_uid, fields.get("git_ref", Deployment.git_ref))
            defaults = {"git_hash": git_hash, "duration": self.behaviour.duration_seconds}
            deployment = Deployment(stack_uid, **(defaults | fields))
            self._asked.append(deployment)
            self.do_later(later, partial(self._admit, deployment))
            return deployment

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
            if found.state(at) == "finished":
                raise Problem(409, "The deployment is finished and can't be cancelled")
            if found.cancel_at is None:
                found.cancel_at, found.cancelled_by = at, user
                found.cancel_takes = self.behaviour.cancel_takes_seconds
                self.stacks[found.stack_uid].settle()
            return found

    def revert(self, deployment_id: int, user: str = COLLEAGUE) -> Deployment:
        """
        Revert a finished success; then the success before it, if any, is live.

        Raises:
            Problem: 404, there is none; 409, it is no success, not over, or reverted already.

        """
        with self.lock:
            self.catch_up()
            found = self._found(deployment_id)
            if found.final_fate != "success" or found.ends_at > self.now():
                raise Problem(409, "The deployment is no finished success, or it is reverted already")
            found.fate, found.reverted_at, found.reverted_by = "reverted", self.now(), user
            return found

    def do_later(self, seconds: float, work: Callable[[float], object]) -> None:
        """Call `work` `seconds` from now (0: at once), with that time; what it can't do by then doesn't happen."""
        if not seconds:
            work(self.now())
            return
        self._late.append((self.now() + seconds, work))
        self._late.sort(key=itemgetter(0))

    def catch_up(self) -> None:
        """Do what was to be done later and is due, each at its time."""
        now = self.now()
        while self._late and self._late[0][0] <= now:
            at, work = self._late.pop(0)
            with suppress(Problem):
                work(at)

    def deployments_of(self, user_reference: str) -> list[Deployment]:
        """Return every deployment asked for with that reference, hidden and late ones too: the truth."""
        return [deployment for deployment in self.all_deployments() if deployment.user_reference == user_reference]

    def all_deployments(self) -> list[Deployment]:
        """Return every deployment there is or will be, the eldest first: the truth."""
        with self.lock:
            self.catch_up()
            return list(self._asked)

    def next_fault(self, method: str, path: str) -> Fault:
        """Return the first fault that hits this request (or none), and count it for each fault that it matches."""
        for fault in self.faults:
            if fault.kind not in HIDING and fault.matches(method, path, self.now() - self.started):
                self._faults_met[fault] += 1
                if fault.hits(self._faults_met[fault]):
                    return fault
        return NO_FAULT

    def hides(self, kind: FaultKind, path: str) -> bool:
        """Tell whether a fault holds that takes something away from the answer to this path."""
        elapsed = self.now() - self.started
        return any(fault.kind == kind and fault.matches(None, path, elapsed) for fault in self.faults)

    def count_call(self, user: str) -> int:
        """Count one more call of a user and return how many there were in this hour of the clock."""
        key = (user, int(self.now() // _HOUR_SECONDS))
        self._calls[key] += 1
        return self._calls[key]

    def next_fate(self) -> Fate:
        """Return the fate of the next deployment that comes through the API."""
        fates, used = self.behaviour.fates, self._fates_used
        self._fates_used += 1
        return fates[used] if used < len(fates) else self.behaviour.fate

    def hash_of(self, stack_uid: str, git_ref: str | None) -> str | None:
        """Return the hash that a ref deploys: a full hash itself, else the head of the branch; Docker has none."""
        spec = self.stacks[stack_uid].spec
        ref = git_ref or spec.git_branch
        if spec.docker:
            return None
        return ref if _FULL_HASH.fullmatch(ref) else self.behaviour.git_hash or _derived_hash(self.seed, stack_uid, ref)

    def _found(self, deployment_id: int) -> Deployment:
        for deployment in self._asked:
            if deployment.id and deployment.id == deployment_id:
                return deployment
        raise Problem(404, f"Deployment {deployment_id} not found")

    def _admit(self, deployment: Deployment, at: float) -> None:
        """Give a deployment its ids and its place in the queue, at that time in epoch seconds."""
        queue = self.stacks[deployment.stack_uid]
        deployment.id, deployment.action_id = self.next_deployment_id, self.next_action_id
        self.next_deployment_id += 1
        self.next_action_id += 1
        deployment.requested_at = at
        queue.deployments.append(deployment)
        queue.settle()

    def _invent_history(self) -> None:
        """Give each stack its past successes, one every six hours, the last one six hours ago."""
        usual, random = self.behaviour.duration_seconds, Random(self.seed)  # noqa: S311 - no secrets
        usual = usual if 0 < usual < inf else Behaviour.duration_seconds
        for spec in (queue.spec for queue in self.stacks.values()):
            for ago in range(spec.history, 0, -1):
                branch = spec.git_branch if ago == 1 else f"{spec.git_branch}~{ago - 1}"
                past = Deployment(
                    spec.uid,
                    None if spec.docker else _derived_hash(self.seed, spec.uid, branch),
                    duration=usual * random.uniform(0.85, 1.15),
                    user="ci@example.com",
                    via="api",
                    git_ref=spec.git_branch,
                )
                self._asked.append(past)
                self._admit(past, self.started - ago * _PAST_GAP_SECONDS)


def _derived_hash(seed: int, stack_uid: str, branch: str) -> str:
    return sha256(f"{seed} {stack_uid} {branch}".encode()).hexdigest()[:40]
