"""What is told from others, and what is not, where only a reference or only an id is known."""

from math import inf
from typing import Any
from unittest import mock

import pytest

from cloud66_redeploy.commands.job import Job, Role, Watch
from cloud66_redeploy.model.outcome import Outcome, WhyCancel
from cloud66_redeploy.polling.cancellation import Attempt, Cancellation, Deletions
from cloud66_redeploy.report.reporter import Voice
from cloud66_redeploy.tracking.observer import Observer
from cloud66_redeploy.tracking.tracking import Certainty
from cloud66_simulator import Behaviour, Fault
from elsewhere import BOTH, CI, REF, Case, MakeStep, asked, play, rows
from records import CANCELLED, action, deployment, seen, tracked
from scripted import Clock

SECOND = REF | CI
LONG = {"duration": 1000}
CASES: dict[str, tuple[str, Case]] = {
    # One that was cancelled or reverted before is not said to have failed or succeeded.
    "it was cancelled": ("cancel", Case("cancelled", mine={"fate": "cancelled"}, ago=100)),
    "it was reverted": ("cancel", Case("failed", mine={"fate": "reverted"}, ago=100)),
    "somebody else cancels it first": (
        "cancel",
        Case(
            "cancelled", mine={"duration": 50, "fate": "cancelled"}, deletes=["108"],
            faults=[Fault("status", method="DELETE", code=429, count=None)],
        ),
    ),
    "two carry the reference, and the id says which": (
        "cancel", Case("cancelled", BOTH, mine=LONG, behind=[SECOND | LONG], deletes=["108"])
    ),
    # A queue_timeout doesn't strike where what may be ours has started.
    "two carry the reference, and both succeed": (
        "wait",
        Case(
            "success", REF | {"queue_timeout": "20s"}, mine={"duration": 100}, behind=[SECOND | {"duration": 5}],
            number="",
        ),
    ),
    "the id is another one's": (
        "wait",
        Case(
            "unknown", REF | {"deployment_id": "107", "queue_timeout": "20s"}, mine={"duration": 100}, number="",
        ),
    ),
}  # fmt: skip


@rows("command, case", CASES)
def test_what_is_told_apart(step: MakeStep, command: str, case: Case) -> None:
    """By a reference alone, or beside an id, nothing is said or done of what is not meant."""
    play(step, command, case)


def test_the_log_of_another_is_not_shown(step: MakeStep) -> None:
    """A deployment that failed before others ran is not told with their log."""
    made = step()
    asked(made, fate="failed", duration=10, ago=20)
    made.simulator.request_deployment(duration=10)
    made.clock.sleep(20)
    ending = made.run(command="wait", deployment_id="108")
    assert (ending.outcome, "Starting deployment 109" in ending.log) == ("failed", False)


def test_a_cancellation_belongs_to_the_id_it_was_sent_for() -> None:
    """If what was cancelled as ours turns out to be another's, ours is cancelled as well, and a warning says so."""
    known, clock = tracked("mine", posts_sent=1, accepted=True), Clock(now=100.0)
    sent: list[int] = []
    script = [deployment(108), deployment(109), deployment(109, 0, 40, outcome=CANCELLED)]

    class Looks(Observer):
        def look(self) -> None:
            asked_for = action(40, 0, 40 if len(script) == 1 else None, "mine", finished_success=False)
            seen(known, script.pop(0), Certainty.INFERRED, action=asked_for)

    client: Any = mock.Mock(cancel=sent.append, clock=clock)
    reporter: Any = mock.Mock()
    transport: Any = mock.Mock(clock=clock)
    looks = Looks(client, known, clock)
    listener = Watch(Job(Role.REQUESTED, "uid", known, Voice(reporter)), transport)
    result = Cancellation(looks, listener, client, Deletions(), Attempt(WhyCancel.AS_ASKED, 300.0)).run()
    assert (result.outcome, sent) == (Outcome.CANCELLED, [108, 109])
    assert "Check deployment 108." in reporter.warn.call_args.args[1]


@pytest.mark.parametrize("abort_at", [inf, 128.0])
@pytest.mark.parametrize(("posts", "deleted"), [(1, ["108"]), (2, ["109", "108"])])
@pytest.mark.parametrize("takes", [2.0, 60.0])
def test_each_is_cancelled_once(step: MakeStep, takes: float, posts: int, deleted: list[str], abort_at: float) -> None:
    """What timed out is sent one DELETE, however long that takes and whatever else wants it cancelled meanwhile."""
    made = step(behaviour=Behaviour(duration_seconds=1000, cancel_takes_seconds=takes))
    made.simulator.faults.extend([Fault("late", method="POST", seconds=70)] * (posts - 1))
    ending = made.run(timeout="2m", cancel_on_timeout="true", abort_at=abort_at)
    assert (ending.status, len(made.mine(ending))) == (1, posts)
    assert [path.rpartition("/")[2] for path in made.calls("DELETE")] == deleted
