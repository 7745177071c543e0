"""The git hook of this project keeps stored outputs out of commits."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from atomic_kit import command
from atomic_kit.command import Result

PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.integration


def git(folder: Path, *arguments: str) -> Result:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return command.run(["git", "-C", folder, *identity, *arguments], env={"PATH": path}, check=False)


def test_a_notebook_with_outputs_is_stripped_and_refused_once(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    shutil.copytree(PROJECT / ".githooks", tmp_path / ".githooks")
    git(tmp_path, "config", "core.hooksPath", ".githooks")
    cell = new_code_cell("1 + 1", outputs=[new_output("stream", text="2")], execution_count=1)
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "a notebook.ipynb")

    git(tmp_path, "add", "a notebook.ipynb")
    refused = git(tmp_path, "commit", "--message", "first")
    assert refused.returncode != 0
    assert "a notebook.ipynb" in refused.stderr
    assert nbformat.read(tmp_path / "a notebook.ipynb", 4).cells[0].outputs == []

    git(tmp_path, "add", "a notebook.ipynb")
    assert git(tmp_path, "commit", "--message", "second").returncode == 0
