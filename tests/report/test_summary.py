"""The job's summary."""

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
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.tracking import Tracking
from hostile import TEXTS, check_summary
from records import tracked
from results import FAILED, MEND, SUCCEEDED, ended_as, known, result_of

TOKEN = "demo-token"
REFUSED = Result(Reason.REFUSED, facts={"error": Denied("GET /x", "no", status=401)})


def sanitizer() -> Sanitizer:
    """A cleaner that knows the token."""
    made = Sanitizer()
    made.hide(TOKEN)
    return made


def summary(result: Result, tracking: Tracking, log: str = "") -> str:
    """The summary, with the token known."""
    return render(result, Facts.of(tracking), sanitizer().tail(log, 50), sanitizer())


def test_everything_known() -> None:
    """A good outcome shows the stack, a link to the commit, the times and the reference, and no advice."""
    html = summary(SUCCEEDED, known())
    text = check_summary(html, TOKEN)
    for row in (
        "✅ Awesome App (production): success", "Deployment 108 succeeded.", "Stack5999b763", "Deployment108",
        "Action40", "Addresshttps://awesome.example.com", "Triggered byann", "Commit11e1d51203 (main)", "Queued10s",
        "Duration51s", "Referencemine", '"git_ref": "main"',
    ):  # fmt: skip
        assert row in text
    assert '<a href="https://github.com/acme/awesome/commit/11e1d51"><code>11e1d51203</code></a>' in html
    assert not any(word in html for word in ("Next", "Cloud 66 said", "stack's log"))
    assert html.count("<details>") == 2, "the two records"


def test_bad_outcome() -> None:
    """A bad outcome also shows what the server said, what to do next, and the end of the log in a fold."""
    html = summary(FAILED, known(outcome={"code": "failed"}), "one\n  two\n\nthree")
    text = check_summary(html, TOKEN)
    for part in (
        "❌ Awesome App (production): failed", "What that means: Usually a build step", "Details: rake aborted!", MEND
    ):  # fmt: skip
        assert part in text
    assert "<pre>one\n  two\nthree</pre>" in html


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_a_mark(outcome: Outcome) -> None:
    """Every outcome can be told at a glance, and each bad one has advice."""
    text = check_summary(summary(ended_as(outcome), known()), TOKEN)
    assert re.match(rf"\S+ Awesome App \(production\): {str(outcome).replace('_', ' ')}\n", text)
    assert ("Next: " in text) is not outcome.is_green


@pytest.mark.parametrize(
    ("result", "tracking", "said"),
    [
        (REFUSED, tracked(""), "nothing was changed"),
        # One that only our action tells of is a broken build, too.
        (Result(Reason.FAILED, LastSeen(action=Action.from_json({"id": 40}))), tracked(posts_sent=1), "a build step"),
        (Result(Reason.FAILED, LastSeen(deployment=Deployment.from_json({"id": 108}))), known(), ""),
    ],
)
def test_what_it_means_without_a_deployment(result: Result, tracking: Tracking, said: str) -> None:
    """A failure that asked for nothing is no broken build, and of one that nobody calls failed nothing is said."""
    html = summary(result, tracking)
    assert said in html
    assert "<b>Next:</b>" in html
    if result is REFUSED:
        # Nothing is known, so there are no empty rows.
        assert check_summary(html, TOKEN).startswith("❌ Cloud 66: failed")
        assert not any(word in html for word in ("<tr>", "said"))


FIVE = (60.0, 55.0, 70.0, 50.0, 65.0)
MANY = (60.0,) * 25
HALF = "usually 1m (50s to 1m10s)"
ALIKE = "usually 1m (1m to 1m)"
LAST = "last 5: <code>▆▅▇▆▆</code>"
BOTH = "last 5 and this one:"


