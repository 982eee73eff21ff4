"""Tell everybody how it ended: outputs first, then log, annotation and summary."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cloud66_redeploy.commands.rollback import outcome_of
from cloud66_redeploy.commands.step import Step
from cloud66_redeploy.inputs.fields import API_URL, Command
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.polling.ends import several
from cloud66_redeploy.report.facts import NOTHING, Facts, all_outputs, rollback_outputs
from cloud66_redeploy.report.messages import Line, Note
from cloud66_redeploy.report.phrases import advice_of, capitalised, log_name, name_of, sentence_of
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
    for page in several or [ending]:
        seen = page.facts.seen
        if seen.action is not None and not seen.is_confirmed and page.result.outcome is not Outcome.SCHEDULED:
            reporter.warn(*Note.NOT_IDENTIFIED.filled(label=f"{page.facts.title}: " if several else ""))
    reporter.say(f"{result.outcome}: {sentence_of(result)}")
    for each in several:
        reporter.say(f"{_label(each)}: {each.result.outcome}: {sentence_of(each.result)}")
        if each.log:
            log = log_name(each.facts.deployment)
            reporter.group(Line.LOG_OF_ONE.format(title=each.facts.title, log=log), each.log)
    if ending.log:
        reporter.group(Line.LOG.format(log=log_name(facts.deployment)), ending.log)
    if not result.is_green:
        sentences = [
            sentence_of(result),
            capitalised(facts.describe()),
            f"Details: {result.evidence}" if result.evidence else "",
            f"Next: {ending.located(advice_of(result))}",
        ]
        bad = [each for each in several if not each.result.is_green]
        rows = [f"{_label(each)}: {sentence_of(each.result)}" for each in bad]
        reporter.error(f"Cloud 66 {ending.command}: {result.outcome}", sentences, rows)
    elif result.outcome is Outcome.SKIPPED:
        reporter.notice(*Note.SKIPPED.filled(sentence=sentence_of(result)))
    summary = Summary(reporter.sanitizer, has_links=ending.api_url == API_URL)
    reporter.summary(summary.of_many(result, several) if several else summary.of_one(ending))
    return 0 if result.is_green else 1


def _label(page: Page) -> str:
    """Name one of several, and what its sentence says of it not again."""
    is_named = name_of(page.facts.seen) in sentence_of(page.result).lower()
    return page.facts.stack_title if is_named else page.facts.title


def _outputs(ending: Ending, sanitizer: Sanitizer) -> dict[str, str]:
    outputs = {"rollback_outcome": "", "rollback_deployment_id": "", "rollback_commit": "", **ending.rollback}
    results = [all_outputs(each.result, each.facts, sanitizer) for each in ending.each]
    for result in results:
        # The API's records would make the list too large.
        del result["deployment"]
    outputs["results"] = json.dumps(results) if results else ""
    return all_outputs(ending.result, ending.facts, sanitizer) | outputs


def report_step(step: Step) -> int:
    """Report how a step ended, and return the exit status."""
    command, rollback = step.inputs.command, step.rollback
    ended = [(job, job.result or step.result) for job in step.asked]
    each = [Page(result, Facts.of(job.tracking), job.log) for job, result in ended if result is not None]
    if len(each) > 1:
        overall = step.result or several([job.result for job in each])
        ending = Ending(overall, NOTHING, command=command, each=each, api_url=step.inputs.api_url)
        return report_ending(ending, step.reporter)
    [only] = each
    result, outputs, back = step.result or only.result, dict[str, str](), None
    if rollback is not None:
        result = Result(Reason.FOLLOWED, evidence=result.evidence, parts=(result, outcome_of(rollback)))
        outputs = rollback_outputs(rollback.tracking, rollback.result)
        back = Facts.of(rollback.tracking) if rollback.tracking.submission.posts_sent else None
    shown = [replace(only, result=result)] if command is Command.WAIT else []
    ending = Ending(result, only.facts, only.log, back, command, shown, outputs, step.inputs.api_url)
    return report_ending(ending, step.reporter)
