"""The solver against dnf, as a process and in one, on the same metadata in one run; and whether both agree.

usage: .venv/bin/python benchmarks/solver.py [--requests N] [FOLDER ...]

FOLDER is one that holds `repodata`; without any the demo's archive is taken. Needs Debian's packages dnf and
python3-dnf. Figures are medians; ratios are dnf's time over ours.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from atomic_kit.errors import UnsolvableError
from atomic_kit.packages.package_set import Package
from atomic_kit.packages.sweep import leave_one_out, leave_two_out, sweep
from atomic_kit.progress import listen
from atomic_kit.rpm_repos import RpmRepo
from atomic_kit.solver import Pool, Request
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.sources.demo import DemoSource
from atomic_kit.sources.rpmmd import RpmMdSource

_TIMES = 20
# Of both worlds; each has more than forty of them.
_TREEFILE = (
    *("kernel", "linux-image-cloud-amd64", "systemd", "systemd-resolved", "systemd-timesyncd", "dbus", "udev"),
    *("bash", "coreutils", "util-linux", "findutils", "grep", "sed", "gawk", "tar", "gzip", "xz", "xz-utils", "less"),
    *("openssh-server", "openssh-clients", "openssh-client", "sudo", "curl", "iproute", "iproute2", "iputils"),
    *("iputils-ping", "NetworkManager", "network-manager", "chrony", "dnf", "rpm", "podman", "ostree", "dracut"),
    *("e2fsprogs", "xfsprogs", "lvm2", "cryptsetup", "parted", "gdisk", "procps-ng", "procps", "kexec-tools"),
    *("audit", "auditd", "selinux-policy-targeted", "nftables", "iptables", "ethtool", "tcpdump", "rsync", "tuned"),
    *("logrotate", "cronie", "cron", "nfs-utils", "nfs-common", "vim-minimal", "vim-tiny", "gnupg2", "gnupg", "tmux"),
    *("ca-certificates", "passwd", "polkit", "policykit-1", "dosfstools", "efibootmgr", "mdadm", "bzip2", "file"),
    *(
        "hostname",
        "diffutils",
        "cpio",
        "which",
        "shadow-utils",
        "login",
        "kmod",
        "pciutils",
        "usbutils",
        "smartmontools",
    ),
)
_HOST = ("kernel", "linux-image-cloud-amd64", "systemd", "bash", "openssh-server", "sudo", "curl", "tar", "gzip", "xz")


def main() -> None:
    """Print a table of times and ratios, then every request whose answers differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--requests", type=int, default=200)
    asked = parser.parse_args()
    listen(lambda event: None)
    with TemporaryDirectory() as name:
        work = Path(name)
        rpm_repos, folders = _metadata(work, [folder.resolve() for folder in asked.folders])
        rows, differences = _measure(work, rpm_repos, folders, asked.requests)
    print(pd.DataFrame(rows, columns=["what", "ours, ms", "dnf, ms", "ratio"]).to_string(index=False))
    print(f"{asked.requests - len(differences)} of {asked.requests} random requests have the same answer as dnf's")
    for difference in differences:
        print(f"  {difference}")


def _metadata(work: Path, folders: Sequence[Path]) -> tuple[Sequence[RpmRepoMetadata], dict[str, Path]]:
    if folders:
        named = {folder.name.lower(): folder for folder in folders}
        rpm_repos = [
            RpmRepo(id=name, baseurl=[folder.as_uri()], gpgcheck=False, repo_gpgcheck=False)
            for name, folder in named.items()
        ]
        return RpmMdSource(work / "ours", rpm_repos).snapshots()[-1].rpm_repos, named
    snapshot = DemoSource(work / "ours").snapshots()[-1]
    return snapshot.rpm_repos, {one.id: one.primary.parent.parent for one in snapshot.rpm_repos}


