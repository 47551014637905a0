"""The report as one HTML file: no script, no request, readable on paper."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any

from app.contract_kit.report.causes import Cause, failures_by_cause, gaps_by_cause, number, sentence, what
from app.contract_kit.report.charts import Cell, bars, grid, ranges

_MOST = 100
_SIGN_IN = """TOKEN=$(curl -s %s -H 'Content-Type: application/json' \\
  -d '{"email": "EMAIL", "password": "PASSWORD"}' \\
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["access_token"])')"""


def page(report: dict[str, Any], *, worse: list[str] | None = None) -> str:
    """Return the page.

    Args:
        worse: what got worse since an earlier report; None: it was not compared.
    """
    style = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>Contract of {escape(report['url'])}</title><style>{style}</style></head><body>",
        *_head(report),
        *_failures(report),
        *_worse(worse),
        *_gaps(report["gaps"]),
        *_plots(report),
        *_reasons(report["gaps"]),
        "</body></html>",
    ]
    return "\n".join(parts)


def _head(report: dict[str, Any]) -> Iterable[str]:
    kind = "proven" if report["exit_code"] == 0 else ""
    yield f"<h1>{escape(report['document'] or 'Charter')}</h1>"
    yield f'<p class="quiet">{escape(report["url"])}, {report["began"]}, run {report["run"]}, seed {report["seed"]}</p>'
    yield f'<div class="verdict {kind}"><strong>{report["verdict"]}</strong><p>{_sentence(report)}</p></div>'
    endings = [ending for operation in report["operations"] for ending in operation["documented"]]
    verdicts = [operation["verdict"] for operation in report["operations"]]
    held, bad = sum(row["count"] for row in report["shown"]), len(report["failures"])
    tiles = {
        "operations passed": f"{verdicts.count('passed')} of {len(verdicts)}",
        "documented statuses seen": f"{sum(ending['seen'] for ending in endings)} of {len(endings)}",
        "statements that held": number(held) + (f" of {number(held + bad)}" if bad else ""),
        "causes of failures": number(len(failures_by_cause(report["failures"]))),
        "requests": number(report["requests"]),
        "duration": f"{report['total_seconds']:.0f} s",
    }
    yield "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in tiles.items()) + "</dl>"
    for line in (*report["left_behind"],):
        yield f"<p><strong>Left behind:</strong> {escape(line)}</p>"


def _sentence(report: dict[str, Any]) -> str:
    """Return how it ended, with a link to each operation that it is about."""
    told, names = sentence(report)
    about = "not-covered" if not report["failures"] else ""
    links = ", ".join(f'<a href="#{about or escape(name)}">{escape(name)}</a>' for name in names)
    text = f"{escape(told[:1].upper() + told[1:])}{': ' if links else ''}{links}."
    if report["reason"] and report["reason"] != told:
        text += f" {escape(report['reason'][:1].upper() + report['reason'][1:])}."
    return text


def _failures(report: dict[str, Any]) -> Iterable[str]:
    causes = failures_by_cause(report["failures"])
    if not causes:
        return
    yield "<h2>Failures</h2>"
    yield (
        "<p>Each command repeats a request. It needs an access token of such a caller, which this gives. What the run "
        "made is removed: write ids that exist into the paths.</p>"
    )
    login = next((one["path"] for one in report["operations"] if one["name"] == "login"), "/v1/auth/login")
    yield f"<pre>{escape(_SIGN_IN % (report['url'] + login))}</pre>"
    known: set[str] = set()
    for cause in causes[:_MOST]:
        yield from _cause(cause, first=cause.operation not in known)
        known.add(cause.operation)
    if len(causes) > _MOST:
        yield f"<p>{number(len(causes) - _MOST)} more are in report.json.</p>"


def _cause(cause: Cause, *, first: bool) -> Iterable[str]:
    place = f' id="{escape(cause.operation)}"' if first and cause.operation else ""
    who = f"{cause.who}: " if cause.who else ""
    yield f"<article{place}><h3>{escape(cause.name)}</h3><p>{escape(who + cause.told)}</p>"
    by_check: dict[str, list[str]] = defaultdict(list)
    for failure in cause.rows:
        by_check[failure["check"]].append(failure["caller"])
    rows = [
        f"{check}: {number(len(callers), 'failure')}"
        + (f", as {', '.join(dict.fromkeys(filter(None, callers)))}" if any(callers) else "")
        for check, callers in by_check.items()
    ]
    yield "<ul>" + "".join(f"<li>{escape(row)}</li>" for row in rows) + "</ul>"
    shown = next((failure for failure in cause.rows if failure["curl"]), cause.rows[0])
    if shown["curl"]:
        yield f"<pre>{escape(shown['curl'])}</pre>"
    reasons = [message for message in cause.each("message") if message != cause.told]
    if reasons:
        listed = "".join(f"<li>{escape(reason)}</li>" for reason in reasons[:_MOST])
        yield f"<details><summary>{_statements(len(reasons))}</summary><ul>{listed}</ul></details>"
    if shown["response"]:
        yield f"<details><summary>The response</summary><pre>{escape(shown['response'])}</pre></details>"
    yield "</article>"


def _statements(count: int) -> str:
    return "What was expected, and why" if count == 1 else f"What was expected, and why: {number(count)} statements"


def _worse(worse: list[str] | None) -> Iterable[str]:
    if worse is None:
        return
    yield "<h2>Compared with the earlier report</h2>"
    yield (
        "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in worse) + "</ul>"
        if worse
        else "<p>Nothing is worse.</p>"
    )


