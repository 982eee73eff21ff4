"""The job summary. Pure. All of it is HTML, so that no text from the API can be Markdown."""

from collections.abc import Sequence

from cloud66_redeploy.advice import advice_for
from cloud66_redeploy.deployment import Outcome, Phase, Result
from cloud66_redeploy.duration import format_duration
from cloud66_redeploy.outputs import app_url, deploy_seconds, queued_seconds, usual_seconds
from cloud66_redeploy.text import Cleaner
from cloud66_redeploy.tracking import Tracking

_MARKS = {
    Outcome.SUCCESS: "✅",
    Outcome.SCHEDULED: "🕓",
    Outcome.SKIPPED: "⏭️",
    Outcome.DRY_RUN: "🧪",
    Outcome.QUEUED: "🕓",
    Outcome.DEPLOYING: "🚀",
    Outcome.FAILED: "❌",
    Outcome.CANCELLED: "🚫",
    Outcome.TIMED_OUT: "⏱️",
    Outcome.UNKNOWN: "❓",
}


def render(result: Result, tracking: Tracking, log: Sequence[str], cleaner: Cleaner) -> str:
    """
    Write the summary.

    Args:
        result: how it ended.
        tracking: what is known.
        log: the last lines of the stack's log, cleaned, or none.
        cleaner: for everything that comes from outside.

    """
    stack = tracking.stack
    name = cleaner.html(stack.text("name") if stack else "") or "Cloud 66"
    parts = [
        f"<h3>{_MARKS[result.outcome]} {name}: {result.outcome}</h3>",
        f"<p>{cleaner.html(result.reason, 1000)}</p>",
    ]
    rows = "".join(
        f"<tr><th align=left>{head}</th><td>{cell}</td></tr>" for head, cell in _rows(tracking, cleaner) if cell
    )
    parts.append(f"<table>{rows}</table>")
    if not result.is_green:
        if result.evidence:
            parts.append(f"<p><b>Details:</b> <code>{cleaner.html(result.evidence, 1000)}</code></p>")
        parts.append(f"<p><b>Next:</b> {cleaner.html(advice_for(result), 1000)}</p>")
    if log:
        lines = "\n".join(cleaner.html_line(line) for line in log)
        parts.append(f"<details><summary>Last lines of the stack's log</summary>\n\n<pre>{lines}</pre>\n\n</details>")
    return "\n".join(parts) + "\n"


def _rows(tracking: Tracking, cleaner: Cleaner) -> list[tuple[str, str]]:
    stack, deployment = tracking.stack, tracking.deployment
    queued, took = queued_seconds(tracking), deploy_seconds(tracking)
    return [
        ("Stack", _code(stack.uid, cleaner) if stack else ""),
        ("Environment", cleaner.html(stack.text("environment")) if stack else ""),
        ("Address", _link(app_url(tracking, cleaner), app_url(tracking, cleaner), cleaner)),
        ("Deployment", str(deployment.id) if deployment else ""),
        ("Action", str(tracking.action.id) if tracking.action else ""),
        ("Commit", _commit(tracking, cleaner)),
        ("Queued", format_duration(queued) if queued is not None else ""),
        ("Deployed in", format_duration(took) if took is not None else ""),
        ("Usually", _usually(tracking)),
        ("Reference", _code(tracking.reference, cleaner)),
    ]


def _usually(tracking: Tracking) -> str:
    """Say how long it usually takes, and how this one, if it succeeded, compares with the last ones."""
    usual, took, past = usual_seconds(tracking), deploy_seconds(tracking), tracking.durations
    if usual is None:
        return ""
    times = f"{format_duration(usual)} (the last {len(past)}: {format_duration(min(past))} to "
    text = f"{times}{format_duration(max(past))})"
    if took is None or tracking.deployment is None or tracking.deployment.phase is not Phase.SUCCESS:
        return text
    slower = round(100 * (took / usual - 1))
    compared = f"{abs(slower)} % {'slower' if slower > 0 else 'faster'} than usual" if slower else "as long as usual"
    return f"{text}; this one was {compared}, faster than {sum(one > took for one in past)} of them"


def _commit(tracking: Tracking, cleaner: Cleaner) -> str:
    deployment = tracking.deployment
    if deployment is None:
        return ""
    commit = _link(cleaner.url(deployment.text("commit_url")), deployment.text("git_hash")[:10], cleaner)
    ref = deployment.text("git_ref")
    return f"{commit} ({_code(ref, cleaner)})" if commit and ref else commit


def _code(text: str, cleaner: Cleaner) -> str:
    cleaned = cleaner.html(text)
    return f"<code>{cleaned}</code>" if cleaned else ""


def _link(url: str, text: str, cleaner: Cleaner) -> str:
    shown = _code(text, cleaner)
    return f'<a href="{cleaner.html(url, 2000)}">{shown}</a>' if url and shown else shown


def render_many(overall: Result, each: Sequence[tuple[Result, Tracking]], cleaner: Cleaner) -> str:
    """Write the summary of several."""
    return "\n".join(render(result, tracking, [], cleaner) for result, tracking in each) + str(overall.outcome)
