"""
The job summary. Pure.

All of it is HTML, so that no text from the API can be Markdown.
"""

from collections.abc import Sequence
from html import escape

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.report.facts import Facts, Times, app_url, duration_or_empty
from cloud66_redeploy.report.phrases import advice_of, answered, describe_service, log_name, meaning_of, sentence_of
from cloud66_redeploy.report.text import LONGEST_FIELD, Sanitizer

_MARKS = {
    Outcome.SUCCESS: "✅",
    Outcome.SCHEDULED: "🕓",
    Outcome.SKIPPED: "⏭️",
    Outcome.DRY_RUN: "🧪",
    Outcome.QUEUED: "🕓",
    Outcome.DEPLOYING: "🚀",
    Outcome.CANCELLED: "🚫",
    Outcome.TIMED_OUT: "⏱️",
    Outcome.UNKNOWN: "❓",
    Outcome.UNHEALTHY: "🩺",
    Outcome.FAILED: "❌",
}
_LARGEST_RECORD = 12_000
_MOST_LOG_LINES = 50
_BLOCKS = "▁▂▃▄▅▆▇"
_MOST_BLOCKS = 20


def render(result: Result, facts: Facts, log: Sequence[str], sanitizer: Sanitizer) -> str:
    """Write the summary of one deployment; `log` holds the last lines of the stack's log, cleaned, or none."""
    title = f"{_MARKS[result.outcome]} {_title(facts, sanitizer)}: {_label(result.outcome)}"
    parts = [
        f"<h3>{title}</h3>\n{_body(result, facts, sanitizer)}",
        _fold(f"Last lines of the {log_name(facts.deployment)}", log[-_MOST_LOG_LINES:]),
    ]
    for name, record in (("deployment", facts.deployment), ("action", facts.seen.action)):
        if record is not None:
            text = sanitizer.json(record.record, (300, 60, 10), _LARGEST_RECORD, indent=1)
            parts.append(_fold(f"The {name}'s record", (text or "… more than can be shown").split("\n")))
    return "\n\n".join(filter(None, parts)) + "\n"


def render_many(overall: Result, each: Sequence[tuple[Result, Facts]], sanitizer: Sanitizer) -> str:
    """Write the summary of several deployments: a line each, and what is to be said of each in a fold."""
    heads = ("", "Stack", "Deployment", "Commit", "Queued", "Deployed in", "What happened")
    rows = [f"<tr>{''.join(f'<th align=left>{head}</th>' for head in heads)}</tr>"]
    rows += [_row(result, facts, sanitizer) for result, facts in each]
    top = [
        f"<h3>{_MARKS[overall.outcome]} {len(each)} deployments: {_label(overall.outcome)}</h3>",
        f"<p>{sanitizer.html(sentence_of(overall), 1000)}</p>",
        f"<table>{''.join(rows)}</table>",
    ]
    folds = [
        f"<details><summary>{_MARKS[result.outcome]} {_title(facts, sanitizer)}</summary>\n"
        f"{_body(result, facts, sanitizer)}\n</details>"
        for result, facts in each
    ]
    return "\n".join(top) + "\n\n" + "\n\n".join(folds) + "\n"


def describe_duration(times: Times, *, is_success: bool) -> str:
    """
    Say how long a deployment took, what is usual, and, of a success, how the two compare; "" where nothing is known.

    How long a failure took says nothing about the pipeline. Where too few earlier ones are known, nothing is usual.
    """
    took, usual, past = times.deploy_seconds, times.usual_seconds, times.past_seconds
    if usual is None:
        return duration_or_empty(took)
    usually = f"usually {format_duration(usual)} ({format_duration(min(past))} to {format_duration(max(past))})"
    if took is None or not is_success:
        shown = past[:_MOST_BLOCKS]
        parts = [duration_or_empty(took), usually, f"last {len(shown)}: {_blocks(shown)}"]
    else:
        percent = round(100 * (took / usual - 1))
        compared = f"{abs(percent)}% {'slower' if percent > 0 else 'faster'} than usual"
        before = past[: _MOST_BLOCKS - 1]
        line = f"last {len(before)} and this one: {_blocks((took, *before))}"
        parts = [format_duration(took), usually, compared if percent else "as long as usual", line]
    return " · ".join(filter(None, parts))


