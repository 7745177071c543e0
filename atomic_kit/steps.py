"""The steps of a release: each takes what the step before recorded, does its work and records the result.

A notebook, the command line, a test and a cluster all call these.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from atomic_kit import ostree
from atomic_kit.checks import CheckPlan, CheckResult, junit_xml, results_frame, run_checks
from atomic_kit.compose import Commit, commit_packages, compose_tree, publish_commit, serve_commit, with_delta
from atomic_kit.compose.keys import PUBLIC_KEY
from atomic_kit.errors import InputError, StepError
from atomic_kit.files import value_digest
from atomic_kit.history import stream_history
from atomic_kit.images import Host, ImageFile, build_image
from atomic_kit.packages.diff import changes_frame, diff_packages, rpm_ostree_diff
from atomic_kit.packages.from_rpm import as_fetched
from atomic_kit.packages.lock import lock_name, make_lock
from atomic_kit.packages.package_set import Package, PackageSet, Reason
from atomic_kit.packages.resolve import line_lock, resolve_package_set
from atomic_kit.parameters import Parameters
from atomic_kit.policy.rules import Severity, Subject, find, findings_frame
from atomic_kit.progress import step
from atomic_kit.release.records import forget_records_from, read_table, write_record
from atomic_kit.release.release import Release, open_release
from atomic_kit.report import write_pages
from atomic_kit.sources import Snapshot
from atomic_kit.sources.opening import open_source

GIB = 1024**3


def resolve_step(release: Release) -> PackageSet:
    """Resolve the release's treefile over its snapshot, fetch the packages and lock them.

    Record `package-set`, table `packages` (the columns of PackageSet.frame) and the lock file. After the
    fetch the checksums, sizes and licenses are those of the RPM files themselves.
    """
    forget_records_from(release.folder, "package-set")
    source = open_source(release.parameters, refresh=release.is_draft)
    snapshot = _snapshot(source.snapshots(), release.snapshot)
    lock = line_lock(release.parameters)
    with step(f"Resolving {len(release.treefile.packages)} requests over {snapshot.name}"):
        resolved = resolve_package_set(release.treefile, snapshot, lock=lock)
    rpm_files = source.fetch(resolved.packages)
    with step("Reading the fetched packages"):
        rpm_files = {as_fetched(package, path): path for package, path in rpm_files.items()}
    package_set = PackageSet(tuple(rpm_files))
    if lock is not None:
        lock.check(package_set)
    lock_file = lock_name(release.parameters.arch)
    facts = {
        "snapshot": snapshot.name,
        "snapshot_generated": snapshot.generated.isoformat(),
        "rpm_repos": [
            {"id": one.id, "digest": one.digest, "generated": int(one.generated.timestamp())}
            for one in snapshot.rpm_repos
        ],
        "package_count": len(package_set),
        "install_size": package_set.install_size,
        "download_size": package_set.download_size,
        "requests": list(release.treefile.packages),
        "lock": lock_file,
        "rpm_files": [str(path) for path in rpm_files.values()],
        "input_digest": value_digest([package_set.digest, release.treefile.digest]),
    }
    files = {lock_file: json.dumps(make_lock(rpm_files, snapshot), indent=2, sort_keys=True) + "\n"}
    write_record(release.folder, "package-set", facts, tables={"packages": package_set.frame()}, files=files)
    return package_set


def policy_step(release: Release) -> pd.DataFrame:
    """Hold the package set against the line's policy; raise StepError when a finding is an error.

    Record `policy`, table `findings`: rule, subject, severity, evidence, action. It is written before a failure
    is raised, so that the report can show it.
    """
    forget_records_from(release.folder, "policy")
    package_set = recorded_package_set(release)
    licenses = {package.name: package.license for package in package_set}
    found = find(Subject(release.treefile, package_set, licenses, release.parameters.policy))
    counts = {severity.value: sum(one.severity is severity for one in found) for severity in Severity}
    frame = findings_frame(found)
    write_record(release.folder, "policy", {"findings": counts}, tables={"findings": frame})
    if counts["error"]:
        first = found[0]
        which = f"{first.rule} {first.subject} ({first.evidence})"
        raise StepError(f"policy: {counts['error']} findings are errors, the first: {which}", hint=first.action)
    return frame


def compose_step(release: Release) -> Commit:
    """Compose the locked packages to a signed commit in the candidate ostree_repo. Record `compose`.

    A draft, which nobody upgrades to, gets no static delta.
    """
    facts = release.record("package-set")
    forget_records_from(release.folder, "compose")
    parent = _parent(release)
    generated = int(datetime.fromisoformat(facts["snapshot_generated"]).timestamp())
    commit = compose_tree(
        release.treefile,
        [Path(path) for path in facts["rpm_files"]],
        version=release.version,
        # Clients refuse a commit that is not newer than the one they run.
        epoch=max(generated, parent.timestamp + 1) if parent else generated,
        parent=parent.checksum if parent else None,
        workspace=release.workspace,
        repo_metadata=[(one["id"], one["generated"]) for one in facts["rpm_repos"]],
    )
    if not release.is_draft:
        commit = with_delta(commit, release.workspace)
    write_record(release.folder, "compose", asdict(commit))
    return commit


def changes_step(release: Release) -> pd.DataFrame:
    """Compare the commit's packages with those of the previous release.

    Record `changes`, table `changes` (the columns of PackageChange) and pkgdiff.json in the shape of
    `rpm-ostree db diff --format=json`. For a first release everything is added.
    """
    forget_records_from(release.folder, "changes")
    commit = recorded_commit(release)
    parent = _parent(release)
    with step("Comparing the packages with the previous release"):
        new = commit_packages(release.workspace.candidate_repo, commit.checksum)
        old = commit_packages(release.workspace.published_repo, parent.checksum) if parent else []
        changes = diff_packages(old, new)
    frame = changes_frame(changes)
    counts = {kind: int((frame["change"] == kind).sum()) for kind in ("added", "removed", "upgraded", "downgraded")}
    facts = {
        "from": release.previous.version if parent and release.previous else None,
        "to": release.version,
        # A previous release that cannot be compared with or upgraded from, because its commit was deleted.
        "lost": release.previous.version if release.previous and not parent else None,
        "size_change": int(frame["size_change"].sum()),
        **counts,
    }
    document = rpm_ostree_diff(changes, old_commit=parent.checksum if parent else "", new_commit=commit.checksum)
    files = {"pkgdiff.json": json.dumps(document, indent=2) + "\n"}
    write_record(release.folder, "changes", facts, tables={"changes": frame}, files=files)
    return frame


def images_step(release: Release, platforms: tuple[str, ...] = ()) -> pd.DataFrame:
    """Build the image of each platform. Record `images`; returns its rows as a DataFrame."""
    forget_records_from(release.folder, "images")
    images = [_image(release, name) for name in platforms or release.parameters.platforms]
    rows: list[dict[str, Any]] = [asdict(image) | {"path": str(image.path)} for image in images]
    write_record(release.folder, "images", {"images": rows})
    return pd.DataFrame(rows)


def checks_step(release: Release) -> pd.DataFrame:
    """Run the line's suites in machines that boot the release's images; a failed check fails the step.

    Record `checks`, tables `checks` and `boots`, junit.xml and one console-*.log a machine. The record is
    written before a failure is raised, so that the report can show it.
    """
    forget_records_from(release.folder, "checks")
    # A draft may have been composed meanwhile, and machines upgrade to what is served.
    serve_commit(recorded_commit(release), release.workspace)
    outcome = run_checks(_check_plan(release))
    frame = results_frame(outcome.results)
    failed = [result for result in outcome.results if result.outcome != "passed"]
    facts = {
        "passed": len(outcome.results) - len(failed),
        "failed": len(failed),
        "accelerator": outcome.accelerator,
        "seconds": outcome.seconds,
    }
    tables = {"checks": frame, "boots": outcome.boots_frame()}
    write_record(release.folder, "checks", facts, tables=tables, files={"junit.xml": junit_xml(outcome.results)})
    if failed:
        raise StepError(_failure(failed), hint=f"see the consoles in {release.folder}")
    return frame


def trends_step(release: Release) -> pd.DataFrame:
    """Gather the stream's finished releases and this one. Record `trends`, table `trends`: one row a release."""
    forget_records_from(release.folder, "trends")
    frame = stream_history(release.workspace.reports, release.parameters.stream, with_folder=release.folder)
    write_record(release.folder, "trends", {"releases": len(frame)}, tables={"trends": frame})
    return frame


