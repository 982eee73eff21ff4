"""What an HTTP answer means: the JSON of a good one, or the error that it stands for. Pure."""

import json
import re
from collections.abc import Mapping
from math import isinf
from typing import NamedTuple

from cloud66_redeploy.api.connecting import Route
from cloud66_redeploy.api.error_text import decoded, words_of, words_of_page
from cloud66_redeploy.api.headers import as_http_date
from cloud66_redeploy.errors import (
    AnswerLost,
    ApiError,
    Blame,
    Clue,
    Denied,
    NotAccepted,
    NotFound,
    NotTheApi,
    PermanentError,
    TransientError,
)
from cloud66_redeploy.model.fields import cut
from cloud66_redeploy.timing import ABSURD_RETRY_AFTER_SECONDS, LONGEST_RETRY_AFTER_SECONDS

LONGEST_CHARACTERS = 500
"""Of what a server said, so much is shown."""

_OWN_WORDS = ("error", "error_description", "details")
"""The fields of the API's own errors (source: its official client); one of them is enough."""

_REQUEST_IDS = ("X-Request-Id", "X-Amzn-Trace-Id", "CF-Ray")
"""Headers by which servers name a request. No source says whether Cloud 66 has one."""

_REFUSALS: dict[int, type[ApiError]] = {
    401: Denied,
    402: Denied,
    403: Denied,
    404: NotFound,
    410: NotFound,
    409: NotAccepted,
}
"""What the API's own 4xx mean; any other is a `PermanentError`."""


class CallListener:
    """
    Who is told what calls do. This one takes no note of anything.

    Attributes:
        is_debug: whether to be told of calls and records; for who says no, nothing of them is worked out.

    """

    is_debug = False

    def warned(self, text: str) -> None:
        """Take note of a text in X-Cloud66-Warning."""

    def troubled(self, trouble: TransientError, pause_seconds: float) -> None:
        """Take note of trouble, and of the pause before the call is tried again."""

    def called(self, call: "Call") -> None:
        """Take note of a call."""

    def read(self, kind: str, record: object) -> None:
        """Take note of a record, before anything is read out of it."""


class Call(NamedTuple):
    """
    A call that is over, without the token and the login of a proxy.

    Attributes:
        name: method and path.
        attempt: which try it was.
        seconds: how long it took.
        came: the status of its answer, or what kept it from having one.
        calls_left: how many of the hour's calls are left, or None where no answer has said.
        request_id: the header by which the server, or what stands in front, names the request, or "".
        body: what a refusal (400 and above) holds, or "".

    """

    name: str
    attempt: int
    seconds: float
    came: str
    calls_left: int | None
    request_id: str = ""
    body: str = ""


class Answer:
    """
    An answer to one call.

    Attributes:
        call: method and path, for people.
        value: the JSON of the body, None for an empty one.
        is_json: whether the body is JSON, or empty.

    """

    def __init__(self, call: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.call = call
        self.status = status
        self.headers = headers
        self.value: object = None
        self.is_json = True
        self._text = decoded(body, headers.get("Content-Type", ""))
        if not self._text.strip():
            return
        try:
            self.value = json.loads(self._text, parse_constant=_no_constant, parse_float=_number)
        except (ValueError, RecursionError):
            self.is_json = False

    @property
    def is_the_apis(self) -> bool:
        """
        Whether it looks like an answer of the API: good JSON, or a JSON object with an error or an envelope.

        Whatever stands in between (a firewall, a proxy, another server) answers with the same statuses.
        """
        value = self.value if isinstance(self.value, dict) else {}
        is_refusal = "response" in value or any(value.get(name) not in (None, "") for name in _OWN_WORDS)
        return self.is_good or is_refusal

    @property
    def request_id(self) -> str:
        """The header by which the server names the request, with its value, or ""."""
        return next((f"{name} {self.headers[name]}" for name in _REQUEST_IDS if name in self.headers), "")

    @property
    def refusal(self) -> str:
        """The body of a refusal (400 and above) as text; "" of any other answer."""
        return self._text if self.status >= 400 else ""

    @property
    def is_good(self) -> bool:
        """Whether the call was granted: its `value` can be read."""
        return 200 <= self.status < 300 and self.is_json

    def error(self, route: Route) -> ApiError:
        """Say what an answer means that is not good: the kind of error (see `errors`), and what it says."""
        pause = _retry_after(self.headers)
        throttled = isinstance(self.value, dict) and self.value.get("error") == "throttled"
        # Over the limit: 503 `throttled` by the reference, 429 as a client of the real API met it. A bare one says
        # nothing of when it passes.
        bare = self.status == 429 and pause is None
        kind = NotAccepted if throttled else self._kind()
        said, clue = cut(route.hide(self._said(route)), LONGEST_CHARACTERS), Clue()
        if self.status == 407 and route.passes_in_clear:
            clue = Clue(Blame.PROXY_ANSWER, route.proxy_variable)
            said = f"the proxy in {clue.where} does not let the call through: {said}"
        elif kind is NotTheApi:
            through = f" (through the proxy in {route.proxy_variable})" if route.passes_in_clear else ""
            clue = Clue(Blame.STRANGER, f"{route.address}{through}")
        return kind(self.call, said, status=self.status, retry_after=pause, throttled=throttled or bare, clue=clue)

    def _kind(self) -> type[ApiError]:
        if self.status == 429:
            return NotAccepted
        if self.status == 408 or self.status >= 500:
            return AnswerLost
        if self.status >= 400 and self.is_the_apis:
            return _REFUSALS.get(self.status, PermanentError)
        return NotTheApi

    def _said(self, route: Route) -> str:
        """Return what the answer says: a redirect's target, the texts in JSON, or what a page says."""
        if 300 <= self.status < 400:
            return f"a redirect to {self.headers.get('Location', 'nowhere')}, which is not followed"
        # Only so much of a page is searched, and that may tear a secret, too.
        said = words_of(self.value) or words_of_page(route.hide(self._text))
        if self.status >= 400 or self.is_json:
            return said
        return f"an answer that is not JSON: {said}" if said else "an answer that is not JSON"


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity: Python reads them, JSON doesn't have them, and they would break the outputs."""
    raise ValueError(name)


def _number(text: str) -> float | str:
    """Read a number; one that is too large for Python would be Infinity, which JSON doesn't have: it stays a text."""
    number = float(text)
    return text if isinf(number) else number


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """
    Read Retry-After, seconds or a date, as seconds from when the answer was made; None where it says nothing sensible.

    A date is the server's, so it is measured against the server's own Date; without one it says nothing, because the
    runner's clock may be wrong by any amount.
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", value, re.ASCII):
        seconds = float(value)
    else:
        then, now = as_http_date(value), as_http_date(headers.get("Date"))
        if then is None or now is None:
            return None
        seconds = (then - now).total_seconds()
    if seconds > ABSURD_RETRY_AFTER_SECONDS:
        return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)
