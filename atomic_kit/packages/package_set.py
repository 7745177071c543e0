"""The solver's answer as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from atomic_kit.files import value_digest
from atomic_kit.nevra import Nevra

if TYPE_CHECKING:
    import pandas as pd


class Reason(StrEnum):
    """Why a package is in the set."""

    REQUESTED = "requested"
    REQUIRED = "required"
    RECOMMENDED = "recommended"
    CHOSEN = "chosen"  # by the solver's own rules, as the twin of another word size


@dataclass(frozen=True, slots=True)
class Package:
    """One chosen package as its repository describes it.

    Sizes are bytes; `install_size` is the unpacked payload, `download_size` the package file. `source` is the
    source RPM's file name. `checksum` is `sha256:HEX` of the package file. A source that makes RPM files on
    demand (the demo) states sizes, checksum and license of what it makes them from until they are fetched.
    `location` is relative to the rpm_repo. `required_by` names the packages that pulled it in.
    """

    name: str
    epoch: int
    version: str
    release: str
    arch: str
    install_size: int
    download_size: int
    license: str
    source: str
    vendor: str
    rpm_repo: str
    location: str
    checksum: str
    summary: str
    reason: Reason
    required_by: tuple[str, ...] = ()

    @property
    def nevra(self) -> Nevra:
        """The package's full name."""
        return Nevra(self.name, self.epoch, self.version, self.release, self.arch)


@dataclass(frozen=True)
class PackageSet:
    """The packages of one tree, sorted by name."""

    packages: tuple[Package, ...]

    def __iter__(self) -> Iterator[Package]:
        return iter(self.packages)

    def __len__(self) -> int:
        return len(self.packages)

    @property
    def install_size(self) -> int:
        """Bytes of all unpacked payloads."""
        return sum(package.install_size for package in self.packages)

    @property
    def download_size(self) -> int:
        """Bytes of all RPM files."""
        return sum(package.download_size for package in self.packages)

    @property
    def digest(self) -> str:
        """SHA-256 over the full names and checksums: two sets with the same digest install the same bytes."""
        return value_digest([(str(package.nevra), package.checksum) for package in self.packages])

    def frame(self) -> pd.DataFrame:
        """One row a package; the columns are the fields of Package, `required_by` joined by a comma."""
        import pandas as pd

        rows = [asdict(package) | {"required_by": ", ".join(package.required_by)} for package in self.packages]
        return pd.DataFrame(rows, columns=[field.name for field in fields(Package)])