def release_step(release: Release) -> Path:
    """Publish the checked commit and write the release's page; return the page's path.

    Record `release`. A draft gets its page and is not published.
    """
    forget_records_from(release.folder, "release")
    commit = recorded_commit(release)
    if not release.is_draft:
        with step("Publishing the checked commit"):
            publish_commit(commit, release.workspace)
    facts = {
        "outcome": "passed",
        "page": "index.html",
        "previous": release.previous.version if release.previous else None,
        "commit": commit.checksum,
        "ref": commit.ref,
    }
    write_record(release.folder, "release", facts)
    return release_pages(release)


def release_pages(release: Release) -> Path:
    """Write the pages that show a release as it stands; return the path of its own."""
    title, version = release.parameters.title, release.version
    return write_pages(release.folder, title=title, version=version, is_draft=release.is_draft)


def compose_draft(line: Parameters) -> tuple[Release, Commit]:
    """Take a line's draft to a commit: package set, policy, compose."""
    release = open_release(line)
    resolve_step(release)
    policy_step(release)
    return release, compose_step(release)


def recorded_package_set(release: Release) -> PackageSet:
    """Return the package set that the package-set step recorded."""
    rows = read_table(release.folder, "packages").to_dict("records")
    names = [field.name for field in fields(Package)]
    return PackageSet(tuple(_package({name: row[name] for name in names}) for row in rows))


