"""The pipeline: notebooks in their order, run by papermill."""

from atomic_kit.pipeline.run import run_line, run_release

__all__ = ["run_line", "run_release"]
