"""A rollback through the whole step: when there is one, that there is one at most, and what becomes of it."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from campaign import EventClock
from cloud66_redeploy.commands import rollback as room
from cloud66_redeploy.commands.job import Job
from cloud66_redeploy.commands.trigger import Trigger
from cloud66_redeploy.model.records import Deployment
from cloud66_redeploy.tracking.last_good import choose
from cloud66_simulator import DOCKER_STACK, Behaviour, Fault
from harness import OUTPUTS, Ending, Step

MakeStep = Callable[..., Step]
SHAPES = ["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"]
FETCH: dict[str, Any] = {"git_ref": "v1", "rollback": "true"}
ROLLBACK_POST: dict[str, Any] = {"method": "POST", "skip": 1}


def broken(step: MakeStep, *then: str, first: str = "failed", **behaviour: Any) -> Step:
    """Make a step whose deployment fails; `then` is how what comes after it through the API ends."""
    dials: dict[str, Any] = {"duration_seconds": 30, "fates": (first, *then)} | behaviour
    return step(clock=EventClock(), behaviour=Behaviour(**dials))


def live_hash(made: Step) -> str:
    """The commit that is live at the start."""
    found: str = made.simulator.all_deployments()[11].git_hash or ""
    return found


def backs(made: Step, ending: Ending) -> list[Any]:
    """The truth: the deployments that carry the reference of the rollback."""
    return made.simulator.deployments_of(f"{ending.outputs['user_reference']}/rollback")


def went(made: Step, **inputs: Any) -> tuple[Ending, Any]:
    """Run the step, assert what always holds where it rolled back, and return its one rollback."""
    ending = made.run(**(FETCH | inputs))
    [mine], [back] = made.mine(ending), backs(made, ending)
    assert (ending.outcome, ending.status, len(ending.errors), set(ending.outputs)) == ("failed", 1, 1, OUTPUTS)
    assert ending.outputs["deployment_id"] == str(mine.id)
    assert back.git_hash == back.git_ref == live_hash(made)
    assert back.requested_at >= mine.ends_at
    return ending, back


def stayed(made: Step, why: str, outcome: str = "failed", **inputs: Any) -> Ending:
    """Run the step, and assert that it rolled nothing back and says why; `why` is "" where there was no question."""
    ending = made.run(**(FETCH | inputs))
    assert (ending.outcome, backs(made, ending), len(ending.errors)) == (outcome, [], ending.status)
    assert (f"Not rolled back: {why}" in ending.outputs["reason"]) is bool(why)
    found = [ending.outputs[name] for name in ("rollback_outcome", "rollback_deployment_id", "rolled_back_to")]
    assert found == ["skipped" if why else "", "", ""]
    return ending


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("lag", [0.0, 8.0])
def test_after_a_failure_what_was_live_is_deployed_again(step: MakeStep, shape: Any, lag: float) -> None:
    """After a failure the last live commit is deployed again; the job stays red and tells of both."""
    made = broken(step, post_shape=shape, action_finish_lag_seconds=lag)
    ending, back = went(made)
    found = [ending.outputs[name] for name in ("rollback_outcome", "rollback_deployment_id", "rolled_back_to")]
    assert found == ["success", str(back.id), live_hash(made)]
    mine = made.mine(ending)[0]
    assert ending.outputs["git_hash"] == mine.git_hash
    assert ending.outputs["reason"] == f"Deployment {mine.id} failed. Rolled back to commit {live_hash(made)}."
    assert f"Deployment 107 was live before, with commit {live_hash(made)}." in ending.log
    assert ("ended" in ending.state, len(made.calls("POST"))) == (True, 2)


@pytest.mark.parametrize("lag", [4.0, 12.0])
def test_what_was_live_just_before_may_show_late(step: MakeStep, lag: float) -> None:
    """Of a deployment that failed at once, the one that went live right before it is gone back to, if it shows late."""
    made = broken(step, duration_seconds=0)
    before = made.simulator.request_deployment(
        user="web@example.com", via="web", git_ref="v2", fate="success", duration=1.0, record_delays=(lag, 0.0)
    )
    [back] = backs(made, made.run(**FETCH))
    assert back.git_hash == before.git_hash


def test_nothing_is_rolled_back_unasked(step: MakeStep) -> None:
    """Without the input, a failure leaves the stack as it is."""
    made = broken(step)
    stayed(made, "", rollback="false")


@pytest.mark.parametrize("deployed", ["v1", "main"])
def test_another_commit_than_the_expected_one_is_rolled_back(step: MakeStep, deployed: str) -> None:
    """A success with another commit than the expected one is gone back from, unless that was live before."""
    made = broken(step, first="success")
    if deployed == "main":
        stayed(made, "deployment 107, which was live before, is of the same", git_ref="main", expected_commit="a" * 40)
    else:
        ending, _ = went(made, expected_commit="a" * 40)
        assert ending.outputs["rollback_outcome"] == "success"


@pytest.mark.parametrize(
    ("first", "outcome", "why"),
    [
        ("success", "success", ""),
        ("cancelled", "cancelled", ""),
        ("reverted", "failed", "somebody has reverted it already."),
        ("action_failed", "failed", "its record says success, so it may be live."),
        ("action_null", "unknown", ""),
    ],
)
def test_what_has_not_surely_failed_is_not_rolled_back(step: MakeStep, first: str, outcome: str, why: str) -> None:
    """After a success, a cancellation, a revert or records that disagree, nothing is rolled back."""
    stayed(broken(step, first=first), why, outcome)


@pytest.mark.parametrize("cancelled_as", ["cancelled", "failed", "null", "null_code"])
@pytest.mark.parametrize("lag", [0.0, 12.0])
def test_a_cancelled_one_is_not_rolled_back_whatever_it_says(step: MakeStep, cancelled_as: Any, lag: float) -> None:
    """What somebody cancelled is not gone back from, though its record calls it failed, also if its action lags."""
    made = broken(step, first="cancelled", cancelled_as=cancelled_as, action_finish_lag_seconds=lag)
    ending = made.run(**FETCH, poll_interval="3s")
    assert (backs(made, ending), len(made.calls("POST"))) == ([], 1)
    assert ending.outputs["rollback_outcome"] in {"", "skipped"}


def test_a_timeout_is_not_rolled_back(step: MakeStep) -> None:
    """What may still be running is not gone back from, also where it was cancelled at the timeout."""
    for cancels in ("true", "false"):
        stayed(broken(step, duration_seconds=300), "", "timed_out", timeout="1m", cancel_on_timeout=cancels)


def test_what_is_not_known_is_not_rolled_back(step: MakeStep) -> None:
    """Where sight of it is lost, nothing is gone back from."""
    made = broken(step)
    made.simulator.faults.append(Fault("status", method="GET", code=401, after=10, count=None))
    stayed(made, "", "unknown")


def test_what_was_refused_is_not_rolled_back(step: MakeStep) -> None:
    """Where nothing was scheduled there is nothing to go back from."""
    made = broken(step)
    made.simulator.faults.append(Fault("status", method="POST", code=400))
    assert made.run(**FETCH).outputs["rollback_outcome"] == ""
    assert len(made.calls("POST")) == 1


def test_a_failure_whose_deployment_is_not_known(step: MakeStep) -> None:
    """Where only our action says that it failed, it is not known what is to be gone back from."""
    made = broken(step, post_shape="async_action_id")
    assert isinstance(made.clock, EventClock)
    same: dict[str, Any] = {"via": "api", "user": "ci@example.com", "git_ref": "v1", "duration": 30.0}
    made.clock.plan(0.26, lambda: made.simulator.request_deployment(**same))
    stayed(made, "which deployment failed is not known.")


def before_the_look_back(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], object]) -> None:
    """Let something happen just before the stack is read anew for a rollback."""

    def later(job: Job, *given: Any) -> Any:
        if job.tracking.request.reference.endswith("/rollback"):
            happen()
        return take_stock(job, *given)

    take_stock = Job.take_stock
    monkeypatch.setattr(Job, "take_stock", later)


@pytest.mark.parametrize("fate", ["success", "failed"])
@pytest.mark.parametrize("duration", [1.0, 100.0])
def test_a_deployment_that_came_after_ours(step: MakeStep, fate: Any, duration: float) -> None:
    """Over a deployment that waited behind ours nothing is rolled back, whether it runs by then or is over."""
    made = broken(step)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(10, partial(made.simulator.request_deployment, fate=fate, duration=duration))
    stayed(made, "deployment 109 came after it.")


def test_a_deployment_that_comes_at_the_last_moment(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that began after ours had failed is somebody's answer."""
    made = broken(step)
    before_the_look_back(monkeypatch, made.simulator.request_deployment)
    stayed(made, "deployment 109 came after it.")


