"""The job's summary."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.errors import Denied
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Stack
from cloud66_redeploy.polling.ends import several
from cloud66_redeploy.report.facts import Facts, Times
from cloud66_redeploy.report.progress import describe_duration
from cloud66_redeploy.report.summary import Page, Summary
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.tracking import Tracking
from hostile import TEXTS, check_summary
from records import tracked
from results import FAILED, SUCCEEDED, ended_as, known, result_of

TOKEN = "demo-token"
REFUSED = Result(Reason.REFUSED, facts={"error": Denied("GET /x", "no", status=401)})


def sanitizer() -> Sanitizer:
    """A cleaner that knows the token."""
    made = Sanitizer()
    made.hide(TOKEN)
    return made


def summary(result: Result, tracking: Tracking, log: str = "") -> str:
    """The summary, with the token known."""
    return Summary(sanitizer()).of_one(Page(result, Facts.of(tracking), sanitizer().tail(log, 50)))


def test_everything_known() -> None:
    """A success leads with what was deployed and how long that took; identifiers are folded away; there is no advice."""
    html = summary(SUCCEEDED, known(stack={"application_address": "https://awesome.example.com/"}))
    text = check_summary(html, TOKEN)
    assert text.startswith(
        "✅ Deployed Awesome App (production) in 51s\nCommit11e1d51203 on mainDuration51s after 10s in the "
    )
    for row in ("Appawesome.example.com\n", "Deployment108", "Stack action40", "Stack UID5999b763", "Referencemine",
                "Started byann", '"git_ref": "main"'):  # fmt: skip
        assert row in text
    assert '<a href="https://github.com/acme/awesome/commit/11e1d51"><code>11e1d51203</code></a>' in html
    assert not any(word in html for word in ("What to do", "Likely cause", "stack log", "Deployment 108 succeeded"))
    assert html.count("<details>") == 1


def test_a_failure_leads_with_its_cause() -> None:
    """A failure says where, the likely cause and what to do, then the end of the log, open; earlier lines are folded."""
    html = summary(FAILED, known(outcome={"code": "failed"}), "\n".join(f"line {number}" for number in range(1, 26)))
    text = check_summary(html, TOKEN)
    order = ["❌ Deployment 108 failed on Awesome App (production)", "Likely cause: A build step", "What to do: Fix the error",
             "Stack log: last 20 lines", "line 6", "line 25", "Earlier lines", "line 5", "Commit11e1d51203", "Identifiers",
             "Detailsrake aborted!"]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert [html.count(tag) for tag in ("<details open>", "<details>")] == [1, 2]
    # Where the log is not shown, it is said where it is.
    assert check_summary(summary(FAILED, known()), TOKEN).count("log in the Cloud 66 dashboard") == 2


def test_links_go_with_the_api_of_cloud_66() -> None:
    """Where a text says dashboard or tokens it is a link, unless the API is another one: its dashboard is not known."""
    page = Page(result_of(Reason.OWN_FAULT), Facts.of(known()))
    # Once: its advice names the dashboard already.
    html = Summary(sanitizer()).of_one(page)
    assert html.count('<a href="https://app.cloud66.com/dashboard">Cloud 66 dashboard</a>') == 1
    assert 'href="https://app.cloud66.com' not in Summary(sanitizer(), has_links=False).of_one(page)
    tokens = '<a href="https://app.cloud66.com/oauth/authorized_applications">'
    assert tokens in summary(REFUSED, tracked(""))


def changed(*, posts_sent: int = 1, is_external: bool = False, **sighting: Any) -> Tracking:
    """Everything is known, but for what is changed."""
    tracking = known()
    tracking.submission.posts_sent = posts_sent
    tracking.request = replace(tracking.request, is_external=is_external)
    tracking.sighting = replace(tracking.sighting, **sighting)
    return tracking


# The result, what is known, and how the summary begins.
HEADINGS: dict[str, tuple[Result, Tracking, str]] = {
    "refused": (REFUSED, tracked(""), "❌ No deployment was started\nCloud 66 refused"),
    "by its action alone": (Result(Reason.FAILED), changed(deployment=None), "❌ The redeploy (stack action 40) failed on Awesome App"),
    "not known": (result_of(Reason.RECORD_VANISHED), known(), "❓ Unknown result of deployment 108 on Awesome App (production)"),
    "timed out": (ended_as(Outcome.TIMED_OUT), known(), "⏱️ Timed out waiting for deployment 108 on Awesome App (production)"),
    "live already": (result_of(Reason.ALREADY_LIVE), known(), "⏭️ Already live on Awesome App (production)"),
    "busy": (result_of(Reason.BUSY_FAILED), changed(posts_sent=0), "❌ No deployment was started on Awesome App (production)"),
    "a dry run": (result_of(Reason.DRY_RUN), known(), "🧪 Dry run on Awesome App (production): nothing was deployed\nWould send"),
    "unhealthy": (result_of(Reason.UNHEALTHY), known(), "🩺 Deployment 108 doesn't serve on Awesome App (production)"),
    "another commit": (result_of(Reason.WRONG_COMMIT), known(), "❌ Wrong commit on Awesome App (production)"),
    "no commit": (result_of(Reason.COMMIT_UNKNOWN), known(), "❓ Unknown commit on Awesome App (production)"),
    "reverted": (result_of(Reason.REVERTED), known(), "❌ Deployment 108 was reverted on Awesome App (production)"),
    "its action failed": (result_of(Reason.ACTION_FAILED), known(), "❌ Records disagree about deployment 108 on Awesome App (production)"),
    "its action is odd": (result_of(Reason.ACTION_ODD), known(), "❌ Records disagree about deployment 108 on Awesome App (production)"),
    "of an odd status": (result_of(Reason.OUTCOME_ODD), known(), "❌ Unknown status of deployment 108 on Awesome App (production)"),
    "of no status": (result_of(Reason.OUTCOME_MISSING), known(), "❌ No result of deployment 108 on Awesome App (production)"),
    "waited for": (SUCCEEDED, changed(is_external=True), "✅ Deployment 108 succeeded on Awesome App (production)"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADINGS)
def test_a_heading_says_what_happened_and_where(name: str) -> None:
    """The heading names the deployment and the stack, as far as there are any."""
    result, tracking, said = HEADINGS[name]
    text = check_summary(summary(result, tracking), TOKEN)
    assert text.startswith(said)
    # Nothing is to be fixed unless it failed.
    assert ("Fix the error" in text) is (" failed on" in text.splitlines()[0])


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_a_mark(outcome: Outcome) -> None:
    """Every outcome can be told at a glance, and each bad one has advice."""
    text = check_summary(summary(ended_as(outcome), known()), TOKEN)
    assert re.match(r"\S+ .*Awesome App \(production\)", text)
    assert ("What to do: " in text) is not outcome.is_green


def test_a_rollback_is_told() -> None:
    """Both deployments have a row with their commits, and a rollback does not undo migrations."""
    back = known(id=110, git_hash="59b70d405acd26fab940ab98626d224df64d13c5")
    whole = Result(
        Reason.FOLLOWED, parts=(FAILED, Result(Reason.ROLLED_BACK, facts={"commit": "59b70d4"}, parts=(SUCCEEDED,)))
    )
    page = Page(whole, Facts.of(known()), (), Facts.of(back))
    text = check_summary(Summary(sanitizer()).of_one(page), TOKEN)
    assert text.startswith(
        "❌ Deployment 108 failed on Awesome App (production) · ↩️ rolled back\nRolled back to commit 59b70d4."
    )
    assert "A rollback does not undo database migrations." in text
    assert "❌ failed10811e1d51203 on main51s" in text
    assert "↩️ rollback11059b70d405a on main51s" in text


FIVE = (60.0, 55.0, 70.0, 50.0, 65.0)
MANY = (60.0,) * 25
HALF = "usually 1m (50s to 1m10s)"
ALIKE = "usually 1m"
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
        (6.0, FIVE, True, f"6s · {HALF} · 90% faster than usual · {BOTH} <code>▆▅▇▆▆▁</code>"),
        (660.0, FIVE, True, f"11m · {HALF} · much slower than usual · {BOTH} <code>▁▁▁▁▁▇</code>"),
        (0.0, FIVE, True, f"0s · {HALF} · much faster than usual · {BOTH} <code>▆▅▇▆▆▁</code>"),
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
        ({"commit_url": "javascript:alert(1)"}, "<td><code>11e1d51203</code> on <code>main</code></td>"),
        ({"commit_url": None}, "<td><code>11e1d51203</code> on <code>main</code></td>"),
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
    for each in (html, Summary(sanitizer()).of_many(result, [Page(result, Facts.of(tracking))] * 3)):
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
    """Of several, those that aren't green come first, each with its own log; then a row for each."""
    unseen = tracked("theirs", posts_sent=1, stack=Stack("0d5be3a0", {}))
    absent = tracked("", given_id=7, posts_sent=1, stack=Stack("0d5be3a0", {}))
    tracked_as = [
        (SUCCEEDED, known()),
        (FAILED, known(id=109, git_hash=None)),
        (Result(Reason.NOT_IDENTIFIABLE), unseen),
        (Result(Reason.NO_SUCH_DEPLOYMENT, absent.last_seen), absent),
    ]
    pages = [
        Page(result, Facts.of(tracking), ["rake aborted!"] * (result is FAILED)) for result, tracking in tracked_as
    ]
    text = check_summary(Summary(sanitizer()).of_many(several([page.result for page in pages]), pages), TOKEN)
    order = ["❌ 4 deployments: 1 failed, 2 unknown, 1 succeeded", "❌ Deployment 109 failed on Awesome App (production)",
             "rake aborted!", "❓ Unknown result of the redeploy on 0d5be3a0", "StackDeploymentCommitDuration",
             "❌ failedAwesome App (production)109", "❓ unknown0d5be3a0theirs", "❓ unknown0d5be3a07", "✅ successAwesome App (production)108",
             "Identifiers and API records of Awesome App, deployment 109"]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
