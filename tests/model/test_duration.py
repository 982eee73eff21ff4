"""Durations, as people write and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.model.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h30m", 5400), ("2h0m5s", 7205), ("1h5s", 3605), ("007s", 7), ("0s", 0), ("90m", 5400), (" 30m\n", 1800),
        ("1h 30m", 5400), ("1H30M", 5400), ("999999s", 999999), ("999h999m999s", 3657339),
        # A bare number above 0 has two readings, and is refused with both.
        *((number, f"add a unit, for example {number.strip()}s or")
          for number in ("1", "1800", " 30 ")),
        *((text, "use hours, minutes and seconds")
          for text in ("", " ", "m", "hms", "-1s", "1.5h", "1 .5h", "0", "1.5", "1800.0", "030", "30m1h", "1m1m",
                       "5min", "1d", "1000000s", "1h30", "٣m", "1\u017f")),
    ],
)  # fmt: skip
def test_parse(text: str, seconds: int | str) -> None:
    """Hours, minutes and seconds are read in that order, each with its unit; all else is refused with a sentence."""
    if isinstance(seconds, int):
        assert parse_duration(text) == seconds
    else:
        with pytest.raises(ValueError, match=rf"{seconds}.*\.$"):
            parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0s"),
        (59.6, "1m"),
        (130, "2m10s"),
        (61, "1m01s"),
        (3900, "1h05m"),
        (3601, "1h"),
        (86400, "24h"),
        (-3, "0s"),
    ],
)
def test_format(seconds: float, text: str) -> None:
    """Seconds are written in two units at most, and never as less than nothing."""
    assert format_duration(seconds) == text


@given(st.integers(0, 3599) | st.integers(3600, 10**8))
def test_format_is_read_back(seconds: int) -> None:
    """What is written reads as the same time, but for the seconds from an hour on."""
    hours, _, minutes = format_duration(seconds).rpartition("h")
    off = seconds - int(hours or 0) * 3600 - (parse_duration(minutes) if minutes else 0)
    assert off == 0 if seconds < 3600 else 0 <= off < 60
