"""Asking for the redeploy exactly once, through the whole step; the stand-in knows the truth."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud66_redeploy.commands import redeploy as room
from cloud66_simulator import Behaviour, Fault
from harness import Ending, Step

MakeStep = Callable[..., Step]


def go(made: Step, **inputs: Any) -> tuple[Ending, list[Any]]:
    """Run a step; return how it ended and, a minute later, the deployments that carry its reference."""
    ending = made.run(**inputs)
    made.clock.advance(120)
    return ending, made.mine(ending)


def exactly_one(made: Step, **inputs: Any) -> Ending:
    """Run a step, and assert that it is green and that one deployment is truly its own."""
    ending, mine = go(made, **inputs)
    assert (ending.outcome, ending.status) == ("success", 0)
    assert [str(one.id) for one in mine] == [ending.outputs["deployment_id"]]
    assert str(mine[0].action_id) == ending.outputs["action_id"]
    return ending


@pytest.mark.parametrize(
    ("fault", "posts"),
    [
        (Fault("lost_done", method="POST"), 1),
        (Fault("timeout_done", method="POST"), 1),
        (Fault("late", method="POST", seconds=45), 1),
        (Fault("late_status", method="POST", seconds=45), 1),
        (Fault("late_status", method="POST", seconds=45, code=500), 1),
        (Fault("truncated", method="POST"), 1),
        (Fault("lost_undone", method="POST"), 2),
        (Fault("timeout_undone", method="POST"), 2),
        (Fault("status", method="POST", code=500), 2),
        (Fault("status", method="POST", code=408), 2),
        (Fault("status", method="POST", code=503), 2),
        (Fault("html", method="POST"), 2),
        (Fault("html", method="POST", code=200), 2),
        (Fault("garbage", method="POST"), 2),
        (Fault("wrong_json", method="POST"), 2),
        (Fault("redirect", method="POST"), 2),
        (Fault("refuse", method="POST"), 2),
        (Fault("connect_timeout", method="POST"), 2),
        (Fault("status", method="POST", code=409), 2),
        (Fault("status", method="POST", code=429, retry_after=20), 2),
        (Fault("throttle", method="POST"), 2),
    ],
    ids=lambda value: f"{value.kind}-{value.code}" if isinstance(value, Fault) else str(value),
)
def test_one_lost_post_is_one_deployment(step: MakeStep, fault: Fault, posts: int) -> None:
    """Whatever becomes of a POST, exactly one deployment comes of it, and it is found."""
    made = step()
    made.simulator.faults.append(fault)
    exactly_one(made)
    assert len(made.calls("POST")) == posts


@pytest.mark.parametrize("kind", ["lost_done", "timeout_done", "late_status"])
def test_what_may_have_been_done_is_not_sent_again_once_found(step: MakeStep, kind: Any) -> None:
    """When the action with our reference shows, it is adopted, and the log says so."""
    made = step(behaviour=Behaviour(action_record_delay_seconds=9, post_shape="async_action_id"))
    made.simulator.faults.append(Fault(kind, method="POST", seconds=40))
    ending = exactly_one(made)
    assert len(made.calls("POST")) == 1
    assert "carries the reference, so nothing is sent again" in ending.log


def test_what_is_absent_for_a_minute_is_sent_once_more(step: MakeStep) -> None:
    """A second POST comes only a full settle time after the first."""
    made = step()
    made.simulator.faults.append(Fault("lost_undone", method="POST"))
    exactly_one(made)
    first, second = (one.time for one in made.simulator.requests if one.method == "POST")
    assert 60 <= second - first <= 75


def test_two_lost_posts_are_enough(step: MakeStep) -> None:
    """After two POSTs without an answer nothing is sent again, and nobody claims to know."""
    made = step()
    made.simulator.faults.append(Fault("lost_undone", method="POST", count=None))
    ending, mine = go(made)
    assert (ending.outcome, mine, len(made.calls("POST"))) == ("unknown", [], 2)
    assert "Whether the deployment was scheduled is not known" in ending.outputs["reason"]


def test_a_refused_connection_is_tried_until_the_timeout(step: MakeStep) -> None:
    """What is never sent is tried with growing pauses up to the timeout, and then nothing was scheduled."""
    made = step()
    made.simulator.faults.append(Fault("refuse", method="POST", count=None))
    ending, mine = go(made, timeout="3m")
    assert (ending.outcome, mine) == ("timed_out", [])
    assert "Nothing was scheduled" in ending.outputs["reason"]
    assert 3 < len(made.calls("POST")) < 10
    assert ending.seconds <= 180


def test_retry_after_of_a_declined_post_is_obeyed(step: MakeStep) -> None:
    """A POST that was declined is sent again no sooner than the server asked for."""
    made = step()
    made.simulator.faults.append(Fault("status", method="POST", code=429, retry_after=77))
    exactly_one(made)
    first, second = (one.time for one in made.simulator.requests if one.method == "POST")
    assert 77 <= second - first <= 79


def test_a_long_retry_after_ends_the_run(step: MakeStep) -> None:
    """Where the server wants to be left alone for longer than the timeout, the run ends at once and says why."""
    made = step()
    made.simulator.faults.append(Fault("status", method="POST", code=429, retry_after=3000))
    ending, mine = go(made, timeout="5m")
    assert (ending.outcome, mine, ending.seconds < 5) == ("timed_out", [], True)


def test_throttled_requests_wait_for_the_new_hour(step: MakeStep) -> None:
    """While the hourly limit is used up, a POST is tried no more than once a minute."""
    made = step()
    made.simulator.faults.append(Fault("throttle", method="POST", until=600, count=None))
    exactly_one(made)
    assert len(made.calls("POST")) <= 11


def test_a_declined_second_post_after_a_lost_one(step: MakeStep) -> None:
    """Before anything is sent again after a lost POST, its reference is looked up, even when a second was declined."""
    made = step()
    late, busy = Fault("late", method="POST", seconds=70), Fault("status", method="POST", code=429, retry_after=30)
    made.simulator.faults += [late, busy]
    exactly_one(made)


def test_a_look_up_that_fails_before_sending_again(step: MakeStep) -> None:
    """Where the look-up before another POST fails, its absence is not believed, and nothing is sent."""
    made = step()
    late, busy = Fault("late", method="POST", seconds=70), Fault("status", method="POST", code=429, retry_after=30)
    blind = Fault("status", method="GET", path="/actions", code=502, after=75, until=130, count=None)
    made.simulator.faults += [late, busy, blind]
    exactly_one(made)


def test_a_lost_post_and_then_no_time(step: MakeStep) -> None:
    """A declined second POST doesn't make anybody claim that nothing was scheduled."""
    made = step()
    busy = Fault("status", method="POST", code=429, retry_after=3000)
    made.simulator.faults += [Fault("lost_undone", method="POST"), busy]
    ending, _ = go(made)
    assert ending.outcome == "unknown"
    assert "Nothing was scheduled" not in ending.outputs["reason"]


