"""The stack's log while the deployment runs: what is new in it since the last look. It never touches the wait."""

import re
from dataclasses import dataclass, field, replace

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.api.headers import Quota
from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.fields import LINE_BREAKS, lines_of
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.tracking.tracking import Tracking

_LARGEST_LOG = 200_000
_MOST_KEPT_LINES = 2000
"""Bounds on what is compared with the next log."""

_MOST_FAILURES = 5
"""After so many in a row it is given up: the log is a courtesy."""


@dataclass(frozen=True)
class News:
    """
    What is new in a log.

    Attributes:
        lines: as they came; who shows them cleans them.
        is_doubtful: from here on lines are shown of which nothing proves whose they are.
        given_up: why the log is not read any more, where that is news.
        has_paused: it is not read until more of the hour's calls are left, where that is news.

    """

    lines: list[str] = field(default_factory=list)
    is_doubtful: bool = False
    given_up: ApiError | None = None
    has_paused: bool = False


def new_lines(before: list[str], now: list[str]) -> tuple[list[str], bool]:
    """
    Return the lines of a log that were not there before, and whether it is the same log going on.

    Its beginning may have rolled off meanwhile: then what both share is the longest end of the old one that the new
    one begins with. A log that shares nothing with the old one is another one. One that is only shorter has nothing
    new.
    """
    if now == before[: len(now)]:
        return [], True
    for start in range(len(before)):
        shared = before[start:]
        if _begins_with(now, shared):
            grown = now[len(shared) - 1] != shared[-1]
            return now[len(shared) - grown :], True
    return now, not before


def _begins_with(now: list[str], shared: list[str]) -> bool:
    """Tell whether a log begins with these lines; the last may have grown, and of the first a part rolled off."""
    count = len(shared)
    if now[:count] == shared:
        return True
    if not 1 < count <= len(now) or not now[count - 1].startswith(shared[-1]):
        return False
    rolled = count > 2 and shared[0].endswith(now[0])
    return now[1 : count - 1] == shared[1:-1] and (rolled or now[0] == shared[0])


def _lines_of(text: str) -> list[str]:
    if len(text) > _LARGEST_LOG:
        # What is left of the first line may hold half of a secret, which nobody would know for one.
        text = re.sub(f"^[^\r{LINE_BREAKS}]*", "", text[-_LARGEST_LOG:])
    return [line for line in lines_of(text) if line.strip()][-_MOST_KEPT_LINES:]


class LiveLog:
    """Reads what is new in one stack's log."""

    def __init__(self, client: Client, tracking: Tracking, quota: Quota) -> None:
        self._client = client
        self._tracking = tracking
        self._quota = quota
        self._before: list[str] = []
        self._failures = 0
        self._is_paused = False
        self._has_run = False
        self._has_begun = False

    def read(self, *, same: bool = False) -> News:
        """
        Read the log; return what is new, or nothing where it can't be read.

        Args:
            same: only those of the log that has been read before, not of one that has begun since.

        """
        self._has_begun = False
        if self._failures >= _MOST_FAILURES:
            return News()
        was_paused, self._is_paused = self._is_paused, self._quota.is_low
        if self._is_paused:
            return News(has_paused=not was_paused)
        try:
            text = self._client.last_log()
        except ApiError as error:
            self._failures += 1
            return News(given_up=error if self._failures == _MOST_FAILURES else None)
        self._failures = 0
        lines = _lines_of(text)
        if not lines:
            return News()
        found, goes_on = new_lines(self._before, lines)
        self._has_begun = not goes_on
        if found:
            self._before = lines
        return News([] if same and not goes_on else found)

    def read_while_running(self) -> News:
        """Do the same while the deployment runs; until then it is another one's log, and none of it is returned."""
        deployment = self._tracking.deployment
        if self._has_run and deployment is not None and deployment.phase.is_final:
            return self.read_the_end()
        is_running = deployment is not None and deployment.phase is Phase.RUNNING
        if is_running and not self._has_run and self._has_begun:
            # This one may have started between the last look and the reading of the log right after it.
            self._before = []
        news = self.read()
        if not is_running:
            return replace(news, lines=[])
        is_doubtful = not self._has_run and self._tracking.confirmed_id is None
        self._has_run = True
        return replace(news, is_doubtful=is_doubtful)

    def read_the_end(self) -> News:
        """Return what has come in until the deployment ended, if it was seen deploying at all."""
        return self.read(same=True) if self._has_run else News()
