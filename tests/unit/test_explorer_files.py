"""What the explorer exports is read back by those who read such files, and its messages."""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atomic_kit.errors import InputError
from atomic_kit.explorer.document import load_state
from atomic_kit.explorer.opening import explore, explore_rpm_repos
from atomic_kit.explorer.serving import serving, with_parameters
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


def test_a_name_cannot_break_out_of_a_treefiles_head(explorer: Explorer, tmp_path: Path) -> None:
    do(explorer, do="rename", name="c\u2028packages: [evil]\u2028x: #")
    treefile = load_treefile(explorer.export("treefile", tmp_path / "host.yaml"))
    assert treefile.packages == ("app",)


def test_what_no_treefile_can_say_is_no_file(explorer: Explorer) -> None:
    do(explorer, do="request", texts=["it's two"])
    with pytest.raises(InputError, match="cannot be said in a treefile"):
        explorer.text("treefile")


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
    assert (heard.last("picture")["link"], heard.last("picture")["keep_address"]) == (link, False)
    do(explorer, do="restore", text="nonsense")
    assert "link's state cannot be read" in heard.last("notice")["text"]


def test_a_link_that_cannot_be_read_stays_in_the_address_until_something_is_changed(
    explorer: Explorer, heard: Heard
) -> None:
    do(explorer, do="ready", link="nonsense", **VIEW)
    assert heard.last("picture")["keep_address"]
    do(explorer, do="look", **VIEW)
    assert heard.last("picture")["keep_address"]
    do(explorer, do="request", texts=["tool"])
    assert not heard.last("picture")["keep_address"]


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
        {"do": "request", "texts": ["tool"], "row": "x"},
        {"do": "request", "texts": ["\ud800"]},
        {"do": "tick", "row": None},
        {"do": "open", "text": '{"schema_version": 1, "start": {"name": "\\ud800", "packages": []}}'},
        {"do": "look", "group": "package", "changes": "package", "width": float("nan"), "height": 1},
        {"do": "look", "group": "package", "changes": "package", "width": 10**400, "height": 1},
    ],
)
def test_a_message_that_makes_no_sense_is_answered_by_a_sentence(
    explorer: Explorer, heard: Heard, message: dict[str, Any]
) -> None:
    before = explorer.state
    do(explorer, **message)
    assert heard.last("notice")["text"].encode()
    assert heard.last("done")
    assert explorer.state == before


def test_a_message_that_is_none_is_answered(explorer: Explorer, heard: Heard) -> None:
    explorer._receive(explorer, ["do"], [])
    assert [content["kind"] for content, _ in heard] == ["notice", "done"]


def test_a_fault_of_ours_leaves_everything_as_it_was(
    explorer: Explorer, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = explorer.state
    with monkeypatch.context() as broken:
        broken.setattr(explorer._study, "answer", lambda _: 1 / 0)
        do(explorer, do="request", texts=["tool"])
    assert "ZeroDivisionError" in heard.last("notice")["text"]
    assert (explorer.state, heard[-1][0]["kind"]) == (before, "done")
    do(explorer, do="request", texts=["tool"])
    assert heard.last("picture")["totals"]["packages"] == 3


def test_a_group_that_is_not_there_has_a_cure(explorer: Explorer, heard: Heard) -> None:
    do(explorer, do="request", texts=["@nogroup"])
    assert not heard.last("picture")["solved"]
    (problem,) = explorer.afterthoughts()
    assert (problem["cause"], problem["cures"]) == (["@nogroup"], ["not asking for @nogroup"])
    do(explorer, do="cure", words="not asking for @nogroup")
    assert heard.last("picture")["solved"]


def test_a_release_line_is_opened_from_its_parameters(
    make_rpm: Callable[..., Path], make_repo: Callable[[Path], RpmRepoMetadata], tmp_path: Path
) -> None:
    make_rpm("app")
    make_repo(tmp_path / "packages")
    (tmp_path / "host.yaml").write_text(
        "ref: a/b\npackages: [app]\nrecommends: false\ndocumentation: false\nreleasever: '9'\n"
    )
    place = f"baseurl: 'file://{tmp_path}/packages', gpgcheck: false, repo_gpgcheck: false"
    source = f"{{kind: rpm-md, rpm_repos: [{{id: test, {place}}}]}}"
    (tmp_path / "line.yaml").write_text(
        f"line: test\ntitle: A line\nstream: test\ntreefile: host.yaml\nsource: {source}\nbuild: build\n"
    )
    opened = explore(tmp_path / "line.yaml")
    assert opened.state.shown.packages == ("app",)
    assert not opened.state.shown.recommends
    (tmp_path / "again.yaml").write_text(opened.text("treefile"))
    again = load_treefile(tmp_path / "again.yaml")
    assert (again.ref, again.documentation, again.releasever) == ("a/b", False, "9")


def test_a_bad_file_and_a_taken_port_are_told_before_anything_is_served(tmp_path: Path) -> None:
    unsigned = "gpgcheck: false, repo_gpgcheck: false"
    source = f"{{kind: rpm-md, rpm_repos: [{{id: test, baseurl: 'file:///nowhere', {unsigned}}}]}}"
    (tmp_path / "line.yaml").write_text(
        f"line: test\ntitle: A line\nstream: test\ntreefile: host.yaml\nsource: {source}\nbuild: build\n"
    )
    for text, said in (("packages: [", "host.yaml"), ("ref: a/b\npackages: 3\n", "packages")):
        (tmp_path / "host.yaml").write_text(text)
        with pytest.raises(InputError, match=said), serving(tmp_path / "line.yaml"):
            pass
    (tmp_path / "host.yaml").write_text("ref: a/b\npackages: [app]\n")
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(InputError, match="no state"), serving(tmp_path / "line.yaml", state=tmp_path / "state.json"):
        pass
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} is taken"), serving(tmp_path / "line.yaml", port=port):
            pass


def test_the_served_notebook_has_its_parameters_set(tmp_path: Path) -> None:
    notebook = with_parameters(tmp_path / "line.yaml", "abc")
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert sources[0] == f"parameters = {str(tmp_path / 'line.yaml')!r}\nstate = 'abc'"
    assert sources[-1].startswith("explorer = explore(parameters, state)")
