"""A result in words: its row of the wording, filled with its facts and with what is worked out from them here. Pure."""

import re
from collections import Counter
from collections.abc import Callable

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.fields import cut
from cloud66_redeploy.model.health import Problem, Visit, without_query
from cloud66_redeploy.model.outcome import LastSeen, Outcome, Result
from cloud66_redeploy.model.records import Deployment, Phase
from cloud66_redeploy.report.messages import (
    NOTHING_SHOWS,
    WHY_CANCEL,
    advice_on,
    advice_on_request,
    describe_activity,
    describe_hindrance,
)
from cloud66_redeploy.report.wording import OUTCOMES, WORDING
from cloud66_redeploy.timing import LONGEST_RETRY_AFTER_SECONDS
from cloud66_redeploy.tracking.tracking import Request

_LONGEST_QUOTE = 120
"""Of what a stranger answered, so many characters stand in a sentence; the details have more."""

_ANSWERED = {
    None: "answered {status}",
    Problem.STATUS: "answered {status}",
    Problem.TEXT_MISSING: "answered {status}, without the text that health_check_contains asks for",
    Problem.TOO_MANY_REDIRECTS: "redirected more often than is followed",
    Problem.BAD_REDIRECT: "redirected to what is no plain address",
    Problem.NO_ANSWER: "did not answer ({said})",
    Problem.UNTRUSTED: "could not be trusted ({said})",
}
_FIX_CERTIFICATE = (
    "Fix the certificate of that address. If your network uses its own certificate authority, set "
    "REQUESTS_CA_BUNDLE to its bundle, as a path inside the container."
)
_WOULD = {
    "queue": "this deployment would queue behind it",
    "fail": "the run would fail",
    "skip": "the run would be skipped",
    "refuse": "it wasn't started by this repository, so the run would fail",
    "cancel": "it would be cancelled, and this deployment would follow",
    "wait": "nothing is running that could be cancelled, so this deployment would queue",
}


def sentence_of(result: Result) -> str:
    """Say in a sentence or two what happened."""
    return capitalised(_filled(WORDING[result.reason].sentence, result))


def sentence_after(result: Result) -> str:
    """Say what followed another result, which has said what led to a cancellation."""
    return capitalised(_filled(re.sub(r"^{why}(\. |, but )", "", WORDING[result.reason].sentence), result))


def advice_of(result: Result) -> str:
    """Say what to do next; "" where there is nothing to do."""
    usual = OUTCOMES[result.outcome].advice if result.reason.outcome else advice_of(result.parts[0])
    return _filled(WORDING[result.reason].advice, result) or usual


def cause_of(result: Result) -> str:
    """Say what the likely cause of a bad outcome is; "" where the sentence names it, or none is known."""
    return WORDING[result.reason].cause if result.reason.outcome else cause_of(result.parts[0])


def dry_run_rows(result: Result) -> list[tuple[str, str]]:
    """Say what a dry run has found, as rows of a table."""
    facts = result.facts
    usual, busy, live = facts["usual_seconds"], facts["busy"], facts["live"]
    effect = f"{_WOULD[facts['effect']]} (on_busy: {facts['on_busy']})" if busy else "the deployment would start"
    if live:
        effect = f"deployment {live.id} has that commit and is live (if_live: skip)"
    return [
        ("Would send", _options(result) or "nothing"),
        ("Stack", capitalised(describe_activity(busy)) if busy else "free"),
        ("Result", effect),
        ("Token", "can read the stack. Only a redeploy can tell whether it may redeploy."),
        ("Usually takes", "" if usual is None else format_duration(usual)),
    ]


def marks_of(request: Request) -> list[str]:
    """Say by what a deployment was named: its reference, its id, or both."""
    return [*filter(None, [request.reference, f"deployment {request.given_id}" if request.given_id else ""])]


def name_of(seen: LastSeen) -> str:
    """Name a deployment as well as is known."""
    if seen.deployment is not None:
        name = f"deployment {seen.deployment.id}"
        return name if seen.is_confirmed else f"the redeploy (probably {name})"
    if seen.given_id is not None:
        return f"deployment {seen.given_id}"
    return f"the redeploy (stack action {seen.action.id})" if seen.action else "the redeploy"


def log_name(confirmed: Deployment | None) -> str:
    """Name the stack's newest log: it is the deployment's only where that is proved, and has started."""
    is_its_own = confirmed is not None and confirmed.started_at is not None
    return "stack log" if is_its_own else "latest stack log, which may belong to another deployment"


def capitalised(text: str) -> str:
    """Let a text begin with a capital letter."""
    return text[:1].upper() + text[1:]


def last_known(seen: LastSeen) -> str:
    """Say in a word or two where a deployment stood when it was last seen."""
    if seen.deployment is not None and seen.has_vanished:
        return "before its record disappeared"
    record = seen.deployment or seen.action
    if record is None:
        return "scheduled"
    running, odd = ("deploying", seen.deployment.outcome_said) if seen.deployment else ("scheduled", "finished")
    words = {Phase.RUNNING: running, Phase.ODD: odd, Phase.SILENT: "finished"}
    return words.get(record.phase, str(record.phase))


def _filled(template: str, result: Result) -> str:
    # Only what a template names is worked out: a phrase may need facts that other reasons don't have.
    names = re.findall(r"{(\w+)", template)
    phrases = {name: PHRASES[name](result) for name in names if name in PHRASES}
    return template.format(**{**result.facts, **phrases}).strip()


