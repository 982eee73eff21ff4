"""Waiting for the outcome, through the whole step: records, trouble and timeouts."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, get_args

import pytest

from cloud66_redeploy.deployment import Action, Deployment, Outcome, Phase
from cloud66_redeploy.errors import ApiError, NotSent, Unclear
from cloud66_redeploy.observer import Observer
from cloud66_redeploy.tracking import Baseline, Proof, Tracking
from cloud66_redeploy.verdict import Absence
from cloud66_redeploy.waiter import Patience, Waiter
from cloud66_simulator import Behaviour, Fault
from cloud66_simulator.behaviour import CancelledAs, OutcomeCodes, PostShape
from harness import Ending, Step
from scripted import Clock

MakeStep = Callable[..., Step]
ACTIONS_REFUSED = Fault("status", method="GET", path="/actions", code=403, count=None)


def run_of(made: Step, **inputs: Any) -> tuple[Ending, Any]:
    """Run a step; return how it ended and its one true deployment."""
    ending = made.run(**inputs)
    [mine] = made.mine(ending)
    return ending, mine


def green(made: Step, **inputs: Any) -> Ending:
    """Run a step, and assert that it is green for its own deployment, after that has ended."""
    ending, mine = run_of(made, **inputs)
    assert (ending.outcome, ending.status) == ("success", 0)
    assert ending.outputs["deployment_id"] == str(mine.id)
    assert mine.ends_at <= made.clock.now()
    return ending


@pytest.mark.parametrize("shape", get_args(PostShape))
@pytest.mark.parametrize("codes", get_args(OutcomeCodes))
@pytest.mark.parametrize("offset", ["Z", "+00:00"])
def test_a_success_is_found_in_every_shape(step: MakeStep, shape: Any, codes: Any, offset: Any) -> None:
    """Both shapes of the answer, an action's id in it, both styles of codes and of times end green."""
    made = step(behaviour=Behaviour(post_shape=shape, outcome_codes=codes, timestamps_offset_style=offset))
    ending = green(made)
    assert ending.outputs["deploy_seconds"] == "40"
    assert ending.outputs["action_id"] == "40"
    assert (ending.errors, ending.warnings) == ([], [])


@pytest.mark.parametrize("shape", get_args(PostShape))
@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("odd", "failed"),
        ("reverted", "failed"),
        ("action_failed", "failed"),
        ("action_null", "failed"),
    ],
)
@pytest.mark.parametrize("lag", [0.0, 8.0])
def test_what_is_no_known_success_is_red(step: MakeStep, shape: Any, fate: Any, outcome: str, lag: float) -> None:
    """A deployment, or an action, that ends in any other way ends the run red, with one error."""
    made = step(behaviour=Behaviour(post_shape=shape, fate=fate, action_finish_lag_seconds=lag))
    ending, mine = run_of(made)
    assert (ending.outcome, ending.status, len(ending.errors)) == (outcome, 1, 1)
    # What was only inferred is not passed on as known where deployment and action disagree.
    assert ending.outputs["deployment_id"] in ({str(mine.id)} if shape == "deployment_id" else {str(mine.id), ""})
    assert "last lines of the stack's log" in ending.log.lower()


@pytest.mark.parametrize("cancelled_as", get_args(CancelledAs))
@pytest.mark.parametrize("codes", get_args(OutcomeCodes))
def test_a_cancelled_deployment_is_red(step: MakeStep, cancelled_as: Any, codes: Any) -> None:
    """However Cloud 66 shows a cancelled deployment, it is not green, and called cancelled where it says so."""
    made = step(behaviour=Behaviour(fate="cancelled", cancelled_as=cancelled_as, outcome_codes=codes))
    ending, _ = run_of(made)
    assert (ending.outcome, ending.status) == ("cancelled" if cancelled_as == "cancelled" else "failed", 1)


