"""Includes of a treefile: rpm-ostree's order, conditions and variables. Also what is warned of, and real files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from atomic_kit.errors import InputError
from atomic_kit.treefile import RepoPackages, Treefile, load_treefile
from atomic_kit.treefile.keys import KEYS

TOP = "ref: x\npackages: [top]\n"


def load(folder: Path, *, arch: str = "x86_64", **files: str) -> Treefile:
    """Write files (`a__b` is a/b.yaml) and load top.yaml."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return load_treefile(folder / "top.yaml", basearch=arch)


@pytest.mark.parametrize(
    ("key", "values", "merged"),
    [
        ("default-target", ("a", "b", "c"), "a"),
        ("default-target", (None, "b", "c"), "b"),
        ("mutate-os-release", (None, None, "c"), "c"),
        ("recommends", (True, False, False), True),
        ("postprocess", (["a"], ["b"], ["c"]), ("c", "b", "a")),
        ("units", (["a", "z"], ["b"], None), ("b", "a", "z")),
        ("repos", (["a"], ["b"], ["c"]), ("c", "b", "a")),
        ("lockfile-repos", (None, ["b"], ["c"]), ("c", "b")),
        ("packages", (["a"], ["c", "a"], ["b"]), ("a", "b", "c", "top")),
        ("packages-x86_64", (["a"], ["b"], None), ("a", "b", "top")),
        ("packages-s390x", (["a"], ["b"], None), ("top",)),
        ("ignore-removed-users", (["a"], ["b"], None), frozenset({"a", "b"})),
        ("metadata", ({"a": 1}, {"a": 2, "b": 2}, {"b": 3, "c": 3}), {"a": 1, "b": 2, "c": 3}),
    ],
)
def test_the_outermost_file_wins_then_the_earlier_include(
    tmp_path: Path, key: str, values: tuple[Any, Any, Any], merged: Any
) -> None:
    top, first, second = (f"{key}: {_yaml(value)}\n" if value is not None else "units: []\n" for value in values)
    head = "ref: x\ninclude: [first.yaml, second.yaml]\n"
    base = "" if key == "packages" else "packages: [top]\n"
    second += "packages: [top]\n" if key == "packages" and values[2] is None else ""
    extra = {"base": "packages: [top]\n"}
    second = "include: base.yaml\n" + second
    got = load(tmp_path, top=head + base + top, first=first, second=second, **extra)
    name = {"repos": "rpm_repos"}.get(key, key.split("-x86")[0].split("-s390")[0].replace("-", "_"))
    assert (got.carried_values[key] if key in got.carried_values else getattr(got, name)) == merged


def _yaml(value: Any) -> str:
    return repr(value).replace("True", "true").replace("False", "false").replace("None", "null")


def test_a_map_of_commit_metadata_and_texts_take_variables(tmp_path: Path) -> None:
    got = load(
        tmp_path,
        top="include: base.yaml\nvariables: {stream: devel, n: 3, yes: true}\n"
        "metadata: {a: '${stream}', deep: {b: '${stream}'}}\ndefault-target: '${stream}'\n",
        base="ref: os/${releasever}/${basearch}/${stream}\nreleasever: 12\nvariables: {stream: other}\n"
        "mutate-os-release: '${n}${yes}'\npackages: ['${stream}']\n"
        "automatic-version-prefix: '${releasever}.<date:%Y>'\n",
    )
    assert got.ref == "os/12/x86_64/devel"
    assert (got.mutate_os_release, got.automatic_version_prefix) == ("3true", "12.<date:%Y>")
    assert got.carried_values["metadata"] == {"a": "devel", "deep": {"b": "${stream}"}}
    assert (got.packages, got.default_target) == (("${stream}",), "${stream}")
    assert got.variables == {"stream": "devel", "n": 3, "yes": True, "basearch": "x86_64", "releasever": 12}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("basearch == 'x86_64'", None),
        ('basearch == "x86_64"', True),
        ('basearch=="x86_64"', True),
        ('basearch != "x86_64"', False),
        ("releasever < 41", True),
        ("releasever<41", None),
        ("releasever<9", False),
        ("releasever >= 40", True),
        ('releasever == "40"', None),
        ("flag == true", True),
        ("flag != true", False),
        ("flag < true", None),
        ("name > 3", None),
        ('name < "b"', None),
        ("unknown == 1", None),
        ("flag = true", None),
        ("releasever < 99999999999999999999999", None),
        ("releasever < -1", None),
        (["releasever < 41", "flag == true"], True),
        (["releasever < 41", "flag == false"], False),
        (["flag == false", "unknown == 1"], None),
        ([], True),
    ],
)
def test_a_condition_is_typed_and_all_of_a_list_must_hold(
    tmp_path: Path, condition: str | list[str], holds: bool | None
) -> None:
    text = f"{TOP}releasever: 40\nvariables: {{flag: true, name: a}}\nconditional-include:\n"
    text += f"  - if: {_quoted(condition)}\n    include: more.yaml\n"
    if holds is None:
        with pytest.raises(InputError, match=r"top\.yaml:6: conditional-include\.0\.if: "):
            load(tmp_path, top=text, more="packages: [more]\n")
    else:
        got = load(tmp_path, top=text, more="packages: [more]\n")
        assert got.packages == (("more", "top") if holds else ("top",))


