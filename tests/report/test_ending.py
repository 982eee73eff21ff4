"""The order in which a run's end is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cloud66_redeploy.ending import Ending, report_ending
from cloud66_redeploy.inputs.fields import Command
from cloud66_redeploy.model.outcome import Outcome, Reason, Result, WhyCancel
from cloud66_redeploy.polling.ends import several
from cloud66_redeploy.report.facts import Facts
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.summary import Page
from cloud66_redeploy.tracking.tracking import Certainty
from harness import OUTPUTS, read_commands
from hostile import commands
from records import tracked
from results import FAILED, MEND, RECORD, SUCCEEDED, ended_as, known

Log = pytest.CaptureFixture[str]
Files = dict[str, Path]
AS_ASKED = Result(Reason.CANCELLED, SUCCEEDED.seen, {"why": WhyCancel.AS_ASKED}, as_requested=True)
UNCERTAIN = Result(Reason.POST_UNCERTAIN, facts={"sent": True, "looked": False})
ELSEWHERE = MEND.replace("stack log", "stack log in the Cloud 66 dashboard")
STACK = "Stack Awesome App production 5999b763, deployment 108"


ENDINGS: dict[str, tuple[Ending, list[str], list[str], dict[str, str]]] = {
    "good": (Ending(SUCCEEDED, Facts.of(known())), ["success: Deployment 108 succeeded."], [], {"outcome": "success"}),
    "what the command was for": (
        Ending(AS_ASKED, Facts.of(known()), command=Command.CANCEL),
        ["cancelled: Cancellation was requested. Deployment 108 was cancelled."], [], {"outcome": "cancelled"},
    ),
    "bad": (
        Ending(FAILED, Facts.of(known()), log=["one", "two"]),
        ["failed: Deployment 108 failed.", "::group::Last lines of the stack log", "| one", "| two", "::endgroup::"],
        ["Deployment 108 failed.",
         f"{STACK}, commit {RECORD['git_hash']}, queued for 10s, deployed for 51s, reference mine",
         "Details: rake aborted!", f"Next: {MEND}"],
        {"outcome": "failed", "git_hash": RECORD["git_hash"]},
    ),
    "bad, without a commit": (
        Ending(FAILED, Facts.of(known(git_hash=None))),
        ["failed: Deployment 108 failed."],
        ["Deployment 108 failed.", f"{STACK}, queued for 10s, deployed for 51s, reference mine",
         "Details: rake aborted!", f"Next: {ELSEWHERE}"],
        {"git_hash": "", "deployment_id": "108"},
    ),
    "bad, with nothing known": (
        Ending(UNCERTAIN, Facts.of(tracked("r"))),
        ["unknown: The deployment may or may not have been scheduled: …"],
        ["The deployment may or may not have been scheduled: …", "Next: Check the stack …"], {"deployment_id": ""},
    ),
}  # fmt: skip


def are_like(lines: list[str], expected: list[str]) -> bool:
    """Compare line by line; … stands for anything more."""
    pairs = zip(lines, expected, strict=True)
    return all(line == each or (each[-1] == "…" and line.startswith(each[:-1])) for line, each in pairs)


@pytest.mark.parametrize("case", ENDINGS)
def test_an_ending_is_told(case: str, reporter: Reporter, files: Files, capsys: Log) -> None:
    """An ending is told in outputs, log and summary; a bad one exits with 1, and an annotation of all that is known."""
    ending, said, annotation, outputs = ENDINGS[case]
    assert report_ending(ending, reporter) == (1 if annotation else 0)
    lines = capsys.readouterr().out.splitlines()
    assert [one.name for one in commands("\n".join(lines[len(said) :]))] == ["error"] * (len(lines) - len(said))
    assert are_like(lines[: len(said)], said)
    assert are_like([one for line in lines[len(said) :] for one in line.rpartition("=::")[2].split("%0A")], annotation)
    written = read_commands(files["output"])
    assert set(written) == OUTPUTS
    assert written | outputs == written
    assert files["summary"].read_text(encoding="utf8").startswith("<h3>")


@pytest.mark.parametrize("outcome", [Outcome.SUCCESS, Outcome.TIMED_OUT, Outcome.SCHEDULED])
def test_an_unknown_deployment_is_warned_about(files: Files, capsys: Log, reporter: Reporter, outcome: Outcome) -> None:
    """Where only our action is known of what was waited for, a warning says that its id and commit aren't."""
    tracking = known()
    tracking.sighting = replace(tracking.sighting, deployment=None, certainty=Certainty.UNKNOWN)
    page = Ending(ended_as(outcome), Facts.of(tracking))
    report_ending(Ending(page.result, Facts.of(tracked("")), each=[page, Page(SUCCEEDED, Facts.of(known()))]), reporter)
    said = [one for one in capsys.readouterr().out.splitlines() if one.startswith("::warning")]
    assert [one.rpartition("::")[2].partition(" (several")[0] for one in said] == [
        "Awesome App, the redeploy (stack action 40): The deployment couldn't be identified"
    ] * (outcome is not Outcome.SCHEDULED)
    report_ending(page, reporter)
    outputs = read_commands(files["output"])
    assert [outputs[name] for name in ("deployment_id", "git_hash", "deployment", "action_id")] == ["", "", "", "40"]
    expected = {Outcome.SUCCESS: ["warning"], Outcome.TIMED_OUT: ["warning", "error"]}.get(outcome, [])
    assert [one.name for one in commands(capsys.readouterr().out)] == expected


def test_several_endings(files: Files, capsys: Log, reporter: Reporter) -> None:
    """Of several each is told in the log and the results, the bad ones in the annotation, too."""
    each = [Page(SUCCEEDED, Facts.of(known())), Page(FAILED, Facts.of(known(stack={"name": "app"}, id=109)), ["rake"])]
    overall = several([one.result for one in each])
    assert report_ending(Ending(overall, Facts.of(tracked("")), command=Command.WAIT, each=each), reporter) == 1
    *said, error = capsys.readouterr().out.splitlines()
    assert said == [
        "failed: 2 deployments: 1 failed, 1 succeeded.",
        "Awesome App: success: Deployment 108 succeeded.",
        "app, deployment 109: failed: Deployment 108 failed.",
        "::group::app, deployment 109: last lines of the stack log",
        "| rake",
        "::endgroup::",
    ]
    assert "title=Cloud 66 wait%3A failed" in error
    assert "%0Aapp, deployment 109: Deployment 108 failed.%0A" in error
    assert "deployment 108: " not in error
    outputs = read_commands(files["output"])
    assert [one["outcome"] for one in json.loads(outputs["results"])] == ["success", "failed"]
    assert (outputs["outcome"], outputs["deployment_id"]) == ("failed", "")
