"""What a call meets on its way: real sockets, proxies, names and certificates, broken at every place."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import certifi
import pytest

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Profile, Transport
from cloud66_redeploy.errors import AnswerLost, ApiError, Blame, NotSent, NotTheApi, Obstructed, Unusable
from cloud66_redeploy.polling.ends import unready
from cloud66_redeploy.report.phrases import advice_of, sentence_of
from odd_network import CERTIFICATE, PLACES, Far, Handler, cutting, listening, says
from scripted import Clock, same

SetEnv = Callable[[str, str], None]


def transport(address: str, **options: Any) -> Transport:
    """Make a transport with a real session and a clock that is moved."""
    profile = Profile(connect=9.0, read=9.0, total=30.0, **options)
    return Transport(Session(), address, "secret-token", Clock(), 100.0).but(profile=profile)


REFUSED = {"accept": NotSent, "connect": NotSent, "handshake": NotSent}
CUTS = [
    *[(place, True, True, REFUSED.get(place, AnswerLost)) for place in PLACES],
    *[(place, True, False, AnswerLost) for place in PLACES[3:]],
    # In plain the connection to the proxy stands at once, and the request leaves: what the proxy did is not known.
    *[(place, False, via, AnswerLost) for place in ("accept", *PLACES[3:]) for via in (True, False)],
]


@pytest.mark.parametrize(("place", "tls", "proxied", "kind"), CUTS)
def test_a_cut_is_a_lost_answer_once_the_request_may_have_left(
    place: str, tls: bool, proxied: bool, kind: type[ApiError], env: SetEnv
) -> None:
    """Behind a proxy and without one, a POST counts as not sent only where the server can't have seen it."""
    env("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with cutting(place, tls=tls) as (far, port, proxy_port):
        if proxied:
            env("HTTPS_PROXY" if tls else "HTTP_PROXY", f"http://127.0.0.1:{proxy_port}")
        one = transport(f"http{'s' if tls else ''}://127.0.0.1:{port}")
        with one.session:
            if place and (proxied or place != "accept"):
                with pytest.raises(kind) as caught:
                    one.once("POST", "/x", {}, same)
                assert type(caught.value) is kind
            else:
                assert one.once("POST", "/x", {}, same) == {"response": [1, 2]}
    carried_out = place in {"before the answer", "answer", ""} or (place == "accept" and not proxied)
    assert far.posts == carried_out
    assert not (far.posts and kind is NotSent)


def page(status: int) -> Handler:
    """Answer with a page that repeats the login."""
    text = b"<title>No entry, alice (s3cret!)</title>"
    # The next try may come before the end of this connection shows.
    head = b"HTTP/1.1 %d No, alice\r\nConnection: close\r\nContent-Length: %d" % (status, len(text))
    return says(b"%b\r\n\r\n%b" % (head, text))


def tls(connection: socket.socket) -> None:
    """Show a certificate that nobody trusts by himself."""
    Far("", tls=True).handle(connection)


class Way(NamedTuple):
    """
    A way that leads nowhere.

    Attributes:
        env: the variables of the step; `{port}` is the listener's, `{tmp}` a folder.
        where: what the ending names.
        words: what else it says.

    """

    kind: type[ApiError]
    blame: Blame
    where: str
    env: dict[str, str]
    handler: Handler = tls
    address: str = "https://127.0.0.1:1/api/3"
    words: str = ""


LOGIN = "alice:s3cret%21@"
SSH, ALERT = says(b"SSH-2.0-OpenSSH_9.2\r\n"), says(b"\x15\x03\x01\x00\x02\x02\x46")
HTTPS, HTTP, CLEAR = "https://127.0.0.1:{port}/api/3", "http://127.0.0.1:{port}/api/3", "http://cloud66/api/3"
NO_ADDRESS = [
    "socks5://127.0.0.1:1080", f"socks5h://{LOGIN}h:1", f"SOCKS4://{LOGIN}h", "ftp://127.0.0.1:1", "http://", "://x",
    f"bogus://{LOGIN}h:1", f"http://{LOGIN}127.0.0.1:99999", f"http://{LOGIN}127.0.0.1:abc", f"http://{LOGIN}",
    f"http://{LOGIN}[::1", "http://alice:s3cret/x@127.0.0.1:1", "http://alice:s3cret@pro xy:3128", "https://",
    "http://alice:s3cret%E2%82%AC@127.0.0.1:1", f"http://{LOGIN}a..b:1", f"http://{LOGIN}{'x' * 70}.example:1",
    f"{LOGIN}127.0.0.1:1",
]  # fmt: skip
BUNDLES = [
    ("REQUESTS_CA_BUNDLE", "ca.pem", "not there"), ("CURL_CA_BUNDLE", "ca.pem", "not there"),
    ("CURL_CA_BUNDLE", "", "a directory"), ("REQUESTS_CA_BUNDLE", "empty", "holds no certificate"),
    ("REQUESTS_CA_BUNDLE", "text", "holds no certificate"), ("REQUESTS_CA_BUNDLE", "key", "holds no certificate"),
]  # fmt: skip
VIA = {scheme: {"https_proxy": f"{scheme}://{LOGIN}127.0.0.1:{{port}}"} for scheme in ("http", "https")}
IN_CLEAR = {"HTTP_PROXY": f"http://{LOGIN}127.0.0.1:{{port}}"}
NOWHERE = f"http://{LOGIN}nowhere.invalid:3128"
# fmt: off
WAYS = {
    **{f"a variable spelt {each}": Way(Unusable, Blame.PROXY, each, {"HTTP_PROXY": "http://127.0.0.1:1", each: "socks5://h:1"})
       for each in ("HTTPS_PROXY", "https_proxy", "Https_Proxy", "ALL_PROXY", "all_proxy")},
    **{f"the proxy {each}": Way(Unusable, Blame.PROXY, "HTTPS_PROXY", {"HTTPS_PROXY": each}) for each in NO_ADDRESS},
    **{f"{each} of a proxy": Way(Obstructed, Blame.PROXY_ANSWER, "https_proxy", VIA["http"], page(each))
       for each in (302, 403, 407, 501)},
    **{f"{each} of a proxy": Way(NotSent, Blame.NETWORK, "https_proxy", VIA["http"], page(each))
       for each in (408, 429, 500, 502, 503, 504, 522)},
    "no HTTP of a proxy": Way(Obstructed, Blame.PROXY_ANSWER, "https_proxy", VIA["http"], SSH),
    "an alert of a proxy": Way(Obstructed, Blame.PROXY_ANSWER, "https_proxy", VIA["http"], ALERT),
    "a page of a proxy without TLS": Way(Obstructed, Blame.PROXY_TLS, "https_proxy", VIA["https"], page(400)),
    "an alert of a proxy without TLS": Way(Obstructed, Blame.PROXY_TLS, "https_proxy", VIA["https"], ALERT),
    "a proxy that nobody trusts": Way(
        Obstructed, Blame.CERTIFICATE, "https_proxy", VIA["https"], words="certificate could not be verified"),
    "407 of a proxy in plain": Way(NotTheApi, Blame.PROXY_ANSWER, "HTTP_PROXY", IN_CLEAR, page(407), CLEAR, "***"),
    "403 of a proxy in plain": Way(NotTheApi, Blame.STRANGER, "api_url", IN_CLEAR, page(403), CLEAR, "***"),
    "502 of a proxy in plain": Way(AnswerLost, Blame.NETWORK, "proxy", IN_CLEAR, page(502), CLEAR, "***"),
    "a server without TLS": Way(Obstructed, Blame.TLS, "api_url", {}, page(400), HTTPS),
    "a server's alert": Way(Obstructed, Blame.TLS, "api_url", {}, ALERT, HTTPS),
    "a server that nobody trusts": Way(
        Obstructed, Blame.CERTIFICATE, "api_url", {}, tls, HTTPS, "certificate could not be verified"),
    "a server without HTTP": Way(NotTheApi, Blame.STRANGER, "api_url", {}, SSH, HTTP),
    "an alert in plain": Way(NotTheApi, Blame.STRANGER, "api_url", {}, ALERT, HTTP),
    **{f"{name} of {file or 'a folder'}": Way(
        Unusable, Blame.BUNDLE, name, {name: f"{{tmp}}/{file}"}, tls, HTTPS, words) for name, file, words in BUNDLES},
    "no name": Way(Obstructed, Blame.NAME, "api_url", {}, address="https://nowhere.invalid/api/3"),
    "no name of a proxy": Way(Obstructed, Blame.PROXY_NAME, "ALL_PROXY", {"ALL_PROXY": NOWHERE}),
}
# fmt: on
END = "-----END CERTIFICATE-----"
TAKES = {Unusable: (0, 0), Obstructed: (10, 20), NotTheApi: (10, 20), NotSent: (83, 100), AnswerLost: (83, 100)}
"""What can't work isn't tried again, what seldom passes for some seconds, and what passes to the end but a pause."""


@pytest.mark.parametrize("case", WAYS)
def test_a_way_that_leads_nowhere(case: str, env: SetEnv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keeps calls from the API is tried as often as it may pass, and named with what to do; no login shows."""
    way, real = WAYS[case], socket.getaddrinfo
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "key").write_text(CERTIFICATE.read_text().partition(END)[2])

    def resolve(host: str, *args: Any, **options: Any) -> Any:
        # Nothing else is asked of a resolver, which may be far away.
        if host == "nowhere.invalid":
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    # One authority vouches for nobody here as well as all do, and is loaded in no time, by every connection.
    (tmp_path / "authority").write_text(certifi.contents().partition(END)[0] + END)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "authority"))
    with listening(way.handler) as port:
        for name, value in way.env.items():
            env(name, value.replace("{port}", str(port)).replace("{tmp}", str(tmp_path)))
        one, other = (transport(way.address.format(port=port), tries=None) for _ in range(2))
        with one.session, other.session:
            with pytest.raises(ApiError) as caught:
                one.retrying("GET", "/x", {}, str)
            with pytest.raises(way.kind):
                other.once("POST", "/x", {}, same)
    error, result = caught.value, unready(caught.value)
    shown = f"{error} {sentence_of(result)} {advice_of(result)}"
    assert (type(error), error.clue.blame) == (way.kind, way.blame), shown
    assert result.outcome == ("timed_out" if way.blame is Blame.NETWORK else "failed")
    assert way.where in (shown if way.blame is Blame.NETWORK else advice_of(result))
    assert way.words in shown
    assert not any(secret in shown for secret in ("s3cret", "alice"))
    assert TAKES[way.kind][0] <= one.clock.monotonic() <= TAKES[way.kind][1]
    if way.blame is Blame.BUNDLE:
        assert str(tmp_path) in shown
        assert "/github/workspace/" in advice_of(result)
