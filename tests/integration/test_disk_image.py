"""Images made with the real tools from a small tree of an OSTree repository, read back without mounting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atomic_kit import command
from atomic_kit.compose.commit import Commit
from atomic_kit.disk import MIB
from atomic_kit.errors import StepError
from atomic_kit.files import file_digest
from atomic_kit.images import Host, ImageFile, build_image
from atomic_kit.workspace import Workspace

pytestmark = pytest.mark.integration

REF = "test/1/x86_64/devel"
SIZE = 520 * MIB


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose cache holds one commit: a tree that ostree deploys, though it would not boot."""
    folder = tmp_path_factory.mktemp("images")
    workspace = Workspace(folder / "build", folder / "reports")
    tree = folder / "tree"
    files = {
        "usr/lib/modules/6.1.0-1-amd64/vmlinuz": b"kernel" * 1000,
        "usr/lib/modules/6.1.0-1-amd64/initramfs.img": b"initramfs" * 1000,
        "usr/lib/os-release": b'NAME="Test"\nID=test\nPRETTY_NAME="Test (not a product) 1"\n',
        "usr/etc/hostname": b"test\n",
        "usr/bin/setuid": b"#!/bin/sh\n",
        "usr/share/large": bytes(range(256)) * 12_000,
    }
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    (tree / "usr/bin/setuid").chmod(0o4755)
    for name in ("boot", "dev", "proc", "run", "sys", "sysroot", "var"):
        (tree / name).mkdir()
    (tree / "ostree").symlink_to("sysroot/ostree")
    workspace.cache_repo.mkdir(parents=True)
    command.run(["ostree", "init", f"--repo={workspace.cache_repo}", "--mode=bare"])
    argv = ["ostree", "commit", f"--repo={workspace.cache_repo}", f"--tree=dir={tree}", f"--branch={REF}", "--bootable"]
    checksum = command.run([*argv, "--timestamp=@1700000000", "--add-metadata-string=version=1"]).stdout.strip()
    commit = Commit(checksum, REF, "1", 1700000000, None, 0, len(files), 0, 0, None, "")
    (folder / "commit.json").write_text(json.dumps(checksum))
    home = folder / "gpg"
    home.mkdir(mode=0o700)
    quick = ["--batch", "--passphrase", "", "--quick-generate-key", "test", "ed25519", "sign", "never"]
    command.run(["gpg", "--homedir", home, *quick])
    (folder / "key.asc").write_text(command.run(["gpg", "--homedir", home, "--armor", "--export"]).stdout)
    command.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"])
    COMMITS[workspace] = commit
    return workspace


COMMITS: dict[Workspace, Commit] = {}


def build(workspace: Workspace, folder: str, *, platform: str = "raw", size: int = SIZE) -> ImageFile:
    host = Host("test-os", "test", "http://localhost/", workspace.build.parent / "key.asc")
    return build_image(
        COMMITS[workspace],
        platform_name=platform,
        size=size,
        host=host,
        workspace=workspace,
        folder=workspace.build / "images" / folder,
    )


@pytest.fixture(scope="module")
def image(workspace: Workspace) -> ImageFile:
    """The raw image of the small tree."""
    return build(workspace, "first")


def place(image: ImageFile, name: str) -> str:
    """Return where a file system of an image is, as the tools of e2fsprogs spell it."""
    table = json.loads(command.run(["sfdisk", "--json", image.path]).stdout)["partitiontable"]
    start = next(one["start"] for one in table["partitions"] if one["name"] == name)
    return f"{image.path}?offset={start * 512}"


def read(image: ImageFile, partition: str, path: str) -> str:
    return command.run(["debugfs", "-R", f"cat {path}", place(image, partition)]).stdout


def test_the_same_commit_gives_the_same_bytes(workspace: Workspace, image: ImageFile) -> None:
    again = build(workspace, "second")
    assert file_digest(Path(again.path)) == image.sha256


def test_an_image_that_is_there_is_not_made_again(workspace: Workspace, image: ImageFile) -> None:
    made = Path(image.path).stat()
    assert build(workspace, "first") == image
    assert (Path(image.path).stat().st_ino, Path(image.path).stat().st_mtime_ns) == (made.st_ino, made.st_mtime_ns)


def test_a_conversion_holds_the_raw_disk(workspace: Workspace, image: ImageFile) -> None:
    converted = build(workspace, "first", platform="qemu")
    command.run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", image.path, converted.path])
    info = json.loads(command.run(["qemu-img", "info", "--output=json", converted.path]).stdout)
    assert (info["format"], info["virtual-size"], converted.virtual_size) == ("qcow2", SIZE, SIZE)


def test_the_disk_is_sparse(image: ImageFile) -> None:
    assert image.size < SIZE / 4


@pytest.mark.parametrize("name", ["boot", "root"])
def test_a_file_system_is_clean(image: ImageFile, name: str) -> None:
    checked = command.run(["e2fsck", "-f", "-n", place(image, name)], check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_uefi_loader_lies_where_firmware_looks(image: ImageFile) -> None:
    offset = place(image, "esp").rpartition("=")[2]
    listed = command.run(["mdir", "-b", "-i", f"{image.path}@@{offset}", "::EFI/BOOT"]).stdout
    assert "BOOTX64.EFI" in listed


def test_the_mbr_names_the_sector_of_the_core(image: ImageFile) -> None:
    first = int(place(image, "bios").rpartition("=")[2]) // 512
    with Path(image.path).open("rb") as disk:
        mbr = disk.read(512)
        disk.seek(first * 512)
        core = disk.read(512)
    assert int.from_bytes(mbr[0x5C:0x64], "little") == first
    assert int.from_bytes(core[500:508], "little") == first + 1


def test_grub_finds_an_entry_in_the_menu_that_ostree_wrote(image: ImageFile, tmp_path: Path) -> None:
    menu = tmp_path / "syslinux.cfg"
    menu.write_text(read(image, "boot", "/loader.1/syslinux.cfg"))
    made = command.run(["grub-syslinux2cfg", "-s", "-r", tmp_path, menu]).stdout
    assert "menuentry 'Test (not a product) 1" in made
    assert "console=tty0 console=ttyS0,115200n8" in made


def test_owners_modes_and_fstab_of_the_deployment(workspace: Workspace, image: ImageFile) -> None:
    deployment = f"/ostree/deploy/test-os/deploy/{COMMITS[workspace].checksum}.0"
    shown = command.run(["debugfs", "-R", f"stat {deployment}/usr/bin/setuid", place(image, "root")]).stdout
    assert "Mode:  04755" in shown
    assert "User:     0   Group:     0" in shown
    assert read(image, "root", f"{deployment}/etc/fstab").split()[1::6] == ["/", "/boot"]
    flags = command.run(["debugfs", "-R", f"stat {deployment}", place(image, "root")]).stdout
    assert "Flags: 0x80010" in flags, "ostree's immutable flag"


def test_a_tree_that_does_not_fit_leaves_nothing_behind(workspace: Workspace) -> None:
    folder = workspace.build / "images" / "small"
    with pytest.raises(StepError, match="raise disk_size"):
        build(workspace, "small", size=368 * MIB)
    assert list(folder.iterdir()) == []
