"""What a call meets on its way: real sockets, proxies, names and certificates, broken at every place."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Profile, Transport
from cloud66_redeploy.errors import ApiError, Blame, NotSent, NotTheApi, Obstructed, Unclear, Unusable
from cloud66_redeploy.polling.ends import unready
from cloud66_redeploy.report.phrases import advice_of, sentence_of
from odd_network import CERTIFICATE, PLACES, Handler, cutting, listening, says
from scripted import Clock, Windows

API = "https://api.example/api/3"
LOGIN = "alice:s3cret%21@"
SetEnv = Callable[[str, str], None]


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> SetEnv:
    """Set a variable; none of the runner's own names a proxy or a bundle."""
    for name in os.environ:
        if name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    return monkeypatch.setenv


def transport(address: str, **options: Any) -> Transport:
    """Make a transport with a real session and a clock that is moved."""
    profile = Profile(connect=2.0, read=2.0, total=5.0, **options)
    return Transport(Session(), address, "secret-token", Clock(), Windows(), 100.0, profile)


def judged(address: str, kind: type[ApiError], blame: Blame, where: str) -> str:
    """Make a call patiently; check its error, whom it blames, and that no login shows in the ending; return that."""
    one = transport(address, tries=None)
    with one.session, pytest.raises(ApiError) as caught:
        one.retrying("GET", "/x", {}, str)
    error, result = caught.value, unready(caught.value)
    shown = f"{error} {sentence_of(result)} {advice_of(result)}"
    assert (type(error), error.clue.blame) == (kind, blame), shown
    assert result.outcome == ("timed_out" if blame is Blame.NETWORK else "failed")
    assert where in shown
    assert where in advice_of(result) or blame is Blame.NETWORK
    assert not any(secret in shown for secret in ("s3cret", "alice"))
    # What can't work isn't tried again, what seldom passes for some seconds, and what passes to the end.
    least, most = {Unusable: (0, 0), Obstructed: (10, 20), NotTheApi: (10, 20)}.get(kind, (85, 100))
    assert least <= one.clock.monotonic() <= most
    return shown


REFUSED = {"accept": NotSent, "connect": NotSent, "handshake": NotSent}
CUTS = [
    *[(place, True, True, REFUSED.get(place, Unclear)) for place in PLACES],
    *[(place, True, False, Unclear) for place in PLACES[3:]],
    # In plain the connection to the proxy stands at once, and the request leaves: what the proxy did is not known.
    *[(place, False, via, Unclear) for place in ("accept", *PLACES[3:]) for via in (True, False)],
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
                    one.send("POST", "/x", {})
                assert type(caught.value) is kind
            else:
                assert one.send("POST", "/x", {}) == {"response": [1, 2]}
    carried_out = place in {"before the answer", "answer", ""} or (place == "accept" and not proxied)
    assert far.posts == carried_out
    assert not (far.posts and kind is NotSent)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "Https_Proxy", "ALL_PROXY", "all_proxy"])
def test_the_variable_is_named_as_it_is_spelt(name: str, env: SetEnv) -> None:
    """The ending names the variable that counts, and not another one that holds a proxy."""
    env("HTTP_PROXY", "http://127.0.0.1:1")
    env(name, "socks5://127.0.0.1:1080")
    judged(API, Unusable, Blame.PROXY, name)


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://127.0.0.1:1080", f"socks5h://{LOGIN}h:1", f"SOCKS4://{LOGIN}h", "ftp://127.0.0.1:1", "http://", "://x",
        f"bogus://{LOGIN}h:1", f"http://{LOGIN}127.0.0.1:99999", f"http://{LOGIN}127.0.0.1:abc", f"http://{LOGIN}",
        f"http://{LOGIN}[::1", "http://alice:s3cret/x@127.0.0.1:1", "http://alice:s3cret@pro xy:3128", "https://",
        "http://alice:s3cret%E2%82%AC@127.0.0.1:1", f"http://{LOGIN}a..b:1", f"http://{LOGIN}{'x' * 70}.example:1",
        f"{LOGIN}127.0.0.1:1",
    ],
)  # fmt: skip
def test_a_proxy_that_cannot_be_used_is_refused_at_once(proxy: str, env: SetEnv) -> None:
    """A proxy's address that can't work is a refusal, for a POST too, without a second try."""
    env("HTTPS_PROXY", proxy)
    judged(API, Unusable, Blame.PROXY, "HTTPS_PROXY")
    with pytest.raises(Unusable):
        transport(API).send("POST", "/x", {})


def page(status: int) -> Handler:
    """Answer with a page that repeats the login."""
    text = b"<title>No entry, alice (s3cret!)</title>"
    return says(b"HTTP/1.1 %d No, alice\r\nContent-Length: %d\r\n\r\n%b" % (status, len(text), text))