def test_a_redeploy_that_waits_without_a_record(step: MakeStep) -> None:
    """A redeploy that shows only by its action is not rolled over, either."""
    made = broken(step)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(20, lambda: made.simulator.request_deployment(record_delays=(100.0, 0.0)))
    stayed(made, "a redeploy (action 41) was asked for after it.")


def test_a_success_of_somebody_elses_between_is_what_is_gone_back_to(step: MakeStep) -> None:
    """What went live while ours waited is what was live before ours."""
    made = broken(step)
    theirs = made.simulator.request_deployment(git_ref="v2", duration=60)
    ending = made.run(**FETCH)
    [back] = backs(made, ending)
    assert (back.git_hash, ending.outputs["rolled_back_to"]) == (theirs.git_hash, theirs.git_hash)


def test_a_success_that_is_not_shown_as_live_yet(step: MakeStep) -> None:
    """While the newest success is not shown as live, nobody goes back to one before it."""
    made = broken(step, live_lag_seconds=300)
    made.simulator.request_deployment(git_ref="v2", duration=1)
    made.clock.advance(5)
    stayed(made, "deployment 108 succeeded after 107, which was live before.")


def test_records_that_do_not_say_what_is_live(step: MakeStep) -> None:
    """Where no record says what is live, there is nothing to go back to."""
    stayed(broken(step, live_field=False), "which deployment was live before is not known.")


