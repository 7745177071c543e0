"""Lock files in rpm-ostree's shape: what pins a compose to the byte. Reading them is `lock_file`.

Source: rpm-ostree 2026.2, rust/src/lockfile.rs, and find_locked_packages in src/libpriv/rpmostree-core.cxx.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from atomic_kit.errors import InputError
from atomic_kit.files import file_digest
from atomic_kit.packages.package_set import Package, PackageSet
from atomic_kit.sources import Snapshot
from atomic_kit.words import first_of

_TOLD = 10


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package that a lock names.

    `evr` is as rpm-ostree prints it, without an epoch of zero; `arch` and `digest` (`ALGORITHM:HEX` of the RPM
    file) are None when the lock leaves them open. `source` is the source package's name. `override` and `reason`
    come from a file of overrides. `place` is FILE:LINE.
    """

    name: str
    evr: str
    arch: str | None = None
    digest: str | None = None
    source: str | None = None
    override: Literal["pin", "fast-track"] | None = None
    reason: str | None = None
    place: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.name}-{self.evr}" + (f".{self.arch}" if self.arch else "")

    def fits(self, package: Package) -> bool:
        """Say whether a package is the one that is meant; digests of two algorithms cannot be compared."""
        if (package.name, package.nevra.evr) != (self.name, self.evr) or self.arch not in (None, package.arch):
            return False
        same_kind = self.digest and self.digest.partition(":")[0] == package.checksum.partition(":")[0]
        return not same_kind or self.digest == package.checksum


@dataclass(frozen=True)
class Lock:
    """The packages of one or several lock files, by name; the later file's entry counts.

    With `strict` a package set is exactly these packages; without, a package that is named here is the one that
    is named here, and others may come and go. `generated` and `rpm_repos` are of the first file.
    """

    packages: Mapping[str, LockedPackage] = field(hash=False)
    strict: bool = True
    files: tuple[Path, ...] = ()
    generated: datetime | None = None
    rpm_repos: Mapping[str, datetime] = field(default_factory=dict, hash=False)

    def allows(self, package: Package) -> bool:
        """Say whether a package may be chosen."""
        locked = self.packages.get(package.name)
        return locked.fits(package) if locked else not self.strict

    def missing(self, candidates: Iterable[Package]) -> tuple[LockedPackage, ...]:
        """Return the locked packages that none of the candidates is, sorted by name."""
        found = {one.name for one in candidates if one.name in self.packages and self.packages[one.name].fits(one)}
        return tuple(self.packages[name] for name in sorted(self.packages.keys() - found))

    def check(self, package_set: PackageSet) -> None:
        """Raise InputError, naming the packages, for a set that is not what the lock says."""
        wrong = [f"{package.nevra} is not what the lock names" for package in package_set if not self.allows(package)]
        gone = self.missing(package_set) if self.strict else ()
        faults = [f"{locked} is missing ({locked.place or 'the lock'})" for locked in gone] + wrong
        if faults:
            text = "the package set is not the locked one:\n" + "\n".join(f"  {one}" for one in first_of(faults, _TOLD))
            raise InputError(text, hint="take the rpm_repos of the lock's time, or make the lock anew")


def lock_name(arch: str) -> str:
    """Return the file name that rpm-ostree's tools expect."""
    return f"manifest-lock.{arch}.json"


def make_lock(rpm_files: Mapping[Package, Path], snapshot: Snapshot) -> dict[str, Any]:
    """Return the document of the lock of a fetched package set; each digest is that of the RPM file itself."""
    return _document(rpm_files, snapshot, lambda package: f"sha256:{file_digest(rpm_files[package])}")


def lock_of(package_set: PackageSet, snapshot: Snapshot) -> dict[str, Any]:
    """Return the document of the lock of a package set that was not fetched.

    The digests are those of the metadata where these are SHA-256. Packages that are made on demand have none
    before they are made; make_lock tells it.
    """
    later = {metadata.id for metadata in snapshot.rpm_repos if metadata.on_demand}
    return _document(package_set, snapshot, lambda package: "" if package.rpm_repo in later else package.checksum)


def _document(packages: Iterable[Package], snapshot: Snapshot, digest: Callable[[Package], str]) -> dict[str, Any]:
    rpm_repos = {metadata.id: {"generated": _stamp(metadata.generated)} for metadata in snapshot.rpm_repos}
    listed = sorted(packages, key=lambda one: one.name)
    for one, other in pairwise(listed):
        if one.name == other.name:
            both = f"{one.nevra} and {other.nevra}"
            cure = f"it has one entry a name; exclude {other.name}.{other.arch}"
            raise InputError(f"a lock file cannot name both {both}", hint=cure)
    return {
        "packages": {one.name: _entry(one, digest(one)) for one in listed},
        "metadata": {"generated": _stamp(snapshot.generated), "rpmmd_repos": rpm_repos},
    }


def _entry(package: Package, digest: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"evra": f"{package.nevra.evr}.{package.arch}"}
    if digest.startswith("sha256:"):
        entry["digest"] = digest
    # The name alone, as rpm-ostree writes it: name-version-release.src.rpm.
    name, *rest = package.source.removesuffix(".rpm").rsplit("-", 2)
    return entry | ({"metadata": {"sourcerpm": name}} if len(rest) == 2 else {})


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
