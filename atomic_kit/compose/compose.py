"""The compose: RPM files in, signed commit out."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from atomic_kit import ostree, rpm
from atomic_kit.compose import initramfs, tree
from atomic_kit.compose.commit import Commit
from atomic_kit.compose.keys import signing_key, stop_agent
from atomic_kit.errors import StepError, ToolError
from atomic_kit.files import file_digest, value_digest, write_json
from atomic_kit.packages.diff import InstalledPackage
from atomic_kit.progress import step
from atomic_kit.sandbox import run_in
from atomic_kit.treefile import Treefile
from atomic_kit.workspace import Workspace

# Part of the key under which a finished compose is known: raise it when the tree that this code makes changes.
COMPOSE_VERSION = 5

_ROOM = 3 * 2**30  # bytes that an installed root, its initramfs and the tools' own files take at the most
_SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Inputs:
    """All that a commit is made from. `rpm_repos` holds (id, seconds since 1970); `epoch` is the commit's time."""

    treefile: Treefile
    rpm_files: tuple[Path, ...]
    rpm_digests: tuple[str, ...]
    version: str
    epoch: int
    parent: str | None
    rpm_repos: tuple[tuple[str, int], ...]

    @property
    def digest(self) -> str:
        """SHA-256 over everything that the commit's checksum depends on."""
        rest = (self.treefile.digest, self.version, self.epoch, self.parent, self.rpm_repos)
        return value_digest([COMPOSE_VERSION, initramfs.INITRAMFS_VERSION, self.rpm_digests, *rest])


def compose_tree(
    treefile: Treefile,
    rpm_files: Sequence[Path],
    *,
    version: str,
    epoch: int,
    workspace: Workspace,
    parent: str | None = None,
    repo_metadata: Sequence[tuple[str, int]] = (),
) -> Commit:
    """Install exactly `rpm_files` and commit the tree, signed, to the candidate ostree_repo.

    Equal inputs give an equal checksum, and the commit of inputs that were composed before is returned
    at once. `parent` is a commit of the published ostree_repo; `epoch` (seconds since 1970) must be later
    than its time. Raises StepError when a package, a script or a tool fails.
    """
    paths = tuple(sorted(rpm_files, key=lambda path: path.name))
    digests = tuple(_digest(path) for path in paths)
    inputs = Inputs(treefile, paths, digests, version, epoch, parent, tuple(repo_metadata))
    signer = signing_key(workspace.keys)
    record = workspace.build / "composes" / f"{inputs.digest}.json"
    try:
        if record.is_file():
            known = Commit(**json.loads(record.read_text(encoding="utf-8")))
            if ostree.has_commit(workspace.candidate_repo, known.checksum):
                if ostree.find_ref(workspace.candidate_repo, known.ref) != known.checksum:
                    ostree.set_ref(workspace.candidate_repo, known.ref, known.checksum)
                    ostree.update_summary(workspace.candidate_repo, signer)
                return known
        _prepare_repos(workspace)
        with _empty_root(workspace) as root:
            checksum, packages, size = _build(inputs, root, workspace, signer)
        delta = _serve(inputs, checksum, workspace, signer)
    finally:
        stop_agent(workspace.keys)
    commit = Commit(
        checksum=checksum,
        ref=treefile.ref,
        version=version,
        timestamp=epoch,
        parent=parent,
        package_count=len(packages),
        file_count=size.files,
        installed_size=size.bytes,
        commit_size=ostree.stored_size(workspace.candidate_repo, checksum),
        delta_size=delta,
        input_digest=inputs.digest,
    )
    write_json(record, asdict(commit))
    return commit


def _build(
    inputs: Inputs, root: Path, workspace: Workspace, signer: ostree.Signer
) -> tuple[str, list[InstalledPackage], tree.TreeSize]:
    """Make the tree in `root` and commit it to the cache ostree_repo."""
    treefile = inputs.treefile
    with step(f"Installing {len(inputs.rpm_files)} packages"):
        tree.seed_accounts(root, treefile)
        rpm.install(root, inputs.rpm_files, options=_install_options(treefile), epoch=inputs.epoch)
    with step("Running what follows the installation"):
        kernel = tree.kernel_version(root)
        _after_install(root, inputs, kernel)
        tree.lay_out(root)
    with ThreadPoolExecutor(1) as beside:
        image = beside.submit(_initramfs, inputs, root, workspace, kernel)
        with step("Committing all but the initramfs"):
            packages = rpm.installed(root / rpm.DATABASE.lstrip("/"))
            size = tree.tree_size(root)
            options = [f"--timestamp=@{inputs.epoch}", "--orphan"]
            first = ostree.commit(workspace.cache_repo, [f"dir={root}"], *options)
        cached = image.result()
    with step("Committing the tree"), tempfile.TemporaryDirectory(dir=workspace.build) as folder:
        place = Path(folder) / "usr" / "lib" / "modules" / kernel / "initramfs.img"
        place.parent.mkdir(parents=True)
        for parent in place.parents[:5]:
            parent.chmod(0o755)
        shutil.copyfile(cached, place)
        place.chmod(0o600)
        options = _commit_options(inputs, packages, signer)
        checksum = ostree.commit(workspace.cache_repo, [f"ref={first}", f"dir={folder}"], *options)
    return checksum, packages, tree.TreeSize(size.files + 1, size.bytes + cached.stat().st_size)


