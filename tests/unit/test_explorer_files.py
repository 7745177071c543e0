"""What the explorer exports is read back by those who read such files, and its messages."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atomic_kit.errors import InputError
from atomic_kit.explorer.document import load_state
from atomic_kit.explorer.opening import explore, explore_rpm_repos
from atomic_kit.explorer.serving import with_parameters
from atomic_kit.explorer.widget import Explorer
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.treefile import load_treefile


class Heard(list[tuple[dict[str, Any], list[bytes]]]):
    """What an explorer sent to its page."""

    def last(self, kind: str) -> dict[str, Any]:
        return next(content for content, _ in reversed(self) if content["kind"] == kind)


@pytest.fixture
def explorer(make_rpm: Callable[..., Path], make_repo: Callable[[Path], RpmRepoMetadata], tmp_path: Path) -> Explorer:
    make_rpm("app", requires=("lib",))
    make_rpm("lib")
    make_rpm("tool", "1.5")
    make_rpm("foe", conflicts=("app",))
    return explore_rpm_repos([make_repo(tmp_path / "packages")], ["app"], title="Test")


@pytest.fixture
def heard(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> Heard:
    sent = Heard()
    monkeypatch.setattr(explorer, "send", lambda content, buffers=None: sent.append((content, buffers or [])))
    return sent


def do(explorer: Explorer, **message: Any) -> None:
    explorer._receive(explorer, message, [])


VIEW = {"width": 600, "height": 300, "group": "package", "changes": "package"}


def test_a_treefile_is_read_back(explorer: Explorer, tmp_path: Path) -> None:
    do(explorer, do="request", texts=["tool >= 1"])
    do(explorer, do="exclude", texts=["foe"])
    do(explorer, do="recommends", value=False)
    treefile = load_treefile(explorer.export("treefile", tmp_path / "host.yaml"))
    assert treefile.packages == ("app", "tool >= 1")
    assert (treefile.exclude_packages, treefile.recommends) == (("foe",), False)


def test_a_lock_pins_versions_and_digests(explorer: Explorer, tmp_path: Path) -> None:
    lock = json.loads(explorer.export("lock", tmp_path / "lock.json").read_text())
    assert sorted(lock["packages"]) == ["app", "lib"]
    assert lock["packages"]["lib"]["evra"] == "1-1.noarch"
    assert lock["packages"]["lib"]["digest"].startswith("sha256:")
    assert lock["metadata"]["rpmmd_repos"] == {"test": {"generated": "2026-01-01T00:00:00Z"}}


def test_a_table_has_a_row_a_package(explorer: Explorer, tmp_path: Path) -> None:
    with explorer.export("csv", tmp_path / "set.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["reason"], row["required_by"]) for row in rows] == [
        ("app", "requested", ""),
        ("lib", "required", "app"),
    ]


def test_what_cannot_be_exported_says_so(explorer: Explorer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no export 'pdf'"):
        explorer.export("pdf", tmp_path / "x")
    do(explorer, do="request", texts=["foe"])
    with pytest.raises(InputError, match="has no package set"):
        explorer.export("lock", tmp_path / "x")
    do(explorer, do="withdraw", texts=["foe", "app"])
    with pytest.raises(InputError, match="asks for nothing"):
        explorer.export("treefile", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_saved_state_is_opened_again(explorer: Explorer, tmp_path: Path) -> None:
    do(explorer, do="copy")
    do(explorer, do="request", texts=["tool"])
    saved = explorer.export("state", tmp_path / "state.json")
    assert load_state(saved) == load_state(str(saved)) == load_state(f"https://x/#state={explorer.link}")
    assert load_state(saved) == explorer.state
    assert load_state("") is None
    with pytest.raises(InputError, match="cannot be read"):
        load_state(tmp_path / "missing.json")


def test_the_page_hears_the_catalogue_once_and_then_pictures(explorer: Explorer, heard: Heard) -> None:
    do(explorer, do="ready", link="", **VIEW)
    assert [content["kind"] for content, _ in heard] == ["catalogue", "picture", "done"]
    do(explorer, do="request", texts=["tool"], row=3, turn=5)
    assert heard.last("picture")["totals"]["packages"] == 3
    assert heard.last("details")["asked"] == ["tool"]
    assert heard.last("done")["turn"] == 5
    do(explorer, do="undo")
    assert (heard.last("picture")["undo"], heard.last("picture")["redo"]) == (0, 1)
    assert [content["kind"] for content, _ in heard].count("catalogue") == 1


def test_a_link_in_the_address_is_what_is_shown_first(explorer: Explorer, heard: Heard) -> None:
    do(explorer, do="request", texts=["tool"])
    link = explorer.link
    do(explorer, do="undo")
    do(explorer, do="ready", link=link, **VIEW)
    assert heard.last("picture")["link"] == link
    do(explorer, do="restore", text="nonsense")
    assert "link's state cannot be read" in heard.last("notice")["text"]


def test_what_follows_a_picture_are_sizes_or_the_reasons_against_it(explorer: Explorer, heard: Heard) -> None:
    assert [message["kind"] for message in explorer.afterthoughts()] == ["sizes"]
    do(explorer, do="request", texts=["foe"])
    (problem,) = explorer.afterthoughts()
    assert set(problem["cures"]) == {"not asking for app", "not asking for foe"}
    do(explorer, do="cure", words="not asking for foe")
    assert heard.last("picture")["solved"]


@pytest.mark.parametrize(
    "message",
    [
        {"do": "fly"},
        {"do": "request", "texts": "app"},
        {"do": "request", "texts": [" "]},
        {"do": "tick", "row": 99},
        {"do": "show", "place": "x"},
        {"do": "look", "group": "colour"},
        {"do": "open", "text": "{"},
        {"do": "cure", "words": "praying"},
    ],
)
def test_a_message_that_makes_no_sense_is_answered_by_a_sentence(
    explorer: Explorer, heard: Heard, message: dict[str, Any]
) -> None:
    before = explorer.state
    do(explorer, **message)
    assert heard.last("notice")["text"]
    assert explorer.state == before


def test_a_release_line_is_opened_from_its_parameters(
    make_rpm: Callable[..., Path], make_repo: Callable[[Path], RpmRepoMetadata], tmp_path: Path
) -> None:
    make_rpm("app")
    make_repo(tmp_path / "packages")
    (tmp_path / "host.yaml").write_text("ref: a/b\npackages: [app]\nrecommends: false\n")
    place = f"baseurl: 'file://{tmp_path}/packages', gpgcheck: false, repo_gpgcheck: false"
    source = f"{{kind: rpm-md, rpm_repos: [{{id: test, {place}}}]}}"
    (tmp_path / "line.yaml").write_text(
        f"line: test\ntitle: A line\nstream: test\ntreefile: host.yaml\nsource: {source}\nbuild: build\n"
    )
    opened = explore(tmp_path / "line.yaml")
    assert opened.state.shown.packages == ("app",)
    assert not opened.state.shown.recommends
    assert "ref: a/b" in opened.text("treefile")


def test_the_served_notebook_has_its_parameters_set(tmp_path: Path) -> None:
    notebook = with_parameters(tmp_path / "line.yaml", "abc")
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert sources[0] == f"parameters = {str(tmp_path / 'line.yaml')!r}\nstate = 'abc'"
    assert sources[-1].startswith("explorer = explore(parameters, state)")
