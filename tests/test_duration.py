"""Durations, as people write and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1h30m", 5400),
        ("1h", 3600),
        ("2h0m5s", 7205),
        ("1h5s", 3605),
        ("007s", 7),
        ("0s", 0),
        ("90m", 5400),
        (" 30m\n", 1800),
        ("1h 30m", 5400),
        ("1H30M", 5400),
        ("999999s", 999999),
    ],
)
def test_parse(text: str, seconds: int) -> None:
    """Hours, minutes and seconds are read in that order, each with its unit, any of them left out."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("number", ["0", "30", "1800", "1.5", " 30 "])
def test_bare_number(number: str) -> None:
    """A bare number is refused with both of its readings."""
    with pytest.raises(ValueError, match="needs a unit") as caught:
        parse_duration(number)
    plain = number.strip()
    assert f"{plain}s is {plain} seconds, {plain}m is {plain} minutes" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "m",
        "hms",
        "1",
        "-1s",
        "1.5h",
        "1 .5h",
        "30m1h",
        "1m1m",
        "5min",
        "1d",
        "1000000s",
        "1h30",
        "٣m",
        "1\u017f",
    ],
)
def test_refused(text: str) -> None:
    """Whatever is not hours, minutes and seconds is refused with a sentence, never guessed at."""
    with pytest.raises(ValueError, match=r"\.$"):
        parse_duration(text)


@given(st.integers(0, 999), st.integers(0, 999), st.integers(0, 999))
def test_parse_sums(hours: int, minutes: int, seconds: int) -> None:
    """The parts add up."""
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@given(st.text(max_size=12))
def test_parse_anything(text: str) -> None:
    """Any text is either a duration or refused, and never negative."""
    try:
        assert parse_duration(text) >= 0
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either is fine


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (45, "45s"),
        (59.6, "1m"),
        (60, "1m"),
        (130, "2m10s"),
        (61, "1m01s"),
        (1800, "30m"),
        (3600, "1h"),
        (3900, "1h05m"),
        (3601, "1h"),
        (86400, "24h"),
        (-3, "0s"),
    ],
)
def test_format(seconds: float, text: str) -> None:
    """Seconds are written in two units at most, and never as less than nothing."""
    assert format_duration(seconds) == text


@given(st.integers(0, 3599))
def test_format_is_read_back(seconds: int) -> None:
    """What is written for less than an hour reads as the same time."""
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(3600, 10**8))
def test_format_of_hours_loses_seconds_only(seconds: int) -> None:
    """What is written for longer times is less than a minute off."""
    hours, _, minutes = format_duration(seconds).partition("h")
    assert 0 <= seconds - int(hours) * 3600 - int(minutes.rstrip("m") or 0) * 60 < 60