def _quoted(condition: str | list[str]) -> str:
    one = isinstance(condition, str)
    texts = ["'" + text.replace("'", "''") + "'" for text in ([condition] if one else condition)]
    return texts[0] if one else f"[{', '.join(texts)}]"


def test_conditions_of_an_include_see_the_outer_variables_and_not_the_other_way_round(tmp_path: Path) -> None:
    asks = 'conditional-include: [{if: stream == "devel", include: more.yaml}]\n'
    got = load(tmp_path, top=TOP + "variables: {stream: devel}\ninclude: b.yaml\n", b=asks, more="packages: [more]\n")
    assert got.packages == ("more", "top")
    with pytest.raises(InputError, match="the variable stream is not defined"):
        load(tmp_path, top=TOP + asks + "include: b.yaml\n", b="variables: {stream: devel}\n")


def test_an_inlined_treefile_is_merged_when_its_condition_holds(tmp_path: Path) -> None:
    text = (
        TOP
        + 'units: [a]\nconditional-include: [{if: basearch == "x86_64", include: {units: [b], default_target: c}}]\n'
    )
    got = load(tmp_path, top=text)
    assert (got.units, got.default_target) == (("b", "a"), "c")
    with pytest.raises(
        InputError, match=r"top\.yaml:4: conditional-include\.0\.include\.postprocess-script: an inlined"
    ):
        load(tmp_path, top=text.replace("units: [b]", "postprocess-script: top.yaml"))


def test_a_file_of_remarks_alone_may_be_included(tmp_path: Path) -> None:
    assert load(tmp_path, top=TOP + "include: b.yaml\n", b="# nothing yet\n").warnings == ()


def test_arch_include_counts_for_its_architecture(tmp_path: Path) -> None:
    top = TOP + "arch-include: {x86_64: a.yaml, s390x: [none.yaml]}\n"
    assert load(tmp_path, top=top, a="packages: [more]\n").packages == ("more", "top")
    assert load(tmp_path, arch="aarch64", top=top).packages == ("top",)


def test_a_repo_package_counts_where_it_is_named_last(tmp_path: Path) -> None:
    got = load(
        tmp_path,
        top=TOP + "include: b.yaml\nrepo-packages: [{repo: r1, packages: [a b]}]\n",
        b="repo-packages: [{repo: r2, packages: [b, c, \"'d >= 2'\"]}, {repo: r3, packages: [a]}]\n",
    )
    assert got.repo_packages == (RepoPackages("r2", ("c", "d >= 2")), RepoPackages("r1", ("a", "b")))
    assert got.packages == ("top",)


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "post.sh").write_text("true")
    (tmp_path / "sub" / "passwd").write_text("")
    inner = "include: ../last.yaml\npostprocess-script: post.sh\ncheck-passwd: {type: file, filename: passwd}\n"
    got = load(tmp_path, top=TOP + "include: sub/b.yaml\n", sub__b=inner, last="packages: [last]\n")
    assert got.files == (tmp_path / "top.yaml", tmp_path / "sub" / "b.yaml", tmp_path / "last.yaml")
    assert got.postprocess_script == (tmp_path / "sub" / "post.sh",)
    assert got.check_passwd == tmp_path / "sub" / "passwd"


@pytest.mark.parametrize("names", [("b.yaml", "b.yaml"), ("b.yaml", "link.yaml"), ("b.yaml", "hard.yaml")])
def test_a_file_that_is_reached_twice_is_refused_by_whatever_name(tmp_path: Path, names: tuple[str, str]) -> None:
    (tmp_path / "b.yaml").write_text("units: [a]\n")
    (tmp_path / "link.yaml").symlink_to("b.yaml")
    os.link(tmp_path / "b.yaml", tmp_path / "hard.yaml")
    with pytest.raises(InputError, match="is included twice, first as"):
        load(tmp_path, top=f"{TOP}include: [{', '.join(names)}]\n")


def test_an_include_loop_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"includes itself \(top\.yaml -> b\.yaml -> top\.yaml\)"):
        load(tmp_path, top=TOP + "include: b.yaml\n", b="include: top.yaml\n")


