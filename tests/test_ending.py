"""The order in which a run's end is told."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from cloud66_redeploy.inputs.fields import Command
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.polling.ends import several
from cloud66_redeploy.report.facts import NOTHING, Facts
from cloud66_redeploy.report.final import Each, Ending, report_ending
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.tracking import Certainty
from harness import OUTPUTS, read_commands
from hostile import commands
from records import tracked
from results import SUCCEEDED, ended_as
from test_summary import FAILED, MEND, RECORD, SUCCESS, known


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
    assert report_ending(Ending(SUCCESS, Facts.of(known())), Reporter(os.environ, Cleaner())) == 0
    assert capsys.readouterr().out == "success: Deployment 108 succeeded.\n"
    outputs = read_commands(files["GITHUB_OUTPUT"])
    assert set(outputs) == OUTPUTS
    assert outputs["outcome"] == "success"
    assert "Deployment 108 succeeded." in files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf8")


def test_bad_ending(files: dict[str, Path], capsys: Log) -> None:
    """A bad outcome has one annotation with all that is known, the log's end in a group, and exits with 1."""
    assert report_ending(Ending(FAILED, Facts.of(known()), log=["one", "two"]), Reporter(os.environ, Cleaner())) == 1
    said, *group, error = capsys.readouterr().out.splitlines()
    assert said == "failed: Deployment 108 failed."
    assert group == ["::group::Last lines of the stack's log", "| one", "| two", "::endgroup::"]
    assert [one.name for one in commands(error)] == ["error"]
    facts = f"deployment 108, commit {RECORD['git_hash']}, queued for 10s, deployed for 50s"
    assert error.rpartition("=::")[2].split("%0A") == [
        "Deployment 108 failed.",
        f"Stack Awesome App production 5999b763, {facts}, reference mine",
        "Details: rake aborted!",
        f"Next: {MEND}",
    ]
    assert read_commands(files["GITHUB_OUTPUT"])["outcome"] == "failed"


def test_bad_ending_with_nothing_known(files: dict[str, Path], capsys: Log) -> None:
    """What is not known is not talked about."""
    assert (
        report_ending(
            Ending(Result(Reason.POST_UNCERTAIN, facts={"sent": True, "looked": False}), Facts.of(tracked("r"))),
            Reporter(os.environ, Cleaner()),
        )
        == 1
    )
    _, error = capsys.readouterr().out.splitlines()
    first, advice = error.rpartition("=::")[2].split("%0A")
    assert first.startswith("Whether the deployment was scheduled is not known")
    assert advice.startswith("Next: ")
    assert read_commands(files["GITHUB_OUTPUT"])["deployment_id"] == ""


def test_bad_ending_without_a_commit(files: dict[str, Path], capsys: Log) -> None:
    """A deployment whose commit is not known is named without one."""
    assert report_ending(Ending(FAILED, Facts.of(known(git_hash=None))), Reporter(os.environ, Cleaner())) == 1
    assert "deployment 108, queued for 10s" in capsys.readouterr().out
    assert read_commands(files["GITHUB_OUTPUT"])["git_hash"] == ""


@pytest.mark.parametrize("outcome", [Outcome.SUCCESS, Outcome.TIMED_OUT])
def test_an_unknown_deployment_is_warned_about(files: dict[str, Path], capsys: Log, outcome: Outcome) -> None:
    """Where only our action is known, a warning says that the deployment's id and commit are not."""
    tracking = known()
    tracking.sighting = replace(tracking.sighting, deployment=None, certainty=Certainty.UNKNOWN)
    report_ending(Ending(ended_as(outcome), Facts.of(tracking)), Reporter(os.environ, Cleaner()))
    outputs = read_commands(files["GITHUB_OUTPUT"])
    assert (outputs["deployment_id"], outputs["git_hash"], outputs["deployment"], outputs["action_id"]) == (
        *[""] * 3,
        "40",
    )
    expected = ["warning"] if outcome is Outcome.SUCCESS else ["warning", "error"]
    assert [one.name for one in commands(capsys.readouterr().out)] == expected


def test_several_endings(files: dict[str, Path], capsys: Log) -> None:
    """Of several each is told in the log and the results, the bad ones in the annotation, too."""
    each = [Each(SUCCESS, Facts.of(known())), Each(FAILED, Facts.of(known(id=109)), ["rake aborted!"])]
    overall = several([one.result for one in each])
    assert report_ending(Ending(overall, NOTHING, Command.WAIT, each=each), Reporter(os.environ, Cleaner())) == 1
    *said, error = capsys.readouterr().out.splitlines()
    assert said == [
        "failed: Of 2 deployments: 1 success, 1 failed.",
        "Awesome App, deployment 108: success: Deployment 108 succeeded.",
        "Awesome App, deployment 109: failed: Deployment 108 failed.",
        "::group::Awesome App, deployment 109: last lines of the stack's log",
        "| rake aborted!",
        "::endgroup::",
    ]
    assert "title=Cloud 66 wait%3A failed" in error
    assert "%0AAwesome App, deployment 109: Deployment 108 failed.%0A" in error
    assert "deployment 108: " not in error
    outputs = read_commands(files["GITHUB_OUTPUT"])
    assert [one["outcome"] for one in json.loads(outputs["results"])] == ["success", "failed"]
    assert (outputs["outcome"], outputs["deployment_id"]) == ("failed", "")


def test_what_was_asked_for_is_green(files: dict[str, Path], capsys: Log) -> None:
    """A bad outcome that is what the command was for exits with 0 and has no annotation."""
    result = Result(Reason.CANCELLED, SUCCEEDED.seen, {"why": "As asked"}, as_requested=True)
    assert report_ending(Ending(result, Facts.of(known()), Command.CANCEL), Reporter(os.environ, Cleaner())) == 0
    assert capsys.readouterr().out == "cancelled: As asked; deployment 108 was cancelled.\n"
    assert read_commands(files["GITHUB_OUTPUT"])["outcome"] == "cancelled"
