"""
Which fields and words of records are known, and what a record that has others looks like: names and types, no values.

Source: the vendor's API v3 reference (models and samples) and, for services and the second shape of a POST's answer,
its Go client. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence

from cloud66_redeploy.model.fields import as_text, code_and_meaning, cut

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
    known = {*_FIELDS[kind].split()}
    odd = [_short(name) for name in _names(record) if name not in known]
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