def test_a_lost_post_and_then_a_refusal(step: MakeStep) -> None:
    """A refused second POST doesn't make anybody claim that nothing was scheduled."""
    made = step()
    made.simulator.faults += [Fault("lost_undone", method="POST"), Fault("status", method="POST", code=400)]
    ending, _ = go(made)
    assert ending.outcome == "unknown"
    assert "Nothing was scheduled" not in ending.outputs["reason"]


@pytest.mark.parametrize("code", [401, 402, 403, 404])
def test_a_refusal_while_looking_for_a_lost_post(step: MakeStep, code: int) -> None:
    """Where the token or the stack goes while a lost POST is looked for, the outcome is unknown."""
    made = step()
    lookups = Fault("status", method="GET", path="(/actions|^/stacks/[^/]+)$", skip=3, code=code, count=None)
    made.simulator.faults += [Fault("lost_done", method="POST"), lookups]
    ending, mine = go(made)
    assert (ending.outcome, len(mine), len(made.calls("POST"))) == ("unknown", 1, 1)


def test_trouble_while_looking_for_a_lost_post(step: MakeStep) -> None:
    """While look-ups fail, the absence of our reference is not believed, and nothing is sent again."""
    made = step()
    made.simulator.faults += [
        Fault("lost_done", method="POST"),
        Fault("status", method="GET", path="/actions$", skip=2, code=502, count=60),
    ]
    exactly_one(made)
    assert len(made.calls("POST")) == 1


