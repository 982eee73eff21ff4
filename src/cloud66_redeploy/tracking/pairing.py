"""
What pairs off: which deployments can belong to which actions. Pure.

An action and a deployment share no field that joins them, so they are counted against each other: the redeploys that
were open or came since the baseline, and the deployments.
"""

from collections.abc import Sequence
from datetime import timedelta

from cloud66_redeploy.model.fields import SKEW, is_before
from cloud66_redeploy.model.git import plain_ref, same_commit
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.timing import LATEST_RECORD_SECONDS, SAME_FINISH_SECONDS
from cloud66_redeploy.tracking.baseline import Baseline

_SAME_FINISH = timedelta(seconds=SAME_FINISH_SECONDS)
_LATEST_RECORD = timedelta(seconds=LATEST_RECORD_SECONDS)


def fits(deployment: Deployment, action: Action | None, git_ref: str) -> bool:
    """Tell whether nothing in a deployment's record speaks against its being the action's."""
    return not objection(deployment, action, git_ref)


def objection(deployment: Deployment, action: Action | None, git_ref: str) -> str:
    """Say what in a deployment's record speaks against its being the action's; "" where nothing does."""
    if not deployment.is_by_api:
        return "not through the API"
    if not _ref_fits(deployment, git_ref):
        return "of another ref"
    if action is None:
        return ""
    who = deployment.text("triggered_by")
    # Only names of one kind can be told apart: one record may show an e-mail address where the other shows a name.
    if who and action.user and ("@" in who) == ("@" in action.user) and who != action.user:
        return "of another person"
    is_older = any(is_before(moment, action.started_at, SKEW) for moment in deployment.times)
    return "older than the stack action" if is_older else ""


def _ref_fits(deployment: Deployment, git_ref: str) -> bool:
    shown = deployment.text("git_ref")
    if not git_ref or not shown or plain_ref(shown) == plain_ref(git_ref):
        return True
    return same_commit(git_ref, deployment.text("git_hash")) or same_commit(git_ref, shown)


def pair(
    carrying: Sequence[Action],
    actions: Sequence[Action],
    deployments: Sequence[Deployment],
    baseline: Baseline,
    git_ref: str,
) -> list[Deployment]:
    """
    Return the deployments that can only belong to the actions that carry a reference, in their order, or none.

    Of these actions, the eldest first, there is one, but for a POST that went through twice. The lists are as they are
    now.
    """
    number, recent = counted(carrying, actions, deployments, baseline)
    fitting = [deployment for deployment in recent if fits(deployment, carrying[0], git_ref)]
    is_even = number == len(recent)
    return sorted(fitting, key=lambda fit: fit.id) if is_even and len(fitting) == len(carrying) else []


def counted(
    carrying: Sequence[Action], actions: Sequence[Action], deployments: Sequence[Deployment], baseline: Baseline
) -> tuple[int, list[Deployment]]:
    """Return how many redeploys, and which deployments, are counted against each other (see `pair`)."""
    first = carrying[0]
    redeploys = {action.id for action in (*actions, *carrying) if _came_since(action, first, baseline)}
    recent = [
        deployment
        for deployment in deployments
        if deployment.is_by_api and baseline.is_new(deployment) and not _is_old(deployment, first)
    ]
    return len(redeploys) + _late(actions, deployments, first, baseline), recent


def unaccounted(actions: Sequence[Action], deployments: Sequence[Deployment], baseline: Baseline) -> bool:
    """Tell whether more deployments than redeploys, both of the API, came since the baseline."""
    new = [deployment for deployment in deployments if deployment.is_by_api and baseline.is_new(deployment)]
    redeploys = [action for action in actions if action.is_redeploy and action.is_by_api]
    late = max(0, len(baseline.open_actions) - len(baseline.open_deployments))
    return len(new) > sum(action.id not in baseline.actions for action in redeploys) + late


def _came_since(action: Action, first: Action, baseline: Baseline) -> bool:
    # Two words for a redeploy are known, and the first one may show a third.
    is_redeploy = action.id == first.id or (action.is_by_api and (action.is_redeploy or action.kind == first.kind))
    return is_redeploy and action.id not in baseline.actions and not _is_old(action, first)


def _is_old(record: Action | Deployment, first: Action) -> bool:
    """Tell whether a record from further down has slid into the first page, as when a newer one disappears."""
    return is_before(record.finished_at, first.started_at, SKEW)


def _late(actions: Sequence[Action], deployments: Sequence[Deployment], first: Action, baseline: Baseline) -> int:
    """
    Count the redeploys of just before the baseline whose deployments had not shown by then.

    An older one that never finished is a record that was left lying, and has nothing to come.
    """

    def young(records: Sequence[Action | Deployment], open_ids: frozenset[int]) -> int:
        opened = [record for record in records if record.id in open_ids]
        return sum(not is_before(record.started_at, first.started_at, _LATEST_RECORD) for record in opened)

    return max(0, young(actions, baseline.open_actions) - young(deployments, baseline.open_deployments))


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
