"""The compose: RPM files in, signed commit out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from atomic_kit import ostree, rpm
from atomic_kit.compose import tree
from atomic_kit.compose.commit import Commit
from atomic_kit.compose.initramfs import INITRAMFS_VERSION, initramfs_for
from atomic_kit.compose.keys import signing_key, stop_agent
from atomic_kit.compose.metadata import rpm_ostree_metadata
from atomic_kit.compose.scratch import empty_root
from atomic_kit.errors import StepError, ToolError
from atomic_kit.files import file_digest, read_json, value_digest, write_json
from atomic_kit.packages.diff import InstalledPackage
from atomic_kit.progress import step
from atomic_kit.sandbox import run_in, unseen
from atomic_kit.treefile import Treefile
from atomic_kit.workspace import Workspace

# Part of the key under which a finished compose is known: raise it when the tree that this code makes changes.
COMPOSE_VERSION = 8
# Where a treefile's script lies in the tree while it runs.
_SCRIPT = ".postprocess"


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
        return value_digest([COMPOSE_VERSION, INITRAMFS_VERSION, self.rpm_digests, *rest])


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
        if (recorded := read_json(record)) is not None:
            known = Commit(**recorded)
            if ostree.has_commit(workspace.candidate_repo, known.checksum):
                if ostree.find_ref(workspace.candidate_repo, known.ref) != known.checksum:
                    _serve(known.ref, known.checksum, workspace, signer)
                return known
        _prepare_repos(workspace)
        _refuse_older(inputs, workspace.published_repo)
        with empty_root(workspace.build) as root:
            checksum, packages, size = _build(inputs, root, workspace, signer)
        _serve(treefile.ref, checksum, workspace, signer)
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
        delta_size=None,
        input_digest=inputs.digest,
    )
    write_json(record, asdict(commit))
    return commit


def _build(
    inputs: Inputs, root: Path, workspace: Workspace, signer: ostree.Signer
) -> tuple[str, list[InstalledPackage], tree.TreeSize]:
    """Make the tree in `root`, commit it to the cache ostree_repo and bring its objects to the candidate one."""
    treefile = inputs.treefile
    with step(f"Installing {len(inputs.rpm_files)} packages"):
        tree.seed_accounts(root, treefile)
        rpm.install(root, inputs.rpm_files, options=_install_options(treefile), epoch=inputs.epoch)
    with step("Running what follows the installation"):
        kernel = tree.kernel_version(root)
        _after_install(root, inputs, kernel)
        packages = rpm.installed(root / rpm.DATABASE.lstrip("/"))  # leaves files, which lay_out takes away
        tree.lay_out(root)
    with ThreadPoolExecutor(3) as beside:
        cache, arguments = workspace.build / "initramfs", treefile.initramfs_args
        image = beside.submit(initramfs_for, root, kernel=kernel, arguments=arguments, cache=cache)
        with step("Committing all but the initramfs"):
            parts = [beside.submit(_commit_part, inputs, root, workspace, skip=skip) for skip in tree.halves(root)]
            size = tree.tree_size(root)
            trees = [f"ref={part.result()}" for part in parts]
        cached = image.result()
    with step("Committing the tree"):
        last = root.with_name("last")
        _fill_last(last, root, inputs, initramfs=cached, kernel=kernel)
        repos, version = inputs.rpm_repos, inputs.version
        options = rpm_ostree_metadata(packages, version=version, input_digest=inputs.digest, rpm_repos=repos)
        options += [*_commit_options(inputs), *signer.options]
        checksum = ostree.commit(workspace.cache_repo, [*trees, f"dir={last}"], *options)
    with step("Compressing the commit for the network"):
        ostree.pull_local(workspace.cache_repo, workspace.candidate_repo, checksum)
    return checksum, packages, tree.TreeSize(size.files + 1, size.bytes + cached.stat().st_size)


def _commit_part(inputs: Inputs, root: Path, workspace: Workspace, *, skip: Sequence[str]) -> str:
    """Commit a tree without some of its files and folders: ostree reads on one processor only."""
    listed = root.with_name(f"skip-{value_digest(skip)}")
    listed.write_text("".join(f"{place}\n" for place in skip), encoding="utf-8")
    options = [f"--timestamp=@{inputs.epoch}", "--orphan", f"--skip-list={listed}"]
    return ostree.commit(workspace.cache_repo, [f"dir={root}"], *options, before=unseen(root))


def _commit_options(inputs: Inputs) -> list[str]:
    return [
        "--bootable",
        f"--parent={inputs.parent or 'none'}",
        f"--branch={inputs.treefile.ref}",
        f"--timestamp=@{inputs.epoch}",
        f"--subject={inputs.treefile.ref} {inputs.version}",
    ]


def _fill_last(folder: Path, root: Path, inputs: Inputs, *, initramfs: Path, kernel: str) -> None:
    """Write what goes over the tree last: the initramfs, and the os-release whose version is not in it."""
    place = folder / "usr" / "lib" / "modules" / kernel / "initramfs.img"
    place.parent.mkdir(parents=True)
    shutil.copyfile(initramfs, place)
    place.chmod(0o600)
    releasever = inputs.treefile.mutate_os_release
    if releasever:
        text = tree.os_release(root, releasever=releasever, version=inputs.version)
        (folder / "usr" / "lib" / "os-release").write_text(text, encoding="utf-8")


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
    for argv in calls:
        _run_after(root, argv, env, name=" ".join(argv)[:80])
    for number, text in enumerate(treefile.postprocess, start=1):
        _run_script(root, text, env, name=f"postprocess script {number}")
    for script in treefile.postprocess_script:
        _run_script(root, script.read_text(encoding="utf-8"), env, name=script.name)
    tree.remove_files(root, treefile)


def _run_script(root: Path, text: str, env: Mapping[str, str], *, name: str) -> None:
    """Run a script by the interpreter that its first line names, else by the tree's sh."""
    script = root / _SCRIPT
    script.write_text(text, encoding="utf-8")
    script.chmod(0o755)
    try:
        _run_after(root, [f"/{_SCRIPT}"] if text.startswith("#!") else ["/bin/sh", f"/{_SCRIPT}"], env, name=name)
    finally:
        script.unlink()


