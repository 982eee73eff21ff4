"""
One visit to the application that a stack serves, as any visitor would make it.

No token, no cookie and no login of the job's goes along. Redirects are followed here, a few; the body is read only for
the text that has to be in it.
"""

import re
from collections.abc import Iterable, Mapping
from queue import SimpleQueue
from threading import Thread
from urllib.parse import quote, urljoin, urlsplit

import requests
from urllib3.exceptions import InvalidChunkLength

from cloud66_redeploy.api.connecting import Session, beginning_of, route_to
from cloud66_redeploy.api.error_text import decoded
from cloud66_redeploy.api.failures import BREAKS, failure_of, innermost
from cloud66_redeploy.clock import CallTimeout, Clock, without_signals
from cloud66_redeploy.errors import Blame, NotTheApi
from cloud66_redeploy.model.health import REDIRECTS, GoodAnswer, Problem, Visit
from cloud66_redeploy.timing import VISIT_CONNECT_SECONDS, VISIT_SECONDS

MOST_REDIRECTS = 5
MOST_BYTES = 1024 * 1024
_ANEW = {"Cache-Control": "no-cache", "Connection": "close"}
"""No page that a cache has kept is good enough, and the connection isn't kept."""

_RESERVED = "%/:?#[]@!$&'()*+,;=~"


class Application:
    """Visits applications."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def visit_all(self, addresses: Iterable[str], good: GoodAnswer) -> dict[str, Visit]:
        """
        Ask each address once, side by side, and say what came of it.

        Raises:
            Aborted: the workflow was cancelled meanwhile.

        """
        ways = {address: [address] for address in addresses}
        found: dict[str, Visit | Exception] = {}
        try:
            self._clock.interruptible(
                lambda: self._ask(ways, good, found), limit_seconds=VISIT_SECONDS, grace_seconds=0.0
            )
        except CallTimeout:
            # What is still on its way is left to itself, and doesn't keep the process from ending.
            said = f"no whole answer within {VISIT_SECONDS:.0f}s"
            for address, way in ways.items():
                found.setdefault(address, Visit(way[-1], problem=Problem.NO_ANSWER, said=said))
        finally:
            # The next visit gets a connection of its own: a process on its way out goes on to serve those it has.
            self._session.close()
        faults = [came for came in found.values() if isinstance(came, Exception)]
        if faults:
            raise faults[0]
        return {address: came for address, came in found.items() if isinstance(came, Visit)}

    def _ask(self, ways: Mapping[str, list[str]], good: GoodAnswer, found: dict[str, Visit | Exception]) -> None:
        ended = SimpleQueue[None]()

        def ask(way: list[str]) -> None:
            first = way[0]
            try:
                found[first] = self._visit(way, good)
            except Exception as error:  # noqa: BLE001 - a fault of this action, raised again by who waits
                found[first] = error
            ended.put(None)

        own, *others = ways.values()
        with without_signals():
            for way in others:
                Thread(target=ask, args=(way,), daemon=True).start()
        ask(own)
        for _ in ways:
            ended.get()

    def _visit(self, way: list[str], good: GoodAnswer) -> Visit:
        try:
            return self._follow(way, good)
        except BREAKS as error:
            given_by = "a redirect" if len(way) > 1 else "the input health_check"
            failure = failure_of("GET", error, route_to(self._session, way[-1], given_by))
            is_untrusted = failure.clue.blame in {Blame.CERTIFICATE, Blame.BUNDLE}
            problem = Problem.UNTRUSTED if is_untrusted else Problem.NO_ANSWER
            # Some exceptions repeat what came: a line of the body, where a piece's length or a status should be.
            is_quoted = isinstance(failure, NotTheApi) or isinstance(innermost(error), InvalidChunkLength)
            return Visit(way[-1], problem=problem, said="an answer that is not HTTP" if is_quoted else failure.said)

    def _follow(self, way: list[str], good: GoodAnswer) -> Visit:
        """Go the way on from its last address; each that is asked is put at its end."""
        for _ in range(MOST_REDIRECTS + 1):
            address = way[-1]
            with self._get(address) as response:
                target = response.headers.get("Location")
                if response.status_code not in REDIRECTS or target is None:
                    return _judged(response, address, good)
                onward = _onward(address, target)
                if not onward:
                    return Visit(address, response.status_code, Problem.BAD_REDIRECT)
            way.append(onward)
        return Visit(way[-1], problem=Problem.TOO_MANY_REDIRECTS)

    def _get(self, address: str) -> requests.Response:
        return self._session.get(
            address,
            # Without it, requests would take a login from a ~/.netrc of the job.
            auth=lambda request: request,
            headers=_ANEW,
            timeout=(VISIT_CONNECT_SECONDS, VISIT_SECONDS),
            allow_redirects=False,
        )


def _judged(response: requests.Response, address: str, good: GoodAnswer) -> Visit:
    problem = None
    if not good.has(response.status_code):
        problem = Problem.STATUS
    elif good.text:
        text = decoded(beginning_of(response, MOST_BYTES), response.headers.get("Content-Type", ""))
        problem = None if good.text in text else Problem.TEXT_MISSING
    return Visit(address, response.status_code, problem)


def _onward(address: str, target: str) -> str:
    """Return where a redirect leads; "" where that is no address of the web, or one with a login in it."""
    try:
        # As browsers do: a header's odd bytes are what an address writes as %….
        onward = urljoin(address, quote(target.encode("latin1", "replace"), safe=_RESERVED))
        parts = urlsplit(onward)
        # A port that there can't be is found out here, not by the library, which may read it where no error is awaited.
        has_port = parts.port != 0
    except ValueError:
        return ""
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None and has_port
    return onward if is_web and re.fullmatch(r"[!-~]+", onward) else ""
