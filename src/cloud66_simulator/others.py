"""What other people do because of what is asked through the API."""

from cloud66_simulator.records import COLLEAGUE, Deployment
from cloud66_simulator.world import Simulator

OTHER_REF = "hotfix"
_SHORTER = 8


def overtake(simulator: Simulator, deployment: Deployment, seconds: float) -> None:
    """Have a colleague ask for a short deployment of another ref on the same stack, `seconds` from now."""
    uid = deployment.stack_uid
    ref = None if simulator.stacks[uid].spec.docker else OTHER_REF
    theirs = Deployment(
        stack_uid=uid,
        user=COLLEAGUE,
        via="web",
        git_ref=ref,
        git_hash=simulator.hash_of(uid, ref),
        user_reference=None,
        fate="success",
        duration=simulator.behaviour.duration_seconds / _SHORTER,
    )
    simulator.ask_later(theirs, seconds)
