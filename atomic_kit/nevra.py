"""Names of packages and the order of their versions."""

from __future__ import annotations

import re
from dataclasses import dataclass

import rpm_rs

from atomic_kit.errors import InputError

_NEVRA = re.compile(r"^(?P<name>.+)-(?:(?P<epoch>\d+):)?(?P<version>[^-:]+)-(?P<release>[^-]+)\.(?P<arch>[^-.]+)$")


@dataclass(frozen=True, slots=True)
class Nevra:
    """Name, epoch, version, release and architecture of one package."""

    name: str
    epoch: int
    version: str
    release: str
    arch: str

    @classmethod
    def parse(cls, text: str) -> Nevra:
        """Read `name-[epoch:]version-release.arch`; raise InputError when it is something else."""
        match = _NEVRA.match(text)
        if match is None:
            raise InputError(
                f"{text!r} is not a package's full name",
                hint="write it as name-[epoch:]version-release.arch",
            )
        fields = match.groupdict()
        return cls(fields["name"], int(fields["epoch"] or 0), fields["version"], fields["release"], fields["arch"])

    @property
    def evr(self) -> str:
        """The version as rpm-ostree prints it: the epoch only when it is not zero."""
        epoch = f"{self.epoch}:" if self.epoch else ""
        return f"{epoch}{self.version}-{self.release}"

    def __str__(self) -> str:
        return f"{self.name}-{self.evr}.{self.arch}"


def compare_evr(left: str, right: str) -> int:
    """Compare two `[epoch:]version-release` texts by RPM's rule: -1, 0 or 1."""
    first, second = rpm_rs.Evr.parse(left), rpm_rs.Evr.parse(right)
    return int(first > second) - int(first < second)
