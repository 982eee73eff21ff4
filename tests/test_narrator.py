"""What a look is worth saying, and when the next one comes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.errors import Unclear
from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.polling.pace import pause_before_next_look
from cloud66_redeploy.report.progress import progress
from cloud66_redeploy.report.reporter import Narrator
from cloud66_redeploy.tracking.tracking import Tracking
from records import tracked

PROBABLY = "the redeploy (probably deployment"


def deployment(**fields: object) -> Deployment:
    """A deployment's record, read."""
    return Deployment.from_json({"id": 108, **fields})


RUNNING = {"started_at": "2026-01-01T00:00:00Z", "is_deploying": True}
ENDED = {**RUNNING, "finished_at": "2026-01-01T00:01:00Z", "is_deploying": False}
ACTION = Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("tracking", "text"),
    [
        (tracked("r"), "the redeploy: scheduled; its deployment has not shown yet"),
        (tracked("r", action=ACTION), "the redeploy (action 40): scheduled; its deployment has not shown yet"),
        (tracked("r", maybe_started=True), "the redeploy: under way; which deployment it is can't be told yet"),
        (tracked("r", deployment=deployment()), f"{PROBABLY} 108): queued"),
        (tracked("r", deployment=deployment(), ahead=()), f"{PROBABLY} 108): queued"),
        (
            tracked("r", deployment=deployment(), ahead=(deployment(),)),
            f"{PROBABLY} 108): queued behind 1 other deployment",
        ),
        (
            tracked("r", deployment=deployment(), ahead=(deployment(), deployment(), deployment())),
            f"{PROBABLY} 108): queued behind 3 other deployments",
        ),
        (
            tracked("r", deployment=deployment(), ahead=(deployment(), deployment(id=105, **RUNNING))),
            f"{PROBABLY} 108): queued behind 2 other deployments; 105 is deploying now",
        ),
        (
            tracked("r", deployment=deployment(), ahead=(deployment(id=5, triggered_by="a", **RUNNING),)),
            f"{PROBABLY} 108): queued behind 1 other deployment; 5 is deploying now, triggered by a",
        ),
        (tracked("r", deployment=deployment(**RUNNING)), f"{PROBABLY} 108): deploying"),
        (
            tracked("r", deployment=deployment(**RUNNING, git_hash="0123456789abcdef")),
            f"{PROBABLY} 108): deploying commit 0123456789",
        ),
        (
            tracked("r", deployment=deployment(**ENDED, outcome={"code": 1})),
            f"{PROBABLY} 108): success; checking it against its action",
        ),
        (
            tracked("r", deployment=deployment(**RUNNING), record_vanished=True),
            f"{PROBABLY} 108): its record has disappeared; looking on",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_progress(tracking: Tracking, text: str) -> None:
    """Where ours stands is said in words, as far as it is known."""
    assert progress(tracking) == text


def test_how_far_it_is_is_no_news() -> None:
    """How far ours is goes with a line that is said anyway, and makes none by itself."""
    said: list[str] = []
    narrator = Narrator(said.append)
    for elapsed, percent in ((0, 1), (30, 10), (59.9, 20), (60, 30)):
        narrator.tell(elapsed, "deploying", f", {percent} %")
    assert said == ["[0s] deploying, 1 %", "[1m] deploying, 30 %"]


def test_narrator_says_what_is_new() -> None:
    """A change is said at once, the same again only after a minute, counted from when it was last said."""
    said: list[str] = []
    narrator = Narrator(said.append)
    for elapsed in (0, 30, 59.9, 60, 100, 119.9, 120):
        narrator.tell(elapsed, "queued")
    for elapsed in (121, 130, 180.9, 181):
        narrator.tell(elapsed, "deploying")
    narrator.tell(182, "queued")
    assert said == [
        "[0s] queued",
        "[1m] queued",
        "[2m] queued",
        "[2m01s] deploying",
        "[3m01s] deploying",
        "[3m02s] queued",
    ]


@given(st.floats(0, 1e6), st.floats(0.1, 100), st.integers())
def test_pause_is_bounded(elapsed: float, interval: float, seed: int) -> None:
    """A pause is about a twentieth of the time waited, 2 s to 15 s give or take a tenth, never above the interval."""
    pause = pause_before_next_look(elapsed, interval, rng=random.Random(seed))
    steady = min(15.0, max(2.0, 0.05 * elapsed))
    assert min(steady * 0.9, interval) <= pause <= min(steady * 1.1, interval)


def test_pause_is_jittered() -> None:
    """Jobs that started together do not look together."""
    assert len({pause_before_next_look(100, 30) for _ in range(5)}) > 1


def test_pause_of_another_share() -> None:
    """The share may be another one."""
    assert 8 < pause_before_next_look(60, 30, 0.15) < 10


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Unclear("GET /x", ""), 0),
        (Unclear("GET /x", "", retry_after=7), 7),
        (Unclear("GET /x", "", throttled=True), 60),
        (Unclear("GET /x", "", throttled=True, retry_after=7), 60),
        (Unclear("GET /x", "", throttled=True, retry_after=90), 90),
    ],
)
def test_pause_asked_for(error: Unclear, seconds: float) -> None:
    """The server is left alone as long as it asks for, a minute at least once the hourly limit is used up."""
    assert error.pause_asked_for == seconds
