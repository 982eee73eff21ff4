"""
One HTTP call: its time limits and its retries.

A retry repeats one call that did not get through; looking again for news is a poll's business. A POST is never
retried here.
"""

import random
from collections.abc import Callable, Generator
from copy import copy
from itertools import count
from typing import NamedTuple, TypeVar

import requests

from cloud66_redeploy.api.answers import Answer, Call, CallListener
from cloud66_redeploy.api.connecting import Route, Session, beginning_of, route_to
from cloud66_redeploy.api.failures import BREAKS, failure_of
from cloud66_redeploy.api.headers import Headers
from cloud66_redeploy.clock import CallTimeout, Clock
from cloud66_redeploy.errors import STUBBORN, AnswerLost, ApiError, Blame, Clue, NotSent, NotTheApi, TransientError
from cloud66_redeploy.timing import FIRST_RETRY_PAUSE_SECONDS, MAX_PAUSE_SECONDS, POST_GRACE_SECONDS

T = TypeVar("T")

_FEW_TRIES = 5
"""How often a patient call is made if its trouble seldom passes by itself: it takes 15s of pauses."""

_LARGEST_BODY = 64 * 1024 * 1024


class Profile(NamedTuple):
    """
    How patient a call is; times in seconds.

    Attributes:
        connect, read: how long a connection, or more of an answer, may take.
        total: how long the whole call may take, whatever trickles in.
        tries: how often a GET or DELETE is made before its trouble is passed on; None: until the deadline, but for
            stubborn trouble, which gets a few tries.

    """

    connect: float = 10.0
    read: float = 20.0
    total: float = 30.0
    tries: int | None = 3


STEADY = Profile()
"""A look: the next one comes soon."""

UNTIL_DEADLINE = Profile(tries=None)
"""What nothing can go on without."""

FEW_TRIES = Profile(read=10.0, total=10.0, tries=_FEW_TRIES)
"""What is good to have, and has a little time."""

BEST_EFFORT = Profile(connect=3.0, read=8.0, total=10.0, tries=1)
"""What is good to have."""

AFTER_TIMEOUT = Profile(connect=4.0, read=7.0, total=8.0)
"""A cancellation after the timeout, in the seconds that it gets."""

AFTER_ABORT = Profile(connect=1.3, read=1.3, total=1.4, tries=1)
"""A cancellation with the workflow, before the runner kills the step."""


