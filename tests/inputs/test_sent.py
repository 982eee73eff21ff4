"""How the inputs reach Cloud 66."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, StackSpec
from harness import Ending, Step
from inputs.bad_inputs import SHA

MakeStep = Callable[..., Step]
COMMIT = SHA.upper()


def posted(step: Step, ending: Ending) -> dict[str, str]:
    """The query of the one POST, without the reference."""
    assert ending.status == 0, ending.log
    [query] = [dict(request.query) for request in step.simulator.requests if request.method == "POST"]
    assert query.pop("user_reference") == ending.outputs["user_reference"]
    return query


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        ({"git_ref": "", "services": " ", "profile": "\n"}, {}),
        ({"stack_id": DOCKER_STACK, "services": "web\nworker:v1"}, {"services": "web,worker:v1"}),
        (
            {"git_ref": "feature/ü&x=1+2%20#3", "profile": "Rolling & slow = 50 %"},
            {"git_ref": "feature/ü&x=1+2%20#3", "deployment_profile": "Rolling & slow = 50 %"},
        ),
    ],
)
def test_options_travel_under_the_names_of_the_api(
    step: MakeStep, inputs: dict[str, Any], options: dict[str, str]
) -> None:
    """What is given travels in the query, as it is, by the names that Cloud 66 knows; what is not given doesn't."""
    made = step()
    assert posted(made, made.run(**inputs)) == options


@pytest.mark.parametrize(
    ("given", "dry_run"), [("refs/heads/main", "true"), ("refs/heads/main", "false"), ("main", "true")]
)
def test_the_log_says_what_goes_out(step: MakeStep, given: str, dry_run: str) -> None:
    """Where a ref goes out otherwise than it was given, the log says so."""
    ending = step().run(git_ref=given, dry_run=dry_run, wait="false")
    assert "git_ref main" in ending.outputs["reason"] or "git_ref=main\n" in ending.log
    assert (f"git_ref {given} is sent as main" in ending.log) == (given != "main")


OF_GIT: list[tuple[str, dict[str, Any]]] = [
    ("git_ref", {"git_ref": "main"}),
    ("git_ref", {"git_ref": COMMIT}),
    ("expected_commit", {"expected_commit": COMMIT}),
    ("expected_commit", {"expected_commit": COMMIT, "dry_run": "true"}),
    ("expected_commit", {"expected_commit": COMMIT, "command": "wait", "deployment_id": "107"}),
    ("rollback", {"rollback": "true"}),
]


@pytest.mark.parametrize(
    ("framework", "name", "inputs"),
    [
        *(("docker", name, inputs) for name, inputs in OF_GIT),
        *((framework, *OF_GIT[0]) for framework in ("Docker", " DOCKER ", "rails", "", "dockerless")),
        *(("rails", name, inputs) for name, inputs in OF_GIT[1:]),
    ],
)
def test_a_docker_stack_tells_no_commit(step: MakeStep, framework: str, name: str, inputs: dict[str, Any]) -> None:
    """What goes by commits is refused for a Docker stack before anything is sent, and for no other."""
    made = step(stacks=(StackSpec(framework=framework),))
    ending = made.run(**inputs)
    refused = framework.strip().lower() == "docker"
    assert (f"Invalid {name}: it can't be used with a Docker stack." in ending.outputs["reason"]) == refused
    if refused:
        assert (ending.outcome, ending.status, made.calls("POST")) == ("failed", 1, [])


@pytest.mark.parametrize(
    "reference", ["mine", "r" * 255, "two  spaces", "ünïcödé", "a##[b]", "50%2B&x=y", "::error::x"]
)
def test_user_reference(step: MakeStep, reference: str) -> None:
    """A reference that is given is sent as it is, and the output names the very same one."""
    made = step()
    ending = made.run(user_reference=reference, wait="false")
    posted(made, ending)
    assert ending.outputs["user_reference"] == reference
    assert [deployment.user_reference for deployment in made.mine(ending)] == [reference]


def test_a_token_may_have_been_stored_with_a_line_break(step: MakeStep) -> None:
    """A secret that was stored with a line break at its end works."""
    assert step().run(api_token="demo-token\n", wait="false").outcome == "scheduled"


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080/api/3/", "http://stand-in/api/3"])
def test_address_is_used(step: MakeStep, address: str) -> None:
    """The calls go to the address that was given."""
    made = step()
    assert made.run(api_url=address, wait="false").outcome == "scheduled"
    assert made.calls("POST") == [f"/stacks/{DEFAULT_STACK}/deployments"]


@pytest.mark.parametrize("command", ["wait", "cancel", "status"])
def test_the_other_commands_are_about_somebody_elses(step: MakeStep, command: str) -> None:
    """A command other than redeploy never deploys, whatever else is given."""
    made = step()
    made.simulator.request_deployment(user_reference="mine", via="api", user="ci@example.com", duration=5)
    made.clock.advance(10)
    assert made.run(command=command, user_reference="mine").outcome == "success"
    assert made.calls("POST") == []
