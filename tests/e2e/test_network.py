"""TLS with an authority of one's own, and proxies, in the image."""

import shutil
from collections.abc import Callable

import pytest

from e2e.rig.engine import Container
from e2e.rig.network import Authority, proxy
from e2e.rig.stand_in import StandIn, StandIns

pytestmark = pytest.mark.needs("openssl")

Make = Callable[..., Container]
BUNDLE = "/github/workspace/ca.pem"


def trusting(container: Make, authority: Authority, **env: str) -> Container:
    """Make a step that trusts the authority, by a file in its workspace."""
    step = container(env={"REQUESTS_CA_BUNDLE": BUNDLE, **env})
    shutil.copy(authority.certificate, step.workspace / "ca.pem")
    return step


def check_refused(step: Container, cloud: StandIn, **inputs: str) -> None:
    """Check that the step ends red at once, says that the certificate is to blame, and has asked nothing."""
    status, log = step.run(**({"api_url": cloud.url, "timeout": "60s"} | inputs))
    assert (status, step.outputs["outcome"]) == (1, "failed"), log
    assert "certificate could not be verified" in log
    assert "No deployment was started" in step.outputs["reason"]
    assert cloud.calls() == []


def test_private_authority(container: Make, authority: Authority, stand_ins: StandIns) -> None:
    """With REQUESTS_CA_BUNDLE an authority of one's own is trusted."""
    cloud = stand_ins.start(duration_seconds=0.5, tls=authority.context_for("IP:127.0.0.1"))
    step = trusting(container, authority)
    status, log = step.run(api_url=cloud.url)
    assert (status, step.outputs["outcome"]) == (0, "success"), log
    assert cloud.url.startswith("https://")
    assert [one.status for one in cloud.calls("POST")] == [200]


def test_unknown_authority(container: Make, authority: Authority, stand_ins: StandIns) -> None:
    """Without it the same server is refused, and the token isn't sent."""
    cloud = stand_ins.start(tls=authority.context_for("IP:127.0.0.1"))
    check_refused(container(), cloud)


def test_certificate_of_another_host(container: Make, authority: Authority, stand_ins: StandIns) -> None:
    """A certificate of a trusted authority for another host is refused, and the token isn't sent."""
    cloud = stand_ins.start(tls=authority.context_for("DNS:elsewhere.example"))
    check_refused(trusting(container, authority), cloud)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_proxy(container: Make, authority: Authority, stand_ins: StandIns, name: str) -> None:
    """All traffic goes through the proxy: it leads to a host whose name nobody else knows."""
    cloud = stand_ins.start(duration_seconds=0.5, tls=authority.context_for("DNS:cloud66.test"))
    with proxy(cloud.port) as (url, asked):
        step = trusting(container, authority, **{name: url})
        status, log = step.run(api_url="https://cloud66.test/api/3")
    assert (status, step.outputs["outcome"]) == (0, "success"), log
    assert len(cloud.calls("POST")) == 1
    assert set(asked) == {"CONNECT cloud66.test:443 HTTP/1.1"}


def test_proxy_and_wrong_certificate(container: Make, authority: Authority, stand_ins: StandIns) -> None:
    """A proxy doesn't make a wrong certificate right."""
    cloud = stand_ins.start(tls=authority.context_for("DNS:elsewhere.example"))
    with proxy(cloud.port) as (url, asked):
        step = trusting(container, authority, HTTPS_PROXY=url)
        check_refused(step, cloud, api_url="https://cloud66.test/api/3")
    assert asked


def test_no_proxy(container: Make, authority: Authority, stand_ins: StandIns) -> None:
    """A host in NO_PROXY is asked directly."""
    cloud = stand_ins.start(duration_seconds=0.5, tls=authority.context_for("IP:127.0.0.1"))
    with proxy(cloud.port) as (url, asked):
        step = trusting(container, authority, HTTPS_PROXY=url, NO_PROXY="127.0.0.1")
        status, log = step.run(api_url=cloud.url)
    assert (status, step.outputs["outcome"]) == (0, "success"), log
    assert asked == []
    assert len(cloud.calls("POST")) == 1
