"""
Which deployment is live, and which was before one that failed.

What to roll back to is the last good one, where it is sure enough that rolling back is what the team wants.

Pure. Not where the failed one may still be running, not over a deployment that came after it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from cloud66_redeploy.model.fields import SKEW, is_before
from cloud66_redeploy.model.git import is_full_hash, same_commit
from cloud66_redeploy.model.outcome import Hindrance, WhyNot
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.tracking.pairing import fits, holds
from cloud66_redeploy.tracking.tracking import Tracking


def why_not(tracking: Tracking, *, is_unhealthy: bool = False) -> Hindrance | None:
    """
    Return why a failed run is not rolled back, as far as its own records tell; None where nothing speaks against it.

    The job is red for any doubt. Going back takes a deployment that has surely failed, or is surely of another commit,
    or whose application was found not to serve.
    """
    deployment, action = tracking.confirmed, tracking.action
    if deployment is None:
        return Hindrance(WhyNot.FAILED_UNIDENTIFIED)
    if tracking.sighting.record_vanished:
        return Hindrance(WhyNot.RECORD_VANISHED)
    action_failed = action is not None and action.phase is Phase.FAILED
    if deployment.phase is Phase.FAILED or (deployment.phase in {Phase.ODD, Phase.SILENT} and action_failed):
        # What a cancelled one says is not known: it may pass for one that failed, but for its action's words.
        may_be_cancelled = action is not None and "cancel" in action.message.lower()
        return Hindrance(WhyNot.MAYBE_CANCELLED) if may_be_cancelled else None
    if deployment.phase is Phase.SUCCESS and is_unhealthy:
        return None
    commit, expected = deployment.text("git_hash"), tracking.request.expected_commit
    if deployment.phase is Phase.SUCCESS and commit and expected and not same_commit(commit, expected):
        return None
    return Hindrance(deployment.phase)


def live_with(commit: str, deployments: Sequence[Deployment], actions: Sequence[Action]) -> Deployment | Hindrance:
    """Return the deployment that is surely live, if it is of that commit; else why not."""
    if not commit:
        return Hindrance(WhyNot.COMMIT_UNKNOWN)
    ended = sorted((each for each in deployments if each.phase is Phase.SUCCESS and each.finished_at), key=_end)
    live = next((each for each in reversed(ended) if each.is_live), None)
    if live is None:
        return Hindrance(WhyNot.NONE_LIVE)
    if hindrance := _what_came_after(live, deployments, actions):
        return hindrance
    deployed = live.text("git_hash")
    if not deployed:
        return Hindrance(WhyNot.LIVE_WITHOUT_COMMIT, {"live": live})
    if not same_commit(commit, deployed):
        return Hindrance(WhyNot.LIVE_OTHER_COMMIT, {"live": live, "commit": deployed})
    return live


def _what_came_after(
    live: Deployment, deployments: Sequence[Deployment], actions: Sequence[Action]
) -> Hindrance | None:
    later = next(_in_its_place(deployments, actions, live), None)
    if later is not None:
        return Hindrance(WhyNot.LIVE_SUPERSEDED, {"later": later, "live": live})
    unseen = _without_deployment(actions, deployments)
    late = next((action for action in unseen if is_before(live.finished_at, action.finished_at)), None)
    return Hindrance(WhyNot.ACTION_AFTER_LIVE, {"later": late, "live": live}) if late else None


def _without_deployment(actions: Sequence[Action], deployments: Sequence[Deployment]) -> Iterator[Action]:
    """Yield the redeploys that may have gone live and whose own deployments have not shown: those may be late."""
    left = sorted(deployments, key=lambda deployment: deployment.id)
    for _, action in sorted({action.id: action for action in actions if _may_go_live(action)}.items()):
        alike = (each for each in left if holds(each, action))
        own = next((each for each in alike if not is_before(each.started_at, action.started_at, SKEW)), None)
        if own is None:
            yield action
        else:
            left.remove(own)


def _may_go_live(action: Action) -> bool:
    # One that failed may have been cancelled as it waited; if it ran, its deployment shows.
    return action.is_redeploy and action.phase is not Phase.FAILED


def _in_its_place(
    deployments: Sequence[Deployment], actions: Sequence[Action], live: Deployment
) -> Iterator[Deployment]:
    """Yield those that may be live instead of the one that is marked live."""
    return (each for each in deployments if _is_later(each, live) and _may_be_live(each, actions, live))


def _may_be_live(deployment: Deployment, actions: Sequence[Action], live: Deployment) -> bool:
    if deployment.is_live or deployment.phase is Phase.SUCCESS:
        return True
    # One that never started was cancelled as it waited, say; but not every stack's records tell a start.
    never_started = deployment.started_at is None and live.started_at is not None
    if never_started or deployment.phase not in {Phase.ODD, Phase.SILENT}:
        return False
    # What doesn't say how it ended is known by the actions that it can belong to.
    own = [each for each in actions if each.is_redeploy and fits(deployment, each, "") and holds(deployment, each)]
    return not own or any(action.phase is not Phase.FAILED for action in own)


def _is_later(deployment: Deployment, live: Deployment) -> bool:
    if deployment.finished_at is None:
        return deployment.id > live.id
    return _end(deployment) > _end(live)


def choose(tracking: Tracking, deployments: Sequence[Deployment], actions: Sequence[Action]) -> Deployment | Hindrance:
    """
    Choose the deployment to go back to, from the lists as they are now; else return why there is none.

    It is the last one that was live and successful before the failed one: live at the baseline, or now, or done since.
    """
    failed, baseline = tracking.deployment, tracking.baseline
    assert failed is not None
    now = next((each for each in deployments if each.id == failed.id), failed)
    if now.phase is Phase.REVERTED:
        return Hindrance(Phase.REVERTED)
    if failed.is_live and now.is_live is False:
        return Hindrance(WhyNot.NO_LONGER_LIVE)
    others = [other for other in deployments if other.id != failed.id]
    later = next((other for other in others if _is_after(other, failed, is_new=baseline.is_new(other))), None)
    if later is not None:
        return Hindrance(WhyNot.DEPLOYED_AFTER, {"later": later})
    last_action = tracking.action.id if tracking.action else 0
    for action in actions:
        if _may_go_live(action) and action.id not in baseline.actions and action.id > last_action:
            return Hindrance(WhyNot.REQUESTED_AFTER, {"later": action})
    return _last_good([other for other in others if _is_before(other, failed)], actions, tracking)


def _last_good(earlier: Sequence[Deployment], actions: Sequence[Action], tracking: Tracking) -> Deployment | Hindrance:
    baseline, failed, git_ref = tracking.baseline, tracking.deployment, tracking.request.git_ref
    was_live = baseline.live.id if baseline.live else None
    successes = sorted((other for other in earlier if other.phase is Phase.SUCCESS), key=_end)
    good = [other for other in successes if other.id == was_live or other.is_live or baseline.is_new(other)]
    if not good:
        return Hindrance(WhyNot.LAST_GOOD_UNIDENTIFIED)
    last = good[-1]
    commit = last.text("git_hash")
    if not is_full_hash(commit):
        return Hindrance(WhyNot.LAST_GOOD_WITHOUT_COMMIT, {"last": last})
    newer = next((other for other in _in_its_place(earlier, actions, last) if other.text("git_hash") != commit), None)
    if newer is not None:
        return Hindrance(WhyNot.LAST_GOOD_SUPERSEDED, {"later": newer, "live": last})
    failed_commit = (failed.text("git_hash") if failed else "") or (git_ref if is_full_hash(git_ref) else "")
    if not failed_commit:
        return Hindrance(WhyNot.FAILED_COMMIT_UNKNOWN)
    if same_commit(commit, failed_commit):
        return Hindrance(WhyNot.LAST_GOOD_SAME_COMMIT, {"last": last})
    return last


def _end(deployment: Deployment) -> tuple[datetime, int]:
    assert deployment.finished_at is not None
    return deployment.finished_at, deployment.id


def _is_after(other: Deployment, failed: Deployment, *, is_new: bool) -> bool:
    """Tell whether a deployment came after the failed one, or may yet: someone's answer to the failure, perhaps."""
    if other.phase.is_final:
        return is_new and other.phase is not Phase.CANCELLED and not _is_before(other, failed)
    # An older one that is still open was left lying; of one that seems to wait, its number tells.
    if other.started_at is None:
        return other.id > failed.id
    return not is_before(other.started_at, failed.started_at)


def _is_before(other: Deployment, failed: Deployment) -> bool:
    began = failed.started_at or failed.finished_at
    if other.finished_at is None or began is None:
        return False
    # Of two in the same second, the number tells.
    return (other.finished_at, other.id) < (began, failed.id)
