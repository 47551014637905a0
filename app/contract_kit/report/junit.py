"""The report as JUnit: a suite for each check, a case for each operation."""

from collections import defaultdict
from typing import Any
from xml.etree import ElementTree

_ILLEGAL = {code: None for code in range(32) if code not in (9, 10, 13)}

_Case = tuple[str, str]


def junit(report: dict[str, Any]) -> str:
    """Return the XML."""
    held: dict[_Case, int] = defaultdict(int)
    failed: dict[_Case, list[Any]] = defaultdict(list)
    gaps: dict[_Case, list[Any]] = defaultdict(list)
    for row in report["shown"]:
        held[row["check"], row["operation"]] += row["count"]
    for failure in report["failures"]:
        failed[failure["check"], failure["operation"]].append(failure)
    for gap in report["gaps"]:
        gaps[gap["check"], gap["operation"]].append(gap)
    root = ElementTree.Element("testsuites", name=f"charter contract {report['url']}")
    if report["reason"]:
        failed["run", ""].append({"message": report["reason"], "curl": "", "response": "", "caller": ""})
    cases = sorted({*held, *failed, *gaps})
    for check in dict.fromkeys(check for check, _ in cases):
        own = [case for case in cases if case[0] == check]
        suite = ElementTree.SubElement(root, "testsuite", name=check, tests=str(len(own)))
        suite.set("failures", str(sum(bool(failed[case]) for case in own)))
        suite.set("time", str(report["seconds"].get(check, 0)))
        for case in own:
            _case(suite, case, failed[case], [] if held[case] else gaps[case])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _case(suite: ElementTree.Element, case: tuple[str, str], failures: list[Any], gaps: list[Any]) -> None:
    element = ElementTree.SubElement(suite, "testcase", classname=case[0], name=case[1] or "the deployment")
    for failure in failures:
        text = "\n".join(filter(None, (failure["curl"], failure["response"]))).translate(_ILLEGAL)
        message = f"{failure['caller']}: {failure['message']}".removeprefix(": ").translate(_ILLEGAL)
        ElementTree.SubElement(element, "failure", message=message).text = text
    if not failures:
        for gap in gaps:
            # A gap that nobody accepted is no success, and CI is to see it.
            kind = "skipped" if gap["accepted"] else "error"
            ElementTree.SubElement(element, kind, message=f"{gap['what']}: {gap['reason']}".translate(_ILLEGAL))