@pytest.mark.parametrize("shape", get_args(PostShape))
def test_late_records_are_waited_for(step: MakeStep, shape: Any) -> None:
    """Records that appear late, or only once a deployment starts, are found in the end."""
    behaviour = Behaviour(
        post_shape=shape,
        action_record_delay_seconds=7,
        deployment_record_delay_seconds=12,
        action_finish_lag_seconds=6,
        record_while_queued=False,
    )
    made = step(behaviour=behaviour)
    made.simulator.request_deployment(duration=60)
    ending = green(made)
    assert ending.seconds > 100


def test_hidden_deployments_are_waited_for(step: MakeStep) -> None:
    """A deployment that can't be seen for a while is not given up."""
    made = step(behaviour=Behaviour(duration_seconds=120))
    made.simulator.faults.append(Fault("hide_deployments", after=1, until=60))
    green(made)


def test_a_record_that_vanishes_is_no_success(step: MakeStep) -> None:
    """A deployment that was there and has gone can't be called a success, even if its action succeeds."""
    made = step()
    made.simulator.faults.append(Fault("hide_deployments", after=20))
    ending, mine = run_of(made)
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("unknown", str(mine.id))
    assert "disappeared" in ending.outputs["reason"]


def test_a_record_that_comes_back(step: MakeStep) -> None:
    """A deployment that vanishes for a while and comes back is followed to its end."""
    made = step()
    made.simulator.faults.append(Fault("hide_deployments", after=10, until=50))
    green(made)


def test_hidden_actions_are_waited_for(step: MakeStep) -> None:
    """While our action can't be seen, the deployment's success alone is not enough; then it is."""
    made = step()
    made.simulator.faults.append(Fault("hide_actions", after=0.2, until=50))
    green(made)


def test_an_action_that_never_shows(step: MakeStep) -> None:
    """A success without any action that carries our reference is not green where actions can be read."""
    made = step()
    made.simulator.faults.append(Fault("hide_actions"))
    ending, _ = run_of(made, timeout="2m")
    assert ending.outcome in {"unknown", "timed_out"}


@pytest.mark.parametrize("code", [403, 404])
def test_unreadable_actions_with_an_id(step: MakeStep, code: int) -> None:
    """Where actions can't be read, a deployment that the answer's id leads to decides alone, and a warning says so."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", path="/actions", code=code, count=None))
    ending = green(made)
    assert "Actions can't be read" in ending.warnings[0]
    assert ending.outputs["action_id"] == ""


@pytest.mark.parametrize("shape", ["async_action_id", "async_action_id_null"])
def test_unreadable_actions_without_an_id(step: MakeStep, shape: Any) -> None:
    """Where neither actions nor an id lead to a deployment, the outcome is unknown at once."""
    made = step(behaviour=Behaviour(post_shape=shape), faults=[ACTIONS_REFUSED])
    ending, _ = run_of(made)
    assert (ending.outcome, ending.outputs["deployment_id"], ending.seconds < 5) == ("unknown", "", True)
    assert "can't be known" in ending.outputs["reason"]


def test_unreadable_actions_with_an_id_that_leads_nowhere(step: MakeStep) -> None:
    """Where the answer's id leads to no deployment until the timeout, the outcome is unknown."""
    made = step(behaviour=Behaviour(post_shape="action_id_as_id"), faults=[ACTIONS_REFUSED])
    ending, _ = run_of(made, timeout="2m")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("unknown", "")


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("per_page", [5, 30])
@pytest.mark.parametrize("fate", ["success", "failed"])
def test_the_id_of_an_old_deployment_is_not_ours(step: MakeStep, readable: bool, per_page: int, fate: Any) -> None:
    """An answer's id that is an old deployment's, on the first page or beyond it, decides nothing."""
    behaviour = Behaviour(post_shape="action_id_as_id", per_page=per_page, fate=fate, action_record_delay_seconds=3)
    made = step(behaviour=behaviour, faults=[] if readable else [ACTIONS_REFUSED])
    made.simulator.next_action_id = 98
    ending, mine = run_of(made, timeout="2m")
    assert ending.outputs["deployment_id"] == (str(mine.id) if readable else "")
    assert ending.outcome == (fate if readable else "unknown")


