"""What a record looks like that has fields or words which no reference names."""

from typing import Any

import pytest

from cloud66_redeploy.report.debugging import oddities, shape_of

FAMILIAR: dict[str, Any] = {
    "id": 1,
    "outcome": {"code": 1, "meaning": "success"},
    "triggered_via": {"code": 1, "meaning": "api"},
}
RECORDS: list[tuple[str, object, list[str]]] = [
    ("Deployment", FAMILIAR, []),
    ("Deployment", FAMILIAR | {"outcome": {"code": "success", "meaning": "Successful"}}, []),
    ("Deployment", FAMILIAR | {"outcome": None, "triggered_via": None}, []),
    ("Deployment", FAMILIAR | {"colour": "red"}, ["colour"]),
    ("Deployment", FAMILIAR | {"outcome": {"code": 7, "meaning": "Superseded"}}, ["outcome 'superseded'"]),
    ("Deployment", FAMILIAR | {"outcome": "success"}, []),
    ("Deployment", FAMILIAR | {"triggered_via": "ci"}, ["triggered_via 'ci'"]),
    ("Action", {"id": 1, "resource_type": "Stack", "action": "deploy"}, []),
    ("Action", {"id": 1, "action": "scale"}, ["action 'scale'"]),
    ("Stack", {"uid": "x", "region": "eu"}, ["region"]),
    ("Deployment", FAMILIAR | {"outcome": {"code": 1, "why": "x"}}, ["outcome.why"]),
    ("Action", {"id": 1, "metadata": {"user_reference": "x"}, "finished_result": {}}, []),
    ("Action", {"id": 1, "finished_result": {"deployment_id": 5}}, ["finished_result.deployment_id"]),
    ("Service", {"name": "web", "containers": []}, []),
    ("Service", {"name": "web", "replicas": 2}, ["replicas"]),
    ("Answer to POST", {"ok": True, "message": "", "queued": True, "async_action_id": None}, []),
    ("Answer to POST", {"approval_id": 5}, ["approval_id"]),
    ("Action", {"x" * 100: 1}, [f"{'x' * 59}…"]),
    ("Action", None, ["null"]),
    ("Action", [1], ["array"]),
]


@pytest.mark.parametrize(("kind", "record", "odd"), RECORDS)
def test_what_is_odd(kind: str, record: object, odd: list[str]) -> None:
    """A field that no reference names, or a word that none has, is odd."""
    assert oddities(kind, record) == odd


def test_a_shape() -> None:
    """A shape has names and types, no values, and an end."""
    value = {"a": "secret", "b": [1, 2], "c": {"d": None, "e": [{"f": 1.5}]}, "g": True, "h": []}
    assert shape_of(value) == "{a: string, b: [number], c: {d: null, e: [{f: number}]}, g: boolean, h: []}"
    deep: Any = 1
    for _ in range(100):
        deep = {"x": deep}
    assert shape_of(deep) == "{x: {x: {x: {x: {x: object}}}}}"
    wide = {str(number): 1 for number in range(1000)}
    assert shape_of({"inner": wide}).endswith("9: number, …}}")
    assert len(shape_of(wide)) < 1000
    assert len(oddities("Stack", {"x": wide} | wide)) < 100
    assert shape_of({"x" * 100: 1}) == f"{{{'x' * 59}…: number}}"
