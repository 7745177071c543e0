"""Runs that are cut off and machines that lack something: one sentence, nothing half-written, and on it goes."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path

import pytest
from interruption import Interruption

from atomic_kit import command, ostree
from atomic_kit.parameters import Parameters, load_parameters
from atomic_kit.release.records import STEPS, has_record, read_record, read_table
from atomic_kit.release.release import Release

pytestmark = pytest.mark.boot


def test_a_run_that_is_cut_off_says_so_and_leaves_nothing_running(interruptions: list[Interruption]) -> None:
    assert [(cut.step, cut.signal) for cut in interruptions] == [
        (step, sent) for step in STEPS for sent in (signal.SIGINT, signal.SIGKILL)
    ]
    for cut in interruptions:
        assert cut.was_in_step, cut
        assert not cut.left_running, cut
        assert "Traceback" not in cut.said
        if cut.signal == signal.SIGINT:
            assert cut.returncode == 130, cut
            assert "goes on from the last whole step" in cut.said


def test_nothing_half_written_is_left_after_all_the_cuts(line: Parameters, interruptions: list[Interruption]) -> None:
    assert len(interruptions) > len(STEPS)
    left = [path for folder in (line.reports, line.build) for path in folder.rglob("*.part*")]
    left += [path for kind in ("compose", "sysroot") for path in line.build.rglob(f"atomic-{kind}.*")]
    assert not left


def elsewhere(line: Parameters, folder: Path, *, with_builds: tuple[str, ...] = ()) -> Parameters:
    """Return the same line in another folder, with copies of some of its build folders."""
    shutil.copytree(line.file.parent, folder / "parameters")
    for name in with_builds:
        shutil.copytree(line.build / name, folder / "build" / name, symlinks=True)
    return load_parameters(folder / "parameters" / line.file.name)


def kit(*arguments: str | Path, inside: tuple[str | Path, ...] = ()) -> command.Result:
    """Run the command line, in a sandbox of bubblewrap when `inside` has options of one."""
    before = ("bwrap", "--dev-bind", "/", "/", *inside, "--cap-add", "ALL", "--") if inside else ()
    return command.run([*before, sys.executable, "-m", "atomic_kit.cli", *arguments], check=False)


def resolved(line: Parameters) -> list[tuple[str, str, str]]:
    """Return the names and versions that `resolve` chooses."""
    packages = json.loads(kit("resolve", line.file, "--json").stdout)["packages"]
    return [(package["name"], package["version"], package["release"]) for package in packages]


@pytest.mark.parametrize(
    ("step", "mebibytes", "builds"),
    [
        ("lists", 1, ()),
        ("package-set", 180, ()),
        ("compose", 100, ("sources",)),
        ("images", 100, ("sources", "ostree", "keys", "initramfs")),
    ],
)
def test_a_full_disk_is_one_sentence_and_the_run_goes_on_when_there_is_room(
    line: Parameters, releases: list[Release], tmp_path: Path, step: str, mebibytes: int, builds: tuple[str, ...]
) -> None:
    other = elsewhere(line, tmp_path, with_builds=builds)
    other.build.mkdir(exist_ok=True)
    full: list[str | Path] = ["--size", str(mebibytes * 2**20), "--tmpfs", other.build]
    for name in builds:
        full += ["--bind", other.build / name, other.build / name]
    answer = kit("release", other.file, inside=tuple(full))
    assert answer.returncode == 1
    assert "the disk is full" in answer.stderr
    assert "make room there and run again" in answer.stderr
    assert "Traceback" not in answer.stderr
    folder = other.reports / other.stream / releases[0].version
    if step != "lists":
        assert read_record(folder, "failure")["step"] == step
        assert [one for one in STEPS if has_record(folder, one)] == list(STEPS[: STEPS.index(step)])
    assert not list(tmp_path.rglob("*.part*"))


def test_no_network_is_one_sentence(line: Parameters, tmp_path: Path) -> None:
    other = elsewhere(line, tmp_path)
    answer = kit("resolve", other.file, inside=("--unshare-net",))
    assert answer.returncode == 1
    assert "the Debian archive cannot be reached" in answer.stderr
    assert "check the network" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_damaged_packages_and_metadata_in_the_cache_are_made_again(
    line: Parameters, releases: list[Release], tmp_path: Path
) -> None:
    other = elsewhere(line, tmp_path, with_builds=("sources",))
    before = resolved(other)
    names = ("bash-", "atomic-demo-config-", "primary.xml", "virtual.json")
    whole = {path: path.read_bytes() for path in other.build.rglob("*") if path.name.startswith(names)}
    assert len(whole) >= 9
    for path, content in whole.items():
        path.write_bytes(content[: len(content) // 2] + b"damaged" + content[len(content) // 2 + 7 :])
    assert resolved(other) == before
    assert kit("compose", other.file).returncode == 0
    assert {path: path.read_bytes() == content for path, content in whole.items()} == dict.fromkeys(whole, True)


def test_a_damaged_list_in_the_cache_is_one_sentence_and_fetched_again(line: Parameters, tmp_path: Path) -> None:
    other = elsewhere(line, tmp_path, with_builds=("sources",))
    damaged = next(other.build.rglob("*_Packages"))
    damaged.write_text(damaged.read_text().replace("Package: bash\n", "Package: bush\n") + "\n")
    answer = kit("resolve", other.file)
    assert answer.returncode == 1
    assert "was damaged in the cache" in answer.stderr
    assert kit("resolve", other.file).returncode == 0


def test_a_tree_that_does_not_boot_is_shown_with_its_console_and_never_published(
    line: Parameters, tmp_path: Path
) -> None:
    other = elsewhere(line, tmp_path, with_builds=("sources",))
    treefile = other.treefile.read_text().replace("multi-user.target", "emergency.target")
    # A script of the treefile's is run by its own interpreter.
    treefile += 'postprocess: ["#!/usr/bin/env bash\\n[[ $BASH_VERSION ]] && touch /usr/share/postprocess-ran"]\n'
    other.treefile.write_text(treefile)
    overrides = ("-p", "stream=other", "-p", "suites=[boot]", "-p", "source.snapshots=[base]")
    answer = kit("release", other.file, *overrides)
    assert answer.returncode == 1
    assert "the step checks failed" in answer.stderr
    assert "the first: boot/boots (the machine did not boot" in answer.stderr
    assert f"go on with ./workbench release {other.file} -p stream=other -p 'suites=[boot]'" in answer.stderr
    (folder,) = (path.parent for path in other.reports.rglob("plan.json"))
    assert folder.parent.name == "other"
    assert set(read_table(folder, "checks")["outcome"]) == {"error"}
    assert "You are in emergency mode" in (folder / "index.html").read_text()
    assert not has_record(folder, "release")
    commit = read_record(folder, "compose")["checksum"]
    assert "postprocess-ran" in ostree.run(other.workspace.candidate_repo, "ls", commit, "/usr/share")
    assert "/.postprocess" not in ostree.run(other.workspace.candidate_repo, "ls", commit, "/")
    assert ostree.find_ref(other.workspace.published_repo, read_record(folder, "compose")["ref"]) is None
