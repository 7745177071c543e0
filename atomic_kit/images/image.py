"""Images of a commit: one canonical raw disk, and a conversion of it for each platform."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID, uuid5

from atomic_kit import command, disk
from atomic_kit.compose.commit import Commit
from atomic_kit.errors import InputError
from atomic_kit.files import file_digest, new_file, read_json, scratch_folder, value_digest, write_json, write_text
from atomic_kit.images.platforms import KERNEL_ARGUMENTS, Platform, platform
from atomic_kit.images.sysroot import GRUB_MENU, Host, deployed
from atomic_kit.progress import step
from atomic_kit.workspace import Workspace

# Part of the key under which an image is known: raise it when the bytes that this code makes change.
IMAGE_VERSION = 2

MIB = disk.MIB
_NAMESPACE = UUID("6d0e6c0a-52a4-4b0c-9a53-0f4f8d6f7c11")
_PARTITIONS = (
    ("bios", disk.BIOS_BOOT, 1 * MIB),
    ("esp", disk.EFI_SYSTEM, 64 * MIB),
    ("boot", disk.LINUX, 300 * MIB),
    ("root", disk.ROOT_X86_64, None),
)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image: sizes in bytes (`size` is what the file takes on this disk), and what it was made from."""

    platform: str
    format: str
    path: str
    size: int
    virtual_size: int
    sha256: str
    firmware: tuple[str, ...]
    commit: str
    ref: str
    version: str
    command: str


def partition_plan(size: int, *, seed: str) -> tuple[disk.Partition, ...]:
    """Return the partitions of a disk of `size` bytes; identifiers follow from `seed` and the names."""
    start, end = MIB, size - MIB
    plan = []
    for name, kind, length in _PARTITIONS:
        length = length or end - start
        if start + length > end:
            raise InputError(f"a disk of {size // MIB} MiB is too small", hint="raise disk_size in the parameters")
        plan.append(disk.Partition(name, kind, identifier(seed, name), start, length))
        start += length
    return tuple(plan)


def identifier(seed: str, name: str) -> UUID:
    """Return an identifier that follows from a commit and a name."""
    return uuid5(_NAMESPACE, f"{seed}/{name}")


def build_image(
    commit: Commit, *, platform_name: str, size: int, host: Host, workspace: Workspace, folder: Path
) -> ImageFile:
    """Return the image of a commit for a platform; it is made when `folder` does not hold it.

    `size` is the virtual size in bytes. Raises InputError for an unknown platform and for a disk that
    is too small.
    """
    row = platform(platform_name)
    content = [IMAGE_VERSION, commit.checksum, size, asdict(host), file_digest(host.public_key), GRUB_MENU]
    key = value_digest([*content, asdict(row)])
    stem = f"{host.os_name}-{commit.version}"
    path = folder / f"{stem}-{row.name}.{row.suffix}"
    if known := _known(path, key):
        return known
    raw = folder / f"{stem}-raw.raw"
    mark = raw.with_suffix(".made-from")
    if not (raw.is_file() and mark.is_file() and mark.read_text() == value_digest(content)):
        _build_raw(commit, size=size, host=host, workspace=workspace, path=raw)
        write_text(mark, value_digest(content))
    if row.convert:
        with step(f"Converting the image for {row.title}"), new_file(path) as part:
            command.run(["qemu-img", "convert", "-f", "raw", *row.convert, raw, part], timeout=1800)
    return _describe(path, row, commit, size=size, key=key)


def _build_raw(commit: Commit, *, size: int, host: Host, workspace: Workspace, path: Path) -> None:
    plan = {partition.name: partition for partition in partition_plan(size, seed=commit.checksum)}
    with (
        step("Building the raw disk", total=5) as work,
        new_file(path) as part,
        deployed(
            commit,
            host,
            ostree_repo=workspace.cache_repo,
            kernel_arguments=KERNEL_ARGUMENTS,
            root=plan["root"].id,
            boot=plan["boot"].id,
            folder=path.parent,
        ) as sysroot,
    ):
        work.advance()
        with part.open("wb") as file:
            file.truncate(size)
        disk.write_table(part, list(plan.values()), id=identifier(commit.checksum, "disk"))
        disk.make_ext4(part, plan["root"], source=sysroot.root, label="root", epoch=commit.timestamp)
        work.advance()
        disk.make_ext4(part, plan["boot"], source=sysroot.boot, label="boot", epoch=commit.timestamp)
        work.advance()
        disk.settle_times(part, plan["root"], epoch=commit.timestamp, immutable=[f"/{sysroot.deployment}"])
        disk.settle_times(part, plan["boot"], epoch=commit.timestamp)
        work.advance()
        _install_loaders(part, plan, epoch=commit.timestamp)
        work.advance()


def _install_loaders(path: Path, plan: dict[str, disk.Partition], *, epoch: int) -> None:
    config = f"search --no-floppy --fs-uuid --set=root {plan['boot'].id}\nconfigfile ($root)/grub2/grub.cfg\n"
    with scratch_folder("loaders") as folder:
        core, loader = folder / "core.img", folder / "BOOTX64.EFI"
        disk.grub_image("i386-pc", config=config, to=core)
        disk.install_bios_loader(path, plan["bios"], core=core)
        disk.grub_image("x86_64-efi", config=config, to=loader)
        disk.make_esp(path, plan["esp"], loader=loader, epoch=epoch)


def _describe(path: Path, row: Platform, commit: Commit, *, size: int, key: str) -> ImageFile:
    """Write the record beside an image and return it."""
    with step(f"Taking the checksum of {path.name}"):
        digest = file_digest(path)
    image = ImageFile(
        platform=row.name,
        format=row.format,
        path=str(path),
        size=os.stat(path).st_blocks * 512,  # noqa: PTH116
        virtual_size=size,
        sha256=digest,
        firmware=("bios", "uefi"),
        commit=commit.checksum,
        ref=commit.ref,
        version=commit.version,
        command=row.command.format(file=path.name),
    )
    write_json(path.with_name(f"{path.name}.json"), {"key": key, "image": asdict(image)})
    return image


def _known(path: Path, key: str) -> ImageFile | None:
    """Return what was recorded of an image, None when it is not there or was made from something else."""
    record = path.with_name(f"{path.name}.json")
    document = read_json(record)
    if document is None or document["key"] != key or not path.is_file():
        return None
    return ImageFile(**document["image"] | {"firmware": tuple(document["image"]["firmware"])})
