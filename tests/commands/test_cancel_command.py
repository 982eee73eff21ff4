"""`command: cancel`: one deployment, and no other, until it took; what was over already is said, and no error."""

from typing import Any

import pytest

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.model.records import Deployment
from cloud66_simulator import Behaviour, Fault
from elsewhere import ABORT_SECONDS, ANN, BOTH, CI, ID, LONG, REF, Case, MakeStep, asked, cancelled, check, play, rows

GOES_ON: dict[str, Any] = {"mine": {"duration": LONG}}
TAKES: dict[str, Any] = GOES_ON | {"deletes": ["108"]}
NOT_THERE: dict[str, Any] = {"mine": None, "number": "", "seconds": (60, 70)}
TWICE: dict[str, Any] = GOES_ON | {"behind": [REF | CI | {"duration": LONG}]}
IN_TWO_MINUTES = REF | {"timeout": "2m"}


def delete(kind: Any = "status", **fields: Any) -> list[Fault]:
    """Let something go wrong with each DELETE."""
    return [Fault(kind, **({"method": "DELETE", "count": None} | fields))]


@rows("case", {
    **{
        words: Case(
            "cancelled", by, **TAKES, behind=[{"duration": LONG}],
            dials={"cancelled_as": how, "cancel_takes_seconds": takes},
            says=["Cancellation was requested. Deployment 108 was cancelled."],
            # By its reference alone it is inferred, and others get the time to show.
            seconds=(takes, takes + 10 + 20 * (by == REF)),
        )
        for words, how, takes, by in (
            ("at once, by reference", "cancelled", 0.0, REF),
            ("at once, shown as failed, by id", "failed", 0.0, ID),
            ("late, shown as null, by both", "null", 40.0, BOTH),
            ("late, without a name", "cancelled", 40.0, {}),
        )
    },
    "one that waits": Case(
        "cancelled", REF, ahead=[ANN | {"duration": LONG}], number="109", deletes=["109"]),
    **{
        f"before, by id: {how}": Case(outcome, ID, mine={"fate": how}, ago=100, says=[words], seconds=(0, 20))
        for how, outcome, words in (
            ("failed", "failed", "Deployment 108 failed"),
            ("cancelled", "cancelled", "was already cancelled"),
        )
    },
    "a success before, by reference": Case("success", ago=100, says=["had already succeeded"]),
    "nothing runs any more": Case("skipped", {}, ago=100, number="", says=["not deploying, so nothing was cancelled"]),
    "a shared reference": Case(
        "unknown", **TWICE, number="", seconds=(0, 10),
        says=["Several deployments have the reference mine", "Nothing was cancelled."]),
    "a shared reference, and the id": Case("cancelled", ID, **TWICE, deletes=["108"]),
    "somebody else's": Case("unknown", **NOT_THERE, ahead=[CI | {"duration": LONG}]),
    "an id that isn't the reference's": Case(
        "unknown", IN_TWO_MINUTES | {"deployment_id": "109"}, **GOES_ON, behind=[ANN | {"duration": LONG}], number=""),
    "a stack that can't be read": Case(
        "cancelled", **TAKES, seconds=(15, 60), log=["Couldn't read"],
        faults=[Fault("status", method="GET", path="^/stacks/[^/]+$", code=502, count=None)]),
    "one that just ended": Case("success", ID, mine={"duration": 6}, faults=delete(code=409, count=1), deletes=["108"]),
    "declined for a while": Case("cancelled", **TAKES, faults=delete(code=429, until=100), seconds=(90, 200)),
    "a cancellation that is lost": Case("cancelled", **TAKES, faults=delete("lost_done", count=3)),
    "500 whenever it is sent": Case(
        "unknown", IN_TWO_MINUTES, **TAKES, faults=delete(), number="", seconds=(115, 120 + 30.1),
        says=["Cancellation was requested, but the redeploy (probably deployment 108) may not have been cancelled"]),
    "one that does not take in time": Case(
        "timed_out", REF | {"timeout": "1m"}, mine={"duration": 1e6}, dials={"cancel_takes_seconds": 1e6},
        number="", deletes=["108"], says=["which hasn't finished yet"], seconds=(60, 61)),
    "401 at the first look": Case(
        "unknown", **GOES_ON, faults=[Fault("status", code=401, count=None)], number="", seconds=(0, 9)),
    # What is only inferred is not cancelled before it has been the only candidate for 15 s.
    "402 at the cancellation": Case("unknown", **TAKES, faults=delete(code=402), number="", seconds=(15, 30)),
    "a list that is refused": Case(
        "unknown", {}, **GOES_ON, number="", log=["may lack the scope public"],
        faults=[Fault("status", method="GET", path="/deployments", code=403, skip=1, count=None)]),
    "it fails while the cancellation is lost": Case(
        "failed", ID, mine={"duration": 30, "fate": "failed"}, faults=delete("lost_undone"), deletes=["108"],
        says=["Cloud 66 didn't confirm the cancellation"]),
})  # fmt: skip
def test_how_a_cancellation_ends(step: MakeStep, case: Case) -> None:
    """The one that is meant is cancelled, and no other, until that took; what was over is said, and no error."""
    made, ending = play(step, "cancel", case)
    assert ending.outputs["results"] == ""
    assert ("What to do:" in ending.summary) is (ending.status == 1)
    if (ending.outcome, ending.outputs["deployment_id"]) == ("cancelled", "108") and not case.faults:
        assert len(made.calls("DELETE")) == (case.ago == 5)


