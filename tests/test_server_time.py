"""The server's clock beside ours."""

from datetime import UTC, datetime

import pytest

from cloud66_redeploy.api.headers import ServerTime, as_http_date

MOMENT = datetime(2026, 1, 1, 0, 0, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Thu, 01 Jan 2026 00:00:40 GMT", 0),
        ("Thu, 01 Jan 2026 02:00:40 +0200", 0),
        ("Thu, 01 Jan 2026 00:00:40 -0000", 0),
        ("Thu, 01 Jan 2026 00:00:40", 0),
        ("Thu, 01-Jan-26 00:01:00 GMT", 20),
    ],
)
def test_a_date_without_a_zone_is_of_utc(header: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A date is read in the zone that it gives, else in UTC, wherever the runner stands."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    found = as_http_date(header)
    assert found is not None
    assert (found - MOMENT).total_seconds() == seconds


def test_a_time_of_the_server_becomes_an_instant() -> None:
    """A time so many seconds before what an answer said was as long before that answer."""
    clock = ServerTime()
    clock.note("Thu, 01 Jan 2026 00:01:40 GMT", 1000.0)
    assert clock.instant_of(MOMENT) == 940.0


@pytest.mark.parametrize("header", [None, "", "soon", "Thu, 99 Jan 2026 00:00:00 GMT", "0"])
def test_what_is_no_date_says_nothing(header: str | None) -> None:
    """Where no answer said its time, nothing is known; what is no date changes nothing."""
    clock = ServerTime()
    clock.note(header, 5.0)
    assert clock.instant_of(MOMENT) is None
    clock.note("Thu, 01 Jan 2026 00:00:40 GMT", 10.0)
    clock.note(header, 20.0)
    assert clock.instant_of(MOMENT) == 10.0
