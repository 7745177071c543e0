"""QEMU: which accelerator works, and a machine that runs an image.

/dev/kvm can exist and hang when it is used, so KVM is taken only after a tiny guest has run on it.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from atomic_kit import command
from atomic_kit.errors import NoRoomError, StepError, ToolError
from atomic_kit.files import scratch_folder

Firmware = Literal["bios", "uefi"]

_PROBE_SECONDS = 5
# What a machine may write; one whose disk fills up stands still without a word.
_ROOM = 1 << 30
# A boot sector that writes 0x2a to QEMU's debug-exit port, which ends QEMU with 2 * 0x2a + 1.
_PROBE = bytes.fromhex("b02ae6f4f4ebfd").ljust(510, b"\0") + b"\x55\xaa"
_PROBE_ENDING = 2 * 0x2A + 1

_BOARD = ("-machine", "pc", "-nodefaults", "-display", "none")
_KVM = ("-accel", "kvm", "-cpu", "host")
# Measured: a tree boots in 37 s so, and in 47 s with `q35` and `max`, whose newer features cost emulation.
_TCG = ("-accel", "tcg,thread=multi", "-cpu", "Nehalem")

# OVMF's code and variables must be of one size class.
_OVMF = (
    (Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), Path("/usr/share/OVMF/OVMF_VARS_4M.fd")),
    (Path("/usr/share/edk2/ovmf/OVMF_CODE.fd"), Path("/usr/share/edk2/ovmf/OVMF_VARS.fd")),
)

# A line of what QEMU's monitor answers to `info usernet`: the port that leads to ssh.
_FORWARDED = re.compile(rb"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)")

# Texts on a console after which a machine is not a good one. Source: coreos-assembler's kola.
_CONSOLE_FAILURES = re.compile(
    r"(?m)^.*(?:Kernel panic - not syncing|Oops: \d|BUG: unable to handle|Entering emergency mode|"
    r"emergency\.target|Failed to start ostree-prepare-root|ordering cycle|Out of memory: Kill|"
    r"rejecting I/O to offline device|error: unknown filesystem|grub rescue>|dracut.*FATAL).*$"
)


@cache
def probe_accelerator() -> Literal["kvm", "tcg"]:
    """Return the accelerator that works on this machine; the probe takes at most five seconds."""
    if not Path("/dev/kvm").exists():
        return "tcg"
    with scratch_folder("probe") as folder:
        disk = folder / "probe.img"
        disk.write_bytes(_PROBE)
        # The same processor, memory and board as a real machine: KVM may bear a smaller guest only.
        argv = ["qemu-system-x86_64", *_BOARD, *_KVM, "-smp", "2", "-m", "1024", "-no-reboot"]
        argv += ["-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-drive", f"file={disk},format=raw,if=ide"]
        try:
            ended = command.run(argv, timeout=_PROBE_SECONDS, check=False)
        except ToolError:
            return "tcg"
    return "kvm" if ended.returncode == _PROBE_ENDING else "tcg"


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """What to run: an image (qcow2, never written to), its firmware, and where the console log goes.

    `niceness` (0 to 19) is what it leaves to other machines on the same processors.
    """

    image: Path
    firmware: Firmware
    console: Path
    memory: int = 1024  # MiB
    processors: int = 2
    boot_timeout: float = 240  # seconds
    niceness: int = 0


@dataclass
class Machine:
    """A running machine."""

    plan: MachinePlan
    folder: Path
    process: command.Process = field(repr=False)
    port: int = 0  # of the loopback address, where ssh answers; 0 until QEMU has one

    @property
    def console(self) -> str:
        """All that the machine wrote to its serial console so far."""
        return self.plan.console.read_text(encoding="utf-8", errors="replace") if self.plan.console.is_file() else ""

    @property
    def processor_seconds(self) -> float:
        """The processor time that the machine has used since it was switched on."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        user, system = fields[11:13]  # Source: proc(5), which counts these from 14
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def wait(self, *, since: float | None = None) -> float:
        """Wait until the machine answers over ssh; return the seconds since `since` (default: this call).

        Raises StepError with the console's tail when it does not, or when the console shows a failure.
        """
        started = since if since is not None else time.monotonic()
        seen = len(self.console)
        while time.monotonic() - started < self.plan.boot_timeout:
            if self.process.poll() is not None:
                raise StepError("the machine ended by itself", hint=self._tail())
            if found := _CONSOLE_FAILURES.search(self.console[max(0, seen - 200) :]):
                raise StepError(f"the machine did not boot: {found[0].strip()}", hint=self._tail())
            if self._answers():
                return time.monotonic() - started
            time.sleep(0.5)
        raise StepError(f"the machine did not answer within {self.plan.boot_timeout:.0f} s", hint=self._tail())

    def ssh(self, script: str, *, timeout: float = 180) -> command.Result:
        """Run a shell script in the machine as root; the result's exit code is the script's."""
        return command.run([*self._ssh(), "bash", "-s"], input=script, timeout=timeout, check=False)

    def copy(self, file: Path, place: str) -> None:
        """Copy a file into the machine."""
        options = [word.replace("-p", "-P") if word == "-p" else word for word in self._ssh()[1:-1]]
        command.run(["scp", "-q", *options, file, f"root@127.0.0.1:{place}"], timeout=180)

    def reboot(self, *, menu_entry: int = 0) -> float:
        """Reboot into an entry of the boot menu (0 is the default); return the seconds until it answers."""
        seen = len(self.console)
        self._disconnect()
        with suppress(ToolError):
            command.run([*self._ssh(), "systemctl", "reboot"], timeout=30, check=False)
        self._disconnect()
        started = time.monotonic()
        if menu_entry:
            self._choose(menu_entry, seen)
        else:
            self._await_text("Linux version", seen)
        return self.wait(since=started)

    def failures(self) -> list[str]:
        """Return the lines of the console that no good machine writes."""
        return [line.strip() for line in _CONSOLE_FAILURES.findall(self.console)]

    def _choose(self, entry: int, seen: int) -> None:
        """Choose an entry of GRUB's menu over the serial console."""
        with socket.socket(socket.AF_UNIX) as serial:
            serial.connect(str(self.folder / "serial"))
            self._await_text("GNU GRUB", seen, drain=serial)
            # Ctrl-N moves down as the arrow key does, without an escape sequence that could be torn.
            for key in [*["\x0e"] * entry, "\r"]:
                time.sleep(0.5)
                serial.sendall(key.encode())
            self._await_text("Linux version", seen, drain=serial)

    def _await_text(self, text: str, seen: int, *, drain: socket.socket | None = None) -> None:
        started = time.monotonic()
        if drain is not None:
            drain.setblocking(False)
        while text not in self.console[seen:]:
            if time.monotonic() - started > self.plan.boot_timeout or self.process.poll() is not None:
                raise StepError(f"the console never said {text!r} after the reboot", hint=self._tail())
            with suppress(OSError):
                if drain is not None:
                    drain.recv(65536)
            time.sleep(0.1)
        if drain is not None:
            drain.setblocking(True)

    def _answers(self) -> bool:
        self.port = self.port or self._forwarded_port()
        if not self.port:
            return False
        try:
            return command.run([*self._ssh(), "true"], timeout=30, check=False).returncode == 0
        except ToolError:
            return False

    def _ssh(self) -> list[str]:
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "BatchMode": "yes",
            "ConnectTimeout": "10",
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "6",
            # A handshake costs a second under emulation: one serves all commands.
            "ControlMaster": "auto",
            "ControlPath": str(self.folder / "ssh"),
            "ControlPersist": "600",
        }
        words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        return ["ssh", "-i", str(self.folder / "key"), "-p", str(self.port), *words, "root@127.0.0.1"]

    def _forwarded_port(self) -> int:
        """Ask QEMU which port it forwards; the kernel chose a free one, so none can be taken."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(10)
            monitor.connect(str(self.folder / "monitor"))
            monitor.sendall(b"info usernet\n")
            for line in monitor.makefile("rb"):
                if found := _FORWARDED.search(line):
                    return int(found[1])
        return 0

    def _disconnect(self) -> None:
        if not self.port:
            return
        command.run([*self._ssh()[:-1], "-O", "exit", "root@127.0.0.1"], check=False, timeout=30)

    def _tail(self) -> str:
        """Return the end of the console, or of what QEMU said when the console is empty."""
        said = self.folder / "qemu.log"
        return command.tail(self.console or said.read_text(encoding="utf-8", errors="replace"))


@contextmanager
def running(plan: MachinePlan) -> Iterator[Machine]:
    """Yield a machine that was just switched on; it is switched off and its changes are lost at the end."""
    with scratch_folder("machine") as folder:
        room = shutil.disk_usage(folder).free
        if room < _ROOM:
            raise NoRoomError(f"{folder.parent}: {room >> 20} MiB are free, a machine writes up to {_ROOM >> 20}")
        overlay = folder / "overlay.qcow2"
        backing: list[command.Argument] = ["-b", plan.image.resolve(), "-F", "qcow2"]
        command.run(["qemu-img", "create", "-q", "-f", "qcow2", *backing, overlay])
        command.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "check", "-f", folder / "key"])
        plan.console.parent.mkdir(parents=True, exist_ok=True)
        plan.console.unlink(missing_ok=True)
        with command.start(_argv(plan, folder, overlay), log=folder / "qemu.log") as process:
            _give_way(process.pid, plan.niceness)
            machine = Machine(plan, folder, process)
            try:
                yield machine
            finally:
                machine._disconnect()


def _give_way(pid: int, niceness: int) -> None:
    """Set the niceness of a process that leads a session, among all others."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PGRP, pid, niceness)
    # Where the kernel groups processes by session, a niceness counts inside the session only.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")


