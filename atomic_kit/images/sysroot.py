"""From a commit to the folders that a disk is filled from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from atomic_kit import command, ostree
from atomic_kit.compose.commit import Commit
from atomic_kit.files import scratch_folder

# GRUB reads the menu that ostree itself writes at every deployment, so no tool in the tree has to.
# Debian's GRUB has no blscfg; see docs/decisions/boot-menu.md.
GRUB_MENU = """\
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
syslinux_source -s -r ($root)/ ($root)/syslinux/syslinux.cfg
"""

# Tenths of a second. Without it GRUB makes no menu of the file, only commands; ostree keeps it in every new menu.
_MENU_HEAD = "TIMEOUT 20\n"


@dataclass(frozen=True, slots=True)
class Host:
    """What a host knows of where it comes from."""

    os_name: str
    remote_name: str
    remote_url: str
    public_key: Path


@dataclass(frozen=True, slots=True)
class Sysroot:
    """A deployed commit as folders: of the root file system, and of /boot. `deployment` is inside `root`."""

    root: Path
    boot: Path
    deployment: str


@contextmanager
def deployed(
    commit: Commit,
    host: Host,
    *,
    ostree_repo: Path,
    kernel_arguments: Sequence[str],
    root: UUID,
    boot: UUID,
    folder: Path,
) -> Iterator[Sysroot]:
    """Yield a commit deployed in `folder`'s file system, objects hard-linked from `ostree_repo` (bare)."""
    # A killed run leaves its deployment immutable, which cannot be swept away.
    _make_mutable(folder.glob("atomic-sysroot.*/root/ostree/deploy/*/deploy/*.0"))
    with scratch_folder("sysroot", place=folder) as work:
        sysroot = work / "root"
        sysroot.mkdir(mode=0o755)
        _deploy(commit, host, sysroot, ostree_repo, (f"root=UUID={root}", *kernel_arguments))
        place = f"ostree/deploy/{host.os_name}/deploy/{commit.checksum}.0"
        fstab = f"UUID={root} / ext4 defaults 0 1\nUUID={boot} /boot ext4 defaults 0 2\n"
        (sysroot / place / "etc" / "fstab").write_text(fstab, encoding="utf-8")
        (sysroot / "boot" / "grub2").mkdir()
        (sysroot / "boot" / "grub2" / "grub.cfg").write_text(GRUB_MENU, encoding="utf-8")
        (sysroot / "boot").rename(work / "boot")
        (sysroot / "boot").mkdir(mode=0o755)
        _settle(work, sysroot, commit.timestamp)
        yield Sysroot(sysroot, work / "boot", place)


def _deploy(commit: Commit, host: Host, sysroot: Path, source: Path, arguments: Sequence[str]) -> None:
    admin = ["ostree", "admin", f"--sysroot={sysroot}"]
    command.run(["ostree", "admin", "init-fs", "--modern", sysroot])
    # Trees have /tmp as a link to sysroot/tmp, which the modern layout leaves out.
    (sysroot / "tmp").mkdir()
    (sysroot / "tmp").chmod(0o1777)
    command.run([*admin, "os-init", host.os_name])
    ostree_repo = sysroot / "ostree" / "repo"
    ostree.run(ostree_repo, "config", "set", "sysroot.readonly", "false")
    key = f"--gpg-import={host.public_key}"
    ostree.run(ostree_repo, "remote", "add", key, host.remote_name, host.remote_url, commit.ref)
    ostree.pull_local(source, ostree_repo, commit.checksum)
    ostree.set_ref(ostree_repo, f"{host.remote_name}:{commit.ref}", commit.checksum)
    # ostree writes a menu for syslinux when it finds this link and a menu behind it.
    (sysroot / "boot" / "syslinux").mkdir(parents=True)
    (sysroot / "boot" / "loader.0").mkdir()
    (sysroot / "boot" / "loader").symlink_to("loader.0")
    (sysroot / "boot" / "loader.0" / "syslinux.cfg").write_text(_MENU_HEAD, encoding="utf-8")
    (sysroot / "boot" / "syslinux" / "syslinux.cfg").symlink_to("../loader/syslinux.cfg")
    kargs = [f"--karg={argument}" for argument in _repeatable(arguments)]
    command.run([*admin, "deploy", f"--os={host.os_name}", *kargs, f"{host.remote_name}:{commit.ref}"])
    # The flag would keep this folder from being changed and removed; the disk gets it back.
    _make_mutable((sysroot / "ostree" / "deploy" / host.os_name / "deploy").glob("*.0"))
    entry = next((sysroot / "boot" / "loader" / "entries").glob("*.conf"))
    _complete_arguments(sysroot / "boot" / "loader", entry, arguments)


def _make_mutable(deployments: Iterable[Path]) -> None:
    if found := list(deployments):
        command.run(["chattr", "-f", "-i", *found], check=False)


def _repeatable(arguments: Sequence[str]) -> list[str]:
    """Leave out all but the last of a repeated key: `--karg` keeps one of each."""
    last = {argument.split("=")[0]: argument for argument in arguments}
    return [argument for argument in arguments if last[argument.split("=")[0]] == argument]


def _complete_arguments(loader: Path, entry: Path, arguments: Sequence[str]) -> None:
    """Put back the repeated arguments, which upgrades then carry on."""
    wanted = _repeatable(arguments)
    for path in (entry, loader / "syslinux.cfg"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(" ".join(wanted), " ".join(arguments)), encoding="utf-8")


def _settle(work: Path, sysroot: Path, moment: int) -> None:
    """Remove what a deployment leaves behind by chance, and give new files the commit's time."""
    for leftover in (sysroot / "ostree" / "repo" / "tmp").iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    for folder, folders, files in os.walk(work):
        for name in (*folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118 - 25,000 of them
            if os.lstat(path).st_mtime:
                os.utime(path, (moment, moment), follow_symlinks=False)
