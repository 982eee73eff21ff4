"""Asking for the redeploy exactly once, through the whole step; the stand-in knows the truth."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from cases import CI, Case, MakeStep, play
from cloud66_redeploy.commands import redeploy as room
from cloud66_redeploy.tracking.observer import Observer
from cloud66_simulator import DOCKER_STACK, Fault
from elsewhere import rows

NOT_KNOWN = "may or may not have been scheduled"
NOTHING = "No deployment was started"
POST = partial(Fault, method="POST")
GET = partial(Fault, method="GET")
BUSY = partial(Fault, "status", method="POST", code=429)
LOST_DONE, LOST_UNDONE = POST("lost_done"), POST("lost_undone")


@rows("fault, posts", {
    "lost, done": (LOST_DONE, 1),
    "cut off, done": (POST("truncated"), 1),
    "late, done after 45 s": (POST("late", seconds=45), 1),
    "500, done after 45 s": (POST("late_status", seconds=45, code=500), 1),
    "lost, not done": (LOST_UNDONE, 2),
    "refused": (POST("refuse"), 2),
    "throttled": (POST("throttle"), 2),
    "500, not done": (POST("status", code=500), 2),
})  # fmt: skip
def test_one_lost_post_is_one_deployment(step: MakeStep, fault: Fault, posts: int) -> None:
    """Whatever becomes of a POST, exactly one deployment comes of it, and it is found."""
    played = play(step, Case(faults=(fault,), posts=posts))
    [mine], outputs = played.mine, played.ending.outputs
    assert (outputs["deployment_id"], outputs["action_id"]) == (str(mine.id), str(mine.action_id))


@rows("fault, least, most", {
    "absent for a minute": (LOST_UNDONE, 60, 75),
    "as late as it was asked to": (BUSY(retry_after=77), 77, 79),
    "once a minute while throttled": (POST("throttle", until=70, count=None), 60, 62),
})  # fmt: skip
def test_a_second_post_comes_no_sooner_than_it_may(step: MakeStep, fault: Fault, least: float, most: float) -> None:
    """A lost POST is sent again only after its settle time, a declined one no sooner than the server asks for."""
    first, second, *_ = play(step, Case(faults=(fault,), posts=None)).times("POST")
    assert least <= second - first <= most


@rows("case", {
    "an action that shows late is taken": Case(
        faults=(LOST_DONE,), dials={"action_record_delay_seconds": 9, "post_shape": "async_action_id"},
        logs=("Not sending it again",),
    ),
    "two lost POSTs are enough": Case(
        "unknown", (POST("lost_undone", count=None),), ours=0, posts=2, says=(NOT_KNOWN,), hides=(NOTHING,)
    ),
    "a refused connection is tried until the timeout": Case(
        "timed_out", (POST("refuse", count=None),), inputs={"timeout": "3m"}, ours=0, posts=7, says=(NOTHING,),
        seconds=(0, 180),
    ),
    "a pause longer than the timeout ends it at once": Case(
        "timed_out", (BUSY(retry_after=3000),), inputs={"timeout": "5m"}, ours=0, seconds=(0, 5),
        says=("is used up. Cloud 66 asks to wait 50m. No",), hides=("passed",),
    ),
    "the hour's calls are used up": Case(
        "timed_out", (POST("throttle", count=None),), inputs={"timeout": "5m"}, ours=0, posts=5,
        says=("limit of the token's user is used up. No",), hides=("1m",), advises="All jobs with tokens of this user",
    ),
    "a second POST is declined, the first comes late": Case(
        faults=(POST("late", seconds=70), BUSY(retry_after=30)), posts=2
    ),
    "the look-up before a third POST fails": Case(
        faults=(
            POST("late", seconds=70), BUSY(retry_after=30),
            GET("status", path="/actions", code=502, after=75, until=130, count=None),
        ),
        posts=2,
    ),
    "lost, and then no time": Case(
        "unknown", (LOST_UNDONE, BUSY(retry_after=3000)), ours=0, posts=2, hides=(NOTHING,)
    ),
    "lost, and then refused": Case(
        "unknown", (LOST_UNDONE, POST("status", code=400)), ours=0, posts=2, hides=(NOTHING,)
    ),
    "lost, and every look-up is refused": Case(
        "unknown", (LOST_DONE, GET("status", path="(/actions|^/stacks/[^/]+)$", skip=3, code=401, count=None)),
    ),
    "lost, and look-ups fail to the end": Case(
        "unknown",
        (LOST_DONE, GET("status", path="/actions$", skip=2, code=429, retry_after=5, count=None)),
        inputs={"timeout": "2m"}, seconds=(110, 150), says=("its reference couldn't be looked up",),
    ),
    "lost, and the look-up takes longer than the timeout": Case(
        "unknown", (LOST_UNDONE, GET("slow", path="/actions$", after=60, seconds=15, count=None)),
        inputs={"timeout": "70s"}, ours=0,
    ),
    "lost, where actions are never readable": Case(
        "unknown", (GET("status", path="/actions", code=403, count=None), LOST_DONE),
        says=("stack actions can't be read",),
    ),
    "never left, where actions are never readable": Case(
        faults=(GET("status", path="/actions", code=403, count=None), POST("refuse")), posts=2
    ),
    "said never to have left, but done, where actions are never readable": Case(
        "unknown", (GET("status", path="/actions", code=403, count=None), POST("late_status", seconds=1, code=409)),
        says=("stack actions can't be read",), hides=(NOTHING,),
    ),
    "refused for good": Case(
        "failed", (POST("status", code=403, count=None),), ours=0, says=(NOTHING,), advises="redeploy"
    ),
    "never left, and every look-up is refused": Case(
        "failed", (POST("refuse"), GET("status", code=401, skip=4, count=None)), ours=0
    ),
})  # fmt: skip
def test_exactly_once(step: MakeStep, case: Case) -> None:
    """What may have been done is looked up before it is sent again, twice at most; nobody claims what isn't known."""
    play(step, case)