def _install_options(treefile: Treefile) -> list[str]:
    languages = ":".join(treefile.install_langs)
    return [
        *([] if treefile.documentation else ["--excludedocs"]),
        *([f"--define=_install_langs {languages}"] if languages else []),
    ]


def _after_install(root: Path, inputs: Inputs, kernel: str) -> None:
    """Run what rpm-ostree runs after the packages' own scripts, then the treefile's."""
    treefile = inputs.treefile
    env = {"SOURCE_DATE_EPOCH": str(inputs.epoch), "PATH": "/usr/sbin:/usr/bin"}
    calls = [["systemd-sysusers"], ["ldconfig"], ["depmod", kernel]]
    if treefile.units:
        calls.append(["systemctl", "--root=/", "enable", *treefile.units])
    if treefile.default_target:
        calls.append(["systemctl", "--root=/", "set-default", treefile.default_target])
    calls += [["/bin/sh", "-c", text] for text in treefile.postprocess]
    for script in treefile.postprocess_script:
        calls.append(["/bin/sh", "-c", script.read_text(encoding="utf-8")])
    for argv in calls:
        try:
            run_in(root, argv, env=env)
        except ToolError as error:
            raise StepError(f"{' '.join(argv)[:80]} failed in the tree", hint=error.hint) from error
    if treefile.mutate_os_release:
        tree.mutate_os_release(root, releasever=treefile.mutate_os_release, version=inputs.version)
    tree.remove_files(root, treefile)


def _initramfs(inputs: Inputs, root: Path, workspace: Workspace, kernel: str) -> Path:
    arguments = inputs.treefile.initramfs_args
    key = initramfs.initramfs_key(list(inputs.rpm_digests), arguments=arguments, kernel=kernel)
    cached = workspace.build / "initramfs" / key
    if not cached.is_file():
        with step("Making the initramfs"):
            initramfs.make_initramfs(root, kernel=kernel, arguments=arguments, epoch=inputs.epoch, to=cached)
    return cached


def _commit_options(inputs: Inputs, packages: list[InstalledPackage], signer: ostree.Signer) -> list[str]:
    """Return the options that give the commit what rpm-ostree's clients read."""
    pkglist = ", ".join(_pkglist_entry(package) for package in packages)
    rpm_repos = ", ".join(f"{{'id': <'{name}'>, 'timestamp': <uint64 {moment}>}}" for name, moment in inputs.rpm_repos)
    return [
        "--bootable",
        f"--parent={inputs.parent or 'none'}",
        f"--branch={inputs.treefile.ref}",
        f"--timestamp=@{inputs.epoch}",
        f"--subject={inputs.treefile.ref} {inputs.version}",
        f"--add-metadata-string=version={inputs.version}",
        f"--add-metadata-string=rpmostree.inputhash={inputs.digest}",
        f"--add-metadata=rpmostree.rpmdb.pkglist=@a(stsss) [{pkglist}]",
        f"--add-metadata=rpmostree.rpmmd-repos=@aa{{sv}} [{rpm_repos}]",
        *signer.options,
    ]


def _pkglist_entry(package: InstalledPackage) -> str:
    epoch, _, rest = package.evr.rpartition(":")
    version, _, release = rest.rpartition("-")
    return f"('{package.name}', uint64 {epoch or 0}, '{version}', '{release}', '{package.arch}')"


def _prepare_repos(workspace: Workspace) -> None:
    # The cache can be made again; the served one cannot be trusted to be whole without fsync.
    ostree.ensure_repo(workspace.cache_repo, mode="bare", settings={"core.fsync": "false"})
    ostree.ensure_repo(workspace.candidate_repo, mode="archive", settings={"archive.zlib-level": "3"})


def _serve(inputs: Inputs, checksum: str, workspace: Workspace, signer: ostree.Signer) -> int | None:
    """Bring a commit into the candidate ostree_repo: objects, delta, ref, and the summary last."""
    candidate, parent = workspace.candidate_repo, inputs.parent
    with step("Compressing the commit for the network"):
        ostree.pull_local(workspace.cache_repo, candidate, checksum)
    size = None
    if parent is not None:
        if not ostree.has_commit(candidate, parent):
            ostree.pull_local(workspace.published_repo, candidate, parent)
        with step("Making the static delta from the previous release"):
            size = ostree.make_delta(candidate, parent, checksum)
    ostree.set_ref(candidate, inputs.treefile.ref, checksum)
    ostree.update_summary(candidate, signer)
    return size


@contextmanager
def _empty_root(workspace: Workspace) -> Iterator[Path]:
    """Yield an empty folder to install into: in memory where there is room, else in the build folder."""
    place = workspace.build
    if _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK):
        room = os.statvfs(_SHARED_MEMORY)
        if room.f_bavail * room.f_frsize > _ROOM and _memory_available() > _ROOM:
            place = _SHARED_MEMORY
    place.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=place, prefix="atomic-compose."))
    try:
        root = folder / "root"
        root.mkdir(mode=0o755)
        yield root
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory_available() -> int:
    """Return the bytes of memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _digest(path: Path) -> str:
    if not path.is_file():
        raise StepError(f"{path} is missing", hint="resolve the package set again to fetch it")
    return file_digest(path)
