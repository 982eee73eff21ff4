"""
What pairs off: which deployments can belong to which actions. Pure.

An action and a deployment share no field that joins them, so they are counted against each other: the redeploys that
were open or came since the baseline, and the deployments.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum

from cloud66_redeploy.model.fields import SKEW, is_before
from cloud66_redeploy.model.git import plain_ref, same_commit
from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.timing import SAME_FINISH_SECONDS
from cloud66_redeploy.tracking.baseline import Baseline

_SAME_FINISH = timedelta(seconds=SAME_FINISH_SECONDS)


Objection = Enum("Objection", "NOT_BY_API OTHER_REF OTHER_PERSON OLDER")
"""What in a deployment's record speaks against its being an action's."""


def fits(deployment: Deployment, action: Action | None, git_ref: str) -> bool:
    """Tell whether nothing in a deployment's record speaks against its being the action's."""
    return objection(deployment, action, git_ref) is None


def objection(deployment: Deployment, action: Action | None, git_ref: str) -> Objection | None:
    """Return what in a deployment's record speaks against its being the action's, if anything."""
    if not deployment.is_by_api:
        return Objection.NOT_BY_API
    if not _ref_fits(deployment, git_ref):
        return Objection.OTHER_REF
    if action is None:
        return None
    who = deployment.text("triggered_by")
    # Only names of one kind can be told apart: one record may show an e-mail address where the other shows a name.
    if who and action.user and ("@" in who) == ("@" in action.user) and who != action.user:
        return Objection.OTHER_PERSON
    is_older = any(is_before(moment, action.started_at, SKEW) for moment in deployment.times)
    return Objection.OLDER if is_older else None


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
    recent = [deployment for deployment in _new(deployments, baseline) if not _is_old(deployment, first)]
    return _count_redeploys((*actions, *carrying), deployments, baseline, first), recent


def unaccounted(actions: Sequence[Action], deployments: Sequence[Deployment], baseline: Baseline) -> bool:
    """Tell whether more deployments than redeploys, both of the API, came since the baseline."""
    return len(_new(deployments, baseline)) > _count_redeploys(actions, deployments, baseline)


def _new(deployments: Sequence[Deployment], baseline: Baseline) -> list[Deployment]:
    return [deployment for deployment in deployments if deployment.is_by_api and baseline.is_new(deployment)]


def _count_redeploys(
    actions: Sequence[Action], deployments: Sequence[Deployment], baseline: Baseline, first: Action | None = None
) -> int:
    """
    Count the redeploys whose deployments can have shown since the baseline.

    They came since, or just before, and their deployments had not shown by then. `first` is the first own action.
    """
    redeploys = {action.id for action in actions if _is_redeploy(action, first) and not _is_old(action, first)}
    shown = {deployment.id for deployment in deployments if not _is_old(deployment, first)} & baseline.open_deployments
    late = len(redeploys & baseline.open_actions) - len(shown)
    return sum(number not in baseline.actions for number in redeploys) + max(0, late)


def _is_redeploy(action: Action, first: Action | None) -> bool:
    if first is not None and action.id == first.id:
        return True
    # Two words for a redeploy are known, and the first own action may show a third.
    return action.is_by_api and (action.is_redeploy or (first is not None and action.kind == first.kind))


def _is_old(record: Action | Deployment, first: Action | None) -> bool:
    """Tell whether it was over before the first own action: a record from further down has slid into the page, say."""
    return first is not None and is_before(record.finished_at, first.started_at, SKEW)


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