@pytest.mark.parametrize(
    ("took", "past", "is_success", "said"),
    [
        (None, (), True, ""),
        (50.0, FIVE[:4], True, "50s"),
        (60.0, FIVE, True, f"1m · {HALF} · as long as usual · {BOTH} <code>▆▅▇▆▆▆</code>"),
        (48.0, FIVE, True, f"48s · {HALF} · 20% faster than usual · {BOTH} <code>▆▅▇▆▆▅</code>"),
        (280.0, FIVE, True, f"4m40s · {HALF} · 367% slower than usual · {BOTH} <code>▂▁▂▁▂▇</code>"),
        (0.0, FIVE, True, f"0s · {HALF} · 100% faster than usual · {BOTH} <code>▆▅▇▆▆▁</code>"),
        (50.0, FIVE, False, f"50s · {HALF} · {LAST}"),
        (None, FIVE, True, f"{HALF} · {LAST}"),
        (None, MANY, False, f"{ALIKE} · last 20: <code>{'▇' * 20}</code>"),
        (60.0, MANY, True, f"1m · {ALIKE} · as long as usual · last 19 and this one: <code>{'▇' * 20}</code>"),
    ],
)
def test_duration(took: float | None, past: tuple[float, ...], is_success: bool, said: str) -> None:
    """A success is compared with the last ones, of any other the usual time is told, without a past the time alone."""
    assert describe_duration(Times(None, took, past), is_success=is_success) == said


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"git_hash": None}, None),
        ({"git_hash": None, "git_ref": None, "commit_url": None}, None),
        ({"git_ref": None}, 'awesome/commit/11e1d51"><code>11e1d51203</code></a></td>'),
        ({"commit_url": "javascript:alert(1)"}, "<td><code>11e1d51203</code> (<code>main</code>)</td>"),
        ({"commit_url": None}, "<td><code>11e1d51203</code> (<code>main</code>)</td>"),
    ],
)
def test_commit(fields: dict[str, Any], shown: str | None) -> None:
    """The commit is a link where its address is a web address, plain text otherwise, no row where not known."""
    html = summary(SUCCEEDED, known(**fields))
    check_summary(html, TOKEN)
    assert shown in html if shown else ">Commit<" not in html


HOSTILE = TEXTS | {f"a long text of {one!a}": one * (100_000 // len(one)) for one in ("<", "&\n", "\u202e<", "##[")}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name: str) -> None:
    """No text from outside becomes HTML or Markdown, of one or of several; long ones stay below what is taken."""
    text = HOSTILE[name]
    result, tracking = result_of(Reason.BUSY_FAILED, text, text), known(text)
    html = summary(result, tracking, f"{text}\n{text}\n\n{text}")
    for each in (html, render_many(result, [(result, Facts.of(tracking))] * 3, sanitizer())):
        check_summary(each, TOKEN)
        assert len(each.encode()) < 200 * 1024


@given(st.text(), st.sampled_from(Outcome))
def test_any_text(text: str, outcome: Outcome) -> None:
    """Whatever text Cloud 66 sends, only our own elements are in the summary."""
    html = summary(ended_as(outcome, text, text), known(text), text)
    html.encode()
    assert re.sub(r"<[^>]*>", "", html).count("<") == 0


def test_a_record_too_large_is_left_out() -> None:
    """A record that stays large however its texts are cut is not shown at all."""
    many: dict[str, Any] = {f"field{number}": [[str(number)] * 30] * 30 for number in range(20)}
    html = summary(SUCCEEDED, known(**many))
    check_summary(html, TOKEN)
    assert "… more than can be shown" in html
    assert len(html) < 20_000


def test_several() -> None:
    """Several deployments have a line each, and what is to be said of each in a fold."""
    unseen = tracked("theirs", stack=Stack("0d5be3a0", {}))
    tracked_as = [
        (SUCCEEDED, known()),
        (FAILED, known(id=109, git_hash=None)),
        (Result(Reason.NOT_IDENTIFIABLE), unseen),
    ]
    each = [(result, Facts.of(tracking)) for result, tracking in tracked_as]
    html = render_many(several([one for one, _ in each]), each, sanitizer())
    text = check_summary(html, TOKEN)
    assert text.startswith("❌ 3 deployments: failed\n3 deployments: 1 failed, 1 unknown, 1 succeeded.")
    assert "✅ successAwesome App (production)10811e1d51203 (main)10s51sDeployment 108 succeeded." in text
    assert "❓ unknown0d5be3a0The redeploy was scheduled, but its deployment can't be identified" in text
    assert html.count("<details>") == 3
    assert f"Next: {MEND}" in text
