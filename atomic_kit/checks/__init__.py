"""Checks: what is proved about a release in a running machine."""