def _gaps(gaps: list[dict[str, Any]]) -> Iterable[str]:
    missing = gaps_by_cause(gaps)
    if missing:
        yield '<h2 id="not-covered">Not covered</h2><p>These keep the run from being a proof.</p>'
        rows = [{"operation": cause.name, "reason": cause.told, "what": what(cause)} for cause in missing]
        yield _table(("operation", "why", "what was not tried"), rows, ("operation", "reason", "what"))


def _reasons(gaps: list[dict[str, Any]]) -> Iterable[str]:
    accepted = [gap for gap in gaps if gap["accepted"]]
    by_reason: dict[tuple[str, str], list[str]] = defaultdict(list)
    for gap in accepted:
        by_reason[gap["what"], gap["reason"]].append(gap["operation"])
    if not accepted:
        return
    yield "<h2>Not seen, with the reason</h2>"
    rows = [
        {"what": status, "reason": reason, "operation": ", ".join(dict.fromkeys(names))}
        for (status, reason), names in by_reason.items()
    ]
    yield _table(("what", "why", "operations"), rows, ("what", "reason", "operation"))


def _table(heads: Iterable[str], rows: list[dict[str, Any]], keys: Iterable[str]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(row[name]))}</td>" for name in keys) + "</tr>" for row in rows)
    return f'<div class="plot"><table><tr>{head}</tr>{body}</table></div>'


def _plots(report: dict[str, Any]) -> Iterable[str]:
    names = [operation["name"] for operation in report["operations"]]
    if not names:
        return
    yield "<h2>Operations and statuses</h2>"
    yield (
        "<p>Filled: the status was seen. Hollow: documented, and not seen; the reasons are below. "
        "Red: a response with it was wrong.</p>"
    )
    yield _plot(_statuses(report, names))
    yield "<h2>Operations and callers</h2>"
    yield (
        "<p>The status that each caller got in the permission matrix: green may call the operation, blue may not, "
        "and red was not as the policy says. Empty: there is no such case.</p>"
    )
    yield _plot(_callers(report, names))
    yield "<h2>Operations and checks</h2>"
    yield "<p>How many statements held. Red: some did not; the number is that of the failures.</p>"
    yield _plot(_checks(report, names))
    yield "<h2>Response times</h2><p>Median and 95th percentile of the successes of this run, in milliseconds.</p>"
    times = {name: (part["p50"], part["p95"]) for name, part in report["milliseconds"].items()}
    yield _plot(ranges(times, label="Response times by operation"))
    yield "<h2>Duration of the checks</h2>"
    failed = {failure["check"] for failure in report["failures"]}
    yield _plot(bars(report["seconds"], unit="s", label="Duration of each check", failed=failed))


def _plot(svg: str) -> str:
    return f'<div class="plot">{svg}</div>'


def _statuses(report: dict[str, Any], names: list[str]) -> str:
    documented = {
        (operation["name"], str(ending["status"])): ending
        for operation in report["operations"]
        for ending in sorted(operation["documented"], key=lambda ending: ending["seen"])
    }
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for row in report["seen"]:
        counts[row["operation"], str(row["status"])] += row["count"]
    wrong = {(failure["operation"], failure["response"][:3]) for failure in report["failures"] if failure["response"]}
    columns = sorted({status for _, status in documented} | {status for name, status in wrong if name in names})

    def cell(name: str, status: str) -> Cell | None:
        pair, count = (name, status), counts[name, status]
        # The path may respond to a method that it does not have, or to OPTIONS, with what is documented elsewhere.
        if pair not in documented and pair not in wrong:
            return None
        kind = "failed" if pair in wrong else "held" if count else "unseen"
        return Cell(kind, _short(count) if count else "", f"{name} {status}: seen {count} times")

    return grid(names, columns, cell, label="Which documented statuses of each operation were seen")


def _callers(report: dict[str, Any], names: list[str]) -> str:
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in report["seen"]:
        if row["check"] == "permissions" and row["caller"] not in ("target", "tailor", "limited"):
            found[row["operation"], row["caller"]].add(row["status"])
    order = ("nobody", "tampered", "suspended", "ended", "guest", "user", "peer", "owner", "just_that_permission",
             "everything_else", "admin")  # fmt: skip
    known = {caller for _, caller in found}
    columns = [name for name in order if name in known] + sorted(name for name in known if "everything_but" in name)
    wrong = {
        (failure["operation"], failure["caller"]) for failure in report["failures"] if failure["check"] == "permissions"
    }

    def cell(name: str, caller: str) -> Cell | None:
        statuses = found.get((name, caller))
        if not statuses:
            return None
        status = min(statuses)
        kind = "failed" if (name, caller) in wrong else "held" if status < 300 else "refused"
        return Cell(kind, str(status), f"{name} as {caller}: {', '.join(map(str, sorted(statuses)))}")

    return grid(names, columns, cell, label="What each caller gets from each operation")


def _checks(report: dict[str, Any], names: list[str]) -> str:
    held: dict[tuple[str, str], int] = defaultdict(int)
    failed: dict[tuple[str, str], int] = defaultdict(int)
    for row in report["shown"]:
        held[row["operation"], row["check"]] += row["count"]
    for failure in report["failures"]:
        failed[failure["operation"], failure["check"]] += 1
    ran = [check["name"] for check in report["checks"] if check["ran"]]

    def cell(name: str, check: str) -> Cell | None:
        good, bad = held[name, check], failed[name, check]
        if not good and not bad:
            return None
        title = f"{name}, {check}: {good} held, {bad} did not"
        return Cell("failed", _short(bad), title) if bad else Cell("held", _short(good), title)

    return grid(names, ran, cell, label="How many statements each check made about each operation")


def _short(count: int) -> str:
    return str(count) if count < 1000 else f"{count / 1000:.0f}k"
