"""The queue of one stack: one deployment after the other, planned anew whenever it is looked at."""

from dataclasses import dataclass, field
from math import inf

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.records import Deployment, StackSpec


@dataclass
class StackQueue:
    """
    One stack with all its deployments, the eldest first.

    Attributes:
        unfinished: those that were not over when the queue was settled last.
        free_at: when the stack is done with all that is finished, in epoch seconds.

    """

    spec: StackSpec
    deployments: list[Deployment] = field(default_factory=list)
    unfinished: list[Deployment] = field(default_factory=list)
    free_at: float = -inf

    def add(self, deployment: Deployment) -> None:
        """Put one more at the end."""
        self.deployments.append(deployment)
        self.unfinished.append(deployment)

    def settle(self, now: float) -> None:
        """Plan the start and end of all that is unfinished, and drop what is over at `now` (epoch seconds)."""
        if not self.unfinished:
            return
        free_at = self.free_at
        left = []
        for one in self.unfinished:
            _plan(one, free_at)
            if one.starts_at < inf:
                free_at = one.ends_at
            if one.ends_at > now:
                left.append(one)
            elif one.starts_at < inf:
                self.free_at = one.ends_at
        self.unfinished = left

    def live(self, now: float, behaviour: Behaviour) -> Deployment | None:
        """Return the newest success that is shown as live, so not a reverted one, at `now` (epoch seconds)."""
        for one in reversed(self.deployments):
            shown_at = one.ends_at + behaviour.live_lag_seconds
            if one.succeeds and shown_at <= now < one.gone_at(behaviour.revert_lag_seconds):
                return one
        return None

    def newest(self, now: float) -> Deployment | None:
        """Return the deployment that ended last, at `now` (epoch seconds)."""
        return max((one for one in self.deployments if one.ends_at <= now), key=lambda one: one.ends_at, default=None)


def _plan(one: Deployment, free_at: float) -> None:
    """Set when it starts and ends, given when the stack is free for it, in epoch seconds."""
    starts_at = max(one.requested_at, free_at)
    ends_at = starts_at + one.duration
    if one.fate == "cancelled":
        ends_at = starts_at + one.duration / 2
    if one.cancel_at is not None:
        gone_at = one.cancel_at + one.cancel_takes
        ends_at = min(ends_at, gone_at) if one.fate == "cancelled" else gone_at
        if one.cancel_at < starts_at:
            starts_at, ends_at = inf, gone_at
    one.starts_at, one.ends_at = starts_at, ends_at
