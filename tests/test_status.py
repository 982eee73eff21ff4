"""`command: status`: one look, and how things stand; green unless that can't be known."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from cloud66_redeploy.api.client import Client
from cloud66_simulator import DOCKER_STACK, Behaviour, Fault
from cloud66_simulator.behaviour import PostShape
from elsewhere import ABORT_SECONDS, asked, check
from harness import Ending, Step

MakeStep = Callable[..., Step]
BY = [{"user_reference": "mine"}, {"deployment_id": "108"}, {"user_reference": "mine", "deployment_id": "108"}, {}]
IDS = ["reference", "id", "both", "none"]
STANDINGS = [
    ("success", "success"), ("failed", "failed"), ("cancelled", "cancelled"), ("odd", "failed"), ("reverted", "failed"),
    ("action_null", "unknown"),
]  # fmt: skip


def status(made: Step, **inputs: Any) -> Ending:
    """Look once, and check what always holds."""
    before = len(made.simulator.requests)
    ending = made.run(command="status", **inputs)
    check(made, ending, as_asked=ending.outcome in {"failed", "cancelled"})
    assert (made.calls("DELETE"), ending.outputs["results"], "run" in ending.state) == ([], "", False)
    if not made.simulator.faults:
        assert len(made.simulator.requests) - before <= 8
        assert ending.seconds < 1
    return ending


@pytest.mark.parametrize("by", BY, ids=IDS)
def test_one_that_runs(step: MakeStep, by: dict[str, str]) -> None:
    """What is deploying is said to be, with what is known of it."""
    made = step()
    mine = asked(made, duration=60)
    ending = status(made, **by)
    # One that is only inferred is not put out, nor what comes with it.
    inferred = by == BY[0]
    known = ("", "") if inferred else ("108", mine.git_hash)
    assert (ending.outcome, ending.status) == ("deploying", 0)
    assert (ending.outputs["deployment_id"], ending.outputs["git_hash"], ending.outputs["finished_at"]) == (*known, "")
    name = "The redeploy (probably deployment 108)" if inferred else "Deployment 108"
    assert ending.outputs["reason"] == f"{name} is deploying."
    assert (ending.outputs["stack_name"], ending.outputs["usual_seconds"]) == ("Awesome App", "40")


@pytest.mark.parametrize("by", BY[:3], ids=IDS[:3])
def test_one_that_waits(step: MakeStep, by: dict[str, str]) -> None:
    """What waits behind another is said to be queued."""
    made = step()
    made.simulator.request_deployment(duration=60)
    asked(made)
    ending = status(made, **by | ({"deployment_id": "109"} if "deployment_id" in by else {}))
    # One that is only inferred is not put out.
    known = "" if by == BY[0] else "109"
    assert (ending.outcome, ending.status, ending.outputs["deployment_id"]) == ("queued", 0, known)


@pytest.mark.parametrize("named", [True, False])
def test_one_whose_record_shows_only_when_it_starts(step: MakeStep, named: bool) -> None:
    """A deployment that waits unseen is known by its action alone, and queued; without a name, what runs is meant."""
    made = step(behaviour=Behaviour(record_while_queued=False))
    made.simulator.request_deployment(duration=60)
    asked(made)
    ending = status(made, user_reference="mine" if named else "")
    assert (ending.outcome, ending.outputs["deployment_id"]) == (("queued", "") if named else ("deploying", "108"))


def test_a_queue_that_does_not_move(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing was named and nothing runs, what waits is meant rather than what is over."""
    deployments = Client.deployments
    monkeypatch.setattr(Client, "deployments", lambda self: [one for one in deployments(self) if one.id != 108])
    made = step()
    for _ in range(3):
        asked(made, duration=60)
    ending = status(made)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("queued", "109")


@pytest.mark.parametrize("by", BY, ids=IDS)
@pytest.mark.parametrize(("fate", "outcome"), STANDINGS)
def test_one_that_is_over(step: MakeStep, by: dict[str, str], fate: Any, outcome: str) -> None:
    """However it ended, that is what was asked for: the job stays green, without an annotation."""
    made = step()
    asked(made, fate=fate, ago=100)
    ending = status(made, **by)
    # What the action says counts only where it is known.
    known = "success" if fate == "action_null" and "user_reference" not in by else outcome
    assert (ending.outcome, ending.status, len(ending.errors)) == (known, *[int(known == "unknown")] * 2)
    assert ending.outputs["deployment_id"] == "108"
    assert ("Next:" in ending.summary) is (known == "unknown")


def test_an_older_one_by_its_id(step: MakeStep) -> None:
    """Any deployment of the stack can be looked at, not only the newest."""
    made = step()
    ending = status(made, deployment_id="100")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("success", "100")


def test_the_newest_is_meant_where_none_is_named(step: MakeStep) -> None:
    """Without a name it is the one that runs, or else the newest that ran, not one that was cancelled in the queue."""
    made = step()
    asked(made, fate="failed", duration=10, ago=0)
    waiting = asked(made, "next", ago=1)
    made.simulator.cancel(waiting.id)
    assert status(made).outputs["deployment_id"] == "108"
    made.clock.advance(60)
    ending = status(made)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("failed", "108")