def _standing(result: Result) -> str:
    seen, name = result.seen, name_of(result.seen)
    if seen.deployment is not None and seen.deployment.phase is Phase.SUCCESS and not seen.has_vanished:
        return f"{name} says success, but its stack action never confirmed it"
    if seen.deployment is None and seen.action is not None and seen.action.phase.is_final:
        return f"{name} ended as {seen.action.phase}, but that was not confirmed"
    return f"the record of {name} has disappeared" if seen.has_vanished else f"{name} was still {last_known(seen)}"


def _reverted_by(result: Result) -> str:
    record = result.seen.deployment
    who, when = (record.text("reverted_by"), record.text("reverted_at")) if record else ("", "")
    return f"{who or 'someone'}{f' at {when}' if when else ''}"


def _pause(seconds: float) -> str:
    # A longer one has been cut (`api.answers`).
    return f"{'at least ' if seconds >= LONGEST_RETRY_AFTER_SECONDS else ''}{format_duration(seconds)}"


def _doubt(result: Result) -> str:
    if result.seen.action is not None:
        return f"stack action {result.seen.action.id}, which has its reference, may be another run's"
    if not result.facts["looked"]:
        return "its reference couldn't be looked up"
    return "no stack action was found with its reference" if result.facts["readable"] else "stack actions can't be read"


def _would(result: Result) -> str:
    busy, on_busy, effect, live = (result.facts[name] for name in ("busy", "on_busy", "effect", "live"))
    if live:
        return f"deployment {live.id} has that commit and is live, so nothing would be sent (if_live: skip)"
    return f"{describe_activity(busy)}, and {_WOULD[effect]} (on_busy: {on_busy})" if busy else "the stack is free"


def _options(result: Result) -> str:
    """Say what a dry run would send, if anything."""
    busy, live, effect, options = (result.facts[name] for name in ("busy", "live", "effect", "options"))
    is_sent = not live and (not busy or effect in {"queue", "cancel", "wait"})
    return ", ".join(f"{name} {value}" for name, value in options.items() if is_sent)


def _usually(result: Result) -> str:
    usual = result.facts["usual_seconds"]
    return "" if usual is None else f" Deployments usually take {format_duration(usual)}."


def _counts(result: Result) -> str:
    """Say how many ended how, the worst first."""
    counts = Counter(part.outcome for part in result.parts)
    words = {Outcome.SUCCESS: "succeeded", Outcome.TIMED_OUT: "timed out"}
    found = [outcome for outcome in reversed(Outcome) if counts[outcome]]
    return ", ".join(f"{counts[outcome]} {words.get(outcome, outcome)}" for outcome in found)


def answered(visit: Visit, address: str) -> str:
    """Say what came of a visit to an address."""
    says = _ANSWERED[visit.problem].format(status=visit.status, said=visit.said)
    led_to = without_query(visit.address)
    onward = f", after a redirect to {led_to}" if led_to != without_query(address) else ""
    return f"{without_query(address)} {says}{onward}"


def _visited(result: Result) -> str:
    health = result.health
    assert health is not None
    count = "the only check" if health.checks == 1 else f"last of {health.checks} checks"
    return f"{answered(health.last, health.address)} ({count})"


def _advice_on_visit(result: Result) -> str:
    is_untrusted = result.health is not None and result.health.last.problem is Problem.UNTRUSTED
    return _FIX_CERTIFICATE if is_untrusted else ""


PHRASES: dict[str, Callable[[Result], object]] = {
    "name": lambda result: name_of(result.seen),
    "Name": lambda result: capitalised(name_of(result.seen)),
    "last": lambda result: last_known(result.seen),
    "seen": lambda result: result.seen,
    "by_others": lambda result: "" if result.seen.is_external else ", not by this workflow",
    "reverted_by": _reverted_by,
    "Standing": lambda result: capitalised(_standing(result)),
    "no_news": lambda result: (
        f" The last status check failed: {result.facts['error']}." if "error" in result.facts else ""
    ),
    "nothing_shows": lambda result: "" if result.facts["shows"] else NOTHING_SHOWS,
    "usual": lambda result: OUTCOMES[result.outcome].advice,
    "advice_on_error": lambda result: advice_on(result.facts["error"]) if "error" in result.facts else "",
    "advice_on_request": lambda result: advice_on_request(result.facts["error"]),
    "status": lambda result: f" ({result.facts['error'].status})" if result.facts["error"].status else "",
    "quote": lambda result: cut(result.facts["error"].said, _LONGEST_QUOTE) or "it says nothing",
    "pause": lambda result: _pause(result.facts["error"].retry_after or 0.0),
    "until": lambda result: (
        f". Cloud 66 asks to wait {_pause(pause)}" if (pause := result.facts["error"].retry_after) else ""
    ),
    "limit": lambda result: f"{result.facts['limit']} of {format_duration(result.facts['seconds'])}",
    "busy": lambda result: describe_activity(result.facts["busy"]),
    "numbers": lambda result: " and ".join(map(str, result.facts["numbers"])),
    "request": lambda result: f" The request would be: {sent}." if (sent := _options(result)) else "",
    "which": lambda result: f"only deployment {result.facts['cancelled']}" if result.facts["cancelled"] else "none",
    "why_not": lambda result: describe_hindrance(result.facts["why_not"]),
    "why": lambda result: WHY_CANCEL[result.facts["why"]],
    "lost": lambda result: "Cloud 66's reply was lost" if result.facts["sent"] else "the request did not get through",
    "doubt": _doubt,
    "Would": lambda result: capitalised(_would(result)),
    "usually": _usually,
    "counts": _counts,
    "part": lambda result: sentence_of(result.parts[0]) if result.parts else "",
    "advice_of_part": lambda result: advice_of(result.parts[0]),
    "what_followed": lambda result: sentence_after(result.parts[1]),
    "visited": _visited,
    "advice_on_visit": _advice_on_visit,
}
"""The placeholders that are no facts, or whose facts are not text."""
