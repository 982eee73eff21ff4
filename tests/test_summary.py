"""The job's summary, and the order in which a run's end is told."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.errors import Denied
from cloud66_redeploy.model.outcome import LastSeen, Outcome, Reason, Result
from cloud66_redeploy.model.records import Action, Deployment, Stack
from cloud66_redeploy.polling.ends import several
from cloud66_redeploy.report.facts import Facts, Times
from cloud66_redeploy.report.summary import describe_duration, render, render_many
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from hostile import TEXTS, check_summary
from records import tracked
from results import SUCCEEDED, ended_as, result_of

TOKEN = "demo-token"
RECORD: dict[str, Any] = {
    "id": 108,
    "started_at": "2026-01-01T00:00:10Z",
    "finished_at": "2026-01-01T00:01:00Z",
    "outcome": {"code": 1, "meaning": "success"},
    "git_hash": "11e1d512031f732d061ee8cf606cf804b6d7a15c",
    "git_ref": "main",
    "commit_url": "https://github.com/acme/awesome/commit/11e1d51",
    "triggered_by": "ann",
}
STACK = {"name": "Awesome App", "environment": "production", "fqdn": "awesome.example.com"}
SUCCESS = SUCCEEDED
FAILED = Result(
    Reason.FAILED,
    LastSeen(deployment=Deployment.from_json(RECORD | {"outcome": {"code": "failed"}}), is_confirmed=True),
    evidence="rake aborted!",
)
MEND = "Read the log of the deployment in the Cloud 66 dashboard, mend what it names, and run this again."


def known(text: str | None = None, **record: object) -> Tracking:
    """Everything is known; where a text is given, all texts are this one."""
    fields: dict[str, object] = RECORD | record
    stack: dict[str, str] = STACK
    if text is not None:
        fields |= dict.fromkeys(("git_hash", "git_ref", "commit_url", "triggered_by"), text)
        stack = dict.fromkeys((*STACK, "application_address"), text)
    return tracked(
        "mine" if text is None else text,
        stack=Stack("5999b763", stack),
        posts_sent=1,
        action=Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"}),
        deployment=Deployment.from_json(fields),
        certainty=Certainty.CONFIRMED,
    )


def summary(result: Result, tracking: Tracking, log: str = "") -> str:
    """The summary, with the token known."""
    cleaner = Cleaner()
    cleaner.hide(TOKEN)
    return render(result, Facts.of(tracking), cleaner.tail(log, 50), cleaner)


def test_everything_known() -> None:
    """A good outcome shows the stack, a link to the commit, the times and the reference, and no advice."""
    html = summary(SUCCESS, known())
    text = check_summary(html, TOKEN)
    assert "✅ Awesome App (production): success" in text
    assert "Deployment 108 succeeded." in text
    for row in (
        "Stack5999b763", "Addresshttp://awesome.example.com", "Deployment108", "Action40", "Triggered byann",
        "Commit11e1d51203 (main)", "Queued10s", "Duration50s", "Referencemine",
    ):  # fmt: skip
        assert row in text
    assert '<a href="https://github.com/acme/awesome/commit/11e1d51"><code>11e1d51203</code></a>' in html
    assert "Next" not in text
    assert "Cloud 66 said" not in text
    assert "stack's log" not in html
    assert html.count("<details>") == 2, "the two records"
    assert '"git_ref": "main"' in text


FIVE = (60.0, 55.0, 70.0, 50.0, 65.0)
MANY = (60.0,) * 25
HALF = "usually 1m (50s to 1m10s)"
ALIKE = "usually 1m (1m to 1m)"
LAST = "last 5: <code>▆▅▇▆▆</code>"


@pytest.mark.parametrize(
    ("took", "past", "is_success", "said"),
    [
        (None, (), True, ""),
        (50.0, (), True, "50s"),
        (50.0, FIVE[:4], True, "50s"),
        (60.0, FIVE, True, f"1m · {HALF} · as long as usual · last 5 and this one: <code>▆▅▇▆▆▆</code>"),
        (48.0, FIVE, True, f"48s · {HALF} · 20% faster than usual · last 5 and this one: <code>▆▅▇▆▆▅</code>"),
        (280.0, FIVE, True, f"4m40s · {HALF} · 367% slower than usual · last 5 and this one: <code>▂▁▂▁▂▇</code>"),
        (0.0, FIVE, True, f"0s · {HALF} · 100% faster than usual · last 5 and this one: <code>▆▅▇▆▆▁</code>"),
        (50.0, FIVE, False, f"50s · {HALF} · {LAST}"),
        (None, FIVE, False, f"{HALF} · {LAST}"),
        (None, FIVE, True, f"{HALF} · {LAST}"),
        (None, MANY, False, f"{ALIKE} · last 20: <code>{'▇' * 20}</code>"),
        (60.0, MANY, True, f"1m · {ALIKE} · as long as usual · last 19 and this one: <code>{'▇' * 20}</code>"),
    ],
)
def test_duration(took: float | None, past: tuple[float, ...], is_success: bool, said: str) -> None:
    """A success is compared with the last ones, of any other the usual time is told, without a past the time alone."""
    assert describe_duration(Times(None, took, past), is_success=is_success) == said


def test_bad_outcome() -> None:
    """A bad outcome also shows what the server said, what to do next, and the end of the log in a fold."""
    html = summary(FAILED, known(outcome={"code": "failed"}), "one\n  two\n\nthree")
    text = check_summary(html, TOKEN)
    assert "❌ Awesome App (production): failed" in text
    assert "What that means: Usually a build step" in text
    assert "Details: rake aborted!" in text
    assert f"Next: {MEND}" in text
    assert "<pre>one\n  two\nthree</pre>" in html


def test_nothing_known() -> None:
    """Where nothing is known the summary still says what happened, without empty rows."""
    html = summary(Result(Reason.REFUSED, facts={"error": Denied("GET /x", "no", status=401)}), tracked(""))
    assert check_summary(html, TOKEN).startswith("❌ Cloud 66: failed")
    assert "<tr>" not in html
    assert "said" not in html
    assert "<b>Next:</b>" in html


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_a_mark(outcome: Outcome) -> None:
    """Every outcome can be told at a glance, and each bad one has advice."""
    text = check_summary(summary(ended_as(outcome), known()), TOKEN)
    assert re.match(rf"\S+ Awesome App \(production\): {str(outcome).replace('_', ' ')}\n", text)
    assert ("Next: " in text) is not outcome.is_green


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"git_hash": None}, None),
        ({"git_hash": None, "git_ref": None, "commit_url": None}, None),
        (
            {"git_ref": None},
            '<a href="https://github.com/acme/awesome/commit/11e1d51"><code>11e1d51203</code></a></td>',
        ),
        ({"commit_url": "javascript:alert(1)"}, "<td><code>11e1d51203</code> (<code>main</code>)</td>"),
        ({"commit_url": None}, "<td><code>11e1d51203</code> (<code>main</code>)</td>"),
    ],
)
def test_commit(fields: dict[str, Any], shown: str | None) -> None:
    """The commit is a link where its address is a web address, plain text otherwise, no row where not known."""
    html = summary(SUCCESS, known(**fields))
    check_summary(html, TOKEN)
    assert shown in html if shown else ">Commit<" not in html


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_texts(text: str) -> None:
    """No text from outside becomes HTML or Markdown."""
    result = result_of(Reason.BUSY_FAILED, text, text)
    check_summary(summary(result, known(text), f"{text}\n{text}\n\n{text}"), TOKEN)


@given(st.text(), st.sampled_from(Outcome))
def test_any_text(text: str, outcome: Outcome) -> None:
    """Whatever text Cloud 66 sends, only our own elements are in the summary."""
    html = summary(ended_as(outcome, text, text), known(text), text)
    html.encode()
    assert re.sub(r"<[^>]*>", "", html).count("<") == 0


@pytest.mark.parametrize("unit", ["x", "<", "&\n", "'", "é", "\u202e<", "##[", "::error::x\n"], ids=ascii)
def test_a_megabyte_everywhere(unit: str) -> None:
    """With a megabyte in every text it stays far below what the runner takes."""
    text = unit * (1_000_000 // len(unit))
    html = summary(result_of(Reason.BUSY_FAILED, text, text), known(text), text)
    check_summary(html, TOKEN)
    assert len(html.encode()) < 200 * 1024


def test_what_it_means_without_a_deployment() -> None:
    """A failure that asked for nothing is no broken build, and one that only our action tells of is."""
    refused = Result(Reason.REFUSED, facts={"error": Denied("GET /x", "no", status=401)})
    assert "nothing was changed" in summary(refused, tracked(""))
    by_action = Result(Reason.FAILED, LastSeen(action=Action.from_json({"id": 40})))
    assert "Usually a build step" in summary(by_action, tracked("mine", posts_sent=1))
    pending = LastSeen(deployment=Deployment.from_json({"id": 108}))
    assert "What that means" not in summary(Result(Reason.FAILED, pending), known())


def test_a_record_too_large_is_left_out() -> None:
    """A record that stays large however its texts are cut is not shown at all."""
    many: dict[str, Any] = {f"field{number}": [[str(number)] * 50] * 50 for number in range(40)}
    tracking = known(**many)
    html = summary(SUCCESS, tracking)
    check_summary(html, TOKEN)
    assert "… more than can be shown" in html
    assert len(html) < 20_000


def test_several() -> None:
    """Several deployments have a line each, and what is to be said of each in a fold."""
    cleaner = Cleaner()
    unseen = tracked("theirs", stack=Stack("0d5be3a0", {}))
    results = [SUCCESS, FAILED, Result(Reason.NOT_IDENTIFIABLE)]
    each = list(zip(results, map(Facts.of, [known(), known(id=109, git_hash=None), unseen]), strict=True))
    html = render_many(several(results), each, cleaner)
    text = check_summary(html, TOKEN)
    assert text.startswith("❌ 3 deployments: failed\nOf 3 deployments: 1 success, 1 unknown, 1 failed.")
    assert "✅ successAwesome App (production)10811e1d51203 (main)10s50sDeployment 108 succeeded." in text
    assert "❓ unknown0d5be3a0The redeploy was scheduled, but how it ends can't be known" in text
    assert html.count("<details>") == 3
    assert f"Next: {MEND}" in text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_texts_of_several(text: str) -> None:
    """No text from outside becomes HTML or Markdown, where there are several, either."""
    cleaner = Cleaner()
    cleaner.hide(TOKEN)
    each = [(result_of(Reason.BUSY_FAILED, text, text), Facts.of(known(text)))] * 3
    check_summary(render_many(result_of(Reason.BUSY_FAILED, text), each, cleaner), TOKEN)
