"""Where the newest records of a list stand, whatever its order and whatever is said of its pages."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud66_redeploy.api.pages import Page, Place, all_records, newest
from cloud66_redeploy.model.records import Action, Phase

START = datetime(2026, 1, 1, tzinfo=UTC)
Says = Callable[[dict[str, Any]], object]


def one_of(number: int, started_at: datetime | None = None, finished_at: datetime | None = None) -> Action:
    """Make a record."""
    return Action(number, started_at, finished_at, Phase.RUNNING, {})


def numbered(count: int) -> list[Action]:
    """Make that many records, the eldest first."""
    return [one_of(number, START + timedelta(minutes=number)) for number in range(1, count + 1)]


@dataclass
class Lists:
    """
    Answers with the pages of a list, and says of them what it is told to say.

    Attributes:
        beyond: what stands on a page beyond the last: "nothing", or the "first" or "last" one again.
        comes_at: where in the list a record comes after the first call.

    """

    records: list[Action]
    per_page: int = 30
    says: Says = lambda truth: truth
    beyond: str = "nothing"
    comes_at: int | None = None
    asked: list[int] = field(default_factory=list)

    def read(self, number: int) -> Page[Action]:
        if self.asked == [1] and self.comes_at is not None:
            self.records.insert(self.comes_at, one_of(61, START + timedelta(hours=2)))
        self.asked.append(number)
        pages = max(1, -(-len(self.records) // self.per_page))
        shown = {"first": 1, "last": min(number, pages), "nothing": number}[self.beyond]
        records = self.records[(shown - 1) * self.per_page : shown * self.per_page]
        following = number + 1 if number < pages else None
        truth = {"previous": number - 1 or None, "next": following, "current": number, "per_page": self.per_page}
        said = self.says(truth | {"count": len(self.records), "pages": pages})
        return Page.of(number, records, {"response": records, "pagination": said})

    def newest(self, *, enough: int = 0, place: Place | None = None) -> list[int]:
        """Name the newest, read until there are so many."""
        return [one.id for one in newest(self.read, lambda seen: len(seen) >= enough, place)]


def only(*names: str) -> Says:
    """Leave out all other fields."""
    return lambda truth: {name: truth[name] for name in names}


def lying(**fields: Any) -> Says:
    """Say something else in some fields."""
    return lambda truth: truth | fields


SAYINGS: dict[str, Says] = {
    "all": lambda truth: truth,
    "no object": lambda _truth: None,
    "nothing": only(),
    "next only": only("next"),
    "pages only": only("pages"),
    "count and per_page": only("count", "per_page"),
    "no next": only("count", "current", "per_page", "pages", "previous"),
    "next is null": lying(next=None),
    "next is text": lambda truth: truth | {"next": truth["next"] and str(truth["next"])},
    "next leads back": lying(next=1),
    "too many pages": lying(pages=1000),
    "far too many pages": lying(pages=10**30, count=10**30),
    "too few pages": lying(pages=1, count=1),
    "nonsense": lambda truth: truth | {"pages": "many", "count": -3, "per_page": 0},
}


@pytest.mark.parametrize("says", SAYINGS)
@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_are_found_in_either_order(says: str, order: int) -> None:
    """A page's worth of the newest is there, the newest first; where they come first, in one call."""
    for count, per_page in [(100, 30), (90, 30), (100, 7), (31, 30), (12, 30), (12, 1), (2, 1), (0, 30)]:
        lists = Lists(numbered(count)[::order], per_page, SAYINGS[says])
        assert lists.newest()[:per_page] == list(range(count, max(0, count - per_page), -1))
        assert len(set(lists.asked)) == len(lists.asked) <= 30
        if per_page > 1:
            # With all that the API is documented to say, the last page is known from the first.
            assert len(lists.asked) <= (1 if order < 0 else 3 if says == "all" else 30)
    # Older pages are read until there is enough, at most ten.
    assert Lists(numbered(100)[::order], 10, SAYINGS[says]).newest(enough=35)[:40] == list(range(100, 60, -1))
    assert len(Lists(numbered(200)[::order], 10).newest(enough=1000)) == 100