def test_includes_nest_up_to_rpm_ostrees_depth(tmp_path: Path) -> None:
    files = {f"n{number}": f"include: n{number + 1}.yaml\n" for number in range(60)}
    with pytest.raises(InputError, match=r"n49\.yaml:1: include: more than 50 includes deep"):
        load(tmp_path, top=TOP + "include: n0.yaml\n", **files, n60="units: [a]\n")


@pytest.mark.parametrize(
    ("name", "text", "warning"),
    [
        ("t.yaml", TOP + "unitz: [a]\n", "t.yaml:3: unitz: unknown key, ignored; rpm-ostree itself would refuse this"),
        ("t.yaml", TOP + "unitz: [a]\n", "did you mean units?"),
        ("t.yaml", TOP + "comment: a\n", "t.yaml:3: comment: unknown key, ignored; rpm-ostree itself would refuse"),
        ("t.yaml", TOP + "ref: y\n", "t.yaml:3: 'ref': stands in line 1 too, and the last one counts; rpm-ostree"),
        (
            "t.yaml",
            TOP + "install_langs: [a]\n",
            "t.yaml:3: install_langs: today's rpm-ostree would refuse this; write",
        ),
        ("t.yaml", TOP + "mutate-os-release: '${a}'\n", "t.yaml:3: mutate-os-release: the variable 'a' is not defined"),
        ("t.json", '{"ref": "x", "packages": ["a"],\n"osname": "b"}', "t.json:2: osname: unknown key, ignored as"),
        (
            "t.json",
            '{"ref": "x",\n"bootstrap_packages": ["a"]}',
            "t.json:2: bootstrap_packages: today's rpm-ostree would drop it without a word; write packages",
        ),
        ("host", TOP, "host:1: treefile: rpm-ostree itself takes a file of this name for JSON"),
    ],
)
def test_what_rpm_ostree_would_stumble_over_is_warned_of(tmp_path: Path, name: str, text: str, warning: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert warning in "\n".join(load_treefile(path).warnings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", TOP + "default_target: a\n"),
        ("t.json", '{"ref": "x", "packages": ["a"], "comment": "b", "install-langs-comment": "c"}'),
        ("t.yaml", TOP + "add-files: []\ncontainer: false\nopt-usrlocal: var\n"),
        ("t.yaml", TOP + "units:\n"),
    ],
)
def test_what_asks_for_nothing_is_not_warned_of(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert load_treefile(path).warnings == ()


# A look-alike of the SIG's base file with all that surprises in it: tabs, remarks, a repeated key, old spellings.
OLD = """{
\t"comment": "a host",
\t"osname": "a-host",
\t"ref": "a-host/7/x86_64/standard",
\t"install-langs-comment": "keep this in sync",
\t"install-langs": ["en_US"],
\t"install-langs": ["en_US",
\t\t"de_DE"],
\t"initramfs-args": ["--no-hostonly", "--add", "iscsi"],
\t"etc-group-members": ["wheel", "docker"],
\t"ignore-removed-users": ["root"],
\t"check-passwd": { "type": "file", "filename": "passwd" },
\t"bootstrap_packages": ["filesystem", "glibc"],
\t"packages": ["kernel", "systemd"],
\t"remove-from-packages": [["kernel", "/lib/modules/.*/drivers/gpu"]],
\t"default_target": "multi-user.target"
}
"""


def test_a_file_like_the_sigs_loads_with_its_surprises_told(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (tmp_path / "base.json").write_text(OLD)
    top = tmp_path / "devel.json"
    top.write_text('{"include": "base.json", "ref": "a-host/7/x86_64/devel", "automatic_version_prefix": "7.2018"}')
    got = load_treefile(top)
    assert got.packages == ("filesystem", "glibc", "kernel", "systemd")
    assert got.install_langs == ("en_US", "de_DE")
    assert got.carried == ("etc-group-members", "ignore-removed-users")
    assert (got.default_target, got.automatic_version_prefix) == ("multi-user.target", "7.2018")
    assert [warning.partition("base.json:")[2].split(":")[0] for warning in got.warnings] == ["7", "3", "13"]


def test_the_documentation_says_what_becomes_of_every_key() -> None:
    table = (Path(__file__).parents[2] / "docs" / "treefiles.md").read_text(encoding="utf-8").split("## Merging")[0]
    rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("| `")]
    told = {name: (fate, merge.strip()) for names, fate, merge in rows for name in re.findall(r"`([a-z-]+)`", names)}
    for name, key in KEYS.items():
        fate, merge = told[name]
        assert key.fate.value in fate, name
        assert not merge or merge == key.merge.name.lower(), name
