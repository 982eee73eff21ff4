"""
What a look is worth saying: a line when something changed, otherwise one a minute; and what is new in the log.

With debug logging also each decision, and each pause. The summary has from here how long a deployment took.
"""

from collections.abc import Sequence
from datetime import datetime

from cloud66_redeploy.errors import ApiError
from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.fields import is_before
from cloud66_redeploy.model.outcome import Result
from cloud66_redeploy.model.records import Action, Deployment, Phase, Stack
from cloud66_redeploy.model.services import Service, asked_tags
from cloud66_redeploy.polling.live_log import News
from cloud66_redeploy.polling.pace import Estimate
from cloud66_redeploy.polling.pauses import Ground, Pause
from cloud66_redeploy.report.facts import Times, duration_or_empty
from cloud66_redeploy.report.messages import Line, Note
from cloud66_redeploy.report.phrases import capitalised, log_name, name_of
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.pairing import Objection, counted, objection
from cloud66_redeploy.tracking.tracking import Certainty, Tracking

_BAR = 20
_BLOCKS = "▁▂▃▄▅▆▇"
_MOST_BLOCKS = 20
_MOST_LINES = 200
"""So many lines a look; who wants all of a chatty log finds it in the dashboard."""

_OBJECTIONS = {
    None: "fits",
    Objection.NOT_BY_API: "not through the API",
    Objection.OTHER_REF: "of another ref",
    Objection.OTHER_PERSON: "of another person",
    Objection.OLDER: "older than the stack action",
}
GROUNDS = {
    Ground.SHARE: "a share of the time waited",
    Ground.PAST: "how long earlier ones took",
    Ground.AHEAD: "how long the one ahead takes",
    Ground.QUEUE: "several are ahead",
    Ground.SETTLING: "the records may still change",
    Ground.DOUBT: "a no is asked again before it is believed",
    Ground.ASKED: "the server asks for it",
    Ground.DEADLINE: "a timeout is near",
    Ground.HURRY: "a cancellation is under way",
}


def progress(tracking: Tracking, label: str = "") -> str:
    """Put into words where the deployment stands, for a line that begins with a label, which may name it."""
    name = f"{name_of(tracking.last_seen)}: "
    return f"{'' if label.endswith(name) else name}{_standing(tracking)}"


def describe_stack(stack: Stack) -> str:
    """Say which stack it is."""
    environment = stack.text("environment") or "environment not known"
    return Line.STACK.format(name=stack.text("name") or stack.uid, environment=environment, uid=stack.uid)


def failed_check(trouble: ApiError) -> str:
    """Put into words that a check failed, and how long the server then asks to be left alone."""
    asks = f" (the server asks to wait {format_duration(trouble.retry_after)})" if trouble.retry_after else ""
    return Line.CHECK_FAILED.format(error=trouble, asks=asks)


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
    if news.has_paused:
        said.append("The stack log pauses: fewer than half of this hour's API calls are left.")
    if news.given_up:
        said.append(f"The stack log can't be read any more: {news.given_up}")
    return said


def describe_sighting(tracking: Tracking, result: Result | None) -> str:
    """Debug: say which deployment is taken for the one, and by what; and how it ended, if it has."""
    sighting = tracking.sighting
    action = f"stack action {sighting.action.id}" if sighting.action else "no stack action"
    if not tracking.actions_readable:
        action = "stack actions not readable"
    how = {Certainty.UNKNOWN: "", Certainty.INFERRED: ", inferred", Certainty.CONFIRMED: ", proved"}[sighting.certainty]
    deployment = f"deployment {sighting.deployment.id}{how}" if sighting.deployment else "no deployment"
    marks = {
        "its record has vanished": sighting.record_vanished,
        "one that could be it has started": sighting.maybe_started,
        "several carry the reference": sighting.is_ambiguous,
        f"{len(sighting.duplicates)} duplicates": bool(sighting.duplicates),
        f"ID {tracking.submission.answer_id} in the reply": tracking.submission.answer_id is not None,
    }
    states = " and ".join(map(str, tracking.record_states()))
    notes = "".join(f", {mark}" for mark, holds in marks.items() if holds)
    end = f", so {result.reason.name}" if result else ""
    return f"Seen: {action}, {deployment}{notes}. They say {states}{end}"


def describe_candidates(tracking: Tracking, actions: Sequence[Action], deployments: Sequence[Deployment]) -> str:
    """Debug: say which new deployments could be the one, and what speaks against each."""
    new = [deployment for deployment in deployments if tracking.baseline.is_new(deployment)]
    action, git_ref = tracking.action, tracking.request.git_ref
    said = [f"{each.id} ({_OBJECTIONS[objection(each, action, git_ref)]})" for each in new]
    text = f"Candidates: {', '.join(said) or 'none'}"
    if action is None:
        return text
    carrying = [action, *(duplicate.action for duplicate in tracking.sighting.duplicates)]
    number, recent = counted(carrying, actions, deployments, tracking.baseline)
    return f"{text}, redeploys to pair off: {number}, deployments: {len(recent)}"


