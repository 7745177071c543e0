"""Files and folders appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from atomic_kit import files


def test_a_file_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    files.write_json(path, {"b": 1, "a": "ä"})
    with pytest.raises(ZeroDivisionError), files.new_file(path) as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert path.read_text(encoding="utf-8") == '{\n  "a": "ä",\n  "b": 1\n}\n'
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_replaces_the_old_one_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tree"
    with files.new_folder(path) as part:
        (part / "old").touch()
    with pytest.raises(ZeroDivisionError), files.new_folder(path) as part:
        (part / "half").touch()
        raise ZeroDivisionError
    assert [entry.name for entry in path.iterdir()] == ["old"]
    with files.new_folder(path) as part:
        (part / "new").touch()
    assert [entry.name for entry in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path], "nothing may be left beside it"


def test_a_failed_first_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.new_folder(tmp_path / "tree"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_digests_are_of_content(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert files.file_digest(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert files.value_digest({"a": 1, "b": [2]}) == files.value_digest({"b": [2], "a": 1})
    assert files.value_digest({"a": 1, "b": [2]}) != files.value_digest({"a": 1, "b": [3]})
