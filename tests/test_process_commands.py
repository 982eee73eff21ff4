"""The real process with the commands wait, cancel and status: real signals, and what becomes of the deployments."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cloud66_simulator import Fault
from elsewhere import CI
from test_process import DELETE_SECONDS, Job, Jobs, signalled


def ask(job: Job, *references: str) -> list[int]:
    """Let earlier jobs ask for deployments that take their time; return their ids."""
    return [job.simulator.request_deployment(duration=60, user_reference=one, **CI).id for one in references]


def truly_cancelled(job: Job) -> list[int]:
    """Return the ids of the deployments that were cancelled."""
    return [one.id for one in job.simulator.all_deployments() if one.cancelled]


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    """Make jobs, and end their stand-ins afterwards."""
    made = Jobs(tmp_path)
    yield made
    made.close()


WAITS = [
    # By a reference alone it is only inferred, which is the post step's to cancel.
    (("one",), {"deployment_id": "108"}),
    (("one", "two", "three"), {"deployment_id": "108\n109\n110"}),
    (("one", "two"), {"user_reference": "one\ntwo", "deployment_id": "108\n109"}),
]
MOMENTS = [0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.5]


def test_a_cancelled_wait_takes_its_deployments_with_it(jobs: Jobs) -> None:
    """Whenever SIGINT or SIGTERM comes, all that is waited for is cancelled within seconds, and nothing else is."""

    def one(number: int) -> None:
        references, inputs = WAITS[number % len(WAITS)]
        job = made[number]
        mine = ask(job, *references)
        job.simulator.request_deployment(duration=60)
        kind = signal.SIGTERM if number % 3 == 2 else signal.SIGINT
        sent_at, status, log = signalled(job, MOMENTS[number], kind, command="wait", **inputs)
        assert (status, job.outputs["outcome"]) == (1, "cancelled"), log
        assert truly_cancelled(job) == mine, log
        assert max(job.requests("DELETE")) - sent_at < DELETE_SECONDS, log
        assert "Nothing is left" in job.clean_up(command="wait", **inputs)

    made = [jobs.make(duration_seconds=60.0, cancel_takes_seconds=0.3) for _ in MOMENTS]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(len(MOMENTS))))


def test_the_post_step_cancels_what_a_killed_wait_left(jobs: Jobs) -> None:
    """When a wait for several is killed outright, the post step cancels them."""
    job = jobs.make(duration_seconds=60.0, cancel_takes_seconds=0.3)
    mine = ask(job, "one", "two")
    inputs: dict[str, Any] = {"command": "wait", "deployment_id": "108\n109"}
    process = job.start(**inputs)
    while len(job.simulator.requests) < 6:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    log = job.clean_up(**inputs)
    assert truly_cancelled(job) == mine, log
    assert log.count("was cancelled") == 2


def test_a_wait_that_was_told_to_leave_them_alone(jobs: Jobs) -> None:
    """With cancel_on_abort false, a cancelled wait ends at once and cancels nothing."""
    job = jobs.make(duration_seconds=60.0)
    ask(job, "one", "two")
    inputs = {"command": "wait", "user_reference": "one\ntwo", "cancel_on_abort": "false"}
    _, status, log = signalled(job, 1.0, signal.SIGINT, **inputs)
    assert (status, job.outputs["outcome"], truly_cancelled(job)) == (1, "unknown", []), log
    assert job.requests("DELETE") == []


@pytest.mark.parametrize("takes", [0.3, 60.0])
def test_a_cancelled_cancellation(jobs: Jobs, takes: float) -> None:
    """Whenever the signal comes, the step ends in time, and never says more than what is true."""

    def one(number: int) -> None:
        job = made[number]
        mine = ask(job, "one")
        if number % 2:
            job.simulator.faults.append(Fault("slow", method="DELETE", seconds=1.0))
        seconds = MOMENTS[number]
        _, status, log = signalled(
            job, seconds, signal.SIGINT, command="cancel", poll_interval="", user_reference="one"
        )
        outcome = job.outputs["outcome"]
        if status == 0:
            assert (outcome, takes, truly_cancelled(job)) == ("cancelled", 0.3, mine), log
        elif outcome == "cancelled":
            assert truly_cancelled(job) == mine, log
        else:
            assert (status, outcome) == (1, "unknown"), log
        assert "it changed nothing" not in log or not job.requests("DELETE")
        assert "Nothing is left" in job.clean_up(command="cancel", poll_interval="", user_reference="one")

    made = [jobs.make(duration_seconds=60.0, cancel_takes_seconds=takes) for _ in MOMENTS]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(len(MOMENTS))))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_look(jobs: Jobs, number: signal.Signals) -> None:
    """A signal during a status ends the step in time; nothing was changed, and that is said."""
    job = jobs.make(duration_seconds=60.0)
    ask(job, "one")
    job.simulator.faults.append(Fault("slow", method="GET", seconds=3.0, count=None))
    _, status, log = signalled(job, 1.0, number, command="status", poll_interval="", user_reference="one")
    assert (status, job.outputs["outcome"]) == (1, "unknown"), log
    assert "it changed nothing" in job.outputs["reason"]
    assert (truly_cancelled(job), job.requests("DELETE")) == ([], [])


def test_the_commands_by_their_exit_status(jobs: Jobs) -> None:
    """One after the other: a redeploy that doesn't wait, a look at it, a cancellation, and a wait for what is left."""
    job = jobs.make(duration_seconds=60.0, cancel_takes_seconds=0.3)
    assert job.run(wait="false")[0] == 0
    by = {"user_reference": job.outputs["user_reference"], "stack_id": "", "stack_name": "Awesome App"}
    # With its id, which is proved, nothing has to be inferred, which takes 15 seconds.
    by |= {"poll_interval": "", "deployment_id": job.outputs["deployment_id"]}
    assert (job.run(command="status", **by)[0], job.outputs["outcome"]) == (0, "deploying")
    assert (job.run(command="cancel", **by)[0], job.outputs["outcome"]) == (0, "cancelled")
    assert (job.run(command="wait", **by)[0], job.outputs["outcome"]) == (1, "cancelled")
    assert (job.run(command="status", **by)[0], job.outputs["outcome"]) == (0, "cancelled")
    assert len(job.requests("POST")) == 1