def test_trouble_is_looked_through(step: MakeStep) -> None:
    """Server errors, HTML, lost answers and strange bodies in the middle don't end the wait."""
    made = step(behaviour=Behaviour(duration_seconds=200))
    kinds = ["status", "html", "lost_undone", "garbage", "wrong_json", "truncated", "redirect", "timeout_undone"]
    for number, kind in enumerate(kinds):
        begin = 5 + 20 * number
        made.simulator.faults.append(Fault(kind, method="GET", after=begin, until=begin + 20, count=None))  # type: ignore[arg-type]
    ending = green(made)
    assert "no news" in ending.log


@pytest.mark.parametrize("code", [400, 408, 409, 429, 500, 502, 503, 504])
def test_no_passing_status_ends_the_wait(step: MakeStep, code: int) -> None:
    """Statuses that may pass are looked through."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", code=code, after=3, until=60, count=None))
    green(made)


def test_retry_after_and_throttling_are_obeyed(step: MakeStep) -> None:
    """While waiting, nobody is asked sooner than the server wants."""
    made = step()
    after = Fault("status", method="GET", code=429, retry_after=50, after=5, count=1)
    made.simulator.faults += [after, Fault("throttle", method="GET", after=30, count=2)]
    green(made)
    hits = [one.time for one in made.simulator.requests if one.status in {429, 503}]
    following = [min(one.time for one in made.simulator.requests if one.time > hit) for hit in hits]
    assert [round(then - hit) >= pause for hit, then, pause in zip(hits, following, (50, 60, 60), strict=True)] == [
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(("code", "words"), [(401, "(401)"), (402, "(402)"), (403, "(403)")])
@pytest.mark.parametrize("path", ["/actions", "/deployments"])
def test_a_token_that_is_refused_ends_the_wait(step: MakeStep, code: int, words: str, path: str) -> None:
    """When the token is refused in the middle, the run ends at once: unknown, with what was known last."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", code=code, path=path, after=10, count=None))
    ending, mine = run_of(made)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert words in ending.outputs["reason"]
    assert f"last known: {'deploying' if path == '/deployments' else 'success'}" in ending.outputs["reason"]
    assert ending.outputs["deployment_id"] == str(mine.id)
    assert ending.seconds < 60


@pytest.mark.parametrize("others", [0, 1])
def test_a_stack_that_has_gone_ends_the_wait(step: MakeStep, others: int) -> None:
    """When the stack goes in the middle, the outcome is unknown, whatever was being looked at."""
    made = step()
    for _ in range(others):
        made.simulator.request_deployment(duration=300)
    made.simulator.faults.append(Fault("status", method="GET", code=404, after=10, count=None))
    ending, _ = run_of(made)
    assert ending.outcome == "unknown"
    assert "The stack is gone" in ending.outputs["reason"]
    assert ending.seconds < 60


@pytest.mark.parametrize("path", ["/deployments$", "/actions"])
def test_lists_that_are_not_found_while_the_stack_is_there(step: MakeStep, path: str) -> None:
    """A list that answers 404 for a while is passing trouble as long as the stack itself is there."""
    made = step()
    made.simulator.request_deployment(duration=30)
    made.simulator.faults.append(Fault("status", method="GET", code=404, path=path, after=1, until=60, count=None))
    green(made)


@pytest.mark.parametrize("kind", ["timeout_undone", "slow", "status", "refuse", "connect_timeout"])
def test_the_deadline_is_never_overrun_by_more_than_one_call(step: MakeStep, kind: Any) -> None:
    """Whatever the server does around it, the run ends by its timeout plus the limit of one call."""
    made = step(behaviour=Behaviour(duration_seconds=1e6))
    made.simulator.faults.append(Fault(kind, after=50, seconds=19, count=None))
    ending, _ = run_of(made, timeout="1m")
    assert ending.outcome == "timed_out"
    assert 60 <= ending.seconds <= 60 + 30 + 0.1


