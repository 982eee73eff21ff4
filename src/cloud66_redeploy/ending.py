"""Tell everybody how it ended: outputs first, then log, annotation and summary."""

from collections.abc import Sequence

from cloud66_redeploy.advice import advice_for
from cloud66_redeploy.deployment import Outcome, Result
from cloud66_redeploy.duration import format_duration
from cloud66_redeploy.outputs import all_outputs, deploy_seconds, queued_seconds
from cloud66_redeploy.reasons import sentence
from cloud66_redeploy.report import Reporter
from cloud66_redeploy.summary import render
from cloud66_redeploy.tracking import Tracking


def report_ending(result: Result, tracking: Tracking, reporter: Reporter, log: Sequence[str]) -> int:
    """Report a run's end and return the exit status."""
    for name, value in all_outputs(result, tracking, reporter.cleaner).items():
        reporter.output(name, value)
    if tracking.action is not None and tracking.deployment is None and result.outcome is not Outcome.SCHEDULED:
        reporter.warn(
            "Deployment not known",
            "Which deployment is ours could not be told (several could be meant, or none has shown): "
            "its id and commit are not known.",
        )
    reporter.say(f"{result.outcome}: {result.reason}")
    if log:
        reporter.group("Last lines of the stack's log", log)
    if not result.outcome.is_green:
        reporter.error(f"Cloud 66 redeploy: {result.outcome}", _sentences(result, tracking))
    reporter.summary(render(result, tracking, log, reporter.cleaner))
    return 0 if result.outcome.is_green else 1


def _sentences(result: Result, tracking: Tracking) -> list[str]:
    stack, deployment = tracking.stack, tracking.deployment
    facts = []
    if stack:
        names = ("stack", stack.text("name"), stack.text("environment"), stack.uid)
        facts.append(" ".join(name for name in names if name))
    if deployment:
        facts.append(f"deployment {deployment.id}")
        if deployment.text("git_hash"):
            facts.append(f"commit {deployment.text('git_hash')}")
    for verb, seconds in (
        ("queued for", queued_seconds(tracking)),
        ("deployed for", deploy_seconds(tracking)),
    ):
        if seconds is not None:
            facts.append(f"{verb} {format_duration(seconds)}")
    if tracking.sends:
        facts.append(f"reference {tracking.reference}")
    return [
        result.reason,
        sentence(", ".join(facts)),
        f"Details: {result.evidence}" if result.evidence else "",
        f"Next: {advice_for(result)}",
    ]