def describe_pause(pause: Pause, trouble: ApiError | None = None, stretched: float = 1.0) -> str:
    """Debug: say when the next check comes, what that follows from, and what kept the last from news, if anything."""
    slowed = f", up to {stretched:.1f} times as long so that the hour's calls last" if stretched > 1 else ""
    after = f", after trouble: {trouble}" if trouble else ""
    return f"Next check in {pause.seconds:.1f}s: {GROUNDS[pause.ground]}{slowed}{after}"


def _standing(tracking: Tracking) -> str:
    deployment = tracking.deployment
    if deployment is None:
        return _standing_unseen(tracking)
    if tracking.sighting.record_vanished:
        return "its record has disappeared, still checking"
    if deployment.phase is Phase.QUEUED:
        return _standing_in_queue(tracking)
    if deployment.phase is Phase.RUNNING:
        commit = deployment.text("git_hash")[:10]
        return f"deploying commit {commit}" if commit else "deploying"
    return f"{deployment.phase}, confirming"


def _standing_in_queue(tracking: Tracking) -> str:
    ahead = tracking.sighting.ahead or ()
    if not ahead:
        return "queued"
    first = next((deployment for deployment in ahead if deployment.phase is Phase.RUNNING), ahead[0])
    others = f" and {len(ahead) - 1} more" if len(ahead) > 1 else ""
    # The person stands last: the name may be long, and is cut only after it has been cleaned.
    who = first.text("triggered_by")
    return f"queued behind deployment {first.id}{others}{f' (started by {who})' if who else ''}"


def _standing_unseen(tracking: Tracking) -> str:
    if tracking.is_not_found:
        return "not found yet"
    if tracking.sighting.maybe_started:
        return "running, deployment not identified yet"
    return "scheduled, waiting for the deployment to appear"


def superseded(tracking: Tracking, live: Deployment) -> tuple[str, str]:
    """Note that another deployment has gone live since."""
    commit, name = live.text("git_hash"), capitalised(name_of(tracking.last_seen))
    return Note.SUPERSEDED.filled(Name=name, number=live.id, of_commit=f" (commit {commit})" if commit else "")


def describe_service(service: Service, began: datetime | None) -> str:
    """Say what Cloud 66 says that a service runs, and since when."""
    runs = ":".join(filter(None, [service.image, "|".join(service.versions)])) or "an image that Cloud 66 doesn't name"
    newer = sum(not is_before(started, began) for started in service.started) if began else 0
    count = len(service.started)
    if not count or began is None:
        return f"{service.name} runs {runs}"
    since = f"{newer} of {count} containers started since the deployment began"
    return f"{service.name} runs {runs}, {since}"


def contradictions(asked: str, services: Sequence[Service], began: datetime | None) -> list[str]:
    """Say where what the services run contradicts what was requested of them."""
    tags, found = asked_tags(asked), list[str]()
    for service in services:
        if service.lacks(tags[service.name]):
            found.append(f"Service {service.name} runs {'|'.join(service.versions)}, not {tags[service.name]}.")
        if service.is_older_than(began):
            found.append(f"All containers of service {service.name} are older than the deployment.")
    return found


def describe_duration(times: Times, *, is_success: bool) -> str:
    """
    Say how long a deployment took, what is usual, and, of a success, how the two compare; "" where nothing is known.

    How long a failure took says nothing about the pipeline. Where too few earlier ones are known, nothing is usual.
    """
    took, usual, past = times.deploy_seconds, times.usual_seconds, times.past_seconds
    if usual is None:
        return took_of(times)
    least, most = format_duration(min(past)), format_duration(max(past))
    usually = f"usually {format_duration(usual)}{f' ({least} to {most})' if least != most else ''}"
    if took is None or not is_success:
        shown = past[:_MOST_BLOCKS]
        parts = [took_of(times), usually, f"last {len(shown)}: {_blocks(shown)}"]
    else:
        percent = round(100 * (took / usual - 1))
        # Far from the usual time a number says no more.
        by = f"{abs(percent)}%" if usual / 10 <= took <= usual * 10 else "much"
        compared = f"{by} {'slower' if percent > 0 else 'faster'} than usual"
        before = past[: _MOST_BLOCKS - 1]
        line = f"last {len(before)} and this one: {_blocks((took, *before))}"
        parts = [took_of(times), usually, compared if percent else "as long as usual", line]
    return " · ".join(filter(None, parts))


def _blocks(seconds: Sequence[float]) -> str:
    """Draw durations, the newest first, as a line with the oldest first, scaled from zero to the longest."""
    heights = (round(len(_BLOCKS) * duration / max(seconds)) for duration in reversed(seconds))
    return f"<code>{''.join(_BLOCKS[max(0, height - 1)] for height in heights)}</code>"


def took_of(times: Times) -> str:
    """Say how long it took, and how long it waited in the queue, if it did."""
    queued = times.queued_seconds
    waited = f" after {format_duration(queued)} in the queue" if queued and round(queued) else ""
    return f"{duration_or_empty(times.deploy_seconds)}{waited}" if times.deploy_seconds is not None else ""
