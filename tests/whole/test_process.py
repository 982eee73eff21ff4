"""
Real processes, real HTTP and real signals: what only a process can show (see real.py for how they are played).

Everything else about outcomes is proved in process; here the claims are the process's own.
"""

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud66_redeploy.api.connecting import Session
from cloud66_redeploy.api.transport import Profile, Transport
from cloud66_redeploy.clock import SystemClock
from cloud66_redeploy.errors import AnswerLost
from cloud66_simulator import DEFAULT_STACK, Fault, Simulator
from cloud66_simulator.server import serve
from real import Play, Stage

pytestmark = pytest.mark.xdist_group("processes")

EXIT_SECONDS = 7.0
DELETE_SECONDS = 2.0
INT, TERM, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
LONG = {"duration_seconds": 60.0, "cancel_takes_seconds": 0.3}
SHORT = {"duration_seconds": 0.5}
SUCCESS, CANCELLED, UNKNOWN, KILLED = {(0, "success")}, {(1, "cancelled")}, {(1, "unknown")}, {(-KILL, "")}
EITHER = CANCELLED | UNKNOWN
HOSTILE = "import os\nopen(os.environ['TRAP'], 'a').write(__name__ + '\\n')\nraise SystemExit(0)\n"


def hostile(folder: Path) -> dict[str, str]:
    """Fill the folder in which a step starts with modules that leave a trace, and let the environment name them."""
    (folder / "cloud66_redeploy").mkdir()
    ours, theirs = ("__init__", "__main__"), ("sitecustomize", "usercustomize", "json")
    for name in (*theirs, "requests", "backoff", "actions_toolkit", *(f"cloud66_redeploy/{one}" for one in ours)):
        (folder / f"{name}.py").write_text(HOSTILE)
    named = dict.fromkeys(("PYTHONPATH", "HOME", "PYTHONUSERBASE"), str(folder))
    return named | {"PYTHONSTARTUP": str(folder / "json.py"), "TRAP": str(folder / "trap")}


def wait(*references: str, **inputs: str) -> dict[str, str]:
    """Name deployments for a wait."""
    return {"command": "wait", "user_reference": "\n".join(references)} | inputs


