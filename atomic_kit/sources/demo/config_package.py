"""The demo's own package: configuration that Debian's maintainer scripts would have made, and the demo's name."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import createrepo_c
import rpm_rs

from atomic_kit.files import file_digest, new_folder, value_digest
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.sources.demo.convert import reproducible
from atomic_kit.sources.demo.metadata import is_whole, write_repomd

NAME = "atomic-demo-config"
VENDOR = "Atomic Workbench demo"

# Raise it with every change of the tree or the script: it is the package's version.
CONFIG_VERSION = "4"
_BUILT = datetime(2026, 1, 1, tzinfo=UTC)
_HERE = Path(__file__).parent
_LINKS = {"/etc/resolv.conf": "../run/systemd/resolve/stub-resolv.conf"}
_REQUIRES = (
    "base-files",
    "bash",
    "ca-certificates",
    "coreutils",
    "dbus",
    "findutils",
    "gawk",
    "openssh-server",
    "openssl",
    "sed",
    "systemd",
    "udev",
)


def config_repo(folder: Path) -> tuple[RpmRepoMetadata, Path]:
    """Return the rpm_repo that holds the demo's own package, and its folder; it is made when it is new."""
    files = _files()
    script = (_HERE / "posttrans.sh").read_text(encoding="utf-8")
    contents = [[place, file_digest(path)] for place, path in files.items()]
    digest = value_digest([CONFIG_VERSION, contents, script, _LINKS, _REQUIRES])
    target = folder / f"config-{digest[:16]}"
    if not _is_whole(target):
        with new_folder(target) as part:
            _build(files, script).write_file(str(part / f"{NAME}-{CONFIG_VERSION}-1.noarch.rpm"))
            _index(part)
    repodata = target / "repodata"
    repomd = file_digest(repodata / "repomd.xml")
    return RpmRepoMetadata("demo", repodata / "primary.xml.gz", None, repomd, _BUILT), target


def _is_whole(folder: Path) -> bool:
    repodata = folder / "repodata"
    if not is_whole(repodata):
        return False
    listed = gzip.decompress((repodata / "primary.xml.gz").read_bytes()).decode()
    return any(file_digest(path) in listed for path in folder.glob("*.rpm"))


def _files() -> dict[str, Path]:
    tree = _HERE / "tree"
    return {f"/{path.relative_to(tree)}": path for path in sorted(tree.rglob("*")) if path.is_file()}


def _build(files: dict[str, Path], script: str) -> rpm_rs.Package:
    summary = "Configuration of the Atomic Host demo"
    builder = rpm_rs.PackageBuilder(NAME, CONFIG_VERSION, "Apache-2.0", "noarch", summary)
    builder.using_config(reproducible(int(_BUILT.timestamp())))
    builder.release("1")
    builder.vendor(VENDOR)
    builder.build_host("localhost")
    builder.description(f"{summary}: what makes a host out of Debian's packages.")
    for name in _REQUIRES:
        builder.requires(name)
    for place, path in files.items():
        config = place.startswith("/etc/")
        options = rpm_rs.FileOptions.new(
            place, user="root", group="root", permissions=0o644, config=config, noreplace=config
        )
        builder.with_file_contents(path.read_bytes(), options)
    for place, target in _LINKS.items():
        builder.with_symlink(rpm_rs.FileOptions.symlink(place, target, user="root", group="root"))
    builder.post_trans_script(script)
    return builder.build()


def _index(folder: Path) -> None:
    """Write the rpm-md metadata of a folder with one package."""
    repodata = folder / "repodata"
    repodata.mkdir()
    (path,) = folder.glob("*.rpm")
    # The metadata tells the file's time.
    os.utime(path, (_BUILT.timestamp(), _BUILT.timestamp()))
    primary = createrepo_c.PrimaryXmlFile(str(repodata / "primary.xml.gz"))
    primary.set_num_of_pkgs(1)
    primary.add_pkg(
        createrepo_c.package_from_rpm(str(path), location_href=path.name, checksum_type=createrepo_c.SHA256)
    )
    primary.close()
    write_repomd(repodata)
