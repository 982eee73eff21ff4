"""
Which fields and words of records are known, and what a record that has others looks like: names and types, no values.

Source: the vendor's API v3 reference (Deployment, Stack Action and Stack models) and its samples. Pure.
"""

from collections.abc import Mapping, Sequence

from cloud66_redeploy.model.fields import as_text, words_of

_DEEPEST = 4
_MOST_FIELDS = 60

_FIELDS = {
    "Deployment": (
        "id triggered_by triggered_via started_at finished_at outcome git_hash git_ref deploy_session deploy_type "
        "is_head is_live is_deploying reverted reverted_by reverted_at commit_url snapshot_uuid"
    ),
    "Action": (
        "id user resource_type action resource_id started_via started_at finished_at finished_success "
        "finished_message finished_result metadata"
    ),
    "Stack": (
        "uid name environment git git_branch fqdn application_address framework status health is_busy last_activity "
        "last_log"
    ),
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
    known = _FIELDS[kind].split()
    odd = [str(name) for name in record if name not in known]
    for name, words in _WORDS.get(kind, {}).items():
        said = _words(record.get(name)) - words
        odd += [f"{name} {word!r}" for word in sorted(said)]
    return odd


def shape_of(value: object, depth: int = _DEEPEST) -> str:
    """Return the names and types of a JSON value, without its values."""
    if isinstance(value, Mapping) and depth:
        parts = [f"{name}: {shape_of(part, depth - 1)}" for name, part in list(value.items())[:_MOST_FIELDS]]
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, Sequence) and not isinstance(value, str) and depth:
        return f"[{shape_of(value[0], depth - 1) if value else ''}]"
    return _type_of(value)


def _words(value: object) -> set[str]:
    """Return the words of a `{code, meaning}` pair, or of a plain text."""
    code, meaning = words_of(value)
    plain = as_text(value).strip().lower()
    return {word for word in (code, meaning, plain) if isinstance(word, str) and word}


def _type_of(value: object) -> str:
    return {"NoneType": "null", "dict": "object", "list": "list"}.get(type(value).__name__, type(value).__name__)
