"""Policy rules: each looks at a package set and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path

import pandas as pd

from atomic_kit.packages.package_set import Package, PackageSet
from atomic_kit.parameters import PolicyParameters
from atomic_kit.treefile import Treefile
from atomic_kit.words import few

MIB = 1024 * 1024


class Severity(StrEnum):
    """How much a finding weighs: an error stops the release."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found about a subject, the evidence for it and what to do."""

    rule: str
    subject: str
    severity: Severity
    evidence: str
    action: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rules look at. `licenses` maps a package's name to the license of its RPM file."""

    treefile: Treefile
    package_set: PackageSet
    licenses: dict[str, str]
    policy: PolicyParameters


Rule = Callable[[Subject], Iterable[Finding]]


def unread_license(subject: Subject) -> Iterable[Finding]:
    """A package whose license is not machine-readable needs a person to read it."""
    for package in subject.package_set:
        found = subject.licenses.get(package.name) or package.license
        if not found or "not-machine-readable" in found.lower():
            yield Finding(
                "license-unread",
                package.name,
                Severity.WARNING,
                f"license: {found or 'none'}",
                f"read /usr/share/doc/{package.name}/copyright and record the license",
            )


def licenses_found(subject: Subject) -> Iterable[Finding]:
    """Every distinct license text, with the packages that carry it."""
    carriers: dict[str, list[str]] = {}
    for package in subject.package_set:
        carriers.setdefault(subject.licenses.get(package.name) or package.license or "none", []).append(package.name)
    for text, names in sorted(carriers.items()):
        yield Finding("license-found", text, Severity.NOTE, f"{len(names)} packages: {few(names, 5)}", "nothing to do")


def foreign_vendor(subject: Subject) -> Iterable[Finding]:
    """A package of a vendor that the parameters do not list is not one of the core repository's."""
    vendors = subject.policy.vendors
    for package in subject.package_set:
        if vendors and package.vendor not in vendors:
            yield Finding(
                "vendor-foreign",
                package.name,
                Severity.ERROR,
                f"vendor: {package.vendor or 'none'}",
                f"take it from {' or '.join(vendors)}, or add its vendor to policy.vendors",
            )


def forbidden_package(subject: Subject) -> Iterable[Finding]:
    """A package that the parameters forbid is in the set."""
    for package in subject.package_set:
        if package.name in subject.policy.forbidden:
            yield Finding("package-forbidden", package.name, Severity.ERROR, _why(package), "drop what pulls it in")


def missing_package(subject: Subject) -> Iterable[Finding]:
    """A package that the parameters require is not in the set."""
    present = {package.name for package in subject.package_set}
    for name in subject.policy.required:
        if name not in present:
            yield Finding("package-missing", name, Severity.ERROR, "not in the set", "add it to the treefile")


def over_budget(subject: Subject) -> Iterable[Finding]:
    """The set is larger than the line's budget, or within 5 percent of it."""
    budget = subject.policy.budget
    measured = (
        ("installed size", subject.package_set.install_size / MIB, budget.installed, "MiB"),
        ("number of packages", len(subject.package_set), budget.packages, "packages"),
    )
    for what, value, limit, unit in measured:
        if limit is None:
            continue
        severity = Severity.ERROR if value > limit else Severity.WARNING if value > 0.95 * limit else Severity.NOTE
        action = "nothing to do" if severity is Severity.NOTE else "drop packages or raise policy.budget"
        yield Finding("budget", what, severity, f"{value:.0f} of {limit} {unit}", action)


def unacted_key(subject: Subject) -> Iterable[Finding]:
    """A treefile key that is read and not acted on."""
    for key in subject.treefile.carried:
        yield Finding(
            "treefile-key", key, Severity.NOTE, "read, not acted on", "do without what it asks for, or leave it out"
        )


def treefile_warning(subject: Subject) -> Iterable[Finding]:
    """Something in a treefile that is not what it seems, or that rpm-ostree itself would refuse."""
    for warning in subject.treefile.warnings:
        place, _, text = warning.partition(": ")
        yield Finding("treefile-warning", Path(place).name, Severity.WARNING, text, "mend the treefile")


def packages_by_origin(subject: Subject) -> Iterable[Finding]:
    """How many packages each rpm_repo and vendor gave."""
    counts: dict[tuple[str, str], int] = {}
    for package in subject.package_set:
        counts[package.rpm_repo, package.vendor] = counts.get((package.rpm_repo, package.vendor), 0) + 1
    for (rpm_repo, vendor), count in sorted(counts.items()):
        yield Finding("origin", rpm_repo, Severity.NOTE, f"{count} packages of vendor {vendor}", "nothing to do")


RULES: tuple[Rule, ...] = (
    forbidden_package,
    missing_package,
    foreign_vendor,
    over_budget,
    unread_license,
    unacted_key,
    treefile_warning,
    packages_by_origin,
    licenses_found,
)


def find(subject: Subject, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Return what the rules find, errors first, then in the order of the rules."""
    findings = [finding for rule in rules for finding in rule(subject)]
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """One row a finding; the columns are the fields of Finding."""
    names = [field.name for field in fields(Finding)]
    return pd.DataFrame([asdict(finding) for finding in findings], columns=names).astype("str")


def _why(package: Package) -> str:
    return f"{package.reason}" + (f" by {', '.join(package.required_by)}" if package.required_by else "")