def test_what_somebody_reverted_meanwhile(step: MakeStep) -> None:
    """Where somebody reverts what was live before while ours runs, the one before that is gone back to."""
    made = broken(step)
    assert isinstance(made.clock, EventClock)
    made.clock.plan(10, lambda: made.simulator.revert(107))
    ending = made.run(**FETCH)
    assert backs(made, ending)[0].git_hash == made.simulator.all_deployments()[10].git_hash


def test_never_to_the_commit_that_failed(step: MakeStep) -> None:
    """Where ours was of the commit that was live before, nothing is deployed again."""
    stayed(broken(step), "deployment 107, which was live before, is of the same commit.", git_ref="main")


def test_a_reference_serves_one_rollback(step: MakeStep) -> None:
    """A second run with the same reference, after a first one that rolled back, rolls back no more."""
    made = broken(step, "success", "failed")
    went(made, user_reference="prod")
    ending = made.next_step().run(**FETCH, user_reference="prod")
    assert "a rollback with the reference prod/rollback was asked for before" in ending.outputs["reason"]
    assert (len(made.simulator.deployments_of("prod/rollback")), len(made.calls("POST"))) == (1, 3)


def test_a_reference_of_full_length(step: MakeStep) -> None:
    """A reference of 255 characters leaves room for that of its rollback."""
    made = broken(step)
    ending = made.run(**FETCH, user_reference="x" * 255)
    assert ending.outputs["rollback_outcome"] == "success"
    sent = [one.query["user_reference"] for one in made.simulator.requests if one.method == "POST"]
    assert ([len(one) for one in sent], len(set(sent))) == ([255, 255], 2)


def test_a_docker_stack_is_refused_before_anything_is_asked(step: MakeStep) -> None:
    """With a Docker stack the input can't be used, which is said before anything is scheduled, also in a dry run."""
    for dry in ("false", "true"):
        made = step()
        ending = made.run(stack_id=DOCKER_STACK, rollback="true", dry_run=dry)
        assert (ending.outcome, made.calls("POST")) == ("failed", [])
        assert "Input rollback: was given for a Docker stack" in ending.outputs["reason"]
        assert "Nothing was scheduled" in ending.outputs["reason"]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [("^/stacks/[^/]+$", 401, "the stack could not be read"), ("/actions", 403, "the stack's actions can't be read")],
)
def test_a_stack_that_cannot_be_read(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, path: str, code: int, words: str
) -> None:
    """Where the stack or its actions can't be read anew, nothing is rolled back."""
    made = broken(step)
    fault = Fault("status", method="GET", path=path, code=code, count=None)
    before_the_look_back(monkeypatch, lambda: made.simulator.faults.append(fault))
    stayed(made, words)


