"""What the policy says of a set, as the page shows it."""

from __future__ import annotations

from typing import Any

from atomic_kit.explorer.study import Study
from atomic_kit.policy.rules import Finding, Severity
from atomic_kit.solver import Request

_NAMED = 6


def marks(study: Study, request: Request) -> dict[str, Any]:
    """Return the policy's findings: `marks` by row, `findings` about no package of the set, `groups` by rule.

    A row is marked by errors and warnings only. An error is a group of its own; another one names some of what it is
    about.
    """
    answer = study.answer(request)
    rows: dict[str, list[int]] = {}
    for number in answer.chosen if answer else ():
        rows.setdefault(study.pool.package(number).name, []).append(study.catalogue.rows[number])
    marked: dict[int, list[dict[str, Any]]] = {}
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    general = []
    for finding in study.findings(request):
        told = _told(finding)
        alone = finding.subject if finding.severity is Severity.ERROR else ""
        groups.setdefault((finding.rule, finding.severity, alone), []).append(told)
        if finding.severity is Severity.NOTE:
            continue
        for row in rows.get(finding.subject, ()):
            marked.setdefault(row, []).append(told)
        if finding.subject not in rows:
            general.append(told)
    return {"marks": marked, "findings": general, "groups": [_grouped(some) for some in groups.values()]}


def _grouped(some: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what findings of one rule say together."""
    same = {one["evidence"] for one in some}
    evidence = some[0]["evidence"] if len(same) == 1 else some[0]["rule"].replace("-", " ")
    named = [one["subject"] for one in some[:_NAMED]]
    action = some[0]["action"] if len(some) == 1 or len({one["action"] for one in some}) == 1 else ""
    return some[0] | {"count": len(some), "subjects": named, "evidence": evidence, "action": action}


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "severity": str(finding.severity),
        "evidence": finding.evidence,
        "action": finding.action,
    }
