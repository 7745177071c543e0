"""Notebooks are thin, clean and complete."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from atomic_kit.release.records import STEPS

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
FORBIDDEN = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.With)


def test_there_is_one_notebook_a_step() -> None:
    numbered = [path for path in NOTEBOOKS if path.name[0].isdigit()]
    assert [path.stem.partition("-")[2] for path in numbered] == list(STEPS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin_and_clean(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert [cell.metadata.get("tags") for cell in code].count(["parameters"]) == 1
    for cell in code:
        tree = ast.parse(cell.source)
        assert len(cell.source.splitlines()) <= 6
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)]
    assert notebook.cells[0].cell_type == "markdown"