@pytest.mark.parametrize("interval", ["1s", "30s"])
def test_a_timeout_says_what_was_known_last(step: MakeStep, interval: str) -> None:
    """At the timeout there is one last look; then it ends, red, and nothing is cancelled."""
    made = step(behaviour=Behaviour(duration_seconds=1e6))
    ending, mine = run_of(made, timeout="90s", poll_interval=interval)
    assert (ending.outcome, ending.status, made.calls("DELETE")) == ("timed_out", 1, [])
    assert "The timeout of 1m30s passed; deployment 108 had not ended" in ending.outputs["reason"]
    assert made.simulator.requests[-2].time - made.simulator.started >= 90
    assert mine.cancel_at is None


def test_a_success_at_the_last_moment_is_seen(step: MakeStep) -> None:
    """What ends just before the timeout is found by the last look, however long the pause would have been."""
    green(step(behaviour=Behaviour(duration_seconds=119.2)), timeout="2m")


def test_records_that_disagree_at_the_deadline_are_no_success(step: MakeStep) -> None:
    """A deployment that succeeded while its action goes on is not a success at the timeout."""
    made = step(behaviour=Behaviour(action_finish_lag_seconds=1e6))
    ending, _ = run_of(made, timeout="1m")
    assert ending.outcome == "timed_out"


@pytest.mark.parametrize("known", [True, False])
def test_a_long_queue_has_its_own_timeout(step: MakeStep, known: bool) -> None:
    """A deployment that is still queued at queue_timeout ends the run, whether or not its record shows."""
    made = step(behaviour=Behaviour(record_while_queued=known))
    made.simulator.request_deployment(duration=1000)
    ending, mine = run_of(made, queue_timeout="45s")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("timed_out", str(mine.id) if known else "")
    assert "queue_timeout of 45s" in ending.outputs["reason"]
    assert 45 <= ending.seconds <= 50
    assert ("queued behind 1 other deployment" in ending.log) is known


def test_a_queue_that_moves_is_no_timeout(step: MakeStep) -> None:
    """A deployment that starts before queue_timeout gets all of its timeout."""
    made = step(behaviour=Behaviour(duration_seconds=100))
    made.simulator.request_deployment(duration=40)
    ending = green(made, queue_timeout="45s")
    assert 38 <= int(ending.outputs["queued_seconds"]) <= 41


def test_trouble_at_the_queue_timeout_is_no_timeout(step: MakeStep) -> None:
    """While nobody answers, it can't be told whether ours is still queued, so queue_timeout doesn't strike."""
    made = step()
    made.simulator.request_deployment(duration=40)
    made.simulator.faults.append(Fault("html", method="GET", after=30, until=60, count=None))
    green(made, queue_timeout="45s")


