"""HTML: one file without script or anything from elsewhere, for a browser, a mail or a printer.

The policy in its head (CSP level 3) allows this file's own style by its hash and nothing else: should a value ever
slip through unescaped, the browser still runs and loads nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from importlib import resources

import msgspec

from netdoc.model.finding import Fix, Mitigation
from netdoc.model.report import CheckStatus, Report, ReportEvidence, ReportFinding
from netdoc.report import digest, inert, phrases
from netdoc.report.digest import Cause


def draw(report: Report, width: int, color: bool) -> str:
    shown = inert.page(report)
    return "\n".join((_head(shown), *_body(shown), "</body>", "</html>")) + "\n"


def _head(report: Report) -> str:
    style = resources.files("netdoc.report").joinpath("report.css").read_text(encoding="utf-8")
    digest_ = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest_}'; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(f"{report.status.upper()}: {phrases.verdict(report)}")}</title>
<style>{style}</style>
</head>
<body>"""


def _body(report: Report) -> Iterator[str]:
    causes = digest.causes(report)
    yield from _verdict(report)
    blind = _section("Not checked", _list(escape(phrases.not_checked(one)) for one in digest.blind(report)))
    if report.status == "unknown":
        yield blind
    yield _section("Seen from each source", _comparisons(report))
    for number, cause in enumerate(causes):
        yield from _cause(report, cause, number, len(causes))
    yield _section("Path", _path(report))
    yield _section("Also seen", _list(_finding(one) for one in digest.beside(report, causes)))
    yield _section("Changes", _list(_changes(report)))
    yield _section("Notes", _list(f"{phrases.utc(one.at)} {escape(one.text)}" for one in report.notes))
    if report.status != "unknown":
        yield blind
    yield _section("Checks", _checks(report))
    yield from _footer(report)


def _verdict(report: Report) -> Iterator[str]:
    yield f'<header class="{report.status}">'
    yield f"<h1>{_badge(report.status)} {escape(phrases.verdict(report))}</h1>"
    facts = (phrases.question(report), phrases.impact(report), phrases.basis(report))
    yield from (f"<p>{escape(fact)}</p>" for fact in facts if fact)
    yield "</header>"


def _cause(report: Report, cause: Cause, number: int, of: int) -> Iterator[str]:
    finding = cause.finding
    word = "Cause" if of == 1 else f"Cause {number + 1} of {of}"
    doubt = phrases.certainty(finding)
    yield f'<section class="cause {phrases.OF_SEVERITY[finding.severity]}">'
    yield f"<h2>{word}{f' ({doubt})' if doubt else ''}: {escape(finding.title)}</h2>"
    if finding.detail:
        yield f'<p class="block">{escape(finding.detail)}</p>'
    yield _facts(report, finding, first=number == 0)
    for title, remedy in (("What helps now", finding.mitigation), ("What repairs it", finding.fix)):
        yield from _remedy(title, remedy)
    yield "<h3>Proof</h3>" if cause.evidence else ""
    for one in cause.evidence:
        yield from _evidence(one)
    yield _titled("Because of this", _list(_finding(one) for one in cause.consequences))
    yield "</section>"


def _facts(report: Report, finding: ReportFinding, first: bool) -> str:
    rows = [("code", finding.code), ("where", str(finding.object))]
    if phrases.of_whom(report, finding):
        rows.append(("from", phrases.of_whom(report, finding)))
    if finding.since:
        rows.append(("since", phrases.since(finding.since, digest.now(report))))
    for change in digest.suspects(report) if first else ():
        rows.append(("suspect", f"{phrases.since(change.at, digest.now(report))} {phrases.changed(change)}"))
    return f"<dl>{''.join(f'<dt>{label}</dt><dd>{escape(value)}</dd>' for label, value in rows)}</dl>"


def _remedy(title: str, remedy: Fix | Mitigation | None) -> Iterator[str]:
    if remedy is None:
        return
    yield f"<h3>{title}</h3>"
    yield f"<p>{escape(remedy.summary)}</p>"
    yield from (_pre(command) for command in remedy.commands)
    if isinstance(remedy, Fix):
        if phrases.owner(remedy):
            yield f"<p><strong>{escape(phrases.owner(remedy))}</strong></p>"
        if remedy.patch:
            yield _pre(msgspec.json.format(msgspec.json.encode(remedy.patch, order="sorted")).decode())


def _evidence(one: ReportEvidence) -> Iterator[str]:
    at = f" at {phrases.utc(one.at)}" if one.at else ""
    yield f"<p>{escape(f'{one.id}: {phrases.proof(one)}{at}')}</p>"
    values = [(label, value) for label, value in (("observed", one.observed), ("expected", one.expected)) if value]
    if values:
        yield f"<dl>{''.join(f'<dt>{name}</dt><dd><pre>{escape(value)}</pre></dd>' for name, value in values)}</dl>"
    if one.command:
        yield _pre(one.command)


def _finding(one: ReportFinding) -> str:
    return (
        f"{_badge(phrases.OF_SEVERITY[one.severity], one.severity)} {escape(one.title)} <code>{escape(one.code)}</code>"
    )


def _path(report: Report) -> str:
    rows = []
    for fold in digest.folds(report):
        for hop in fold.shown:
            rows.append((_badge(hop.status), hop.id, phrases.hop_summary(hop, report)))
        rows.extend((_badge(status), "", phrases.hidden(status, count)) for status, count in fold.hidden)
    return _table(rows)


def _checks(report: Report) -> str:
    return _table([(_badge(one.status), one.title, one.reason) for one in report.checks])


def _comparisons(report: Report) -> str:
    rows = []
    for one in digest.seen(report):
        who, how = phrases.seen(one, len(report.comparisons))
        rows.append((_badge(one.like.status), who, how))
    return _table(rows)


def _changes(report: Report) -> Iterator[str]:
    for one in sorted(report.changes, key=lambda change: change.at):
        mark = " <strong>suspect</strong>" if one.suspect else ""
        yield f"{phrases.utc(one.at)} {escape(phrases.changed(one))}{mark}"


def _footer(report: Report) -> Iterator[str]:
    yield "<footer>"
    yield f"<p>{escape(phrases.counts(report))}</p>"
    yield f"<p>{escape(phrases.origin(report))}</p>"
    yield _pre(phrases.command(report))
    yield "</footer>"


def _badge(status: CheckStatus, word: str = "") -> str:
    return f'<span class="badge {status}">{phrases.GLYPHS[status]} {word or status.upper()}</span>'


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>" if content else ""


def _titled(title: str, content: str) -> str:
    return f"<h3>{title}</h3>\n{content}" if content else ""


def _list(items: Iterable[str]) -> str:
    lines = "\n".join(f"<li>{item}</li>" for item in items)
    return f"<ul>\n{lines}\n</ul>" if lines else ""


def _table(rows: list[tuple[str, str, str]]) -> str:
    lines = "\n".join(f"<tr><td>{mark}</td><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for mark, a, b in rows)
    return f"<table>\n{lines}\n</table>" if rows else ""


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"
