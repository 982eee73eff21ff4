"""Tell everybody how it ended: outputs first, then log, annotation and summary."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloud66_redeploy.inputs.fields import API_URL, Command
from cloud66_redeploy.model.outcome import Outcome
from cloud66_redeploy.report.facts import all_outputs
from cloud66_redeploy.report.phrases import advice_of, capitalised, log_name, sentence_of
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.summary import Page, Summary
from cloud66_redeploy.report.text import Sanitizer


@dataclass(frozen=True)
class Ending(Page):
    """
    What a run ends with: the page of its one deployment, or, if it had none or several, a page without facts.

    Attributes:
        each: a page for each deployment that the command `wait` waited for.
        rollback: the outputs that tell of a rollback; none where there was none.
        api_url: the address of the API; links to the dashboard go with Cloud 66's own.

    """

    command: Command = Command.REDEPLOY
    each: Sequence[Page] = ()
    rollback: Mapping[str, str] = field(default_factory=dict)
    api_url: str = API_URL


def report_ending(ending: Ending, reporter: Reporter) -> int:
    """Report a run's end and return the exit status."""
    result, facts = ending.result, ending.facts
    several = ending.each if len(ending.each) > 1 else ()
    for name, value in _outputs(ending, reporter.sanitizer).items():
        reporter.output(name, value)
    if facts.seen.action is not None and facts.deployment is None and result.outcome is not Outcome.SCHEDULED:
        reporter.warn(
            "Deployment not identified",
            "The deployment couldn't be identified (several match, or none has appeared), so its ID and commit are "
            "unknown.",
        )
    reporter.say(f"{result.outcome}: {sentence_of(result)}")
    for each in several:
        reporter.say(f"{each.facts.title}: {each.result.outcome}: {sentence_of(each.result)}")
        if each.log:
            reporter.group(f"{each.facts.title}: last lines of the {log_name(each.facts.deployment)}", each.log)
    if ending.log:
        reporter.group(f"Last lines of the {log_name(facts.deployment)}", ending.log)
    if not result.is_green:
        sentences = [
            sentence_of(result),
            capitalised(facts.describe()),
            f"Details: {result.evidence}" if result.evidence else "",
            f"Next: {advice_of(result)}",
        ]
        bad = [each for each in several if not each.result.is_green]
        rows = [f"{capitalised(each.facts.title)}: {sentence_of(each.result)}" for each in bad]
        reporter.error(f"Cloud 66 {ending.command}: {result.outcome}", sentences, rows)
    elif result.outcome is Outcome.SKIPPED:
        reporter.notice("Skipped", sentence_of(result))
    summary = Summary(reporter.sanitizer, has_links=ending.api_url == API_URL)
    reporter.summary(summary.of_many(result, several) if several else summary.of_one(ending))
    return 0 if result.is_green else 1


def _outputs(ending: Ending, sanitizer: Sanitizer) -> dict[str, str]:
    outputs = {"rollback_outcome": "", "rollback_deployment_id": "", "rollback_commit": "", **ending.rollback}
    results = [all_outputs(each.result, each.facts, sanitizer) for each in ending.each]
    for result in results:
        # The API's records would make the list too large.
        del result["deployment"]
    outputs["results"] = json.dumps(results) if results else ""
    return all_outputs(ending.result, ending.facts, sanitizer) | outputs
