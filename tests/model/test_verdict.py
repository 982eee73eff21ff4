"""The table that says which answers are final, over every combination."""

from collections.abc import Callable
from itertools import product

import pytest

from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence, RecordState, decide

DEPLOYMENTS: list[RecordState] = [Absence.NEVER_SEEN, Absence.GONE, *Phase]
NO_ACTIONS = {Phase.QUEUED, Phase.CANCELLED, Phase.REVERTED}
ACTIONS: list[RecordState] = [Absence.UNREADABLE, Absence.NEVER_SEEN, *(one for one in Phase if one not in NO_ACTIONS)]
OPEN = {Phase.QUEUED, Phase.RUNNING, *Absence}
BAD = {Phase.FAILED, Phase.CANCELLED, Phase.REVERTED, Phase.ODD}

# The table for the record: small letters are final only after settling.
EXPECTED = {
    "unreadable": "never seen:. gone:u queued:. running:. success:S failed:F cancelled:C reverted:F odd:f silent:u",
    "never seen": "never seen:. gone:u queued:. running:. success:u failed:F cancelled:C reverted:F odd:f silent:u",
    "running": "never seen:. gone:. queued:. running:. success:. failed:F cancelled:C reverted:F odd:f silent:.",
    "success": "never seen:s gone:u queued:. running:. success:S failed:F cancelled:C reverted:F odd:f silent:u",
    "failed": "never seen:f gone:f queued:f running:f success:f failed:F cancelled:C reverted:F odd:F silent:f",
    "odd": "never seen:f gone:u queued:f running:f success:f failed:F cancelled:C reverted:F odd:F silent:f",
    "silent": "never seen:u gone:u queued:. running:. success:u failed:F cancelled:C reverted:F odd:f silent:u",
}
LETTERS = {None: ".", Outcome.SUCCESS: "S", Outcome.FAILED: "F", Outcome.CANCELLED: "C", Outcome.UNKNOWN: "U"}


def test_the_table_is_the_one_on_record() -> None:
    """Every cell says what the table on record says."""
    for action in ACTIONS:
        found = []
        for deployment in DEPLOYMENTS:
            now, later = (LETTERS[decide(deployment, action, settled=settled)] for settled in (False, True))
            found.append(f"{deployment}:{later if now == later else later.lower()}")
        assert " ".join(found) == EXPECTED[str(action)]


Said = tuple[RecordState, RecordState]


def words(said: Said) -> set[Phase]:
    """Return what those records say that say something."""
    return {one for one in said if isinstance(one, Phase)}


RULES: dict[str, Callable[[Said, Outcome | None, Outcome | None], bool]] = {
    "green takes one known success at least, no other word, and no record that has gone": (
        lambda said, now, later: (
            Outcome.SUCCESS not in {now, later} or (words(said) == {Phase.SUCCESS} and Absence.GONE not in said)
        )
    ),
    "bad news is never green": lambda said, now, later: not words(said) & BAD or Outcome.SUCCESS not in {now, later},
    "a deployment's success alone counts only where actions can't be read": (
        lambda said, _, later: (
            said[0] is not Phase.SUCCESS
            or later is not Outcome.SUCCESS
            or said[1] in {Phase.SUCCESS, Absence.UNREADABLE}
        )
    ),
    "two final records end it": lambda said, _, later: bool(set(said) & OPEN) or later is not None,
    "settling only adds": lambda _, now, later: now in {None, later},
    "nothing ends while nothing says so": (
        lambda said, _, later: not set(said) <= OPEN or said[0] is Absence.GONE or later is None
    ),
    "cancelled is said by the deployment alone": (
        lambda said, _, later: (later is Outcome.CANCELLED) is (said[0] is Phase.CANCELLED)
    ),
    "a known failure is never called unknown": (
        lambda said, _, later: Phase.FAILED not in said or later in {Outcome.FAILED, Outcome.CANCELLED}
    ),
    "a failed action beside a success waits for settling": (
        lambda said, now, later: (
            said[0] is not Phase.SUCCESS
            or said[1] not in {Phase.FAILED, Phase.ODD}
            or (now, later) == (None, Outcome.FAILED)
        )
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_what_holds_for_every_cell(rule: str) -> None:
    """Whatever two records say, now and once they have settled, the rules hold."""
    for said in product(DEPLOYMENTS, ACTIONS):
        now, later = (decide(*said, settled=settled) for settled in (False, True))
        assert RULES[rule](said, now, later), f"{said}: {now}, {later}"
