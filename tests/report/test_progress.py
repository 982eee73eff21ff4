"""What a look is worth saying, and when the next one comes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.polling.pauses import pause_before_next_look
from cloud66_redeploy.report.progress import progress
from cloud66_redeploy.report.reporter import Narrator
from records import tracked

RUNNING = {"started_at": "2026-01-01T00:00:00Z", "is_deploying": True}
ENDED = {**RUNNING, "finished_at": "2026-01-01T00:01:00Z", "is_deploying": False, "outcome": {"code": 1}}
ACTION = Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"})


def one(**fields: object) -> Deployment:
    """A deployment's record, read."""
    return Deployment.from_json({"id": 108, **fields})


QUEUED = one()


@pytest.mark.parametrize(
    ("known", "name", "text"),
    [
        ({}, "the redeploy", "scheduled, waiting for the deployment to appear"),
        ({"action": ACTION}, "the redeploy (stack action 40)", "scheduled, waiting for the deployment to appear"),
        ({"maybe_started": True}, "the redeploy", "running, deployment not identified yet"),
        *(
            ({"deployment": deployment, **more}, "the redeploy (probably deployment 108)", text)
            for deployment, more, text in (
                (QUEUED, {}, "queued"),
                (QUEUED, {"ahead": ()}, "queued"),
                (QUEUED, {"ahead": (QUEUED,)}, "queued behind deployment 108"),
                (QUEUED, {"ahead": (QUEUED,) * 3}, "queued behind deployment 108 and 2 more"),
                (
                    QUEUED,
                    {"ahead": (QUEUED, one(id=105, **RUNNING))},
                    "queued behind deployment 105 and 1 more",
                ),
                (
                    QUEUED,
                    {"ahead": (one(id=5, triggered_by="a", **RUNNING),)},
                    "queued behind deployment 5 (started by a)",
                ),
                (one(**RUNNING), {}, "deploying"),
                (one(**RUNNING, git_hash="0123456789abcdef"), {}, "deploying commit 0123456789"),
                (one(**ENDED), {}, "success, confirming"),
                (one(**RUNNING), {"record_vanished": True}, "its record has disappeared, still checking"),
            )
        ),
    ],
)
def test_progress(known: dict[str, object], name: str, text: str) -> None:
    """Where ours stands is said in words, as far as it is known."""
    assert progress(tracked("r", **known)) == f"{name}: {text}"


def test_narrator_says_what_is_new() -> None:
    """A change is said at once, the same again a minute after it was last said; how far it is is no news by itself."""
    said: list[str] = []
    narrator = Narrator(said.append)
    for elapsed in (0, 30, 59.9, 60, 100, 119.9, 120):
        narrator.tell(elapsed, "queued")
    for elapsed, percent in ((121, 1), (130, 5), (180.9, 10), (181, 20)):
        narrator.tell(elapsed, "deploying", f", {percent} %")
    narrator.tell(182, "queued")
    queued = ["[0s] queued", "[1m] queued", "[2m] queued"]
    assert said == [*queued, "[2m01s] deploying, 1 %", "[3m01s] deploying, 20 %", "[3m02s] queued"]


@given(st.floats(0, 1e6), st.floats(0.1, 100), st.integers())
def test_pause_is_bounded(elapsed: float, interval: float, seed: int) -> None:
    """A pause is about a twentieth of the time waited, 2 s to 15 s give or take a tenth, never above the interval."""
    pause = pause_before_next_look(elapsed, interval, rng=random.Random(seed))
    steady = min(15.0, max(2.0, 0.05 * elapsed))
    assert min(steady * 0.9, interval) <= pause <= min(steady * 1.1, interval)


def test_pause_is_jittered() -> None:
    """Jobs that started together do not look together; the share may be another one."""
    assert len({pause_before_next_look(100, 30) for _ in range(5)}) > 1
    assert 8 < pause_before_next_look(60, 30, 0.15) < 10
