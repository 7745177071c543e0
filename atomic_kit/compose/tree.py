"""From an installed root to a tree in OSTree's layout.

The rules are rpm-ostree's: /etc becomes usr/etc, /var is emptied into tmpfiles.d, the rpm database lies at
/usr/share/rpm, and what a host writes to is a link into /var. Source: the OSTree manual, "Adapting existing
mainstream distributions", and rpm-ostree's postprocessing.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from atomic_kit import rpm
from atomic_kit.errors import StepError
from atomic_kit.treefile import Treefile

_LINKS = {
    "home": "var/home",
    "opt": "var/opt",
    "srv": "var/srv",
    "root": "var/roothome",
    "mnt": "var/mnt",
    "media": "run/media",
    "tmp": "sysroot/tmp",
    "ostree": "sysroot/ostree",
}
_EMPTY = ("boot", "dev", "proc", "run", "sys", "sysroot", "var")
_OWN_TMPFILES = """\
d /var/home 0755 root root -
d /var/opt 0755 root root -
d /var/srv 0755 root root -
d /var/roothome 0700 root root -
d /var/mnt 0755 root root -
d /var/usrlocal 0755 root root -
d /run/media 0755 root root -
L /var/lib/rpm - - - - ../../usr/share/rpm
"""


@dataclass(frozen=True, slots=True)
class TreeSize:
    """Regular files of a tree, and their bytes, each hard link once."""

    files: int
    bytes: int


def seed_accounts(root: Path, treefile: Treefile) -> None:
    """Write the fixed users and groups first: rpm gives files of unknown ones to root."""
    (root / "etc").mkdir(parents=True, exist_ok=True)
    for name, source in (("passwd", treefile.check_passwd), ("group", treefile.check_groups)):
        if source is not None:
            shutil.copyfile(source, root / "etc" / name)
            (root / "etc" / name).chmod(0o644)


def os_release(root: Path, *, releasever: str, version: str) -> str:
    """Return os-release with the version in it, as the treefile's mutate-os-release asks."""
    path = root / "usr" / "lib" / "os-release"
    if not path.is_file():
        raise StepError("the tree has no usr/lib/os-release", hint="add the package that brings it to the treefile")
    text = path.read_text(encoding="utf-8")
    text = re.sub(rf"(?m)^(VERSION=.*){re.escape(releasever)}", rf"\g<1>{version}", text)
    text = re.sub(r"(?m)^OSTREE_VERSION=.*\n", "", text).rstrip("\n")
    return f"{text}\nOSTREE_VERSION='{version}'\n"


def kernel_version(root: Path) -> str:
    """Return the version of the tree's one kernel."""
    found = sorted(path.parent.name for path in (root / "usr" / "lib" / "modules").glob("*/vmlinuz"))
    if len(found) != 1:
        raise StepError(
            f"the tree has {len(found)} kernels ({', '.join(found) or 'none'}), a commit boots exactly one",
            hint="let the treefile name one kernel package",
        )
    return found[0]


def remove_files(root: Path, treefile: Treefile) -> None:
    """Remove what remove-files and remove-from-packages name."""
    for name in treefile.remove_files:
        path = root / name.lstrip("/")
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for package, *patterns in treefile.remove_from_packages:
        for place in rpm.files(root, package):
            path = root / place.lstrip("/")
            if any(re.match(pattern, place) for pattern in patterns) and not path.is_dir():
                path.unlink(missing_ok=True)


def lay_out(root: Path) -> None:
    """Change an installed root to OSTree's layout."""
    _rpm_database(root)
    (root / "etc" / "machine-id").write_text("")
    _var_to_tmpfiles(root)
    for name in ("var", "home", "opt", "srv", "root", "mnt", "media", "tmp", "run", "dev", "proc", "sys", "boot"):
        _drop(root / name)
    _drop(root / "usr" / "local")
    (root / "usr" / "local").symlink_to("../var/usrlocal")
    (root / "etc").rename(root / "usr" / "etc")
    for name in _EMPTY:
        (root / name).mkdir(mode=0o755, exist_ok=True)
    for name, target in _LINKS.items():
        _drop(root / name)
        (root / name).symlink_to(target)
    root.chmod(0o755)


def halves(root: Path) -> tuple[list[str], list[str]]:
    """Return what to leave out of a tree for either of two parts of about equal size that make it up."""
    names = {f"/{path.relative_to(root)}" for folder in (root, root / "usr") for path in folder.iterdir()}
    return ["/usr/lib"], sorted(names - {"/usr", "/usr/lib"})


def tree_size(root: Path) -> TreeSize:
    """Measure a tree."""
    sizes: dict[int, int] = {}
    for entry in _walk(root):
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            sizes[status.st_ino] = status.st_size
    return TreeSize(len(sizes), sum(sizes.values()))


def _rpm_database(root: Path) -> None:
    database = root / rpm.DATABASE.lstrip("/")
    # With a write-ahead log SQLite needs to write beside the database, which /usr does not let a host do.
    if (database / "rpmdb.sqlite").is_file():
        with closing(sqlite3.connect(database / "rpmdb.sqlite")) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    for name in (".rpm.lock", "rpmdb.sqlite-shm", "rpmdb.sqlite-wal"):
        (database / name).unlink(missing_ok=True)
    sysimage = root / "usr" / "lib" / "sysimage"
    sysimage.mkdir(parents=True, exist_ok=True)
    link = sysimage / "rpm"
    if not link.is_symlink():
        _drop(link)
        link.symlink_to("../../share/rpm")
    macros = root / "usr" / "lib" / "rpm" / "macros.d"
    macros.mkdir(parents=True, exist_ok=True)
    (macros / "macros.rpm-ostree").write_text(f"%_dbpath {rpm.DATABASE}\n")


def _var_to_tmpfiles(root: Path) -> None:
    """Write tmpfiles.d entries for the folders and links of /var; its files are dropped, as rpm-ostree does."""
    users = _names(root / "etc" / "passwd")
    groups = _names(root / "etc" / "group")
    lines = []
    for entry in sorted(_walk(root / "var"), key=lambda entry: entry.path):
        place = f"/{Path(entry.path).relative_to(root)}"
        status = entry.stat(follow_symlinks=False)
        owner = f"{users.get(status.st_uid, status.st_uid)} {groups.get(status.st_gid, status.st_gid)}"
        if entry.is_symlink():
            lines.append(f"L {place} - - - - {Path(entry.path).readlink()}")
        elif entry.is_dir():
            lines.append(f"d {place} {stat.S_IMODE(status.st_mode):04o} {owner} -")
    own = {line.split()[1] for line in _OWN_TMPFILES.splitlines()}
    known = {*own, "/var/run", "/var/lock", "/var/lib/rpm"}
    kept = [line for line in lines if line.split()[1] not in known]
    folder = root / "usr" / "lib" / "tmpfiles.d"
    folder.mkdir(parents=True, exist_ok=True)
    # Read before systemd's provision.conf, which writes to /root.
    (folder / "0-rpm-ostree-integration.conf").write_text(_OWN_TMPFILES)
    (folder / "rpm-ostree-1-autovar.conf").write_text("".join(f"{line}\n" for line in kept))


def _names(path: Path) -> dict[int, str]:
    """Map the numbers of an account file to its names, the first of each."""
    names: dict[int, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdigit():
            names.setdefault(int(fields[2]), fields[0])
    return names


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))


def _drop(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
