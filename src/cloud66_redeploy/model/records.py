"""
The language that the rooms speak: what Cloud 66 says (records) and how a run ended (Result).

Pure: no clock, no socket, no environment. Facts about fields come from the vendor's API v3 reference
(Deployment, Stack Action and Stack models); where its samples disagree, both shapes are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from cloud66_redeploy.model.fields import NOT_YET, as_id, as_text, as_time, words_of

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
    code, meaning = words_of(value)
    if code in (None, "") and not meaning:
        return Phase.SILENT
    for word, phase in _BAD_WORDS.items():
        if word in (code, meaning):
            return phase
    known = code == "success" or (code == 1 and isinstance(code, int) and not isinstance(code, bool))
    return Phase.SUCCESS if known and meaning in _SUCCESS_MEANINGS else Phase.ODD


@dataclass(frozen=True)
class Deployment:
    """One deployment's record. Times are UTC or None; `record` is what the API sent."""

    id: int
    started_at: datetime | None
    finished_at: datetime | None
    phase: Phase
    via: frozenset[object]
    kind: frozenset[object]
    record: Record = field(repr=False)

    @classmethod
    def from_json(cls, record: Record) -> Self:
        """
        Read a record.

        Raises:
            ValueError: it is not a deployment's record (no id).

        """
        number = as_id(record.get("id")) if isinstance(record, Mapping) else None
        if number is None:
            raise ValueError("a deployment without an id")
        return cls(
            id=number,
            started_at=as_time(record.get("started_at")),
            finished_at=as_time(record.get("finished_at")),
            phase=_deployment_phase(record),
            via=frozenset(words_of(record.get("triggered_via"))),
            kind=frozenset(words_of(record.get("deploy_type"))),
            record=record,
        )

    def text(self, name: str) -> str:
        """Return a text field as the API sent it, or ""."""
        return as_text(self.record.get(name))

    @property
    def is_live(self) -> bool | None:
        """Whether it is the one in service, or None where the record doesn't say."""
        said = self.record.get("is_live")
        return said if isinstance(said, bool) else None

    @property
    def times(self) -> list[datetime]:
        """When it started and finished, as far as it has."""
        return [moment for moment in (self.started_at, self.finished_at) if moment]

    @property
    def outcome_said(self) -> str:
        """The outcome in the API's own words."""
        outcome = self.record.get("outcome")
        if not isinstance(outcome, Mapping):
            return f"{outcome!r}"
        return f"{outcome.get('meaning')} (code {outcome.get('code')!r})"


def _deployment_phase(record: Record) -> Phase:
    said = read_outcome(record.get("outcome"))
    if record.get("finished_at") not in NOT_YET:
        if any(record.get(name) not in NOT_YET for name in ("reverted", "reverted_by", "reverted_at")):
            return Phase.REVERTED
        return said
    # A deployment cancelled in the queue may never get a time of its own.
    if said in {Phase.CANCELLED, Phase.FAILED} and record.get("is_deploying") is not True:
        return said
    under_way = record.get("started_at") not in NOT_YET or record.get("is_deploying") is True
    return Phase.RUNNING if under_way else Phase.QUEUED


@dataclass(frozen=True)
class Action:
    """One Stack Action's record: the asynchronous job that a redeploy call starts and that carries its reference."""

    id: int
    user: str
    kind: str
    reference: str
    started_at: datetime | None
    finished_at: datetime | None
    phase: Phase
    record: Record = field(repr=False)

    @classmethod
    def from_json(cls, record: Record) -> Self:
        """
        Read a record.

        Raises:
            ValueError: it is not an action's record (no id).

        """
        number = as_id(record.get("id")) if isinstance(record, Mapping) else None
        if number is None:
            raise ValueError("an action without an id")
        metadata = record.get("metadata")
        return cls(
            id=number,
            user=as_text(record.get("user")),
            kind=as_text(record.get("action")).lower(),
            reference=as_text(metadata.get("user_reference")) if isinstance(metadata, Mapping) else "",
            started_at=as_time(record.get("started_at")),
            finished_at=as_time(record.get("finished_at")),
            phase=_action_phase(record),
            record=record,
        )

    @property
    def message(self) -> str:
        """What the server said when it finished, or ""."""
        return as_text(self.record.get("finished_message"))


def _action_phase(record: Record) -> Phase:
    success = record.get("finished_success")
    if record.get("finished_at") in NOT_YET:
        return Phase.RUNNING
    if success in (None, ""):
        return Phase.SILENT
    return Phase.SUCCESS if success is True else Phase.FAILED if success is False else Phase.ODD


@dataclass(frozen=True)
class Stack:
    """What the log and the outputs need of a stack."""

    uid: str
    record: Record = field(repr=False, default_factory=dict)

    def text(self, name: str) -> str:
        """Return a text field as the API sent it, or ""."""
        return as_text(self.record.get(name))


NO_REDEPLOYS = frozenset({"scale", "revert", "first_build"})
"""Known values of deploy_type that no redeploy has. An unknown one doesn't count against a deployment."""

_OTHER_WAYS = frozenset({"web", "hook"})
"""Known values of triggered_via and started_via that are not the API. An unknown one may be the API's."""


def by_api(one: Deployment | Action) -> bool:
    """
    Tell whether a record can be of a redeploy that came through the API.

    A deployment of the dashboard or a hook may have an action or none; so only these are counted against each other.
    """
    if isinstance(one, Action):
        return as_text(one.record.get("started_via")).lower() not in _OTHER_WAYS
    return not one.via & _OTHER_WAYS and not one.kind & NO_REDEPLOYS


def has_run(one: Deployment) -> bool:
    """Tell whether a deployment had its turn in the queue; what is no redeploy may run beside one."""
    return (
        bool(one.started_at) and one.phase.is_final and one.phase is not Phase.CANCELLED and not one.kind & NO_REDEPLOYS
    )
