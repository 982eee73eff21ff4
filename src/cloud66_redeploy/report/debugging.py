"""
What the log says of calls; and, where GitHub's "Enable debug logging" is on, what helps to find a fault.

That is each call, and the shape of odd records (`progress` has the decisions and pauses). The reporter makes it safe,
like all text from outside. The bodies of good answers are not shown.

Imported before the first request: it may need nothing but what is there by then.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cloud66_redeploy.api.answers import Call, CallListener
from cloud66_redeploy.errors import ApiError, TransientError
from cloud66_redeploy.model.fields import as_text, code_and_meaning, cut
from cloud66_redeploy.report.reporter import Narrator, Reporter

_MOST_SHAPES = 20
"""Beyond that, more of them tell nothing new."""


class CallLog(CallListener):
    """Tells the log of calls; of trouble that is tried again only where it is told how many seconds have passed."""

    def __init__(self, reporter: Reporter, elapsed: Callable[[], float] | None = None) -> None:
        self.is_debug = reporter.is_debug
        self._reporter = reporter
        self._narrator = Narrator(reporter.say)
        self._elapsed = elapsed
        self._shapes: set[str] = set()

    def patient(self, elapsed: Callable[[], float]) -> "CallLog":
        """Make one that tells of trouble, too; both show a shape once between them."""
        other = CallLog(self._reporter, elapsed)
        other._shapes = self._shapes
        return other

    def warned(self, text: str) -> None:
        """Annotate it."""
        self._reporter.warn("Cloud 66", text)

    def troubled(self, trouble: TransientError, pause_seconds: float) -> None:
        """Say that it is tried again; debug: after which pause, and what asks for that."""
        if self._elapsed is not None:
            self._narrator.tell(self._elapsed(), f"{trouble}, retrying")
        self._reporter.debug(lambda: f"{trouble.call}: again in {pause_seconds:.1f}s{why_so_long(trouble)}")

    def called(self, call: Call) -> None:
        """Debug: say how the call went, and what a refusal holds."""
        left = "" if call.calls_left is None else f", {call.calls_left} calls left"
        named = f", {call.request_id}" if call.request_id else ""
        how = f"{call.seconds * 1000:.0f}ms, attempt {call.attempt}{left}{named}"
        self._reporter.debug(lambda: f"{call.name}: {call.came or 'no answer'}, {how}")
        if call.body:
            self._reporter.debug(lambda: f"{call.name}: body {call.body}")

    def read(self, kind: str, record: object) -> None:
        """Debug: show the shape of a record with a field or a word that was never seen, each shape once."""
        odd = oddities(kind, record)
        if not odd or len(self._shapes) > _MOST_SHAPES:
            return
        said = f"{kind} with {', '.join(odd)}: {shape_of(record)}"
        if len(self._shapes) == _MOST_SHAPES:
            said = "More odd records follow, which are not shown."
        if said not in self._shapes:
            self._shapes.add(said)
            self._reporter.debug(lambda: said)


def why_so_long(trouble: ApiError) -> str:
    """Say, in brackets, what of the server's asks for a pause; "" where nothing does."""
    if trouble.retry_after:
        return " (Retry-After)"
    return " (the hour's calls are used up)" if trouble.throttled else ""


_DEEPEST = 5
_MOST_FIELDS = 60
_MOST_INNER_FIELDS = 10
"""These three bound the work that one answer can make."""

_LONGEST_NAME = 60

_PAIRS = "outcome triggered_via deploy_type"
_FIELDS = {
    "Deployment": (
        "id triggered_by started_at finished_at git_hash git_ref deploy_session is_head is_live is_deploying "
        f"reverted reverted_by reverted_at commit_url snapshot_uuid {_PAIRS} "
        + " ".join(f"{pair}.{part}" for pair in _PAIRS.split() for part in ("code", "meaning"))
    ),
    "Action": (
        "id user resource_type action resource_id started_via started_at finished_at finished_success "
        "finished_message finished_result metadata metadata.user_reference"
    ),
    "Stack": (
        "uid name environment git git_branch fqdn application_address framework status health is_busy last_activity "
        "last_log"
    ),
    "Service": "name containers wrap_command git_ref image image_tag image_uid",
    "Answer to POST": "id message queued ok async_action_id",
}
_WORDS = {
    "Deployment": {
        "triggered_via": {"web", "api", "hook"},
        "outcome": {"pending", "success", "successful", "failed"},
        "deploy_type": {"build", "redeploy", "scale", "first_build", "revert"},
    },
    "Action": {
        "resource_type": {"stack"},
        "action": {"application_deployment", "deploy"},
        "started_via": {"web", "api", "hook"},
    },
}


def oddities(kind: str, record: object) -> list[str]:
    """Return the fields of a record that are not known, and the known ones that hold an unknown word, with the word."""
    if not isinstance(record, Mapping):
        return [_type_of(record)]
    fields = {*_FIELDS[kind].split()}
    odd = [_short(name) for name in _names(record) if name not in fields]
    for name, words in _WORDS.get(kind, {}).items():
        odd += [f"{name} {_short(word)!r}" for word in sorted(_words(record.get(name)) - words)]
    return odd


def shape_of(value: object, depth: int = _DEEPEST, most: int = _MOST_FIELDS) -> str:
    """Return the names and types of a JSON value, without its values; of a list those of its first element."""
    if isinstance(value, Mapping) and depth:
        parts = [
            f"{_short(name)}: {shape_of(part, depth - 1, _MOST_INNER_FIELDS)}"
            for name, part, _ in zip(value, value.values(), range(most), strict=False)
        ]
        return f"{{{', '.join(parts)}{', …' if len(value) > most else ''}}}"
    if isinstance(value, Sequence) and not isinstance(value, str) and depth:
        return f"[{shape_of(value[0], depth - 1, _MOST_INNER_FIELDS) if value else ''}]"
    return _type_of(value)


def _names(record: Mapping[object, object]) -> Iterator[object]:
    """Name the first fields of a record, and the first ones in each of them, as `outcome.code`."""
    for name, value, _ in zip(record, record.values(), range(_MOST_FIELDS), strict=False):
        yield name
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner, _ in zip(value, range(_MOST_INNER_FIELDS), strict=False))


def _words(value: object) -> set[str]:
    """Return the words of a `{code, meaning}` pair, or of a plain text."""
    code, meaning = code_and_meaning(value)
    plain = as_text(value).strip().lower()
    return {word for word in (code, meaning, plain) if isinstance(word, str) and word}


def _short(name: object) -> str:
    return cut(str(name), _LONGEST_NAME)


_JSON_TYPES = {
    "NoneType": "null",
    "bool": "boolean",
    "dict": "object",
    "float": "number",
    "int": "number",
    "list": "array",
    "str": "string",
}


def _type_of(value: object) -> str:
    return _JSON_TYPES[type(value).__name__]
