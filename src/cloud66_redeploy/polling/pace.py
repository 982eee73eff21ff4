"""
When the next look comes and how far the deployment is, from what is known of it. Time is handed in (monotonic seconds).

The hour's calls may stretch a pause beyond poll_interval; nothing else does.
"""

from dataclasses import dataclass, field
from datetime import datetime
from math import inf, sqrt

from cloud66_redeploy.api.headers import Headers, Quota
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.polling.forecast import Forecast
from cloud66_redeploy.polling.pauses import Ground, Pause, jittered, pause_before_next_look
from cloud66_redeploy.timing import HOUR_SECONDS, LEAST_NEEDED_SECONDS, LONGEST_SLOWED_PAUSE_SECONDS
from cloud66_redeploy.tracking.tracking import Tracking

RESERVE = 0.05
"""This share of the hour's calls is kept for the ends of deployments, new jobs and cancellations."""

MOST_STRETCH = 8.0

_NOTABLE = 1.2
"""Pauses that are longer by less need no explanation."""

_OVERTIME = 1.3
"""Most that end late end within this many usual durations."""


@dataclass(frozen=True)
class Estimate:
    """
    How far the deployment is.

    Attributes:
        age_seconds: how long it has been running.
        usual_seconds: how long the like of it take, or None where not known.
        percent: of the usual time, 0 to 99; None once it takes longer, or where nothing is known.

    """

    age_seconds: float
    usual_seconds: float | None = None
    percent: int | None = None


@dataclass(eq=False, repr=False)
class Pace:
    """
    The pace of one wait.

    Attributes:
        since: the instant at which the redeploy had been requested.
        heard: the hour's calls, and the server's clock for a deployment that was started elsewhere.
        stretched: by how much pauses are stretched to make the hour's calls last; 1 is not at all.

    """

    tracking: Tracking
    poll_interval_seconds: float
    since: float
    heard: Headers = field(default_factory=Headers)
    stretched: float = field(default=1.0, init=False)
    _not_started_at: float = field(init=False)
    _started_at: float | None = field(default=None, init=False)
    _percent: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        # One that was started elsewhere may have been running for long.
        self._not_started_at = -inf if self.tracking.request.is_external else self.since

    def note(self, now: float) -> None:
        """Take in what a look has brought."""
        deployment = self.tracking.deployment
        if deployment is None or deployment.phase is Phase.QUEUED:
            self._not_started_at, self._started_at = now, None
        elif self._started_at is None:
            said = self._instant_of(deployment.started_at)
            # Two clocks and an action's own start: it can't have been before the last look that didn't see it run.
            self._started_at = min(now, max(self._not_started_at, now if said is None else said))

    def pause(self, now: float, deadline: float) -> Pause:
        """Return the pause before the next look."""
        self.stretched = slow_down(self.heard.quota, now, self._needed(now, deadline), self.stretched)
        # First where an end is unlikely, and there poll_interval is all that keeps pauses short; elsewhere by less.
        most = self.poll_interval_seconds
        longest = max(most, min(LONGEST_SLOWED_PAUSE_SECONDS, most * self.stretched))
        seconds, ground = self._pause(now, longest)
        return Pause(min(longest, seconds * sqrt(self.stretched)), ground)

    @property
    def is_slowed(self) -> bool:
        """Whether pauses are so much longer that it needs an explanation."""
        return self.stretched >= _NOTABLE

    def estimate(self, now: float) -> Estimate | None:
        """Say how far the deployment is; None while it has not started. The percentage never goes back."""
        if self._started_at is None:
            return None
        age, forecast = max(0.0, now - self._started_at), self._forecast()
        if forecast is None:
            return Estimate(age)
        usual = forecast.usual_seconds
        self._percent = max(self._percent, int(100 * age / usual))
        return Estimate(age, usual, self._percent if self._percent < 100 else None)

    def _pause(self, now: float, most: float) -> Pause:
        began, ahead, by = self._started_at, self.tracking.sighting.ahead, Ground.PAST
        if began is None:
            if not ahead or self.tracking.deployment is None:
                return Pause(pause_before_next_look(now - self.since, most), Ground.SHARE)
            if len(ahead) > 1:
                return Pause(jittered(most, most), Ground.QUEUE)
            # The one ahead has to end first.
            began, by = self._instant_of(ahead[0].started_at), Ground.AHEAD
        age, forecast = max(0.0, now - (self.since if began is None else began)), self._forecast()
        if forecast is None:
            return Pause(pause_before_next_look(age, most), Ground.SHARE)
        return Pause(jittered(forecast.pause(age), most), by)

    def _needed(self, now: float, deadline: float) -> float:
        left, forecast = min(HOUR_SECONDS, deadline - now), self._forecast()
        if forecast is None:
            return left
        ahead = 1 + (len(self.tracking.sighting.ahead or ()) if self._started_at is None else 0)
        ran = now - self._started_at if self._started_at is not None else 0.0
        return min(left, max(LEAST_NEEDED_SECONDS, ahead * forecast.usual_seconds * _OVERTIME - ran))

    def _forecast(self) -> Forecast | None:
        return Forecast.of(self.tracking.durations)

    def _instant_of(self, moment: datetime | None) -> float | None:
        """Turn the server's time into an instant: the action of this run's request began when that had been made."""
        action = self.tracking.action
        if moment is None:
            return None
        if self.tracking.request.is_external:
            return self.heard.instant_of(moment)
        asked = action.started_at if action else None
        return None if asked is None else self.since + (moment - asked).total_seconds()


def slow_down(quota: Quota, now: float, needed_seconds: float, before: float) -> float:
    """
    Return by how much to stretch pauses so that the hour's calls last; 1 where they do.

    Args:
        quota: what was seen.
        now: monotonic seconds.
        needed_seconds: how long looks are still needed.
        before: by how much pauses have been stretched so far: without that, all would burn so much more.

    """
    if not quota.is_low or quota.limit is None or quota.remaining is None:
        return 1.0
    left = quota.remaining - RESERVE * quota.limit
    if left <= 0:
        return MOST_STRETCH
    wanted = quota.calls_per_second() * before * min(needed_seconds, quota.hour_left(now))
    # Half of the way at once: the measure is of minutes ago, and all jobs correct alike.
    return min(MOST_STRETCH, max(1.0, (before + wanted / left) / 2))
