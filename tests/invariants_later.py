"""What has to hold after the second step of a schedule (see invariants.py)."""

from invariants import Told, Truth, check_success, stood_alone
from schedules import Schedule


def check_later(schedule: Schedule, told: Told, truth: Truth, over_at: float) -> None:
    """Assert what holds for a second step; by its inputs it may name the deployment of the first one."""
    outcome, outputs = told.ending.outcome, told.ending.outputs
    reference, number = told.inputs["user_reference"], told.inputs["deployment_id"]
    assert not told.posts, f"{told.command} asked for a deployment"
    meant = [truth.named(int(number))] if number else truth.mine
    ids = {one.id for one in meant}
    deleted = {int(path.rpartition("/")[2]): when for when, method, path in told.calls if method == "DELETE"}
    if reference or number:
        known = {"", *map(str, ids)}
        assert told.ending.ever("deployment_id") <= known, "another deployment was taken for the named one"
        for other in deleted.keys() - ids:
            was_inferred = not number and stood_alone(schedule, truth, other, deleted[other] + truth.started)
            assert was_inferred, "a deployment was cancelled that was not named"
        assert outputs["user_reference"] == reference
    elif deleted:
        [(chosen, when)] = deleted.items()
        assert chosen == int(outputs["deployment_id"])
        assert truth.named(chosen).starts_at <= when + truth.started, "one that only waited was cancelled"
    if told.command == "status":
        assert not told.ids_of("DELETE"), "status cancelled"
        assert told.ending.status == 0 or outcome in {"unknown", "failed"}
    if outputs["deployment_id"]:
        meant = [truth.named(int(outputs["deployment_id"]))]
    if outcome == "success":
        expected = told.inputs.get("expected_commit", "")
        if told.command == "wait" and reference:
            check_success(meant, expected, over_at)
        assert meant[0].succeeds, "called a success"
        assert meant[0].ends_at <= over_at, "called a success before it was over"
    if outcome == "cancelled" and told.ending.status == 0:
        assert meant[0].final_fate == "cancelled", f"called cancelled, but it {meant[0].final_fate}"
        assert meant[0].ends_at <= over_at, "called cancelled before it was over"
