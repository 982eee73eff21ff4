"""Docker stacks: what was asked for is put out, and what runs after a success is shown; it never decides."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cases import Case, MakeStep, play
from cloud66_redeploy.model.services import Service, asked_tags, those_asked
from cloud66_redeploy.report.progress import contradictions, describe_service
from cloud66_simulator import Fault
from cloud66_simulator.core.records import DOCKER_STACK
from elsewhere import rows

ASKED: dict[str, Any] = {"stack_id": DOCKER_STACK, "services": "web:v2, worker"}
COMMIT = "11e1d512031f732d061ee8cf606cf804b6d7a15c"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


# What the services say; words of the log; what is warned of.
@rows("dials, faults, words, warnings", {
    "the truth": ({}, (), "Service web runs acme/web:v2, 1 of 1 containers started since", ()),
    "an older tag": ({"services_say": "older_tag"}, (), "Service web runs acme/web:before", ("runs before, not v2",)),
    "old containers": ({"services_say": "old_containers"}, (), "0 of 1 containers started since the deployment began", (
        "All containers of service web are older", "All containers of service worker are older")),
    "nothing": ({"services_say": "nothing"}, (), "Service web runs an image that Cloud 66 doesn't name", ()),
    "absent": ({"services_say": "absent"}, (), "Couldn't read what the services run", ()),
    "another shape": ({}, (Fault("wrong_json", path="/services", text='{"response": [{"id": 1}]}'),),
                      "Couldn't read what the services run", ()),
    "none": ({}, (Fault("wrong_json", path="/services", text='{"response": []}'),), "success: Deployment", ()),
})  # fmt: skip
def test_what_runs_is_shown(
    step: MakeStep, dials: dict[str, Any], faults: tuple[Fault, ...], words: str, warnings: tuple[str, ...]
) -> None:
    """One call after the success; whatever it says, the deployment stays green, and contradictions are warned of."""
    played = play(step, Case(dials=dials, faults=faults, inputs=ASKED, logs=(words,)))
    ending = played.ending
    assert ending.outputs["services"] == "web:v2,worker"
    assert "web:v2,worker" in ending.summary
    assert len([path for path in played.made.calls("GET") if path.endswith("/services")]) == 1
    assert len(ending.warnings) == len(warnings)
    for warning, said in zip(ending.warnings, warnings, strict=True):
        assert said in warning


@rows("case", {
    "nothing was asked for": Case(inputs={"stack_id": DOCKER_STACK}),
    "it failed": Case("failed", dials={"fate": "failed"}, inputs=ASKED),
    "nobody waits": Case("scheduled", inputs=ASKED | {"wait": "false"}),
    "a dry run": Case("dry_run", inputs=ASKED | {"dry_run": "true"}, ours=0, posts=0),
})  # fmt: skip
def test_where_it_says_nothing_it_is_not_read(step: MakeStep, case: Case) -> None:
    """Without services that were asked for, or a success, no call is made."""
    played = play(step, case)
    assert not [path for path in played.made.calls("GET") if path.endswith("/services")]
    assert played.ending.outputs["services"] == ("web:v2,worker" if "services" in case.inputs else "")


def container(**fields: Any) -> dict[str, Any]:
    """Make a record of a service with one container."""
    return {"name": "web", "containers": [fields]}


NO_IMAGE = "web runs an image that Cloud 66 doesn't name"
OLDER = ["Service web runs v1, not v2."]


@pytest.mark.parametrize(("record", "words", "warnings"), [
    ({"name": "web", "containers": [None, 5, "x"]}, NO_IMAGE, []),
    (container(image_tag=5, image={}, started_at=5), NO_IMAGE, []),
    (container(image="acme/web"), "web runs acme/web", []),
    (container(image="host:5000/acme/web:v1"), "web runs host:5000/acme/web:v1", OLDER),
    (container(image="acme/web:v1@sha256:0123"), "web runs acme/web:v1", OLDER),
    (container(image_tag="v2", git_ref="main"), "web runs v2|main", []),
    (container(git_ref="main"), "web runs main", ["Service web runs main, not v2."]),
    (container(git_ref=COMMIT), f"web runs {COMMIT}", []),
    # What it is set to is not what runs.
    (container(image_tag="v1") | {"image_tag": "v2"}, "web runs v1", OLDER),
    (container(image="acme/web") | {"image_tag": "v2"}, "web runs acme/web:v2", []),
    ({"name": "web", "containers": [{"image_tag": "v1"}, {"image_tag": "v2"}]}, "web runs v1|v2", []),
    (container(image_tag="v2", started_at="2026-01-01T00:00:30Z"),
     "web runs v2, 1 of 1 containers started since the deployment began", []),
    (container(image_tag="v2", created_at="2025-12-31T23:59:58Z"),
     "web runs v2, 0 of 1 containers started since the deployment began", []),
    (container(image_tag="v2", started_at="2025-12-31T00:00:00Z"),
     "web runs v2, 0 of 1 containers started since the deployment began",
     ["All containers of service web are older than the deployment."]),
])  # fmt: skip
def test_a_record(record: dict[str, Any], words: str, warnings: list[str]) -> None:
    """Whatever a record leaves out contradicts nothing; what it says is said."""
    service = Service.from_json(record)
    assert describe_service(service, BEGAN) == words
    assert contradictions("web:v2,worker", [service], BEGAN) == warnings


@pytest.mark.parametrize(("asked", "shown", "lacks"), [
    (COMMIT[:7], COMMIT, False),
    (COMMIT, COMMIT[:7], False),
    (COMMIT, "0" * 40, True),
    (COMMIT, "main", True),
    ("main", COMMIT, False),
])  # fmt: skip
def test_a_commit(asked: str, shown: str, *, lacks: bool) -> None:
    """A commit is known by its first digits, and may be the one that a name stands for."""
    assert Service("web", refs=(shown,)).lacks(asked) is lacks


def test_only_what_was_asked_for_is_shown(step: MakeStep) -> None:
    """However many services there are, those that were asked for are shown, each once."""
    records = [{"name": name, "image_tag": f"v{number}"} for number in range(500) for name in ("web", "other")]
    fault = Fault("wrong_json", path="/services", text=json.dumps({"response": records}))
    ending = play(step, Case(faults=(fault,), inputs=ASKED)).ending
    assert re.findall(r"^Service .*$", ending.log, re.MULTILINE) == ["Service web runs v0"]
    assert len(ending.warnings) == 1
    assert those_asked("web,worker", [Service("worker"), Service("other"), Service("web")]) == [
        Service("worker"), Service("web"),
    ]  # fmt: skip


def test_without_a_start_nothing_is_older() -> None:
    """Where the deployment doesn't tell when it began, no container is older."""
    service = Service("web", started=(BEGAN - timedelta(days=1),))
    assert (describe_service(service, None), contradictions("web", [service], None)) == (
        "web runs an image that Cloud 66 doesn't name", [],
    )  # fmt: skip
    assert asked_tags("web:feature/x,worker,") == {"web": "feature/x", "worker": ""}
