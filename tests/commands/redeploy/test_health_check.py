"""After a success the application is asked until it answers well, or the job is red."""

import json
from typing import Any
from unittest import mock

import pytest

from cases import ANN, Case, MakeStep, Played, play, stage
from cloud66_simulator import DEFAULT_STACK, Fault, StackSpec
from elsewhere import rows
from harness import Step
from website import ADDRESS, HANGS, KINDS, REFUSED, Answer, Page, always, flapping, late

HEALTH = "https://awesome.example.com/health?key=s3cret"
TWO: dict[str, Any] = {"command": "wait", "stack_id": "plain\nother", "user_reference": "mine"}
GIVEN: dict[str, Any] = {"health_check": HEALTH, "health_check_timeout": "1m"}
OWN: dict[str, Any] = {"health_check": "true", "health_check_timeout": "1m"}


def leads(*targets: str) -> Answer:
    """Redirect from each to the next; the last one answers."""
    onward = dict(zip((HEALTH, *targets), targets, strict=False))

    def answer(_since: float, address: str) -> Page:
        return Page(302, headers={"Location": onward[address]}) if address in onward else Page()

    return answer


def visited(step: MakeStep, answer: Answer, case: Case) -> Played:
    """Play a case whose application answers so."""
    made, theirs = stage(step, case)
    made.website.answer = answer
    return play(step, case, made, theirs)


def two(step: MakeStep, fate: str = "success") -> Step:
    """Stage a deployment of each of two stacks; the second one ends as said, and its application doesn't serve."""
    names = ("plain", "other")
    specs = [StackSpec(uid=name, name=name, application_address="", fqdn=f"{name}.example.com") for name in names]
    made = step(stacks=specs)
    for name, ends in zip(names, ("success", fate), strict=True):
        made.simulator.request_deployment(name, user_reference="mine", via="api", duration=5, fate=ends)
    made.website.answer = lambda _since, address: Page(503 if "other" in address else 200)
    return made


FIVE = tuple(f"https://awesome.example.com/{number}" for number in range(5))
COMMIT = {"health_check_contains": "11e1d512"}


# The application, the inputs, whether it is healthy, and words of the reason or of the log.
@rows("answer, inputs, is_healthy, words", {
    "its own": (KINDS["serves"], OWN, True, "https://awesome.example.com answered 200"),
    "comes up late": (late(40), GIVEN, True, "answered 502"),
    "comes up too late": (late(70), GIVEN, False, "answered 502 (last of"),
    "flaps": (flapping(3), GIVEN, False, "(last of"),
    "flaps slowly": (flapping(20), GIVEN, True, "answered 200"),
    "hangs": (always(Page(seconds=HANGS)), GIVEN, False, "did not answer"),
    "redirects five times": (leads(*FIVE), GIVEN, True, "after a redirect to https://awesome.example.com/4"),
    "redirects six times": (leads(*FIVE, f"{ADDRESS}/6"), GIVEN, False, "redirected more often than is followed"),
    "redirects elsewhere": (leads("http://other.example.com:8080/x?y"), GIVEN, True, "http://other.example.com:8080/x"),
    "redirects to a file": (leads("file:///etc/passwd"), GIVEN, False, "no plain address"),
    "redirects to a login": (leads("https://me:pass@awesome.example.com/"), GIVEN, False, "no plain address"),
    "redirects to nonsense": (leads("https://[::1/"), GIVEN, False, "no plain address"),
    "a redirect that leads nowhere": (always(Page(302)), GIVEN, True, "answered 302"),
    "a status of another list": (always(Page(302)), GIVEN | {"health_check_status": "200,204"}, False, "answered 302"),
    "a status of the list": (always(Page(204)), GIVEN | {"health_check_status": "200, 204 ,300-399"}, True, "204"),
    "404": (always(Page(404)), GIVEN, False, "answered 404"),
    "another text": (always(Page(body=b"10e1")), GIVEN | COMMIT, False, "without the text that health_check_contains"),
    "text after 1 MiB": (always(Page(body=b" " * 2**20 + b"11e1d512")), GIVEN | COMMIT, False, "without the text"),
    "100 MB": (KINDS["sends 100 MB"], GIVEN | COMMIT, True, "answered 200"),
})  # fmt: skip
def test_an_application(step: MakeStep, answer: Answer, inputs: dict[str, Any], is_healthy: bool, words: str) -> None:
    """Green takes three good answers in a row; what does not come to that in time is red, with its last answer."""
    played = visited(step, answer, Case("success" if is_healthy else "unhealthy", inputs=inputs))
    ending, site = played.ending, played.made.website
    assert ending.outputs["health"] == ("healthy" if is_healthy else "unhealthy")
    assert float(ending.outputs["health_seconds"]) <= 60 + 12
    assert words in (ending.log if is_healthy else ending.outputs["reason"])
    assert f"Deployment {played.mine[0].id} succeeded" in ending.outputs["reason"]
    assert "s3cret" not in ending.log + ending.summary + str(ending.outputs)
    assert site.sent < len(site.requests) * 1_200_000
    if is_healthy and len({one.url for one in site.requests}) == 1:
        assert [round(end - start) for start, end in zip(site.times[-3:], site.times[-2:], strict=False)] == [2, 2]


