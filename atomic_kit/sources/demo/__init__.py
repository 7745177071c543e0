"""The demo source: the same chain where no RPM mirror is in reach."""

from atomic_kit.sources.demo.source import DemoSource

__all__ = ["DemoSource"]
