"""The image alone, started as the runner starts it: what surrounds it can't disturb it, and signals reach it."""

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from e2e.rig.engine import CLEANUP, PYTHON, Container, docker, wait_until
from e2e.rig.network import name_server
from e2e.rig.stand_in import StandIn, StandIns

Make = Callable[..., Container]


@pytest.fixture
def cloud(stand_ins: StandIns) -> StandIn:
    """Start a stand-in whose deployments succeed at once."""
    return stand_ins.start(duration_seconds=0.5)


def check_success(step: Container, cloud: StandIn, **inputs: str) -> None:
    """Run the step and check that it redeployed once, by the stand-in's log, and told so."""
    status, log = step.run(**({"api_url": cloud.url} | inputs))
    assert (status, step.outputs.get("outcome")) == (0, "success"), log
    assert len(cloud.calls("POST")) == 1
    assert step.outputs["user_reference"] == cloud.mine[0].user_reference


def test_path_is_nonsense(container: Make, cloud: StandIn) -> None:
    """Nothing is looked up on the job's PATH."""
    check_success(container(env={"PATH": "/nowhere:/github/workspace"}), cloud)


@pytest.fixture
def hostile(container: Make) -> Container:
    """Make a step whose workspace, HOME and Python settings are hostile."""
    home = "/github/workspace"
    names = ["PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "HOME"]
    step = container(env=dict.fromkeys(names, home) | {"PYTHONSTARTUP": f"{home}/json.py", "PYTHONINSPECT": "1"})
    trap = "open('/github/workspace/trap', 'a').write(__name__ + '\\n')\nraise SystemExit(0)\n"
    modules = ["requests", "urllib3", "backoff", "json", "signal", "os", "sitecustomize", "usercustomize"]
    modules += ["actions_toolkit", "cloud66_redeploy/__init__", "cloud66_redeploy/__main__", "cloud66_redeploy/run"]
    for module in modules:
        path = step.workspace / f"{module}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(trap)
    site = step.workspace / "lib/python3.13/site-packages"
    site.mkdir(parents=True)
    (site / "hostile.pth").write_text("import sys; open('/github/workspace/trap', 'a').write('pth')\n")
    (step.workspace / ".netrc").write_text("default login hostile password hostile\n")
    return step


def test_the_trap_works(hostile: Container) -> None:
    """A Python that is not isolated falls into the trap that the next two tests set."""
    hostile.env = {"PYTHONPATH": "/github/workspace"}
    hostile.run("-c", "import requests", entrypoint=PYTHON)
    assert (hostile.workspace / "trap").exists()


def test_hostile_workspace(hostile: Container, cloud: StandIn) -> None:
    """Modules of the job's own, in its workspace, PYTHONPATH and HOME, are never run by the step."""
    check_success(hostile, cloud)
    assert not (hostile.workspace / "trap").exists()
    assert {one.user for one in cloud.calls()} == {"ci@example.com"}


def test_hostile_workspace_of_the_post_step(hostile: Container, stand_ins: StandIns) -> None:
    """Nor by the post step, which cancels what it has to."""
    cloud = stand_ins.start(duration_seconds=120.0, cancel_takes_seconds=0.2)
    step = hostile.start(api_url=cloud.url)
    wait_until(lambda: cloud.calls("POST"), "the POST")
    wait_until(lambda: hostile.outputs.get("deployment_id"), "the deployment's id")
    hostile.signal("KILL")
    log, _ = step.communicate(timeout=30)
    assert step.returncode == 137, log
    hostile.env = {**hostile.env, **{f"STATE_{name}": value for name, value in hostile.state.items()}}
    status, log = hostile.run(entrypoint=CLEANUP, api_url=cloud.url)
    assert status == 0, log
    assert [one.cancelled_by for one in cloud.mine] == ["ci@example.com"], log
    assert not (hostile.workspace / "trap").exists()


@pytest.fixture
def waiting(container: Make, stand_ins: StandIns) -> Iterator[tuple[Container, StandIn, Popen[str]]]:
    """Start a step that waits for a deployment."""
    cloud = stand_ins.start(duration_seconds=120.0, cancel_takes_seconds=0.2)
    step = container()
    process = step.start(api_url=cloud.url)
    wait_until(lambda: step.outputs.get("deployment_id"), "the deployment's id")
    yield step, cloud, process
    if process.poll() is None:
        docker("rm", "--force", step.name, check=False)
        process.communicate(timeout=30)


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_signals(waiting: tuple[Container, StandIn, Popen[str]], name: str, measure: Callable[[str], None]) -> None:
    """SIGINT and SIGTERM reach the step though it is the container's first process, and it cancels."""
    step, cloud, process = waiting
    sent_at = cloud.simulator.now()
    step.signal(name)
    log, _ = process.communicate(timeout=30)
    took = cloud.simulator.now() - sent_at
    [delete] = cloud.calls("DELETE")
    measure(f"SIG{name} to the first process: to DELETE {delete.time - sent_at:.2f} s, to exit {took:.2f} s")
    assert (process.returncode, step.outputs["outcome"]) == (1, "cancelled"), log
    assert [one.cancelled for one in cloud.mine] == [True]
    assert delete.time - sent_at < 2
    assert took < 7


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", ":/etc/passwd"])
def test_time_zone(container: Make, cloud: StandIn, zone: str) -> None:
    """Whatever TZ says, times and durations are told right."""
    step = container(env={"TZ": zone})
    check_success(step, cloud)
    assert step.outputs["started_at"].endswith("Z")
    assert int(step.outputs["queued_seconds"]) <= 2
    assert int(step.outputs["deploy_seconds"]) <= 2


def test_time_zones_are_there(container: Make) -> None:
    """The image knows the world's time zones, by zoneinfo and by TZ."""
    code = (
        "import time, zoneinfo, datetime;"
        "print(datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')).utcoffset(), time.tzname[0])"
    )
    status, log = container(env={"TZ": "Asia/Kolkata"}).run("-Ic", code, entrypoint=PYTHON)
    assert (status, log) == (0, "2:00:00 IST\n")


def test_localhost_by_name(container: Make, cloud: StandIn) -> None:
    """The name localhost is found."""
    check_success(container(), cloud, api_url=cloud.url.replace("127.0.0.1", "localhost"))


def test_name_from_the_hosts_file(container: Make, cloud: StandIn) -> None:
    """A name of the hosts file is found, as a service container may have one, also by the second of its two lines."""
    step = container(options=["--add-host", "cloud66:127.0.0.66", "--add-host", "cloud66:127.0.0.1"])
    check_success(step, cloud, api_url=cloud.url.replace("127.0.0.1", "cloud66"))


def test_name_from_a_name_server(container: Make, cloud: StandIn, tmp_path: Path) -> None:
    """Any other name is asked of the name server."""
    address, resolver = "127.0.0.66", tmp_path / "resolv.conf"
    resolver.write_text(f"nameserver {address}\n")
    step = container(options=["-v", f"{resolver}:/etc/resolv.conf:ro"])
    try:
        with name_server(address, "cloud66-by-dns") as server:
            check_success(step, cloud, api_url=cloud.url.replace("127.0.0.1", "cloud66-by-dns"))
    except PermissionError:
        pytest.skip("this user may not serve on port 53")
    assert "cloud66-by-dns" in server.asked


def test_nothing_else_ships(container: Make, tmp_path: Path) -> None:
    """The image holds no shell, no package manager, no compiler, no stand-in and no tests."""
    step = container()
    archive = tmp_path / "image.tar"
    docker("create", "--name", step.name, step.image)
    try:
        docker("export", "--output", str(archive), step.name)
    finally:
        docker("rm", step.name)
    with tarfile.open(archive) as image:
        names = {Path(one.name) for one in image if not one.isdir()}
    programs = {"sh", "bash", "dash", "busybox", "pip", "pip3", "apt", "apt-get", "dpkg", "gcc", "cc", "perl"}
    assert programs & {one.name for one in names} == set()
    parts = {part for one in names for part in one.parts}
    assert {"pip", "ensurepip", "cloud66_simulator", "tests"} & parts == set()
    assert {Path("action/main"), Path("action/cleanup")} <= names
