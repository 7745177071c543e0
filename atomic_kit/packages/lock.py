"""Lock files in rpm-ostree's shape: what pins a compose to the byte."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atomic_kit.files import file_digest
from atomic_kit.packages.package_set import Package
from atomic_kit.sources import Snapshot


def lock_name(arch: str) -> str:
    """Return the file name that rpm-ostree's tools expect."""
    return f"manifest-lock.{arch}.json"


def make_lock(rpm_files: Mapping[Package, Path], snapshot: Snapshot) -> dict[str, Any]:
    """Return the lock of a fetched package set; each digest is that of the RPM file itself."""
    packages = {
        package.name: {
            "evra": f"{package.nevra.evr}.{package.arch}",
            "digest": f"sha256:{file_digest(path)}",
            "metadata": {"sourcerpm": package.source},
        }
        for package, path in sorted(rpm_files.items(), key=lambda item: item[0].name)
    }
    rpm_repos = {metadata.id: {"generated": _stamp(metadata.generated)} for metadata in snapshot.rpm_repos}
    return {
        "packages": packages,
        "metadata": {"generated": _stamp(snapshot.generated), "rpmmd_repos": rpm_repos},
    }


def _stamp(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