GOOD_BEFORE = ((0.0, ANN | {"duration": 5.0, "git_ref": "v1"}),)
BACK = GIVEN | {"rollback": "true", "git_ref": "main"}


@pytest.mark.parametrize("is_mended", [True, False])
def test_what_does_not_serve_is_rolled_back(step: MakeStep, is_mended: bool) -> None:
    """With rollback, the former commit is deployed again and checked, too; the job stays red."""
    case = Case("unhealthy", inputs=BACK, others=GOOD_BEFORE, head_start=60, posts=2)
    played = visited(step, lambda since, _address: Page(200 if since > 62 and is_mended else 500), case)
    [back], outputs = played.backs, played.ending.outputs
    assert back.git_hash == played.theirs[0].git_hash
    assert outputs["rollback_outcome"] == ("success" if is_mended else "unhealthy")
    assert outputs["rollback_commit"] == (back.git_hash if is_mended else "")
    assert (outputs["health"], outputs["deployment_id"]) == ("unhealthy", str(played.mine[0].id))
    assert "answered 500 (last of" in outputs["reason"]


def test_what_was_reverted_meanwhile_is_not_rolled_back(step: MakeStep) -> None:
    """Somebody reverts what doesn't serve during the check: then it isn't live any more, and is left alone."""
    case = Case("unhealthy", inputs=BACK, others=GOOD_BEFORE, head_start=60, says=("it has already been reverted",))
    made, theirs = stage(step, case)

    def revert(since: float, _address: str) -> Page:
        if since == 0:
            made.simulator.revert(max(one.id for one in made.simulator.all_deployments()))
        return Page(500)

    made.website.answer = revert
    assert play(step, case, made, theirs).ending.outputs["rollback_outcome"] == "skipped"


@pytest.mark.parametrize(("seconds", "rollback"), [(0.0, "false"), (0.5, "true"), (20.0, "true")])
def test_a_cancelled_workflow_ends_the_check(step: MakeStep, seconds: float, rollback: str) -> None:
    """The step ends at once and red, whenever the signal comes; nothing is cancelled or rolled back."""
    case = Case(
        "unknown", inputs=GIVEN | {"rollback": rollback, "git_ref": "main"}, says=("before the health check finished",)
    )
    made, theirs = stage(step, case)

    def hang(since: float, _address: str) -> Page:
        if since == 0:
            made.website.clock.abort_at = made.website.clock.monotonic() + seconds
        return Page(seconds=HANGS)

    made.website.answer = hang
    ending = play(step, case, made, theirs).ending
    assert ending.seconds - made.website.clock.abort_at < 1
    assert ending.outputs["health"] == ending.outputs["rollback_commit"] == ""
    assert ending.state["ended"] == "true"


def test_several_are_checked_side_by_side(step: MakeStep) -> None:
    """Each stack's own address is checked; one that doesn't serve makes the job red, and its row says so."""
    made = two(step)
    ending = made.run(**TWO, **OWN)
    plain, other = json.loads(ending.outputs["results"])
    assert (plain["outcome"], plain["health"]) == ("success", "healthy")
    assert (other["outcome"], other["health"]) == ("unhealthy", "unhealthy")
    assert (ending.outcome, ending.status, ending.seconds < 100) == ("unhealthy", 1, True)
    assert "https://other.example.com answered 503" in ending.log
    asked = [request.url for request in made.website.requests]
    assert sum("plain" in str(url) for url in asked) == 3, "one that is known to serve is asked again"


def test_what_failed_is_not_checked(step: MakeStep) -> None:
    """Of several, those that succeeded are checked."""
    ending = two(step, "failed").run(**TWO, **OWN)
    found = [(one["outcome"], one["health"]) for one in json.loads(ending.outputs["results"])]
    assert (found, ending.outcome) == ([("success", "healthy"), ("failed", "")], "failed")


def test_no_address(step: MakeStep) -> None:
    """Where Cloud 66 gives no address, nothing is checked, and the job is red; the first deployment may bring one."""
    nowhere = StackSpec(application_address="", fqdn="")
    made = step(stacks=[nowhere])
    ending = made.run(**OWN)
    assert (ending.outcome, made.website.requests) == ("unknown", [])
    assert "gives no address" in ending.outputs["reason"]
    nameless = json.dumps({"response": {"uid": DEFAULT_STACK, "name": "Awesome App"}})
    later = step(faults=[Fault("wrong_json", text=nameless, path=f"/stacks/{DEFAULT_STACK}$", count=1)])
    assert (later.run(**OWN).outcome, later.website.hosts) == ("success", {ADDRESS})
    gone = step(
        stacks=[nowhere], faults=[Fault("status", code=503, path=f"/stacks/{DEFAULT_STACK}$", skip=1, count=None)]
    )
    assert "Couldn't read the stack's address" in gone.run(**OWN).log


