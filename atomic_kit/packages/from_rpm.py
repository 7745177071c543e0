"""What an RPM file says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import createrepo_c

from atomic_kit.errors import StepError
from atomic_kit.packages.package_set import Package


def as_fetched(package: Package, path: Path) -> Package:
    """Return a chosen package with the checksum, sizes and license of its RPM file.

    A source that makes packages on demand knows them only now. Raises StepError when the file is not
    the package that was chosen.
    """
    try:
        rpm = createrepo_c.package_from_rpm(str(path), checksum_type=createrepo_c.SHA256, changelog_limit=0)
    except createrepo_c.CreaterepoCError as error:
        raise StepError(f"{path} is not an RPM file ({error})", hint="delete it and run again") from error
    if (rpm.name, rpm.version, rpm.release, rpm.arch) != (package.name, package.version, package.release, package.arch):
        raise StepError(f"{path} is {rpm.nevra()}, not {package.nevra}", hint="delete it and run again")
    return replace(
        package,
        checksum=f"sha256:{rpm.pkgId}",
        install_size=rpm.size_installed,
        download_size=rpm.size_package,
        license=rpm.rpm_license or package.license,
    )
