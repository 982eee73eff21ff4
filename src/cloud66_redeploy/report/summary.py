"""
The job summary: what happened and where, the likely cause, what to do, the end of the log, a few rows. Pure.

All of it is HTML, so that no text from the API can be Markdown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from cloud66_redeploy.model.duration import format_duration
from cloud66_redeploy.model.outcome import Outcome, Reason, Result
from cloud66_redeploy.report.facts import Facts, app_url, duration_or_empty, told_of
from cloud66_redeploy.report.phrases import (
    advice_of,
    answered,
    capitalised,
    cause_of,
    dry_run_rows,
    log_name,
    name_of,
    sentence_after,
    sentence_of,
)
from cloud66_redeploy.report.progress import describe_duration, describe_service, took_of
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.report.wording import OUTCOMES, ROLLBACKS, UNSENT, WORDING

_SAID_BY_HEADING = {Reason.SUCCEEDED, Reason.FAILED, Reason.QUEUED, Reason.DEPLOYING, Reason.DRY_RUN}
_DASHBOARD = "Cloud 66 dashboard"
_LINKS = {
    "https://app.cloud66.com/oauth/authorized_applications": "https://app.cloud66.com/oauth/authorized_applications",
    _DASHBOARD: "https://app.cloud66.com/dashboard",
}
_LARGEST_RECORD = 12_000
_OPEN_LOG_LINES = 20


@dataclass(frozen=True)
class Page:
    """
    What a summary tells of one deployment.

    Attributes:
        log: the last lines of the stack's log, cleaned, or none.
        back: what is known of the deployment that rolled it back, or None.

    """

    result: Result
    facts: Facts
    log: Sequence[str] = ()
    back: Facts | None = None

    def located(self, text: str) -> str:
        """Let advice or a cause say where the stack log is, unless it is shown."""
        return text if self.log else text.replace("the stack log", f"the stack log in the {_DASHBOARD}")


class Summary:
    """Writes summaries; with links to the dashboard where the API is Cloud 66's own."""

    def __init__(self, sanitizer: Sanitizer, *, has_links: bool = True) -> None:
        self._sanitizer = sanitizer
        self._links = _LINKS if has_links else {}

    def of_one(self, page: Page) -> str:
        """Write the summary of one deployment."""
        return _joined([f"<h3>{self._heading(page)}</h3>", *self._parts(page), *self._tables(page), self._fold(page)])

    def of_many(self, overall: Result, pages: Sequence[Page]) -> str:
        """Write the summary of several: those that aren't green come first, each with its own log open."""
        pages = sorted(pages, key=lambda page: page.result.is_green)
        parts = [f"<h3>{OUTCOMES[overall.outcome].mark} {self._html(sentence_of(overall).removesuffix('.'))}</h3>"]
        for page in pages:
            if not page.result.is_green:
                parts += [f"<p><b>{self._heading(page)}</b></p>", *self._parts(page)]
        parts.append(_grid(("", "Stack", "Deployment", "Commit", "Duration"), map(self._row, pages)))
        return _joined([*parts, *(self._fold(page, f" of {self._html(page.facts.title)}") for page in pages)])

    def _heading(self, page: Page) -> str:
        result, facts = page.result, page.facts
        [first, *after] = told_of(result)
        mark, usual, _ = OUTCOMES[first.outcome]
        heading = WORDING[first.reason].heading or usual
        place, name = self._place(facts), name_of(facts.seen)
        on, took = f" on {place}" if place else "", facts.times.deploy_seconds
        if first.reason is Reason.SUCCEEDED and facts.is_asked_here and took:
            heading = "Deployed {place} in {took}"
        elif not facts.is_requested and not result.is_green:
            heading = "No deployment was started{on}"
        words = {"name": name, "Name": capitalised(name), "on": on, "place": place, "took": duration_or_empty(took)}
        notes = [ROLLBACKS[part.reason] for part in after if part.reason in ROLLBACKS]
        return " · ".join([f"{mark} {heading.format(**words)}", *notes])

    def _parts(self, page: Page) -> list[str]:
        """Say what the heading leaves out, the cause, what to do, and what the log says."""
        result, told = page.result, told_of(page.result)
        said = [] if told[0].reason in _SAID_BY_HEADING else [_without(sentence_of(told[0]), page.facts)]
        parts = [f"<p>{self._html(text, 2000)}</p>" for text in (*said, *map(sentence_after, told[1:]))]
        if not result.is_green:
            advice = self._linked(self._html(page.located(advice_of(result)), 1000))
            if told[-1].reason is Reason.ROLLED_BACK:
                advice += " A rollback does not undo database migrations."
            if page.facts.is_requested and _DASHBOARD not in advice:
                advice += self._linked(f" Open the {_DASHBOARD}.") if self._links else ""
            steps = [("Likely cause", page.located(cause_of(result))), ("What to do", advice)]
            steps.append(("Details", "" if page.log else self._code(result.evidence, 1000)))
            parts.append(f"<p>{'<br>'.join(f'<b>{head}:</b> {text}' for head, text in steps if text)}</p>")
        name, last = log_name(page.facts.deployment), page.log[-_OPEN_LOG_LINES:]
        lines = "last line" if len(last) == 1 else f"last {len(last)} lines"
        parts.append(_folded(f"<b>{capitalised(name)}: {lines}</b>", _block("\n".join(last)), is_open=True))
        parts.append(_folded("Earlier lines", _block("\n".join(page.log[:-_OPEN_LOG_LINES]))))
        return parts

    def _tables(self, page: Page) -> list[str]:
        result, facts = page.result, page.facts
        if page.back is not None:
            rows = [(_label(result.outcome), facts), ("↩️ rollback", page.back)]
            cells = [(name, row.deployment_id, self._commit(row), took_of(row.times)) for name, row in rows]
            return [_grid(("", "Deployment", "Commit", "Duration"), cells)]
        if result.reason is Reason.DRY_RUN:
            return [_rows([(head, self._html(text, 1000)) for head, text in dry_run_rows(result)])]
        if not facts.is_requested:
            return []
        address = app_url(facts.stack, self._sanitizer)
        took = describe_duration(facts.times, is_success=facts.is_success)
        found = [("Commit", self._commit(facts)), ("Duration", took), ("Services", self._services(facts))]
        return [_rows([*found, ("Health", self._health(result)), ("App", self._link(address, _host(address)))])]

    def _services(self, facts: Facts) -> str:
        began = facts.deployment.started_at if facts.deployment else None
        found = [self._html(describe_service(service, began)) for service in facts.services]
        return "<br>".join(filter(None, [self._code(facts.asked_services, 1000), *found]))

    def _health(self, result: Result) -> str:
        health = told_of(result)[0].health
        if health is None:
            return ""
        word = "healthy after" if health.is_healthy else "not healthy within"
        said = self._html(answered(health.last, health.address))
        return f"{word} {format_duration(health.seconds)} ({health.checks} checks): {said}"

    def _row(self, page: Page) -> tuple[str, ...]:
        facts = page.facts
        label, place = _label(page.result.outcome), self._place(facts)
        named = facts.deployment_id or self._code(facts.seen.reference or str(facts.seen.given_id or ""))
        return label, place, named, self._commit(facts), took_of(facts.times)

    def _fold(self, page: Page, of: str = "") -> str:
        """Fold away what identifies it, and the API's own records."""
        facts = page.facts
        reference = facts.seen.reference if facts.is_requested else ""
        found = [("Deployment", facts.deployment_id), ("Stack action", facts.action_id)]
        found += [("Stack UID", self._code(facts.stack.uid)), ("Reference", self._code(reference))]
        found.append(("Started by", self._html(facts.triggered_by)))
        found.append(("Details", self._code(page.result.evidence, 1000) if page.log else ""))
        parts = [_rows(found)]
        for record in (facts.deployment, facts.seen.action):
            if record is not None:
                text = self._sanitizer.json(record.record, (300, 60, 10), _LARGEST_RECORD, indent=1)
                parts.append(_block(text or "… more than can be shown"))
        return _folded(f"Identifiers and API records{of}", "\n\n".join(filter(None, parts)))

    def _place(self, facts: Facts) -> str:
        name, environment = self._html(facts.stack_title), self._html(facts.stack.text("environment"))
        return f"{name} ({environment})" if name and environment else name

    def _commit(self, facts: Facts) -> str:
        shown = self._link(self._sanitizer.url(facts.text("commit_url")), facts.text("git_hash")[:10])
        ref = facts.text("git_ref")
        # Deployed by its hash, it is on no branch that is known.
        return f"{shown} on {self._code(ref)}" if shown and ref not in {"", facts.text("git_hash")} else shown

    def _html(self, text: str, longest: int = 300) -> str:
        return self._sanitizer.html(text, longest)

    def _code(self, text: str, longest: int = 300) -> str:
        cleaned = self._html(text, longest)
        return f"<code>{cleaned}</code>" if cleaned else ""

    def _link(self, url: str, text: str) -> str:
        shown = self._code(text)
        return f'<a href="{self._html(url, 2000)}">{shown}</a>' if url and shown else shown

    def _linked(self, cleaned: str) -> str:
        for words, address in self._links.items():
            cleaned = cleaned.replace(words, f'<a href="{address}">{words}</a>')
        return cleaned


def _without(sentence: str, facts: Facts) -> str:
    """Leave out what the heading says of a run that has sent nothing."""
    return sentence if facts.is_requested else sentence.removesuffix(f" {UNSENT}")


def _label(outcome: Outcome) -> str:
    return f"{OUTCOMES[outcome].mark} {str(outcome).replace('_', ' ')}"


def _host(address: str) -> str:
    return address.partition("://")[2].rstrip("/")


def _block(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if text else ""


def _folded(title: str, inside: str, *, is_open: bool = False) -> str:
    opening = "<details open>" if is_open else "<details>"
    return f"{opening}<summary>{title}</summary>\n\n{inside}\n\n</details>" if inside else ""


def _rows(found: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><th align=left>{head}</th><td>{cell}</td></tr>" for head, cell in found if cell)
    return f"<table>{rows}</table>" if rows else ""


def _grid(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table with a row of heads."""
    first = "".join(f"<th align=left>{head}</th>" for head in heads)
    return f"<table><tr>{first}</tr>{''.join(f'<tr>{_cells(row)}</tr>' for row in rows)}</table>"


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"
