"""Disks made from plain files: partition table, file systems and boot loader, without mounts or loop devices.

Offsets and sizes are bytes unless a name says otherwise. Every identifier and time is given, so that equal
content gives equal bytes.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from atomic_kit import command
from atomic_kit.errors import StepError, ToolError

SECTOR = 512
MIB = 2**20

# Types of GPT partitions. Source: the UEFI specification and the Discoverable Partitions Specification.
BIOS_BOOT = UUID("21686148-6449-6E6F-744E-656564454649")
EFI_SYSTEM = UUID("C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
LINUX = UUID("0FC63DAF-8483-4772-8E79-3D69D8477DE4")
ROOT_X86_64 = UUID("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709")

_GRUB = Path("/usr/lib/grub")
_GRUB_MODULES = (
    *("part_gpt", "ext2", "fat", "search", "search_fs_uuid", "normal", "configfile", "test", "echo"),
    *("serial", "terminal", "linux", "syslinuxcfg", "minicmd"),
)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: name, type, its own identifier, where it starts and how long it is."""

    name: str
    type: UUID
    id: UUID
    start: int
    size: int


def write_table(disk: Path, partitions: Sequence[Partition], *, id: UUID) -> None:
    """Write a GPT into a disk image."""
    lines = [f"label: gpt\nlabel-id: {id}\nfirst-lba: 34"]
    for one in partitions:
        lines.append(
            f"start={one.start // SECTOR}, size={one.size // SECTOR}, type={one.type}, uuid={one.id}, name={one.name}"
        )
    argv: list[command.Argument] = ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", disk]
    command.run(argv, input="\n".join(lines) + "\n")


def make_ext4(disk: Path, partition: Partition, *, source: Path, label: str, epoch: int) -> None:
    """Make an ext4 file system in a partition and fill it from a folder, owners and attributes included.

    Its identifier is the partition's. Raises StepError when the folder does not fit.
    """
    seeds = f"hash_seed={partition.id},offset={partition.start},lazy_itable_init=1,lazy_journal_init=1"
    argv: list[command.Argument] = ["mkfs.ext4", "-q", "-F", "-U", str(partition.id), "-L", label, "-E", seeds]
    argv += ["-d", source, disk, f"{partition.size // 1024}k"]
    try:
        command.run(argv, env={"E2FSPROGS_FAKE_TIME": str(epoch)})
    except ToolError as error:
        if "Could not allocate" not in error.hint:
            raise
        raise StepError(
            f"the tree does not fit the {partition.name} partition of {partition.size // MIB} MiB",
            hint="raise disk_size in the parameters",
        ) from error


def settle_times(disk: Path, partition: Partition, *, epoch: int, immutable: Sequence[str] = ()) -> None:
    """Set the times that mkfs.ext4 copies from its source files, and the immutable flag of some paths."""
    device = f"{disk}?offset={partition.start}"
    shown = command.run(["dumpe2fs", "-h", device]).stdout
    counts = {line.split(":")[0]: line.split(":")[1].strip() for line in shown.splitlines() if ":" in line}
    used = int(counts["Inode count"]) - int(counts["Free inodes"])
    fields = ("atime", "ctime", "crtime")
    lines = [f"sif <{inode}> {field} @{epoch}" for inode in (2, *range(11, used + 1)) for field in fields]
    lines += [f"sif <{inode}> {field}_extra 0" for inode in (2, *range(11, used + 1)) for field in fields]
    # 0x80000 says that a file has extents, 0x10 that it is immutable.
    lines += [f"sif {path} flags 0x80010" for path in immutable]
    with tempfile.NamedTemporaryFile("w", suffix=".debugfs") as script:
        script.write("\n".join(lines) + "\n")
        script.flush()
        command.run(["debugfs", "-w", "-f", script.name, device], env={"E2FSPROGS_FAKE_TIME": str(epoch)})


def make_esp(disk: Path, partition: Partition, *, loader: Path, epoch: int) -> None:
    """Make the EFI system partition with one boot loader, at the place where firmware looks by itself."""
    volume = f"{partition.id.int & 0xFFFFFFFF:08x}"
    offset = str(partition.start // SECTOR)
    argv = ["mkfs.vfat", "--invariant", "-F", "32", "-s", "1", "-n", "EFI", "-i", volume, "--offset", offset]
    command.run([*argv, disk, str(partition.size // 1024)])
    image = f"{disk}@@{partition.start}"
    command.run(["mmd", "-i", image, "::EFI", "::EFI/BOOT"], env={"SOURCE_DATE_EPOCH": str(epoch)})
    os.utime(loader, (epoch, epoch))
    mcopy: list[command.Argument] = ["mcopy", "-m", "-i", image, loader, "::EFI/BOOT/BOOTX64.EFI"]
    command.run(mcopy, env={"SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC"})


def grub_image(target: str, *, config: str, to: Path) -> None:
    """Make GRUB's image for a target (`i386-pc` or `x86_64-efi`) with a configuration of its own."""
    folder = _GRUB / target
    if not folder.is_dir():
        package = "grub-pc-bin" if target == "i386-pc" else "grub-efi-amd64-bin"
        raise StepError(f"GRUB for {target} is not installed", hint=f"apt-get install {package}")
    own = ["biosdisk", "linux16"] if target == "i386-pc" else ["efi_gop", "all_video"]
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(config)
        file.flush()
        argv: list[command.Argument] = ["grub-mkimage", "-O", target, "-d", folder, "-c", file.name]
        argv += ["-p", "/grub2", "-o", to]
        command.run([*argv, *_GRUB_MODULES, *own])


def install_bios_loader(disk: Path, partition: Partition, *, core: Path) -> None:
    """Write GRUB's first stage into the MBR and its core into the BIOS-boot partition.

    The core's first sector names where the rest lies (at byte 500), and the MBR where the core lies (at
    byte 0x5c). Source: GRUB's i386-pc boot.S and diskboot.S.
    """
    image = bytearray(core.read_bytes())
    if len(image) > partition.size:
        raise StepError(f"GRUB's core of {len(image)} bytes does not fit the BIOS-boot partition")
    first = partition.start // SECTOR
    struct.pack_into("<Q", image, 500, first + 1)
    stage = bytearray((_GRUB / "i386-pc" / "boot.img").read_bytes()[:440])
    struct.pack_into("<Q", stage, 0x5C, first)
    with disk.open("r+b") as file:
        file.write(stage)
        file.seek(partition.start)
        file.write(image)
