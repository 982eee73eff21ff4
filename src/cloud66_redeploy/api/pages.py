"""
Lists that come in pages: where the newest records stand, and how to read those in few calls. Pure but for its reader.

The API promises no order of its lists, and of `pagination: {previous, next, current, per_page, count, pages}` any field
may be missing or wrong. So the order is judged by the records, and what is said of pages is a lead: a page counts for
what it holds. A list with the newest first, as in every sample, takes one call.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, Generic, NamedTuple, TypeVar

from cloud66_redeploy.model.fields import as_id
from cloud66_redeploy.model.records import Entry

_MOST_PAGES = 10
"""How many pages are read, beyond those that are tried to find the last one."""

_MOST_TRIED = 30
_LARGEST_CLAIM = 10_000
"""Numbers of pages beyond that are nonsense; a smaller one that is wrong takes some tries."""


T = TypeVar("T")
N = TypeVar("N", bound=Entry)


class Page(NamedTuple, Generic[T]):
    """
    One page of a list.

    Attributes:
        number: the number by which it was read, from 1.
        records: what it holds, in the order of the answer.
        following: the number of a later page that the answer names as the next one, or None.
        last: the number of the last page as far as the answer tells; at least its own.
        is_told: the answer says something about further pages, be it that there are none.

    """

    number: int
    records: list[T]
    following: int | None
    last: int
    is_told: bool

    @classmethod
    def of(cls, number: int, records: list[T], body: object) -> "Page[T]":
        """Read what an answer says of its page."""
        said = body.get("pagination") if isinstance(body, Mapping) else None
        said = said if isinstance(said, Mapping) else {}
        following, pages, count, per_page = (as_id(said.get(name)) for name in ("next", "pages", "count", "per_page"))
        counted = -(-count // per_page) if count and per_page else 0
        last = max(number, pages or 0, counted)
        is_told = "next" in said or bool(pages or counted)
        following = following if following is not None and following > number else None
        return cls(number, records, following, min(last, max(number, _LARGEST_CLAIM)), is_told)

    @property
    def after(self) -> int | None:
        """The number of the page to go on with, or None where there is none to be expected."""
        if self.following is not None:
            return self.following
        # Where nothing is said of pages, only a page that brings nothing tells that there is none.
        is_likely = self.number < self.last or not self.is_told
        return self.number + 1 if self.records and is_likely else None


Read = Callable[[int], Page[T]]
"""Reads the page of a number. May raise `errors.ApiError`."""


class Place:
    """
    Where the newest records of a list stood at the last look, so that one with the oldest first takes few calls, too.

    Attributes:
        last: the number of the last page, if the list is known to have the oldest first; else 1.
        size: how many records a page holds.

    """

    def __init__(self) -> None:
        self.last = 1
        self.size = 0


def all_records(read: Read[T], key: Callable[[T], Any], most_pages: int) -> list[T]:
    """Read all pages, up to so many, and return each record once."""
    *_, records = _growing(_onwards(read, most_pages), key)
    return records


def newest(read: Read[N], is_enough: Callable[[Sequence[N]], bool], place: Place | None = None) -> list[N]:
    """
    Return the newest records of a list, about a page of them or as many as it takes, the newest first.

    Where no order can be seen, all records up to ten pages are returned, as they come.

    Args:
        read: reads a page.
        is_enough: tells whether nothing that matters can stand further down than the records so far.
        place: where they stood at the last look; noted again.

    Raises:
        ApiError: as `read`.

    """
    pages, place = _Pages(read), place or Place()
    order = 1
    if place.last == 1 or not pages[place.last].records:
        order, place.last, place.size = _order_in(pages), 1, len(pages[1].records)
    if order > 0:
        place.last = pages.last(place.last)
        from_newest = pages.backwards(place.last)
    else:
        from_newest = _onwards(pages.__getitem__, _MOST_PAGES)
    records: list[N] = []
    for records in _growing(from_newest, _id):
        if order and len(records) >= place.size and is_enough(records):
            break
    return records


class _Pages(Generic[N]):
    """The pages of one list that have been read."""

    def __init__(self, read: Read[N]) -> None:
        self._read = read
        self._pages: dict[int, Page[N]] = {}

    def __getitem__(self, number: int) -> Page[N]:
        if number not in self._pages:
            self._pages[number] = self._read(number)
        return self._pages[number]

    def backwards(self, last: int) -> Iterator[Page[N]]:
        """Go from the last page towards the first, and in each from its end."""
        for number in range(last, max(0, last - _MOST_PAGES), -1):
            yield self[number]._replace(records=self[number].records[::-1])

    def last(self, there: int) -> int:
        """
        Find the last page of a list, from one that is there.

        Where the answers don't say it, or not the truth, ever larger steps are tried, and then what lies between.
        """
        step, beyond = 1, _LARGEST_CLAIM * 2
        while len(self._pages) < _MOST_TRIED and beyond - there > 1:
            page = self[there]
            # Most often the last page is known from the first.
            if there < page.last < beyond:
                number = page.last
            elif page.is_told and page.following is None and page.last == there:
                break
            else:
                number = there + step if beyond > _LARGEST_CLAIM else (there + beyond) // 2
            there, beyond = (number, beyond) if self._brings_more(number) else (there, number)
            step *= 2
        return there

    def _brings_more(self, number: int) -> bool:
        others = [page.records for page in self._pages.values() if page.number != number]
        return not set(map(_id, self[number].records)) <= set(map(_id, chain(*others)))


def _onwards(read: Read[T], most_pages: int) -> Iterator[Page[T]]:
    """Go from the first page to the last, but for pages that lead on and on."""
    number: int | None = 1
    for _ in range(most_pages):
        if number is None:
            break
        page = read(number)
        yield page
        number = page.after


def _growing(pages: Iterable[Page[T]], key: Callable[[T], Any]) -> Iterator[list[T]]:
    """Return the records after each page, each once: pages may shift meanwhile, or lead back, which ends it."""
    found: dict[Any, T] = {}
    for page in pages:
        before = len(found)
        found |= {key(record): record for record in page.records}
        yield list(found.values())
        if page.records and len(found) == before:
            break


def _id(record: Entry) -> int:
    return record.id


def _order_in(pages: _Pages[N]) -> int:
    """Judge the order of a list by as many of its first pages as that takes; see `_order_of`."""
    orders = map(_order_of, _growing(_onwards(pages.__getitem__, _MOST_PAGES), _id))
    return next(filter(None, orders), 0)


def _order_of(records: Sequence[Entry]) -> int:
    """
    Judge by numbers, which grow, and by times: 1 for the oldest first, -1 for the newest, 0 where no order is seen.

    None is seen where they contradict each other.
    """
    times = [record.started_at or record.finished_at for record in records]
    by_number = _direction([record.id for record in records])
    by_time = _direction([time.timestamp() for time in times if time is not None])
    return 0 if by_number * by_time < 0 else by_number or by_time


def _direction(values: Sequence[float]) -> int:
    """Tell whether values grow (1) or shrink (-1), on the whole; a single one, or equal ones, tell nothing (0)."""
    grows, shrinks = sum(a < b for a, b in pairwise(values)), sum(a > b for a, b in pairwise(values))
    if 2 * abs(grows - shrinks) <= grows + shrinks:
        return 0
    return 1 if grows > shrinks else -1
