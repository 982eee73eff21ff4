"""
Which deployment is the one that was requested: a function of values. Pure.

An action carries the reference, a deployment doesn't, and no field joins the two. So a deployment is taken for the one
only where no other can be meant: the redeploys that were open or came since the baseline and the deployments that were
open or came since pair off one to one, and a single deployment is left for the action. "The newest" is never a reason.
"""

from collections.abc import Sequence
from dataclasses import replace

from cloud66_redeploy.model.records import Action, Deployment, Phase
from cloud66_redeploy.tracking.pairing import fits, holds, pair
from cloud66_redeploy.tracking.tracking import Certainty, Duplicate, Sighting, Tracking


def carrying(tracking: Tracking, actions: Sequence[Action]) -> list[Action]:
    """Return the actions that carry the reference, the eldest first; it may have served an earlier request, too."""
    request, before = tracking.request, tracking.baseline.actions
    found = [action for action in actions if action.reference == request.reference and action.id not in before]
    return sorted(found, key=lambda action: action.id)


def with_actions(tracking: Tracking, actions: Sequence[Action]) -> Sighting:
    """Return what is known once the actions of a list that carry the reference have been taken."""
    request, submission, before = tracking.request, tracking.submission, tracking.sighting
    found = carrying(tracking, actions)
    if not found:
        return before
    if request.given_id is not None and before.deployment is not None:
        after = _with_given(tracking, before.deployment, found) or before
    elif submission.posts_sent > 1 and request.is_unique:
        deployments = {duplicate.action.id: duplicate.deployment for duplicate in before.duplicates}
        duplicates = tuple(Duplicate(action, deployments.get(action.id)) for action in found[1:])
        after = replace(before, action=found[0], duplicates=duplicates)
    else:
        # One POST makes one action. Should there be more, or should the reference not be this run's alone, another run
        # may have the same one, and they can't be told apart: only when all of them have succeeded has this one.
        action = next((action for action in found if action.phase is not Phase.SUCCESS), found[0])
        after = replace(before, action=action, is_ambiguous=len(found) > 1)
    is_actions_id = after.action is not None and submission.answer_id == after.action.id
    if is_actions_id and after.certainty is Certainty.CONFIRMED and _id_of(after.deployment) == submission.answer_id:
        # The answer's id was the action's: the deployment of that number is another's.
        return replace(after, deployment=None, certainty=Certainty.UNKNOWN)
    return after


def with_deployments(
    tracking: Tracking,
    actions: Sequence[Action],
    deployments: Sequence[Deployment],
    candidate: Deployment | None,
    now: float,
) -> Sighting:
    """
    Return what is known once the deployment has been searched for: by the id that leads to it, else by what fits.

    The actions have been taken before (`with_actions`); `candidate` is the record that `candidate_id` leads to, and
    `now` an instant (monotonic seconds).
    """
    found = None
    if candidate is not None and not tracking.sighting.duplicates:
        found = _with_candidate(tracking, actions, deployments, candidate, now)
    return found or _inferred(tracking, actions, deployments, now)


def confirmed(before: Sighting) -> Sighting:
    """Take an inference for true, where both have ended alike and every record has had its time to show."""
    deployment, action = before.deployment, before.action
    if before.certainty is not Certainty.INFERRED or deployment is None or action is None:
        return before
    over = deployment.phase.is_final and action.phase.is_final
    return replace(before, certainty=Certainty.CONFIRMED) if over and holds(deployment, action) else before


def _with_given(tracking: Tracking, deployment: Deployment, found: Sequence[Action]) -> Sighting | None:
    """Take the deployment of the given id, unless its record speaks against the action that was named with it."""
    before = tracking.sighting
    if tracking.request.reference:
        # A reference may have served before: the youngest action that the deployment can belong to is its own.
        fitting = [action for action in found if fits(deployment, action, "")]
        if not fitting:
            return None
        before = replace(before, action=fitting[-1], is_ambiguous=False)
    return _with(before, deployment, Certainty.CONFIRMED)


def _with_candidate(
    tracking: Tracking,
    actions: Sequence[Action],
    deployments: Sequence[Deployment],
    candidate: Deployment,
    now: float,
) -> Sighting | None:
    """
    Follow the id that the POST answered; it proves nothing until a new deployment has that number.

    Where the action has not shown, or can't be read, the number may be the action's, and the deployment of that number
    another's: then it counts only if no other deployment could be the one.
    """
    request, baseline, before = tracking.request, tracking.baseline, tracking.sighting
    if request.given_id is not None:
        return _with_given(tracking, candidate, carrying(tracking, actions))
    # The list alone proves nothing: the number may be that of a deployment which was started elsewhere.
    if not baseline.is_new(candidate) or not fits(candidate, before.action, "" if before.action else request.git_ref):
        return None
    if before.action is None:
        others = [other for other in deployments if baseline.is_new(other) and other.id != candidate.id]
        could_be_others = any(fits(other, None, request.git_ref) for other in others)
        if could_be_others or candidate.id < baseline.deployments.newest:
            return None
        if tracking.actions_readable:
            since = before.candidates_since if _id_of(before.deployment) == candidate.id else now
            return replace(_with(before, candidate, Certainty.INFERRED), candidates_since=since)
    return _with(before, candidate, Certainty.CONFIRMED)


def _inferred(tracking: Tracking, actions: Sequence[Action], deployments: Sequence[Deployment], now: float) -> Sighting:
    """Infer the deployment from what fits the action; without a deployment where several could be meant, or none."""
    request, baseline, before = tracking.request, tracking.baseline, tracking.sighting
    action, duplicates = before.action, [duplicate.action for duplicate in before.duplicates]
    new = [deployment for deployment in deployments if baseline.is_new(deployment)]
    started = [deployment for deployment in new if deployment.phase is not Phase.QUEUED]
    blank = replace(
        before,
        deployment=None,
        certainty=Certainty.UNKNOWN,
        maybe_started=action is not None and any(fits(deployment, action, request.git_ref) for deployment in started),
        duplicates=tuple(map(Duplicate, duplicates)),
    )
    # What the id leads to is still to come. One that leads nowhere until the action has ended, leads nowhere.
    awaited = tracking.candidate_id is not None and not duplicates and action and not action.phase.is_final
    # Of several that carry the reference of a request from elsewhere, none is more meant than the others.
    is_open = request.is_external and before.is_ambiguous
    if action is None or request.given_id is not None or awaited or is_open:
        return blank
    paired = pair([action, *duplicates], actions, deployments, baseline, request.git_ref)
    if not paired:
        return blank
    first, *younger = paired
    was = [_id_of(before.deployment), *(_id_of(duplicate.deployment) for duplicate in before.duplicates)]
    since = before.candidates_since if was == [deployment.id for deployment in paired] else now
    pairs = tuple(map(Duplicate, duplicates, younger))
    return replace(_with(blank, first, Certainty.INFERRED), duplicates=pairs, candidates_since=since)


def _with(before: Sighting, deployment: Deployment, certainty: Certainty) -> Sighting:
    return replace(before, deployment=deployment, certainty=certainty, record_vanished=False)


def _id_of(deployment: Deployment | None) -> int | None:
    return deployment.id if deployment is not None else None
