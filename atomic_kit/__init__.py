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
    from atomic_kit.packages.compare import Comparison
    from atomic_kit.packages.diff import diff_packages
    from atomic_kit.packages.lock_file import read_lock
    from atomic_kit.packages.question import ask_line, ask_rpm_repos
    from atomic_kit.packages.resolve import resolve_package_set
    from atomic_kit.packages.smallest import smallest_set
    from atomic_kit.packages.sweep import leave_one_out, leave_two_out, sweep
    from atomic_kit.packages.what_if import alternatives, changed, fewest_requests, request_sizes, size_of, what_if
    from atomic_kit.packages.why import explain_package
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
    "Comparison": "packages.compare",
    "alternatives": "packages.what_if",
    "ask_line": "packages.question",
    "ask_rpm_repos": "packages.question",
    "build_image": "images",
    "changed": "packages.what_if",
    "changes_step": "steps",
    "checks_step": "steps",
    "compose_step": "steps",
    "compose_tree": "compose",
    "diff_packages": "packages.diff",
    "explain_package": "packages.why",
    "fewest_requests": "packages.what_if",
    "images_step": "steps",
    "leave_one_out": "packages.sweep",
    "leave_two_out": "packages.sweep",
    "load_parameters": "parameters",
    "load_treefile": "treefile",
    "open_release": "release.release",
    "policy_step": "steps",
    "read_lock": "packages.lock_file",
    "release_step": "steps",
    "request_sizes": "packages.what_if",
    "resolve_package_set": "packages.resolve",
    "resolve_step": "steps",
    "run_checks": "checks",
    "size_of": "packages.what_if",
    "smallest_set": "packages.smallest",
    "stream_history": "history",
    "sweep": "packages.sweep",
    "trends_step": "steps",
    "what_if": "packages.what_if",
}

__all__ = [
    "Comparison",
    "alternatives",
    "ask_line",
    "ask_rpm_repos",
    "build_image",
    "changed",
    "changes_step",
    "checks_step",
    "compose_step",
    "compose_tree",
    "diff_packages",
    "explain_package",
    "fewest_requests",
    "images_step",
    "leave_one_out",
    "leave_two_out",
    "load_parameters",
    "load_treefile",
    "open_release",
    "policy_step",
    "read_lock",
    "release_step",
    "request_sizes",
    "resolve_package_set",
    "resolve_step",
    "run_checks",
    "size_of",
    "smallest_set",
    "stream_history",
    "sweep",
    "trends_step",
    "what_if",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'atomic_kit' has no attribute {name!r}")
    return getattr(import_module(f"atomic_kit.{_ROOMS[name]}"), name)