def test_several_that_run(step: MakeStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should more than one be running, none is cancelled unless its id is given."""
    deployments = Client.deployments

    def twins(self: Client) -> list[Deployment]:
        found = deployments(self)
        return [Deployment.from_json({**found[0].record, "id": 999}), *found]

    monkeypatch.setattr(Client, "deployments", twins)
    words = "The deployments 999 and 108 are running, so none was cancelled."
    play(step, "cancel", Case("unknown", {}, **GOES_ON, number="", says=[words], log=["deployment_id"]))
    play(step, "cancel", Case("cancelled", ID, **TAKES))


UNCHANGED, NOT_YET = "The step changed nothing", "The deployment was not cancelled."
UNSEEN, TOOK = "hasn't confirmed the cancellation", "Cancellation was requested. Deployment 108 was cancelled."


@rows("by, at, takes, words", {
    "while the stack is read": (ID, 0.07, 2.0, UNCHANGED),
    "while others may show": (REF, 10.0, 2.0, NOT_YET),
    "during the DELETE": (ID, 0.2, LONG, UNSEEN),
    "after it took": (ID, 9.0, 2.0, TOOK),
    "before it takes, by reference": (REF, 50.0, LONG, UNSEEN),
})  # fmt: skip
def test_an_abort_in_the_middle(step: MakeStep, by: dict[str, Any], at: float, takes: float, words: str) -> None:
    """A workflow that is cancelled meanwhile ends the step in time; what is said of the cancellation is true."""
    made = step(behaviour=Behaviour(cancel_takes_seconds=takes))
    mine = asked(made, duration=LONG)
    ending = made.run(command="cancel", abort_at=at, **by)
    check(made, ending, as_asked=words == TOOK)
    assert (ending.outcome, ending.seconds <= at + ABORT_SECONDS) == ("cancelled" if words == TOOK else "unknown", True)
    assert words in ending.outputs["reason"]
    assert bool(cancelled(made)) is (words in {UNSEEN, TOOK})
    assert (mine.ends_at <= made.clock.now()) is (words == TOOK)
    assert "Nothing to clean up" in made.clean_up(ending.state).log


def test_a_stranger_whose_record_shows_first_is_not_cancelled(step: MakeStep) -> None:
    """By a reference alone nothing is cancelled before late records have had their time to show."""
    made = step(behaviour=Behaviour(deployment_record_delay_seconds=9))
    made.simulator.request_deployment(duration=LONG, record_delays=(0.0, 4.0), **CI)
    mine = asked(made, duration=LONG, ago=0)
    made.run(command="cancel", user_reference="mine", timeout="2m")
    assert set(cancelled(made)) <= {str(mine.id)}
