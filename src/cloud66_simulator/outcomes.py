"""The outcome of a deployment, in both of the styles that the real API has been seen to use."""

from typing import Any

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.records import Deployment

_NUMBERS = {"pending": 0, "success": 1, "failed": 2, "cancelled": 3, "superseded": 7}
_SENTENCES = {
    "pending": "Pending",
    "success": "Successful",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "superseded": "Superseded",
}


def outcome_of(one: Deployment, behaviour: Behaviour, now: float) -> dict[str, Any] | None:
    """Return the `outcome` of a deployment's record, at `now` (epoch seconds)."""
    if one.state(now) != "finished":
        return _styled("pending", behaviour)
    if not one.cancelled:
        return _styled(_word(one), behaviour)
    if behaviour.cancelled_as == "null":
        return None
    if behaviour.cancelled_as == "null_code":
        return {"code": None, "meaning": None}
    return _styled(behaviour.cancelled_as, behaviour)


def _word(one: Deployment) -> str:
    """Return the outcome word of a deployment that was not cancelled."""
    if one.succeeds:
        return "success"
    return "superseded" if one.fate == "odd" else "failed"


def _styled(word: str, behaviour: Behaviour) -> dict[str, Any]:
    if behaviour.outcome_codes == "number":
        look: dict[str, Any] = {"code": _NUMBERS[word], "meaning": word}
    else:
        look = {"code": word, "meaning": _SENTENCES[word]}
    if word != "success":
        look["meaning"] = behaviour.say(look["meaning"])
    return look