def test_a_lost_post_and_look_ups_that_fail_to_the_end(step: MakeStep) -> None:
    """Where no look-up works before the timeout, the outcome is unknown, in time."""
    made = step()
    gone = Fault("status", method="GET", path="/actions$", skip=2, code=429, retry_after=5, count=None)
    made.simulator.faults += [Fault("lost_done", method="POST"), gone]
    ending, mine = go(made, timeout="2m")
    assert (ending.outcome, len(mine), len(made.calls("POST"))) == ("unknown", 1, 1)
    assert 110 < ending.seconds <= 150


@pytest.mark.parametrize(
    ("code", "words"), [(400, "git_ref"), (401, "api_token"), (402, "owner"), (403, "'redeploy'"), (404, "deleted")]
)
def test_a_refused_post_scheduled_nothing(step: MakeStep, code: int, words: str) -> None:
    """A POST refused for good ends the run at once: failed, nothing scheduled, and what to do about it."""
    made = step()
    made.simulator.faults.append(Fault("status", method="POST", code=code, count=None))
    ending, mine = go(made)
    assert (ending.outcome, ending.status, mine) == ("failed", 1, [])
    assert "Nothing was scheduled" in ending.outputs["reason"]
    assert words in ending.errors[0]
    assert len(made.calls("POST")) == 1


@pytest.mark.parametrize(
    ("token", "stack"),
    [("wrong-token", None), ("expired-token", None), ("no-scope-token", None), ("demo-token", "nowhere")],
)
def test_what_is_wrong_shows_before_the_post(step: MakeStep, token: str, stack: str | None) -> None:
    """A wrong token, scope, account or stack ends the run before anything is asked for."""
    made = step()
    ending, mine = go(made, api_token=token, **({"stack_id": stack} if stack else {}))
    assert (ending.outcome, mine, made.calls("POST")) == ("failed", [], [])
    assert "Nothing was scheduled" in ending.outputs["reason"]


def test_an_address_that_redirects_is_told(step: MakeStep) -> None:
    """An api_url that only redirects ends the run before the POST, and the advice names the input."""
    made = step()
    made.simulator.faults.append(Fault("redirect", count=None))
    ending, mine = go(made)
    assert (ending.outcome, mine, made.calls("POST")) == ("failed", [], [])
    assert "Check the input api_url" in ending.errors[0]


def test_a_token_that_may_only_read_scheduled_nothing(step: MakeStep) -> None:
    """A token without the scope redeploy is told so at the POST."""
    ending, mine = go(step(), api_token="public-token")
    assert (ending.outcome, mine) == ("failed", [])
    assert "'redeploy'" in ending.errors[0]


def test_trouble_before_the_post_is_waited_out(step: MakeStep) -> None:
    """What is read before the POST is tried until it works, and the POST is sent once."""
    made = step()
    made.simulator.faults.append(Fault("html", method="GET", count=12))
    exactly_one(made)
    assert len(made.calls("POST")) == 1


def test_trouble_before_the_post_until_the_timeout(step: MakeStep) -> None:
    """Where the stack can't be read before the timeout, nothing is asked for."""
    made = step()
    made.simulator.faults.append(Fault("refuse", count=None))
    ending, mine = go(made, timeout="1m")
    assert (ending.outcome, mine, made.calls("POST")) == ("timed_out", [], [])
    assert ending.seconds <= 60 + 30


