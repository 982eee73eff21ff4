"""What the account holds: stacks with their queues, tokens, deployments, and the log of requests."""

from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple

from cloud66_simulator.behaviour import Behaviour, Fate

DEFAULT_STACK = "5999b763474b0eafa5fafb64bff0ba80"
DOCKER_STACK = "d0c4e2b1a7f64b0e9c3d5a8f7e6b1c20"

COLLEAGUE = "colleague@example.com"
"""The user of everything for which no other user is named."""

Via = Literal["api", "web", "hook"]
State = Literal["unprocessed", "queued", "running", "finished"]


@dataclass(frozen=True)
class StackSpec:
    """
    One stack of the account.

    Attributes:
        docker: whether it runs containers; a POST may then name `services`, otherwise a `git_ref`.
        last_log: the newest log, or None: the log is made up from the newest deployment.
        history: how many deployments succeeded before the simulator's start.

    """

    uid: str = DEFAULT_STACK
    name: str = "Awesome App"
    environment: str = "production"
    git: str = "git@github.com:acme/awesome.git"
    git_branch: str = "main"
    fqdn: str = "awesome-app.c66.example"
    application_address: str = "https://awesome.example.com"
    framework: str = "rails"
    docker: bool = False
    last_log: str | None = None
    history: int = 12


STACKS = (StackSpec(), StackSpec(DOCKER_STACK, "Boxed App", "staging", framework="docker", docker=True, history=0))
"""The default account: a stack with a past, and a Docker stack without."""


class Token(NamedTuple):
    """What a token stands for."""

    user: str
    scopes: tuple[str, ...]


TOKENS = {
    "demo-token": Token("ci@example.com", ("public", "redeploy")),
    "public-token": Token("reader@example.com", ("public",)),
    "no-scope-token": Token("nobody@example.com", ()),
}
"""One that may do everything, and one for each way to be refused."""


@dataclass
class Deployment:
    """
    One deployment and its stack action, as they truly are, whatever the API shows of them. Times are epoch seconds.

    Attributes:
        git_hash: the hash that is deployed; None for a Docker stack.
        duration: seconds.
        id, action_id: 0 until a late request is processed.
        starts_at, ends_at: as planned by the queue so far; `inf` is never. A deployment that was cancelled while it
            waited never starts.
        cancel_at: when it was asked to be cancelled, or None.
        cancel_takes: seconds from then until it is over.
        record_delays: how late its own record and its action's appear, in seconds, or None: as `Behaviour` says.
        action: the word of its action. Other work than a deployment is made so, too: its own record never appears.
        action_lag: how long after it its action finishes, in seconds, or None: as `Behaviour` says.
        reverted_at, reverted_by: when and by whom `Simulator.revert` reverted it, or None.

    """

    stack_uid: str
    git_hash: str | None
    duration: float
    user: str = COLLEAGUE
    via: Via = "web"
    git_ref: str | None = "main"
    user_reference: str | None = None
    fate: Fate = "success"
    services: str | None = None
    deployment_profile: str | None = None
    record_delays: tuple[float, float] | None = None
    id: int = 0
    action_id: int = 0
    requested_at: float = inf
    starts_at: float = inf
    ends_at: float = inf
    cancel_at: float | None = None
    cancel_takes: float = 0.0
    cancelled_by: str | None = None
    action: str = "application_deployment"
    action_lag: float | None = None
    reverted_at: float | None = None
    reverted_by: str | None = None

    @property
    def cancelled(self) -> bool:
        """Tell whether it is cancelled, or will be."""
        return self.cancel_at is not None or self.fate == "cancelled"

    @property
    def final_fate(self) -> Fate:
        """Return how it ends, or will end as things are."""
        return "cancelled" if self.cancelled else self.fate

    @property
    def succeeds(self) -> bool:
        """Tell whether the deployment itself ends (or will end) with the outcome success."""
        return self.final_fate in {"success", "reverted", "action_failed", "action_null"}

    @property
    def gone_at(self) -> float:
        """Return when it is reverted, in epoch seconds; `inf` is never."""
        if self.final_fate != "reverted":
            return inf
        return self.ends_at if self.reverted_at is None else self.reverted_at

    def appears_at(self, behaviour: Behaviour, *, by_action: bool = False) -> float:
        """Return when its own record, or that of its action, appears, in epoch seconds."""
        usual = behaviour.deployment_record_delay_seconds, behaviour.action_record_delay_seconds
        delay = (self.record_delays or usual)[by_action]
        # Where there is no start, it was cancelled in the queue, and that is when it leaves it.
        is_there_at_once = by_action or behaviour.record_while_queued
        return delay + (self.requested_at if is_there_at_once else min(self.starts_at, self.ends_at))

    def state(self, now: float) -> State:
        """Return where it is at `now` (epoch seconds)."""
        if not self.id:
            return "unprocessed"
        if self.ends_at <= now:
            return "finished"
        return "running" if self.starts_at <= now else "queued"

    def plan(self, free_at: float) -> None:
        """Set when it starts and ends, given when the stack is free for it (epoch seconds)."""
        starts_at = max(self.requested_at, free_at)
        ends_at = starts_at + self.duration / (2 if self.fate == "cancelled" else 1)
        if self.cancel_at is not None:
            gone_at = self.cancel_at + self.cancel_takes
            ends_at = min(ends_at, gone_at) if self.fate == "cancelled" else gone_at
            if self.cancel_at < starts_at:
                starts_at, ends_at = inf, gone_at
        self.starts_at, self.ends_at = starts_at, ends_at


@dataclass
class StackQueue:
    """One stack with all its deployments, the eldest first; they run one after the other."""

    spec: StackSpec
    deployments: list[Deployment] = field(default_factory=list)

    def settle(self) -> None:
        """Plan the start and end of all: of what has begun, they stay as they were."""
        free_at = -inf
        for deployment in self.deployments:
            deployment.plan(free_at)
            if deployment.starts_at < inf:
                free_at = deployment.ends_at

    def live(self, now: float, behaviour: Behaviour) -> Deployment | None:
        """Return the newest success that is shown as live and not reverted, at `now` (epoch seconds)."""
        for deployment in reversed(self.deployments):
            shown_at = deployment.ends_at + behaviour.live_lag_seconds
            if deployment.succeeds and shown_at <= now < deployment.gone_at:
                return deployment
        return None

    def newest(self, now: float, *, begun: bool = False) -> Deployment | None:
        """Return the last deployment that ran to its end, or that has at least begun, at `now` (epoch seconds)."""
        for deployment in reversed(self.deployments):
            if (deployment.starts_at if begun else deployment.ends_at) <= now and deployment.starts_at < inf:
                return deployment
        return None


@dataclass(frozen=True)
class RequestRecord:
    """
    One request that the simulator saw. It never holds the token.

    Attributes:
        time: epoch seconds on the simulator's clock.
        path: below `/api/3`.
        status: the HTTP status, `"cut"` (no answer came) or `"never sent"`.
        user: the user whose token it is, or None.

    """

    time: float
    method: str
    path: str
    query: dict[str, str]
    status: int | str
    user: str | None
