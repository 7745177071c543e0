"""Compose: from a package set to a signed OSTree commit."""
