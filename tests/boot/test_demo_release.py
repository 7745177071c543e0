"""The demo release, whole: two releases of real packages, machines that boot, upgrade and roll back."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from atomic_kit import command, ostree
from atomic_kit.cli.main import commands
from atomic_kit.compose import commit_packages
from atomic_kit.parameters import Parameters
from atomic_kit.pipeline import run_line
from atomic_kit.pipeline.kernels import Kernels
from atomic_kit.pipeline.notebooks import execute, notebook_of
from atomic_kit.release.records import STEPS, has_record, read_table
from atomic_kit.release.release import Release, finished_releases, open_release
from atomic_kit.steps import compose_step, images_step

# papermill and nbconvert run in this process; their warnings are not ours.
pytestmark = [pytest.mark.boot, pytest.mark.filterwarnings("default")]
PROJECT = Path(__file__).parents[2]


def test_two_releases_were_made_and_every_step_left_a_record(releases: list[Release]) -> None:
    assert len(releases) == 2
    for release in releases:
        assert all(has_record(release.folder, step) for step in STEPS)
        assert len(list(release.folder.glob("0*.ipynb"))) == len(list(release.folder.glob("0*.html"))) == len(STEPS)


def test_every_check_passed_on_both_firmwares_and_the_upgrade_was_among_them(releases: list[Release]) -> None:
    checks = read_table(releases[-1].folder, "checks")
    assert set(checks["outcome"]) == {"passed"}
    stages = {"before-upgrade", "after-upgrade", "rollback", "after-rollback"}
    assert set(zip(checks["suite"], checks["firmware"], strict=True)) == {
        ("boot", "bios"),
        ("boot", "uefi"),
        *((stage, "bios") for stage in stages),
    }
    assert {"booted-commit", "commit-signature", "container-run", "upgrade", "state-kept", "etc-of-then"} <= set(
        checks["check"]
    )
    assert all((releases[-1].folder / f"console-{name}.log").stat().st_size for name in ("boot-bios", "boot-uefi"))


def test_the_published_ref_is_the_checked_commit_signed_and_whole(line: Parameters, releases: list[Release]) -> None:
    published = line.workspace.published_repo
    commit = releases[-1].record("compose")
    assert ostree.find_ref(published, commit["ref"]) == commit["checksum"]
    assert (published / "summary.sig").is_file()
    assert commit["parent"] == releases[0].record("compose")["checksum"]
    assert ostree.delta_size(published, commit["parent"], commit["checksum"]) == commit["delta_size"]
    ostree.fsck(published)


def test_a_client_pulls_with_signatures_required(line: Parameters, releases: list[Release], tmp_path: Path) -> None:
    client = tmp_path / "client"
    ostree.ensure_repo(client, mode="archive")
    key = f"--gpg-import={line.workspace.keys / 'commit.asc'}"
    url = f"file://{line.workspace.published_repo}"
    ostree.run(client, "remote", "add", "--set=gpg-verify-summary=true", key, "origin", url)
    commit = releases[-1].record("compose")
    ostree.run(client, "pull", "--commit-metadata-only", "origin", commit["ref"])
    assert ostree.run(client, "rev-parse", f"origin:{commit['ref']}").strip() == commit["checksum"]


def test_the_commit_carries_what_rpm_ostree_reads(line: Parameters, releases: list[Release]) -> None:
    commit = releases[-1].record("compose")
    shown = ostree.run(line.workspace.published_repo, "show", "--print-metadata-key=version", commit["checksum"])
    assert shown.strip() == f"'{releases[-1].version}'"
    listed = ostree.run(
        line.workspace.published_repo, "show", "--print-metadata-key=rpmostree.rpmdb.pkglist", commit["checksum"]
    )
    packages = commit_packages(line.workspace.published_repo, commit["checksum"])
    # The type of the epoch is printed once only.
    assert listed.count("('") == len(packages) == commit["package_count"]


def test_changes_are_true_updates_with_their_changelogs(releases: list[Release]) -> None:
    changes = read_table(releases[-1].folder, "changes")
    upgraded = changes[changes["change"] == "upgraded"]
    assert len(upgraded)
    assert upgraded["changelog"].str.len().gt(0).any()
    document = json.loads((releases[-1].folder / "pkgdiff.json").read_text())
    assert len(document["pkgdiff"]) == len(changes)


def test_nothing_changed_is_said_and_makes_nothing(line: Parameters) -> None:
    said: list[str] = []
    started = time.monotonic()
    run_line(line, say=said.append)
    assert time.monotonic() - started < 20
    assert said[0].startswith("Nothing changed since")


def test_composing_again_from_scratch_gives_the_same_commit_and_its_image_the_same_bytes(
    line: Parameters, releases: list[Release], tmp_path: Path
) -> None:
    first = releases[0]
    elsewhere = line.model_copy(update={"build": tmp_path / "build", "reports": tmp_path / "reports"})
    shutil.copytree(first.folder, tmp_path / "reports" / line.stream / first.version)
    shutil.copytree(line.workspace.keys, elsewhere.workspace.keys)
    again = open_release(elsewhere, version=first.version)
    assert compose_step(again).checksum == first.record("compose")["checksum"]
    # Not compared with the first image: a signature, which lies beside the commit, carries the time of signing.
    digests = []
    for _ in range(2):
        digests.append(images_step(again)["sha256"].iloc[0])
        shutil.rmtree(elsewhere.build / "images")
    assert digests[0] == digests[1]


def test_diff_takes_folders_refs_and_lock_files(line: Parameters, releases: list[Release]) -> None:
    old, new = (release.folder for release in releases)
    archive = ["--build", str(line.build)]
    build = [*archive, "--json"]
    by_folder = CliRunner().invoke(commands, ["diff", str(old), str(new), *build])
    locks = [str(folder / "manifest-lock.x86_64.json") for folder in (old, new)]
    by_lock = CliRunner().invoke(commands, ["diff", *locks, *build])
    ref = releases[-1].record("compose")["ref"]
    by_ref = CliRunner().invoke(commands, ["diff", releases[0].record("compose")["checksum"], ref, *build])
    table = CliRunner().invoke(commands, ["diff", str(old), str(new), *archive]).stdout
    assert "linux-image" in table
    assert "nan" not in table.split()
    assert json.loads(by_folder.stdout) == json.loads(by_ref.stdout)
    assert json.loads(by_lock.stdout)["pkgdiff"] == json.loads(by_folder.stdout)["pkgdiff"]


def test_programs_find_in_json_what_they_rely_on(line: Parameters, releases: list[Release]) -> None:
    def ask(*arguments: str) -> Any:
        answer = command.run([sys.executable, "-m", "atomic_kit.cli", *arguments, "--json"])
        return json.loads(answer.stdout)

    resolved = ask("resolve", str(line.file))
    names = {"name", "epoch", "version", "release", "arch", "install_size", "download_size", "license", "source"}
    assert resolved["problems"] == []
    assert all(names | {"rpm_repo", "reason"} <= package.keys() for package in resolved["packages"])
    assert all(package["license"] for package in resolved["packages"]), "the RPM files are here and tell it"
    recorded = read_table(releases[-1].folder, "packages").set_index("name")
    for package in resolved["packages"]:
        assert package["install_size"] == recorded.loc[package["name"], "install_size"]
    composed = ask("compose", str(line.file))
    assert {"ref", "commit", "version", "package_count", "installed_size", "commit_size"} <= composed.keys()
    assert composed["package_count"] == len(resolved["packages"])
    (image,) = ask("image", str(line.file), "--platform", "qemu")
    assert {"platform", "format", "path", "size", "sha256"} <= image.keys()
    checked = ask("check", str(line.file), "-p", "suites=[]")
    assert {"checks", "passed", "failed"} <= checked.keys()


def test_a_treefile_that_nothing_satisfies_costs_no_compose(line: Parameters) -> None:
    path = line.file.parent / "demo" / "host.yaml"
    before = path.read_text()
    path.write_text(before + "exclude-packages: [libc6]\n")
    try:
        answer = command.run([sys.executable, "-m", "atomic_kit.cli", "release", line.file], check=False)
        assert answer.returncode == 2
        assert "cannot be solved" in answer.stderr
        assert "Traceback" not in answer.stderr
    finally:
        path.write_text(before)


def test_notebooks_run_as_they_are_on_a_draft_that_is_never_published(
    line: Parameters, releases: list[Release]
) -> None:
    folder = line.file.parent.parent / "notebooks"
    shutil.copytree(PROJECT / "notebooks", folder)
    before = ostree.find_ref(line.workspace.published_repo, releases[-1].record("compose")["ref"])
    with Kernels(len(STEPS) + 2, folder=folder) as kernels:
        for step in STEPS:
            notebook = folder / notebook_of(step).name
            # Machines were checked above; here the checks' notebook has none to start.
            parameters = {"overrides": {"suites": "[]"}} if step == "checks" else {}
            executed = line.build / "executed" / notebook.name
            execute(notebook, executed, parameters=parameters, kernel=kernels.take())
        for name in ("questions.ipynb", "explore.ipynb"):
            execute(folder / name, line.build / "executed" / name, parameters={}, kernel=kernels.take())
    draft = open_release(line)
    assert draft.record("changes")["from"] == releases[-1].version
    assert list(read_table(draft.folder, "trends")["version"]) == [*(one.version for one in releases), "draft"]
    assert "<title>Atomic Host demo draft</title>" in (draft.folder / "index.html").read_text()
    assert ostree.find_ref(line.workspace.published_repo, draft.treefile.ref) == before
    assert [release.version for release in finished_releases(line)] == [release.version for release in releases]
