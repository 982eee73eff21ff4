"""
The services of a Docker stack: what was requested, and what Cloud 66 says that they run. Pure.

Source of the fields: the vendor's API reference and Go client (services with their containers). In the only real data
known they were empty or without a tag, so what isn't said contradicts nothing, and nothing is decided by it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Self

from cloud66_redeploy.model.fields import SKEW, as_text, as_time, is_before
from cloud66_redeploy.model.git import is_full_hash, plain_ref, same_commit
from cloud66_redeploy.model.records import Record


class Service(NamedTuple):
    """
    What Cloud 66 says of one service. Empty where it says nothing.

    Attributes:
        image: the name of its image, without the tag.
        tags: the image tags that its containers run; where those say nothing, the service's own.
        refs: the git references that they were built from; else the service's own.
        started: when its containers started.

    """

    name: str
    image: str = ""
    tags: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
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
        containers = list(_containers(record))
        started = [as_time(each.get("started_at")) or as_time(each.get("created_at")) for each in containers]
        # What a service is set to may be ahead of what its containers run.
        image, tags, refs = (runs or is_set for runs, is_set in zip(_said(containers), _said([record]), strict=True))
        return cls(name, "".join(image[:1]), tags, refs, tuple(moment for moment in started if moment))

    @property
    def versions(self) -> tuple[str, ...]:
        """All tags and git references that it says."""
        return (*self.tags, *self.refs)

    def is_older_than(self, moment: datetime | None) -> bool:
        """Tell whether all of its containers are known to have started before a moment."""
        return bool(self.started) and all(is_before(started, moment, SKEW) for started in self.started)

    def lacks(self, tag: str) -> bool:
        """
        Tell whether it is known to run other tags alone.

        What was requested may be an image tag or a git reference; a commit may be the one that a branch or tag names.
        """
        if not tag or not self.versions or tag in self.tags:
            return False
        is_commit = is_full_hash(tag)
        return not any(
            plain_ref(ref) == tag or same_commit(ref, tag) or (is_full_hash(ref) and not is_commit) for ref in self.refs
        )


def asked_tags(services: str) -> dict[str, str]:
    """Return the tag that was requested of each service, or "", from a list like `web:v2,worker`."""
    return {name: tag for name, _, tag in (entry.partition(":") for entry in services.split(",") if entry)}


def those_asked(asked: str, services: Iterable[Service]) -> list[Service]:
    """Return the services that were requested, each once: a list of any length says no more than that."""
    tags, named = asked_tags(asked), dict[str, Service]()
    for service in services:
        if service.name in tags:
            named.setdefault(service.name, service)
    return list(named.values())


def _containers(record: Record) -> Iterator[Record]:
    found = record.get("containers")
    return (each for each in (found if isinstance(found, list) else []) if isinstance(each, Mapping))


def _texts(records: Iterable[Record], name: str) -> tuple[str, ...]:
    """Return the texts of a field, once each."""
    return tuple(dict.fromkeys(filter(None, (as_text(each.get(name)) for each in records))))


def _said(records: Iterable[Record]) -> list[tuple[str, ...]]:
    """Return what records say of the names of their images, of tags, and of git references."""
    parts = [_split(image) for image in _texts(records, "image")]
    tags = tuple(dict.fromkeys(tag for _, tag in parts if tag))
    return [tuple(name for name, _ in parts), _texts(records, "image_tag") or tags, _texts(records, "git_ref")]


def _split(image: str) -> tuple[str, str]:
    """Take a tag off an image's name; a colon before a slash is that of a registry's port."""
    name, _, tag = image.partition("@")[0].rpartition(":")
    return (name, tag) if name and "/" not in tag else (image.partition("@")[0], "")
