"""Treefiles: merging by rpm-ostree's rules, and every fault in one sentence with its place."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atomic_kit.errors import InputError
from atomic_kit.treefile import load_treefile, version_prefix


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_includer_wins_for_scalars_and_lists_of_an_include_come_first(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", "ref: base\nselinux: false\nunits: [a.service]\npackages: [bash, zlib]\n")
    top = write(tmp_path, "top.yaml", "include: base.yaml\nref: top\nunits: [b.service]\npackages: [acl]\n")
    merged = load_treefile(top)
    assert merged.ref == "top"
    assert merged.selinux is False
    assert merged.units == ("a.service", "b.service")
    assert merged.packages == ("acl", "bash", "zlib")


def test_entries_split_at_white_space_and_quotes_hold_a_version(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "ref: x\npackages:\n  - bash coreutils\n  - \"'glibc >= 2'\"\n")
    assert load_treefile(path).packages == ("bash", "coreutils", "glibc >= 2")


def test_a_key_of_rpm_ostree_that_is_not_acted_on_is_carried(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "ref: x\npackages: [a]\netc-group-members: [wheel]\n")
    assert load_treefile(path).carried == ("etc-group-members",)


def test_the_digest_follows_the_content_of_named_files(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "ref: x\npackages: [a]\npostprocess-script: post.sh\n")
    write(tmp_path, "post.sh", "true")
    before = load_treefile(path).digest
    write(tmp_path, "post.sh", "false")
    assert load_treefile(path).digest != before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ref: x\npackages: [a]\nunits: 3\n", "t.yaml:3: units: got 3, expected: a valid list"),
        ("ref: x\npackages: [a]\nunits: [a, 3]\n", "t.yaml:3: units.1: got 3, expected: a valid string"),
        ("ref: x\npackages: [a]\nmutate-os-release: 7\n", "t.yaml:3: mutate-os-release: got 7"),
        ("ref: x\npackages: [a]\nselinux: 'yes'\n", "t.yaml:3: selinux: got 'yes', expected: a valid boolean"),
        ("ref: x\npackages: [a]\nreleasever: true\n", "t.yaml:3: releasever: expected: text or a whole number"),
        ("ref: x\npackages: [a]\nadd-files: [[a, /usr/a]]\n", "t.yaml:3: add-files: not supported, and without it"),
        ("ref: x\npackages: [a]\ncontainer: true\n", "t.yaml:3: container: not supported"),
        ("ref: x\npackages: [a]\noverride-remove: [b]\n", "t.yaml:3: override-remove: belongs to a host"),
        ('ref: x\npackages: ["\'a"]\n', "t.yaml:2: packages.0: has a single quote that is not closed"),
        ("ref: x\npackages: [a]\npackages-s390x: b\n", "t.yaml:3: packages-s390x: got 'b'"),
        ("ref: x\npackages: [a]\nvariables: {a: 1.5}\n", "t.yaml:3: variables.a: expected: text, a whole number"),
        ("ref: x\npackages: [a]\nvariables: {basearch: a}\n", "t.yaml:3: variables.basearch: basearch is reserved"),
        ("ref: x\npackages: [a]\nvariables: {a: '$b'}\n", "variables.a: holds one of $ { }"),
        ("ref: x\npackages: [a]\nbasearch: s390x\n", "t.yaml:3: basearch: got 's390x', expected: x86_64"),
        ("ref: x\npackages: [a]\nexclude-packages: [a]\n", "t.yaml:3: exclude-packages: 'a' is requested too"),
        ("ref: x\npackages: [a]\nrepo-packages: [{repo: r}]\n", "t.yaml:3: repo-packages.0: lacks the key packages"),
        ("ref: x\npackages: [a]\ncheck-passwd: {type: file}\n", "check-passwd: type file needs the key filename"),
        ("ref: x\npackages: [a]\nremove-from-packages: [[b, '(']]\n", "remove-from-packages.0.1: is no regular"),
        ("ref: x\npackages: [a]\nautomatic-version-suffix: '--'\n", "t.yaml:3: automatic-version-suffix: got '--'"),
        ("ref: x\npackages: [a]\n3: b\n", "t.yaml:3: 3: a key must be text"),
        ("ref: a ${b}\npackages: [a]\n", "t.yaml:1: ref: 'a ${b}' is not a name that OSTree takes"),
        ("ref: x\n", "has no packages"),
        ("packages: [a]\n", "has no ref"),
        ("ref: x\npackages: [a]\ninclude: none.yaml\n", "/none.yaml' does not exist"),
        ("ref: x\npackages: [a]\ninclude: [b.ks]\n", "t.yaml:3: include: a kickstart is not read"),
        ("ref: x\npackages: [a]\npostprocess-script: none.sh\n", "'none.sh', which does not exist"),
        ("ref: [x\n", "t.yaml:2"),
        ("- a\n", "is not a treefile"),
        ("ref: x\npackages: [a]\ndefault_target: a\ndefault-target: b\n", "are the same key"),
    ],
)
def test_a_fault_is_one_sentence_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        load_treefile(write(tmp_path, "t.yaml", text))
    assert sentence in str(caught.value)


def test_every_fault_of_a_file_is_told_up_to_twenty(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "units: 1\nrepos: 2\npackages: [" + "1," * 50 + "]\n")
    with pytest.raises(InputError) as caught:
        load_treefile(path)
    assert str(caught.value).count("\n") == 20
    assert "and 32 more faults; mend the treefile" in str(caught.value)


def test_a_dated_prefix_takes_the_snapshots_date(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "ref: x\npackages: [a]\nautomatic-version-prefix: 12.<date:%Y%m%d>\n")
    assert version_prefix(load_treefile(path), datetime(2026, 7, 11, tzinfo=UTC)) == "12.20260711"


def test_the_digest_is_the_same_in_every_process(tmp_path: Path) -> None:
    path = write(
        tmp_path, "t.yaml", "ref: x\npackages: [a]\ntmp-is-dir: true\nmachineid-compat: false\nedition: '2024'\n"
    )
    script = f"import pathlib, atomic_kit.treefile as t\nprint(t.load_treefile(pathlib.Path({str(path)!r})).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "123"
    }
    assert len(digests) == 1
