"""Decide what goes into an image-based Linux host, build it, prove that it works, publish the evidence.

The verbs below are the same as the command line's and the notebooks'; each is loaded at its first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atomic_kit.checks import run_checks
    from atomic_kit.compose import compose_tree
    from atomic_kit.history import stream_history
    from atomic_kit.images import build_image
    from atomic_kit.packages.diff import diff_packages
    from atomic_kit.packages.resolve import resolve_package_set
    from atomic_kit.parameters import load_parameters
    from atomic_kit.release.release import open_release
    from atomic_kit.steps import (
        changes_step,
        checks_step,
        compose_step,
        images_step,
        policy_step,
        release_step,
        resolve_step,
        trends_step,
    )
    from atomic_kit.treefile import load_treefile

_ROOMS = {
    "build_image": "images",
    "changes_step": "steps",
    "checks_step": "steps",
    "compose_step": "steps",
    "compose_tree": "compose",
    "diff_packages": "packages.diff",
    "images_step": "steps",
    "load_parameters": "parameters",
    "load_treefile": "treefile",
    "open_release": "release.release",
    "policy_step": "steps",
    "release_step": "steps",
    "resolve_package_set": "packages.resolve",
    "resolve_step": "steps",
    "run_checks": "checks",
    "stream_history": "history",
    "trends_step": "steps",
}

__all__ = [
    "build_image",
    "changes_step",
    "checks_step",
    "compose_step",
    "compose_tree",
    "diff_packages",
    "images_step",
    "load_parameters",
    "load_treefile",
    "open_release",
    "policy_step",
    "release_step",
    "resolve_package_set",
    "resolve_step",
    "run_checks",
    "stream_history",
    "trends_step",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'atomic_kit' has no attribute {name!r}")
    return getattr(import_module(f"atomic_kit.{_ROOMS[name]}"), name)
