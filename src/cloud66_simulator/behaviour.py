"""How the simulated API behaves where the real one's sources disagree or leave things open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args, get_origin

PostShape = Literal["deployment_id", "action_id_as_id", "async_action_id", "async_action_id_null"]
OutcomeCodes = Literal["number", "string"]
CancelledAs = Literal["cancelled", "failed", "null", "null_code"]
ServicesSay = Literal["truth", "older_tag", "old_containers", "nothing", "absent"]
ListOrder = Literal["newest_first", "oldest_first"]
PAGINATION = ("previous", "next", "current", "per_page", "count", "pages")
Fate = Literal["success", "failed", "cancelled", "odd", "reverted", "action_failed", "action_null"]


@dataclass
class Behaviour:
    """
    The simulator's dials. They may be turned while it runs; durations are seconds of the simulator's clock.

    Attributes:
        post_shape: what POST answers. `deployment_id`: `{id, message, queued}`, `action_id_as_id`: the same, but
            the id is the action's, `async_action_id`: `{ok, message, async_action_id, queued}`,
            `async_action_id_null`: the same with a null.
        outcome_codes: `number`: `{"code": 1, "meaning": "success"}`,
            `string`: `{"code": "success", "meaning": "Successful"}`.
        cancelled_as: the outcome of a cancelled deployment: `cancelled`, `failed`, `null` (no outcome at all)
            or `null_code` (code and meaning null).
        duration_seconds: how long a deployment runs; read when one is asked for.
        fate: how deployments of the API end. `success`, `failed`, `cancelled` (somebody else cancels midway),
            `odd` (an outcome word never seen before), `reverted` (a success, then reverted), `action_failed`
            (the deployment says success, its action failed), `action_null` (the action is finished, its
            `finished_success` null).
        fates: used one per deployment that came through the API, before `fate`.
        action_record_delay_seconds: how long after the request the action's record appears.
        deployment_record_delay_seconds: how long after the request (or, with `record_while_queued` off, after
            the start) the deployment's record appears.
        action_finish_lag_seconds: how long after its deployment the action finishes.
        record_while_queued: whether a deployment's record exists while it waits, with `started_at` null.
        live_field: whether a deployment's record has `is_live`.
        live_lag_seconds: how long after its end a success becomes the live one; until then the one before is.
        overtaken_after_seconds: how long after a POST a colleague asks for a short deployment of another ref on the
            same stack, or None: never.
        ignore_reference_filter: whether `?user_reference=` filters nothing.
        refuse_reference_filter: the status that `?user_reference=` is refused with, or None.
        ignore_stack_filters: whether `?filter_name=` and `?filter_environment=` filter nothing.
        per_page: records on a page.
        list_order: which deployments and actions come first, `newest_first` or `oldest_first`.
        pagination_fields: the fields of `pagination` that lists have, or None: no `pagination` at all.
        services_say: what the services of a Docker stack say: the `truth`, an `older_tag`, `old_containers`, `nothing`
            (fields that are empty, as real data had), or they are `absent` (404).
        late_fields: fields of deployments and actions that are null until so many seconds after the deployment's
            end, by name; None or `inf` is never.
        clock_offset_seconds: how far the server's clock, which all times are written by, is ahead.
        approval_seconds: how long somebody takes to approve what a POST asks for, `inf` is never; until then there is
            neither a deployment nor an action, though the answer is ok. None: no approval is needed.
        cancel_takes_seconds: how long after DELETE the deployment is over.
        rate_limit: requests per user and hourly interval.
        warning: the text of `X-Cloud66-Warning`, or None for no such header.
        git_hash: the hash that is deployed, or None: derived from the ref (a full hash deploys itself).
        text: replaces every free text of the answers (names, refs, messages, links, logs, meanings that are not
            a success, the warning), or None.
        log_lines_per_second: how fast the log of a running deployment grows; 0: there are logs of finished ones only.

    """

    post_shape: PostShape = "deployment_id"
    outcome_codes: OutcomeCodes = "number"
    cancelled_as: CancelledAs = "cancelled"
    duration_seconds: float = 40.0
    fate: Fate = "success"
    fates: Sequence[Fate] = ()
    action_record_delay_seconds: float = 0.0
    deployment_record_delay_seconds: float = 0.0
    action_finish_lag_seconds: float = 0.0
    record_while_queued: bool = True
    live_field: bool = True
    live_lag_seconds: float = 0.0
    overtaken_after_seconds: float | None = None
    ignore_reference_filter: bool = False
    refuse_reference_filter: int | None = None
    ignore_stack_filters: bool = False
    per_page: int = 30
    list_order: ListOrder = "newest_first"
    pagination_fields: Sequence[str] | None = PAGINATION
    services_say: ServicesSay = "truth"
    late_fields: Mapping[str, float | None] = field(default_factory=dict)
    clock_offset_seconds: float = 0.0
    approval_seconds: float | None = None
    cancel_takes_seconds: float = 2.0
    rate_limit: int = 3000
    warning: str | None = None
    git_hash: str | None = None
    text: str | None = None
    log_lines_per_second: float = 0.0

    def __post_init__(self) -> None:
        for dial in fields(self):
            choices = get_args(dial.type)
            if get_origin(dial.type) is Literal and getattr(self, dial.name) not in choices:
                raise ValueError(f"{dial.name} must be one of {', '.join(choices)}")

    def say(self, words: str | None) -> str | None:
        """Return a free text as it is to be answered; null stays null."""
        return words if self.text is None or words is None else self.text

    def update(self, changes: Mapping[str, Any]) -> None:
        """
        Turn several dials by name.

        Raises:
            TypeError: there is no such dial; nothing has been changed.
            ValueError: there is no such choice; nothing has been changed.

        """
        vars(self).update(vars(replace(self, **changes)))