CHECK = {"health_check": f"{{page}}/{DEFAULT_STACK}?key=s3cret"}
COMMIT = hashlib.sha256(f"0 {DEFAULT_STACK} main".encode()).hexdigest()[:12]
WHOLE = {
    "success": Play(SUCCESS, {"duration_seconds": 1.0}),
    "failed": Play({(1, "failed")}, {"duration_seconds": 1.0, "fate": "failed"}),
    # Without the wait, which would give a deployment that is only inferred 15 seconds to be put in doubt.
    "an answer lost behind a proxy": Play(
        {(0, "scheduled")}, faults=[Fault("lost_done", method="POST")], inputs={"wait": "false"}, by_proxy=True
    ),
    "an application that serves": Play(SUCCESS, SHORT, inputs=CHECK | {"health_check_contains": COMMIT}),
    "an application that does not serve": Play(
        {(1, "unhealthy")}, SHORT, inputs=CHECK | {"health_check_contains": "nowhere", "health_check_timeout": "1s"}
    ),
    "a proxy that can't work": Play(
        {(1, "failed")}, env=lambda _folder: {"ALL_PROXY": "socks5://alice:s3cret@127.0.0.1:1080"}
    ),
    "a hostile workspace": Play(SUCCESS, SHORT, env=hostile),
    "a log that is closed midway": Play(SUCCESS, {"duration_seconds": 1.5}, hangs_up=True),
    "all streams closed": Play(SUCCESS, SHORT, streams="<&- >&- 2>&-", cleans=True),
    "standard output closed": Play({(1, "failed")}, SHORT | {"fate": "failed"}, streams=">&-", cleans=True),
    "standard error closed": Play(SUCCESS, SHORT, streams="2>&- >/dev/null", cleans=True),
    "streams full": Play({(1, "failed")}, SHORT | {"fate": "failed"}, streams=">/dev/full 2>/dev/full", cleans=True),
    "a pipe that nobody reads": Play(SUCCESS, SHORT, streams="", cleans=True),
}
MOMENTS = [number * 0.04 for number in range(12)] + [0.6 + number * 0.45 for number in range(8)]
# Of every fourth, the answer to the POST takes its time, so that the signal comes while it is on its way.
SLOW_POST = [Fault("slow", method="POST", seconds=1.0)]
TWENTY = {
    f"a redeploy after {moment:.2f} s": Play(
        CANCELLED, LONG, SLOW_POST * (number % 4 == 1), after=moment, sends=TERM if number % 5 == 4 else INT
    )
    for number, moment in enumerate(MOMENTS)
}
IN_WAITS = {
    # By a reference alone a deployment is only inferred, and that is the post step's to cancel.
    f"a wait for {len(asked)} after {moment} s": Play(
        CANCELLED, LONG, inputs=inputs, asked=(*asked, ""), after=moment, sends=kind
    )
    for asked, inputs, moment, kind in (
        (("one",), wait(deployment_id="108"), 0.0, INT),
        (("one", "two"), wait("one", "two", deployment_id="108\n109"), 0.8, TERM),
        (("one", "two", "three"), wait(deployment_id="108\n109\n110"), 0.2, INT),
    )
}
ONE = {"poll_interval": "", "user_reference": "one"}
IN_CANCELS = {
    f"a cancel of {takes} s after {moment} s": Play(
        EITHER | ({(0, "cancelled")} if takes < 1 else set()),
        {"duration_seconds": 60.0, "cancel_takes_seconds": takes},
        [Fault("slow", method="DELETE", seconds=1.0)] * (number % 2),
        ONE | {"command": "cancel"},
        asked=("one",),
        after=moment,
    )
    for takes in (0.3, 60.0)
    for number, moment in enumerate((0.0, 0.4, 1.6, 2.5))
}
SLOW_GET = [Fault("slow", method="GET", seconds=3.0, count=None)]
IN_LOOKS = {
    f"a status by {kind.name}": Play(
        UNKNOWN, LONG, SLOW_GET, ONE | {"command": "status"}, asked=("one",), after=1.0, sends=kind
    )
    for kind in (INT, TERM)
}
LEFT_ALONE = {
    "a redeploy to be left alone": Play(
        UNKNOWN, LONG, inputs={"cancel_on_abort": "false"}, after=("POST", 1), cleans=True
    ),
    "a check of the application": Play(UNKNOWN, SHORT, inputs=CHECK | {"health_check_status": "204"}, after=4.0),
    "a wait to be left alone": Play(
        UNKNOWN, LONG, inputs=wait("one", "two", cancel_on_abort="false"), asked=("one", "two"), after=1.0
    ),
}
OTHERS = {
    "a redeploy in the queue": Play(CANCELLED, LONG, asked=("",), after=2.5, cleans=True),
    "an answer that never ends": Play(
        EITHER, LONG, [Fault("drip", method="GET", path="/deployments", skip=2, count=None)], after=1.0
    ),
}
BOTH = wait(deployment_id="108\n109")
LEFT = {
    "a redeploy": Play(KILLED, LONG, after=("POST", 1), sends=KILL, cleans=True),
    "a wait": Play(KILLED, LONG, [], BOTH, asked=("one", "two"), after=("GET", 6), sends=KILL, cleans=True),
}
IN_TURN = {
    "all": Play({(0, "scheduled")}, LONG, inputs={"wait": "false"}, later=("status", "cancel", "wait", "status"))
}
SIGNALLED = TWENTY | IN_WAITS | IN_CANCELS | IN_LOOKS | LEFT_ALONE | OTHERS


def test_one_worker_plays_them_all(request: pytest.FixtureRequest) -> None:
    """The tests of this file are kept together: several workers would play everything several times, and be late."""
    assert "PYTEST_XDIST_WORKER" not in os.environ or request.node.nodeid.endswith("@processes")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """All plays, begun side by side."""
    made = Stage(tmp_path_factory.mktemp("plays"), IN_TURN | LEFT | WHOLE | SIGNALLED)
    yield made
    made.close()


