"""Tell everybody how it ended: outputs first, then log, annotation and summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloud66_redeploy.inputs.fields import Command
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.report.facts import Facts, all_outputs, results_output
from cloud66_redeploy.report.phrases import advice_of, capitalised, log_name, name_of, sentence_of
from cloud66_redeploy.report.reporter import Reporter
from cloud66_redeploy.report.summary import render, render_many
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.tracking import Tracking


@dataclass(frozen=True)
class Each:
    """How one of several ended. `log` holds the last lines of its stack's log, cleaned, or none."""

    result: Result
    tracking: Tracking
    log: Sequence[str] = ()


@dataclass(frozen=True)
class Ending:
    """
    What a run leaves to be told.

    Attributes:
        tracking: what is known of the one deployment that the run was about; nothing where it was about several.
        log: the last lines of the stack's log, cleaned, or none.
        each: how each of those ended that the command `wait` was for.
        rollback: the outputs that tell of a rollback; none where there was none.

    """

    result: Result
    tracking: Tracking
    command: Command = Command.REDEPLOY
    log: Sequence[str] = ()
    each: Sequence[Each] = ()
    rollback: Mapping[str, str] = field(default_factory=dict)


def report_ending(ending: Ending, reporter: Reporter) -> int:
    """Report a run's end and return the exit status."""
    result, tracking = ending.result, ending.tracking
    for name, value in _outputs(ending, reporter.cleaner).items():
        reporter.output(name, value)
    if tracking.action is not None and tracking.confirmed is None and result.outcome is not Outcome.SCHEDULED:
        reporter.warn(
            "Deployment not known",
            "Which deployment it is could not be told (several could be meant, or none has shown): "
            "its id and commit are not known.",
        )
    reporter.say(f"{result.outcome}: {sentence_of(result)}")
    if len(ending.each) > 1:
        for one in ending.each:
            reporter.say(f"{_name(one.tracking)}: {one.result.outcome}: {sentence_of(one.result)}")
            if one.log:
                reporter.group(f"{_name(one.tracking)}: last lines of the stack's {log_name(one.tracking)}", one.log)
    if ending.log:
        reporter.group(f"Last lines of the stack's {log_name(tracking)}", ending.log)
    if not result.is_green:
        reporter.error(f"Cloud 66 {ending.command}: {result.outcome}", _sentences(ending), _rows(ending))
    if len(ending.each) > 1:
        reporter.summary(render_many(result, [(one.result, one.tracking) for one in ending.each], reporter.cleaner))
    else:
        reporter.summary(render(result, tracking, ending.log, reporter.cleaner))
    return 0 if result.is_green else 1


def _outputs(ending: Ending, cleaner: Cleaner) -> dict[str, str]:
    rollback = {"rollback_outcome": "", "rollback_deployment_id": "", "rolled_back_to": "", **ending.rollback}
    results = results_output([(one.result, one.tracking) for one in ending.each], cleaner) if ending.each else ""
    return all_outputs(ending.result, ending.tracking, cleaner) | rollback | {"results": results}


def _name(tracking: Tracking) -> str:
    return ", ".join(part for part in (Facts.of(tracking).stack.title, name_of(tracking.last_seen)) if part)


def _rows(ending: Ending) -> list[str]:
    """Say of each of several that ended badly why."""
    bad = [one for one in ending.each if not one.result.is_green and one.tracking is not ending.tracking]
    return [f"{capitalised(_name(one.tracking))}: {sentence_of(one.result)}" for one in bad]


def _sentences(ending: Ending) -> list[str]:
    result = ending.result
    return [
        sentence_of(result),
        capitalised(Facts.of(ending.tracking).describe()),
        f"Details: {result.evidence}" if result.evidence else "",
        f"Next: {advice_of(result)}",
    ]
