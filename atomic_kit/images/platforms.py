"""Platforms: where an image runs, how it is stored, what the guest needs, what the user runs next."""

from __future__ import annotations

from dataclasses import dataclass

from atomic_kit.errors import InputError


@dataclass(frozen=True, slots=True)
class Platform:
    """One row. `convert` holds qemu-img's options for the format, empty where the raw disk is the image."""

    name: str
    title: str
    format: str
    suffix: str
    convert: tuple[str, ...]
    command: str


_SERIAL_LAST = ("console=tty0", "console=ttyS0,115200n8")

# One canonical disk serves all platforms; its kernel arguments are the same.
KERNEL_ARGUMENTS = ("rw", *_SERIAL_LAST)

PLATFORMS = {
    row.name: row
    for row in (
        Platform(
            "qemu",
            "QEMU and libvirt",
            "qcow2",
            "qcow2",
            ("-O", "qcow2", "-o", "compat=1.1"),
            "qemu-system-x86_64 -accel kvm -accel tcg -m 1024 -smp 2 -nographic -drive file={file},if=virtio",
        ),
        Platform("raw", "any disk", "raw", "raw", (), "dd if={file} of=/dev/DISK bs=4M conv=fsync,sparse"),
    )
}


def known_platforms() -> tuple[str, ...]:
    """Return the names of all platforms."""
    return tuple(PLATFORMS)


def platform(name: str) -> Platform:
    """Return a platform by its name; raise InputError when there is none."""
    try:
        return PLATFORMS[name]
    except KeyError:
        raise InputError(f"unknown platform {name!r}", hint=f"known: {', '.join(PLATFORMS)}") from None
