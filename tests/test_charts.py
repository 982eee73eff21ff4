"""The two pictures of the summary, as Mermaid."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.model.records import Action, Deployment
from cloud66_redeploy.report.charts import durations, timeline
from cloud66_redeploy.tracking.baseline import Baseline
from cloud66_redeploy.tracking.history import Past
from cloud66_redeploy.tracking.tracking import Certainty, Tracking
from results import ended_as

SUCCESS, FAILED = Result(Reason.SUCCEEDED), Result(Reason.FAILED)
START = 1767225600


def known(asked: str | None = "00:00:00", past: tuple[float, ...] = (), **fields: Any) -> Tracking:
    """A deployment that waited ten seconds and took fifty."""
    record = {
        "id": 108,
        "started_at": "2026-01-01T00:00:10Z",
        "finished_at": "2026-01-01T00:01:00Z",
        "outcome": {"code": "success"},
    }
    return Tracking(
        "mine",
        action=Action.from_json({"id": 40, "started_at": asked and f"2026-01-01T{asked}Z"}),
        deployment=Deployment.from_json(record | fields),
        proof=Certainty.CONFIRMED,
        baseline=Baseline(past=tuple(Past(frozenset(), one) for one in past)),
    )


def bars(chart: str) -> list[list[float]]:
    """The series of bars, each from the left."""
    found = re.findall(r"^ +bar \[(.*)\]$", chart, re.MULTILINE)
    return [[float(one) for one in each.split(",")] for each in found]


def test_the_way_of_a_success() -> None:
    """It shows how long it waited and deployed, by the server's times, and the outcome at the end."""
    chart = timeline(SUCCESS, known())
    assert f"section queued\n    10s :done, {START}000, {START + 10}000\n" in chart
    assert f"section deploying\n    50s :active, {START + 10}000, {START + 60}000\n" in chart
    assert f"section success\n    . :active, milestone, {START + 60}000, 0ms\n```" in chart
    assert "tickInterval 15second" in chart


def test_the_way_of_a_failure() -> None:
    """A failure is red to its end."""
    chart = timeline(FAILED, known(outcome={"code": "failed"}))
    assert "50s :crit, " in chart
    assert ". :crit, milestone, " in chart


@pytest.mark.parametrize("asked", [None, "00:00:10", "00:00:30"])
def test_no_queue(asked: str | None) -> None:
    """Where it didn't wait, or when it was asked for is not known, no queue is shown."""
    assert "queued" not in timeline(SUCCESS, known(asked))


def test_no_time_at_all_is_seen() -> None:
    """A deployment that took no time has a bar of a second."""
    chart = timeline(SUCCESS, known(finished_at="2026-01-01T00:00:10Z"))
    assert f"0s :active, {START + 10}000, {START + 11}000" in chart


@pytest.mark.parametrize(
    ("started", "finished"),
    [
        (None, "2026-01-01T00:01:00Z"),
        ("2026-01-01T00:00:10Z", None),
        ("2026-01-01T00:01:00Z", "2026-01-01T00:00:10Z"),
        ("0001-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
        ("2026-01-01T00:00:10Z", "9999-01-01T00:00:00Z"),
    ],
)
def test_times_that_can_not_be_drawn(started: str | None, finished: str | None) -> None:
    """Where a time is missing or can't be so, there is no picture; nor without a deployment."""
    assert timeline(SUCCESS, known(started_at=started, finished_at=finished)) == ""
    assert timeline(SUCCESS, Tracking("mine")) == ""


@pytest.mark.parametrize(
    ("finished", "ticks"),
    [("2026-01-01T00:00:14Z", "5second"), ("2026-01-01T03:00:00Z", "1hour"), ("2026-03-01T00:00:00Z", "24hour")],
)
def test_ticks_do_not_crowd(finished: str, ticks: str) -> None:
    """The longer it took, the wider the ticks."""
    assert f"tickInterval {ticks}" in timeline(SUCCESS, known(finished_at=finished))


def test_the_last_ones_and_ours() -> None:
    """The past from the left, the newest beside ours, which has a colour of its own; and the middle as a line."""
    chart = durations(SUCCESS, known(past=(60, 40, 50)), 55.0)
    assert bars(chart) == [[-1, -1, -1, 55], [50, 40, 60, -1]]
    assert 'x-axis "how many deployments ago" ["3", "2", "1", "this"]' in chart
    assert 'y-axis "seconds" 0 --> 66.0' in chart
    assert "line [50.0, 50.0, 50.0, 50.0]" in chart
    assert "'#2da44e, #8b949e, #3f8ae0'" in chart


def test_minutes() -> None:
    """From three minutes on, they are shown in minutes."""
    chart = durations(SUCCESS, known(past=(180, 120)), None)
    assert (bars(chart), 'y-axis "minutes"' in chart) == ([[2, 3]], True)


@pytest.mark.parametrize(
    ("result", "took", "colour"),
    [(SUCCESS, 50.0, "#2da44e"), (SUCCESS, 70.0, "#bf8700"), (FAILED, 50.0, "#d1434b")],
)
def test_the_colour_of_ours(result: Result, took: float, colour: str) -> None:
    """Ours is green, amber where none has taken longer, red on a bad outcome."""
    assert f"'plotColorPalette': '{colour}, " in durations(result, known(past=(60, 40)), took)


@pytest.mark.parametrize("past", [(), (60,), (60, 40, 1e7)])
def test_too_little_to_draw(past: tuple[float, ...]) -> None:
    """With fewer than two, or one that can't be so, there is no picture."""
    assert durations(SUCCESS, known(past=past), 50.0) == ""


def test_an_absurd_time_of_ours_is_left_out() -> None:
    """Where ours seems to have taken weeks, the others are shown without it."""
    assert bars(durations(SUCCESS, known(past=(60, 40)), 1e7)) == [[40, 60]]


@given(st.lists(st.floats(0.1, 1e6), max_size=30), st.none() | st.floats(0, 1e6), st.sampled_from(Outcome))
def test_only_digits_and_our_words(past: list[float], took: float | None, outcome: Outcome) -> None:
    """Whatever the durations, at most twenty-one bars are shown, of plain numbers."""
    chart = durations(ended_as(outcome), known(past=tuple(past)), took)
    assert re.fullmatch(r"[A-Za-z0-9%{}':#, .\[\]\"\n>`-]*", chart)
    assert all(len(one) <= 21 for one in bars(chart))
