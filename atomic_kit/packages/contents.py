"""What documentation and languages weigh in a package set, as its RPM files tell: metadata does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atomic_kit import rpm
from atomic_kit.packages.package_set import Package

if TYPE_CHECKING:
    import pandas as pd


def left_out(
    rpm_files: Mapping[Package, Path], *, documentation: bool = True, languages: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return what rpm would not install of each package, in bytes, the most first.

    Without `documentation` the files marked
    %doc stay away, which includes manual pages; with `languages` those for other languages only (%_install_langs).
    Columns: `package`, `install_size`, `documentation`, `languages` and `left_out`; a file that is both counts
    under `documentation`. Source: rpm, "nodocs" and "%_install_langs".
    """
    import pandas as pd

    rows = []
    for package, files in zip(rpm_files, rpm.payload_files(list(rpm_files.values())), strict=True):
        docs = [file for file in files if file.is_documentation and not documentation]
        others = (file for file in files if documentation or not file.is_documentation)
        foreign = [file for file in others if _is_foreign(file, languages)]
        sizes = {"documentation": sum(file.size for file in docs), "languages": sum(file.size for file in foreign)}
        row = {"package": package.name, "install_size": package.install_size}
        rows.append(row | sizes | {"left_out": sum(sizes.values())})
    columns = ["package", "install_size", "documentation", "languages", "left_out"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["left_out", "package"], ascending=[False, True], ignore_index=True
    )


def _is_foreign(file: rpm.PayloadFile, languages: Sequence[str] | None) -> bool:
    return languages is not None and bool(file.languages) and not set(file.languages) & set(languages)
