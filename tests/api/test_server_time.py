"""The server's clock beside ours."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cloud66_redeploy.api.headers import Headers

MOMENT = datetime(2026, 1, 1, 0, 0, 40, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def in_tokyo() -> Iterator[None]:
    """Let the runner stand elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("header", "instant"),
    [
        ("Thu, 01 Jan 2026 00:01:40 GMT", 940.0),
        ("Thu, 01 Jan 2026 02:00:40 +0200", 1000.0),
        ("Thu, 01 Jan 2026 00:00:40 -0000", 1000.0),
        ("Thu, 01 Jan 2026 00:00:40", 1000.0),
        ("Thu, 01-Jan-26 00:01:00 GMT", 980.0),
        *((header, None) for header in (None, "", "soon", "Thu, 99 Jan 2026 00:00:00 GMT", "0")),
    ],
)
def test_a_time_of_the_server_becomes_an_instant(header: str | None, instant: float | None) -> None:
    """A time was as long before an answer as that says, in its zone or UTC; what is no date changes nothing."""
    fresh, told = Headers(), Headers()
    told.note({"Date": "Thu, 01 Jan 2026 00:00:40 GMT"}, 10.0, is_the_apis=True)
    for clock in (fresh, told):
        clock.note({} if header is None else {"Date": header}, 1000.0, is_the_apis=True)
    assert fresh.instant_of(MOMENT) == instant
    assert told.instant_of(MOMENT) == (10.0 if instant is None else instant)
