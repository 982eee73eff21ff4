"""
A no of the API's own, asked again before it is believed.

A 401, 402, 403, 404 or 410 for one call may be a moment's: a deploy of Cloud 66 itself, a replica that lags, a cache in
front. While a deployment may be under way, only a no that lasts ends anything.
"""

from collections.abc import Callable
from typing import TypeVar

from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import ApiError, Denied, Doubted, NotFound
from cloud66_redeploy.timing import ASK_AGAIN_SECONDS, BELIEVED_AFTER_SECONDS

T = TypeVar("T")


class Doubt:
    """Doubts a no until the same call has been answered with one for some seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: float | None = None
        self._call = ""

    @property
    def is_lasting(self) -> bool:
        """Whether it has been answered so for long enough to be believed."""
        return self._since is not None and self._clock.monotonic() - self._since >= BELIEVED_AFTER_SECONDS

    def check(self, ask: Callable[[], T]) -> T:
        """
        Ask, and return the answer.

        Raises:
            Doubted: refused; not for long enough to be believed.
            Denied, NotFound: refused for long enough.
            ApiError: as `ask` raises it.

        """
        try:
            answer = ask()
        except (Denied, NotFound) as refusal:
            if self._since is None or refusal.call != self._call:
                self._since, self._call = self._clock.monotonic(), refusal.call
            if self.is_lasting:
                raise
            raise Doubted(refusal.call, refusal.said, status=refusal.status) from refusal
        except ApiError:
            self._since = None
            raise
        self._since = None
        return answer


def until_believed(clock: Clock, ask: Callable[[], T]) -> T:
    """
    Ask again and again while the answer is a no that is still doubted; return what is believed.

    Raises:
        ApiError: as `ask` raises it, but for `Doubted`.

    """
    doubt = Doubt(clock)
    while True:
        try:
            return doubt.check(ask)
        except Doubted:
            clock.sleep(ASK_AGAIN_SECONDS)
