"""The initramfs of a tree, made by the tree's own dracut and kept for trees that would give the same one.

What dracut makes depends on the names in the tree (it looks for programs and modules) and on the content of
the files that it reads. Which ones it reads is seen from their access times, so that a changed package that
it never looks into does not cost another run, and one that it does look into always does.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from atomic_kit import command
from atomic_kit.errors import StepError, ToolError
from atomic_kit.files import file_digest, read_json, scratch_folder, value_digest, write_json
from atomic_kit.progress import step
from atomic_kit.sandbox import run_beside

# Part of the key under which an initramfs is kept: raise it when the call below changes.
INITRAMFS_VERSION = 2

_ALWAYS = ("--force", "--reproducible", "--no-hostonly-cmdline", "--add", "ostree", "--compress", "zstd -3 -T0 -q")
# The image's files all get this time, so that the time of a release does not enter.
_ENV = {"SOURCE_DATE_EPOCH": "1", "TMPDIR": "/tmp", "PATH": "/usr/sbin:/usr/bin"}
# dracut ends with 0 after these.
_ERROR = re.compile(r"(?m)^.*\b(?:ERROR|FATAL|FAILED)\b.*$")
# Without these the machine never finds its deployment.
_NEEDED = ("usr/lib/ostree/ostree-prepare-root", "usr/lib/systemd/systemd", "usr/bin/mount")
_NAME = "initramfs.img"
# dracut does not look in here.
_NEVER = tuple(f"usr/share/{name}" for name in ("doc", "info", "licenses", "lintian", "locale", "man", "rpm"))


def initramfs_for(root: Path, *, kernel: str, arguments: Sequence[str], cache: Path) -> Path:
    """Return the initramfs of a tree in OSTree's layout, a file in `cache`, making it when it is not there.

    Raises StepError when dracut fails or its log has an error. Nothing else may read the tree meanwhile,
    unless through a mount that leaves access times alone.
    """
    listing = [INITRAMFS_VERSION, _ALWAYS, _ENV, tuple(arguments), kernel, list(_listing(root))]
    seen = cache / f"{value_digest(listing)}.json"
    reads = read_json(seen)
    if reads is not None and all((root / name).is_file() for name in reads):
        known = cache / f"{_key(root, seen.stem, reads)}.img"
        if known.is_file():
            return known
    with step("Making the initramfs"):
        _forget_reads(root)
        with scratch_folder("initramfs", place=cache) as out:
            _make(root, kernel=kernel, arguments=arguments, out=out)
            reads = sorted(_reads(root))
            made = cache / f"{_key(root, seen.stem, reads)}.img"
            (out / _NAME).replace(made)
        write_json(seen, reads)
    return made


def _make(root: Path, *, kernel: str, arguments: Sequence[str], out: Path) -> None:
    """Write the initramfs into the folder `out`."""
    argv = ["dracut", *_ALWAYS, *arguments, "--tmpdir", "/tmp", "--kver", kernel, f"/out/{_NAME}"]
    try:
        result = run_beside(root, argv, out=out, env=_ENV)
        listed = run_beside(root, ["lsinitrd", f"/out/{_NAME}"], out=out, env=_ENV).stdout
    except ToolError as error:
        raise StepError("dracut did not make an initramfs", hint=error.hint) from error
    refuse_unusable(result.stdout + result.stderr, listed)
    (out / _NAME).chmod(0o600)


def refuse_unusable(log: str, listed: str) -> None:
    """Raise StepError when dracut's log has an error, or the list of what it made lacks what a host needs."""
    if found := _ERROR.search(log):
        raise StepError(f"dracut made an unusable initramfs ({found[0]})", hint=command.tail(log))
    if lacking := [name for name in _NEEDED if name not in listed]:
        raise StepError(f"the initramfs lacks {', '.join(lacking)}", hint=command.tail(log))


def _key(root: Path, listing: str, reads: list[str]) -> str:
    return value_digest([listing, [(name, file_digest(root / name)) for name in reads]])


def _listing(root: Path) -> Iterator[tuple[str, int, int, int, str]]:
    """Yield what can be learned of the tree without reading a file."""
    for name, status in _entries(root):
        target = str((root / name).readlink()) if stat.S_ISLNK(status.st_mode) else ""
        yield name, status.st_mode, status.st_uid, status.st_gid, target


def _forget_reads(root: Path) -> None:
    """Set each file's access time to 0, which the next read changes even under relatime."""
    for name, status in _entries(root):
        if stat.S_ISREG(status.st_mode):
            os.utime(root / name, ns=(0, status.st_mtime_ns))


def _reads(root: Path) -> Iterator[str]:
    """Yield the files that were read; all of them where the file system does not keep access times."""
    files = [(name, status) for name, status in _entries(root) if stat.S_ISREG(status.st_mode)]
    kept = any(status.st_atime_ns for name, status in files if name == "usr/bin/dracut")
    yield from (name for name, status in files if status.st_atime_ns or not kept)


def _entries(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield all below usr that dracut can look at, in a fixed order."""
    folders, start = [str(root / "usr")], len(str(root)) + 1
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                name = entry.path[start:]
                if name in _NEVER:
                    continue
                yield name, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
