"""What has to hold after the second step of a schedule (see invariants.py)."""

from invariants import Told, Truth, check_success


def check_later(told: Told, named: str, reference: str, number: str, truth: Truth, over_at: float) -> None:
    """Assert what holds for a second step that names the deployment of the first one."""
    outcome, outputs = told.ending.outcome, told.ending.outputs
    assert not told.posts, f"{told.command} asked for a deployment"
    meant = [truth.named(int(number))] if named in {"id", "both"} else truth.mine
    ids = {one.id for one in meant}
    deleted = set(told.ids_of("DELETE"))
    if named != "none":
        known = {"", *map(str, ids)}
        assert told.ending.ever("deployment_id") <= known, "another deployment was taken for the named one"
        assert deleted <= ids, "a deployment was cancelled that was not named"
        assert outputs["user_reference"] == ("" if named == "id" else reference)
    elif deleted:
        assert deleted == {int(outputs["deployment_id"])}
        when = max(when for when, method, _ in told.calls if method == "DELETE") + truth.started
        assert truth.named(deleted.pop()).starts_at <= when, "one that only waited was cancelled"
    if told.command == "status":
        assert not told.ids_of("DELETE"), "status cancelled"
        assert told.ending.status == 0 or outcome in {"unknown", "failed"}
    if outputs["deployment_id"]:
        meant = [truth.named(int(outputs["deployment_id"]))]
    if outcome == "success":
        expected = told.inputs.get("expected_commit", "")
        if told.command == "wait" and named != "id":
            check_success(meant, expected, over_at)
        assert meant[0].succeeds, "called a success"
        assert meant[0].ends_at <= over_at, "called a success before it was over"
    if outcome == "cancelled" and told.ending.status == 0:
        assert meant[0].final_fate == "cancelled", f"called cancelled, but it {meant[0].final_fate}"
        assert meant[0].ends_at <= over_at, "called cancelled before it was over"
