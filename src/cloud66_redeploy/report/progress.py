"""What a look is worth saying: a line when something changed, otherwise one a minute; and what is new in the log."""

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.polling.live_log import News
from cloud66_redeploy.polling.pace import Estimate
from cloud66_redeploy.report.phrases import log_name, name_of
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.tracking import Tracking

_BAR = 20
_MOST_LINES = 200
"""So many lines a look; who wants all of a chatty log finds it in the dashboard."""


def progress(tracking: Tracking) -> str:
    """Put into words where the deployment stands."""
    return f"{name_of(tracking.last_seen)}: {_standing(tracking)}"


def how_far(tracking: Tracking, estimate: Estimate | None) -> str:
    """Put into words and a bar how far the deployment is, to follow its progress; "" unless it is deploying."""
    state, _ = tracking.record_states(settled=True)
    if estimate is None or state is not Phase.RUNNING:
        return ""
    age = format_duration(estimate.age_seconds)
    if estimate.usual_seconds is None:
        return f", {age}"
    times = f", {age} of usually {format_duration(estimate.usual_seconds)}"
    if estimate.percent is None:
        return f"{times} [{'#' * _BAR}] longer than usual"
    full = estimate.percent * _BAR // 100
    return f"{times} [{'#' * full}{'.' * (_BAR - full)}] {estimate.percent}%"


def log_lines(news: News, tracking: Tracking, sanitizer: Sanitizer) -> list[str]:
    """Say what is new in the stack's log, each line harmless behind a prefix."""
    said = [f"The {log_name(tracking.confirmed)}:"] if news.is_doubtful else []
    if len(news.lines) > _MOST_LINES:
        said.append(f"| … {len(news.lines) - _MOST_LINES} more lines")
    said += [f"| {line}" for line in sanitizer.tail("\n".join(news.lines), _MOST_LINES)]
    if news.given_up:
        said.append(f"The stack log can't be read any more: {news.given_up}")
    return said


def _standing(tracking: Tracking) -> str:
    deployment = tracking.deployment
    if deployment is None:
        return _standing_unseen(tracking)
    if tracking.sighting.record_vanished:
        return "its record has disappeared; still checking"
    if deployment.phase is Phase.QUEUED:
        return _standing_in_queue(tracking)
    if deployment.phase is Phase.RUNNING:
        commit = deployment.text("git_hash")[:10]
        return f"deploying commit {commit}" if commit else "deploying"
    return f"{deployment.phase}; confirming"


def _standing_in_queue(tracking: Tracking) -> str:
    ahead = tracking.sighting.ahead or ()
    if not ahead:
        return "queued"
    text = f"queued behind {len(ahead)} other deployment{'s' if len(ahead) > 1 else ''}"
    first = next((deployment for deployment in ahead if deployment.phase is Phase.RUNNING), None)
    if first is None:
        return text
    # Whoever it is stands last: the name may be long, and is cut only after it has been cleaned.
    who = first.text("triggered_by")
    return f"{text}; {first.id} is deploying now{f', triggered by {who}' if who else ''}"


def _standing_unseen(tracking: Tracking) -> str:
    if tracking.is_not_found:
        return "not found yet"
    if tracking.sighting.maybe_started:
        return "running; deployment not identified yet"
    return "scheduled; waiting for the deployment to appear"
