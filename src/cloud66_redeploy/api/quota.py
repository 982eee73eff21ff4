"""
One hour's calls, shared by all jobs of the token's user: how far they go. Pure: what was seen and when goes in.

Nobody tells a job how many others there are, nor when the hour ends; but every answer says how many calls are left. How
fast that number falls is what all of them ask together. If that is more than the rest allows, each stretches its pauses
alike, so none has to know of another.
"""

from collections import deque
from dataclasses import dataclass, field

from cloud66_redeploy.timing import BURN_WINDOW_SECONDS, HOUR_SECONDS, SHORTEST_BURN_WINDOW_SECONDS

ENOUGH = 0.5
"""With more than this share of the hour's calls left, pauses are as they are."""

RESERVE = 0.05
"""This share of the hour's calls is kept for the ends of deployments, new jobs and cancellations."""

MOST_STRETCH = 8.0


@dataclass
class Quota:
    """
    What the answers said of the hour's calls.

    Attributes:
        limit: calls an hour, or None where no answer said.
        remaining: what is left of them, or None likewise.

    """

    limit: int | None = None
    remaining: int | None = None
    _seen: deque[tuple[float, int]] = field(default_factory=deque, init=False, repr=False)
    _hour_from: float = field(default=0.0, init=False)

    def note(self, limit: str | None, remaining: str | None, now: float) -> None:
        """Take down what an answer's headers say; `now` is monotonic seconds. Anything but numbers says nothing."""
        most, left = _number(limit), _number(remaining)
        if most is None or left is None or most == 0:
            return
        if self.remaining is None or left > self.remaining + most * 0.02:
            # A new hour. (Answers may overtake one another, so a little more is none.)
            self._seen.clear()
            self._hour_from = now
        self.limit, self.remaining = most, left
        self._seen.append((now, left))
        while now - self._seen[0][0] > BURN_WINDOW_SECONDS and len(self._seen) > 2:
            self._seen.popleft()

    @property
    def is_low(self) -> bool:
        """Whether the hour's calls may not go round."""
        return self.limit is not None and self.remaining is not None and self.remaining < ENOUGH * self.limit

    def burning(self) -> float:
        """Return how many calls a second all jobs together make, as far as was seen; 0 where too little was."""
        if len(self._seen) < 2:
            return 0.0
        (start, most), (end, least) = self._seen[0], self._seen[-1]
        return max(0, most - least) / (end - start) if end - start >= SHORTEST_BURN_WINDOW_SECONDS else 0.0

    def hour_left(self, now: float) -> float:
        """Return how many seconds the hour can go on at most; `now` is monotonic seconds."""
        return max(0.0, HOUR_SECONDS - (now - self._hour_from))


def stretch(quota: Quota, now: float, needed_seconds: float, before: float) -> float:
    """
    Return by how much to stretch pauses so that the hour's calls last; 1 where they do.

    Args:
        quota: what was seen.
        now: monotonic seconds.
        needed_seconds: how long we still have to look.
        before: by how much pauses have been stretched so far: without that, all would burn so much more.

    """
    if not quota.is_low or quota.limit is None or quota.remaining is None:
        return 1.0
    left = quota.remaining - RESERVE * quota.limit
    if left <= 0:
        return MOST_STRETCH
    wanted = quota.burning() * before * min(needed_seconds, quota.hour_left(now))
    # Half of the way at once: the measure is of minutes ago, and all jobs correct alike.
    return min(MOST_STRETCH, max(1.0, (before + wanted / left) / 2))


def why_slower(quota: Quota) -> str:
    """Say why pauses are longer."""
    return (
        f"{quota.remaining} of {quota.limit} calls are left in this hour for all jobs of the token's user: "
        "looking less often, so that they last"
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
