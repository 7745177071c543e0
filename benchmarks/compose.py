"""How long a compose takes: ours from nothing, unchanged and with each of some packages changed, and the plain way.

usage: .venv/bin/python benchmarks/compose.py [PARAMETERS] [REPEATS]

The plain way is what one would type: `dnf --installroot` from a folder of the same RPM files, dracut in the
tree, /etc moved to /usr/etc, `ostree commit` to an archive with a signature, and the summary. It knows nothing
of what was there before, so it costs the same whatever changed. Both make an archive that clients can pull from,
and neither makes a static delta. ostree waits for the disk and packs at zlib level 6 unless it is told otherwise;
`plain, tuned` is told what ours tells it: not to wait, and level 3. They take turns in going first. The packages
are those of the newest finished release, so `./workbench release` comes first; dnf and createrepo_c must be
installed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from atomic_kit import command
from atomic_kit.compose import compose_tree
from atomic_kit.parameters import load_parameters
from atomic_kit.release.records import read_table
from atomic_kit.release.release import Release, finished_releases
from atomic_kit.workspace import Workspace

# What the plain way calls its one rpm_repo.
_NAME = "plain"
_TIME = 1_700_000_000


def main(name: str, repeats: int) -> None:
    """Print one row a way of composing: the median in seconds, and as a ratio to the plain way."""
    if missing := [tool for tool in ("dnf", "createrepo_c") if command.which(tool) is None]:
        sys.exit(f"{' and '.join(missing)} is not installed; apt-get install dnf createrepo-c")
    releases = finished_releases(load_parameters(name))
    if len(releases) < 2:
        sys.exit(f"{name} has fewer than two finished releases; ./workbench release makes them")
    release = releases[-1]
    rpm_files = _rpm_files(release)
    changed = dict(_with_one_of(release, releases[0]))
    times: dict[str, list[float]] = {}
    with TemporaryDirectory(dir=release.workspace.build) as folder:
        repo = _rpm_repo(Path(folder) / "rpms", rpm_files)
        for number in range(repeats):
            place = Path(folder) / str(number)
            ours = Ours(release, Workspace(place / "ours", place / "reports"))
            first = [
                ("plain", Plain(release, repo, place / "plain")),
                ("cold", lambda ours=ours: ours(rpm_files)),
                ("plain, tuned", Plain(release, repo, place / "tuned", "core.fsync=false", "archive.zlib-level=3")),
            ]
            for what, call in [*first[:: 1 if number % 2 else -1], ("unchanged", first[1][1])]:
                times.setdefault(what, []).append(_seconds(call))
            for package, files in changed.items():
                images = ours.initramfs_count()
                seconds = _seconds(lambda ours=ours, files=files: ours(files))
                what = "changed, of the initramfs" if ours.initramfs_count() > images else "changed, not of it"
                times.setdefault(f"{package} {what}", []).append(seconds)
    frame = pd.DataFrame({what: pd.Series(values).describe() for what, values in times.items()}).T
    frame["ratio"] = frame["50%"] / frame.loc["plain", "50%"]
    print(f"{len(rpm_files)} packages, {repeats} runs, seconds")
    print(frame[["min", "50%", "max", "ratio"]].round(2).rename(columns={"50%": "median"}).to_string())


class Ours:
    """compose_tree in a workspace of its own."""

    def __init__(self, release: Release, workspace: Workspace) -> None:
        self._treefile, self._workspace = release.treefile, workspace

    def __call__(self, rpm_files: list[Path]) -> None:
        """Compose RPM files to a commit without a parent."""
        compose_tree(self._treefile, rpm_files, version="0", epoch=_TIME, workspace=self._workspace)

    def initramfs_count(self) -> int:
        """Return how many different initramfs were made so far."""
        return len(list((self._workspace.build / "initramfs").glob("*.img")))


class Plain:
    """The same tree by the tools that everybody has."""

    def __init__(self, release: Release, rpm_repo: Path, folder: Path, *settings: str) -> None:
        self._release, self._repo, self._folder, self._settings = release, rpm_repo, folder, settings
        self._keys = release.workspace.keys

    def __call__(self) -> None:
        """Install, make the initramfs, lay out, commit, sign, summarise."""
        root, ostree_repo = self._folder / "root", self._folder / "ostree"
        (root / "etc").mkdir(parents=True)
        treefile = self._release.treefile
        for source, name in ((treefile.check_passwd, "passwd"), (treefile.check_groups, "group")):
            if source:
                command.run(["cp", source, root / "etc" / name])
        self._install(root)
        kernel = next((root / "usr/lib/modules").iterdir()).name
        inside = f"systemd-sysusers && ldconfig && depmod {kernel} && dracut --no-hostonly --add ostree "
        inside += f"--compress 'zstd -3 -T0 -q' --kver {kernel} /usr/lib/modules/{kernel}/initramfs.img"
        view = ["--bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--tmpfs", "/tmp"]
        command.run(["bwrap", *view, "--cap-add", "ALL", "--", "/bin/sh", "-c", inside])
        lay_out = "mv etc usr/etc && rm -rf var/* run/* dev/* && mkdir -p sysroot && ln -sf sysroot/ostree ostree"
        command.run(["sh", "-c", lay_out], cwd=root)
        command.run(["ostree", "init", f"--repo={ostree_repo}", "--mode=archive"])
        for setting in self._settings:
            command.run(["ostree", "config", f"--repo={ostree_repo}", "set", *setting.split("=")])
        fingerprint = self._fingerprint()
        sign = [f"--gpg-sign={fingerprint}", f"--gpg-homedir={self._keys}"]
        commit = ["ostree", "commit", f"--repo={ostree_repo}", f"--tree=dir={root}", "--bootable", *sign]
        command.run([*commit, f"--branch={treefile.ref}"])
        command.run(["ostree", "summary", "--update", f"--repo={ostree_repo}", *sign])
        command.run(["rm", "-rf", root])

    def _install(self, root: Path) -> None:
        options = {
            "install_weak_deps": "False",
            "tsflags": "nodocs",
            "cachedir": self._folder / "cache",
            "module_platform_id": "platform:demo",
        }
        argv: list[str | Path] = ["dnf", "--quiet", "--assumeyes", "--nogpgcheck", f"--installroot={root}"]
        argv += [f"--repofrompath={_NAME},file://{self._repo}", f"--repo={_NAME}", "--releasever=1"]
        argv += [f"--setopt={key}={value}" for key, value in options.items()]
        command.run([*argv, "install", *self._release.treefile.packages])

    def _fingerprint(self) -> str:
        listed = command.run(["gpg", f"--homedir={self._keys}", "--list-secret-keys", "--with-colons"]).stdout
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))


def _rpm_files(release: Release) -> list[Path]:
    return [Path(path) for path in release.record("package-set")["rpm_files"]]


def _with_one_of(release: Release, older: Release) -> Iterator[tuple[str, list[Path]]]:
    """Yield packages, and a release's RPM files with the one of an older release in place of its own.

    They are those that are the only one of their source and have another version, which is still in the cache.
    """
    mine, theirs = (_by_name(one) for one in (release, older))
    packages = read_table(release.folder, "packages")
    for name in packages[~packages["source"].duplicated(keep=False)]["name"]:
        if name in theirs and mine[name].name != theirs[name].name and theirs[name].is_file():
            yield name, sorted({**mine, name: theirs[name]}.values())


def _by_name(release: Release) -> dict[str, Path]:
    return {path.name.rsplit("-", 2)[0]: path for path in _rpm_files(release)}


def _rpm_repo(folder: Path, rpm_files: list[Path]) -> Path:
    folder.mkdir()
    for path in rpm_files:
        os.link(path, folder / path.name)
    command.run(["createrepo_c", "--quiet", folder])
    return folder


def _seconds(call: Callable[[], None]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo", int(sys.argv[2]) if len(sys.argv) > 2 else 3)
