"""Running one notebook by papermill, and its page."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atomic_kit.errors import InputError, StepError
from atomic_kit.files import new_file, write_text

# Python's own errors that say a sentence about a file or folder.
_ABOUT_FILES = ("OSError", "PermissionError")
NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"


def notebook_of(step: str) -> Path:
    """Return the notebook of a release step."""
    found = sorted(NOTEBOOKS.glob(f"[0-9][0-9]-{step}.ipynb"))
    if not found:
        raise InputError(f"there is no notebook for the step {step} in {NOTEBOOKS}", hint="is the checkout complete?")
    return found[0]


def succeeded(executed: Path) -> bool:
    """Say whether every cell of an executed notebook ran to its end."""
    try:
        document = json.loads(executed.read_text(encoding="utf-8"))
        whole = all(cell["metadata"]["papermill"]["status"] == "completed" for cell in document["cells"])
        return whole and document["metadata"]["papermill"]["exception"] is not True
    except (OSError, ValueError, KeyError):
        return False


def execute(notebook: Path, executed: Path, *, parameters: Mapping[str, Any], kernel: Any) -> None:
    """Run a notebook with parameters in a running kernel (its jupyter_client manager), and write its page.

    The executed copy is kept, with its traceback, when a cell fails. Raises StepError with the failing
    cell's own sentence, and InputError for a parameter that the notebook does not have.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    unknown = parameters.keys() - papermill.inspect_notebook(str(notebook)).keys()
    if unknown:
        raise InputError(f"{notebook.name} has no parameter {min(unknown)!r}")
    failed: Exception | None = None
    with new_file(executed) as part:
        try:
            papermill.execute_notebook(
                str(notebook),
                str(part),
                parameters=dict(parameters),
                progress_bar=False,
                log_output=False,
                kernel_name="python3",
                km=kernel,
            )
        except PapermillExecutionError as failure:
            hint = "make room or rights there" if failure.ename in _ABOUT_FILES else ""
            failed = StepError(str(failure.evalue), hint=hint)
        except DeadKernelError:
            failed = StepError(f"the kernel of {notebook.name} died", hint="is there memory enough? run again")
            _mark_failed(part)
    executed_page(executed)
    if failed is not None:
        raise failed


def _mark_failed(executed: Path) -> None:
    """Say in an executed notebook that it failed, as papermill does for a cell's exception."""
    document = json.loads(executed.read_text(encoding="utf-8"))
    document["metadata"]["papermill"]["exception"] = True
    executed.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def executed_page(executed: Path) -> Path:
    """Write an executed notebook as a page that needs nothing from elsewhere; equal outputs give equal pages."""
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="offline", extra_template_basedirs=[str(Path(__file__).parent / "templates")], embed_images=True
    )
    notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": executed.stem}})
    target = executed.with_suffix(".html")
    write_text(target, page)
    return target