class Transport:
    """
    Makes calls below one base address.

    Attributes:
        deadline: the instant (monotonic seconds) after which nothing is tried again. No call outlasts it by more
            than `profile.total`.
        profile: how patient its calls are.
        listener: told what calls do.
        heard: keeps what the headers of the answers say; copies of this transport share it.

    """

    profile = STEADY

    def __init__(
        self,
        session: Session,
        base_url: str,
        token: str,
        clock: Clock,
        deadline: float,
        listener: CallListener | None = None,
    ) -> None:
        self.session = session
        self.base_url = base_url
        self.clock = clock
        self.deadline = deadline
        self.listener = listener or CallListener()
        self.heard = Headers()
        self._token = token

    def but(
        self, *, deadline: float | None = None, profile: Profile | None = None, listener: CallListener | None = None
    ) -> "Transport":
        """Return a copy that differs in what is given."""
        other = copy(self)
        other.deadline = self.deadline if deadline is None else deadline
        other.profile = profile or self.profile
        other.listener = listener or self.listener
        return other

    def move_deadline(self, deadline: float) -> None:
        """Set the instant after which nothing is tried again."""
        self.deadline = deadline

    def retrying(self, method: str, path: str, query: dict[str, str], read: Callable[[object], T]) -> T:
        """
        Make a GET or DELETE, again where trouble passes; return what `read` makes of the JSON body.

        A body that `read` can't read (ValueError) is passing trouble like one that is no JSON.
        """
        failed: list[TransientError] = []
        attempts = count(1)
        try:
            return self.once(method, path, query, read, next(attempts))
        except TransientError as trouble:
            failed.append(trouble)
        # Only now: it brings asyncio along, and most runs never have to try anything again.
        import backoff  # noqa: PLC0415 - see above

        def try_again() -> T:
            if failed:
                raise failed.pop()
            return self.once(method, path, query, read, next(attempts))

        return backoff.on_exception(self._pauses, TransientError, jitter=None, logger=None)(try_again)()

    def once(self, method: str, path: str, query: dict[str, str], read: Callable[[object], T], attempt: int = 1) -> T:
        """
        Make one call, once; return what `read` makes of the JSON body (None for an empty one).

        Raises:
            NotTheApi: `read` could not read it (ValueError).
            ApiError: see the tree in `errors`.
            Aborted: the workflow was cancelled meanwhile.

        """
        began = self.clock.monotonic()
        try:
            answer = self._answer(method, path, query)
        except ApiError as error:
            self._tell(error, attempt, began)
            raise
        self.heard.note(answer.headers, self.clock.monotonic(), is_the_apis=answer.is_the_apis)
        self._tell(answer, attempt, began)
        warning = answer.headers.get("X-Cloud66-Warning")
        if warning:
            self.listener.warned(self._route().hide(warning))
        if not answer.is_good:
            raise answer.error(self._route())
        try:
            return read(answer.value)
        except ValueError as error:
            said = f"an answer of another shape ({error})"
            raise NotTheApi(answer.call, said, clue=Clue(Blame.STRANGER, self.base_url)) from error

    def _pauses(self) -> Generator[float, Exception, None]:
        """
        Wait between retries, as backoff's wait generator; ending it passes the trouble on.

        It sleeps on the clock that was handed in and yields 0, because backoff has no clock parameter.
        """
        pause, failures, stubborn = FIRST_RETRY_PAUSE_SECONDS, 0, 0
        most = self.profile.tries
        while True:
            error = yield 0.0
            assert isinstance(error, TransientError)
            failures += 1
            stubborn = stubborn + 1 if isinstance(error, STUBBORN) else 0
            asked = error.pause_asked_for
            wait = max(asked, pause * random.uniform(0.9, 1.1))  # noqa: S311 - jitter
            impatient = most is not None and (failures >= most or asked > MAX_PAUSE_SECONDS)
            is_in_vain = error.status == 409 or stubborn >= _FEW_TRIES
            if impatient or is_in_vain or self.clock.monotonic() + wait >= self.deadline:
                return
            self.listener.troubled(error, wait)
            self.clock.sleep(wait)
            pause = min(MAX_PAUSE_SECONDS, pause * 2)

    def _tell(self, came: Answer | ApiError, attempt: int, began: float) -> None:
        if not self.listener.is_debug:
            return
        seconds, left = self.clock.monotonic() - began, self.heard.quota.remaining
        if isinstance(came, ApiError):
            self.listener.called(Call(came.call, attempt, seconds, came.said, left))
            return
        # What is answered may repeat the token, or the login that a proxy was given.
        request_id, body = map(self._route().hide, (came.request_id, came.refusal))
        self.listener.called(Call(came.call, attempt, seconds, str(came.status), left, request_id, body))

    def _answer(self, method: str, path: str, query: dict[str, str]) -> Answer:
        call = f"{method} {path}"
        limit = min(self.profile.total, self.deadline + self.profile.total - self.clock.monotonic())
        if limit <= 0:
            raise NotSent(call, "there was no time left for it")
        grace = POST_GRACE_SECONDS if method == "POST" else 0.0
        try:
            return self.clock.interruptible(
                lambda: self._exchange(method, path, query, limit), limit_seconds=limit, grace_seconds=grace
            )
        except CallTimeout:
            raise AnswerLost(call, f"no whole answer within {limit:.0f}s") from None
        except BREAKS as error:
            raise failure_of(call, error, self._route()) from error

    def _route(self) -> Route:
        return route_to(self.session, self.base_url, "the input api_url", self._token)

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As auth: without any, requests would let a ~/.netrc of the job replace the header.
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _exchange(self, method: str, path: str, query: dict[str, str], limit: float) -> Answer:
        response = self.session.request(
            method,
            self.base_url + path,
            params=query,
            auth=self._signed,
            headers={"Accept": "application/json"},
            timeout=(min(self.profile.connect, limit), min(self.profile.read, limit)),
            allow_redirects=False,
        )
        with response:
            body = beginning_of(response, _LARGEST_BODY + 1)
        if len(body) > _LARGEST_BODY:
            raise AnswerLost(f"{method} {path}", "an answer of more than 64 MiB")
        return Answer(f"{method} {path}", response.status_code, response.headers, body)
