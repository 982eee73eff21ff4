"""
What Cloud 66 says: the records of deployments, stack actions and stacks, read once for all rooms.

Pure: no clock, no socket, no environment. Facts about fields come from the vendor's API v3 reference
(Deployment, Stack Action and Stack models); where its samples disagree, both shapes are read.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from cloud66_redeploy.model.fields import as_id, as_text, as_time, code_and_meaning, is_set

Record = Mapping[str, Any]


class Phase(StrEnum):
    """What one record says about where it stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVERTED = "reverted"
    ODD = "odd"
    """Finished, and what it says was never seen before."""
    SILENT = "silent"
    """Finished, and it does not say how (yet)."""

    @property
    def is_final(self) -> bool:
        """Whether this record says that it is over."""
        return self not in {Phase.QUEUED, Phase.RUNNING}


_BAD_WORDS = {
    **dict.fromkeys(("cancelled", "canceled"), Phase.CANCELLED),
    "failed": Phase.FAILED,
    "pending": Phase.RUNNING,
}
_SUCCESS_MEANINGS = {"success", "successful", ""}


def read_outcome(value: object) -> Phase:
    """
    Read a deployment's `outcome`; SILENT where it says nothing, ODD for whatever is not known.

    Success is code 1 or "success" (both in the vendor's samples) with a meaning that doesn't contradict it.
    No source shows the numbers of the other outcomes, so those are known by their words alone.
    """
    code, meaning = code_and_meaning(value)
    if code in (None, "") and not meaning:
        return Phase.SILENT
    for word, phase in _BAD_WORDS.items():
        if word in (code, meaning):
            return phase
    is_success = code == "success" or (code == 1 and isinstance(code, int) and not isinstance(code, bool))
    return Phase.SUCCESS if is_success and meaning in _SUCCESS_MEANINGS else Phase.ODD


NO_REDEPLOYS = frozenset({"scale", "revert", "first_build"})
"""Known values of deploy_type that no redeploy has. An unknown one doesn't count against a deployment."""

_OTHER_WAYS = frozenset({"web", "hook"})
"""Known values of triggered_via and started_via that are not the API. An unknown one may be the API's."""


class _Fields(NamedTuple):
    id: int
    started_at: datetime | None
    finished_at: datetime | None
    phase: Phase
    record: Record


class Entry(_Fields, ABC):
    """What the records of a deployment and an action share. Times are UTC or None; `record` is what the API sent."""

    @classmethod
    def from_json(cls, record: Record) -> Self:
        """
        Read a record.

        Raises:
            ValueError: it is none (no id).

        """
        number = as_id(record.get("id")) if isinstance(record, Mapping) else None
        if number is None:
            raise ValueError("a record without an id")
        started_at, finished_at = as_time(record.get("started_at")), as_time(record.get("finished_at"))
        return cls(number, started_at, finished_at, cls._phase_of(record), record)

    @staticmethod
    @abstractmethod
    def _phase_of(record: Record) -> Phase:
        """Read where it stands."""

    def text(self, name: str) -> str:
        """Return a text field as the API sent it, or ""."""
        return as_text(self.record.get(name))

    @property
    def times(self) -> list[datetime]:
        """When it started and finished, as far as it has."""
        return [moment for moment in (self.started_at, self.finished_at) if moment]


class Deployment(Entry):
    """One deployment's record."""

    @staticmethod
    def _phase_of(record: Record) -> Phase:
        said = read_outcome(record.get("outcome"))
        if is_set(record.get("finished_at")):
            is_reverted = any(is_set(record.get(name)) for name in ("reverted", "reverted_by", "reverted_at"))
            return Phase.REVERTED if is_reverted else said
        # A deployment cancelled in the queue may never get a time of its own.
        if said in {Phase.CANCELLED, Phase.FAILED} and record.get("is_deploying") is not True:
            return said
        under_way = is_set(record.get("started_at")) or record.get("is_deploying") is True
        return Phase.RUNNING if under_way else Phase.QUEUED

    @property
    def kind(self) -> frozenset[object]:
        """Its deploy_type, in the API's words: code and meaning, as far as they say something."""
        return frozenset(code_and_meaning(self.record.get("deploy_type"))) - {None, ""}

    @property
    def is_live(self) -> bool | None:
        """Whether it is the one in service, or None where the record doesn't say."""
        said = self.record.get("is_live")
        return said if isinstance(said, bool) else None

    @property
    def outcome_said(self) -> str:
        """The outcome in the API's own words."""
        outcome = self.record.get("outcome")
        if not isinstance(outcome, Mapping):
            return f"{outcome!r}"
        return f"{outcome.get('meaning')} (code {outcome.get('code')!r})"

    @property
    def is_by_api(self) -> bool:
        """
        Whether it can be of a redeploy that came through the API.

        One of the dashboard or a hook may have an action or none; so only these are counted against actions.
        """
        ways = code_and_meaning(self.record.get("triggered_via"))
        return _OTHER_WAYS.isdisjoint(ways) and not self.kind & NO_REDEPLOYS

    @property
    def has_run(self) -> bool:
        """Whether it had its turn in the queue; what is no redeploy may run beside one."""
        ended = self.phase.is_final and self.phase is not Phase.CANCELLED
        return bool(self.started_at) and ended and not self.kind & NO_REDEPLOYS


class Action(Entry):
    """One Stack Action's record: the asynchronous job that a redeploy call starts and that carries its reference."""

    @staticmethod
    def _phase_of(record: Record) -> Phase:
        success = record.get("finished_success")
        if not is_set(record.get("finished_at")):
            return Phase.RUNNING
        if success in (None, ""):
            return Phase.SILENT
        return Phase.SUCCESS if success is True else Phase.FAILED if success is False else Phase.ODD

    @property
    def user(self) -> str:
        """Who started it, or ""."""
        return self.text("user")

    @property
    def kind(self) -> str:
        """What it does, in the API's word; "" where it doesn't say."""
        return self.text("action").lower()

    @property
    def is_redeploy(self) -> bool:
        """Whether it deploys; two words for it are known."""
        return "deploy" in self.kind

    @property
    def reference(self) -> str:
        """The user_reference that it carries, or ""."""
        metadata = self.record.get("metadata")
        return as_text(metadata.get("user_reference")) if isinstance(metadata, Mapping) else ""

    @property
    def message(self) -> str:
        """What the server said when it finished, or ""."""
        return self.text("finished_message")

    @property
    def is_by_api(self) -> bool:
        """Whether it can be a redeploy that came through the API (see `Deployment.is_by_api`)."""
        return self.text("started_via").lower() not in _OTHER_WAYS


class Stack(NamedTuple):
    """What the log and the outputs need of a stack."""

    uid: str
    record: Record = MappingProxyType({})

    def text(self, name: str) -> str:
        """Return a text field as the API sent it, or ""."""
        return as_text(self.record.get(name))