def test_bytes_that_trickle_in_cannot_hold_the_step_past_its_deadline(stage: Stage) -> None:
    """A call is given up when its whole time is over, though a byte every 0.2 s keeps the socket's time-out from it."""
    assert stage, "the plays have begun meanwhile"
    simulator = Simulator(time.time, faults=[Fault("drip", count=None)])
    clock = SystemClock()
    before = {number: signal.getsignal(number) for number in (INT, TERM, signal.SIGALRM)}
    clock.install()
    try:
        with serve(simulator) as url, Session() as session:
            limits = Profile(connect=0.5, read=0.5, total=1.0)
            transport = Transport(session, url, "demo-token", clock, 1e9).but(profile=limits)
            start = time.monotonic()
            with pytest.raises(AnswerLost, match="no whole answer within 1s"):
                transport.once("GET", f"/stacks/{DEFAULT_STACK}", {}, str)
            assert 0.9 < time.monotonic() - start < 1.9
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("name", WHOLE)
def test_outcome_and_exit_status(stage: Stage, name: str) -> None:
    """The process tells how the deployment ended by its outputs and its exit status, whatever becomes of its log."""
    play = stage[name]
    assert set(play.endings) == play.ends, play.log
    # Also behind a proxy, where the connection is cut once the POST has been carried out.
    assert len(play.times_of("POST")) == len(play.targets) == ("can't work" not in name)
    assert (play.log or "::add-mask::demo-token\n").startswith("::add-mask::demo-token\n")
    assert play.cleaned[0] == (0 if play.cleans else -1), "the post step's exit status"


def test_a_proxy_that_cannot_work_is_not_waited_for(stage: Stage) -> None:
    """With a proxy's address that can't work the process names the variable, shows no password, and asks nothing."""
    play = stage["a proxy that can't work"]
    assert "ALL_PROXY" in play.outputs["reason"]
    assert "s3cret" not in play.log + repr(play.outputs)
    assert play.simulator.requests == []


def test_a_hostile_workspace_is_not_imported(stage: Stage) -> None:
    """Modules of the job's own, in its folder, PYTHONPATH and HOME, are never run."""
    play = stage["a hostile workspace"]
    assert (play.endings, (play.folder / "json.py").exists()) == ([(0, "success")], True)
    assert not (play.folder / "trap").exists()


@pytest.mark.parametrize("name", SIGNALLED)
def test_a_signal_at_any_moment(stage: Stage, name: str) -> None:
    """Whenever SIGINT or SIGTERM comes, a process is gone within 7 s, and what it says of its deployments is true."""
    play = stage[name]
    assert play.took < EXIT_SECONDS, f"{play.took:.1f} s from signal to exit\n{play.log}"
    assert set(play.endings) <= set(play.ends), play.log
    # Where no answer ends, whether the cancellation took is left to the post step.
    assert ("ended" in play.state) == (name != "an answer that never ends")
    assert play.cleaned == (-1, "") or "Nothing to clean up" in play.cleaned[1]
    if play.endings[0][1] == "cancelled":
        assert play.cancelled == play.targets, play.log
    elif play.inputs.get("command") != "cancel":
        assert (play.cancelled, play.times_of("DELETE")) == ([], []), play.log
    assert "The step changed nothing" not in play.log or not play.times_of("DELETE")
    assert "The step changed nothing" in play.log or name not in IN_LOOKS


@pytest.mark.parametrize("name", TWENTY | IN_WAITS)
def test_a_signal_is_obeyed_at_once(stage: Stage, name: str) -> None:
    """All that is to be cancelled is asked to be within two seconds, or once the answer to the POST is there."""
    play, slow = stage[name], sum(fault.seconds for fault in stage[name].faults)
    late = [moment - play.signalled_at for moment in play.times_of("DELETE")]
    assert max(late, default=0.0) < DELETE_SECONDS + slow, play.log


def test_cancelling_at_twenty_moments_leaves_no_deployment_behind(stage: Stage) -> None:
    """Some of the moments come before the POST and some after it; whatever was asked for was kept, and is cancelled."""
    for name in TWENTY:
        play = stage[name]
        assert len(play.targets) == len(play.times_of("POST"))
        assert json.loads(play.state.get("run", "[]")) or not play.targets
    assert {bool(stage[name].targets) for name in TWENTY} == {False, True}


@pytest.mark.parametrize("name", LEFT)
def test_the_post_step_cancels_what_a_killed_step_left(stage: Stage, name: str) -> None:
    """When the step is killed outright, the post step finds what it was for and cancels it."""
    play = stage[name]
    assert set(play.endings) == play.ends
    cancelled = play.theirs or play.simulator.all_deployments()[-1:]
    assert (play.cancelled, play.cleaned[0]) == (cancelled, 0), play.cleaned[1]
    assert play.cleaned[1].count("was cancelled") == len(cancelled) > 0


def test_the_commands_by_their_exit_status(stage: Stage) -> None:
    """One after the other: a redeploy that doesn't wait, a look at it, a cancellation, a wait for it, another look."""
    play = stage["all"]
    assert play.endings == [(0, "scheduled"), (0, "deploying"), (0, "cancelled"), (1, "cancelled"), (0, "cancelled")]
    assert len(play.times_of("POST")) == 1
