"""The words for every reason: a row each, and nothing left open in it."""

import re
from pathlib import Path

import pytest

from cloud66_redeploy.errors import ApiError, InputError, NotFound
from cloud66_redeploy.model.outcome import LastSeen, Outcome, Reason, Result
from cloud66_redeploy.polling.ends import bad_input
from cloud66_redeploy.report.phrases import PHRASES, advice_of, meaning_of, sentence_of
from cloud66_redeploy.report.wording import WORDING
from results import result_of

PACKAGE = Path(__file__).parent.parent / "src" / "cloud66_redeploy"
MAKERS = [path for path in PACKAGE.rglob("*.py") if path.name not in {"outcome.py", "wording.py"}]
MADE = {name for path in MAKERS for name in re.findall(r"\bReason\.([A-Z_0-9]+)", path.read_text())}


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_its_words(reason: Reason) -> None:
    """Sentence, meaning and advice are whole sentences with nothing left to be filled in."""
    result = result_of(reason)
    said = [sentence_of(result), meaning_of(result), advice_of(result)]
    assert bool(said[2]) is (not result.is_green or bool(WORDING[reason].advice))
    for text in filter(None, said):
        assert re.fullmatch(r"[A-Z][^{}]*[.?)]", text), text
        assert "  " not in text


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_is_made_somewhere(reason: Reason) -> None:
    """No reason stands for something that can't happen."""
    assert reason.name in MADE


def test_each_phrase_is_used() -> None:
    """Each phrase fills a placeholder of some row."""
    rows = " ".join(str(text) for row in WORDING.values() for text in row)
    assert set(PHRASES) <= set(re.findall(r"{([a-z_]+)", rows))


def test_a_result_of_others_is_as_bad_as_the_first() -> None:
    """A reason without an outcome has outcome, advice and meaning of the first result that it tells of."""
    lost = Result(Reason.STACK_GONE, facts={"error": NotFound("GET /x", "", status=404)})
    after = Result(Reason.NOT_ROLLED_BACK, facts={"why": "its record has disappeared"})
    both = Result(Reason.FOLLOWED, parts=(lost, after))
    assert (both.outcome, advice_of(both), meaning_of(both)) == (Outcome.UNKNOWN, advice_of(lost), meaning_of(lost))
    assert sentence_of(both) == f"{sentence_of(lost)} Not rolled back: its record has disappeared."


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"looked": False}, "the answer to the request was lost, and its reference could not be looked up"),
        ({"readable": False}, "and actions can't be read"),
        ({"sent": False}, "the request did not get through, and no action was found that carries its reference"),
    ],
)
def test_a_doubt_is_put_into_words(facts: dict[str, bool], words: str) -> None:
    """Where it is not known whether anything was scheduled, the sentence says why."""
    known = {"sent": True, "looked": True, "readable": True} | facts
    assert words in sentence_of(Result(Reason.POST_UNCERTAIN, LastSeen(), known))


def test_a_timeout_without_news_says_so() -> None:
    """What kept the last look from getting news is said beside the timeout."""
    said = sentence_of(
        Result(Reason.TIMED_OUT, LastSeen(), {"limit": "timeout of 30m", "error": ApiError("GET /x", "no")})
    )
    assert said.endswith("last known: scheduled. It could not be asked at the end: GET /x failed: no.")


def test_an_input_is_no_broken_build() -> None:
    """An input that can't be used has changed nothing, whatever the command is."""
    assert "nothing was changed" in meaning_of(bad_input(InputError("stack_name", "is x.", "")))