def _blocks(seconds: Sequence[float]) -> str:
    """Draw durations, the newest first, as a line with the oldest first, scaled from zero to the longest."""
    heights = (round(len(_BLOCKS) * duration / max(seconds)) for duration in reversed(seconds))
    return f"<code>{''.join(_BLOCKS[max(0, height - 1)] for height in heights)}</code>"


def _body(result: Result, facts: Facts, sanitizer: Sanitizer) -> str:
    """Say what happened, of a bad outcome what was said, what it means and what to do, and the facts."""
    parts = [f"<p>{sanitizer.html(sentence_of(result), 2000)}</p>"]
    if not result.is_green:
        steps = [
            ("Details", _code(result.evidence, sanitizer, 1000)),
            ("What that means", meaning_of(result)),
            ("Next", sanitizer.html(advice_of(result), 1000)),
        ]
        parts += [f"<p><b>{head}:</b> {text}</p>" for head, text in steps if text]
    address = app_url(facts.stack, sanitizer)
    table = [
        ("Deployment", facts.deployment_id),
        ("Commit", _commit(facts, sanitizer)),
        ("Triggered by", sanitizer.html(facts.triggered_by)),
        ("Queued", duration_or_empty(facts.times.queued_seconds)),
        ("Duration", describe_duration(facts.times, is_success=facts.is_success)),
        ("Services", _services(facts, sanitizer)),
        ("Health", _health(result, sanitizer)),
        ("Address", _link(address, address, sanitizer)),
        ("Stack", _code(facts.stack.uid, sanitizer)),
        ("Action", facts.action_id),
        ("Reference", _code(facts.seen.reference, sanitizer)),
    ]
    rows = "".join(f"<tr><th align=left>{head}</th><td>{cell}</td></tr>" for head, cell in table if cell)
    return "\n".join([*parts, f"<table>{rows}</table>"] if rows else parts)


def _services(facts: Facts, sanitizer: Sanitizer) -> str:
    """Say which services were asked for, and what they run by now."""
    began = facts.deployment.started_at if facts.deployment else None
    found = [sanitizer.html(describe_service(service, began)) for service in facts.services]
    return "<br>".join(filter(None, [_code(facts.asked_services, sanitizer, 1000), *found]))


def _health(result: Result, sanitizer: Sanitizer) -> str:
    """Say how the application was found; "" where it was not checked."""
    health = result.parts[0].health if result.reason is Reason.FOLLOWED else result.health
    if health is None:
        return ""
    said = sanitizer.html(answered(health.last, health.address))
    word = "healthy after" if health.is_healthy else "not healthy within"
    return f"{word} {format_duration(health.seconds)} ({health.checks} checks): {said}"


def _row(result: Result, facts: Facts, sanitizer: Sanitizer) -> str:
    cells = (
        f"{_MARKS[result.outcome]} {_label(result.outcome)}",
        _title(facts, sanitizer),
        facts.deployment_id,
        _commit(facts, sanitizer),
        duration_or_empty(facts.times.queued_seconds),
        duration_or_empty(facts.times.deploy_seconds),
        sanitizer.html(sentence_of(result)),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _title(facts: Facts, sanitizer: Sanitizer) -> str:
    name, environment = sanitizer.html(facts.stack_title) or "Cloud 66", sanitizer.html(facts.stack.text("environment"))
    return f"{name} ({environment})" if environment else name


def _fold(title: str, lines: Sequence[str]) -> str:
    body = escape("\n".join(lines))
    return f"<details><summary>{title}</summary>\n\n<pre>{body}</pre>\n\n</details>" if lines else ""


def _commit(facts: Facts, sanitizer: Sanitizer) -> str:
    shown = _link(sanitizer.url(facts.text("commit_url")), facts.text("git_hash")[:10], sanitizer)
    ref = facts.text("git_ref")
    return f"{shown} ({_code(ref, sanitizer)})" if shown and ref else shown


def _label(outcome: Outcome) -> str:
    return str(outcome).replace("_", " ")


def _code(text: str, sanitizer: Sanitizer, longest: int = LONGEST_FIELD) -> str:
    cleaned = sanitizer.html(text, longest)
    return f"<code>{cleaned}</code>" if cleaned else ""


def _link(url: str, text: str, sanitizer: Sanitizer) -> str:
    shown = _code(text, sanitizer)
    return f'<a href="{sanitizer.html(url, 2000)}">{shown}</a>' if url and shown else shown
