"""A workflow that is cancelled, a step that is killed, and what the post step makes of it, as the runner does it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cloud66_simulator import Fault
from e2e.rig.act import workspace_for
from e2e.rig.engine import docker
from e2e.rig.runner import Watched, run_action
from e2e.rig.stand_in import StandIns

pytestmark = pytest.mark.needs("runner")

DELETE_SECONDS = 2.0
EXIT_SECONDS = 7.0

Measure = Callable[[str], None]


@pytest.fixture
def action(image: str, tmp_path: Path) -> Path:
    """Make a folder with the action, its image built already."""
    folder = tmp_path / "action"
    workspace_for(image, folder)
    return folder


def check_ended(ran: Watched, outcome: str) -> None:
    """Check that the step ended by itself after the first signal, red, with that outcome."""
    assert ran.ended_at - ran.signalled_at < EXIT_SECONDS
    assert ran.when(r"^##\[cancel\] SIGTERM") is None
    assert ran.ending["exit"] == 1
    assert ran.outputs["outcome"] == outcome, ran.log


def test_before_the_post(action: Path, stand_ins: StandIns, measure: Measure) -> None:
    """Cancelled before the redeploy is asked for, the step asks for none."""
    cloud = stand_ins.start(faults=[Fault("slow", method="GET", seconds=20.0)])
    ran = run_action(action, cloud, cancel_after=3.0)
    measure(f"cancelled before the POST: no DELETE, to exit {ran.ended_at - ran.signalled_at:.2f} s")
    assert [one.method for one in cloud.calls()] == ["GET"]
    assert cloud.mine == []
    check_ended(ran, "cancelled")
    assert "Nothing to clean up." in ran.post_log


def test_during_the_post(action: Path, stand_ins: StandIns, measure: Measure) -> None:
    """Cancelled while the POST's answer is awaited, the step infers its deployment; the post step cancels it later."""
    cloud = stand_ins.start(duration_seconds=120.0, cancel_takes_seconds=0.5)
    cloud.simulator.faults.append(Fault("slow", method="POST", seconds=20.0))
    ran = run_action(action, cloud, cancel_after=3.0)
    assert cloud.calls("POST")[0].time < ran.signalled_at
    check_ended(ran, "unknown")
    [mine], [delete] = cloud.mine, cloud.calls("DELETE")
    measure(f"cancelled during the POST: SIGINT to the post step's DELETE {delete.time - ran.signalled_at:.2f} s")
    assert delete.path.endswith(f"/{mine.id}")
    # It has been the only deployment that can be ours for 15 seconds by then.
    assert delete.time - ran.ended_at > 15
    assert mine.cancelled_by == "ci@example.com"
    assert "was cancelled" in ran.post_log


def test_while_deploying(action: Path, stand_ins: StandIns, measure: Measure) -> None:
    """Cancelled while its deployment runs, the step cancels it, and the post step has nothing left to do."""
    cloud = stand_ins.start(duration_seconds=120.0, cancel_takes_seconds=0.5)
    ran = run_action(action, cloud, cancel_after=4.0)
    [mine], [delete] = cloud.mine, cloud.calls("DELETE")
    to_delete, to_exit = delete.time - ran.signalled_at, ran.ended_at - ran.signalled_at
    measure(f"cancelled while deploying: SIGINT to DELETE {to_delete:.2f} s, to exit {to_exit:.2f} s")
    check_ended(ran, "cancelled")
    assert delete.path.endswith(f"/{mine.id}")
    assert mine.cancelled_by == "ci@example.com"
    assert 0 < to_delete < DELETE_SECONDS
    assert mine.starts_at < ran.signalled_at
    assert "Nothing to clean up." in ran.post_log
    assert all(one.time < ran.ended_at for one in cloud.calls())


def test_when_cloud66_is_down(action: Path, stand_ins: StandIns, measure: Measure) -> None:
    """If Cloud 66 takes no cancellation in time, the step ends all the same, and the post step cancels."""
    down = Fault("timeout_undone", method="DELETE", count=None)
    cloud = stand_ins.start(duration_seconds=120.0, cancel_takes_seconds=0.5, faults=[down])

    def come_back(line: str) -> None:
        if line.startswith("##[main] exit"):
            cloud.simulator.faults.remove(down)

    ran = run_action(action, cloud, cancel_after=3.0, on_line=come_back)
    deletes = cloud.calls("DELETE")
    measure(
        f"cancelled while Cloud 66 is down: SIGINT to first DELETE {deletes[0].time - ran.signalled_at:.2f} s, "
        f"to exit {ran.ended_at - ran.signalled_at:.2f} s, to the post step's DELETE "
        f"{deletes[-1].time - ran.signalled_at:.2f} s"
    )
    assert deletes[0].time - ran.signalled_at < DELETE_SECONDS
    check_ended(ran, "unknown")
    assert deletes[-1].time > ran.ended_at
    assert [one.cancelled_by for one in cloud.mine] == ["ci@example.com"]
    assert "was cancelled" in ran.post_log


def test_a_killed_step(action: Path, stand_ins: StandIns, image: str, measure: Measure) -> None:
    """When the step is killed outright while it asks, the post step finds its deployment by what was kept."""
    cloud = stand_ins.start(duration_seconds=120.0, cancel_takes_seconds=0.5)
    cloud.simulator.faults.append(Fault("slow", method="POST", seconds=20.0))
    killed_at: list[float] = []

    def kill() -> None:
        [name] = docker("ps", "--quiet", "--filter", f"ancestor={image}").split()
        killed_at.append(cloud.simulator.now())
        docker("kill", name)

    stand_ins.after_post(cloud, 1.0, kill)
    ran = run_action(action, cloud)
    [delete] = cloud.calls("DELETE")
    measure(f"killed during the POST: kill to the post step's DELETE {delete.time - killed_at[0]:.2f} s")
    assert ran.ending["exit"] == 137
    assert "outcome" not in ran.outputs
    assert ran.outputs["user_reference"] == cloud.mine[0].user_reference
    assert len(cloud.calls("POST")) == 1
    assert delete.time > ran.ended_at
    assert [one.cancelled_by for one in cloud.mine] == ["ci@example.com"]
    assert ran.when(r"^##\[post\] exit 0") is not None
    assert "was cancelled" in ran.post_log
