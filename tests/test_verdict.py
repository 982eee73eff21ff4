"""The table that says which answers are final, over every combination."""

from itertools import product

import pytest

from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.model.verdict import Absence, RecordState, decide

DEPLOYMENTS: list[RecordState] = [Absence.NEVER_SEEN, Absence.GONE, *Phase]
ACTIONS: list[RecordState] = [
    Absence.UNREADABLE,
    Absence.NEVER_SEEN,
    Phase.RUNNING,
    Phase.SUCCESS,
    Phase.FAILED,
    Phase.ODD,
]
EVERY = list(product(DEPLOYMENTS, ACTIONS))
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


@pytest.mark.parametrize("action", ACTIONS)
def test_the_table_is_the_one_on_record(action: RecordState) -> None:
    """Every cell says what the table on record says."""
    found = []
    for deployment in DEPLOYMENTS:
        now, later = (LETTERS[decide(deployment, action, settled=settled)] for settled in (False, True))
        found.append(f"{deployment}:{later if now == later else later.lower()}")
        assert now in {".", later}
    assert " ".join(found) == EXPECTED[str(action)]


def test_green_needs_a_success_and_no_other_word() -> None:
    """Green takes one known success at least, and no record that is open or says anything else."""
    for deployment, action in EVERY:
        for settled in (False, True):
            if decide(deployment, action, settled=settled) is Outcome.SUCCESS:
                said = {one for one in (deployment, action) if isinstance(one, Phase)}
                assert said == {Phase.SUCCESS}
                assert deployment is not Absence.GONE


def test_bad_news_is_never_green() -> None:
    """As soon as one record says failed, cancelled, reverted or something odd, the run can't end green."""
    for deployment, action in EVERY:
        if {deployment, action} & BAD:
            assert decide(deployment, action, settled=False) is not Outcome.SUCCESS
            assert decide(deployment, action, settled=True) is not Outcome.SUCCESS


def test_a_deployment_that_says_success_alone_is_not_enough() -> None:
    """A success of the deployment counts without its action only where actions can't be read."""
    for deployment, action in EVERY:
        if deployment is Phase.SUCCESS and decide(deployment, action, settled=True) is Outcome.SUCCESS:
            assert action in {Phase.SUCCESS, Absence.UNREADABLE}


def test_two_final_records_end_it() -> None:
    """Once both records are final and have settled, nothing stays pending."""
    for deployment, action in EVERY:
        if deployment not in OPEN and action not in OPEN:
            assert decide(deployment, action, settled=True) is not None


def test_settling_only_adds() -> None:
    """What is decided before settling is decided the same after it."""
    for deployment, action in EVERY:
        early = decide(deployment, action, settled=False)
        assert early in {None, decide(deployment, action, settled=True)}


def test_nothing_ends_while_nothing_says_so() -> None:
    """While no record is final and none has disappeared, it is pending."""
    for deployment, action in EVERY:
        if deployment in OPEN - {Absence.GONE} and action in OPEN:
            assert decide(deployment, action, settled=True) is None


def test_cancelled_is_said_by_the_deployment_alone() -> None:
    """The outcome is cancelled exactly when the deployment says so."""
    for deployment, action in EVERY:
        assert (decide(deployment, action, settled=True) is Outcome.CANCELLED) == (deployment is Phase.CANCELLED)


def test_a_known_failure_is_never_called_unknown() -> None:
    """Where one record says that it failed, the settled outcome is a bad one that is known."""
    for deployment, action in EVERY:
        if Phase.FAILED in {deployment, action}:
            assert decide(deployment, action, settled=True) in {Outcome.FAILED, Outcome.CANCELLED}


def test_a_failed_action_beside_a_success_waits_for_settling() -> None:
    """Records that disagree get their time to settle before the run fails."""
    for deployment, action in EVERY:
        if Phase.SUCCESS in {deployment, action} and action in {Phase.FAILED, Phase.ODD}:
            assert decide(deployment, action, settled=False) is None
            assert decide(deployment, action, settled=True) is Outcome.FAILED