@rows("case", {
    "a wrong token": Case("failed", inputs={"api_token": "wrong-token"}),
    "a rollback of a Docker stack": Case("failed", inputs={"stack_id": DOCKER_STACK, "rollback": "true"}),
    "a stack that is not there": Case("failed", inputs={"stack_id": "nowhere"}),
    "nobody can be reached": Case(
        "timed_out", (Fault("refuse", count=None),), inputs={"timeout": "1m"}, seconds=(0, 90)
    ),
    "an odd refusal of the actions": Case("failed", (GET("status", path="/actions", code=400, count=None),)),
    "a list that takes longer than the timeout": Case(
        "timed_out", (GET("slow", path="/deployments$", seconds=15),), inputs={"timeout": "5s"}
    ),
    "a list that is refused and refused": Case(
        "failed", (Fault("status", path="/deployments", code=403, count=None),)
    ),
    "trouble that is waited out": Case(faults=(GET("html", count=12),), ours=1, posts=1),
    "one no to the list": Case(faults=(Fault("status", path="/deployments", code=410),), ours=1, posts=1),
})  # fmt: skip
def test_what_is_wrong_shows_before_the_post(step: MakeStep, case: Case) -> None:
    """What lasts of a wrong token, account, stack, address or network ends the run before anything is asked for."""
    ends = case.outcome != "success"
    play(step, replace(case, ours=0, posts=0, says=(NOTHING,)) if ends else case)


@pytest.mark.parametrize("fault", [LOST_UNDONE, POST("refuse")])
def test_nothing_is_sent_again_before_a_look_up_has_worked(step: MakeStep, fault: Fault) -> None:
    """As long as the reference can't be looked up, neither a lost request nor one that never left is sent again."""
    played = play(step, Case(faults=(fault, GET("status", code=500, skip=4, count=9)), posts=2))
    sent, again = played.times("POST")
    requests = [one for one in played.made.simulator.requests if one.path.endswith("/actions")]
    assert any(sent < one.time - played.made.simulator.started < again and one.status == 200 for one in requests)


def test_one_that_shows_right_after_its_look_up(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """An action that shows only as deployments and actions are counted is taken, and nothing is sent again."""
    monkeypatch.setattr(Observer, "read_action", lambda _: None)
    play(step, Case(faults=(LOST_DONE,), logs=("Not sending it again",), seconds=(60, 80)))


SHARED = CI | {"user_reference": "prod"}


@rows("case", {
    "over, and the filter ignored": Case(
        faults=(LOST_DONE,), others=((0, SHARED | {"duration": 5}),) * 2, head_start=60,
        dials={"ignore_reference_filter": True, "per_page": 5},
    ),
    "still under way": Case(faults=(LOST_UNDONE,), others=((0, SHARED | {"duration": 200}),), posts=2),
})  # fmt: skip
def test_a_reference_that_served_before(step: MakeStep, case: Case) -> None:
    """An earlier run with our reference is neither adopted nor cancelled nor taken for a duplicate."""
    played = play(step, replace(case, inputs={"user_reference": "prod"}, ours=None))
    [mine] = [one for one in played.mine if one not in played.theirs]
    assert played.ending.outputs["deployment_id"] == str(mine.id)
    assert played.ending.warnings == []


def test_a_reference_that_somebody_else_uses_meanwhile(step: MakeStep) -> None:
    """A request that never left is not taken for what another run with our reference has asked for since."""
    others = ((1.0, SHARED | {"duration": 60}),)
    case = Case("unknown", (POST("refuse"),), inputs={"user_reference": "prod"}, others=others, ours=None)
    assert play(step, replace(case, hides=(NOTHING,))).ending.outputs["deployment_id"] == ""


def test_an_abort_just_before_the_post_sent_nothing(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes after the last look and before the POST ends the run as cancelled with nothing scheduled."""
    made, announce = step(), room._announce

    def announce_slowly(*arguments: Any) -> None:
        announce(*arguments)
        made.clock.sleep(5)

    monkeypatch.setattr(room, "_announce", announce_slowly)
    ending = made.run(abort_at=3)
    assert (ending.outcome, made.calls("POST")) == ("cancelled", [])
    assert NOTHING in ending.outputs["reason"]
