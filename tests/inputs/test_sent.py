"""How the inputs reach Cloud 66."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud66_simulator import DEFAULT_STACK, DOCKER_STACK, StackSpec
from harness import Step
from inputs.bad_inputs import SHA

MakeStep = Callable[..., Step]
COMMIT = SHA.upper()


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        # A secret may have been stored with a line break at its end.
        ({"git_ref": "", "services": " ", "profile": "\n", "api_token": "demo-token\n"}, {}),
        ({"stack_id": DOCKER_STACK, "services": "web\nworker:v1"}, {"services": "web,worker:v1"}),
        (
            {"git_ref": "feature/ü&x=1+2%20#3", "profile": "Rolling & slow = 50 %"},
            {"git_ref": "feature/ü&x=1+2%20#3", "deployment_profile": "Rolling & slow = 50 %"},
        ),
        *(
            ({"user_reference": given}, {})
            for given in ("r" * 255, "two  spaces", "ünïcödé", "50%2B&x=y", "::error::x")
        ),
        *(({"api_url": address}, {}) for address in ("http://127.0.0.1:8080/api/3/", "http://stand-in/api/3")),
    ],
)
def test_options_travel_under_the_names_of_the_api(
    step: MakeStep, inputs: dict[str, Any], options: dict[str, str]
) -> None:
    """What is given travels in the query, as it is, by the names that Cloud 66 knows; what is not given doesn't."""
    made = step()
    ending = made.run(**inputs, wait="false")
    assert ending.status == 0, ending.log
    [request] = [request for request in made.simulator.requests if request.method == "POST"]
    reference = ending.outputs["user_reference"]
    assert request.path == f"/stacks/{inputs.get('stack_id', DEFAULT_STACK)}/deployments"
    assert dict(request.query) == options | {"user_reference": reference}
    assert reference == inputs.get("user_reference", reference)
    assert [deployment.user_reference for deployment in made.mine(ending)] == [reference]


@pytest.mark.parametrize(
    ("given", "dry_run"), [("refs/heads/main", "true"), ("refs/heads/main", "false"), ("main", "true")]
)
def test_the_log_says_what_goes_out(step: MakeStep, given: str, dry_run: str) -> None:
    """Where a ref goes out otherwise than it was given, the log says so."""
    ending = step().run(git_ref=given, dry_run=dry_run, wait="false")
    assert "git_ref main" in ending.outputs["reason"] or "git_ref=main\n" in ending.log
    assert (f"git_ref {given} is sent as main" in ending.log) == (given != "main")


OF_GIT: list[tuple[str, dict[str, Any]]] = [
    ("git_ref", {"git_ref": COMMIT}),
    ("expected_commit", {"expected_commit": COMMIT, "dry_run": "true"}),
    ("expected_commit", {"expected_commit": COMMIT, "command": "wait", "deployment_id": "107"}),
    ("rollback", {"rollback": "true"}),
]


@pytest.mark.parametrize(("name", "inputs"), OF_GIT)
@pytest.mark.parametrize("framework", [" Docker ", "rails", "dockerless", ""])
def test_a_docker_stack_tells_no_commit(step: MakeStep, framework: str, name: str, inputs: dict[str, Any]) -> None:
    """What goes by commits is refused for a Docker stack before anything is sent, and for no other."""
    made = step(stacks=(StackSpec(framework=framework),))
    ending = made.run(**inputs)
    refused = framework == " Docker "
    assert (f"Invalid {name}: it can't be used with a Docker stack." in ending.outputs["reason"]) == refused
    if refused:
        assert (ending.outcome, ending.status, made.calls("POST")) == ("failed", 1, [])


@pytest.mark.parametrize("command", ["wait", "cancel", "status"])
def test_the_other_commands_are_about_somebody_elses(step: MakeStep, command: str) -> None:
    """A command other than redeploy never deploys, whatever else is given."""
    made = step()
    made.simulator.request_deployment(user_reference="mine", via="api", user="ci@example.com", duration=5)
    made.clock.sleep(10)
    assert made.run(command=command, user_reference="mine").outcome == "success"
    assert made.calls("POST") == []
