"""What the simulated account holds: stacks, tokens, deployments, and the log of requests."""

from dataclasses import dataclass
from math import inf
from typing import Literal, NamedTuple

from cloud66_simulator.behaviour import Fate

DEFAULT_STACK = "5999b763474b0eafa5fafb64bff0ba80"
DOCKER_STACK = "d0c4e2b1a7f64b0e9c3d5a8f7e6b1c20"

COLLEAGUE = "colleague@example.com"
"""Who does what nobody else is said to have done."""

Via = Literal["api", "web", "hook"]
LoggedStatus = int | Literal["cut", "never sent"]
State = Literal["unprocessed", "queued", "running", "finished"]


@dataclass
class StackSpec:
    """
    One stack of the account.

    Attributes:
        docker: whether it runs containers: then `services` may be given, else `git_ref`.
        last_log: the newest log, or None: one is made up from the newest deployment.
        history: how many successful deployments it has had before the simulator's start.

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


def default_stacks() -> list[StackSpec]:
    """Return the default account: a stack with a past, and a Docker stack without."""
    docker = StackSpec(
        uid=DOCKER_STACK, name="Boxed App", environment="staging", framework="docker", docker=True, history=0
    )
    return [StackSpec(), docker]


class Token(NamedTuple):
    """What a token stands for."""

    user: str
    scopes: frozenset[str]
    expired: bool = False


def default_tokens() -> dict[str, Token]:
    """Return the default tokens: one that may all, and one for each way to be turned away."""
    both = frozenset({"public", "redeploy"})
    return {
        "demo-token": Token("ci@example.com", both),
        "public-token": Token("reader@example.com", frozenset({"public"})),
        "no-scope-token": Token("nobody@example.com", frozenset()),
        "expired-token": Token("trial@example.com", both, expired=True),
    }


@dataclass
class Deployment:
    """
    One deployment and its action, as they truly are, whatever the API shows of them. Times are epoch seconds.

    Attributes:
        id, action_id: 0 as long as a late request has not been processed.
        starts_at, ends_at: as planned by the queue so far; `inf` is never. `starts_at` is `inf` for one
            that was cancelled while it waited.
        cancel_at: when somebody asked to cancel it, or None.
        cancel_takes: seconds from then until it is over.
        record_delays: how late its own record and its action's appear, in seconds, or None: as `Behaviour` says.
        reverted_at: when `Simulator.revert` has it reverted, or None; the fate `reverted` does it without.
        reverted_by: likewise, by whom.

    """

    stack_uid: str
    user: str
    via: Via
    git_ref: str | None
    git_hash: str | None
    user_reference: str | None
    fate: Fate
    duration: float
    services: str | None = None
    deployment_profile: str | None = None
    deploy_type: str = "redeploy"
    id: int = 0
    action_id: int = 0
    requested_at: float = inf
    starts_at: float = inf
    ends_at: float = inf
    cancel_at: float | None = None
    cancel_takes: float = 0.0
    cancelled_by: str | None = None
    record_delays: tuple[float, float] | None = None
    reverted_at: float | None = None
    reverted_by: str | None = None

    @property
    def cancelled(self) -> bool:
        """Tell whether it is cancelled, or will be."""
        return self.cancel_at is not None or self.fate == "cancelled"

    @property
    def final_fate(self) -> Fate:
        """Return how it ends, or will end as things are; a success that somebody reverts is `reverted`."""
        if self.cancelled:
            return "cancelled"
        return "reverted" if self.reverted_at is not None and self.fate == "success" else self.fate

    @property
    def succeeds(self) -> bool:
        """Tell whether the deployment itself ends (or will end) with the outcome success."""
        return self.final_fate in {"success", "reverted", "action_failed", "action_null"}

    def gone_at(self, revert_lag: float) -> float:
        """Return when it is reverted, in epoch seconds, `inf` is never; the lag is that of the fate `reverted`."""
        if not self.succeeds:
            return inf
        if self.reverted_at is not None:
            return max(self.reverted_at, self.ends_at)
        return self.ends_at + revert_lag if self.fate == "reverted" else inf

    def state(self, now: float) -> State:
        """Return where it is at that time, in epoch seconds."""
        if not self.id:
            return "unprocessed"
        if self.ends_at <= now:
            return "finished"
        return "running" if self.starts_at <= now else "queued"


@dataclass(frozen=True)
class RequestRecord:
    """
    One request that the simulator saw. It never holds the token.

    Attributes:
        time: epoch seconds on the simulator's clock.
        path: below `/api/3`.
        status: the HTTP status, `"cut"` (no answer came) or `"never sent"`.
        user: whom the token stands for, or None.

    """

    time: float
    method: str
    path: str
    query: dict[str, str]
    status: LoggedStatus
    user: str | None
