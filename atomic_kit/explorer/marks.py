"""What the policy says of a set, as the page shows it."""

from __future__ import annotations

from typing import Any

from atomic_kit.explorer.study import Study
from atomic_kit.policy.rules import Finding, Severity
from atomic_kit.solver import Request

_NAMED = 6


def marks(study: Study, request: Request) -> dict[str, Any]:
    """Return the policy's findings: `marks` by row, `findings` about no package of the set, `groups` by rule.

    A row is marked by errors and warnings only. A group names some of what it is about.
    """
    answer = study.answer(request)
    rows: dict[str, list[int]] = {}
    for number in answer.chosen if answer else ():
        rows.setdefault(study.pool.package(number).name, []).append(study.catalogue.rows[number])
    marked: dict[int, list[dict[str, Any]]] = {}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    general = []
    for finding in study.findings(request):
        told = _told(finding)
        groups.setdefault((finding.rule, finding.severity), []).append(told)
        if finding.severity is Severity.NOTE:
            continue
        for row in rows.get(finding.subject, ()):
            marked.setdefault(row, []).append(told)
        if finding.subject not in rows:
            general.append(told)
    grouped = [
        some[0] | {"count": len(some), "subjects": [one["subject"] for one in some[:_NAMED]]}
        for some in groups.values()
    ]
    return {"marks": marked, "findings": general, "groups": grouped}


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "severity": str(finding.severity),
        "evidence": finding.evidence,
        "action": finding.action,
    }
