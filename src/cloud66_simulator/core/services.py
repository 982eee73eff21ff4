"""The services of a Docker stack, as the API shows them."""

from typing import Any

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.core.answers import Problem
from cloud66_simulator.core.looks import written
from cloud66_simulator.core.records import Deployment, StackQueue

_LONG_AGO_SECONDS = 86_400.0


def services_of(queue: StackQueue, behaviour: Behaviour, now: float) -> list[dict[str, Any]]:
    """Return the services that were ever deployed by name, each as its last success has left it; Problem 404."""
    if behaviour.services_say == "absent" or not queue.spec.docker:
        raise Problem(404, "Services not found")
    latest: dict[str, tuple[str, Deployment]] = {}
    for deployment in queue.deployments:
        if deployment.succeeds and deployment.ends_at <= now:
            for entry in (deployment.services or "").split(","):
                name, _, tag = entry.partition(":")
                if name:
                    latest[name] = tag, deployment
    return [_look(name, tag, deployment, behaviour) for name, (tag, deployment) in latest.items()]


def _look(name: str, tag: str, deployment: Deployment, behaviour: Behaviour) -> dict[str, Any]:
    said, at = behaviour.services_say, deployment.ends_at
    if said == "nothing":
        return {"name": name, "containers": [{"uid": "c1", "image": "", "image_tag": None, "started_at": None}]}
    if said == "old_containers":
        at -= _LONG_AGO_SECONDS
    shown = "before" if said == "older_tag" else tag
    container = {
        "uid": "c1",
        "service_name": behaviour.say(name),
        "image": behaviour.say(f"acme/{name}:{shown}" if shown else f"acme/{name}"),
        "image_tag": behaviour.say(shown or None),
        "started_at": written(at + behaviour.clock_offset_seconds, behaviour),
    }
    return {"name": name, "containers": [container]}
