"""The job's summary, and the order in which a run's end is told."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.deployment import Action, Deployment, Outcome, Result, Stack
from cloud66_redeploy.ending import report_ending
from cloud66_redeploy.history import Past
from cloud66_redeploy.report import Reporter
from cloud66_redeploy.summary import render
from cloud66_redeploy.text import Cleaner
from cloud66_redeploy.tracking import Baseline, Proof, Tracking
from harness import read_commands
from hostile import OUTPUTS, TEXTS, check_summary, commands

TOKEN = "demo-token"
RECORD: dict[str, Any] = {
    "id": 108,
    "started_at": "2026-01-01T00:00:10Z",
    "finished_at": "2026-01-01T00:01:00Z",
    "outcome": {"code": 1, "meaning": "success"},
    "git_hash": "11e1d512031f732d061ee8cf606cf804b6d7a15c",
    "git_ref": "main",
    "commit_url": "https://github.com/acme/awesome/commit/11e1d51",
}
STACK = {"name": "Awesome App", "environment": "production", "fqdn": "awesome.example.com"}
FAILED = Result(Outcome.FAILED, "Deployment 108 failed.", "rake aborted!", "Mend the Rakefile.")
SUCCESS = Result(Outcome.SUCCESS, "Deployment 108 succeeded.")


def known(text: str | None = None, **record: object) -> Tracking:
    """Everything is known; where a text is given, all texts are this one."""
    fields: dict[str, object] = RECORD | record
    stack: dict[str, str] = STACK
    if text is not None:
        fields |= dict.fromkeys(("git_hash", "git_ref", "commit_url"), text)
        stack = dict.fromkeys((*STACK, "application_address"), text)
    return Tracking(
        "mine" if text is None else text,
        stack=Stack("5999b763", stack),
        sends=1,
        action=Action.from_json({"id": 40, "started_at": "2026-01-01T00:00:00Z"}),
        deployment=Deployment.from_json(fields),
        proof=Proof.PROVED,
    )


def summary(result: Result, tracking: Tracking, log: str = "") -> str:
    """The summary, with the token known."""
    cleaner = Cleaner()
    cleaner.hide(TOKEN)
    return render(result, tracking, cleaner.tail(log, 50), cleaner)


def test_everything_known() -> None:
    """A good outcome shows the stack, a link to the commit, the times and the reference, and no advice."""
    html = summary(SUCCESS, known())
    text = check_summary(html, TOKEN)
    assert "✅ Awesome App: success" in text
    assert "Deployment 108 succeeded." in text
    for row in (
        "Stack5999b763", "Environmentproduction", "Addresshttp://awesome.example.com", "Deployment108", "Action40",
        "Commit11e1d51203 (main)", "Queued10s", "Deployed in50s", "Referencemine",
    ):  # fmt: skip
        assert row in text
    assert '<a href="https://github.com/acme/awesome/commit/11e1d51"><code>11e1d51203</code></a>' in html
    assert "Next" not in text
    assert "Cloud 66 said" not in text
    assert "<details>" not in html


@pytest.mark.parametrize(
    ("finished", "outcome", "text"),
    [
        ("00:01:00", "success", "this one was 17 % faster than usual, faster than 4 of them"),
        ("00:01:25", "success", "this one was 25 % slower than usual, faster than 0 of them"),
        ("00:01:10", "success", "this one was as long as usual, faster than 2 of them"),
        ("00:01:10", "failed", None),
        (None, "success", None),
    ],
)
def test_comparison(finished: str | None, outcome: str, text: str | None) -> None:
    """A success is compared with the last ones; of any other, only the usual time is told."""
    tracking = known(finished_at=finished and f"2026-01-01T{finished}Z", outcome={"code": outcome})
    tracking.baseline = Baseline(past=tuple(Past(frozenset(), float(seconds)) for seconds in (60, 55, 70, 50, 65)))
    found = check_summary(summary(SUCCESS, tracking), TOKEN)
    assert "Usually1m (the last 5: 50s to 1m10s)" in found
    assert (text in found) if text else ("this one" not in found)


def test_bad_outcome() -> None:
    """A bad outcome also shows what the server said, what to do next, and the end of the log in a fold."""
    html = summary(FAILED, known(), "one\n  two\n\nthree")
    text = check_summary(html, TOKEN)
    assert "❌ Awesome App: failed" in text
    assert "Details: rake aborted!" in text
    assert "Next: Mend the Rakefile." in text
    assert "<pre>one\n  two\nthree</pre>" in html


def test_nothing_known() -> None:
    """Where nothing is known the summary still says what happened, without empty rows."""
    html = summary(Result(Outcome.FAILED, "No."), Tracking(""))
    assert check_summary(html, TOKEN).startswith("❌ Cloud 66: failed")
    assert "<tr>" not in html
    assert "said" not in html
    assert "<b>Next:</b>" in html


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_a_mark(outcome: Outcome) -> None:
    """Every outcome can be told at a glance, and each bad one has advice."""
    text = check_summary(summary(Result(outcome, "Why."), known()), TOKEN)
    assert re.match(rf"\S+ Awesome App: {outcome}", text)
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
    result = Result(Outcome.FAILED, text, text, text)
    check_summary(summary(result, known(text), f"{text}\n{text}\n\n{text}"), TOKEN)


@given(st.text(), st.sampled_from(Outcome))
def test_any_text(text: str, outcome: Outcome) -> None:
    """Whatever text Cloud 66 sends, only our own elements are in the summary."""
    html = summary(Result(outcome, text, text, text), known(text), text)
    html.encode()
    assert re.sub(r"<[^>]*>", "", html).count("<") == 0


@pytest.mark.parametrize("unit", ["x", "<", "&\n", "'", "é", "\u202e<", "##[", "::error::x\n"], ids=ascii)
def test_a_megabyte_everywhere(unit: str) -> None:
    """With a megabyte in every text it stays far below what the runner takes."""
    text = unit * (1_000_000 // len(unit))
    html = summary(Result(Outcome.FAILED, text, text, text), known(text), text)
    check_summary(html, TOKEN)
    assert len(html.encode()) < 200 * 1024


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The runner's files, named in the environment."""
    found = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for name, path in found.items():
        path.touch()
        monkeypatch.setenv(name, str(path))
    return found


