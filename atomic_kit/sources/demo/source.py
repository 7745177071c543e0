"""The demo source: packages made out of the machine's own Debian archive, on demand."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from atomic_kit.errors import StepError
from atomic_kit.files import file_digest, new_folder
from atomic_kit.packages.package_set import Package
from atomic_kit.progress import step
from atomic_kit.sources import Snapshot
from atomic_kit.sources.demo.apt import Apt, Download
from atomic_kit.sources.demo.config_package import config_repo
from atomic_kit.sources.demo.convert import CONVERT_VERSION, convert
from atomic_kit.sources.demo.metadata import Converted, convert_index

_PROCESSES = 2
_DIGEST = "rpm.sha256"


class DemoSource:
    """Makes RPM files and their metadata from Debian's packages, as far as they are asked for.

    `base` is the archive's suite as it was released, `updates` the same with its security and other
    updates. Metadata is that of the whole archive; a package is fetched and converted when it is chosen.
    """

    def __init__(self, cache: Path, *, snapshots: Sequence[str] = ("base", "updates"), refresh: bool = True) -> None:
        self._cache, self._names, self._refresh = cache, tuple(snapshots), refresh
        self._apt = Apt(cache / "apt")

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Bring the archive's lists up to date; return the snapshots, oldest first."""
        if self._refresh or not self._apt.has_lists():
            with step("Bringing the archive's lists of packages up to date"):
                self._apt.update()
        lists = self._lists()
        own, _ = config_repo(self._cache)
        made = []
        for name in self._names:
            chosen = [one.rpm_repo for one in (lists[:1] if name == "base" else lists)]
            made.append(Snapshot(name, max(one.generated for one in chosen), (*chosen, own)))
        return tuple(sorted(made, key=lambda snapshot: snapshot.generated))

    def kept(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return the RPM files of those packages that were converted before."""
        lists = {one.rpm_repo.id: one for one in self._lists()}
        return {package: path for package in packages if (path := self._kept(package, lists)) is not None}

    def fetch(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return an RPM file for each package, fetching and converting what the cache lacks.

        A kept RPM file is held against the digest that was taken when it was made.
        """
        lists = {one.rpm_repo.id: one for one in self._lists()}
        found = {package: self._kept(package, lists) for package in packages}
        missing = [package for package, path in found.items() if path is None]
        if missing:
            self._download(missing, lists)
            found |= self._convert(missing, lists)
        return {package: path for package in packages if (path := found[package]) is not None}

    def _lists(self) -> list[Converted]:
        converted: list[Converted] = []
        virtual: frozenset[str] = frozenset()
        with step("Reading the archive's lists of packages") as work:
            for index in self._apt.indexes():
                one = convert_index(index, folder=self._cache / "metadata", virtual=virtual, work=work)
                virtual |= one.virtual
                converted.append(one)
        return converted

    def _kept(self, package: Package, lists: Mapping[str, Converted]) -> Path | None:
        if package.rpm_repo == "demo":
            return config_repo(self._cache)[1] / package.location
        folder = self._folder(package, lists)
        record = folder / _DIGEST
        path = next(folder.glob("*.rpm"), None)
        if path is None or not record.is_file() or record.read_text() != file_digest(path):
            return None
        return path

    def _folder(self, package: Package, lists: Mapping[str, Converted]) -> Path:
        """Return where the RPM file of a package is kept, by all that its bytes depend on."""
        digest = package.checksum.removeprefix("sha256:")
        return self._cache / "rpms" / f"{digest}-{lists[package.rpm_repo].digest}-{CONVERT_VERSION}"

    def _deb(self, package: Package) -> Path:
        return self._cache / "debs" / f"{package.checksum.removeprefix('sha256:')}.deb"

    def _download(self, packages: Sequence[Package], lists: Mapping[str, Converted]) -> None:
        (self._cache / "debs").mkdir(parents=True, exist_ok=True)
        wanted = [
            Download(lists[package.rpm_repo].uri + package.location, package.checksum.removeprefix("sha256:"), path)
            for package in packages
            if not ((path := self._deb(package)).is_file() and f"sha256:{file_digest(path)}" == package.checksum)
        ]
        if wanted:
            with step(f"Fetching {len(wanted)} packages", total=len(wanted)) as work:
                self._apt.download(wanted, on_file=work.advance)

    def _convert(self, packages: Sequence[Package], lists: Mapping[str, Converted]) -> dict[Package, Path]:
        done = {}
        virtual = {name: one.virtual for name, one in lists.items()}
        # Not by fork: the caller may be a kernel with threads.
        context = multiprocessing.get_context("spawn")
        by_size = sorted(packages, key=lambda package: -package.download_size)
        with (
            step(f"Converting {len(packages)} packages", total=len(packages)) as work,
            ProcessPoolExecutor(_PROCESSES, mp_context=context, initializer=_end_with_parent) as pool,
        ):
            jobs = {
                pool.submit(_convert_one, self._deb(one), self._folder(one, lists), virtual[one.rpm_repo]): one
                for one in by_size
            }
            for job in as_completed(jobs):
                done[jobs[job]] = job.result()
                work.advance()
        return done


def _end_with_parent() -> None:
    """End this process when the one that started it was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _convert_one(deb: Path, folder: Path, virtual: frozenset[str]) -> Path:
    if not deb.is_file():
        raise StepError(f"{deb} is missing", hint="run again to fetch it")
    with new_folder(folder) as part:
        path = convert(deb, folder=part, virtual=virtual)
        (part / _DIGEST).write_text(file_digest(path))
    return folder / path.name