def recorded_commit(release: Release) -> Commit:
    """Return the commit that the compose step recorded."""
    return Commit(**release.record("compose"))


def _package(row: dict[str, Any]) -> Package:
    wanted_by = tuple(name for name in row["required_by"].split(", ") if name)
    return Package(**row | {"reason": Reason(row["reason"]), "required_by": wanted_by})


def _snapshot(snapshots: Sequence[Snapshot], name: str) -> Snapshot:
    if not name:
        return snapshots[-1]
    for snapshot in snapshots:
        if snapshot.name == name:
            return snapshot
    raise InputError(
        f"the source has no snapshot {name!r}", hint=f"known: {', '.join(snapshot.name for snapshot in snapshots)}"
    )


def _image(release: Release, platform_name: str) -> ImageFile:
    line, workspace = release.parameters, release.workspace
    return build_image(
        recorded_commit(release),
        platform_name=platform_name,
        size=line.disk_size * GIB,
        host=Host(line.os_name, line.remote_name, line.remote_url, workspace.keys / PUBLIC_KEY),
        workspace=workspace,
        folder=workspace.build / "images" / line.stream / release.version,
    )


def _check_plan(release: Release) -> CheckPlan:
    line = release.parameters
    parent = _parent(release)
    previous_image = Path(_image(release.previous, "qemu").path) if parent and release.previous else None
    return CheckPlan(
        suites=line.suites,
        image=Path(_image(release, "qemu").path),
        commit=recorded_commit(release),
        previous_image=previous_image,
        previous=parent,
        os_name=line.os_name,
        remote_name=line.remote_name,
        ostree_repo=release.workspace.candidate_repo,
        folder=release.folder,
    )


def _parent(release: Release) -> Commit | None:
    """Return the previous release's commit, None when there is none or its repository was deleted."""
    if release.previous is None:
        return None
    commit = recorded_commit(release.previous)
    return commit if ostree.has_commit(release.workspace.published_repo, commit.checksum) else None


def _failure(failed: Sequence[CheckResult]) -> str:
    first = failed[0]
    lines = first.evidence.strip().splitlines() or ["no output"]
    # What went wrong with a machine comes before its console; what a check printed ends with what matters.
    said = lines[0] if first.outcome == "error" else lines[-1]
    return f"{len(failed)} checks did not pass, the first: {first.suite}/{first.check} ({said})"