Log = pytest.CaptureFixture[str]


def test_good_ending(files: dict[str, Path], capsys: Log) -> None:
    """A good outcome is told in the outputs, the log and the summary, without an annotation, and exits with 0."""
    assert report_ending(SUCCESS, known(), Reporter(os.environ, Cleaner()), []) == 0
    assert capsys.readouterr().out == "success: Deployment 108 succeeded.\n"
    outputs = read_commands(files["GITHUB_OUTPUT"])
    assert set(outputs) == OUTPUTS
    assert outputs["outcome"] == "success"
    assert "Deployment 108 succeeded." in files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf8")


def test_bad_ending(files: dict[str, Path], capsys: Log) -> None:
    """A bad outcome has one annotation with all that is known, the log's end in a group, and exits with 1."""
    assert report_ending(FAILED, known(), Reporter(os.environ, Cleaner()), ["one", "two"]) == 1
    said, *group, error = capsys.readouterr().out.splitlines()
    assert said == "failed: Deployment 108 failed."
    assert group == ["::group::Last lines of the stack's log", "| one", "| two", "::endgroup::"]
    assert [one.name for one in commands(error)] == ["error"]
    facts = f"deployment 108, commit {RECORD['git_hash']}, queued for 10s, deployed for 50s"
    assert error.rpartition("=::")[2].split("%0A") == [
        "Deployment 108 failed.",
        f"Stack Awesome App production 5999b763, {facts}, reference mine",
        "Details: rake aborted!",
        "Next: Mend the Rakefile.",
    ]
    assert read_commands(files["GITHUB_OUTPUT"])["outcome"] == "failed"


def test_bad_ending_with_nothing_known(files: dict[str, Path], capsys: Log) -> None:
    """What is not known is not talked about."""
    assert report_ending(Result(Outcome.UNKNOWN, "Why."), Tracking("r"), Reporter(os.environ, Cleaner()), []) == 1
    _, error = capsys.readouterr().out.splitlines()
    first, advice = error.rpartition("=::")[2].split("%0A")
    assert first == "Why."
    assert advice.startswith("Next: ")
    assert read_commands(files["GITHUB_OUTPUT"])["deployment_id"] == ""


def test_bad_ending_without_a_commit(files: dict[str, Path], capsys: Log) -> None:
    """A deployment whose commit is not known is named without one."""
    assert report_ending(FAILED, known(git_hash=None), Reporter(os.environ, Cleaner()), []) == 1
    assert "deployment 108, queued for 10s" in capsys.readouterr().out
    assert read_commands(files["GITHUB_OUTPUT"])["git_hash"] == ""


@pytest.mark.parametrize("outcome", [Outcome.SUCCESS, Outcome.TIMED_OUT])
def test_an_unknown_deployment_is_warned_about(files: dict[str, Path], capsys: Log, outcome: Outcome) -> None:
    """Where only our action is known, a warning says that the deployment's id and commit are not."""
    tracking = known()
    tracking.deployment, tracking.proof = None, Proof.NONE
    report_ending(Result(outcome, "Why."), tracking, Reporter(os.environ, Cleaner()), [])
    outputs = read_commands(files["GITHUB_OUTPUT"])
    assert (outputs["deployment_id"], outputs["git_hash"], outputs["deployment"], outputs["action_id"]) == (
        *[""] * 3,
        "40",
    )
    expected = ["warning"] if outcome is Outcome.SUCCESS else ["warning", "error"]
    assert [one.name for one in commands(capsys.readouterr().out)] == expected
