"""The rpm-md source: repositories as createrepo_c makes them and dnf reads them.

Every file is held against the checksum in the metadata that names it. Signatures of repomd.xml and of
packages are not checked yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import createrepo_c

from atomic_kit.download import download, session
from atomic_kit.errors import StepError
from atomic_kit.files import file_digest
from atomic_kit.packages.package_set import Package
from atomic_kit.parameters import RpmRepo
from atomic_kit.progress import step
from atomic_kit.sources import RpmRepoMetadata, Snapshot

_PARALLEL = 4


class RpmMdSource:
    """Packages from rpm-md repositories; `cache` keeps metadata and RPM files."""

    def __init__(self, cache: Path, rpm_repos: Sequence[RpmRepo], *, refresh: bool = True) -> None:
        self._cache, self._rpm_repos, self._refresh = cache, tuple(rpm_repos), refresh
        self._web = session()

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return the repositories' present state as the one snapshot `current`."""
        with step("Reading the metadata of the rpm_repos", total=len(self._rpm_repos)) as bar:
            found = []
            for rpm_repo in self._rpm_repos:
                found.append(self._metadata(rpm_repo))
                bar.advance()
        return (Snapshot("current", max(one.generated for one in found), tuple(found)),)

    def kept(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return the RPM files of those packages that were fetched before."""
        return {package: path for package in packages if _is_kept(path := self._place(package), package)}

    def fetch(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return a verified RPM file for each package, downloading what the cache lacks."""
        bases = {rpm_repo.id: rpm_repo.baseurl for rpm_repo in self._rpm_repos}
        with (
            step(f"Fetching {len(packages)} packages", total=len(packages)) as bar,
            ThreadPoolExecutor(_PARALLEL) as pool,
        ):

            def one(package: Package) -> Path:
                path = self._package(package, bases[package.rpm_repo])
                bar.advance()
                return path

            return dict(zip(packages, pool.map(one, packages), strict=True))

    def _package(self, package: Package, base: str) -> Path:
        algorithm, _, digest = package.checksum.partition(":")
        if algorithm != "sha256":
            raise StepError(f"{package.nevra} is listed with {algorithm or 'no checksum'}", hint="sha256 is needed")
        path = self._place(package)
        if _is_kept(path, package):
            return path
        return download(self._web, _url(base, package.location), to=path, sha256=digest)

    def _place(self, package: Package) -> Path:
        digest = package.checksum.rpartition(":")[2]
        return self._cache / "packages" / digest[:2] / f"{digest}-{_file_name(package.location)}"

    def _metadata(self, rpm_repo: RpmRepo) -> RpmRepoMetadata:
        folder = self._cache / "metadata" / rpm_repo.id
        repomd = folder / "repomd.xml"
        if self._refresh or not repomd.is_file():
            download(self._web, _url(rpm_repo.baseurl, "repodata/repomd.xml"), to=repomd)
        try:
            records = {record.type: record for record in createrepo_c.Repomd(str(repomd)).records}
        except (createrepo_c.CreaterepoCError, OSError) as error:
            raise StepError(f"the repomd.xml of rpm_repo {rpm_repo.id} cannot be read ({error})") from error
        if "primary" not in records:
            raise StepError(f"rpm_repo {rpm_repo.id} has no primary metadata", hint="is its baseurl right?")
        files = {kind: self._file(rpm_repo, records[kind]) for kind in ("primary", "filelists") if kind in records}
        return RpmRepoMetadata(
            id=rpm_repo.id,
            primary=files["primary"],
            filelists=files.get("filelists"),
            digest=file_digest(repomd),
            generated=datetime.fromtimestamp(records["primary"].timestamp, UTC),
            priority=rpm_repo.priority,
        )

    def _file(self, rpm_repo: RpmRepo, record: createrepo_c.RepomdRecord) -> Path:
        if record.checksum_type != "sha256":
            raise StepError(f"rpm_repo {rpm_repo.id} names its {record.type} by {record.checksum_type}, not sha256")
        path = self._cache / "metadata" / rpm_repo.id / f"{record.checksum[:32]}-{_file_name(record.location_href)}"
        if path.is_file() and file_digest(path) == record.checksum:
            return path
        return download(self._web, _url(rpm_repo.baseurl, record.location_href), to=path, sha256=record.checksum)


def _file_name(location: str) -> str:
    return PurePosixPath(location).name


def _url(base: str, location: str) -> str:
    return f"{base.rstrip('/')}/{location}"


def _is_kept(path: Path, package: Package) -> bool:
    return path.is_file() and f"sha256:{file_digest(path)}" == package.checksum
