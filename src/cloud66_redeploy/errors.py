"""
What can stop a call or the run, as a tree.

RedeployError
├── InputError             an input can't be used; nothing was asked of Cloud 66
└── ApiError               a call that brought no answer to work with
    ├── PermanentError     a final no: the same call will fail again
    │   ├── Denied         401, 402, 403: the token, the account, the scope
    │   ├── NotFound       404
    │   └── Unusable       a setting of this machine that can't work (a proxy, a certificate bundle): nothing left it
    └── TransientError     passing: the same call may work later
        ├── NotSent        never left this machine (refused connection, connect time-out)
        │   └── Obstructed …and seldom passes: a name, a proxy, TLS, a certificate
        ├── NotAccepted    answered "not now" (409, 429, 503 throttled): it was not done
        ├── Doubted        answered with a no that has not lasted long enough to be believed (`tracking.doubt`)
        └── AnswerLost     time-out, broken connection, 408, other 5xx: whether it was done is not known
            └── NotTheApi  an answer that the API doesn't give: a page, a redirect, another shape

Aborted (a BaseException, like KeyboardInterrupt): the workflow was cancelled.

How a deployment ended is never an exception: it is a `model.outcome.Result`.
"""

from enum import Enum, auto
from typing import NamedTuple

from cloud66_redeploy.timing import THROTTLED_PAUSE_SECONDS


class Blame(Enum):
    """What has to be checked where a call fails for another reason than what the API says (see `report.messages`)."""

    NETWORK = auto()
    ADDRESS = auto()
    NAME = auto()
    TLS = auto()
    CERTIFICATE = auto()
    BUNDLE = auto()
    PROXY = auto()
    PROXY_NAME = auto()
    PROXY_TLS = auto()
    PROXY_ANSWER = auto()
    STRANGER = auto()


class Clue(NamedTuple):
    """What has to be checked, and where that stands: in a variable, in an input, or at which address it answered."""

    blame: Blame = Blame.NETWORK
    where: str = ""


_NONE = Clue()


class RedeployError(Exception):
    """Root of everything that this package raises on purpose."""


class InputError(RedeployError):
    """An input can't be used. Carries the input's name, and says what is wrong with it and what to do."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(said)
        self.name = name


class ApiError(RedeployError):
    """
    A call that brought no answer to work with.

    Attributes:
        call: method and path, for people.
        status: the HTTP status, or None where none came.
        said: what the server (or the network) said; text from outside.
        retry_after: seconds to leave it alone, or None where the server didn't say.
        throttled: the limit of the token's user is used up, and nothing says for how little.
        clue: what to look at, where it is not what the API said.

    """

    def __init__(
        self,
        call: str,
        said: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        throttled: bool = False,
        clue: Clue = _NONE,
    ) -> None:
        answer = f"answered {status}" if status else "failed"
        super().__init__(f"{call} {answer}" + (f": {said}" if said else ""))
        self.call = call
        self.status = status
        self.said = said
        self.retry_after = retry_after
        self.throttled = throttled
        self.clue = clue

    @property
    def is_over_limit(self) -> bool:
        """Whether the limit of the token's user is used up, whatever the server says of when that passes."""
        return self.throttled or self.status == 429

    @property
    def pause_asked_for(self) -> float:
        """How long the server wants to be left alone, in seconds."""
        return max(self.retry_after or 0.0, THROTTLED_PAUSE_SECONDS if self.throttled else 0.0)


class PermanentError(ApiError):
    """A final no: the same call will be refused again."""


class Denied(PermanentError):
    """401, 402 or 403: the token, the account or the token's scope."""


class NotFound(PermanentError):
    """404: not there, or not for this token."""


class Unusable(PermanentError):
    """A setting of this machine that can't work: nothing left it, nor ever will."""


class TransientError(ApiError):
    """Passing: the same call may work later."""


class NotSent(TransientError):
    """The request never left, so nothing was done."""


class Obstructed(NotSent):
    """The request never left, for a reason that may pass within seconds and else stays."""


class NotAccepted(TransientError):
    """The server said "not now", so nothing was done."""


class Doubted(TransientError):
    """A no of the API's own (401, 402, 403, 404, 410) that is asked again before it is believed."""


class AnswerLost(TransientError):
    """Whether the request was carried out is not known."""


class NotTheApi(AnswerLost):
    """Something else than the API answered, or it answered something else; it may pass within seconds, or stays."""


STUBBORN = (Obstructed, NotTheApi)
"""Trouble that gets a few tries: what doesn't pass by then stays until someone fixes it."""


class Aborted(BaseException):
    """
    The workflow was cancelled (SIGINT or SIGTERM).

    A BaseException, so that no `except Exception` on the way, the action's or a library's, takes it for a failed call.

    Attributes:
        seconds_ago: how long ago the signal came.
        before_call: the call that was to be made has not begun.

    """

    def __init__(self, seconds_ago: float = 0.0, *, before_call: bool = False) -> None:
        super().__init__("the workflow was cancelled")
        self.seconds_ago = seconds_ago
        self.before_call = before_call