def test_an_action_that_never_ends_is_not_waited_for(step: MakeStep) -> None:
    """An action that stays open after its deployment has failed delays a rollback by some seconds only."""
    made = broken(step, action_finish_lag_seconds=500)
    _, back = went(made)
    assert 45 <= back.requested_at - made.simulator.started <= 55


def test_a_fault_of_ours_before_the_rollback(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the choice schedules nothing, and leaves the failure a failure."""
    monkeypatch.setattr(room, "choose", lambda *_: [].pop())
    stayed(broken(step), "the step ended before that.")


def test_the_state_names_the_rollback(step: MakeStep) -> None:
    """While it rolls back, what the post step has to know is the rollback alone."""
    made = broken(step)
    ending = made.run(**FETCH, abort_at=40, cancel_on_abort="false")
    [kept] = json.loads(ending.state["run"])
    assert kept["request"]["reference"] == f"{ending.outputs['user_reference']}/rollback"


def hotfix(made: Step, at: float) -> None:
    """Let a colleague deploy that many seconds after the start."""
    assert isinstance(made.clock, EventClock)
    made.clock.plan(at, partial(made.simulator.request_deployment, git_ref="hotfix"))


def test_nothing_goes_over_what_came_while_it_was_not_taken(step: MakeStep) -> None:
    """Where the request is declined at first, a colleague who has answered the failure by then is not passed over."""
    made = broken(step)
    made.simulator.faults.append(Fault("status", **ROLLBACK_POST, code=409, count=3))
    hotfix(made, 33)
    stayed(made, "deployment 109 came after it")


def test_nothing_goes_over_what_came_while_the_answer_was_lost(step: MakeStep) -> None:
    """A lost request is not sent again over a colleague's deployment; whether it was scheduled stays unknown."""
    made = broken(step)
    made.simulator.faults.append(Fault("lost_undone", **ROLLBACK_POST))
    hotfix(made, 60)
    ending = made.run(**FETCH)
    assert (ending.outcome, ending.outputs["rollback_outcome"], backs(made, ending)) == ("failed", "unknown", [])
    assert "Whether the deployment was scheduled is not known" in ending.outputs["reason"]


def test_another_good_one_by_now(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another deployment is the one to go back to before the request is sent again, it is not sent."""
    made = broken(step)
    made.simulator.faults.append(Fault("status", **ROLLBACK_POST, code=409, count=3))
    asked = iter(range(9))
    another = Deployment.from_json({"id": 99, "git_hash": "0" * 40})
    monkeypatch.setattr(room, "choose", lambda *given: (another, "") if next(asked) else choose(*given))
    stayed(made, "another deployment is the last good one by now")


@pytest.mark.parametrize(("path", "words"), [("/deployments$", "Not rolled back"), (None, "Nothing was scheduled")])
def test_the_stack_can_not_be_read_any_more(
    step: MakeStep, monkeypatch: pytest.MonkeyPatch, path: str | None, words: str
) -> None:
    """Where the stack can't be read before the request is sent again, it is not sent."""
    made = broken(step)
    made.simulator.faults.append(Fault("status", **ROLLBACK_POST, code=409, count=3))

    def choose_and_close(*given: Any) -> Any:
        made.simulator.faults.append(Fault("status", method="GET", path=path, code=403, count=None))
        return choose(*given)

    monkeypatch.setattr(room, "choose", choose_and_close)
    ending = made.run(**FETCH)
    assert (ending.outcome, backs(made, ending)) == ("failed", [])
    assert words in ending.outputs["reason"]


def test_a_lost_request_that_shows_at_the_last_moment(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a lost request shows only after it was taken for absent, just before it would be sent again, it is not."""
    made = broken(step)
    made.simulator.faults.append(Fault("lost_done", **ROLLBACK_POST))
    monkeypatch.setattr(Trigger, "_is_absent", lambda *_: True)
    ending = made.run(**FETCH)
    assert (ending.outputs["rollback_outcome"], len(backs(made, ending))) == ("success", 1)
    assert len(made.calls("POST")) == 2
