"""
The job summary. Pure.

All of it is HTML, so that no text from the API can be Markdown; but for the charts, which hold no such text.
"""

import json
from collections.abc import Mapping, Sequence

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Outcome, Result
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.report.charts import durations, timeline
from cloud66_redeploy.report.facts import app_url, deploy_seconds, queued_seconds, usual_seconds
from cloud66_redeploy.report.phrases import advice_of, log_name, meaning_of, sentence_of
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.tracking import Tracking

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
    Outcome.FAILED: "❌",
}
_LONGEST_RECORD = 12_000
_MOST_LOG_LINES = 50


def render(result: Result, tracking: Tracking, log: Sequence[str], cleaner: Cleaner) -> str:
    """
    Write the summary of one deployment.

    Args:
        result: how it ended.
        tracking: what is known.
        log: the last lines of the stack's log, cleaned, or none.
        cleaner: for everything that comes from outside.

    """
    stack = tracking.stack
    name = cleaner.html(stack.text("name") if stack else "") or "Cloud 66"
    where = cleaner.html(stack.text("environment")) if stack else ""
    headline = f"<h3>{_MARKS[result.outcome]} {name}{f' ({where})' if where else ''}: {_words(result.outcome)}</h3>"
    charts = [timeline(result, tracking), durations(result, tracking, deploy_seconds(tracking))]
    parts = [
        f"{headline}\n{_body(result, tracking, cleaner)}",
        *(chart for chart in charts if chart),
        _fold(
            f"Last lines of the stack's {log_name(tracking)}",
            [cleaner.html_line(line) for line in log[-_MOST_LOG_LINES:]],
        ),
        *_records(tracking, cleaner),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_many(overall: Result, each: Sequence[tuple[Result, Tracking]], cleaner: Cleaner) -> str:
    """Write the summary of several deployments: a line each, and what is to be said of each in a fold."""
    heads = ("", "Stack", "Deployment", "Commit", "Queued", "Deployed in", "What happened")
    rows = [f"<tr>{''.join(f'<th align=left>{head}</th>' for head in heads)}</tr>"]
    rows += [_row(result, tracking, cleaner) for result, tracking in each]
    top = [
        f"<h3>{_MARKS[overall.outcome]} {len(each)} deployments: {_words(overall.outcome)}</h3>",
        f"<p>{cleaner.html(sentence_of(overall), 1000)}</p>",
        f"<table>{''.join(rows)}</table>",
    ]
    folds = [
        f"<details><summary>{_MARKS[result.outcome]} {_title(tracking, cleaner)}</summary>\n"
        f"{_body(result, tracking, cleaner)}\n</details>"
        for result, tracking in each
    ]
    return "\n".join(top) + "\n\n" + "\n\n".join(folds) + "\n"


def _body(result: Result, tracking: Tracking, cleaner: Cleaner) -> str:
    """Say what happened, the facts, and of a bad outcome what was said, what it means and what to do."""
    rows = "".join(
        f"<tr><th align=left>{head}</th><td>{cell}</td></tr>" for head, cell in _facts(tracking, cleaner) if cell
    )
    said = f"<code>{cleaner.html(result.evidence, 1000)}</code>" if result.evidence else ""
    steps = [
        ("Details", said),
        ("What that means", meaning_of(result)),
        ("Next", cleaner.html(advice_of(result), 1000)),
    ]
    told = [f"<p><b>{head}:</b> {text}</p>" for head, text in steps if text and not result.is_green]
    table = [f"<table>{rows}</table>"] if rows else []
    return "\n".join([f"<p>{cleaner.html(sentence_of(result), 2000)}</p>", *told, *table])


def _facts(tracking: Tracking, cleaner: Cleaner) -> list[tuple[str, str]]:
    stack, deployment, action = tracking.stack, tracking.confirmed, tracking.action
    queued, took = queued_seconds(tracking), deploy_seconds(tracking)
    who = (deployment.text("triggered_by") if deployment else "") or (action.user if action else "")
    return [
        ("Deployment", str(deployment.id) if deployment else ""),
        ("Commit", _commit(tracking, cleaner)),
        ("Triggered by", cleaner.html(who)),
        ("Queued", format_duration(queued) if queued is not None else ""),
        ("Deployed in", format_duration(took) if took is not None else ""),
        ("Usually", _usually(tracking)),
        ("Address", _link(app_url(tracking, cleaner), app_url(tracking, cleaner), cleaner)),
        ("Stack", _code(stack.uid, cleaner) if stack else ""),
        ("Action", str(action.id) if action else ""),
        ("Reference", _code(tracking.request.reference, cleaner)),
    ]


def _row(result: Result, tracking: Tracking, cleaner: Cleaner) -> str:
    queued, took = queued_seconds(tracking), deploy_seconds(tracking)
    cells = (
        f"{_MARKS[result.outcome]} {_words(result.outcome)}",
        _title(tracking, cleaner),
        str(tracking.confirmed_id or ""),
        _commit(tracking, cleaner),
        format_duration(queued) if queued is not None else "",
        format_duration(took) if took is not None else "",
        cleaner.html(sentence_of(result)),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _title(tracking: Tracking, cleaner: Cleaner) -> str:
    stack = tracking.stack
    name = cleaner.html((stack.text("name") or stack.uid) if stack else "") or "Cloud 66"
    where = cleaner.html(stack.text("environment")) if stack else ""
    return f"{name} ({where})" if where else name


def _usually(tracking: Tracking) -> str:
    """Say how long it usually takes, and how this one, if it succeeded, compares with the last ones."""
    usual, took, past = usual_seconds(tracking), deploy_seconds(tracking), tracking.durations
    if usual is None:
        return ""
    times = f"{format_duration(usual)} (the last {len(past)}: {format_duration(min(past))} to "
    text = f"{times}{format_duration(max(past))})"
    if took is None or tracking.confirmed is None or tracking.confirmed.phase is not Phase.SUCCESS:
        return text
    slower = round(100 * (took / usual - 1))
    compared = f"{abs(slower)} % {'slower' if slower > 0 else 'faster'} than usual" if slower else "as long as usual"
    return f"{text}; this one was {compared}, faster than {sum(one > took for one in past)} of them"


def _records(tracking: Tracking, cleaner: Cleaner) -> list[str]:
    """Fold up what the API sent, as it was but for secrets and length."""
    found: list[tuple[str, Mapping[str, object]]] = []
    if tracking.confirmed is not None:
        found.append(("The deployment's record", tracking.confirmed.record))
    if tracking.action is not None:
        found.append(("The action's record", tracking.action.record))
    return [_fold(title, _json_lines(record, cleaner)) for title, record in found]


def _json_lines(record: Mapping[str, object], cleaner: Cleaner) -> list[str]:
    for longest in (300, 60, 10):
        lines = json.dumps(cleaner.record(record, longest), indent=1, ensure_ascii=True).split("\n")
        if sum(map(len, lines)) <= _LONGEST_RECORD:
            break
    else:
        lines = ["… more than can be shown"]
    return [cleaner.html_line(line) for line in lines]


def _fold(title: str, lines: Sequence[str]) -> str:
    body = "\n".join(lines)
    return f"<details><summary>{title}</summary>\n\n<pre>{body}</pre>\n\n</details>" if lines else ""


def _commit(tracking: Tracking, cleaner: Cleaner) -> str:
    deployment = tracking.confirmed
    if deployment is None:
        return ""
    commit = _link(cleaner.url(deployment.text("commit_url")), deployment.text("git_hash")[:10], cleaner)
    ref = deployment.text("git_ref")
    return f"{commit} ({_code(ref, cleaner)})" if commit and ref else commit


def _words(outcome: Outcome) -> str:
    return str(outcome).replace("_", " ")


def _code(text: str, cleaner: Cleaner) -> str:
    cleaned = cleaner.html(text)
    return f"<code>{cleaned}</code>" if cleaned else ""


def _link(url: str, text: str, cleaner: Cleaner) -> str:
    shown = _code(text, cleaner)
    return f'<a href="{cleaner.html(url, 2000)}">{shown}</a>' if url and shown else shown
