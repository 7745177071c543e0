"""Notebooks run by papermill in kernels that were started ahead."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from atomic_kit.errors import InputError, StepError
from atomic_kit.pipeline.kernels import Kernels
from atomic_kit.pipeline.notebooks import execute, succeeded

# papermill and nbconvert run in this process; their warnings are not ours.
pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]

CELLS = {
    "good": ("import os, pandas as pd\nfrom atomic_kit.report.figures import package_sizes", "name, {'b', 'a', 'c'}"),
    "picture": (
        "import pandas as pd\nfrom atomic_kit.report.figures import package_sizes",
        "package_sizes(pd.DataFrame({'name': ['bash'], 'install_size': [9], 'reason': ['requested']}))",
    ),
    "bad": ("from atomic_kit.errors import StepError", "raise StepError('the thing broke', hint='mend it')"),
    "full": ("raise OSError(28, 'No space left on device', '/there')",),
    "long": ("import time", "time.sleep(60)"),
    "dead": ("import os", "os._exit(9)"),
}


def notebook(folder: Path, kind: str) -> Path:
    """Write a notebook with a parameters cell and the cells of a kind."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell("name = 'nobody'", metadata={"tags": ["parameters"]})]
    made.cells += [nbformat.v4.new_code_cell(text) for text in CELLS[kind]]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / f"{kind}.ipynb"
    nbformat.write(made, path)
    return path


def children() -> set[psutil.Process]:
    """Return the processes below this one."""
    return set(psutil.Process().children(recursive=True))


def test_equal_runs_give_equal_pages_and_each_has_a_kernel_of_its_own(tmp_path: Path) -> None:
    path, before = notebook(tmp_path, "good"), children()
    pages = []
    with Kernels(2, folder=tmp_path) as kernels:
        for place in ("first", "second"):
            executed = tmp_path / place / path.name
            execute(path, executed, parameters={"name": "somebody"}, kernel=kernels.take())
            assert succeeded(executed)
            pages.append(executed.with_suffix(".html").read_bytes())
    assert pages[0] == pages[1]
    assert b"somebody" in pages[0]
    assert children() <= before


def test_pictures_are_in_the_page(tmp_path: Path) -> None:
    path, executed = notebook(tmp_path, "picture"), tmp_path / "executed" / "picture.ipynb"
    with Kernels(1, folder=tmp_path) as kernels:
        execute(path, executed, parameters={}, kernel=kernels.take())
    assert "data:image/png;base64," in executed.with_suffix(".html").read_text()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("bad", "^the thing broke; mend it$"),
        ("full", "No space left on device: '/there'; make room or rights there"),
        ("dead", "the kernel of dead.ipynb died"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_kept_in_the_executed_notebook(
    tmp_path: Path, kind: str, sentence: str
) -> None:
    path, executed = notebook(tmp_path, kind), tmp_path / "executed" / f"{kind}.ipynb"
    with Kernels(1, folder=tmp_path) as kernels, pytest.raises(StepError, match=sentence):
        execute(path, executed, parameters={}, kernel=kernels.take())
    assert not succeeded(executed)
    assert executed.is_file()
    assert executed.with_suffix(".html").is_file()


def test_an_interrupt_ends_the_kernel_and_leaves_nothing_that_complains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, executed, before = notebook(tmp_path, "long"), tmp_path / "executed" / "long.ipynb", children()
    threading.Timer(6, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Kernels(2, folder=tmp_path) as kernels:
        execute(path, executed, parameters={}, kernel=kernels.take())
    assert time.monotonic() - started < 30
    assert children() <= before
    gc.collect()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []
    assert not executed.exists()


def test_an_unknown_parameter_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path, executed = notebook(tmp_path, "good"), tmp_path / "executed" / "good.ipynb"
    with pytest.raises(InputError, match=r"good.ipynb has no parameter 'colour'"):
        execute(path, executed, parameters={"colour": "red"}, kernel=None)
    assert not executed.exists()