def _measure(
    work: Path, rpm_repos: Sequence[RpmRepoMetadata], folders: dict[str, Path], count: int
) -> tuple[list[tuple[str, float, float | None, float | None]], list[str]]:
    pool = Pool(rpm_repos)  # fills the cache
    packages = [pool.package(number) for number in pool.ids()]
    host = Request(tuple(name for name in _HOST if pool.named(name)))
    rng = random.Random(1)
    requests = [
        ([_text(rng, packages) for _ in range(rng.randint(1, 12))], bool(number % 2)) for number in range(count)
    ]
    peer = _peer(work, folders, [(list(host.packages), True)] * _TIMES + requests)
    rows: list[tuple[str, float, float | None, float | None]] = []

    def row(what: str, ours: float, theirs: float | None = None) -> None:
        ratio = round(theirs / ours, 1) if theirs else None
        rows.append((what, round(1000 * ours, 2), round(1000 * theirs, 1) if theirs else None, ratio))

    def cold() -> None:
        Pool(rpm_repos).solve(host)

    warm = statistics.median(one["seconds"] for one in peer["answers"][:_TIMES])
    row(f"{len(pool)} packages: load and solve in process", _median(cold), peer["loaded"] + warm)
    row("solve again, ids", _median(lambda: pool.answer(host)), warm)
    row("solve again, packages with reasons", _median(lambda: pool.solve(host)), warm)
    row("as a process", _median(lambda: _our_process(work, folders, host), 5), _dnf_process(work, folders, host))
    ours = [_timed(pool, Request(tuple(texts), recommends=weak)) for texts, weak in requests]
    theirs = peer["answers"][_TIMES:]
    row("random requests", statistics.median(one[1] for one in ours), statistics.median(t["seconds"] for t in theirs))
    forty = _treefile(pool)
    row(f"{len(forty.packages)} requests: all with one less", _median(lambda: sweep(pool, leave_one_out(forty)), 5))
    pairs = leave_two_out(forty)
    row(f"all {len(pairs)} with two less", _median(lambda: sweep(pool, pairs), 3))
    return rows, [
        f"{texts}, weak {weak}: only ours {sorted(set(mine) - set(one['chosen']))[:4]}, "
        f"only dnf's {sorted(set(one['chosen']) - set(mine))[:4]} {one['problem'][:100]}"
        for (texts, weak), (mine, _), one in zip(requests, ours, theirs, strict=True)
        if mine != one["chosen"]
    ]


def _text(rng: random.Random, packages: Sequence[Package]) -> str:
    """Return a request as one would type it: mostly a name, now and then another spelling."""
    package = rng.choice(packages)
    spellings = (
        package.name,
        str(package.nevra),
        f"{package.name}-{package.version}-{package.release}",
        f"{package.name}.{package.arch}",
        f"{package.name} >= {package.version}",
        f"{package.name}-*",
        f"{package.name[:-1]}?",
        f"{package.name}.*",
    )
    return package.name if rng.random() < 0.7 else rng.choice(spellings)


def _treefile(pool: Pool) -> Request:
    """Return forty requests of a host, as its treefile would have them."""
    return Request(tuple(name for name in _TREEFILE if pool.named(name))[:40])


def _median(call: Callable[[], Any], times: int = _TIMES) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def _timed(pool: Pool, request: Request) -> tuple[list[str], float]:
    started = time.perf_counter()
    try:
        chosen = pool.answer(request, in_words=False).chosen
    except UnsolvableError:
        chosen = frozenset()
    seconds = time.perf_counter() - started
    return sorted(str(pool.package(number).nevra) for number in chosen), seconds


def _peer(work: Path, folders: dict[str, Path], requests: Sequence[tuple[list[str], bool]]) -> Any:
    """Ask dnf in one process of the system's Python; twice, so that its cache is filled the second time."""
    question = {
        "rpm_repos": {name: str(folder) for name, folder in folders.items()},
        "cache": str(work),
        "requests": requests,
        "arch": "x86_64",
    }
    script = Path(__file__).with_name("dnf_peer.py")
    for asked in ({**question, "requests": []}, question):
        done = subprocess.run(
            ["/usr/bin/python3", script], input=json.dumps(asked), text=True, stdout=subprocess.PIPE, check=True
        )
    return json.loads(done.stdout)


def _dnf_process(work: Path, folders: dict[str, Path], request: Request) -> float:
    argv = ["dnf", "-q", f"--installroot={work}/root", f"--setopt=cachedir={work}/dnf", "--releasever=9", "-C"]
    for name, folder in folders.items():
        argv += [f"--repofrompath={name},file://{folder}", f"--repo={name}"]
    argv += ["--setopt=*.module_hotfixes=1", "--assumeno", "install", *request.packages]
    run = lambda: subprocess.run(argv, capture_output=True, check=False)  # noqa: E731
    subprocess.run([one for one in argv if one != "-C"], capture_output=True, check=False)
    return _median(run, 5)


def _our_process(work: Path, folders: dict[str, Path], request: Request) -> None:
    argv = [sys.executable, "-m", "atomic_kit.cli", "resolve", *request.packages, "--no-gpgcheck", "--json", "-C"]
    for name, folder in folders.items():
        argv += ["--repofrompath", f"{name},{folder}"]
    subprocess.run(argv, capture_output=True, check=True, env={"XDG_CACHE_HOME": str(work)})


if __name__ == "__main__":
    main()