def test_expected_commit(step: MakeStep) -> None:
    """The outcome is a success only if the commit that was expected is the one deployed."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    assert green(step(), git_ref=commit).outputs["git_hash"] == commit
    assert green(step(), git_ref=commit, expected_commit=commit[:7]).outputs["git_hash"] == commit
    ending, _ = run_of(step(behaviour=Behaviour(git_hash="f" * 40)), expected_commit=commit)
    assert (ending.outcome, ending.status) == ("failed", 1)
    assert f"commit {'f' * 40} was deployed; {commit} was expected" in ending.outputs["reason"]


def test_an_expected_commit_that_is_not_known(step: MakeStep) -> None:
    """Where it can't be told which deployment is ours, its commit can't be the expected one."""
    made = step(behaviour=Behaviour(post_shape="async_action_id"))
    made.simulator.request_deployment(via="api", user="ci@example.com", duration=1e6)
    made.simulator.faults.append(Fault("hide_deployments", after=0.2))
    made.simulator.cancel(108)
    ending, _ = run_of(made, expected_commit="a" * 40)
    assert ending.outcome == "failed"
    assert "which commit was deployed is not known" in ending.outputs["reason"]


def test_what_is_not_to_be_waited_for(step: MakeStep) -> None:
    """Without waiting, the run ends green as scheduled, with the ids that one look gives."""
    made = step()
    ending, mine = run_of(made, wait="false")
    assert (ending.outcome, ending.status, ending.seconds < 2) == ("scheduled", 0, True)
    assert (ending.outputs["deployment_id"], ending.outputs["action_id"]) == (str(mine.id), str(mine.action_id))


def test_scheduled_without_an_answer_to_the_look(step: MakeStep) -> None:
    """Where the one look brings nothing, it is scheduled all the same."""
    made = step()
    made.simulator.faults.append(Fault("html", method="GET", skip=4, count=None))
    ending, _ = run_of(made, wait="false")
    assert (ending.outcome, ending.outputs["deployment_id"]) == ("scheduled", "")
    assert "The ids are not known yet" in ending.log


class Looks:
    """Stands in for the observer: a script of what it sees, one entry a look; the last one stays."""

    def __init__(self, clock: Clock, *script: tuple[Any, Any] | ApiError) -> None:
        self.clock = clock
        self.script = list(script)
        self.seen: tuple[Any, Any] = (Absence.NEVER_SEEN, Absence.NEVER_SEEN)
        self.times: list[float] = []

    def look(self) -> None:
        self.times.append(self.clock.now)
        found = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(found, ApiError):
            raise found
        self.seen = found

    def says(self) -> tuple[Any, Any]:
        return self.seen


def wait(looks: Looks, **patience: float) -> tuple[Outcome, list[float]]:
    """Wait on a script; return the outcome and when it was looked."""
    given = {"timeout_seconds": 1000.0, "queue_timeout_seconds": 1000.0, "poll_interval_seconds": 30.0} | patience
    waiter = Waiter(looks, Tracking("mine"), looks.clock, Patience(**given), 0.0, lambda *_: None)  # type: ignore[arg-type]
    return waiter.wait().outcome, looks.times


def test_pauses_grow_gently() -> None:
    """The pause between looks grows from about 2 s to about 15 s, and is never longer than poll_interval."""
    _, times = wait(Looks(Clock(), (Absence.NEVER_SEEN, Absence.NEVER_SEEN)))
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert 1.8 <= gaps[0] <= 2.2
    assert 13.5 <= max(gaps) <= 16.5
    assert times[-1] == 1000.0
    _, times = wait(Looks(Clock(), (Absence.NEVER_SEEN, Absence.NEVER_SEEN)), poll_interval_seconds=1.0)
    assert max(later - sooner for sooner, later in pairwise(times)) <= 1.0


def test_settling_begins_anew_when_the_records_change() -> None:
    """The seconds for settling count from when the records last began to disagree."""
    ended, open_again = (Absence.NEVER_SEEN, Phase.SUCCESS), (Absence.NEVER_SEEN, Phase.RUNNING)
    outcome, times = wait(Looks(Clock(), ended, ended, open_again, ended))
    assert outcome is Outcome.SUCCESS
    assert times[-1] - times[3] >= 15


def test_trouble_at_the_deadline_is_told() -> None:
    """Where the last look brings no news, the outcome is a timeout that says so."""
    outcome, times = wait(Looks(Clock(), Unclear("GET /x", "lost")), timeout_seconds=20.0)
    assert (outcome, times[-1]) == (Outcome.TIMED_OUT, 20.0)


def test_a_pause_asked_for_ends_at_the_deadline() -> None:
    """However long the server wants to be left alone, the wait ends in time."""
    outcome, times = wait(Looks(Clock(), NotSent("GET /x", "busy", retry_after=500)), timeout_seconds=20.0)
    assert (outcome, times) == (Outcome.TIMED_OUT, [0.0, 20.0])


class Records:
    """Stands in for the client: what each call answers, or raises."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_arguments: object) -> Any:
            self.asked.append(name)
            found = self.answers[name]
            if isinstance(found, Exception):
                raise found
            return found

        return call


