"""
The summary's two pictures, as Mermaid: when it waited and deployed, and how long the last deployments took. Pure.

What goes into them is digits and our own words alone; no text from the API can be Mermaid. Colours are of middling
lightness, so that both of GitHub's themes have enough contrast.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from statistics import median

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.tracking.tracking import Tracking

_GREEN, _RED, _GREY, _BLUE, _AMBER = "#2da44e", "#d1434b", "#8b949e", "#3f8ae0", "#bf8700"
_TIMELINE_COLOURS = {
    "taskBkgColor": _BLUE, "taskBorderColor": _BLUE, "taskTextColor": "#ffffff", "taskTextDarkColor": "#ffffff",
    "activeTaskBkgColor": _GREEN, "activeTaskBorderColor": _GREEN, "doneTaskBkgColor": _GREY,
    "doneTaskBorderColor": _GREY, "critBkgColor": _RED, "critBorderColor": _RED, "taskTextOutsideColor": _GREY,
    "sectionBkgColor": "transparent", "altSectionBkgColor": "transparent", "sectionBkgColor2": "transparent",
    "gridColor": _GREY,
}  # fmt: skip
_TICKS = ("1second", "5second", "15second", "1minute", "5minute", "15minute", "1hour", "6hour", "24hour")
_TICK_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 21600, 86400)
_MOST_TICKS = 8
_MOST_BARS = 20
_LONGEST_SECONDS = 10 * 86400
_OLDEST, _NEWEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def timeline(result: Result, tracking: Tracking) -> str:
    """
    Draw queued, deploying and the outcome along the time; "" where no start or end is known.

    The times are the server's; a browser shows them in its reader's own time zone.
    """
    ours = tracking.confirmed
    if ours is None or not _plausible(ours.started_at, ours.finished_at):
        return ""
    started, finished = ours.started_at, ours.finished_at
    assert started is not None
    assert finished is not None
    asked = tracking.action.started_at if tracking.action else None
    first = asked if asked is not None and _OLDEST < asked <= started else started
    lines = []
    if first < started:
        lines += ["section queued", f"{_length(first, started)} :done, {_at(first)}, {_at(started)}"]
    # A bar without length would not show.
    end = max(finished, started + timedelta(seconds=1))
    tag = "active" if ours.phase is Phase.SUCCESS else "crit"
    lines += ["section deploying", f"{_length(started, finished)} :{tag}, {_at(started)}, {_at(end)}"]
    mark = "active, milestone" if result.is_green else "crit, milestone"
    lines += [f"section {_words(result.outcome)}", f". :{mark}, {_at(end)}, 0ms"]
    return _fenced(
        _look("", ", ".join(f"'{name}': '{value}'" for name, value in _TIMELINE_COLOURS.items())),
        "gantt",
        "    title When it happened, in your time zone",
        *(
            f"    {line}"
            for line in ("dateFormat x", "axisFormat %H:%M:%S", _ticks(first, end), "todayMarker off", *lines)
        ),
    )


def durations(result: Result, tracking: Tracking, took: float | None) -> str:
    """
    Draw how long the last ones like ours took, the oldest first, ours beside them; "" where fewer than two are known.

    Args:
        result: how ours ended, for its colour.
        tracking: what is known of it.
        took: how long ours took, in seconds, or None.

    """
    past = list(tracking.durations[:_MOST_BARS])[::-1]
    if len(past) < 2 or max(past) > _LONGEST_SECONDS:
        return ""
    shown = took if took is not None and took <= _LONGEST_SECONDS else None
    every = [*past, *([] if shown is None else [shown])]
    unit, seconds = ("minutes", 60) if max(every) >= 180 else ("seconds", 1)
    labels = [f'"{len(past) - number}"' for number in range(len(past))]
    usual = median(past) / seconds
    colours = [_GREY]
    bars = [f"    bar [{_numbers(one / seconds for one in past)}]"]
    if shown is not None:
        labels.append('"this"')
        good = _AMBER if shown > max(past) else _GREEN
        colours = [good if result.outcome is Outcome.SUCCESS else _RED, _GREY]
        # Ours is a series of its own, for its colour. Below the axis is how a bar is left out.
        bars = [
            f"    bar [{_numbers([-1.0] * len(past) + [shown / seconds])}]",
            f"    bar [{_numbers([*(one / seconds for one in past), -1.0])}]",
        ]
    xy = f"'xyChart': {{'backgroundColor': 'transparent', 'plotColorPalette': '{', '.join([*colours, _BLUE])}'}}"
    return _fenced(
        _look("'xyChart': {'width': 800, 'height': 260}, ", xy),
        "xychart-beta",
        '    title "How long the last ones took, and their middle"',
        f'    x-axis "how many deployments ago" [{", ".join(labels)}]',
        f'    y-axis "{unit}" 0 --> {max(every) / seconds * 1.1:.1f}',
        *bars,
        f"    line [{_numbers([usual] * len(labels))}]",
    )


def _plausible(started: datetime | None, finished: datetime | None) -> bool:
    """Tell whether two times can be drawn."""
    return started is not None and finished is not None and _OLDEST < started <= finished < _NEWEST


def _look(config: str, variables: str) -> str:
    return f"%%{{init: {{{config}'themeVariables': {{{variables}}}}}}}%%"


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{one:.1f}" for one in values)


def _fenced(*lines: str) -> str:
    return "\n".join(("```mermaid", *lines, "```"))


def _at(moment: datetime) -> str:
    return str(int(moment.timestamp()) * 1000)


def _length(start: datetime, end: datetime) -> str:
    return format_duration((end - start).total_seconds())


def _words(outcome: Outcome) -> str:
    return str(outcome).replace("_", " ")


def _ticks(first: datetime, last: datetime) -> str:
    """Choose ticks that don't crowd the axis."""
    span = (last - first).total_seconds()
    fitting = (tick for tick, every in zip(_TICKS, _TICK_SECONDS, strict=True) if span / every <= _MOST_TICKS)
    return f"tickInterval {next(fitting, _TICKS[-1])}"