SSH = says(b"SSH-2.0-OpenSSH_9.2\r\n")
ALERT = says(b"\x15\x03\x01\x00\x02\x02\x46")
SPEAKERS: dict[str, tuple[Handler, str, type[ApiError], Blame]] = {
    **{f"{each} of a proxy": (page(each), "http", Obstructed, Blame.PROXY_ANSWER) for each in (302, 403, 407, 501)},
    **{f"{each} of a proxy": (page(each), "http", NotSent, Blame.NETWORK) for each in (408, 429, 500, 502, 503, 504)},
    "no HTTP of a proxy": (SSH, "http", Obstructed, Blame.PROXY_ANSWER),
    "an alert of a proxy": (ALERT, "http", Obstructed, Blame.PROXY_ANSWER),
    "a page of a proxy without TLS": (page(400), "https", Obstructed, Blame.PROXY_TLS),
    "an alert of a proxy without TLS": (ALERT, "https", Obstructed, Blame.PROXY_TLS),
    "a server without TLS": (page(400), "https:", Obstructed, Blame.TLS),
    "a server's alert": (ALERT, "https:", Obstructed, Blame.TLS),
    "a server without HTTP": (SSH, "http:", NotTheApi, Blame.STRANGER),
    "an alert in plain": (ALERT, "http:", NotTheApi, Blame.STRANGER),
}


@pytest.mark.parametrize("case", SPEAKERS)
def test_what_speaks_something_else(case: str, env: SetEnv) -> None:
    """What a proxy or a server says for good ends the run within seconds; what passes is waited for."""
    handler, scheme, kind, blame = SPEAKERS[case]
    with listening(handler) as port:
        if scheme.endswith(":"):
            judged(f"{scheme}//127.0.0.1:{port}/api/3", kind, blame, "api_url")
        else:
            env("https_proxy", f"{scheme}://{LOGIN}127.0.0.1:{port}")
            judged("https://127.0.0.1:1/api/3", kind, blame, "https_proxy")


@pytest.mark.parametrize(
    ("status", "kind", "blame", "where"),
    [
        (407, NotTheApi, Blame.PROXY_ANSWER, "HTTP_PROXY"),
        (403, NotTheApi, Blame.STRANGER, "api_url"),
        (502, Unclear, Blame.NETWORK, "proxy"),
    ],
)
def test_a_proxy_may_answer_in_plain(status: int, kind: type[ApiError], blame: Blame, where: str, env: SetEnv) -> None:
    """A page of a proxy that reads the calls is named as such, and whether it passed a POST on is not known."""
    with listening(page(status)) as port:
        env("HTTP_PROXY", f"http://{LOGIN}127.0.0.1:{port}")
        with pytest.raises(kind) as caught:
            transport("http://cloud66/api/3").send("POST", "/x", {})
        assert type(caught.value) is kind
        assert "***" in str(caught.value)
        judged("http://cloud66/api/3", kind, blame, where)


@pytest.mark.parametrize(
    ("proxy", "address", "blame", "where"),
    [
        ("", "https://nowhere.invalid/api/3", Blame.NAME, "api_url"),
        (f"http://{LOGIN}nowhere.invalid:3128", API, Blame.PROXY_NAME, "ALL_PROXY"),
    ],
)
def test_a_name_that_does_not_resolve_gets_a_few_tries(
    proxy: str, address: str, blame: Blame, where: str, env: SetEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resolvers start late: a name, the server's or the proxy's, may resolve at the fifth try, and else is named."""
    asked: list[str] = []

    def resolve(host: str, *_args: object, **_options: object) -> None:
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    env("ALL_PROXY", proxy)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    judged(address, Obstructed, blame, where)
    assert asked == ["nowhere.invalid"] * 5


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """Serve TLS with a certificate that nobody trusts by himself."""
    with cutting("", tls=True) as (_, port, _):
        yield port


@pytest.mark.parametrize(
    ("name", "bundle", "words"),
    [
        ("REQUESTS_CA_BUNDLE", "ca.pem", "which is not there"),
        ("CURL_CA_BUNDLE", "ca.pem", "which is not there"),
        ("CURL_CA_BUNDLE", "", "which is a directory"),
        *(("REQUESTS_CA_BUNDLE", bundle, "holds no certificate") for bundle in ("empty", "text", "key")),
    ],
)
def test_a_bundle_that_cannot_be_used_is_refused_at_once(
    name: str, bundle: str, words: str, server: int, env: SetEnv, tmp_path: Path
) -> None:
    """A bundle that isn't there or holds no certificate is named, and that the container has to see it."""
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "key").write_text(CERTIFICATE.read_text().partition("-----END CERTIFICATE-----")[2])
    env(name, str(tmp_path / bundle))
    shown = judged(f"https://127.0.0.1:{server}/api/3", Unusable, Blame.BUNDLE, name)
    assert all(part in shown for part in (words, str(tmp_path / bundle), "/github/workspace/"))


@pytest.mark.parametrize("proxied", [False, True])
def test_a_certificate_that_nobody_trusts(proxied: bool, server: int, env: SetEnv) -> None:
    """A certificate that can't be verified, the server's or the proxy's, gets a few tries, and is named."""
    if proxied:
        env("HTTPS_PROXY", f"https://127.0.0.1:{server}")
    where = "HTTPS_PROXY" if proxied else "api_url"
    shown = judged(f"https://127.0.0.1:{server}/api/3", Obstructed, Blame.CERTIFICATE, where)
    assert "certificate could not be verified" in shown