def test_what_is_read_after_a_long_check(step: MakeStep) -> None:
    """A check that goes on beyond the timeout doesn't keep what the services run from being read after it."""
    docker = {"stack_id": "docker", "services": "web:v2", "timeout": "1m", "health_check_timeout": "2m"}
    made = step(stacks=[StackSpec(uid="docker", docker=True)])
    made.website.answer = always(Page(500))
    ending = made.run(**{**GIVEN, **docker})
    assert ending.outcome == "unhealthy"
    assert "Service web runs acme/web:v2" in ending.log


def test_nothing_of_the_job_goes_along(step: MakeStep) -> None:
    """No token, no cookie, even one that the application has set, and no login goes to the application."""
    made = visited(step, always(Page(headers={"Set-Cookie": "a=b"})), Case(inputs=GIVEN)).made
    assert len(made.website.requests) == 3
    for request in made.website.requests:
        assert set(request.headers) <= {"Accept", "User-Agent", "Accept-Encoding", "Connection", "Cache-Control"}
        assert "demo-token" not in f"{request.url}{request.headers}{request.body!r}"


def test_hostile_words(step: MakeStep) -> None:
    """Whatever an application leads to or sends, it writes no command, no secret and no page into the log."""
    target = f"{ADDRESS}/demo-token/::error::x/##[error]y%0A::set-output name=a::b"
    page = Page(500, body=b"::error::gotcha", headers={"X": "::error::"})
    redirect = Page(302, headers={"Location": target})
    case = Case("unhealthy", inputs=GIVEN)
    ending = visited(step, lambda _since, address: redirect if "?" in address else page, case).ending
    everything = ending.log.replace("::add-mask::demo-token", "") + ending.summary + str(ending.outputs)
    assert "after a redirect to https://awesome.example.com/***/" in everything
    assert not any(words in everything for words in ("demo-token", "##[error]", "gotcha"))
    commands = [line.split("::")[1].split()[0] for line in ending.log.splitlines() if line.startswith("::")]
    assert commands == ["add-mask", "error"]


def test_clear_text_where_https_does_not_answer(step: MakeStep) -> None:
    """The stack's own address is asked by https first; where that doesn't answer, in clear text."""
    made = step(stacks=[StackSpec(uid="plain", application_address="", fqdn="plain.example.com")])
    made.website.answer = lambda _since, address: REFUSED if address.startswith("https:") else Page()
    assert made.run(**OWN, stack_id="plain").outcome == "success"
    found = [str(one.url).partition("//plain.example.com")[0] for one in made.website.requests]
    assert found == ["https:", "http:", "http:", "http:"]


@pytest.mark.parametrize("abort_at", [5.0, 16.0, 25.0])
def test_the_first_of_several_does_not_speak_for_all(step: MakeStep, abort_at: float) -> None:
    """When the workflow is cancelled, the first one's health is not that of the second one."""
    ending = two(step).run(abort_at=abort_at, **TWO, **OWN)
    assert (ending.status, ending.outputs["health"]) == (1, "")
    assert ending.outcome in {"unknown", "cancelled"}


def test_nor_does_its_success(step: MakeStep) -> None:
    """When the workflow is cancelled while the log of the second one, which failed, is being read, it is red."""
    made = two(step, "failed")
    made.simulator.faults.append(Fault("slow", seconds=500.0, path="/stacks/other$", skip=1))
    ending = made.run(abort_at=25.0, **TWO)
    assert (ending.outcome, round(ending.seconds)) == ("failed", 25)


def test_no_green_without_the_check(step: MakeStep) -> None:
    """Whenever the workflow is cancelled, a success without the check that was asked for isn't one."""
    found = []
    for moment in range(26):
        made = step(faults=[Fault("slow", seconds=1.0, path="/deployments")])
        ending = made.run(abort_at=30 + moment * 1.04, **OWN)
        assert ending.outcome != "success" or ending.outputs["health"] == "healthy", ending.log
        found.append(ending.outcome)
    assert (found[0], "unknown" in found, found[-1]) == ("cancelled", True, "success")


def test_a_fault_of_this_action(step: MakeStep) -> None:
    """A fault of this action that keeps the application from being checked is red, and says that it is one."""
    with mock.patch("cloud66_redeploy.commands.health.Application", side_effect=KeyError("oops")):
        ending = step().run(**OWN)
    assert (ending.outcome, ending.status) == ("unknown", 1)
    assert all(words in ending.outputs["reason"] for words in ("Deployment 108 succeeded.", "KeyError"))
