"""The rpm-md source: repositories as createrepo_c makes them and dnf reads them.

A package file gets its name in the cache when its checksum is the one in the verified metadata and, unless
`gpgcheck` is off, a pinned key signed it. The folder that it lies in says by which keys it was checked.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from atomic_kit.download import OnBytes, download
from atomic_kit.errors import FetchError, InputError, StepError
from atomic_kit.files import Checksum, file_digest, value_digest
from atomic_kit.packages.package_set import Package
from atomic_kit.progress import Step, step
from atomic_kit.rpm_repos import RpmKey, RpmRepo
from atomic_kit.sources import Snapshot
from atomic_kit.sources.documents import safe_location
from atomic_kit.sources.keys import LIMIT, Keyring, open_keyring, unsigned_packages
from atomic_kit.sources.metadata import MetadataReader
from atomic_kit.sources.workers import side_by_side
from atomic_kit.web import Pace, session

_UNCHECKED = "unchecked"
_CHANGED = "run again: the repository changed since its metadata were read"
_FOLDER = "its metadata name what is not in the folder: put the file there, or make them anew with createrepo_c"


class RpmMdSource:
    """Packages from rpm-md repositories; `cache` keeps metadata, keys and RPM files.

    Without `refresh` the metadata that the cache has is used, and what it lacks is fetched; `offline` nothing is, and
    what the cache lacks is a StepError. `modules` and `platform` go into the snapshot. `pace` says how patient it is
    with servers. Raises InputError when two of the rpm_repos that are enabled have the same id.
    """

    def __init__(
        self,
        cache: Path,
        rpm_repos: Sequence[RpmRepo],
        *,
        refresh: bool = True,
        offline: bool = False,
        modules: Sequence[str] = (),
        platform: str = "",
        pace: Pace | None = None,
    ) -> None:
        self._cache, self._refresh, self._offline = cache, refresh and not offline, offline
        self._modules, self._platform = tuple(modules), platform
        self._web = session(pace or Pace())
        self._rpm_repos = _by_id(rpm_repos)
        self._readers = {one.id: self._reader(one) for one in self._rpm_repos.values()}
        self._rings = {one.id: _ring(one) for one in self._rpm_repos.values()}
        self._keyrings: dict[str, Keyring] = {}
        self._opening = threading.Lock()

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return the repositories' present state as the one snapshot `current`."""
        with step("Reading the metadata of the rpm_repos", total=len(self._readers)) as bar:
            readers = list(self._readers.values())
            found = side_by_side(lambda one: one.read(), readers, ended=threading.Event(), on_done=bar.advance)
        generated = max(one.generated for one in found)
        return (Snapshot("current", generated, tuple(found), self._modules, self._platform),)

    def kept(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return the RPM files of those packages that were fetched, and their signatures checked, before."""
        return {package: path for package in packages if _checksum(package).fits(path := self._place(package))}

    def fetch(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return a verified RPM file for each package, downloading what the cache lacks."""
        have = self.kept(packages)
        missing = [package for package in packages if package not in have]
        if missing:
            size = sum(package.download_size for package in missing)
            with step(f"Fetching {len(missing)} packages", total=size, unit="bytes") as bar:
                self._download(missing, bar)
            self._check_signatures([one for one in missing if self._rpm_repos[one.rpm_repo].gpgcheck])
        return {package: self._place(package) for package in packages}

    def _reader(self, rpm_repo: RpmRepo) -> MetadataReader:
        return MetadataReader(
            self._web,
            rpm_repo,
            folder=self._cache / "metadata",
            keyring=lambda: self._keyring(rpm_repo),
            refresh=self._refresh,
            offline=self._offline,
        )

    def _download(self, packages: Sequence[Package], bar: Step) -> None:
        lock, ended = threading.Lock(), threading.Event()

        def told(amount: int) -> None:
            if ended.is_set():
                raise FetchError("another download failed or was interrupted")
            with lock:
                bar.advance(amount)

        def one(package: Package) -> None:
            target = self._incoming(package) if self._rpm_repos[package.rpm_repo].gpgcheck else self._place(package)
            if _checksum(package).fits(target):
                return told(package.download_size)
            return self._fetch(package, target, told)

        side_by_side(one, packages, ended=ended)

    def _fetch(self, package: Package, target: Path, told: OnBytes) -> None:
        location = safe_location(package.location, of=f"rpm_repo {package.rpm_repo}")
        checksum, mirrors = _checksum(package), self._readers[package.rpm_repo].mirrors

        def fetch(base: str) -> Path:
            size = package.download_size or None
            return download(
                self._web, f"{base}/{location}", to=target, checksum=checksum, size=size, limit=4 << 30, on_bytes=told
            )

        try:
            mirrors.first(fetch, what=_file_name(package))
        except FetchError as error:
            if not error.stale:
                raise
            hint = _CHANGED if any(not base.startswith("file:") for base in mirrors.bases) else _FOLDER
            raise FetchError(error.what, hint=hint, stale=True) from error

    def _check_signatures(self, packages: Sequence[Package]) -> None:
        """Give the packages that are well signed their places and throw the others away."""
        groups: dict[str, list[Package]] = {}
        for package in packages:
            groups.setdefault(self._rings[package.rpm_repo], []).append(package)
        with step(f"Checking the signatures of {len(packages)} packages"):
            for group in groups.values():
                keyring = self._keyring(self._rpm_repos[group[0].rpm_repo])
                files = {self._incoming(package): package for package in group}
                faults = unsigned_packages(keyring, list(files))
                for path, package in files.items():
                    if path in faults:
                        path.unlink()
                    else:
                        place = self._place(package)
                        place.parent.mkdir(parents=True, exist_ok=True)
                        path.replace(place)
                if faults:
                    path, fault = next(iter(sorted(faults.items())))
                    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
                    raise StepError(
                        f"{files[path].nevra} of rpm_repo {files[path].rpm_repo} {fault}{more}",
                        hint=f"it must be signed by {' or '.join(keyring.fingerprints)}",
                    )

    def _keyring(self, rpm_repo: RpmRepo) -> Keyring:
        with self._opening:
            if rpm_repo.id not in self._keyrings:
                self._keyrings[rpm_repo.id] = open_keyring(self._cache / "keys", rpm_repo.gpgkey, content=self._key)
            return self._keyrings[rpm_repo.id]

    def _key(self, key: RpmKey) -> bytes:
        """Return the bytes of a key; the network is asked once a run, and not at all without `refresh`."""
        try:
            if key.file is not None:
                return key.file.read_bytes()
        except OSError as error:
            raise StepError(f"the key {key.file} cannot be read ({error.strerror})", hint="check gpgkey") from error
        assert key.url is not None
        kept = self._cache / "keys" / f"{value_digest(key.url)[:32]}.asc"
        if self._offline and not kept.is_file():
            raise StepError(f"the key {key.url} is not cached", hint="run once without -C")
        if self._refresh or not kept.is_file():
            download(self._web, key.url, to=kept, limit=LIMIT)
        return kept.read_bytes()

    def _place(self, package: Package) -> Path:
        if package.rpm_repo not in self._rings:
            raise StepError(
                f"{package.nevra} is of rpm_repo {package.rpm_repo}, which is not in use",
                hint="resolve the package set again, or enable the rpm_repo",
            )
        return self._file(self._rings[package.rpm_repo], package)

    def _incoming(self, package: Package) -> Path:
        return self._file("incoming", package)

    def _file(self, folder: str, package: Package) -> Path:
        digest = _checksum(package).digest[:64]
        return self._cache / "packages" / folder / digest[:2] / f"{digest}-{_file_name(package)}"


def _by_id(rpm_repos: Sequence[RpmRepo]) -> dict[str, RpmRepo]:
    found: dict[str, RpmRepo] = {}
    for one in rpm_repos:
        if one.enabled and found.setdefault(one.id, one) is not one:
            raise InputError(f"two rpm_repos have the id {one.id}", hint="rename one of them")
    return found


def _ring(rpm_repo: RpmRepo) -> str:
    """Return a name for the keys that packages of an rpm_repo are held against."""
    if not rpm_repo.gpgcheck:
        return _UNCHECKED
    local = [file_digest(key.file) for key in rpm_repo.gpgkey if key.file and key.file.is_file()]
    return value_digest([[(key.place, key.fingerprint) for key in rpm_repo.gpgkey], local])[:16]


def _checksum(package: Package) -> Checksum:
    algorithm, _, digest = package.checksum.partition(":")
    return Checksum.parse(algorithm, digest, of=str(package.nevra))


def _file_name(package: Package) -> str:
    return PurePosixPath(safe_location(package.location, of=f"rpm_repo {package.rpm_repo}")).name