def deployment(number: int, start: int | None = 1, end: int | None = None, **fields: Any) -> Deployment:
    """Make a deployment's record; the times are seconds of a minute."""
    times = {
        "started_at": start and f"2026-01-01T12:00:{start:02}Z",
        "finished_at": end and f"2026-01-01T12:00:{end:02}Z",
    }
    return Deployment.from_json({"id": number, "outcome": {"code": 1}} | times | fields)


def action(number: int = 40, end: int | None = None, reference: str = "mine", **fields: Any) -> Action:
    """Make an action's record."""
    times = {"started_at": "2026-01-01T12:00:00Z", "finished_at": end and f"2026-01-01T12:00:{end:02}Z"}
    meta = {"metadata": {"user_reference": reference}, "finished_success": True if end else None, "action": "deploy"}
    return Action.from_json({"id": number} | times | meta | fields)


def observe(known: Tracking, **answers: Any) -> Records:
    """Look once."""
    client = Records(**answers)
    Observer(client, known).look()  # type: ignore[arg-type]
    return client


def test_an_inferred_deployment_says_nothing_until_it_held() -> None:
    """A deployment that is only inferred is not quoted; once both ended alike it is."""
    known = Tracking("mine", sends=1)
    running = {"actions": [action()], "actions_with": [action()], "deployments": [deployment(108)]}
    observe(known, **running)
    assert known.proof is Proof.INFERRED
    assert Observer(Records(), known).says() == (Absence.NEVER_SEEN, "running")  # type: ignore[arg-type]
    ended = {"actions_with": [action(end=40)], "deployment": deployment(108, end=41)}
    client = observe(known, **ended)
    assert known.proof is Proof.PROVED
    assert client.asked == ["actions_with", "actions_with", "deployment"]


def test_an_inference_that_did_not_hold_is_dropped_for_good() -> None:
    """A deployment that ended otherwise than our action is not taken again."""
    known = Tracking("mine", sends=1)
    running = {"actions": [action()], "actions_with": [action()], "deployments": [deployment(108)]}
    observe(known, **running)
    failed = deployment(108, end=30, outcome={"code": "failed"})
    observe(known, actions_with=[action(end=40)], deployment=failed)
    assert (known.deployment, known.dropped) == (None, {108})
    observe(known, actions=[action(end=40)], actions_with=[action(end=40)], deployments=[failed])
    assert known.deployment is None
    assert known.maybe_started


def test_an_answer_with_our_actions_id_takes_its_proof_back() -> None:
    """When our action turns out to have the answer's id, the deployment of that number is somebody else's."""
    known = Tracking("mine", sends=1, hint=40, answered=True)
    known.adopt(deployment(40, None), Proof.PROVED)
    observe(known, actions=[action()], actions_with=[action()], deployments=[])
    assert (known.deployment, known.proof) == (None, Proof.NONE)


def test_a_number_of_somebody_elses_is_no_proof_while_our_action_is_not_seen() -> None:
    """An answer's id that may still be our action's proves no deployment."""
    known = Tracking("mine", sends=1, hint=109, answered=True)
    observe(known, actions=[], actions_with=[], deployments=[deployment(109)], deployment=deployment(109))
    assert known.proof is not Proof.PROVED


def test_an_answers_id_that_fits_nothing_we_asked_for() -> None:
    """A deployment of the answer's number that was triggered by web is not ours."""
    known = Tracking("mine", sends=1, hint=109, answered=True, baseline=Baseline())
    web = deployment(109, triggered_via={"code": "web"})
    observe(known, actions=[], actions_with=[], deployments=[web])
    assert known.deployment is None


def test_a_deployment_that_is_not_listed_is_asked_for() -> None:
    """A proved deployment that has left the first page is read by its id."""
    known = Tracking("mine", sends=2, answered=True)
    known.adopt(deployment(108), Proof.PROVED)
    client = observe(known, actions=[action()], deployments=[deployment(140)], deployment=deployment(108))
    assert client.asked == ["actions", "deployments", "deployment"]