def _run_after(root: Path, argv: Sequence[str], env: Mapping[str, str], *, name: str) -> None:
    try:
        run_in(root, argv, env=env)
    except ToolError as error:
        raise StepError(f"{name} failed in the tree", hint=error.hint) from error


def _prepare_repos(workspace: Workspace) -> None:
    # The cache can be made again; the served one cannot be trusted to be whole without fsync.
    ostree.ensure_repo(workspace.cache_repo, mode="bare", settings={"core.fsync": "false"})
    ostree.ensure_repo(workspace.candidate_repo, mode="archive", settings={"archive.zlib-level": "3"})


def _refuse_older(inputs: Inputs, published: Path) -> None:
    if inputs.parent is None:
        return
    if not ostree.has_commit(published, inputs.parent):
        hint = "publish it first, or compose without a parent"
        raise StepError(f"the parent commit {inputs.parent} is not in {published}", hint=hint)
    before = ostree.timestamp(published, inputs.parent)
    if inputs.epoch <= before:
        hint = "clients refuse that: give a later epoch"
        raise StepError(f"the commit's time ({inputs.epoch}) is not after its parent's ({before})", hint=hint)


def serve_commit(commit: Commit, workspace: Workspace) -> None:
    """Let clients of the candidate ostree_repo see a commit that is in it, whatever was composed since."""
    try:
        _serve(commit.ref, commit.checksum, workspace, signing_key(workspace.keys))
    finally:
        stop_agent(workspace.keys)


def _serve(ref: str, checksum: str, workspace: Workspace, signer: ostree.Signer) -> None:
    ostree.set_ref(workspace.candidate_repo, ref, checksum)
    ostree.update_summary(workspace.candidate_repo, signer)


def _digest(path: Path) -> str:
    if not path.is_file():
        raise StepError(f"{path} is missing", hint="resolve the package set again to fetch it")
    return file_digest(path)
