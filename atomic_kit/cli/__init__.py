"""The command line: one verb a step, tables for people, --json for programs."""

from atomic_kit.cli.main import main

__all__ = ["main"]
