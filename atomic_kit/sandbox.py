"""Sandboxes for what packages bring along: no network, nothing of the machine to write to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from atomic_kit import command

_APART = ["--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]


def installer(root: Path, *, packages: Path, env: Mapping[str, str]) -> list[str]:
    """Return the words before a command that fills `root` from files below `packages` and runs scripts by chroot."""
    for name in ("proc", "dev", "run", "tmp"):
        (root / name).mkdir(exist_ok=True)
    inside = ["--proc", str(root / "proc"), "--dev", str(root / "dev"), "--tmpfs", str(root / "run")]
    # SQLite, which keeps rpm's database, makes its journals in the first of its places that it can write to.
    host = ["--ro-bind", "/", "/", "--tmpfs", "/var/tmp"]
    host += ["--ro-bind", str(packages), str(packages), "--bind", str(root), str(root)]
    return ["bwrap", *_APART, *_forget(env), *host, *inside, "--cap-add", "ALL", "--"]


def run_in(root: Path, argv: Sequence[str], *, env: Mapping[str, str], timeout: float = 600) -> command.Result:
    """Run a program of a tree with the tree as its root, writable. Raises ToolError when it fails."""
    view = ["--bind", str(root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--tmpfs", "/tmp"]
    argv = [*view, "--cap-add", "ALL", "--", *argv]
    return command.run(["bwrap", *_APART, *_forget(env), *argv], env=env, timeout=timeout)


def run_beside(
    root: Path, argv: Sequence[str], *, out: Path, env: Mapping[str, str], timeout: float = 600
) -> command.Result:
    """Run a program of a finished tree (/etc in usr/etc) that only reads the tree and writes to `out`, at /out."""
    # Not read-only: the kernel keeps the times of reading, which the initramfs's key needs, on writable mounts only.
    view = ["--bind", str(root / "usr"), "/usr", "--bind", str(root / "usr" / "etc"), "/etc"]
    links = [word for name in ("bin", "sbin", "lib", "lib64") for word in ("--symlink", f"usr/{name}", f"/{name}")]
    own = ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--tmpfs", "/tmp", "--tmpfs", "/var", "--bind"]
    argv = [*view, *links, *own, str(out), "/out", "--cap-add", "ALL", "--", *argv]
    return command.run(["bwrap", *_APART, *_forget(env), *argv], env=env, timeout=timeout)


def unseen(folder: Path) -> list[str]:
    """Return the words before a command that reads `folder` without a trace in its files' access times."""
    return ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(folder), str(folder), "--"]


def _forget(env: Mapping[str, str]) -> list[str]:
    """Return the words that keep the user's environment from a sandbox: equal inputs must give equal trees."""
    own = {name for name in os.environ if name not in {"PATH", "LC_ALL", *env}}
    return [word for name in sorted(own) for word in ("--unsetenv", name)]
