"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
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


def killed(code: str) -> None:
    """Run code in a process that kills itself at its end."""
    script = f"import os, signal\nfrom pathlib import Path\nfrom atomic_kit import files\n{code}\n"
    subprocess.run([sys.executable, "-c", script], check=False)


def test_what_a_killed_process_left_goes_with_the_next_one(tmp_path: Path) -> None:
    end = "    os.kill(os.getpid(), signal.SIGKILL)"
    killed(f"with files.new_file(Path({str(tmp_path / 'a.json')!r})) as part:\n    part.touch()\n{end}")
    killed(f"with files.new_folder(Path({str(tmp_path / 'tree')!r})) as part:\n    (part / 'x').touch()\n{end}")
    killed(f"with files.scratch_folder('test', place=Path({str(tmp_path)!r})) as folder:\n{end}")
    left = sorted(path.name.split(".")[0] or path.name.split(".")[1] for path in tmp_path.iterdir())
    assert left == ["a", "atomic-test", "tree"]
    files.write_text(tmp_path / "a.json", "{}")
    with files.new_folder(tmp_path / "tree"):
        pass
    for path in tmp_path.glob("atomic-test.*"):
        os.utime(path, (0, 0))
    with files.scratch_folder("test", place=tmp_path) as mine, files.scratch_folder("test", place=tmp_path) as other:
        assert sorted(tmp_path.glob("atomic-test.*")) == sorted([mine, other]), "those in use stay"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "tree"]
