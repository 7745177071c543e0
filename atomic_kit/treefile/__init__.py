"""Treefiles in rpm-ostree's own format: what is in a tree and how it is made."""

from __future__ import annotations

from atomic_kit.treefile.load import load_treefile
from atomic_kit.treefile.values import RepoPackages, Treefile, entry_of, version_prefix

__all__ = ["RepoPackages", "Treefile", "entry_of", "load_treefile", "version_prefix"]
