"""
The table that says which answers are final. Pure.

Two records speak about one redeploy: the Stack Action that carries the reference, and the deployment that it runs.
Green needs both to say success (or one of them, where the other can't be had for a reason that is known). A cell that
is final only "after settling" gives the slower of the two records a few seconds to catch up first.
"""

from enum import StrEnum

from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.records import Phase


class Absence(StrEnum):
    """Why a record says nothing."""

    NEVER_SEEN = "never seen"
    """Not there yet; or, for a deployment, not known which one is meant."""
    GONE = "gone"
    """It was there, and now it is not."""
    UNREADABLE = "unreadable"
    """The API doesn't let this token read actions at all (403, 404)."""


RecordState = Phase | Absence

_FINAL = {
    "S": Outcome.SUCCESS,
    "F": Outcome.FAILED,
    "C": Outcome.CANCELLED,
    "U": Outcome.UNKNOWN,
}

# Small letters: only after settling.  ".": pending.
_DEPLOYMENT: tuple[RecordState, ...] = (
    Absence.NEVER_SEEN,
    Absence.GONE,
    Phase.QUEUED,
    Phase.RUNNING,
    Phase.SUCCESS,
    Phase.FAILED,
    Phase.CANCELLED,
    Phase.REVERTED,
    Phase.ODD,
    Phase.SILENT,
)
_ACTION: dict[RecordState, str] = {
    #                     never gone queued running success failed cancelled reverted odd silent
    Absence.UNREADABLE: "   .     u    .      .       S       F        C        F      f   u",
    Absence.NEVER_SEEN: "   .     u    .      .       u       F        C        F      f   u",
    Phase.RUNNING: "        .     .    .      .       .       F        C        F      f   .",
    Phase.SUCCESS: "        s     u    .      .       S       F        C        F      f   u",
    Phase.FAILED: "         f     f    f      f       f       F        C        F      F   f",
    Phase.ODD: "            f     u    f      f       f       F        C        F      F   f",
    Phase.SILENT: "         u     u    .      .       u       F        C        F      f   u",
}
_TABLE = {
    (deployment, action): letter
    for action, row in _ACTION.items()
    for deployment, letter in zip(_DEPLOYMENT, row.split(), strict=True)
}


def decide(deployment: RecordState, action: RecordState, *, settled: bool) -> Outcome | None:
    """Say how it ended, or None while that is open; `settled`: the slower record has had its seconds to catch up."""
    letter = _TABLE[deployment, action]
    return _FINAL.get(letter.upper() if settled else letter)
