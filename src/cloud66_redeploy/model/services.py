"""
The services of a Docker stack: what was asked for, and what Cloud 66 says that they run. Pure.

Source of the fields: the vendor's API reference and Go client (services with their containers). In the only real data
known they were empty or without a tag, so what isn't said contradicts nothing, and nothing is decided by it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from cloud66_redeploy.model.fields import as_text, as_time, is_before
from cloud66_redeploy.model.records import Record
from cloud66_redeploy.timing import CLOCK_SKEW_SECONDS

_SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS)


@dataclass(frozen=True)
class Service:
    """
    What Cloud 66 says of one service. Empty where it says nothing.

    Attributes:
        image: the name of its image, without the tag.
        tags: the image tags or git references that its containers run.
        started: when its containers started.

    """

    name: str
    image: str = ""
    tags: tuple[str, ...] = ()
    started: tuple[datetime, ...] = ()

    @classmethod
    def from_json(cls, record: Record) -> Self:
        """
        Read a record.

        Raises:
            ValueError: it names no service.

        """
        name = as_text(record.get("name"))
        if not name:
            raise ValueError("a service without a name")
        records = [record, *_containers(record)]
        images = [_split(as_text(each.get("image"))) for each in records]
        tags = [as_text(each.get(field)) for each in records for field in ("image_tag", "git_ref")]
        tags = tags if any(tags) else [tag for _, tag in images]
        started = [as_time(each.get("started_at")) or as_time(each.get("created_at")) for each in _containers(record)]
        return cls(
            name,
            next((image for image, _ in images if image), ""),
            tuple(dict.fromkeys(filter(None, tags))),
            tuple(moment for moment in started if moment),
        )

    def is_older_than(self, moment: datetime | None) -> bool:
        """Tell whether all of its containers are known to have started before a moment."""
        return bool(self.started) and all(is_before(started, moment, _SKEW) for started in self.started)

    def lacks(self, tag: str) -> bool:
        """Tell whether it is known to run other tags alone."""
        return bool(tag and self.tags) and tag not in self.tags


def asked_tags(services: str) -> dict[str, str]:
    """Return the tag that was asked for of each service, or "", from a list like `web:v2,worker`."""
    return {name: tag for name, _, tag in (entry.partition(":") for entry in services.split(",") if entry)}


def _containers(record: Record) -> Iterator[Record]:
    found = record.get("containers")
    return (each for each in (found if isinstance(found, list) else []) if isinstance(each, Mapping))


def _split(image: str) -> tuple[str, str]:
    """Take a tag off an image's name; a colon before a slash is that of a registry's port."""
    name, _, tag = image.partition("@")[0].rpartition(":")
    return (name, tag) if name and "/" not in tag else (image.partition("@")[0], "")