@pytest.mark.parametrize("says", SAYINGS)
def test_the_last_page_is_remembered(says: str) -> None:
    """A further look at a list with the oldest first begins where the newest stood, finds what came, and what went."""
    lists, place = Lists(numbered(89), says=SAYINGS[says]), Place()
    lists.newest(place=place)
    for count in (89, 90, 91, 92, 240, 40, 0, 91):
        lists.records, lists.asked = numbered(count), []
        assert lists.newest(place=place)[:30] == list(range(count, max(0, count - 30), -1))
    assert place.last == 4
    lists.asked = []
    lists.newest(place=place)
    assert len(lists.asked) <= (20 if "too many" in says else 4)


@pytest.mark.parametrize("says", SAYINGS)
def test_all_records_are_read_once(says: str) -> None:
    """Every page of a list is read, however it says that there is a further one, and each record is there once."""
    assert all_records(Lists(numbered(100), says=SAYINGS[says]).read, lambda one: one.id, 100) == numbered(100)
    assert all_records(Lists(numbered(100), says=SAYINGS[says]).read, lambda one: one.id, 2) == numbered(60)
    # A server that ignores the number of a page, or answers with the last one, is not followed in a circle.
    for beyond in ("first", "last"):
        lists = Lists(numbered(20), says=SAYINGS[says], beyond=beyond)
        assert all_records(lists.read, lambda one: one.id, 100) == numbered(20)
        assert len(lists.asked) <= 2
        for order in (1, -1):
            lists = Lists(numbered(20 if beyond == "first" else 100)[::order], says=SAYINGS[says], beyond=beyond)
            assert lists.newest()[0] == len(lists.records)
            assert len(lists.asked) <= 30


@pytest.mark.parametrize("pagination", [True, False])
def test_pages_without_an_end_are_not_read_for_ever(pagination: bool) -> None:
    """A list that leads on and on is left in the end."""
    asked = []

    def read(number: int) -> Page[Action]:
        asked.append(number)
        said = {"pagination": {"next": number + 1}} if pagination else {}
        return Page.of(number, [one_of(2 * number), one_of(2 * number + 1)], said)

    assert newest(read, lambda _seen: True)
    assert len(asked) <= 40


@pytest.mark.parametrize("says", ["all", "nothing", "next only", "too many pages"])
def test_without_an_order_all_pages_are_read(says: str) -> None:
    """Where no order is to be seen, or numbers and times contradict each other, all that there is is read."""
    records = numbered(100)
    mixed = random.Random(1).sample(records, len(records))
    odd = [one_of(101 - one.id, one.started_at) for one in records]
    alike = [one_of(one.id * 37 % 101) for one in records]
    for listed in (mixed, odd, alike):
        lists = Lists(listed, says=SAYINGS[says])
        assert len(lists.newest()) == 100
        assert len(lists.asked) <= 10


def test_times_tell_the_order_where_numbers_do_not() -> None:
    """Numbers without an order leave it to the times; a record out of place changes nothing."""
    records = [one_of(one.id * 37 % 101, None, one.started_at) for one in numbered(100)]
    records[3], records[4] = records[4], records[3]
    for order, calls in ((1, 3), (-1, 1)):
        lists = Lists(records[::order])
        assert lists.newest()[0] == records[-1].id
        assert len(lists.asked) <= calls


def test_pages_that_shift_meanwhile() -> None:
    """A record that moved to another page is one, and the newest of an oldest-first list may make a new page."""
    assert sorted(Lists(numbered(60)[::-1], comes_at=0).newest(enough=31)) == list(range(2, 61))
    assert Lists(numbered(60), comes_at=60).newest()[0] == 61
