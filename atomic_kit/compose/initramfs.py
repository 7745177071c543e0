"""The initramfs of a tree, made by the tree's own dracut."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from atomic_kit import command
from atomic_kit.errors import StepError, ToolError
from atomic_kit.files import new_file, value_digest
from atomic_kit.sandbox import run_beside

# Part of the key under which an initramfs is kept: raise it when the call below changes.
INITRAMFS_VERSION = 1

_ALWAYS = ("--force", "--reproducible", "--no-hostonly-cmdline", "--add", "ostree", "--compress", "zstd -3 -T0 -q")
# dracut ends with 0 after these.
_ERROR = re.compile(r"(?m)^.*\b(?:ERROR|FATAL|FAILED)\b.*$")
# Without these the machine never finds its deployment.
_NEEDED = ("usr/lib/ostree/ostree-prepare-root", "usr/lib/systemd/systemd", "usr/bin/mount")


def initramfs_key(rpm_digests: list[str], *, arguments: tuple[str, ...], kernel: str) -> str:
    """Return the digest of all that an initramfs is made from."""
    return value_digest([INITRAMFS_VERSION, sorted(rpm_digests), arguments, _ALWAYS, kernel])


def make_initramfs(root: Path, *, kernel: str, arguments: tuple[str, ...], epoch: int, to: Path) -> None:
    """Write the initramfs of a tree in OSTree's layout; an error in dracut's log raises StepError."""
    with new_file(to) as part:
        out = part.with_suffix(".folder")
        out.mkdir()
        try:
            argv = ["dracut", *_ALWAYS, *arguments, "--tmpdir", "/tmp", "--kver", kernel, "/out/initramfs.img"]
            result = run_beside(root, argv, out=out, env={"SOURCE_DATE_EPOCH": str(epoch), "TMPDIR": "/tmp"})
            log = result.stdout + result.stderr
            if found := _ERROR.search(log):
                raise StepError(f"dracut made an unusable initramfs ({found[0]})", hint=command.tail(log))
            listed = run_beside(root, ["lsinitrd", "/out/initramfs.img"], out=out, env={"TMPDIR": "/tmp"}).stdout
            if lacking := [name for name in _NEEDED if name not in listed]:
                raise StepError(f"the initramfs lacks {', '.join(lacking)}", hint=command.tail(log))
            made = out / "initramfs.img"
            made.chmod(0o600)
            made.replace(part)
        except ToolError as error:
            raise StepError("dracut did not make an initramfs", hint=error.hint) from error
        finally:
            shutil.rmtree(out)