def test_an_odd_refusal_of_the_actions_ends_it_before_the_post(step: MakeStep) -> None:
    """A refusal of the actions that says nothing of a missing permission ends the run before the POST."""
    made = step()
    made.simulator.faults.append(Fault("status", method="GET", path="/actions", code=400, count=None))
    ending, mine = go(made)
    assert (ending.outcome, mine, made.calls("POST")) == ("failed", [], [])


def test_nothing_is_asked_for_after_the_timeout(step: MakeStep) -> None:
    """Where what is read before the POST takes longer than the timeout, nothing is scheduled any more."""
    made = step()
    made.simulator.faults.append(Fault("slow", method="GET", path="/deployments$", seconds=15))
    ending, mine = go(made, timeout="5s")
    assert (ending.outcome, mine, made.calls("POST")) == ("timed_out", [], [])


def test_nothing_is_sent_again_after_the_timeout(step: MakeStep) -> None:
    """Where the look-up of a lost POST takes longer than the timeout, nothing is sent again."""
    made = step()
    slow = Fault("slow", method="GET", path="/actions$", after=60, seconds=15, count=None)
    made.simulator.faults += [Fault("lost_undone", method="POST"), slow]
    ending, mine = go(made, timeout="70s")
    assert (ending.outcome, mine, len(made.calls("POST"))) == ("unknown", [], 1)


@pytest.mark.parametrize("code", [403, 404])
def test_a_lost_post_with_unreadable_actions(step: MakeStep, code: int) -> None:
    """Where actions can't be read, a lost POST can't be looked up: unknown, and nothing is sent again."""
    made = step()
    unreadable = Fault("status", method="GET", path="/actions", code=code, count=None)
    made.simulator.faults += [unreadable, Fault("lost_done", method="POST")]
    ending, mine = go(made)
    assert (ending.outcome, len(mine), len(made.calls("POST"))) == ("unknown", 1, 1)
    assert "actions can't be read" in ending.outputs["reason"]


@pytest.mark.parametrize("ignored", [False, True])
def test_a_reference_that_served_before(step: MakeStep, ignored: bool) -> None:
    """An earlier run with our reference is neither adopted nor cancelled nor taken for a duplicate."""
    made = step(behaviour=Behaviour(ignore_reference_filter=ignored, per_page=5))
    asked: dict[str, Any] = {"via": "api", "user": "ci@example.com", "user_reference": "prod"}
    earlier = [made.simulator.request_deployment(duration=5, **asked) for _ in range(2)]
    made.clock.advance(60)
    made.simulator.faults.append(Fault("lost_done", method="POST"))
    ending = made.run(user_reference="prod")
    ours = [one for one in made.mine(ending) if one not in earlier]
    assert (ending.outcome, len(ours)) == ("success", 1)
    assert ending.outputs["deployment_id"] == str(ours[0].id)
    assert (ending.warnings, made.calls("DELETE")) == ([], [])


def test_an_earlier_run_still_under_way(step: MakeStep) -> None:
    """A lost POST is not taken for done because an earlier run with the same reference is still going on."""
    made = step()
    asked: dict[str, Any] = {"via": "api", "user": "ci@example.com", "user_reference": "prod"}
    earlier = made.simulator.request_deployment(duration=200, **asked)
    made.simulator.faults.append(Fault("lost_undone", method="POST"))
    ending = made.run(user_reference="prod")
    ours = [one for one in made.mine(ending) if one is not earlier]
    assert (ending.outcome, [str(one.id) for one in ours]) == ("success", [ending.outputs["deployment_id"]])


def test_an_abort_just_before_the_post_sent_nothing(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes after the last look and before the POST ends the run as cancelled with nothing scheduled."""
    made = step()
    announce = room._announce

    def announce_slowly(*arguments: Any) -> None:
        announce(*arguments)
        made.clock.advance(5)

    monkeypatch.setattr(room, "_announce", announce_slowly)
    ending = made.run(abort_at=3)
    assert (ending.outcome, made.calls("POST")) == ("cancelled", [])
    assert "Nothing was scheduled" in ending.outputs["reason"]