def _argv(plan: MachinePlan, folder: Path, overlay: Path) -> Sequence[command.Argument]:
    accelerator = probe_accelerator()
    key = base64.b64encode((folder / "key.pub").read_bytes()).decode()
    serial = f"socket,id=serial,path={folder / 'serial'},server=on,wait=off,logfile={plan.console}"
    return [
        "qemu-system-x86_64",
        *_BOARD,
        *(_KVM if accelerator == "kvm" else _TCG),
        *("-m", str(plan.memory)),
        *("-smp", str(plan.processors)),
        *_firmware(plan.firmware, folder),
        *("-chardev", serial),
        *("-serial", "chardev:serial"),
        *("-monitor", f"unix:{folder / 'monitor'},server=on,wait=off"),
        *("-drive", f"file={overlay},if=virtio,format=qcow2,cache=unsafe"),
        *("-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:0-:22"),
        *("-device", "virtio-net-pci,netdev=net"),
        *("-device", "virtio-rng-pci"),
        # systemd takes the key as a credential, so the image needs no change.
        *("-smbios", f"type=11,value=io.systemd.credential.binary:ssh.authorized_keys.root={key}"),
    ]


def _firmware(firmware: Firmware, folder: Path) -> list[str]:
    if firmware == "bios":
        return []
    for code, variables in _OVMF:
        if code.is_file() and variables.is_file():
            own = folder / "variables.fd"
            shutil.copyfile(variables, own)
            return [
                *("-drive", f"if=pflash,format=raw,readonly=on,file={code}"),
                *("-drive", f"if=pflash,format=raw,file={own}"),
            ]
    raise StepError("the UEFI firmware OVMF is not installed", hint="apt-get install ovmf, or dnf install edk2-ovmf")