def test_a_stack_without_deployments(step: MakeStep) -> None:
    """A stack that was never deployed is no error."""
    ending = status(step(), stack_id=DOCKER_STACK)
    assert (ending.outcome, ending.status) == ("skipped", 0)
    assert "The stack has no deployments yet." in ending.outputs["reason"]


@pytest.mark.parametrize("shape", get_args(PostShape))
def test_after_a_step_that_did_not_wait(step: MakeStep, shape: Any) -> None:
    """The reference of a step with wait: false leads to its deployment, whatever the POST answers."""
    made = step(behaviour=Behaviour(post_shape=shape))
    first = made.run(wait="false")
    made.clock.advance(5)
    ending = made.run(command="status", user_reference=first.outputs["user_reference"])
    assert (ending.outcome, ending.status, ending.outputs["deployment_id"]) == ("deploying", 0, "")
    assert "probably deployment 108" in ending.outputs["reason"]


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ({"user_reference": "other"}, "no action that carries the reference other"),
        ({"deployment_id": "9999"}, "no deployment 9999"),
        ({"user_reference": "other", "deployment_id": "108"}, "no action that carries the reference other"),
    ],
)
def test_what_is_not_there(step: MakeStep, by: dict[str, str], words: str) -> None:
    """What is not there is unknown, and red, after that one look."""
    made = step()
    asked(made, duration=60)
    ending = status(made, **by)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert words in ending.outputs["reason"]


def test_an_id_that_does_not_go_with_the_reference(step: MakeStep) -> None:
    """Where id and reference are of two deployments, how the one meant stands is unknown."""
    made = step()
    asked(made, duration=60)
    ending = status(made, user_reference="mine", deployment_id="107")
    assert (ending.outcome, ending.status, ending.outputs["deployment_id"]) == ("unknown", 1, "")
    assert "Deployment 107 is not the one that carries the reference mine" in ending.outputs["reason"]


@pytest.mark.parametrize(("fates", "outcome"), [(("success", "success"), "success"), (("success", "failed"), "failed")])
def test_a_shared_reference(step: MakeStep, fates: tuple[Any, Any], outcome: str) -> None:
    """Where two deployments carry the reference, it is unknown until both are over, and good only if both are."""
    made = step()
    for one in fates:
        asked(made, fate=one)
    ending = status(made, user_reference="mine")
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert "Several deployments carry the reference mine" in ending.outputs["reason"]
    assert "give deployment_id" in ending.errors[0]
    made.clock.advance(100)
    assert status(made, user_reference="mine").outcome == outcome


@pytest.mark.parametrize("code", [401, 402, 403, 404])
@pytest.mark.parametrize("path", [None, "/deployments", "/actions"])
@pytest.mark.parametrize("by", [BY[0], BY[3]], ids=["reference", "none"])
def test_a_refusal(step: MakeStep, code: int, path: str | None, by: dict[str, str]) -> None:
    """What may not be read is unknown and red, with what to do about it."""
    made = step()
    asked(made, duration=60)
    made.simulator.faults.append(Fault("status", method="GET", path=path, code=code, count=None))
    ending = status(made, **by)
    if path == "/actions" and not by:
        assert ending.outcome == "deploying"
    else:
        assert (ending.outcome, ending.status, ending.seconds < 12) == ("unknown", 1, True)


@pytest.mark.parametrize("kind", ["status", "html", "lost_undone", "throttle", "wrong_json", "garbage"])
def test_trouble_that_passes(step: MakeStep, kind: Any) -> None:
    """A short trouble is tried again."""
    made = step()
    asked(made, duration=600)
    made.simulator.faults.append(Fault(kind, method="GET", count=1))
    assert status(made, user_reference="mine").outcome == "deploying"


@pytest.mark.parametrize("kind", ["status", "timeout_undone", "throttle", "wrong_json", "refuse"])
@pytest.mark.parametrize("skip", [0, 2])
@pytest.mark.parametrize("by", [BY[0], BY[3]], ids=["reference", "none"])
def test_trouble_that_stays(step: MakeStep, kind: Any, skip: int, by: dict[str, str]) -> None:
    """Where nobody answers, it is unknown and red after two minutes and one call, whatever the default timeout."""
    made = step()
    asked(made, duration=600)
    made.simulator.faults.append(Fault(kind, skip=skip, count=None))
    ending = status(made, timeout="30m", **by)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert ending.seconds <= 120 + 30.1


@pytest.mark.parametrize("at", [0.0, 0.07, 0.12, 0.16, 0.3])
def test_an_abort(step: MakeStep, at: float) -> None:
    """A workflow that is cancelled during the look ends the step at once; nothing was changed, and that is said."""
    made = step()
    mine = asked(made, duration=60)
    ending = made.run(command="status", user_reference="mine", abort_at=at)
    check(made, ending)
    assert ending.seconds <= at + ABORT_SECONDS
    assert (made.calls("DELETE"), mine.cancelled) == ([], False)
    assert ending.outcome == "deploying" or "it changed nothing" in ending.outputs["reason"]
    assert "Nothing is left" in made.clean_up(ending.state).log
