"""What this machine has and lacks for the workbench, and the cure for each lack."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from atomic_kit import command, qemu
from atomic_kit.errors import ToolError

# A demo release holds two composed trees, their repositories and images; see benchmarks/ for the measured sizes.
_DISK_BYTES = 8 * 2**30
# One machine under test (1 GiB) beside dracut and the solver.
_MEMORY_BYTES = 2 * 2**30
_PROBE_SECONDS = 20


class State(StrEnum):
    """How well a thing serves: `limited` works, slower or not for everything."""

    PRESENT = "present"
    LIMITED = "limited"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `cure` says what to do and is empty when nothing is to be done."""

    subject: str
    state: State
    detail: str
    cure: str = ""

    def as_dict(self) -> dict[str, str]:
        """The finding as one row of a table or of a JSON document."""
        return asdict(self)


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Whether a release can be made here: nothing is missing, though something may be limited."""
    return all(finding.state is not State.MISSING for finding in findings)


def diagnose(build: Path = Path("build")) -> list[Finding]:
    """Look at everything that a release needs, without changing anything; tools come first, by name.

    `build` is the work folder (it need not exist). Probes that start programs end within 20 seconds each.
    """
    return [*_tools(), _archive(), _accelerator(), _namespaces(), _sandbox(), _memory(), _disk(build)]


def _tools() -> Iterator[Finding]:
    for tool in sorted(command.tools().values(), key=lambda tool: tool.name):
        name = tool.name.split("|")[0]
        if found := command.which(tool.name):
            yield Finding(name, State.PRESENT, str(found))
            continue
        hint = command.install_hint([tool.name])
        lacking = State.LIMITED if hint.startswith("no package") else State.MISSING
        yield Finding(name, lacking, f"not found; {tool.purpose}", hint)


def _archive() -> Finding:
    """Whether the demo source has package lists to resolve from."""
    subject = "package archive"
    if command.which("apt-get") is None:
        return Finding(
            subject, State.LIMITED, "no apt here, which the demo needs", "use parameters whose source is rpm-md"
        )
    lists = command.run(["apt-get", "indextargets", "--format", "$(SITE) $(SUITE)"], check=False).stdout.split("\n")
    suites = sorted({line.split()[-1] for line in lists if line.strip()})
    if not suites:
        return Finding(subject, State.MISSING, "apt has no package source", "name one in /etc/apt/sources.list.d")
    return Finding(subject, State.PRESENT, f"apt knows {', '.join(suites)}")


def _accelerator() -> Finding:
    """Whether machines under test run at the processor's speed: KVM can be there and yet hang when it is used."""
    subject = "accelerator"
    if qemu.probe_accelerator() == "kvm":
        return Finding(subject, State.PRESENT, "KVM: a tiny guest ran")
    lack = "does not run a guest" if Path("/dev/kvm").exists() else "is not here"
    return Finding(
        subject, State.LIMITED, f"/dev/kvm {lack}: machines are emulated, slower", "enable KVM to boot faster"
    )


def _namespaces() -> Finding:
    """Whether an ordinary user can be root in a namespace of their own, as a compose needs."""
    subject = "user namespaces"
    if os.geteuid() == 0:
        within = Path("/proc/self/uid_map").read_text(encoding="ascii").split() != ["0", "0", "4294967295"]
        return Finding(subject, State.PRESENT, "root in a user namespace" if within else "not needed: running as root")
    cure = "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER; or run as root"
    probe = ["unshare", "--map-auto", "--map-root-user", "--mount", "true"]
    return _probe(subject, probe, detail="an ordinary user can compose", cure=cure)


def _sandbox() -> Finding:
    """Whether package scripts can be run without network."""
    probe = ["bwrap", "--unshare-net", "--ro-bind", "/", "/", "true"]
    cure = "in a container, allow user namespaces or run it privileged"
    return _probe("sandbox", probe, detail="package scripts run without network", cure=cure)


def _probe(subject: str, argv: list[str], *, detail: str, cure: str) -> Finding:
    try:
        result = command.run(argv, check=False, timeout=_PROBE_SECONDS)
    except ToolError as error:
        return Finding(subject, State.MISSING, error.what, error.hint or cure)
    if result.returncode:
        return Finding(subject, State.MISSING, command.tail(result.stderr, 1), cure)
    return Finding(subject, State.PRESENT, detail)


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kibibytes = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}
    return _amount("memory", kibibytes["MemAvailable"] * 1024, needed=_MEMORY_BYTES, cure="end other programs")


def _disk(build: Path) -> Finding:
    folder = next(path for path in (build.absolute(), *build.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    return _amount("disk space", free, needed=_DISK_BYTES, cure=f"make room on the disk of {folder}")


def _amount(subject: str, free: int, *, needed: int, cure: str) -> Finding:
    text = f"{free / 2**30:.1f} GiB free, {needed / 2**30:.0f} GiB wanted"
    return Finding(subject, State.PRESENT, text) if free >= needed else Finding(subject, State.LIMITED, text, cure)
