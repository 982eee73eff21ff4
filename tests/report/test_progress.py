"""What a look is worth saying."""

import pytest

from cloud66_redeploy.model.records import Action, Deployment
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
