"""
What pairs off: which deployments can belong to which actions. Pure.

An action and a deployment share no field that joins them, so they are counted against each other: the redeploys that
were open or came since the baseline, and the deployments. Of several that fit, those go that others can't do without.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from typing import NamedTuple, Self

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
    sides = _Sides.of((*actions, *carrying), deployments, baseline, carrying[0])
    if sides.number != len(sides.recent):
        return []
    fitting = [deployment for deployment in sides.recent if fits(deployment, carrying[0], git_ref)]
    if len(fitting) > len(carrying):
        fitting = sides.left_by_others(fitting, carrying)
    return sorted(fitting, key=lambda fit: fit.id) if len(fitting) == len(carrying) else []


def counted(
    carrying: Sequence[Action], actions: Sequence[Action], deployments: Sequence[Deployment], baseline: Baseline
) -> tuple[int, list[Deployment]]:
    """Return how many redeploys, and which deployments, are counted against each other (see `pair`)."""
    sides = _Sides.of((*actions, *carrying), deployments, baseline, carrying[0])
    return sides.number, sides.recent


def unaccounted(actions: Sequence[Action], deployments: Sequence[Deployment], baseline: Baseline) -> bool:
    """Tell whether more deployments than redeploys, both of the API, came since the baseline."""
    sides = _Sides.of(actions, deployments, baseline)
    return len(sides.recent) > sides.number


class _Sides(NamedTuple):
    """
    What is counted against each other.

    Attributes:
        new, opened: the redeploys that came since the baseline, and those that were open then.
        recent, shown: the deployments that came since, and those that were open then.

    """

    new: list[Action]
    opened: list[Action]
    recent: list[Deployment]
    shown: list[Deployment]

    @classmethod
    def of(
        cls,
        actions: Sequence[Action],
        deployments: Sequence[Deployment],
        baseline: Baseline,
        first: Action | None = None,
    ) -> Self:
        """Take what counts out of the lists; `first` is the first own action."""
        redeploys = {each.id: each for each in actions if _is_redeploy(each, first) and not _is_old(each, first)}
        current = {each.id: each for each in deployments if not _is_old(each, first)}
        return cls(
            [each for each in redeploys.values() if each.id not in baseline.actions],
            [each for each in redeploys.values() if each.id in baseline.open_actions],
            [each for each in current.values() if each.is_by_api and baseline.is_new(each)],
            [each for each in current.values() if each.id in baseline.open_deployments],
        )

    @property
    def number(self) -> int:
        """How many redeploys can have a deployment that has shown since: of those open before, those without one."""
        return len(self.new) + max(0, len(self.opened) - len(self.shown))

    def left_by_others(self, fitting: list[Deployment], carrying: Sequence[Action]) -> list[Deployment]:
        """Return the fitting ones without which each of the others can still have a deployment of its own."""
        own = {action.id for action in carrying}
        wanted = [{each.id for each in self.recent if _can_be(each, one)} for one in self.new if one.id not in own]
        wanted += [{each.id for each in (*self.recent, *self.shown) if _can_be(each, one)} for one in self.opened]
        # Of several own ones, each needs one that fits.
        wanted += [{each.id for each in fitting}] * (len(own) - 1)
        return [each for each in fitting if _each_has_one([numbers - {each.id} for numbers in wanted])]


def _can_be(deployment: Deployment, other: Action) -> bool:
    """Tell whether a deployment can be that of another action, as far as their records tell by now."""
    apart = _apart(deployment, other)
    return fits(deployment, other, "") and (apart is None or apart <= _SAME_FINISH)


def _each_has_one(wanted: Sequence[set[int]]) -> bool:
    """Tell whether each can have one of the numbers that it wants, and no two the same."""
    owners: dict[int, int] = {}

    def settle(place: int, tried: set[int]) -> bool:
        for number in wanted[place] - tried:
            tried.add(number)
            if number not in owners or settle(owners[number], tried):
                owners[number] = place
                return True
        return False

    return all(settle(place, set()) for place in range(len(wanted)))


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
    apart = _apart(deployment, action)
    return apart is not None and apart <= _SAME_FINISH


def _apart(deployment: Deployment, action: Action) -> timedelta | None:
    """Tell how far apart the two ended; None where one has not."""
    if deployment.finished_at is None or action.finished_at is None:
        return None
    return abs(deployment.finished_at - action.finished_at)
