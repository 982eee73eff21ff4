"""What is there before anything is asked for: the stack, its deployments and its actions."""

from dataclasses import replace

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.clock import Clock
from cloud66_redeploy.errors import NotFound, Refusal
from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.tracking.doubt import until_believed
from cloud66_redeploy.tracking.tracking import Baseline, Tracking

Stock = tuple[list[Deployment], list[Action]]
"""The stack's deployments and actions, as they were before the POST."""


def take_stock(client: Client, tracking: Tracking, clock: Clock) -> Stock:
    """
    Read what is there before the POST: the stack (a wrong id, token or scope shows here) and the baseline.

    Raises:
        ApiError: with nothing scheduled.

    """
    tracking.stack = client.stack()
    # Deployments first: one that comes between the calls then has an open action that accounts for it.
    deployments = until_believed(clock, client.deployments)
    try:
        earlier = until_believed(clock, lambda: client.actions_with(tracking.reference))
        actions = [*until_believed(clock, client.actions), *earlier]
        tracking.was_used, tracking.actions_readable = bool(earlier), True
    except Refusal as refusal:
        if not isinstance(refusal, NotFound) and refusal.status != 403:
            raise
        tracking.actions_readable = False
        actions = []
    tracking.baseline = replace(Baseline.of(deployments, actions), actions_known=tracking.actions_readable)
    return deployments, actions
