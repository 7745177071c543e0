"""Modules hide what libdnf hides: inactive streams, and other packages under the names of active ones."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atomic_kit.errors import AtomicKitError, InputError, StepError
from atomic_kit.sources import RpmRepoMetadata, Snapshot
from atomic_kit.sources.modulemd import ModuleDefault, read_modules
from atomic_kit.sources.modules import ModuleFilter, module_filter, snapshot_filter

HEAD = "---\ndocument: modulemd\nversion: 2\ndata:\n"


def build(
    name: str,
    stream: str,
    *rpms: str,
    version: int = 1,
    context: str = "aaaa",
    arch: str = "x86_64",
    requires: str = "platform: [el9]",
    more: str = "",
) -> str:
    listed = "".join(f"    - {rpm}\n" for rpm in rpms)
    return (
        f"{HEAD}  name: {name}\n  stream: {stream}\n  version: {version}\n  context: {context}\n  arch: {arch}\n"
        f"  dependencies:\n  - buildrequires: {{platform: [el9]}}\n    requires: {{{requires}}}\n{more}"
        + (f"  artifacts:\n    rpms:\n{listed}" if listed else "")
    )


def default(name: str, stream: str, modified: int = 1) -> str:
    return (
        f"---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: {name}\n  modified: {modified}\n"
        f"  stream: {stream}\n  profiles: {{'{stream}': [common]}}\n"
    )


def filtered(tmp_path: Path, *texts: str, enabled: tuple[str, ...] = (), platform: str = "el9") -> ModuleFilter:
    path = tmp_path / "modules.yaml.gz"
    path.write_bytes(gzip.compress("".join(texts).encode()))
    return module_filter(read_modules(path, of="the modules"), enabled, platform=platform)


NODE18 = build("nodejs", "18", "nodejs-1:18.1-1.el9.x86_64", "nodejs-1:18.1-1.el9.src", "npm-0:9-1.el9.x86_64")
NODE20 = build("nodejs", "20", "nodejs-1:20.2-1.el9.x86_64", "npm-0:10-1.el9.x86_64")


def test_without_a_choice_every_stream_is_hidden_and_other_packages_are_not(tmp_path: Path) -> None:
    found = filtered(tmp_path, NODE18, NODE20)
    assert found.hides("nodejs-1:18.1-1.el9.x86_64", name="nodejs")
    assert found.hides("nodejs-1:20.2-1.el9.x86_64", name="nodejs")
    assert not found.hides("nodejs-1:16.0-1.el9.x86_64", name="nodejs")
    assert found.active_streams == ()


def test_an_enabled_stream_hides_the_others_and_what_has_or_provides_its_names(tmp_path: Path) -> None:
    found = filtered(tmp_path, NODE18, NODE20, enabled=("nodejs:20",))
    assert not found.hides("nodejs-1:20.2-1.el9.x86_64", name="nodejs")
    assert found.hides("nodejs-1:18.1-1.el9.x86_64", name="nodejs")
    assert found.hides("nodejs-1:99-1.el9.x86_64", name="nodejs")
    assert found.hides("node-compat-0:1-1.x86_64", name="node-compat", provides=("npm", "other"))
    assert not found.hides("bash-0:5-1.x86_64", name="bash", provides=("bash", "/bin/sh"))


def test_a_default_is_active_unless_another_stream_is_enabled(tmp_path: Path) -> None:
    texts = (NODE18, NODE20, default("nodejs", "18"))
    assert filtered(tmp_path, *texts).active_streams == ("nodejs:18",)
    assert filtered(tmp_path, *texts, enabled=("nodejs:20",)).active_streams == ("nodejs:20",)


def test_the_last_default_counts_and_a_contradiction_is_none(tmp_path: Path) -> None:
    later = default("nodejs", "20", 2)
    assert filtered(tmp_path, NODE18, NODE20, default("nodejs", "18"), later).active_streams == ("nodejs:20",)
    assert filtered(tmp_path, NODE18, NODE20, default("nodejs", "18", 2), later).active_streams == ()


def test_a_stream_that_looks_like_a_number_is_a_text(tmp_path: Path) -> None:
    texts = (build("perl", "5.30", "perl-4:5.30-1.x86_64"), build("perl", "5.3", "perl-4:5.3-1.x86_64"))
    found = filtered(tmp_path, *texts, enabled=("perl:5.30",))
    assert found.active_nevras == {"perl-4:5.30-1.x86_64"}


def test_the_newest_build_of_the_context_that_fits_counts(tmp_path: Path) -> None:
    texts = (
        build("a", "1", "a-0:1-1.x86_64", version=1),
        build("a", "1", "a-0:2-1.x86_64", version=2),
        build("a", "1", "a-0:9-1.x86_64", version=9, context="bbbb", requires="platform: [el10]"),
        build("a", "1", "a-0:8-1.aarch64", version=8, arch="aarch64"),
    )
    found = filtered(tmp_path, *texts, enabled=("a:1",))
    assert found.active_nevras == {"a-0:2-1.x86_64"}
    assert found.excluded_nevras == {"a-0:1-1.x86_64", "a-0:9-1.x86_64", "a-0:8-1.aarch64"}


def test_what_a_stream_needs_becomes_active_with_it(tmp_path: Path) -> None:
    texts = (
        build("perl", "5.26", "perl-4:5.26-1.x86_64"),
        build("perl", "5.30", "perl-4:5.30-1.x86_64"),
        build("dbi", "1", "dbi-0:1-1.x86_64", context="c526", requires="platform: [el9], perl: ['5.26']"),
        build("dbi", "1", "dbi-0:1-2.x86_64", context="c530", requires="platform: [el9], perl: ['5.30']"),
        default("perl", "5.30"),
    )
    assert filtered(tmp_path, *texts, enabled=("dbi:1",)).active_nevras == {"dbi-0:1-2.x86_64", "perl-4:5.30-1.x86_64"}
    old = filtered(tmp_path, *texts, enabled=("dbi:1", "perl:5.26"))
    assert old.active_nevras == {"dbi-0:1-1.x86_64", "perl-4:5.26-1.x86_64"}


def test_any_stream_but_one(tmp_path: Path) -> None:
    texts = (
        build("a", "1", "a-0:1-1.x86_64"),
        build("a", "2", "a-0:2-1.x86_64"),
        build("b", "1", "b-0:1-1.x86_64", requires="platform: [], a: [-2]"),
    )
    assert filtered(tmp_path, *texts, enabled=("b:1",)).active_streams == ("a:1", "b:1")


def test_a_default_that_cannot_be_met_is_left_out(tmp_path: Path) -> None:
    texts = (build("a", "1", "a-0:1-1.x86_64", requires="platform: [el8]"), default("a", "1"))
    assert filtered(tmp_path, *texts).active_streams == ()
    assert filtered(tmp_path, *texts, platform="").active_streams == ("a:1",)


def test_a_search_without_end_is_given_up(tmp_path: Path) -> None:
    many = [f"m{n}" for n in range(40)]
    needs = [f"{{{', '.join(f'{one}: []' for one in many[number + 1 :])}, ghost: []}}" for number in range(40)]
    texts = [
        build(name, stream, f"{name}-0:{stream}-1.x86_64", requires=need.strip("{}").lstrip(", "))
        for name, need in zip(many, needs, strict=True)
        for stream in "123456"
    ]
    with pytest.raises(InputError):
        filtered(tmp_path, *texts, enabled=("m0:1",))


def test_a_package_that_left_its_module_is_free(tmp_path: Path) -> None:
    left = "  demodularized:\n    rpms: [npm]\n"
    text = build("nodejs", "20", "nodejs-1:20-1.x86_64", "npm-0:1-1.x86_64", more=left)
    found = filtered(tmp_path, text, enabled=("nodejs:20",))
    assert found.active_names == {"nodejs"}


@pytest.mark.parametrize(
    ("enabled", "sentence"),
    [
        (("nodejs:99",), "there is no module stream nodejs:99; nodejs has 18, 20"),
        (("nope:1",), "no rpm_repo has a module nope"),
        (("nodejs:18", "nodejs:20"), "nodejs:18 and nodejs:20 are of one module"),
        (("old:1",), "the module streams old:1 cannot be active together; old:1 is for platform el8, not el9"),
        (("needy:1",), "needy:1 needs ghost:1, there is -"),
    ],
)
def test_streams_that_cannot_be_enabled(tmp_path: Path, enabled: tuple[str, ...], sentence: str) -> None:
    texts = (
        NODE18,
        NODE20,
        build("old", "1", "old-0:1-1.x86_64", requires="platform: [el8]"),
        build("needy", "1", "needy-0:1-1.x86_64", requires="ghost: ['1']"),
    )
    with pytest.raises(InputError) as caught:
        filtered(tmp_path, *texts, enabled=enabled)
    assert sentence in str(caught.value)


LAUGHS = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'ha'}]" for n in range(20))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 100_000,
        "---\n{",
        HEAD + "  name: a\n",
        HEAD + "  name: a\n  stream: '1'\n  version: many\n",
        HEAD + f"  name: a\n  stream: '1'\n  version: {'9' * 10_000}\n",
        build("a", "1", "not a package"),
        HEAD + "  name: a\n  stream: '1'\n  version: 1\n  artifacts: {rpms: {a: b}}\n",
        f"---\n{LAUGHS}\ndocument: modulemd\nversion: 2\ndata:\n  name: *a19\n  stream: x\n",
        f"---\n{LAUGHS}\ndocument: modulemd\nversion: 2\ndata:\n  name: a\n  stream: '1'\n  version: 1\n  artifacts:\n"
        "    rpms: *a19\n",
    ],
    ids=lambda text: text[-20:],
)
def test_bad_modules_are_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(AtomicKitError) as caught:
        filtered(tmp_path, text)
    assert isinstance(caught.value, StepError)
    assert len(str(caught.value)) < 400


def test_modules_of_several_repositories_count_together(tmp_path: Path) -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    repos = []
    for name, text in (("a", NODE18), ("b", NODE20), ("c", "")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        repos.append(RpmRepoMetadata(name, tmp_path, None, "0", made, modules=path if text else None))
    snapshot = Snapshot("current", made, tuple(repos), ("nodejs:20",), "el9")
    found = snapshot_filter(snapshot)
    assert found is not None and found.active_streams == ("nodejs:20",)
    assert "nodejs-1:18.1-1.el9.x86_64" in found.excluded_nevras
    assert snapshot_filter(Snapshot("current", made, tuple(repos[2:]))) is None


def test_documents_of_other_kinds_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "modules.yaml"
    other = "---\ndocument: modulemd-translations\nversion: 1\ndata:\n  module: a\n---\ndata: 3\n"
    path.write_text(other + default("a", "1"))
    assert read_modules(path, of="m") == (ModuleDefault("a", "1", 1),)
