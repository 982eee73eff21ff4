"""
Which deployment is ours, where the POST's answer doesn't prove it. Pure.

An action carries our reference, a deployment doesn't, and no field joins the two. So a deployment is taken for ours
only when no other one can be meant: the redeploys that were open or came since the baseline and the deployments that
were open or came since pair off one to one, and a single deployment fits our action. "The newest" is never a reason.
"""

from collections.abc import Sequence
from datetime import timedelta

from cloud66_redeploy.model.git import same_commit
from cloud66_redeploy.model.records import Action, Deployment, Phase, by_api
from cloud66_redeploy.timing import LATEST_RECORD_SECONDS, SAME_FINISH_SECONDS
from cloud66_redeploy.tracking.tracking import SKEW, Baseline

_SAME_FINISH = timedelta(seconds=SAME_FINISH_SECONDS)
_LATEST_RECORD = timedelta(seconds=LATEST_RECORD_SECONDS)


def fits(deployment: Deployment, action: Action | None, git_ref: str) -> bool:
    """Tell whether nothing in a deployment's record speaks against its being ours."""
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
    mine: Sequence[Action],
    actions: Sequence[Action],
    deployments: Sequence[Deployment],
    baseline: Baseline,
    git_ref: str,
) -> list[Deployment]:
    """
    Return the deployments that can only be ours, one for each of our actions and in their order, or none.

    Args:
        mine: the actions that carry our reference, the eldest first: one, but for a POST that went through twice.
        actions: the stack's actions as listed now.
        deployments: its deployments as listed now.
        baseline: both lists as they were before the POST.
        git_ref: the ref asked for, or "".

    """
    first = mine[0]
    redeploys = {one.id for one in (*actions, *mine) if _came_since(one, first, baseline)}
    recent = [one for one in deployments if by_api(one) and baseline.is_new(one) and not _is_old(one, first)]
    ours = [one for one in recent if fits(one, first, git_ref)]
    if len(redeploys) + _late(actions, deployments, first, baseline) != len(recent) or len(ours) != len(mine):
        return []
    return sorted(ours, key=lambda one: one.id)


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
