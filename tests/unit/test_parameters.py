"""Parameters: every fault at once, each with its place; overrides are checked like the file."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from atomic_kit import command
from atomic_kit.checks import SUITES
from atomic_kit.errors import InputError, StepError
from atomic_kit.images import known_platforms
from atomic_kit.parameters import PlatformName, SuiteName, load_parameters
from atomic_kit.release.lock import alone
from atomic_kit.sources.opening import open_source

GOOD = "line: a\ntitle: A\nstream: a-devel\ntreefile: host.yaml\nsource:\n  kind: demo\n"
PROJECT = Path(__file__).parents[2]


def write(folder: Path, text: str) -> Path:
    path = folder / "line.yaml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    line = load_parameters(write(tmp_path, GOOD))
    assert line.treefile == tmp_path / "host.yaml"
    assert line.build == tmp_path.parent / "build"


def test_an_override_has_yaml_type_and_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert load_parameters(path, {"policy.budget.packages": "300"}).policy.budget.packages == 300
    with pytest.raises(InputError, match="disk_size: got 'big'"):
        load_parameters(path, {"disk_size": "big"})


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (GOOD + "treefil: x\n", ["line.yaml:7: treefil: unknown key, did you mean treefile?"]),
        (GOOD + "disk_size: big\nsuites: 3\n", ["line.yaml:7: disk_size: got 'big'", "line.yaml:8: suites: got 3"]),
        (GOOD + "disk_size: true\n", ["line.yaml:7: disk_size: got True"]),
        (GOOD + "file: x\n", ["line.yaml:7: file: unknown key"]),
        (GOOD + "platforms: [toaster]\n", ["platforms.0: got 'toaster', expected: 'qemu' or 'raw'"]),
        (GOOD + "suites: [smoke]\n", ["suites.0: got 'smoke', expected: 'boot' or 'upgrade'"]),
        ("line: a\n", ["title: is missing", "source: is missing"]),
        (GOOD.replace("demo", "dmeo"), ["source"]),
        (GOOD.replace("a-devel", "../x"), ["stream: got '../x'"]),
        ("", ["holds no keys"]),
    ],
)
def test_every_fault_is_named_with_its_place(tmp_path: Path, text: str, sentences: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        load_parameters(write(tmp_path, text))
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_an_unknown_name_lists_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT / "notebooks")
    with pytest.raises(InputError, match=r"known: .*demo"):
        load_parameters("dmeo")


@pytest.mark.parametrize("path", sorted((PROJECT / "parameters").glob("*.yaml")), ids=lambda path: path.name)
def test_the_projects_own_lines_are_sound(path: Path) -> None:
    from atomic_kit.treefile import load_treefile

    assert load_treefile(load_parameters(path).treefile).packages


def test_what_parameters_may_name_are_the_rows_of_the_tables() -> None:
    assert set(get_args(PlatformName)) == set(known_platforms())
    assert set(get_args(SuiteName)) == set(SUITES)


def test_a_treefile_in_place_of_parameters_is_recognised() -> None:
    with pytest.raises(InputError, match=r"host\.yaml is a treefile; name the parameters file"):
        load_parameters(PROJECT / "parameters" / "demo" / "host.yaml")


def test_a_refused_entry_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_parameters(write(tmp_path, GOOD + "platforms: [toaster]\n"))
    assert str(caught.value).count("platforms") == 1


def test_an_override_that_yaml_cannot_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'\[1' is not a YAML value"):
        load_parameters(write(tmp_path, GOOD), {"title": "[1"})


def test_without_apt_the_demo_names_the_parameters_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    which = command.which
    monkeypatch.setattr(command, "which", lambda name: None if name == "apt-get" else which(name))
    with pytest.raises(InputError, match=r"which this machine does not have; .* centos-stream-9\.yaml"):
        open_source(load_parameters(PROJECT / "parameters" / "demo.yaml"))


def test_a_second_run_of_a_line_is_refused(tmp_path: Path) -> None:
    line = load_parameters(write(tmp_path, GOOD + "build: build\n"))
    with alone(line), pytest.raises(StepError, match="another run of a-devel is under way"), alone(line):
        pass
    with alone(line):
        pass


def test_lock_files_are_beside_the_parameters(tmp_path: Path) -> None:
    line = load_parameters(write(tmp_path, GOOD + "lockfiles: [lock.json, ../overrides.yaml]\nlock_strict: false\n"))
    assert line.lockfiles == (tmp_path / "lock.json", tmp_path.parent / "overrides.yaml")
    assert not line.lock_strict
