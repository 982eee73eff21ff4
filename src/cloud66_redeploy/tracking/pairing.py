"""
What pairs off: which deployments can belong to which actions. Pure.

An action and a deployment share no field that joins them, so they are counted against each other: the redeploys that
were open or came since the baseline, and the deployments.
"""

from collections.abc import Sequence
from datetime import timedelta

from cloud66_redeploy.model.git import same_commit
from cloud66_redeploy.model.records import Action, Deployment, Phase, by_api
from cloud66_redeploy.timing import LATEST_RECORD_SECONDS, SAME_FINISH_SECONDS
from cloud66_redeploy.tracking.baseline import SKEW, Baseline

_SAME_FINISH = timedelta(seconds=SAME_FINISH_SECONDS)
_LATEST_RECORD = timedelta(seconds=LATEST_RECORD_SECONDS)


def fits(deployment: Deployment, action: Action | None, git_ref: str) -> bool:
    """Tell whether nothing in a deployment's record speaks against its being the action's."""
    if not by_api(deployment) or not _ref_fits(deployment, git_ref):
        return False
    if action is None:
        return True
    who = deployment.text("triggered_by")
    # Only names of one kind can be told apart: one record may show an e-mail address where the other shows a name.
    if who and action.user and ("@" in who) == ("@" in action.user) and who != action.user:
        return False
    return action.started_at is None or all(moment >= action.started_at - SKEW for moment in deployment.times)


def _ref_fits(deployment: Deployment, git_ref: str) -> bool:
    shown = deployment.text("git_ref")
    if not git_ref or not shown:
        return True
    if _short(shown) == _short(git_ref):
        return True
    return same_commit(git_ref, deployment.text("git_hash")) or same_commit(git_ref, shown)


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def pair(
    carrying: Sequence[Action],
    actions: Sequence[Action],
    deployments: Sequence[Deployment],
    baseline: Baseline,
    git_ref: str,
) -> list[Deployment]:
    """
    Return the deployments that can only belong to the actions that carry a reference, in their order, or none.

    Args:
        carrying: these actions, the eldest first: one, but for a POST that went through twice.
        actions: the stack's actions as listed now.
        deployments: its deployments as listed now.
        baseline: both lists as they were before the POST.
        git_ref: the ref asked for, or "".

    """
    first = carrying[0]
    redeploys = {action.id for action in (*actions, *carrying) if _came_since(action, first, baseline)}
    new = [deployment for deployment in deployments if by_api(deployment) and baseline.is_new(deployment)]
    recent = [deployment for deployment in new if not _is_old(deployment, first)]
    fitting = [deployment for deployment in recent if fits(deployment, first, git_ref)]
    is_even = len(redeploys) + _late(actions, deployments, first, baseline) == len(recent)
    return sorted(fitting, key=lambda one: one.id) if is_even and len(fitting) == len(carrying) else []


def unaccounted(actions: Sequence[Action], deployments: Sequence[Deployment], baseline: Baseline) -> bool:
    """Tell whether more deployments than redeploys, both of the API, came since the baseline."""
    redeploys = [one for one in actions if "deploy" in one.kind and by_api(one) and one.id not in baseline.actions]
    late = max(0, len(baseline.open_actions) - len(baseline.open_deployments))
    return sum(by_api(one) and baseline.is_new(one) for one in deployments) > len(redeploys) + late


def _came_since(one: Action, ours: Action, baseline: Baseline) -> bool:
    """Tell whether an action is a redeploy that came after the baseline."""
    # Two words for it are known, and ours may show a third.
    is_redeploy = one.id == ours.id or (by_api(one) and ("deploy" in one.kind or one.kind == ours.kind))
    return is_redeploy and one.id not in baseline.actions and not _is_old(one, ours)


def _is_old(one: Action | Deployment, ours: Action) -> bool:
    """Tell whether a record from further down has slid into the first page, as when a newer one disappears."""
    if one.finished_at is None or ours.started_at is None:
        return False
    return one.finished_at < ours.started_at - SKEW


def _late(actions: Sequence[Action], deployments: Sequence[Deployment], ours: Action, baseline: Baseline) -> int:
    """
    Count the redeploys of just before the baseline whose deployments had not shown by then.

    An older one that never finished is a record that was left lying, and has nothing to come.
    """

    def is_young(one: Action | Deployment) -> bool:
        if one.started_at is None or ours.started_at is None:
            return True
        return one.started_at >= ours.started_at - _LATEST_RECORD

    asked = sum(one.id in baseline.open_actions and is_young(one) for one in actions)
    shown = sum(one.id in baseline.open_deployments and is_young(one) for one in deployments)
    return max(0, asked - shown)


_CONTRADICTIONS = {
    (Phase.SUCCESS, Phase.FAILED),
    (Phase.REVERTED, Phase.FAILED),
    (Phase.FAILED, Phase.SUCCESS),
    (Phase.CANCELLED, Phase.SUCCESS),
}
"""Results of a deployment and an action that can't belong together. A result never seen before goes with any."""


def holds(deployment: Deployment, action: Action) -> bool:
    """Tell whether an inferred pair, both ended, ended alike: the same result, within seconds of each other."""
    if (deployment.phase, action.phase) in _CONTRADICTIONS:
        return False
    if deployment.finished_at is None or action.finished_at is None:
        return False
    return abs(deployment.finished_at - action.finished_at) <= _SAME_FINISH
