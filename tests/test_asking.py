"""Asking without waiting: what is put out is sure, because a later step may be told to cancel it."""

from collections.abc import Callable
from typing import Any

import pytest

from campaign import EventClock
from cloud66_simulator import Behaviour, Fault
from harness import Step

MakeStep = Callable[..., Step]
LATE = (0.0, 4.0)
"""A deployment that shows at once, its action late."""


@pytest.mark.parametrize("shape", ["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"])
def test_the_id_is_put_out_only_where_it_is_sure(step: MakeStep, shape: Any) -> None:
    """Without waiting, the deployment's id is told where the answer leads to it; the action's is told in any case."""
    made = step(behaviour=Behaviour(post_shape=shape))
    ending = made.run(wait="false")
    [mine] = made.mine(ending)
    assert (ending.outcome, ending.outputs["action_id"]) == ("scheduled", str(mine.action_id))
    assert ending.outputs["deployment_id"] == (str(mine.id) if shape == "deployment_id" else "")
    assert ending.warnings == []


def test_somebody_elses_is_not_put_out(step: MakeStep) -> None:
    """Where a stranger's deployment shows before its own action, and ours not yet, theirs is not told as ours."""
    clock = EventClock()
    made = step(clock=clock, behaviour=Behaviour(post_shape="async_action_id", deployment_record_delay_seconds=9))
    same: dict[str, Any] = {"user": "ci@example.com", "via": "api", "record_delays": LATE}
    clock.plan(0.2, lambda: made.simulator.request_deployment(**same))
    assert made.run(wait="false").outputs["deployment_id"] == ""


def test_a_look_that_brings_nothing(step: MakeStep) -> None:
    """Where the one look brings nothing, it is scheduled all the same, and the log says why no id is known."""
    made = step()
    made.simulator.faults.append(Fault("html", method="GET", skip=4, count=None))
    ending = made.run(wait="false")
    assert (ending.outcome, ending.outputs["deployment_id"], len(made.mine(ending))) == ("scheduled", "", 1)
    assert "The ids are not known yet" in ending.log
